//! What was typed before, to be had again with the up key.

/// More lines are not kept.
pub(crate) const KEPT: usize = 1_000;

#[derive(Debug, Default)]
pub(crate) struct History {
    lines: Vec<String>,
    /// The line that is shown; `None` is the one being written.
    at: Option<usize>,
    written: String,
}

impl History {
    pub(crate) fn new(lines: Vec<String>) -> Self {
        Self { lines, ..Self::default() }
    }

    /// Whether the line is worth keeping: not what was typed just before.
    pub(crate) fn add(&mut self, line: &str) -> bool {
        self.at = None;
        if self.lines.last().is_some_and(|last| last == line) {
            return false;
        }
        if self.lines.len() >= KEPT {
            self.lines.remove(0);
        }
        self.lines.push(line.to_owned());
        true
    }

    /// The line before or after the one that is shown; `now` is what the input line holds.
    pub(crate) fn step(&mut self, older: bool, now: &str) -> Option<String> {
        let next = match (self.at, older) {
            (None, true) => {
                self.written = now.to_owned();
                self.lines.len().checked_sub(1)?
            }
            (None, false) => return None,
            (Some(at), true) => at.checked_sub(1)?,
            (Some(at), false) => at.saturating_add(1),
        };
        self.at = (next < self.lines.len()).then_some(next);
        Some(self.lines.get(next).unwrap_or(&self.written).clone())
    }
}
