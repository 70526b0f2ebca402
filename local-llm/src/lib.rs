//! The local model: a marked sentence and a grammar go in, lines of that grammar come out.
//!
//! It knows nothing of money, chains or plans, never reads a sentence's values (they are markers) and never reaches the
//! network but to fetch its pinned base, once, by [`pull`]. What it writes is untrusted.
//!
//! One thread is best for a model this small: set `CANDLE_NUM_THREADS=1` before the first use. candle's threads wait
//! for one another in a busy loop, so that on a machine with other work two of them answer five times later
//! than one (measured: 36 s for fourteen sentences against 6 s); an answer takes 0.25 to 0.5 s.
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
