//! Colours, from the terminal's own sixteen only: whoever chose them can read them.

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};

use super::row::Tone;

/// For a dark or a light background, or without any colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    #[default]
    Dark,
    Light,
    Mono,
}

impl Theme {
    pub(crate) fn style(self, tone: Tone) -> Style {
        let bold = |colour: Color| Style::new().fg(colour).add_modifier(Modifier::BOLD);
        match (self, tone) {
            (_, Tone::Plain) => Style::new(),
            (_, Tone::Faint) => Style::new().add_modifier(Modifier::DIM),
            (_, Tone::Strong) | (Self::Mono, Tone::Said | Tone::Good) => {
                Style::new().add_modifier(Modifier::BOLD)
            }
            (Self::Mono, Tone::Warn | Tone::Bad) => {
                Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
            }
            (Self::Dark, Tone::Said) => bold(Color::Cyan),
            (Self::Light, Tone::Said) => bold(Color::Blue),
            (Self::Dark | Self::Light, Tone::Good) => bold(Color::Green),
            (Self::Dark, Tone::Warn) => bold(Color::Yellow),
            // Yellow on white cannot be read.
            (Self::Light, Tone::Warn) => bold(Color::Magenta),
            (Self::Dark | Self::Light, Tone::Bad) => bold(Color::Red),
        }
    }
}
