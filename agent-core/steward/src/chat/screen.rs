//! The terminal: opened, fed, and restored, after a panic too.

use std::io::{self, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use agent_core::{Event, Op};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, EventStream};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, event, execute};
use futures::StreamExt;
use miette::{IntoDiagnostic, WrapErr};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use super::ChatSettings;
use super::model::{Model, Msg};
use crate::output;

/// Whether the screen is ours now: it is restored once, by whoever comes first.
static OPEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();
/// An answer is decided after so long: longer than a burst's gaps, so that its next key has surely been read.
const DECIDED: Duration = Duration::from_millis(25);

struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    fn open() -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                restore();
                before(info);
            }));
        });
        enable_raw_mode()?;
        OPEN.store(true, Ordering::SeqCst);
        let screen = Self { terminal: Terminal::new(CrosstermBackend::new(io::stdout()))? };
        enter(&mut io::stdout())?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    if OPEN.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
        let _ = leave(&mut io::stdout());
    }
}

pub(crate) fn enter(out: &mut impl Write) -> io::Result<()> {
    execute!(out, EnterAlternateScreen, EnableBracketedPaste)
}

pub(crate) fn leave(out: &mut impl Write) -> io::Result<()> {
    execute!(out, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show)
}

/// Terminal events with the time at which they were read: drawing must not spread a burst of keys.
/// A task of their own, as an `EventStream` wakes only whoever polled it first.
fn keys() -> (JoinHandle<()>, Receiver<io::Result<(event::Event, Instant)>>) {
    let (out, keys) = mpsc::channel(1_024);
    let reader = tokio::spawn(async move {
        let mut stream = EventStream::new();
        while let Some(event) = stream.next().await {
            if out.send(event.map(|event| (event, Instant::now()))).await.is_err() {
                break;
            }
        }
    });
    (reader, keys)
}

pub(crate) async fn run(
    ops: Sender<Op>,
    events: Receiver<Event>,
    settings: ChatSettings,
) -> miette::Result<()> {
    let screen =
        Screen::open().into_diagnostic().wrap_err("the terminal could not be opened; --plain needs none")?;
    let (reader, keys) = keys();
    let end = serve(screen, keys, ops, events, settings).await;
    reader.abort();
    if end? {
        output::note("finishing what is under way; `steward plans list` shows it later");
    }
    Ok(())
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
    let mut model = Model::new(settings, size);
    while !model.quit {
        if !OPEN.load(Ordering::SeqCst) {
            return Err(miette::miette!(
                "steward panicked and has left the screen; `steward plans list` shows what was begun"
            ));
        }
        screen
            .terminal
            .draw(|frame| model.view(frame))
            .into_diagnostic()
            .wrap_err("the terminal could not be drawn")?;
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
            event = events.recv(), if !model.core_ended => {
                (Some(event.map_or(Msg::CoreEnded, |event| Msg::Event(Box::new(event)))), Instant::now())
            }
            () = tokio::time::sleep(DECIDED), if model.holds() => (Some(Msg::Tick), Instant::now()),
        };
        apply(&mut model, msg, at, &ops);
        while let Ok(Ok((event, at))) = keys.try_recv() {
            apply(&mut model, message(event), at, &ops);
        }
    }
    Ok(model.busy.is_some())
}

fn apply(model: &mut Model, msg: Option<Msg>, now: Instant, ops: &Sender<Op>) {
    let Some(op) = msg.and_then(|msg| model.update(msg, now)) else { return };
    match ops.try_send(op) {
        Ok(()) => {}
        Err(TrySendError::Full(_)) => {
            model.update(Msg::QueueFull, now);
        }
        Err(TrySendError::Closed(_)) => {
            model.update(Msg::CoreEnded, now);
        }
    }
}

fn message(event: event::Event) -> Option<Msg> {
    match event {
        event::Event::Key(key) => Some(Msg::Key(key)),
        event::Event::Paste(text) => Some(Msg::Paste(text)),
        event::Event::Resize(width, height) => Some(Msg::Resize(Size { width, height })),
        event::Event::FocusGained | event::Event::FocusLost | event::Event::Mouse(_) => None,
    }
}
