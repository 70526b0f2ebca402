//! The chat: a screen (ratatui), or lines for pipes and screen readers (`--plain`).
//!
//! It shares with the core two queues only: [`Op`] in, [`Event`] out. It decides nothing about money: a `y` sends
//! `Confirm`, and the core judges again. Start at [`model`]: a pure state that `screen` and `view` put on a terminal.
//! All text from outside becomes a [`row::Row`], which tames it.

mod approval;
pub(crate) mod command;
mod confirm;
mod edit;
mod events;
mod explorer;
mod history;
mod keys;
mod layout;
mod model;
mod orders;
mod pane;
mod plain;
mod positions;
mod report;
mod row;
mod screen;
mod store;
mod terminal;
pub(crate) mod text;
mod theme;
mod transcript;
mod view;
mod wrap;

#[cfg(test)]
mod tests;

use std::io::IsTerminal;
use std::path::PathBuf;

use agent_core::{Event, Op};
use tokio::sync::mpsc::{Receiver, Sender};

pub(crate) use theme::Theme;

/// What the chat shows and how; nothing in it changes what is allowed.
#[derive(Debug, Clone)]
pub(crate) struct ChatSettings {
    /// Whether this is the emulated demo world.
    pub(crate) demo: bool,
    /// Lines instead of a screen.
    pub(crate) plain: bool,
    pub(crate) theme: Theme,
    /// Nothing moves by itself.
    pub(crate) reduced_motion: bool,
    /// The wheel scrolls; the terminal's own selection then needs a modifier key.
    pub(crate) mouse: bool,
    /// The session's name.
    pub(crate) session: String,
    /// Where sessions and the input history are kept.
    pub(crate) folder: PathBuf,
    /// The command that approves a plan, without the plan's id.
    pub(crate) approve_command: String,
    /// The account that acts.
    pub(crate) account: String,
    pub(crate) networks: Vec<String>,
}

/// Shows events and sends what the user says until they leave or the core ends.
pub(crate) async fn run(
    ops: Sender<Op>,
    events: Receiver<Event>,
    settings: ChatSettings,
) -> miette::Result<()> {
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if settings.plain || !terminal {
        plain::run(ops, events, settings).await
    } else {
        screen::run(ops, events, settings).await
    }
}
