//! Rows beside the transcript: the open plan, the positions, money under way. They scroll by a cursor, and the details
//! of the row under the cursor fold.

use std::collections::BTreeSet;

use super::row::{Row, Tone};
use super::wrap::wrap;

#[derive(Debug, Default)]
pub(crate) struct Pane {
    rows: Vec<Row>,
    /// Heads whose details are hidden, by their place in `rows`.
    folded: BTreeSet<usize>,
    /// The cursor's line, of all that are not hidden.
    cursor: usize,
    /// Lines above the view.
    scroll: usize,
}

/// A line, and the row that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaneLine {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    row: usize,
}

/// The lines in view.
#[derive(Debug)]
pub(crate) struct PaneView {
    pub(crate) lines: Vec<PaneLine>,
    /// The cursor's place among them.
    pub(crate) cursor: usize,
    /// Lines that do not fit below.
    pub(crate) below: usize,
}

impl Pane {
    pub(crate) fn new(rows: Vec<Row>) -> Self {
        Self { rows, ..Self::default() }
    }

    /// With the cursor on a line.
    pub(crate) fn at(rows: Vec<Row>, cursor: usize) -> Self {
        Self { rows, cursor, ..Self::default() }
    }

    /// New rows in the same place, as far as there is one.
    pub(crate) fn replace(&mut self, rows: Vec<Row>) {
        self.rows = rows;
    }

    pub(crate) fn lines(&self, width: usize) -> Vec<PaneLine> {
        let mut lines = Vec::new();
        let mut hidden = false;
        for (at, row) in self.rows.iter().enumerate() {
            if row.detail && hidden {
                continue;
            }
            hidden = self.folded.contains(&at);
            let details = if hidden { self.details(at) } else { 0 };
            let text = if details > 0 { format!("{} [+{details}]", row.text) } else { row.text.clone() };
            let wrapped = wrap(&text, width, row.hang).into_iter();
            lines.extend(wrapped.map(|text| PaneLine { tone: row.tone, text, row: at }));
        }
        lines
    }

    fn details(&self, head: usize) -> usize {
        self.rows.iter().skip(head.saturating_add(1)).take_while(|row| row.detail).count()
    }

    pub(crate) fn view(&self, width: usize, height: usize) -> PaneView {
        let lines = self.lines(width);
        let cursor = self.cursor.min(lines.len().saturating_sub(1));
        let lowest = lines.len().saturating_sub(height);
        let scroll = self.scroll.min(lowest).min(cursor).max(cursor.saturating_add(1).saturating_sub(height));
        let below = lines.len().saturating_sub(scroll).saturating_sub(height);
        let lines = lines.into_iter().skip(scroll).take(height).collect();
        PaneView { lines, cursor: cursor.saturating_sub(scroll), below }
    }

    /// Moves the cursor by a line.
    pub(crate) fn step(&mut self, up: bool, width: usize, height: usize) {
        let last = self.lines(width).len().saturating_sub(1);
        let at = self.cursor.min(last);
        self.cursor = if up { at.saturating_sub(1) } else { at.saturating_add(1).min(last) };
        let lowest = self.cursor.saturating_add(1).saturating_sub(height);
        self.scroll = self.scroll.min(self.cursor).max(lowest);
    }

    /// Hides or shows the details of the row under the cursor.
    pub(crate) fn toggle(&mut self, width: usize) {
        let lines = self.lines(width);
        let Some(row) = lines.get(self.cursor.min(lines.len().saturating_sub(1))).map(|line| line.row) else {
            return;
        };
        let head =
            (0..=row).rev().find(|at| self.rows.get(*at).is_some_and(|row| !row.detail)).unwrap_or(row);
        if self.details(head) > 0 && !self.folded.remove(&head) {
            self.folded.insert(head);
        }
        // The cursor stays on the head.
        let place = self.lines(width).iter().position(|line| line.row == head);
        self.cursor = place.unwrap_or(self.cursor);
    }

    /// Hides all details.
    pub(crate) fn fold_all(&mut self) {
        self.folded = (0..self.rows.len()).filter(|head| self.details(*head) > 0).collect();
    }
}
