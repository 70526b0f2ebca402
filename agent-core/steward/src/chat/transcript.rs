//! What was said and what happened, as rows that can be scrolled. New rows do not move what is being read.

use std::collections::VecDeque;

use super::text::{Row, Tone};
use super::wrap::wrap;

/// Older rows are forgotten; the journal has them all.
const KEPT: usize = 5_000;

#[derive(Debug, Default)]
pub(crate) struct Transcript {
    rows: VecDeque<Row>,
    /// The row at the top and how many of its lines are above; `None` follows the end.
    top: Option<(usize, usize)>,
}

impl Transcript {
    pub(crate) fn push(&mut self, row: Row) {
        if self.rows.len() >= KEPT {
            self.rows.pop_front();
            self.top = self.top.map(|(row, line)| (row.saturating_sub(1), line));
        }
        self.rows.push_back(row);
    }

    pub(crate) fn follows(&self) -> bool {
        self.top.is_none()
    }

    /// The lines that are in view, at most `height`.
    pub(crate) fn lines(&self, width: usize, height: usize) -> Vec<(Tone, String)> {
        let mut shown = VecDeque::new();
        let Some((top, above)) = self.top else {
            for row in self.rows.iter().rev() {
                for line in wrap(&row.text, width, row.hang).into_iter().rev() {
                    if shown.len() >= height {
                        return shown.into();
                    }
                    shown.push_front((row.tone, line));
                }
            }
            return shown.into();
        };
        let rows = self.rows.iter().skip(top);
        let lines =
            rows.flat_map(|row| wrap(&row.text, width, row.hang).into_iter().map(|line| (row.tone, line)));
        lines.skip(above).take(height).collect()
    }

    pub(crate) fn page_up(&mut self, width: usize, height: usize) {
        let at = self.position(width, height);
        self.go(at.saturating_sub(height.saturating_sub(1).max(1)), width, height);
    }

    pub(crate) fn page_down(&mut self, width: usize, height: usize) {
        let at = self.position(width, height);
        self.go(at.saturating_add(height.saturating_sub(1).max(1)), width, height);
    }

    fn counts(&self, width: usize) -> impl Iterator<Item = usize> {
        self.rows.iter().map(move |row| wrap(&row.text, width, row.hang).len())
    }

    /// How many lines are above the view.
    fn position(&self, width: usize, height: usize) -> usize {
        match self.top {
            None => self.counts(width).sum::<usize>().saturating_sub(height),
            Some((top, above)) => self.counts(width).take(top).sum::<usize>().saturating_add(above),
        }
    }

    fn go(&mut self, position: usize, width: usize, height: usize) {
        let counts: Vec<usize> = self.counts(width).collect();
        let last = counts.iter().sum::<usize>().saturating_sub(height);
        self.top = None;
        if position >= last {
            return;
        }
        let mut left = position;
        for (row, count) in counts.into_iter().enumerate() {
            if left < count {
                self.top = Some((row, left));
                return;
            }
            left = left.saturating_sub(count);
        }
    }
}
