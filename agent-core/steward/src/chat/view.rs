//! The screen: header, transcript, panes, the input line, key hints.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::approval::executable;
use super::layout::{self, Focus, inside};
use super::model::{Model, Prompt};
use super::report::{has_added, verdict_tone, verdict_word};
use super::row::{Tone, clean};

const SPINNER: &[&str] = &["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"];

impl Model {
    pub(crate) fn view(&self, frame: &mut Frame<'_>) {
        let areas = layout::areas(self, frame.area());
        self.header(frame, areas.header);
        self.draw_transcript(frame, areas.transcript);
        for (pane, area) in &areas.panes {
            self.pane(frame, *pane, *area);
        }
        self.input(frame, areas.input);
        let hints = self.hints(usize::from(areas.transcript.width)).join("  ");
        frame.render_widget(Paragraph::new(Line::styled(hints, self.style(Tone::Faint))), areas.footer);
    }

    fn style(&self, tone: Tone) -> Style {
        self.settings.theme.style(tone)
    }

    fn draw_transcript(&self, frame: &mut Frame<'_>, area: Rect) {
        let shown = self.transcript.lines(usize::from(area.width), usize::from(area.height));
        let words = self.found.as_ref().map(|(words, _)| words.as_str());
        let selecting = self.focus == Focus::Transcript;
        let lines: Vec<Line<'_>> = shown
            .into_iter()
            .map(|line| {
                let style = self.style(line.tone);
                match words.filter(|_| line.selected) {
                    Some(words) => marked(line.text, words, style),
                    None if line.selected && selecting => {
                        Line::styled(line.text, style.add_modifier(Modifier::REVERSED))
                    }
                    None => Line::styled(line.text, style),
                }
            })
            .collect();
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn header(&self, frame: &mut Frame<'_>, area: Rect) {
        let mut spans = vec![Span::styled("steward ", self.style(Tone::Strong))];
        if self.settings.demo {
            spans.push(Span::styled(" DEMO ", self.style(Tone::Warn).add_modifier(Modifier::REVERSED)));
            spans.push(Span::raw(" "));
        }
        let settings = &self.settings;
        let about = [&settings.session, &settings.account, &settings.networks.join(", ")];
        let about = about.map(|part| clean(part)).join(" ");
        spans.push(Span::styled(about, self.style(Tone::Faint)));
        frame.render_widget(Paragraph::new(Line::from(spans)), area);
    }

    /// A pane's title and its tone.
    fn title(&self, pane: Focus) -> (String, Tone) {
        match (pane, &self.panel) {
            (Focus::Plan, Some(panel)) => {
                let (verdict, id) = (panel.report.verdict, clean(&panel.report.plan_id));
                let what = if panel.edit.is_some() { "edit" } else { verdict_word(verdict) };
                (format!(" {what}: plan {id} "), verdict_tone(verdict))
            }
            (Focus::Money, _) => (" where the money is ".to_owned(), Tone::Warn),
            _ => (" positions ".to_owned(), Tone::Strong),
        }
    }

    fn pane(&self, frame: &mut Frame<'_>, pane: Focus, area: Rect) {
        let inner = inside(area);
        let Some(view) = layout::pane_view(self, pane, inner) else { return };
        let focused = self.focus == pane;
        if inner != area {
            let (title, tone) = self.title(pane);
            let style = if focused { self.style(tone) } else { self.style(Tone::Faint) };
            let mut block = Block::bordered().border_style(style).title_top(Line::styled(title, style));
            if view.below > 0 {
                let more = format!(" {} more lines: down ", view.below);
                block = block.title_bottom(Line::styled(more, style).right_aligned());
            }
            frame.render_widget(block, area);
        }
        let lines = view.lines.into_iter().enumerate().map(|(at, line)| {
            let mut style = self.style(line.tone);
            if focused && at == view.cursor {
                style = style.add_modifier(Modifier::REVERSED);
            }
            Line::styled(line.text, style)
        });
        frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), inner);
    }

    fn input(&self, frame: &mut Frame<'_>, area: Rect) {
        let field = self.panel.as_ref().and_then(|panel| panel.edit.as_ref()?.chosen());
        let prompt = match (self.prompt, field) {
            (Prompt::Find, _) => "find: ".to_owned(),
            (Prompt::Field, Some(field)) => format!("{}: ", field.label),
            (Prompt::Say | Prompt::Field, _) => "> ".to_owned(),
        };
        let width = u16::try_from(prompt.width()).unwrap_or_default().min(area.width);
        let rest = Rect { x: area.x.saturating_add(width), width: area.width.saturating_sub(width), ..area };
        frame.render_widget(
            Paragraph::new(Line::styled(prompt, self.style(Tone::Said))),
            Rect { width, ..area },
        );
        if rest.width > 0 && rest.height > 0 {
            frame.render_widget(&self.input, rest);
        }
    }

    /// What can be done now, the most important first: a small screen shows the beginning only.
    fn hints(&self, width: usize) -> Vec<String> {
        let mut hints: Vec<String> = Vec::new();
        let below = self.transcript.new_below(width);
        if below > 0 {
            let lines = if below == 1 { "line" } else { "lines" };
            hints.push(format!("{below} new {lines} below: ctrl-end"));
        }
        if self.prompt != Prompt::Say {
            hints.extend(["enter take it", "esc go back"].map(str::to_owned));
            return hints;
        }
        if let Some((words, hits)) = &self.found {
            hints.push(format!("{hits} with \"{}\": n older, N newer, esc end", clean(words)));
        }
        hints.extend(self.pane_hints().iter().map(|hint| (*hint).to_owned()));
        if self.panel.is_some() && self.focus != Focus::Plan {
            hints.push("F3 the plan".to_owned());
        }
        if let Some(busy) = self.busy {
            let picture = self.spin.checked_rem(SPINNER.len()).and_then(|at| SPINNER.get(at));
            let moving = picture.filter(|_| !self.settings.reduced_motion).unwrap_or(&"…");
            hints.push(format!("{busy} {moving}"));
        }
        if !self.transcript.follows() && below == 0 {
            hints.push("pgdn: more below".to_owned());
        }
        if self.money.is_some() && self.focus != Focus::Money {
            hints.push("F5 money under way".to_owned());
        }
        hints.extend(["tab panes", "/help", "ctrl-c quit"].map(str::to_owned));
        hints
    }

    fn pane_hints(&self) -> &'static [&'static str] {
        match (self.focus, &self.panel) {
            (Focus::Plan, Some(panel)) if panel.edit.is_some() => &["enter change", "esc go back"],
            (Focus::Plan, Some(panel)) if executable(&panel.report) => {
                if has_added(&panel.report) {
                    &["y execute", "n reject", "e edit", "x drop added", "esc set aside"]
                } else {
                    &["y execute", "n reject", "e edit", "esc set aside"]
                }
            }
            (Focus::Plan, Some(_)) => &["n reject", "e edit", "c copy the command", "esc set aside"],
            (Focus::Money, _) => &["w wait", "r quote the rest", "b bring back"],
            (Focus::Transcript, _) => &["up/down select", "enter fold", "c copy", "esc back"],
            (Focus::Positions, _) => &["up/down", "enter fold", "F4 read again", "esc back"],
            (Focus::Input, Some(_)) => &[],
            (Focus::Input | Focus::Plan, None) => &["enter send"],
        }
    }
}

/// A line with the words that were looked for marked.
fn marked(text: String, words: &str, style: Style) -> Line<'static> {
    let lower = text.to_lowercase();
    let hit = lower.find(&words.to_lowercase()).filter(|_| lower.len() == text.len());
    let parts = hit.and_then(|at| {
        let end = at.checked_add(words.len())?;
        Some((text.get(..at)?.to_owned(), text.get(at..end)?.to_owned(), text.get(end..)?.to_owned()))
    });
    match parts {
        Some((before, hit, after)) => Line::from(vec![
            Span::styled(before, style),
            Span::styled(hit, style.add_modifier(Modifier::REVERSED)),
            Span::styled(after, style),
        ]),
        None => Line::styled(text, style),
    }
}
