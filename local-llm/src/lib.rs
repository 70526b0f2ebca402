//! The local model: a marked sentence and a grammar go in, lines of that grammar come out.
//!
//! It knows nothing of money, chains or plans, never reads a sentence's values (they are markers) and never reaches the
//! network but to fetch its pinned base, once, by [`pull`]. What it writes is untrusted.
//!
//! Start at [`Engine`]. `artifact` fetches and verifies the base, `merge` adds our adapter to it (trained by
//! `training/`, described in `adapter/README.md`), `tokenizer` turns text into ids, `engine` writes under the mask.

mod artifact;
mod engine;
mod error;
mod merge;
mod tokenizer;

pub use artifact::pull;
pub use engine::{Engine, Generated};
pub use error::Error;
