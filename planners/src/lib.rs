//! Words to a draft.
//!
//! A sentence is lexed here: every amount, payee, time and name with its exact bytes. The model sees markers in their
//! place, writes compact lines under a grammar made for this sentence, and the lines are read back into the contract's
//! JSON with a source for every value. What the model wrote is believed only as far as the words bear it out; the rest
//! comes back as a question.
//!
//! A checked draft becomes a plan by grounding and completion: what the sentence leaves out is filled by search over what
//! the account holds, and each added step says why.
//!
//! What it never does: name a model (that is a port), read a chain, read a balance (portfolios are handed in), sign.
//!
//! Start at [`draft`] in `reader.rs`; the contract's rules for numbers are in `lexer/number.rs`, for "it" and "there" in
//! `carry.rs`, for what is refused or asked in `check.rs`. From a draft on, start at [`ground`] in `ground.rs`; completion
//! is `complete.rs`, the way back of what settled is `reverse.rs`.

mod ask;
mod carry;
mod check;
mod complete;
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
pub mod rebalance;
mod reverse;
mod steps;
mod strict;
mod trigger;
mod uses;
mod values;

pub use complete::{GAS_RESERVE_L1_WEI, GAS_RESERVE_L2_WEI, gas_reserve};
pub use grammar::grammar;
pub use ground::{SLIPPAGE_BPS, ground};
pub use lines::BadLine;
pub use mark::{MARKED_CHARS_MAX, marked};
pub use read_back::read_back;
pub use reader::{ReadContext, SENTENCE_BYTES_MAX, draft, judge};
pub use reverse::reverse;
pub use strict::{DraftError, parse_draft_json};
