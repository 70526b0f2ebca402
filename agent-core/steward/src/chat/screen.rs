//! The loop of the screen: draws the model, feeds it keys and events, and does what it asks for.

use std::io;
use std::time::{Duration, Instant};

use agent_core::{Event, Op};
use crossterm::event;
use crossterm::event::MouseEventKind;
use miette::{IntoDiagnostic, WrapErr};
use ratatui::layout::Size;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender};

use super::ChatSettings;
use super::model::{Effect, Model, Msg};
use super::store::{self, Store};
use super::terminal::{self, Screen};
use crate::output;

/// An answer is decided after so long: longer than a burst's gaps, so that its next key has surely been read.
const DECIDED: Duration = Duration::from_millis(25);
/// The spinner turns.
const TURN: Duration = Duration::from_millis(120);

pub(crate) async fn run(
    ops: Sender<Op>,
    events: Receiver<Event>,
    settings: ChatSettings,
) -> miette::Result<()> {
    let screen = Screen::open(settings.mouse)
        .into_diagnostic()
        .wrap_err("the terminal could not be opened; --plain needs none")?;
    let (reader, keys) = terminal::keys();
    let end = serve(screen, keys, ops, events, settings).await;
    reader.abort();
    if end? {
        output::note("finishing what is under way; `steward plans list` shows it later");
    }
    Ok(())
}

/// The model with what it acts on.
struct Chat {
    model: Model,
    store: Store,
    ops: Sender<Op>,
}

/// Whether something was under way when the user left.
async fn serve(
    mut screen: Screen,
    mut keys: Receiver<io::Result<(event::Event, Instant)>>,
    ops: Sender<Op>,
    mut events: Receiver<Event>,
    settings: ChatSettings,
) -> miette::Result<bool> {
    let size = screen.terminal.size().into_diagnostic()?;
    let store = Store::new(settings.folder.clone());
    let session = settings.session.clone();
    let model = Model::new(settings, size, store.history());
    let mut chat = Chat { model, store, ops };
    chat.session(&session, Instant::now());
    for op in chat.model.start() {
        chat.send(op, Instant::now());
    }
    while !chat.model.quit {
        if !screen.is_open() {
            return Err(miette::miette!(
                "steward panicked and has left the screen; `steward plans list` shows what was begun"
            ));
        }
        screen
            .terminal
            .draw(|frame| chat.model.view(frame))
            .into_diagnostic()
            .wrap_err("the terminal could not be drawn")?;
        let turns = chat.model.busy.is_some() && !chat.model.settings.reduced_motion;
        // Keys first: a held answer must not be decided while keys wait that show it was pasted.
        let (msg, at) = tokio::select! {
            biased;
            key = keys.recv() => match key {
                Some(key) => {
                    let (event, at) = key.into_diagnostic().wrap_err("the keyboard could not be read")?;
                    (message(event), at)
                }
                None => break,
            },
            event = events.recv(), if !chat.model.core_ended => {
                (Some(event.map_or(Msg::CoreEnded, |event| Msg::Event(Box::new(event)))), Instant::now())
            }
            () = tokio::time::sleep(DECIDED), if chat.model.holds() => (Some(Msg::Tick), Instant::now()),
            () = tokio::time::sleep(TURN), if turns => (Some(Msg::Spin), Instant::now()),
        };
        chat.apply(msg, at);
        while let Ok(Ok((event, at))) = keys.try_recv() {
            chat.apply(message(event), at);
        }
    }
    Ok(chat.model.busy.is_some())
}

impl Chat {
    fn apply(&mut self, msg: Option<Msg>, now: Instant) {
        if let Some(op) = msg.and_then(|msg| self.model.update(msg, now)) {
            self.send(op, now);
        }
        for effect in std::mem::take(&mut self.model.effects) {
            self.perform(effect, now);
        }
    }

    fn send(&mut self, op: Op, now: Instant) {
        match self.ops.try_send(op) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.model.update(Msg::QueueFull, now);
            }
            Err(TrySendError::Closed(_)) => {
                self.model.update(Msg::CoreEnded, now);
            }
        }
    }

    fn session(&mut self, name: &str, now: Instant) {
        let msg = match self.store.session(name) {
            Ok(entries) => Msg::Session { name: name.to_owned(), entries },
            Err(why) => Msg::Note(Err(why)),
        };
        self.model.update(msg, now);
    }

    fn perform(&mut self, effect: Effect, now: Instant) {
        let failed = |error: io::Error| format!("the terminal did not take it: {error}");
        let note = match effect {
            Effect::Copy(text) => {
                let copied = terminal::copy(&mut io::stdout(), &text);
                Some(copied.map(|()| "copied, if the terminal allows OSC 52".to_owned()).map_err(failed))
            }
            Effect::Notify(text) => {
                terminal::notify(&mut io::stdout(), &text).err().map(|error| Err(failed(error)))
            }
            Effect::Keep(rows) => self.store.keep(&self.model.settings.session, &rows).err().map(Err),
            Effect::Remember(line) => self.store.remember(&line).err().map(Err),
            Effect::Export { extension, text } => {
                let stem = format!("steward-{}", self.model.settings.session);
                let written = store::export(std::path::Path::new("."), &stem, extension, &text);
                Some(written.map(|path| format!("written to {}", path.display())))
            }
            Effect::Session(name) => {
                self.session(&name, now);
                None
            }
        };
        if let Some(note) = note {
            self.model.update(Msg::Note(note), now);
            // What could not be kept is told once, and not kept.
            self.model.effects.clear();
        }
    }
}

fn message(event: event::Event) -> Option<Msg> {
    match event {
        event::Event::Key(key) => Some(Msg::Key(key)),
        event::Event::Paste(text) => Some(Msg::Paste(text)),
        event::Event::Resize(width, height) => Some(Msg::Resize(Size { width, height })),
        event::Event::FocusGained => Some(Msg::Focused(true)),
        event::Event::FocusLost => Some(Msg::Focused(false)),
        event::Event::Mouse(mouse) => {
            let up = mouse.kind == MouseEventKind::ScrollUp;
            let wheel = up || mouse.kind == MouseEventKind::ScrollDown;
            wheel.then_some(Msg::Wheel { up, column: mouse.column, row: mouse.row })
        }
    }
}
