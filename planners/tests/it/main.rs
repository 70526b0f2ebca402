//! The sentence side, from words to JSON, with a model that says what the test wrote down for it; and from drafts to
//! completed plans, on four networks that hold what a test says.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod all_the_way;
mod amounts;
mod asks;
mod completion;
mod drafts;
mod everyday;
mod grammar;
mod grounding;
mod hostile;
mod json;
mod model;
mod numbers;
mod rebalance;
mod reverse;
mod spans;
mod triggers;
mod world;
