//! Simulations as their users meet them: over worlds in memory, the demo world, and live nodes.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests"
)]

mod assembler;
mod balances;
mod calls;
mod demo;
mod hostile;
mod in_process;
mod nodes;
mod positions;
mod prefetch;
mod relay;
mod scene;
mod views;
