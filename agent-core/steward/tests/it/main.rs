//! The program itself, on the real demo world: anvil, the real protocols, the real model. What it says is checked
//! against the chain by reads of our own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod completes;
mod drafts;
mod exactly_once;
mod settles;
mod state;
mod terminal;
mod world;
