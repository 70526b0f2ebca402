//! The composition root: names every adapter, plugs them into the core, and gives each command a thin front.
//!
//! It decides nothing about money. Start at [`compose`] for how a core is built, at `commands` for what can be asked.

mod chat;
mod cli;
mod clock;
mod commands;
mod compose;
mod config;
mod demo;
mod folders;
mod intent;
mod networks;
mod output;
mod reading;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    folders::one_model_thread();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(steward()),
        Err(error) => {
            output::note(&format!("the runtime does not start: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn steward() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let name = commands::name(cli.command.as_ref());
    let done = commands::dispatch(&cli).await.unwrap_or_else(output::Done::from);
    if commands::prints_itself(cli.command.as_ref()) && done.errors.is_empty() {
        return ExitCode::SUCCESS;
    }
    ExitCode::from(output::finish(name, &cli.global, &done))
}

/// `clap`'s own message; with `--json` in the envelope, as every failure.
fn usage(error: &clap::Error) -> ExitCode {
    let informs = !error.use_stderr();
    if informs || !std::env::args_os().any(|argument| argument == "--json" || argument == "--events") {
        let _ = error.print();
        return ExitCode::from(if informs { 0 } else { 2 });
    }
    let refusal =
        agent_core::Refusal::new(agent_core::Exit::Usage, "usage", error.to_string().trim().to_owned());
    let done = output::Done::from(refusal);
    output::line(&output::envelope("steward", &done).to_string());
    ExitCode::from(2)
}
