//! What-if: runs calls in-process on a private copy of a network at a pinned block, and says what they would do.
//!
//! What it never does: it signs, sends and judges nothing, and it writes to no network. Balance changes are read from
//! balances, never believed from logs. What cannot be simulated is refused.
//!
//! Start at [`ForkSimulator`] (which network, which block), then `fork.rs` (one private copy), `run.rs` (calls one after
//! the other) and `deltas.rs` (what changed). How a live network is read in few requests is in `prefetch.rs`.

mod approvals;
mod base;
mod cache;
mod credit;
mod deltas;
mod envelope;
mod evm;
mod fork;
mod hints;
mod memory;
mod prefetch;
mod revert;
mod rpc;
mod run;
mod simulator;

pub use memory::{MemoryAccount, MemoryWorld};
pub use simulator::ForkSimulator;
