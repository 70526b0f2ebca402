//! Refusals: what was refused, why, by which rule, what to do, as `contracts/cli.md` wants them.

use serde::{Deserialize, Serialize};

/// Exit codes of `contracts/cli.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    Done,
    Error,
    Usage,
    Rejected,
    TimedOut,
    Unreachable,
    Denied,
    ApprovalRequired,
    SimulationFailed,
    Stale,
    Halted,
    JournalDamaged,
    NoModel,
    PartlyExecuted,
    Question,
    OutcomeUnknown,
    RefusedInput,
    NotPossible,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Usage => 2,
            Self::Rejected => 3,
            Self::TimedOut => 4,
            Self::Unreachable => 5,
            Self::Denied => 10,
            Self::ApprovalRequired => 11,
            Self::SimulationFailed => 12,
            Self::Stale => 13,
            Self::Halted => 14,
            Self::JournalDamaged => 15,
            Self::NoModel => 16,
            Self::PartlyExecuted => 17,
            Self::Question => 18,
            Self::OutcomeUnknown => 19,
            Self::RefusedInput => 20,
            Self::NotPossible => 21,
        }
    }
}

/// A clear no. `message` says what was refused and why; `help` what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Dotted, stable: `policy.denied`, `world.balance`, `rpc.unreachable`, …
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
    #[serde(skip, default = "default_exit")]
    pub exit: Exit,
}

fn default_exit() -> Exit {
    Exit::Error
}

impl Refusal {
    pub fn new(exit: Exit, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            help: None,
            details: serde_json::Value::Null,
            exit,
        }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn details(mut self, details: serde_json::Value) -> Self {
        self.details = details;
        self
    }
}

/// Text from outside (revert strings, RPC errors, token names) made fit for a person's screen:
/// control, format, filler and bidi characters become `\u{…}`, and it is capped at 200 characters.
pub fn tame(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count >= 200 {
            out.push('…');
            break;
        }
        let code = u32::from(c);
        let hidden = c.is_control()
            || matches!(
                code,
                0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180E | 0x200B..=0x200F
                    | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
                    | 0xFFF9..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
            );
        if hidden {
            out.push_str(&format!("\\u{{{code:x}}}"));
        } else {
            out.push(c);
        }
    }
    out
}
