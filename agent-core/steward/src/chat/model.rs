//! The chat's state without a terminal: messages go in, at most one operation comes out, and [`Effect`]s for the
//! terminal and the files gather in `effects`. Time is a parameter. Keys are read in `keys`, commands in `orders`, the core's
//! events in `events`.

use std::time::Instant;

use agent_core::draft::Verb;
use agent_core::report::Report;
use agent_core::{Event, Op, UnderWay, Verdict};
use crossterm::event::KeyEvent;
use ratatui::layout::{Rect, Size};
use ratatui_textarea::TextArea;

use super::ChatSettings;
use super::approval::panel_rows;
use super::confirm::Confirm;
use super::edit::Edit;
use super::history::History;
use super::layout::{self, Focus};
use super::pane::Pane;
use super::report::report_rows;
use super::row::{Row, Tone, clean};
use super::transcript::Transcript;

/// Below this size details are folded from the start.
const ROOMY: Size = Size { width: 60, height: 20 };

/// Shown until the first portfolio has come.
pub(super) const READING: &str = "reading all networks …";

#[derive(Debug)]
pub(crate) enum Msg {
    Key(KeyEvent),
    /// A bracketed paste.
    Paste(String),
    Resize(Size),
    /// The mouse wheel, at a column and a row.
    Wheel {
        up: bool,
        column: u16,
        row: u16,
    },
    /// Whether the terminal has the user's eye.
    Focused(bool),
    /// Some time has passed.
    Tick,
    /// The spinner's next picture.
    Spin,
    Event(Box<Event>),
    /// What a file operation came to.
    Note(Result<String, String>),
    /// A session's entries, to be shown instead of this one's.
    Session {
        name: String,
        entries: Vec<Vec<Row>>,
    },
    /// The operation was not taken: too many wait.
    QueueFull,
    CoreEnded,
}

/// What is to be done outside of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// To the clipboard.
    Copy(String),
    /// A notification; the user looks elsewhere.
    Notify(String),
    /// An entry for the session's file.
    Keep(Vec<Row>),
    /// A line for the input history.
    Remember(String),
    /// A new file in the current folder.
    Export { extension: &'static str, text: String },
    /// Another session.
    Session(String),
}

/// What the input line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    Say,
    Find,
    /// A new value for the field that is chosen in the plan.
    Field,
}

/// A plan that is open for an answer.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) report: Box<Report>,
    pub(crate) pane: Pane,
    pub(crate) edit: Option<Edit>,
}

/// Money between two networks.
#[derive(Debug)]
pub(crate) struct Money {
    pub(crate) plan_id: String,
    pub(crate) place: Box<UnderWay>,
    pub(crate) pane: Pane,
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) settings: ChatSettings,
    pub(crate) transcript: Transcript,
    pub(crate) input: TextArea<'static>,
    pub(crate) prompt: Prompt,
    pub(crate) panel: Option<Panel>,
    pub(crate) money: Option<Money>,
    pub(crate) positions: Option<Pane>,
    pub(crate) focus: Focus,
    /// What the core is doing.
    pub(crate) busy: Option<&'static str>,
    /// Which picture of the spinner is shown.
    pub(crate) spin: usize,
    /// The words that were looked for, and in how many entries they are.
    pub(crate) found: Option<(String, usize)>,
    pub(crate) quit: bool,
    pub(crate) core_ended: bool,
    pub(crate) effects: Vec<Effect>,
    pub(super) history: History,
    pub(super) size: Size,
    pub(super) confirm: Confirm,
    /// Whether something of the input line was pasted.
    pub(super) pasted_in: bool,
    /// The input line that waits while another prompt is answered.
    pub(super) kept_input: Option<TextArea<'static>>,
    /// The plan that was set aside without an answer.
    pub(super) aside: Option<Box<Report>>,
    /// The plan that waits for an approval, or that is under way.
    pub(super) resumable: Option<String>,
    /// The last plan that was shown or finished.
    pub(super) last: Option<Box<Report>>,
    pub(super) halted: bool,
    unfocused: bool,
}

impl Model {
    pub(crate) fn new(settings: ChatSettings, size: Size, history: Vec<String>) -> Self {
        let mut model = Self {
            settings,
            transcript: Transcript::default(),
            input: input(""),
            prompt: Prompt::Say,
            panel: None,
            money: None,
            positions: None,
            focus: Focus::Input,
            busy: None,
            spin: 0,
            found: None,
            quit: false,
            core_ended: false,
            effects: Vec::new(),
            history: History::new(history),
            size,
            confirm: Confirm::default(),
            pasted_in: false,
            kept_input: None,
            aside: None,
            resumable: None,
            last: None,
            halted: false,
            unfocused: false,
        };
        let hello = Row::new(Tone::Faint, "what should be done? /help tells more");
        model.transcript.push(vec![hello], false);
        model
    }

    /// What is asked of the core at the beginning: what happened since the last time, and where there is room for it,
    /// what the account has.
    pub(crate) fn start(&mut self) -> Vec<Op> {
        if self.size.width < layout::WIDE {
            return vec![Op::Open];
        }
        self.positions = Some(Pane::new(vec![Row::new(Tone::Faint, READING)]));
        vec![Op::Open, Op::Portfolio]
    }

    pub(crate) fn update(&mut self, msg: Msg, now: Instant) -> Option<Op> {
        match msg {
            Msg::Key(key) => return self.key(key, now),
            Msg::Tick => return self.confirm.alone(now).and_then(|answer| self.answer(answer)),
            Msg::Event(event) => return self.event(*event, now),
            Msg::Paste(text) => {
                if let Some(held) = self.confirm.give_up() {
                    self.input.insert_char(held);
                }
                self.pasted_in = true;
                self.input.insert_str(clean(&text.replace(['\n', '\r', '\t'], " ")));
            }
            Msg::Resize(size) => self.size = size,
            Msg::Wheel { up, column, row } => self.wheel(up, column, row),
            Msg::Focused(focused) => self.unfocused = !focused,
            Msg::Spin => self.spin = self.spin.wrapping_add(1),
            Msg::Note(Ok(text)) => self.say(Tone::Good, &text),
            Msg::Note(Err(text)) => self.say(Tone::Bad, &text),
            Msg::Session { name, entries } => self.session(name, entries),
            Msg::QueueFull => {
                self.say(Tone::Bad, "too much is waiting already: that was not taken; say it again later")
            }
            Msg::CoreEnded => {
                self.core_ended = true;
                self.busy = None;
                self.say(Tone::Bad, "the core has ended; /quit leaves");
            }
        }
        None
    }

    /// Whether an answer waits for the next [`Msg::Tick`].
    pub(crate) fn holds(&self) -> bool {
        self.confirm.holds()
    }

    pub(super) fn say(&mut self, tone: Tone, text: &str) {
        self.tell(vec![Row::new(tone, text)], false);
    }

    /// An entry for the transcript and for the session's file.
    pub(super) fn tell(&mut self, rows: Vec<Row>, folded: bool) {
        if !rows.is_empty() {
            self.effects.push(Effect::Keep(rows.clone()));
        }
        self.transcript.push(rows, folded);
    }

    fn session(&mut self, name: String, entries: Vec<Vec<Row>>) {
        self.transcript.clear();
        self.found = None;
        let head = match entries.len() {
            0 => format!("session {name}: what should be done? /help tells more"),
            known => format!("session {name} goes on, {known} entries are above; /help tells more"),
        };
        for rows in entries {
            let folded = rows.len() > 6;
            self.transcript.push(rows, folded);
        }
        self.transcript.push(vec![Row::new(Tone::Faint, head)], false);
        self.settings.session = name;
    }

    pub(super) fn area(&self) -> Rect {
        Rect { width: self.size.width, height: self.size.height, ..Rect::ZERO }
    }

    /// Columns and lines of the transcript.
    pub(super) fn transcript_size(&self) -> (usize, usize) {
        let area = layout::areas(self, self.area()).transcript;
        (usize::from(area.width), usize::from(area.height))
    }

    fn wheel(&mut self, up: bool, column: u16, row: u16) {
        let areas = layout::areas(self, self.area());
        let at = ratatui::layout::Position { x: column, y: row };
        match areas.panes.iter().find(|(_, area)| area.contains(at)).map(|(focus, _)| *focus) {
            Some(pane) => (0..3).for_each(|_| self.step_pane(pane, up)),
            None => {
                let (width, height) = self.transcript_size();
                self.transcript.scroll(up, 3, width, height);
            }
        }
    }

    /// The panel's plan goes into the transcript.
    pub(super) fn close_panel(&mut self) -> Option<Box<Report>> {
        self.confirm.close();
        let panel = self.panel.take()?;
        self.leave_prompt();
        if self.focus == Focus::Plan {
            self.focus = Focus::Input;
        }
        self.tell(report_rows(&panel.report), true);
        Some(panel.report)
    }

    pub(super) fn set_aside(&mut self) {
        if let Some(report) = self.close_panel() {
            self.say(
                Tone::Warn,
                &format!("plan {} is set aside; nothing was sent; /plan shows it", report.plan_id),
            );
            self.aside = Some(report);
        }
    }

    pub(super) fn open(&mut self, report: Box<Report>, now: Instant) {
        self.set_aside();
        let mut pane = Pane::new(panel_rows(&report, &self.settings.approve_command));
        if self.size.width < ROOMY.width || self.size.height < ROOMY.height {
            pane.fold_all();
        }
        self.resumable = (report.verdict == Verdict::NeedsApproval).then(|| report.plan_id.clone());
        self.last = Some(report.clone());
        self.panel = Some(Panel { report, pane, edit: None });
        self.focus = Focus::Plan;
        self.confirm.open(now);
    }

    /// The input line is for sentences again.
    pub(super) fn leave_prompt(&mut self) {
        if self.prompt != Prompt::Say {
            self.prompt = Prompt::Say;
            self.input = self.kept_input.take().unwrap_or_else(|| input(""));
        }
    }

    pub(super) fn notify(&mut self, text: String) {
        if self.unfocused {
            self.effects.push(Effect::Notify(clean(&text)));
        }
    }

    /// An order to the core about a plan, with what it is busy with.
    pub(super) fn order(&mut self, op: Op) -> Option<Op> {
        if self.busy.is_none() {
            self.busy = Some(match &op {
                Op::Control { verb: Verb::Undo | Verb::Repeat, .. }
                | Op::Revise { .. }
                | Op::DropAdded { .. } => "planning",
                Op::Say { .. } => "reading",
                Op::Confirm { .. } | Op::Resume { .. } => "executing",
                Op::Control { .. }
                | Op::Reject { .. }
                | Op::Ask { .. }
                | Op::Portfolio
                | Op::Halt { .. }
                | Op::Unhalt
                | Op::Open
                | Op::Stuck { .. } => "looking",
            });
        }
        Some(op)
    }
}

pub(super) fn input(text: &str) -> TextArea<'static> {
    let mut input = TextArea::new(vec![clean(text)]);
    input.move_cursor(ratatui_textarea::CursorMove::End);
    input.set_cursor_line_style(ratatui::style::Style::new());
    input
}
