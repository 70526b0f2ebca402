//! Whether a key is a person's answer to the panel that is open. A `y` counts only when the panel has stood for a
//! while and the key stands alone: whoever was typing, or pasted, has not answered.

use std::time::{Duration, Instant};

/// Keys are dropped for so long after a panel opened.
pub(crate) const SETTLING: Duration = Duration::from_millis(600);
/// Keys closer together than this were pasted.
pub(crate) const BURST: Duration = Duration::from_millis(5);

#[derive(Debug, Default)]
pub(crate) struct Confirm {
    opened: Option<Instant>,
    last_key: Option<Instant>,
    /// An answer that waits whether another key follows at once.
    held: Option<(char, Instant)>,
}

impl Confirm {
    pub(crate) fn open(&mut self, now: Instant) {
        self.opened = Some(now);
        self.held = None;
    }

    pub(crate) fn close(&mut self) {
        self.opened = None;
        self.held = None;
    }

    /// Whether the panel opened so lately that keys are dropped.
    pub(crate) fn settling(&self, now: Instant) -> bool {
        self.opened.is_some_and(|opened| now.saturating_duration_since(opened) < SETTLING)
    }

    /// Notes a key; whether it came in a burst.
    pub(crate) fn key(&mut self, now: Instant) -> bool {
        let last = self.last_key.replace(now);
        last.is_some_and(|last| now.saturating_duration_since(last) < BURST)
    }

    pub(crate) fn hold(&mut self, answer: char, now: Instant) {
        self.held = Some((answer, now));
    }

    pub(crate) fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// The held answer, once it has stood alone for long enough.
    pub(crate) fn alone(&mut self, now: Instant) -> Option<char> {
        self.held.take_if(|(_, at)| now.saturating_duration_since(*at) >= BURST).map(|(answer, _)| answer)
    }

    /// The held answer, given up: it was the start of a paste.
    pub(crate) fn give_up(&mut self) -> Option<char> {
        self.held.take().map(|(answer, _)| answer)
    }
}
