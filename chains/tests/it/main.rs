//! The room against real nodes with the real protocols, and against a server that lies.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

mod actions;
mod faults;
mod governance;
mod lending;
mod liquidity;
mod names;
mod portfolio;
mod prices;
mod proxy;
mod refusals;
mod server;
mod signing;
mod staking;
mod swaps;
mod world;
