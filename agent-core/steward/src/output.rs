//! Standard output carries the result and nothing else: one JSON object, or text.

use std::io::Write;

use agent_core::{Exit, Refusal};
use serde_json::{Value, json};

use crate::cli::Global;

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) exit: Exit,
    pub(crate) data: Value,
    /// What a person reads where there is no `--json`.
    pub(crate) text: String,
    pub(crate) errors: Vec<Refusal>,
}

impl Done {
    pub(crate) fn new(data: Value, text: impl Into<String>) -> Self {
        Self { exit: Exit::Done, data, text: text.into(), errors: Vec::new() }
    }

    /// A result that stands beside a refusal: a saved plan that needs an approval, a partly executed one.
    pub(crate) fn refused(data: Value, text: impl Into<String>, refusal: Refusal) -> Self {
        Self { exit: refusal.exit, data, text: text.into(), errors: vec![refusal] }
    }
}

impl From<Refusal> for Done {
    fn from(refusal: Refusal) -> Self {
        Self::refused(Value::Null, String::new(), refusal)
    }
}

/// Writes a line to standard output; a closed pipe is no error.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a line to standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// The envelope of `contracts/cli.md`.
pub(crate) fn envelope(command: &str, done: &Done) -> Value {
    json!({
        "schema_version": 1,
        "command": command,
        "success": done.exit == Exit::Done,
        "data": done.data,
        "errors": done.errors,
        "warnings": [],
    })
}

/// Prints the outcome and gives the process's exit code.
pub(crate) fn finish(command: &str, global: &Global, done: &Done) -> u8 {
    if global.json || global.events {
        line(&envelope(command, done).to_string());
    } else {
        if !done.text.is_empty() {
            line(&done.text);
        }
        for refusal in &done.errors {
            let mut report =
                miette::MietteDiagnostic::new(refusal.message.clone()).with_code(refusal.code.clone());
            if let Some(help) = &refusal.help {
                report = report.with_help(help.clone());
            }
            note(&format!("{:?}", miette::Report::new(report)));
        }
    }
    done.exit.code()
}
