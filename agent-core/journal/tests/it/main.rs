//! The journal on real files: the port's contract, budgets under a model, crashes, damage, and what the disk refuses.

#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

mod budgets;
mod conformance;
mod crash;
mod damage;
mod refusals;
mod world;
