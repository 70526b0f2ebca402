//! The default policy, rule by rule with its boundaries; what must be refused; signatures.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

mod hazards;
mod rules;
mod signatures;
mod wide;
mod world;
