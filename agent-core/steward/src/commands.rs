//! One file a command. Each gives a [`crate::output::Done`]; printing is `output`'s.

pub(crate) mod approvals;
pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod contacts;
pub(crate) mod devnet;
pub(crate) mod draft;
pub(crate) mod journal;
pub(crate) mod plan;
pub(crate) mod plans;
pub(crate) mod policy;
pub(crate) mod run;
pub(crate) mod state;
pub(crate) mod tokens;

use agent_core::Refusal;

use crate::cli::{Cli, Command, Devnet};
use crate::compose::App;
use crate::output::Done;

/// The `command` of the JSON envelope.
pub(crate) fn name(command: Option<&Command>) -> &'static str {
    match command {
        None => "chat",
        Some(Command::Demo) => "demo",
        Some(Command::Devnet(_)) => "devnet",
        Some(Command::Draft(_)) => "draft",
        Some(Command::Plan(_)) => "plan",
        Some(Command::Run(_)) => "run",
        Some(Command::Plans(_)) => "plans",
        Some(Command::Approvals(_)) => "approvals",
        Some(Command::Contacts(_)) => "contacts",
        Some(Command::Portfolio) => "portfolio",
        Some(Command::Halt(_)) => "halt",
        Some(Command::Resume) => "resume",
        Some(Command::Tokens(_)) => "tokens",
        Some(Command::Policy(_)) => "policy",
        Some(Command::Journal(_)) => "journal",
        Some(Command::Config(_)) => "config",
        Some(Command::Completions { .. }) => "completions",
    }
}

/// The chat has a screen, `draft` prints bare objects, the supervisor prints nothing.
pub(crate) fn prints_itself(command: Option<&Command>) -> bool {
    matches!(
        command,
        None | Some(Command::Demo | Command::Draft(_) | Command::Devnet(Devnet::Supervise { .. }))
    )
}

pub(crate) async fn dispatch(cli: &Cli) -> Result<Done, Refusal> {
    let app = App::new(cli.global.clone())?;
    match &cli.command {
        None => chat::chat(&app).await,
        Some(Command::Demo) => chat::chat(&app.on_demo()).await,
        Some(Command::Devnet(asked)) => devnet::devnet(&app, asked).await,
        Some(Command::Draft(asked)) => draft::draft(&app, asked).await,
        Some(Command::Plan(asked)) => plan::plan(&app, asked).await,
        Some(Command::Run(asked)) => run::run(&app, asked).await,
        Some(Command::Plans(asked)) => plans::plans(&app, asked).await,
        Some(Command::Approvals(asked)) => approvals::approvals(&app, asked).await,
        Some(Command::Contacts(asked)) => contacts::contacts(&app, asked).await,
        Some(Command::Portfolio) => state::portfolio(&app).await,
        Some(Command::Halt(asked)) => state::halt(&app, asked).await,
        Some(Command::Resume) => state::resume(&app).await,
        Some(Command::Tokens(asked)) => tokens::tokens(&app, asked).await,
        Some(Command::Policy(asked)) => policy::policy(&app, asked).await,
        Some(Command::Journal(asked)) => journal::journal(&app, asked).await,
        Some(Command::Config(asked)) => config::config(&app, asked),
        Some(Command::Completions { shell }) => Ok(completions::completions(*shell)),
    }
}
