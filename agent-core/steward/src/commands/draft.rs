//! `steward draft`: sentences to drafts. Bare objects on standard output, no envelope, exit 0 whatever the outcome.

use std::io::{BufRead, Read};

use agent_core::draft::Draft;
use agent_core::{Exit, Refusal};

use crate::cli;
use crate::compose::App;
use crate::intent;
use crate::output::{self, Done};
use crate::reading::Reading;

/// The longest line that is kept; the rest of a longer one is read and dropped.
const LINE_MAX: u64 = 32_768;

pub(crate) async fn draft(app: &App, asked: &cli::Draft) -> Result<Done, Refusal> {
    let reading = Reading::new(&app.folders, asked.now.as_deref(), &asked.tz)?;
    if asked.batch {
        return batch(&reading, asked).await;
    }
    let draft = reading.draft(&intent::words(&asked.intent)?, &[]).await?;
    print(&draft);
    Ok(Done::new(serde_json::Value::Null, ""))
}

fn print(draft: &Draft) {
    output::line(&serde_json::to_string(draft).unwrap_or_default());
}

async fn batch(reading: &Reading, asked: &cli::Draft) -> Result<Done, Refusal> {
    let mut number = 0_u64;
    while let Some(line) = next_line()? {
        number = number.saturating_add(1);
        let sentence = if asked.input == "json" { json_line(&line) } else { line };
        let mut draft = reading.draft(&sentence, &[]).await?;
        draft.line = Some(number);
        print(&draft);
    }
    Ok(Done::new(serde_json::Value::Null, ""))
}

/// A JSON string's bytes; what is none is read as the line itself and answered like any other sentence.
fn json_line(line: &[u8]) -> Vec<u8> {
    serde_json::from_slice::<String>(line).map_or_else(|_| line.to_vec(), String::into_bytes)
}

/// The next line without its end; a last line need not have one.
fn next_line() -> Result<Option<Vec<u8>>, Refusal> {
    let failed = |error: std::io::Error| {
        Refusal::new(Exit::Error, "io.stdin", format!("standard input cannot be read: {error}"))
    };
    let mut input = std::io::stdin().lock();
    let mut line = Vec::new();
    if (&mut input).take(LINE_MAX).read_until(b'\n', &mut line).map_err(failed)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        input.skip_until(b'\n').map_err(failed)?;
    }
    for end in [b'\n', b'\r'] {
        if line.last() == Some(&end) {
            line.pop();
        }
    }
    Ok(Some(line))
}
