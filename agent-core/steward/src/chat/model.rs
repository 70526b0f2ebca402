//! The chat's state without a terminal: messages go in, at most one operation comes out. Time is a parameter.

use std::time::Instant;

use agent_core::report::Report;
use agent_core::{Event, Op, Verdict};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::{Rect, Size};
use ratatui_textarea::TextArea;

use super::approval::{executable, panel_rows};
use super::confirm::Confirm;
use super::text::{Row, Tone, clean, event_rows, report_rows};
use super::transcript::Transcript;
use super::{ChatSettings, view};

pub(crate) const HELP: &[&str] = &[
    "say what should happen: swap 1 ETH to USDC on base and lend it on aave",
    "or ask: how much usdc do I have on base?",
    "a plan is shown before anything is sent: y executes it, n rejects it, esc sets it aside",
    "/plan shows the plan that was set aside, /resume goes on with one that was approved or was cut short",
    "pgup and pgdn scroll, up and down scroll the plan, /quit or ctrl-c leaves",
];

#[derive(Debug)]
pub(crate) enum Msg {
    Key(KeyEvent),
    /// A bracketed paste.
    Paste(String),
    Resize(Size),
    /// Some time has passed.
    Tick,
    Event(Box<Event>),
    /// The operation was not taken: too many wait.
    QueueFull,
    CoreEnded,
}

/// A plan that is open for an answer.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) report: Box<Report>,
    pub(crate) rows: Vec<Row>,
    pub(crate) scroll: usize,
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) settings: ChatSettings,
    pub(crate) transcript: Transcript,
    pub(crate) input: TextArea<'static>,
    pub(crate) panel: Option<Panel>,
    /// What the core is doing.
    pub(crate) busy: Option<&'static str>,
    pub(crate) quit: bool,
    pub(crate) core_ended: bool,
    size: Size,
    confirm: Confirm,
    /// The plan that was set aside without an answer.
    aside: Option<Box<Report>>,
    /// The plan that waits for an approval, or that is under way.
    resumable: Option<String>,
}

impl Model {
    pub(crate) fn new(settings: ChatSettings, size: Size) -> Self {
        let mut model = Self {
            settings,
            transcript: Transcript::default(),
            input: input(),
            panel: None,
            busy: None,
            quit: false,
            core_ended: false,
            size,
            confirm: Confirm::default(),
            aside: None,
            resumable: None,
        };
        model.say(Tone::Faint, "what should be done? /help tells more");
        model
    }

    pub(crate) fn update(&mut self, msg: Msg, now: Instant) -> Option<Op> {
        match msg {
            Msg::Key(key) => return self.key(key, now),
            Msg::Tick => return self.confirm.alone(now).and_then(|answer| self.answer(answer)),
            Msg::Paste(text) => {
                if let Some(held) = self.confirm.give_up() {
                    self.input.insert_char(held);
                }
                self.input.insert_str(clean(&text.replace(['\n', '\r', '\t'], " ")));
            }
            Msg::Resize(size) => self.size = size,
            Msg::Event(event) => self.event(*event, now),
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

    fn say(&mut self, tone: Tone, text: &str) {
        self.transcript.push(Row::new(tone, text));
    }

    fn key(&mut self, key: KeyEvent, now: Instant) -> Option<Op> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        let pasted = self.confirm.key(now);
        let answered = self.confirm.alone(now).and_then(|answer| self.answer(answer));
        if let Some(held) = self.confirm.give_up() {
            self.input.insert_char(held);
        }
        answered.or_else(|| self.pressed(key, pasted, now))
    }

    fn pressed(&mut self, key: KeyEvent, pasted: bool, now: Instant) -> Option<Op> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && matches!(key.code, KeyCode::Char('c' | 'd')) {
            self.quit = true;
            return None;
        }
        if matches!(key.code, KeyCode::PageUp | KeyCode::PageDown) {
            self.page(key.code == KeyCode::PageUp);
            return None;
        }
        let empty = self.input.is_empty();
        let enter = key.code == KeyCode::Enter || (control && key.code == KeyCode::Char('m'));
        if self.panel.is_some() && self.confirm.settling(now) && (empty || enter) {
            return None;
        }
        if enter {
            return self.submit(pasted, now);
        }
        let alone = empty && !pasted && key.modifiers.is_empty() && key.kind == KeyEventKind::Press;
        let answer = key.code.as_char().filter(|c| alone && self.panel.is_some() && matches!(c, 'y' | 'n'));
        match answer {
            Some(answer) => self.confirm.hold(answer, now),
            None if key.code == KeyCode::Esc => self.set_aside(),
            None if matches!(key.code, KeyCode::Up | KeyCode::Down) => self.scroll(key.code == KeyCode::Up),
            None => self.edit(key),
        }
        None
    }

    fn area(&self) -> Rect {
        Rect { width: self.size.width, height: self.size.height, ..Rect::ZERO }
    }

    /// Scrolls the transcript.
    fn page(&mut self, up: bool) {
        let area = view::areas(self, self.area()).transcript;
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        if up { self.transcript.page_up(width, height) } else { self.transcript.page_down(width, height) }
    }

    /// Scrolls the open plan.
    fn scroll(&mut self, up: bool) {
        let most = view::hidden_lines(self, self.area());
        if let Some(panel) = &mut self.panel {
            let next = if up { panel.scroll.saturating_sub(1) } else { panel.scroll.saturating_add(1) };
            panel.scroll = next.min(most);
        }
    }

    fn edit(&mut self, key: KeyEvent) {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code.as_char().filter(|_| plain) {
            Some(c) => {
                self.input.insert_str(clean(&c.to_string()));
            }
            None if matches!(key.code, KeyCode::Tab | KeyCode::BackTab) => {}
            None => {
                self.input.input(key);
            }
        }
    }

    /// A `y` or an `n` that stood alone.
    fn answer(&mut self, answer: char) -> Option<Op> {
        let report = &self.panel.as_ref()?.report;
        let (plan_id, verdict) = (report.plan_id.clone(), report.verdict);
        if answer == 'y' && !executable(report) {
            self.say(
                Tone::Warn,
                &format!("y executes only what the policy allows; plan {plan_id} is not: y approves nothing"),
            );
            return None;
        }
        self.close_panel();
        if answer == 'y' {
            self.busy = Some("executing");
            self.resumable = Some(plan_id.clone());
            return Some(Op::Confirm { plan_id });
        }
        self.resumable = None;
        self.say(Tone::Warn, &format!("plan {plan_id} is rejected; nothing was sent"));
        (verdict != Verdict::Deny).then_some(Op::Reject { plan_id })
    }

    /// The panel's plan goes into the transcript.
    fn close_panel(&mut self) -> Option<Box<Report>> {
        self.confirm.close();
        let panel = self.panel.take()?;
        for row in report_rows(&panel.report) {
            self.transcript.push(row);
        }
        Some(panel.report)
    }

    fn set_aside(&mut self) {
        if let Some(report) = self.close_panel() {
            self.say(
                Tone::Warn,
                &format!("plan {} is set aside; nothing was sent; /plan shows it", report.plan_id),
            );
            self.aside = Some(report);
        }
    }

    fn open(&mut self, report: Box<Report>, now: Instant) {
        self.set_aside();
        let rows = panel_rows(&report, &self.settings.approve_command);
        self.resumable = (report.verdict == Verdict::NeedsApproval).then(|| report.plan_id.clone());
        self.panel = Some(Panel { report, rows, scroll: 0 });
        self.confirm.open(now);
    }

    fn submit(&mut self, pasted: bool, now: Instant) -> Option<Op> {
        let text = self.input.lines().join(" ").trim().to_owned();
        if text.is_empty() {
            return None;
        }
        self.input = input();
        if text.starts_with('/') {
            return self.command(&text, pasted, now);
        }
        self.set_aside();
        self.say(Tone::Said, &format!("> {text}"));
        self.busy = Some("reading");
        Some(Op::Say { text })
    }

    fn command(&mut self, text: &str, pasted: bool, now: Instant) -> Option<Op> {
        match text {
            "/quit" | "/exit" => self.quit = true,
            "/help" => HELP.iter().for_each(|line| self.say(Tone::Plain, line)),
            "/plan" => match self.aside.take() {
                Some(report) => self.open(report, now),
                None => self.say(Tone::Warn, "no plan was set aside"),
            },
            "/resume" if pasted => self.say(Tone::Warn, "/resume was pasted: type it"),
            "/resume" => return self.resume(),
            _ => self.say(Tone::Warn, &format!("{text} is no command; /help lists them")),
        }
        None
    }

    fn resume(&mut self) -> Option<Op> {
        if self.resumable.is_none() {
            self.say(Tone::Warn, "no plan waits for an approval or was cut short");
        }
        let plan_id = self.resumable.clone()?;
        self.close_panel();
        self.busy = Some("executing");
        Some(Op::Resume { plan_id })
    }

    fn event(&mut self, event: Event, now: Instant) {
        match &event {
            // The user's own words were shown when they were sent.
            Event::Heard { .. } => return,
            Event::Drafted { .. } => self.busy = Some("planning"),
            Event::Started { plan_id } => {
                if self.panel.as_ref().is_some_and(|panel| panel.report.plan_id == *plan_id) {
                    self.close_panel();
                }
                self.busy = Some("executing");
                self.resumable = Some(plan_id.clone());
            }
            Event::Finished { report } => {
                self.busy = None;
                if report.settled.as_ref().is_some_and(|settled| settled.as_promised) {
                    self.resumable = None;
                }
            }
            Event::Planned { .. }
            | Event::Question { .. }
            | Event::Answered { .. }
            | Event::Refused { .. } => self.busy = None,
            Event::StepStarted { .. }
            | Event::Signed { .. }
            | Event::Sent { .. }
            | Event::Included { .. }
            | Event::Waiting { .. }
            | Event::StepSettled { .. } => {}
        }
        if let Event::Planned { report } = event {
            self.open(report, now);
            return;
        }
        for row in event_rows(&event) {
            self.transcript.push(row);
        }
    }
}

fn input() -> TextArea<'static> {
    let mut input = TextArea::default();
    input.set_cursor_line_style(ratatui::style::Style::new());
    input
}
