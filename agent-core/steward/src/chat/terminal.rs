//! The terminal itself: opened, read, spoken to, and restored, after a panic too.

use std::io::{self, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture, EventStream,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, event, execute};
use futures::StreamExt;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinHandle;

/// Whether the screen is ours now: it is restored once, by whoever comes first.
static OPEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

pub(crate) struct Screen {
    pub(crate) terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    pub(crate) fn open(mouse: bool) -> io::Result<Self> {
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
        enter(&mut io::stdout(), mouse)?;
        Ok(screen)
    }

    /// Whether it is still ours: a panic elsewhere takes it away.
    pub(crate) fn is_open(&self) -> bool {
        OPEN.load(Ordering::SeqCst)
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

/// The mouse is taken only where that was asked for: without it the terminal's own selection works.
pub(crate) fn enter(out: &mut impl Write, mouse: bool) -> io::Result<()> {
    execute!(out, EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
    if mouse { execute!(out, EnableMouseCapture) } else { Ok(()) }
}

pub(crate) fn leave(out: &mut impl Write) -> io::Result<()> {
    execute!(
        out,
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    )
}

/// Puts text into the clipboard of the user's own terminal (OSC 52), through ssh and tmux too where they let it pass.
pub(crate) fn copy(out: &mut impl Write, text: &str) -> io::Result<()> {
    execute!(out, CopyToClipboard::to_clipboard_from(text))
}

/// The bell, and a desktop notification where the terminal knows OSC 9. The text is tame: it cannot end the sequence.
pub(crate) fn notify(out: &mut impl Write, tame: &str) -> io::Result<()> {
    write!(out, "\u{7}\u{1b}]9;{tame}\u{1b}\\")?;
    out.flush()
}

/// Terminal events with the time at which they were read: drawing must not spread a burst of keys.
/// A task of their own, as an `EventStream` wakes only whoever polled it first.
pub(crate) fn keys() -> (JoinHandle<()>, Receiver<io::Result<(event::Event, Instant)>>) {
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
