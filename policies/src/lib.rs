//! Policies: Cedar judges facts that Rust computed from a step's simulation; approvers sign with their own keys.
//!
//! What it never does: arithmetic in Cedar, I/O, or a guess. Whatever cannot be priced, found or evaluated is a denial.
//!
//! Start at [`CedarPolicy`]; `default.cedar` is the policy, `schema.cedarschema` what it may ask about, `facts.rs`
//! where each fact comes from, `gate.rs` how Cedar's two answers become three, `approval.rs` what a person signs.

mod approval;
mod facts;
mod gate;
mod key;
mod load;
mod payee;
mod policy;
mod value;

pub use key::ApproverKey;
pub use load::{PolicySummary, Summary, check, check_default};
pub use policy::{CedarPolicy, explain};
