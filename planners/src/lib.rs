//! Words to a draft.
//!
//! A sentence is lexed here: every amount, payee, time and name with its exact bytes. The model sees markers in their
//! place, writes compact lines under a grammar made for this sentence, and the lines are read back into the contract's
//! JSON with a source for every value. What the model wrote is believed only as far as the words bear it out; the rest
//! comes back as a question.
//!
//! What it never does: name a model (that is a port), read a chain, know a balance or an address of a token, sign.
//!
//! Start at [`draft`] in `reader.rs`; the contract's rules for numbers are in `lexer/number.rs`, for "it" and "there" in
//! `carry.rs`, for what is refused or asked in `check.rs`.

mod ask;
mod carry;
mod check;
mod evidence;
mod grammar;
mod ground;
pub mod lexer;
pub mod lexicon;
mod lines;
mod mark;
mod payees;
mod read_back;
mod reader;
mod steps;
mod strict;
mod trigger;
mod uses;
mod values;

pub use grammar::grammar;
pub use ground::{SLIPPAGE_BPS, ground};
pub use lines::BadLine;
pub use mark::{MARKED_CHARS_MAX, marked};
pub use read_back::read_back;
pub use reader::{ReadContext, SENTENCE_BYTES_MAX, draft, judge};
pub use strict::{DraftError, parse_draft_json};
