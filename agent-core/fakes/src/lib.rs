//! Fakes of every port of `agent-core`: a small world in memory in which plans really move balances.
//!
//! Never in the binary: a dev-dependency only. No I/O, no randomness; time is virtual.
//!
//! Start at [`scene`]: two networks, a funded account and a [`agent_core::core::Core`] that is wired to all fakes.
//! [`kill`] stops a run at any port call as `kill -9` would; [`chain`] and [`ledger`] have faults of their own.

pub mod chain;
pub mod clock;
pub mod compiler;
pub mod fork;
pub mod kill;
pub mod ledger;
pub mod model;
pub mod planner;
pub mod policy;
pub mod scene;
pub mod signer;
pub mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A test that panicked while it held the lock has failed already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
