//! The chat in lines: no screen, no colours. Where the input is no terminal a `y` confirms nothing.

use std::io::{BufRead, IsTerminal};
use std::time::{Duration, Instant};

use agent_core::report::Report;
use agent_core::{Event, Op, StuckChoice, Verdict};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::ChatSettings;
use super::approval::{approve_with, executable};
use super::command::{Command, HELP};
use super::confirm::{BURST, Confirm};
use super::{row, text};
use crate::output;

/// Letters that are answers, not sentences.
const ANSWERS: [char; 6] = ['y', 'n', 'x', 'w', 'r', 'b'];

/// What a line or an event comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) lines: Vec<String>,
    pub(crate) op: Option<Op>,
    pub(crate) quit: bool,
}

impl Reply {
    fn line(text: impl Into<String>) -> Self {
        Self { lines: vec![text.into()], ..Self::default() }
    }

    fn op(op: Op) -> Self {
        Self { op: Some(op), ..Self::default() }
    }
}

/// The state of a chat in lines.
#[derive(Debug)]
pub(crate) struct Plain {
    settings: ChatSettings,
    /// Whether a person types.
    typed: bool,
    confirm: Confirm,
    open: Option<Box<Report>>,
    resumable: Option<String>,
    /// The plan whose money is between two networks.
    under_way: Option<String>,
    halted: bool,
}

impl Plain {
    pub(crate) fn new(settings: ChatSettings, typed: bool) -> Self {
        Self {
            settings,
            typed,
            confirm: Confirm::default(),
            open: None,
            resumable: None,
            under_way: None,
            halted: false,
        }
    }

    pub(crate) fn line(&mut self, line: &[u8], now: Instant) -> Reply {
        let pasted = self.confirm.key(now);
        // Another line at once: the answer before it was pasted.
        let lost =
            self.confirm.give_up().map(|_| "refused: that answer was pasted; type it alone".to_owned());
        let Ok(text) = std::str::from_utf8(line) else {
            return Reply::line("refused: the line is not UTF-8 (code: input.utf8)");
        };
        let mut reply = self.read(text.trim(), pasted, now);
        reply.lines.splice(0..0, lost);
        reply
    }

    fn read(&mut self, text: &str, pasted: bool, now: Instant) -> Reply {
        let letter = text.chars().next().filter(|_| text.len() == 1);
        match letter.filter(|letter| ANSWERS.contains(letter)) {
            Some(letter) => self.letter(letter, pasted, now),
            None if text.is_empty() => Reply::default(),
            None if text.starts_with('/') => self.command(text, pasted),
            None => {
                let aside = self
                    .close()
                    .map(|report| format!("plan {} is set aside; nothing was sent", report.plan_id));
                Reply { lines: aside.into_iter().collect(), ..Reply::op(Op::Say { text: text.to_owned() }) }
            }
        }
    }

    /// A letter that answers a plan, or says what to do with money that is under way.
    fn letter(&mut self, letter: char, pasted: bool, now: Instant) -> Reply {
        let about_plan = matches!(letter, 'y' | 'n' | 'x');
        if letter != 'n' && !self.typed {
            return self.untyped(&letter.to_string());
        }
        if pasted {
            return Reply::line("refused: that answer was pasted; type it alone");
        }
        if about_plan && self.open.is_none() {
            return Reply::line("no plan waits for an answer");
        }
        if !about_plan && self.under_way.is_none() {
            return Reply::line("no money is under way");
        }
        if about_plan && self.typed && self.confirm.settling(now) {
            return Reply::line("refused: the plan has just been shown; read it and answer again");
        }
        self.confirm.hold(letter, now);
        Reply::default()
    }

    fn untyped(&self, what: &str) -> Reply {
        Reply::line(format!(
            "refused: `{what}` executes nothing where the input is no terminal; use `steward run{}`",
            if self.settings.demo { " --demo" } else { "" }
        ))
    }

    fn command(&mut self, text: &str, pasted: bool) -> Reply {
        let open = self.open.as_ref().map(|report| report.plan_id.clone());
        let command = match Command::parse(text, open.as_deref()) {
            Ok(command) => command,
            Err(why) => return Reply::line(row::clean(&why)),
        };
        if command.acts() && !self.typed {
            return self.untyped(text);
        }
        if command.acts() && pasted {
            return Reply::line("refused: that answer was pasted; type it alone");
        }
        match command {
            Command::Quit => Reply { quit: true, ..Reply::default() },
            Command::Help => {
                Reply { lines: HELP.iter().map(|line| (*line).to_owned()).collect(), ..Reply::default() }
            }
            Command::Portfolio => Reply::op(Op::Portfolio),
            Command::Resume(named) => {
                match named.or_else(|| self.resumable.clone()).filter(|_| !self.halted) {
                    Some(plan_id) => Reply::op(Op::Resume { plan_id }),
                    None => {
                        self.halted = false;
                        Reply::op(Op::Unhalt)
                    }
                }
            }
            Command::Op(op) => {
                self.halted = self.halted || matches!(op, Op::Halt { .. });
                Reply::op(op)
            }
            Command::Plan | Command::Export(_) | Command::Session(_) | Command::Search(_) => {
                Reply::line("that needs the screen: leave out `--plain` in a terminal")
            }
        }
    }

    pub(crate) fn holds(&self) -> bool {
        self.confirm.holds()
    }

    /// The held answer, if it stood alone.
    pub(crate) fn tick(&mut self, now: Instant) -> Reply {
        let Some(answer) = self.confirm.alone(now) else { return Reply::default() };
        let stuck = |choice| {
            let plan_id = self.under_way.clone();
            Reply { op: plan_id.map(|plan_id| Op::Stuck { plan_id, choice }), ..Reply::default() }
        };
        match answer {
            'w' => stuck(StuckChoice::Wait),
            'r' => stuck(StuckChoice::QuoteRest),
            'b' => stuck(StuckChoice::BringBack),
            _ => self.about_plan(answer),
        }
    }

    fn about_plan(&mut self, answer: char) -> Reply {
        let Some(report) = &self.open else { return Reply::default() };
        let plan_id = report.plan_id.clone();
        if answer == 'n' {
            let denied = self.close().is_some_and(|report| report.verdict == Verdict::Deny);
            if denied {
                let lines = vec![format!("plan {plan_id} is denied and set aside; nothing was sent")];
                return Reply { lines, op: None, quit: false };
            }
            return Reply::op(Op::Reject { plan_id });
        }
        if answer == 'x' {
            self.close();
            return Reply::op(Op::DropAdded { plan_id });
        }
        if !executable(report) {
            return Reply::line(format!(
                "y executes only what the policy allows; plan {plan_id} is not: y approves nothing"
            ));
        }
        self.close();
        self.resumable = Some(plan_id.clone());
        Reply::op(Op::Confirm { plan_id })
    }

    fn close(&mut self) -> Option<Box<Report>> {
        self.confirm.close();
        self.open.take()
    }

    pub(crate) fn event(&mut self, event: &Event, now: Instant) -> Vec<String> {
        let mut lines =
            if self.typed && matches!(event, Event::Heard { .. }) { Vec::new() } else { text::event(event) };
        match event {
            Event::Planned { report } => {
                self.confirm.open(now);
                lines.extend(self.question(report));
                self.resumable = (report.verdict == Verdict::NeedsApproval).then(|| report.plan_id.clone());
                self.open = Some(report.clone());
            }
            Event::Started { plan_id } => {
                self.close();
                self.resumable = Some(plan_id.clone());
            }
            Event::UnderWay { plan_id, .. } => self.under_way = Some(plan_id.clone()),
            Event::StepSettled { .. } => self.under_way = None,
            Event::Refused { refusal } => self.halted = self.halted || refusal.code == "halted",
            Event::Finished { report }
                if report.settled.as_ref().is_some_and(|settled| settled.as_promised) =>
            {
                self.resumable = None;
            }
            Event::Heard { .. }
            | Event::Drafted { .. }
            | Event::Question { .. }
            | Event::Answered { .. }
            | Event::StepStarted { .. }
            | Event::Signed { .. }
            | Event::Sent { .. }
            | Event::Included { .. }
            | Event::Waiting { .. }
            | Event::Portfolio { .. }
            | Event::Controlled { .. }
            | Event::Opened { .. }
            | Event::Finished { .. } => {}
        }
        lines
    }

    /// What can be done about a plan.
    fn question(&self, report: &Report) -> Vec<String> {
        match report.verdict {
            Verdict::Allow if !executable(report) => {
                vec!["its simulation fails: it cannot be executed".to_owned()]
            }
            Verdict::Allow if self.typed => vec!["y executes it, n rejects it".to_owned()],
            Verdict::Allow => {
                let demo = if self.settings.demo { " --demo" } else { "" };
                vec![format!("to execute it: steward run --plan {}{demo}", report.plan_id)]
            }
            Verdict::NeedsApproval => {
                let rows = super::approval::panel_rows(report, &self.settings.approve_command);
                let bounds = rows.into_iter().map(|row| row.text);
                let how = format!(
                    "to approve it: {}; then /resume",
                    approve_with(report, &self.settings.approve_command)
                );
                bounds.chain([how]).collect()
            }
            Verdict::Deny => vec!["nothing is sent, and no approval lifts it: say it differently".to_owned()],
        }
    }
}

/// Lines of standard input with the time of their coming, from a thread: a blocked read must not hold up the end.
fn lines() -> Receiver<(Vec<u8>, Instant)> {
    let (out, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if out.blocking_send((std::mem::take(&mut line), Instant::now())).is_err() {
                break;
            }
        }
    });
    lines
}

pub(crate) async fn run(
    ops: Sender<Op>,
    mut events: Receiver<Event>,
    settings: ChatSettings,
) -> miette::Result<()> {
    let mut plain = Plain::new(settings, std::io::stdin().is_terminal());
    let _ = ops.try_send(Op::Open);
    let mut lines = lines();
    // Taken at the end of the input: the core then ends when it is done, and the events with it.
    let mut ops = Some(ops);
    loop {
        let room = ops.as_ref().is_some_and(|ops| ops.capacity() > 0);
        let reply = tokio::select! {
            line = lines.recv(), if room => match line {
                Some((line, at)) => plain.line(&line, at),
                None => { ops = None; Reply::default() }
            },
            event = events.recv() => match event {
                Some(event) => Reply { lines: plain.event(&event, Instant::now()), ..Reply::default() },
                None => return Ok(()),
            },
            () = tokio::time::sleep(BURST.saturating_add(Duration::from_millis(1))), if plain.holds() => plain.tick(Instant::now()),
        };
        reply.lines.iter().for_each(|line| output::line(line));
        if reply.quit {
            return Ok(());
        }
        if let (Some(op), Some(ops)) = (reply.op, &ops) {
            let _ = ops.try_send(op);
        }
    }
}
