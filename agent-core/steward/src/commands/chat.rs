//! `steward` and `steward demo`: the chat, on the demo world when nothing is configured.

use std::time::Duration;

use agent_core::Refusal;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::chat::{self, ChatSettings, Theme};
use crate::compose::{App, Composed, new_plan_id};
use crate::folders;
use crate::output::Done;

const QUEUE: usize = 256;
/// The demo world ends after ten idle minutes; an open chat is no idleness.
const HEARTBEAT: Duration = Duration::from_secs(60);

pub(crate) async fn chat(app: &App) -> Result<Done, Refusal> {
    let app = if app.config()?.networks.is_empty() { app.on_demo() } else { app.clone() };
    let Composed { core, reading, journal } = app.compose().await?;
    reading.warm().await?;
    let _alone = journal.lock_executor()?;
    let (ops, ops_in) = mpsc::channel(QUEUE);
    let (events_out, events) = mpsc::channel(QUEUE);
    let display = app.config()?.display;
    let folder = app.folders.chat(app.global.demo);
    folders::make(&folder)?;
    let settings = ChatSettings {
        demo: app.global.demo,
        plain: app.global.plain,
        theme: if folders::no_color() { Theme::Mono } else { display.theme },
        reduced_motion: display.reduced_motion || folders::reduced_motion(),
        mouse: display.mouse,
        session: app.global.session.clone(),
        folder,
        approve_command: format!("steward approvals approve{}", if app.global.demo { " --demo" } else { "" }),
        account: core.account.to_string(),
        networks: core.registry.networks.values().map(|network| network.name.clone()).collect(),
    };
    let world = app.folders.world();
    let heart = tokio::spawn(async move {
        loop {
            let _ = devnet::touch(&world);
            tokio::time::sleep(HEARTBEAT).await;
        }
    });
    let server = tokio::spawn(async move { core.serve(ops_in, events_out, new_plan_id).await });
    let shown = chat::run(ops, events, settings).await;
    // The front end's queue is closed now: what is under way finishes its call and its rows first.
    let _ = server.await;
    heart.abort();
    shown.map_err(|error| Refusal::new(agent_core::Exit::Error, "io.terminal", format!("{error}")))?;
    Ok(Done::new(Value::Null, ""))
}
