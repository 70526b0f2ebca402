//! What a key does. Single keys act only in the pane that has the focus, on an empty input line, and when they stand
//! alone; everything else is text.

use std::time::Instant;

use agent_core::{Op, StuckChoice, Verdict};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::approval::executable;
use super::edit::Edit;
use super::layout::{self, Focus};
use super::model::{Effect, Model, Prompt, input};
use super::report::has_added;
use super::row::{Tone, clean};

impl Model {
    pub(super) fn key(&mut self, key: KeyEvent, now: Instant) -> Option<Op> {
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
        if let Some(op) = self.moved(key) {
            return op;
        }
        let empty = self.input.is_empty();
        let enter = key.code == KeyCode::Enter || (control && key.code == KeyCode::Char('m'));
        if self.panel.is_some() && self.confirm.settling(now) && (empty || enter) {
            return None;
        }
        if enter && self.prompt == Prompt::Say && empty {
            self.toggle();
            return None;
        }
        if enter {
            return self.submit(pasted, now);
        }
        let alone = empty && !pasted && key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
        let single = key.code.as_char().filter(|c| {
            alone && key.kind == KeyEventKind::Press && self.prompt == Prompt::Say && self.acts(*c)
        });
        match single {
            Some(answer) => self.confirm.hold(answer, now),
            None if key.code == KeyCode::Esc => self.escape(),
            None if matches!(key.code, KeyCode::Up | KeyCode::Down) => self.step(key.code == KeyCode::Up),
            None => self.edit(key),
        }
        None
    }

    /// Keys that only move: they mean the same everywhere.
    #[expect(clippy::option_option, reason = "whether it was such a key, and the operation that it may need")]
    fn moved(&mut self, key: KeyEvent) -> Option<Option<Op>> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let (width, height) = self.transcript_size();
        match (key.code, control) {
            (KeyCode::PageUp | KeyCode::PageDown, _) => {
                let page = height.saturating_sub(1).max(1);
                self.transcript.scroll(key.code == KeyCode::PageUp, page, width, height);
            }
            (KeyCode::End, true) => self.transcript.follow(),
            (KeyCode::Tab | KeyCode::BackTab, _) if self.prompt == Prompt::Say => {
                self.focus = layout::next_focus(self, key.code == KeyCode::Tab);
            }
            (KeyCode::F(1), _) => self.help(),
            (KeyCode::F(2), _) => self.focus = Focus::Transcript,
            (KeyCode::F(3), _) if self.panel.is_some() => self.focus = Focus::Plan,
            (KeyCode::F(4), _) => return Some(self.show_positions()),
            (KeyCode::F(5), _) if self.money.is_some() => self.focus = Focus::Money,
            (KeyCode::Char('f'), true) => {
                if self.prompt == Prompt::Say {
                    self.kept_input = Some(std::mem::replace(&mut self.input, input("")));
                    self.prompt = Prompt::Find;
                }
            }
            (KeyCode::F(_) | KeyCode::Tab | KeyCode::BackTab, _) => {}
            _ => return None,
        }
        Some(None)
    }

    /// Whether a single key means something in the pane that has the focus.
    fn acts(&self, key: char) -> bool {
        match self.focus {
            Focus::Plan => {
                let editing = self.panel.as_ref().is_some_and(|panel| panel.edit.is_some());
                self.panel.is_some() && !editing && matches!(key, 'y' | 'n' | 'e' | 'x' | 'c' | ' ')
            }
            Focus::Money => self.money.is_some() && matches!(key, 'w' | 'r' | 'b' | ' '),
            Focus::Transcript => {
                matches!(key, 'c' | ' ') || (self.found.is_some() && matches!(key, 'n' | 'N'))
            }
            Focus::Positions => key == ' ',
            Focus::Input => false,
        }
    }

    /// A single key that stood alone.
    pub(super) fn answer(&mut self, key: char) -> Option<Op> {
        match (self.focus, key) {
            (_, ' ') => self.toggle(),
            (Focus::Plan, 'y') => return self.confirmed(),
            (Focus::Plan, 'n') => return self.rejected(),
            (Focus::Plan, 'x') => return self.drop_added(),
            (Focus::Plan, 'e') => self.start_edit(),
            (Focus::Plan | Focus::Transcript, 'c') => self.copy(),
            (Focus::Transcript, 'n' | 'N') => self.find_next(key == 'N'),
            (Focus::Money, 'w') => return self.stuck(StuckChoice::Wait),
            (Focus::Money, 'r') => return self.stuck(StuckChoice::QuoteRest),
            (Focus::Money, 'b') => return self.stuck(StuckChoice::BringBack),
            _ => {}
        }
        None
    }

    fn confirmed(&mut self) -> Option<Op> {
        let report = &self.panel.as_ref()?.report;
        let plan_id = report.plan_id.clone();
        if !executable(report) {
            let text =
                format!("y executes only what the policy allows; plan {plan_id} is not: y approves nothing");
            self.say(Tone::Warn, &text);
            return None;
        }
        self.close_panel();
        self.busy = Some("executing");
        self.resumable = Some(plan_id.clone());
        Some(Op::Confirm { plan_id })
    }

    fn rejected(&mut self) -> Option<Op> {
        let report = self.close_panel()?;
        let plan_id = report.plan_id.clone();
        self.resumable = None;
        if report.verdict == Verdict::Deny {
            self.say(Tone::Warn, &format!("plan {plan_id} is denied and set aside; nothing was sent"));
            return None;
        }
        Some(Op::Reject { plan_id })
    }

    fn drop_added(&mut self) -> Option<Op> {
        let report = &self.panel.as_ref()?.report;
        if !has_added(report) {
            self.say(Tone::Warn, "no step of this plan was added");
            return None;
        }
        let plan_id = report.plan_id.clone();
        self.close_panel();
        self.say(Tone::Warn, "planning again without the steps that were added");
        self.order(Op::DropAdded { plan_id })
    }

    fn start_edit(&mut self) {
        let Some(panel) = &mut self.panel else { return };
        panel.edit = Edit::of(&panel.report);
        if panel.edit.is_none() {
            self.say(Tone::Warn, "this plan has no amount, chain or slippage to change");
        }
    }

    fn copy(&mut self) {
        let text = match (self.focus, &self.panel) {
            (Focus::Plan, Some(panel)) if panel.report.verdict == Verdict::NeedsApproval => {
                Some(super::approval::approve_with(&panel.report, &self.settings.approve_command))
            }
            (Focus::Plan, Some(panel)) => Some(panel.report.plan_id.clone()),
            _ => self.transcript.selected().map(super::transcript::Entry::text),
        };
        match text {
            Some(text) => self.effects.push(Effect::Copy(clean_lines(&text))),
            None => self.say(Tone::Warn, "up and down select what c copies"),
        }
    }

    fn stuck(&mut self, choice: StuckChoice) -> Option<Op> {
        let plan_id = self.money.as_ref()?.plan_id.clone();
        self.order(Op::Stuck { plan_id, choice })
    }

    /// Enter or space: folds, or takes the field that is chosen.
    fn toggle(&mut self) {
        let (width, _) = layout::pane_size(self, self.area(), self.focus);
        match self.focus {
            Focus::Plan => {
                let Some(panel) = &mut self.panel else { return };
                match panel.edit.as_ref().and_then(Edit::chosen) {
                    Some(field) => {
                        self.prompt = Prompt::Field;
                        self.kept_input = Some(std::mem::replace(&mut self.input, input(&field.value)));
                    }
                    None => panel.pane.toggle(width),
                }
            }
            Focus::Money => self.money.iter_mut().for_each(|money| money.pane.toggle(width)),
            Focus::Positions => self.positions.iter_mut().for_each(|pane| pane.toggle(width)),
            Focus::Transcript => self.transcript.toggle(),
            Focus::Input => {}
        }
    }

    fn escape(&mut self) {
        if self.prompt != Prompt::Say {
            self.leave_prompt();
        } else if let (Focus::Plan, Some(panel)) = (self.focus, &mut self.panel) {
            if panel.edit.take().is_none() {
                self.set_aside();
            }
        } else {
            self.found = None;
            self.transcript.deselect();
            self.transcript.follow();
            self.focus = Focus::Input;
        }
    }

    /// Up and down.
    fn step(&mut self, up: bool) {
        match self.focus {
            Focus::Input if self.prompt == Prompt::Say => {
                if let Some(line) = self.history.step(up, &self.input.lines().join(" ")) {
                    self.input = input(&line);
                }
            }
            Focus::Transcript => {
                let (width, height) = self.transcript_size();
                self.transcript.select(up, width, height);
            }
            Focus::Input | Focus::Plan | Focus::Money | Focus::Positions => self.step_pane(self.focus, up),
        }
    }

    pub(super) fn step_pane(&mut self, pane: Focus, up: bool) {
        let (width, height) = layout::pane_size(self, self.area(), pane);
        match pane {
            Focus::Plan => {
                let Some(panel) = &mut self.panel else { return };
                match &mut panel.edit {
                    Some(edit) => edit.step(up),
                    None => panel.pane.step(up, width, height),
                }
            }
            Focus::Money => self.money.iter_mut().for_each(|money| money.pane.step(up, width, height)),
            Focus::Positions => self.positions.iter_mut().for_each(|pane| pane.step(up, width, height)),
            Focus::Input | Focus::Transcript => {}
        }
    }

    fn edit(&mut self, key: KeyEvent) {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code.as_char().filter(|_| plain) {
            Some(c) => {
                if matches!(self.focus, Focus::Transcript | Focus::Positions) {
                    self.focus = Focus::Input;
                }
                // What is written on an empty line is typed from its beginning.
                self.pasted_in = self.pasted_in && !self.input.is_empty();
                self.input.insert_str(clean(&c.to_string()));
            }
            None => {
                self.input.input(key);
            }
        }
    }
}

/// Lines stay lines; everything else is harmless.
fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}
