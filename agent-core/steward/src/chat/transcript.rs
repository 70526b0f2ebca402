//! What was said and what happened, as entries that can be scrolled, folded and searched. New entries do not move what
//! is being read. Each entry keeps its lines for the width at which it was last drawn, so that a frame wraps only what
//! it shows and has not shown before.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::row::{Row, Tone};
use super::wrap::wrap;

/// Older entries are forgotten; the journal has what counts.
pub(crate) const KEPT: usize = 20_000;

#[derive(Debug)]
pub(crate) struct Entry {
    rows: Vec<Row>,
    folded: bool,
    /// The lines and the width that they were wrapped for.
    lines: RefCell<(usize, Vec<(Tone, String)>)>,
}

impl Entry {
    fn new(rows: Vec<Row>, folded: bool) -> Self {
        Self { rows, folded, lines: RefCell::default() }
    }

    pub(crate) fn text(&self) -> String {
        self.rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn with_lines<T>(&self, width: usize, look: impl FnOnce(&[(Tone, String)]) -> T) -> T {
        let mut kept = self.lines.borrow_mut();
        if kept.0 != width || kept.1.is_empty() {
            *kept = (width, self.wrapped(width));
        }
        look(&kept.1)
    }

    fn wrapped(&self, width: usize) -> Vec<(Tone, String)> {
        let hidden = self.rows.len().saturating_sub(1);
        if let (true, Some(head)) = (self.folded && hidden > 0, self.rows.first()) {
            let text = format!("{} [+{hidden}]", head.text);
            return wrap(&text, width, head.hang).into_iter().map(|line| (head.tone, line)).collect();
        }
        let rows = self.rows.iter();
        rows.flat_map(|row| wrap(&row.text, width, row.hang).into_iter().map(|line| (row.tone, line)))
            .collect()
    }

    fn count(&self, width: usize) -> usize {
        self.with_lines(width, <[_]>::len)
    }

    fn fold(&mut self, folded: bool) {
        self.folded = folded;
        self.lines.get_mut().1.clear();
    }
}

/// A line in view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    pub(crate) selected: bool,
}

/// An entry by its number since the beginning, and a line of it.
type Place = (usize, usize);

#[derive(Debug, Default)]
pub(crate) struct Transcript {
    entries: VecDeque<Entry>,
    /// The number of the oldest entry that is kept.
    first: usize,
    /// The line at the top; `None` follows the end.
    top: Option<Place>,
    /// The first entry that came while the end was not in view.
    unseen: usize,
    selected: Option<usize>,
}

impl Transcript {
    pub(crate) fn push(&mut self, rows: Vec<Row>, folded: bool) {
        if rows.is_empty() {
            return;
        }
        if self.entries.len() >= KEPT {
            self.entries.pop_front();
            self.first = self.first.saturating_add(1);
            self.top = self.top.map(|top| top.max((self.first, 0)));
            self.selected = self.selected.map(|selected| selected.max(self.first));
        }
        self.entries.push_back(Entry::new(rows, folded));
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(crate) fn follows(&self) -> bool {
        self.top.is_none()
    }

    /// Lines that came below while something above was read.
    pub(crate) fn new_below(&self, width: usize) -> usize {
        if self.follows() {
            return 0;
        }
        self.after(self.unseen).map(|(_, entry)| entry.count(width)).sum()
    }

    pub(crate) fn selected(&self) -> Option<&Entry> {
        self.at(self.selected?)
    }

    pub(crate) fn deselect(&mut self) {
        self.selected = None;
    }

    fn end(&self) -> usize {
        self.first.saturating_add(self.entries.len())
    }

    fn at(&self, number: usize) -> Option<&Entry> {
        self.entries.get(number.checked_sub(self.first)?)
    }

    /// Entries from this number on.
    fn after(&self, number: usize) -> impl Iterator<Item = (usize, &Entry)> {
        let skipped = number.saturating_sub(self.first);
        self.entries
            .iter()
            .enumerate()
            .skip(skipped)
            .map(|(at, entry)| (self.first.saturating_add(at), entry))
    }

    /// The lines that are in view, at most `height`.
    pub(crate) fn lines(&self, width: usize, height: usize) -> Vec<Shown> {
        let (top, above) = self.top_place(width, height);
        let mut shown: Vec<Shown> = Vec::new();
        for (number, entry) in self.after(top) {
            let skipped = if number == top { above } else { 0 };
            let room = height.saturating_sub(shown.len());
            if room == 0 {
                break;
            }
            let selected = self.selected == Some(number);
            entry.with_lines(width, |lines| {
                let lines = lines.iter().skip(skipped).take(room);
                shown.extend(lines.map(|(tone, text)| Shown { tone: *tone, text: text.clone(), selected }));
            });
        }
        shown
    }

    fn top_place(&self, width: usize, height: usize) -> Place {
        self.top.unwrap_or_else(|| self.back((self.end(), 0), height, width))
    }

    /// The place so many lines above.
    fn back(&self, (number, line): Place, lines: usize, width: usize) -> Place {
        if lines <= line {
            return (number, line.saturating_sub(lines));
        }
        let (mut left, mut at) = (lines.saturating_sub(line), number);
        while at > self.first {
            at = at.saturating_sub(1);
            let count = self.at(at).map_or(0, |entry| entry.count(width));
            if left <= count {
                return (at, count.saturating_sub(left));
            }
            left = left.saturating_sub(count);
        }
        (self.first, 0)
    }

    /// The place so many lines below, at most the end.
    fn forward(&self, (number, line): Place, lines: usize, width: usize) -> Place {
        let mut left = lines.saturating_add(line);
        for (at, entry) in self.after(number) {
            let count = entry.count(width);
            if left < count {
                return (at, left);
            }
            left = left.saturating_sub(count);
        }
        (self.end(), 0)
    }

    fn go(&mut self, place: Place, width: usize, height: usize) {
        let was_following = self.follows();
        self.top = (place < self.back((self.end(), 0), height, width)).then_some(place);
        if was_following && !self.follows() {
            self.unseen = self.end();
        }
    }

    pub(crate) fn scroll(&mut self, up: bool, lines: usize, width: usize, height: usize) {
        let top = self.top_place(width, height);
        let place = if up { self.back(top, lines, width) } else { self.forward(top, lines, width) };
        self.go(place, width, height);
    }

    pub(crate) fn follow(&mut self) {
        self.top = None;
    }

    /// Selects the entry above or below; the newest first.
    pub(crate) fn select(&mut self, up: bool, width: usize, height: usize) {
        let newest = self.end().saturating_sub(1);
        let next = match self.selected {
            None => newest,
            Some(at) if up => at.saturating_sub(1).max(self.first),
            Some(at) => at.saturating_add(1).min(newest),
        };
        self.reveal(next, width, height);
    }

    fn reveal(&mut self, number: usize, width: usize, height: usize) {
        let Some(count) = self.at(number).map(|entry| entry.count(width)) else { return };
        self.selected = Some(number);
        let top = self.top_place(width, height);
        let lowest = self.back((number, count.min(height)), height, width);
        if (number, 0) < top {
            self.go((number, 0), width, height);
        } else if lowest > top {
            self.go(lowest, width, height);
        }
    }

    pub(crate) fn toggle(&mut self) {
        let at = self.selected.and_then(|selected| selected.checked_sub(self.first));
        if let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) {
            entry.fold(!entry.folded);
        }
    }

    /// Selects the next entry that holds the words, from the selected one backwards or forwards, around the ends. How
    /// many entries hold them.
    pub(crate) fn find(&mut self, words: &str, forward: bool, width: usize, height: usize) -> usize {
        let words = words.to_lowercase();
        let holds = |entry: &Entry| entry.rows.iter().any(|row| row.text.to_lowercase().contains(&words));
        let hits: Vec<usize> =
            self.after(self.first).filter(|(_, entry)| holds(entry)).map(|(number, _)| number).collect();
        let from = self.selected.unwrap_or(if forward { self.first } else { self.end() });
        let next = if forward {
            hits.iter().find(|number| **number > from).or_else(|| hits.first())
        } else {
            hits.iter().rev().find(|number| **number < from).or_else(|| hits.last())
        };
        if let Some(number) = next.copied() {
            if let Some(entry) = number.checked_sub(self.first).and_then(|at| self.entries.get_mut(at)) {
                entry.fold(false);
            }
            self.reveal(number, width, height);
        }
        hits.len()
    }
}
