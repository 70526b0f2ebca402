//! The journal: hash-chained records, nonce claims with their signed bytes, and budgets, in one SQLite file.
//!
//! What it never does: decide. Caps, windows and verdicts come from `policies`; this room applies them in the same
//! database transaction that journals the signed bytes, and it never exports those bytes.
//!
//! Start at [`SqliteJournal::open`]; `ledger.rs` is the port's transactions, `chain.rs` what a row's hash covers,
//! `verify.rs` what must hold of the whole file, `migrations/` the tables.

mod chain;
mod error;
#[cfg(test)]
mod full_disk;
mod ledger;
mod open;
mod reserve;
mod rows;
mod verify;

pub use open::{ExecutorLock, SqliteJournal};
