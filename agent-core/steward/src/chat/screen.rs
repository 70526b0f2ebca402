//! The terminal: opened, fed, and restored, after a panic too.

use std::io::{self, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use agent_core::{Event, Op};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, EventStream};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, event, execute};
use futures::{FutureExt, StreamExt};
use miette::{IntoDiagnostic, WrapErr};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender};

use super::ChatSettings;
use super::confirm::BURST;
use super::model::{Model, Msg};

/// Whether the screen is ours now: it is restored once, by whoever comes first.
static OPEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

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

pub(crate) async fn run(ops: Sender<Op>, mut events: Receiver<Event>, settings: ChatSettings) -> miette::Result<()> {
    let mut screen = Screen::open().into_diagnostic().wrap_err("the terminal could not be opened; --plain needs none")?;
    let mut keys = EventStream::new();
    let size = screen.terminal.size().into_diagnostic()?;
    let mut model = Model::new(settings, size);
    while !model.quit {
        screen.terminal.draw(|frame| model.view(frame)).into_diagnostic().wrap_err("the terminal could not be drawn")?;
        // Keys first: a held answer must not be decided while keys wait that show it was pasted.
        let msg = tokio::select! {
            biased;
            key = keys.next() => match key {
                Some(key) => message(key.into_diagnostic().wrap_err("the keyboard could not be read")?),
                None => break,
            },
            event = events.recv(), if !model.core_ended => {
                Some(event.map_or(Msg::CoreEnded, |event| Msg::Event(Box::new(event))))
            }
            () = tokio::time::sleep(BURST), if model.holds() => Some(Msg::Tick),
        };
        // All that is ready is taken before the next drawing, with one time: drawing must not spread a burst.
        let now = Instant::now();
        apply(&mut model, msg, now, &ops);
        while let Some(Some(Ok(key))) = keys.next().now_or_never() {
            apply(&mut model, message(key), now, &ops);
        }
    }
    Ok(())
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
