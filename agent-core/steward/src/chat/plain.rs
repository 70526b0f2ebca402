//! The chat in lines: no screen, no colours. Where the input is no terminal a `y` confirms nothing.

use std::io::{BufRead, IsTerminal};
use std::time::{Duration, Instant};

use agent_core::report::Report;
use agent_core::{Event, Op, Verdict};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::ChatSettings;
use super::approval::{approve_with, executable};
use super::confirm::{BURST, Confirm};
use super::model::HELP;
use super::text;
use crate::output;

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
}

impl Plain {
    pub(crate) fn new(settings: ChatSettings, typed: bool) -> Self {
        Self { settings, typed, confirm: Confirm::default(), open: None, resumable: None }
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
        match text {
            "" => Reply::default(),
            "/quit" | "/exit" => Reply { quit: true, ..Reply::default() },
            "/help" => {
                Reply { lines: HELP.iter().map(|line| (*line).to_owned()).collect(), ..Reply::default() }
            }
            "y" | "/resume" if !self.typed => Reply::line(format!(
                "refused: `{text}` executes nothing where the input is no terminal; use `steward run{}`",
                if self.settings.demo { " --demo" } else { "" }
            )),
            "y" | "n" | "/resume" if pasted => Reply::line("refused: that answer was pasted; type it alone"),
            "y" | "n" if self.open.is_none() => Reply::line("no plan waits for an answer"),
            "y" | "n" if self.typed && self.confirm.settling(now) => {
                Reply::line("refused: the plan has just been shown; read it and answer again")
            }
            "y" | "n" => {
                self.confirm.hold(if text == "y" { 'y' } else { 'n' }, now);
                Reply::default()
            }
            "/resume" => match self.resumable.clone() {
                Some(plan_id) => Reply::op(Op::Resume { plan_id }),
                None => Reply::line("no plan waits for an approval or was cut short"),
            },
            _ if text.starts_with('/') => {
                Reply::line(format!("{} is no command; /help lists them", text::clean(text)))
            }
            _ => {
                let aside = self
                    .close()
                    .map(|report| format!("plan {} is set aside; nothing was sent", report.plan_id));
                Reply { lines: aside.into_iter().collect(), ..Reply::op(Op::Say { text: text.to_owned() }) }
            }
        }
    }

    pub(crate) fn holds(&self) -> bool {
        self.confirm.holds()
    }

    /// The held answer, if it stood alone.
    pub(crate) fn tick(&mut self, now: Instant) -> Reply {
        let Some((answer, report)) = self.confirm.alone(now).zip(self.open.as_ref()) else {
            return Reply::default();
        };
        let plan_id = report.plan_id.clone();
        if answer == 'n' {
            let denied = self.close().is_some_and(|report| report.verdict == Verdict::Deny);
            let lines = vec![format!("plan {plan_id} is rejected; nothing was sent")];
            return Reply { lines, op: (!denied).then_some(Op::Reject { plan_id }), quit: false };
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
            | Event::StepSettled { .. }
            | Event::Finished { .. }
            | Event::Refused { .. } => {}
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
