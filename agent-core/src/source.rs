//! Where a value of a plan came from. A value without a source never reaches a plan.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// Bytes `start..end` of the user's own words in turn `turn`.
    Span { turn: i32, start: usize, end: usize },
    /// A contact that the approver signed for.
    AddressBook { name: String },
    /// The network's registry.
    Registry,
    /// A price promise that expires.
    Quote,
    /// Read from the chain at a block.
    ChainRead { block: u64 },
    /// A default or a bound that the policy states.
    Policy,
}
