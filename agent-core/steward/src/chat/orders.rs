//! What the input line holds when enter is pressed: a sentence, a command, words to look for, a new value.

use std::time::Instant;

use agent_core::{Op, Revision};

use super::command::{Command, Format, HELP};
use super::edit::Edit;
use super::layout::Focus;
use super::model::{Effect, Model, Prompt, READING, input};
use super::pane::Pane;
use super::row::{Row, Tone};

impl Model {
    pub(super) fn submit(&mut self, pasted: bool, now: Instant) -> Option<Op> {
        let text = self.input.lines().join(" ").trim().to_owned();
        match self.prompt {
            Prompt::Say => {}
            Prompt::Find => {
                self.leave_prompt();
                self.find(text);
                return None;
            }
            Prompt::Field => return self.revise(text),
        }
        if text.is_empty() {
            return None;
        }
        self.input = input("");
        let pasted = std::mem::take(&mut self.pasted_in) || pasted;
        if self.history.add(&text) {
            self.effects.push(Effect::Remember(text.clone()));
        }
        if text.starts_with('/') {
            return self.command(&text, pasted, now);
        }
        self.set_aside();
        self.transcript.follow();
        self.say(Tone::Said, &format!("> {text}"));
        self.busy = Some("reading");
        Some(Op::Say { text })
    }

    fn command(&mut self, text: &str, pasted: bool, now: Instant) -> Option<Op> {
        let open = self.panel.as_ref().map(|panel| panel.report.plan_id.clone());
        let command = match Command::parse(text, open.as_deref()) {
            Ok(command) => command,
            Err(why) => {
                self.say(Tone::Warn, &why);
                return None;
            }
        };
        if pasted && command.acts() {
            self.say(Tone::Warn, &format!("{text} was pasted: type it"));
            return None;
        }
        match command {
            Command::Quit => self.quit = true,
            Command::Help => self.help(),
            Command::Plan => match self.aside.take() {
                Some(report) => self.open(report, now),
                None => self.say(Tone::Warn, "no plan was set aside"),
            },
            Command::Portfolio => return self.show_positions(),
            Command::Resume(plan_id) => return self.resume(plan_id),
            Command::Export(format) => self.export(format),
            Command::Session(name) => self.effects.push(Effect::Session(name)),
            Command::Search(words) => self.find(words),
            Command::Op(op) => {
                self.halted = self.halted || matches!(op, Op::Halt { .. });
                self.say(Tone::Said, &format!("> {text}"));
                return self.order(op);
            }
        }
        None
    }

    pub(super) fn help(&mut self) {
        self.tell(HELP.iter().map(|line| Row::new(Tone::Plain, line)).collect(), false);
    }

    /// A halt is lifted first; then the plan goes on that is named, or the one that waits.
    fn resume(&mut self, named: Option<String>) -> Option<Op> {
        let plan_id = named.or_else(|| self.resumable.clone()).filter(|_| !self.halted);
        self.say(Tone::Said, "> /resume");
        let Some(plan_id) = plan_id else {
            self.halted = false;
            return self.order(Op::Unhalt);
        };
        self.close_panel();
        self.busy = Some("executing");
        Some(Op::Resume { plan_id })
    }

    pub(super) fn show_positions(&mut self) -> Option<Op> {
        self.positions.get_or_insert_with(|| Pane::new(vec![Row::new(Tone::Faint, READING)]));
        self.focus = Focus::Positions;
        Some(Op::Portfolio)
    }

    fn export(&mut self, format: Format) {
        let effect = match format {
            Format::Json => {
                let Some(report) = &self.last else {
                    self.say(Tone::Warn, "there is no plan to export yet");
                    return;
                };
                let text = serde_json::to_string_pretty(report).unwrap_or_default();
                Effect::Export { extension: "json", text }
            }
            Format::Markdown => {
                let entries: Vec<String> = self.transcript.entries().map(markdown).collect();
                let text = format!("# Session {}\n\n{}", self.settings.session, entries.join("\n"));
                Effect::Export { extension: "md", text }
            }
        };
        self.effects.push(effect);
    }

    fn revise(&mut self, value: String) -> Option<Op> {
        let panel = self.panel.as_ref()?;
        let field = panel.edit.as_ref().and_then(Edit::chosen)?;
        if value.is_empty() || value == field.value {
            self.leave_prompt();
            return None;
        }
        let change = Revision { step: field.step, field: field.name.to_owned(), value };
        let text = format!("planning again with {} {} in step {}", field.label, change.value, field.step);
        let plan_id = panel.report.plan_id.clone();
        self.close_panel();
        self.say(Tone::Warn, &text);
        self.order(Op::Revise { plan_id, change })
    }

    fn find(&mut self, words: String) {
        if words.is_empty() {
            self.found = None;
            return;
        }
        self.transcript.deselect();
        self.focus = Focus::Transcript;
        self.found = Some((words, 0));
        self.find_next(false);
    }

    /// The next entry that holds the words; the newest is first.
    pub(super) fn find_next(&mut self, forward: bool) {
        let (width, height) = self.transcript_size();
        if let Some((words, hits)) = &mut self.found {
            *hits = self.transcript.find(words, forward, width, height);
        }
    }
}

/// The user's words are quoted, what was answered is indented: nothing in it is read as Markdown.
fn markdown(entry: &super::transcript::Entry) -> String {
    let line = |row: &Row| match row.tone {
        Tone::Said => format!("\n**{}**\n\n", row.text.trim_start_matches("> ").replace('*', "\\*")),
        Tone::Plain | Tone::Strong | Tone::Good | Tone::Warn | Tone::Bad | Tone::Faint => {
            format!("    {}\n", row.text)
        }
    };
    entry.rows().iter().map(line).collect()
}
