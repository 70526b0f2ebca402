//! What begins with a slash, for the screen and for `--plain`.

use agent_core::Op;
use agent_core::draft::{Topic, Verb};

pub(crate) const HELP: &[&str] = &[
    "say what should happen: swap 1 ETH to USDC on base and lend it on aave",
    "or ask: how much usdc do I have on base?",
    "a plan is shown before anything is sent: y executes it, n rejects it, esc sets it aside",
    "  e edits its slippage, chain or amount; x plans without the added steps; c copies",
    "  /plan shows the plan that was set aside, /plans all of them, /why how it was judged, /policy the limits",
    "  /portfolio what you have, lend and owe; /again plans the last one again; /undo plans its reverse",
    "  /cancel, /pause and /speed act on the last plan, or on one that is named",
    "  /halt REASON stops all signing, /resume lets it go on, or goes on with a plan that waits",
    "  /export markdown or /export json writes a file here; /session NAME changes the session; /search WORDS",
    "tab and F2 to F5 choose the pane, up and down move in it, enter and space fold, pgup and pgdn scroll",
    "ctrl-f searches, then n and N; /quit or ctrl-c leaves",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Quit,
    Help,
    /// The plan that was set aside.
    Plan,
    Portfolio,
    /// Goes on: with signing, or with a plan.
    Resume(Option<String>),
    Export(Format),
    Session(String),
    Search(String),
    /// What the core does by itself.
    Op(Op),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// The last report.
    Json,
    /// The transcript.
    Markdown,
}

impl Command {
    /// Whether it makes the agent act, so that a person has to type it.
    pub(crate) fn acts(&self) -> bool {
        match self {
            Self::Resume(_) => true,
            Self::Op(op) => {
                matches!(op, Op::Control { verb: Verb::SpeedUp | Verb::Cancel | Verb::Resume, .. })
            }
            Self::Quit
            | Self::Help
            | Self::Plan
            | Self::Portfolio
            | Self::Export(_)
            | Self::Session(_)
            | Self::Search(_) => false,
        }
    }

    /// A line that begins with a slash. `open`: the plan that a command means when it names none. What is no command
    /// says what there is instead.
    pub(crate) fn parse(line: &str, open: Option<&str>) -> Result<Self, String> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let plan = || Some(rest).filter(|rest| !rest.is_empty()).or(open).map(str::to_owned);
        let ask = |topic| Self::Op(Op::Ask { topic, asset: None, chain: None, protocol: None });
        let control = |verb| Self::Op(Op::Control { verb, plan_id: plan() });
        Ok(match name {
            "/quit" | "/exit" => Self::Quit,
            "/help" => Self::Help,
            "/plan" => Self::Plan,
            "/plans" => ask(Topic::Plans),
            "/policy" => ask(Topic::Limits),
            "/why" => ask(Topic::Explain),
            "/portfolio" => Self::Portfolio,
            "/again" => control(Verb::Repeat),
            "/undo" => control(Verb::Undo),
            "/cancel" => control(Verb::Cancel),
            "/pause" => control(Verb::Pause),
            "/speed" => control(Verb::SpeedUp),
            "/resume" => Self::Resume((!rest.is_empty()).then(|| rest.to_owned())),
            "/halt" => {
                let because = if rest.is_empty() { "asked for in the chat" } else { rest };
                Self::Op(Op::Halt { because: because.to_owned() })
            }
            "/export" => Self::Export(match rest {
                "" | "markdown" | "md" => Format::Markdown,
                "json" => Format::Json,
                _ => return Err(format!("/export writes `markdown` or `json`, not `{rest}`")),
            }),
            "/session" => Self::Session(session_name(rest)?),
            "/search" if rest.is_empty() => return Err("/search wants the words to look for".to_owned()),
            "/search" => Self::Search(rest.to_owned()),
            _ => return Err(format!("{name} is no command; /help lists them")),
        })
    }
}

/// A session is a file: its name is short and plain.
pub(crate) fn session_name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 40 || !name.chars().all(plain) {
        return Err(format!(
            "a session's name has 1 to 40 of a-z, 0-9, - and _; `{}` is none",
            super::row::clip(name, 60)
        ));
    }
    Ok(name.to_owned())
}
