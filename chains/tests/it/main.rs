//! The room against real nodes with the real protocols, and against a server that lies.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod actions;
mod faults;
mod refusals;
mod server;
mod signing;
mod world;
