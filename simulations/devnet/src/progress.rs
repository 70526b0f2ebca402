//! Progress of the fetch, on standard error.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How the fetch shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A bar where standard error is a terminal, a line a step otherwise.
    Shown,
    /// Nothing.
    Silent,
}

/// A running display.
pub(crate) enum Display {
    Bar(ProgressBar),
    Lines,
    Silent,
}

impl Display {
    /// Starts a display of `steps` steps.
    pub(crate) fn start(progress: Progress, steps: u64) -> Self {
        match progress {
            Progress::Silent => Self::Silent,
            Progress::Shown if std::io::stderr().is_terminal() => {
                let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
                if let Ok(style) = ProgressStyle::with_template("{msg:40} {bar:30} {pos}/{len} {elapsed}") {
                    bar.set_style(style);
                }
                bar.set_message("demo world: fetching from npm");
                Self::Bar(bar)
            }
            Progress::Shown => Self::Lines,
        }
    }

    /// One step is done.
    pub(crate) fn done(&self, what: &str) {
        match self {
            Self::Bar(bar) => {
                bar.set_message(what.to_owned());
                bar.inc(1);
            }
            // A closed standard error must not stop the fetch.
            Self::Lines => drop(writeln!(std::io::stderr(), "fetched {what}")),
            Self::Silent => {}
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
