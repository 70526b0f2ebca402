//! What-if: runs calls in-process on a private copy of a network at a pinned block, and says what they would do.
//!
//! What it never does: it signs, sends and judges nothing, and it writes to no network. Balance changes are read from
//! balances, never believed from logs. What cannot be simulated is refused.
//!
//! Start at [`ForkSimulator`] (which network, which block), then `fork.rs` (one private copy), `run.rs` (calls one after
//! the other) and `deltas.rs` (what changed).

mod approvals;
mod base;
mod credit;
mod deltas;
mod envelope;
mod evm;
mod fork;
mod memory;
mod revert;
mod rpc;
mod run;
mod simulator;

pub use memory::{MemoryAccount, MemoryWorld};
pub use simulator::ForkSimulator;
