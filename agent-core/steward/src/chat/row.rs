//! One paragraph of tame text. A [`Row`] can only be made tamed: no control, format or bidi character gets into one.

use agent_core::tame;
use serde::{Deserialize, Serialize};

/// `tame` caps what it gets; longer text is tamed piece by piece.
const PIECE: usize = 200;
/// No row is longer, in characters.
const LONGEST: usize = 2_000;

/// What a row is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tone {
    Plain,
    /// The user's own words.
    Said,
    Strong,
    Good,
    Warn,
    Bad,
    Faint,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    /// Columns by which wrapped lines are indented.
    pub(crate) hang: usize,
    /// Whether it belongs to the row above it and is hidden when that one is folded.
    #[serde(default)]
    pub(crate) detail: bool,
}

impl Row {
    pub(crate) fn new(tone: Tone, text: impl AsRef<str>) -> Self {
        let text = clip(text.as_ref(), LONGEST);
        let hang = text.len().saturating_sub(text.trim_start().len()).saturating_add(2);
        Self { tone, text: clean(&text), hang, detail: false }
    }

    /// `label     value`, wrapped under the value.
    pub(crate) fn labelled(tone: Tone, label: &str, value: impl AsRef<str>) -> Self {
        Self { hang: 11, ..Self::new(tone, format!("{label:<10} {}", value.as_ref())) }
    }

    /// The same as a detail of the row above it.
    pub(crate) fn detail(self) -> Self {
        Self { detail: true, ..self }
    }

    /// A row that was read from a file: whoever wrote there, it is tamed again.
    pub(crate) fn restored(self) -> Self {
        Self { hang: self.hang.min(20), detail: self.detail, ..Self::new(self.tone, self.text) }
    }
}

/// Text from outside in full, made harmless.
pub(crate) fn clean(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(PIECE).map(|piece| tame(&piece.iter().collect::<String>())).collect()
}

/// The first `most` characters.
pub(crate) fn clip(text: &str, most: usize) -> String {
    let mut clipped: String = text.chars().take(most).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}
