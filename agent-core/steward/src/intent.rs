//! The words of an intent: from the arguments, or `-` from standard input, as bytes.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;

use agent_core::{Exit, Refusal};

/// The most that is read from standard input; the draft's own bound is 16 kB.
const INPUT_MAX: u64 = 1 << 20;

pub(crate) fn words(arguments: &[OsString]) -> Result<Vec<u8>, Refusal> {
    if let [only] = arguments
        && only == "-"
    {
        return standard_input();
    }
    let parts: Vec<&[u8]> = arguments.iter().map(|part| part.as_encoded_bytes()).collect();
    Ok(parts.join(&b' '))
}

pub(crate) fn standard_input() -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_MAX).read_to_end(&mut bytes);
    read.map_err(|error| {
        Refusal::new(Exit::Error, "io.stdin", format!("standard input cannot be read: {error}"))
    })?;
    while bytes.last().is_some_and(u8::is_ascii_whitespace) {
        bytes.pop();
    }
    Ok(bytes)
}

/// A draft file; `-` is standard input.
pub(crate) fn draft_text(path: &Path) -> Result<String, Refusal> {
    let bytes = if path == Path::new("-") {
        standard_input()?
    } else {
        std::fs::read(path).map_err(|error| {
            Refusal::new(Exit::Usage, "input.file", format!("{} cannot be read: {error}", path.display()))
                .help("name a readable file, or `-`")
        })?
    };
    String::from_utf8(bytes).map_err(|_| {
        Refusal::new(Exit::RefusedInput, "input.utf8", "the draft is not UTF-8")
            .help("write it as UTF-8 JSON (draft.md)")
    })
}
