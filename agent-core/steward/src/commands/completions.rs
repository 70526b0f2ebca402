//! `steward completions SHELL`: made from the command line's own definition.

use clap::CommandFactory;
use serde_json::json;

use crate::cli::Cli;
use crate::output::Done;

pub(crate) fn completions(shell: clap_complete::Shell) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "steward", &mut script);
    let script = String::from_utf8_lossy(&script).trim_end().to_owned();
    Done::new(json!({"shell": shell.to_string(), "script": script}), script)
}
