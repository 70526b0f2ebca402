//! The sentence side, from words to JSON, with a model that says what the test wrote down for it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod amounts;
mod asks;
mod drafts;
mod everyday;
mod grammar;
mod hostile;
mod json;
mod model;
mod numbers;
mod spans;
mod triggers;
