//! The screen: header, transcript, the open plan, the input line, key hints. Small terminals get fewer of them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::approval::executable;
use super::model::{Model, Panel};
use super::text::{Tone, clean, verdict_tone, verdict_word};
use super::wrap::wrap;

/// From this width on the plan stands beside the transcript.
const WIDE: u16 = 110;
/// A panel that is smaller has no border.
const BORDERED: (u16, u16) = (20, 5);

/// Where things are; what does not fit has no height.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Areas {
    pub(crate) header: Rect,
    pub(crate) transcript: Rect,
    pub(crate) panel: Rect,
    pub(crate) input: Rect,
    pub(crate) footer: Rect,
}

/// Splits the screen. The input line comes first, then the panel, the transcript, the footer, the header.
pub(crate) fn areas(model: &Model, area: Rect) -> Areas {
    let header = u16::from(area.height >= 4);
    let footer = u16::from(area.height >= 3);
    let input = u16::from(area.height >= 1);
    let main = area.height.saturating_sub(header).saturating_sub(footer).saturating_sub(input);
    let top = area.y.saturating_add(header);
    let strip = |y: u16, height: u16| Rect { y, height, ..area };
    let mut transcript = strip(top, main);
    let mut panel = strip(top, 0);
    if let Some(open) = &model.panel {
        if area.width >= WIDE {
            let width = area.width.saturating_mul(11) / 20;
            panel = Rect {
                x: area.x.saturating_add(area.width.saturating_sub(width)),
                width,
                height: main,
                ..transcript
            };
            transcript.width = transcript.width.saturating_sub(width).saturating_sub(1);
        } else {
            let lines = panel_lines(open, inner_width(area.width)).len();
            let height = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2).min(main);
            transcript.height = main.saturating_sub(height);
            panel = strip(top.saturating_add(transcript.height), height);
        }
    }
    let below = top.saturating_add(main);
    Areas {
        header: strip(area.y, header),
        transcript,
        panel,
        input: strip(below, input),
        footer: strip(below.saturating_add(input), footer),
    }
}

fn inner_width(width: u16) -> usize {
    usize::from(if width >= BORDERED.0 { width.saturating_sub(2) } else { width })
}

/// The part of the panel's area that holds its lines.
fn inside(area: Rect) -> Rect {
    let bordered = area.width >= BORDERED.0 && area.height >= BORDERED.1;
    if bordered { Block::bordered().inner(area) } else { area }
}

/// How many lines of the open plan do not fit.
pub(crate) fn hidden_lines(model: &Model, area: Rect) -> usize {
    let inner = inside(areas(model, area).panel);
    let lines = model.panel.as_ref().map_or(0, |panel| panel_lines(panel, usize::from(inner.width)).len());
    lines.saturating_sub(usize::from(inner.height))
}

fn panel_lines(panel: &Panel, width: usize) -> Vec<(Tone, String)> {
    let rows = panel.rows.iter();
    rows.flat_map(|row| wrap(&row.text, width, row.hang).into_iter().map(|line| (row.tone, line))).collect()
}

impl Model {
    pub(crate) fn view(&self, frame: &mut Frame<'_>) {
        let areas = areas(self, frame.area());
        self.header(frame, areas.header);
        let transcript =
            self.transcript.lines(usize::from(areas.transcript.width), usize::from(areas.transcript.height));
        self.lines(frame, areas.transcript, transcript);
        if let Some(panel) = &self.panel {
            self.panel(frame, areas.panel, panel);
        }
        self.input(frame, areas.input);
        frame
            .render_widget(Paragraph::new(Line::styled(self.hints(), self.style(Tone::Faint))), areas.footer);
    }

    fn style(&self, tone: Tone) -> Style {
        let (modifier, colour) = match tone {
            Tone::Plain => (Modifier::empty(), None),
            Tone::Said => (Modifier::BOLD, Some(Color::Cyan)),
            Tone::Strong => (Modifier::BOLD, None),
            Tone::Good => (Modifier::BOLD, Some(Color::Green)),
            Tone::Warn => (Modifier::BOLD, Some(Color::Yellow)),
            Tone::Bad => (Modifier::BOLD, Some(Color::Red)),
            Tone::Faint => (Modifier::DIM, None),
        };
        let style = Style::new().add_modifier(modifier);
        match colour.filter(|_| !self.settings.no_color) {
            Some(colour) => style.fg(colour),
            None => style,
        }
    }

    fn lines(&self, frame: &mut Frame<'_>, area: Rect, lines: Vec<(Tone, String)>) {
        let lines: Vec<Line<'_>> =
            lines.into_iter().map(|(tone, text)| Line::styled(text, self.style(tone))).collect();
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn header(&self, frame: &mut Frame<'_>, area: Rect) {
        let mut spans = vec![Span::styled("steward ", self.style(Tone::Strong))];
        if self.settings.demo {
            spans.push(Span::styled(" DEMO ", self.style(Tone::Warn).add_modifier(Modifier::REVERSED)));
            spans.push(Span::raw(" "));
        }
        let about =
            format!("{} {}", clean(&self.settings.account), clean(&self.settings.networks.join(", ")));
        spans.push(Span::styled(about, self.style(Tone::Faint)));
        frame.render_widget(Paragraph::new(Line::from(spans)), area);
    }

    fn panel(&self, frame: &mut Frame<'_>, area: Rect, panel: &Panel) {
        let verdict = panel.report.verdict;
        let inner = inside(area);
        let lines = panel_lines(panel, usize::from(inner.width));
        let height = usize::from(inner.height);
        let scroll = panel.scroll.min(lines.len().saturating_sub(height));
        let below = lines.len().saturating_sub(scroll).saturating_sub(height);
        if inner != area {
            let style = self.style(verdict_tone(verdict));
            let title = format!(" {}: plan {} ", verdict_word(verdict), clean(&panel.report.plan_id));
            let mut block = Block::bordered().border_style(style).title_top(Line::styled(title, style));
            if below > 0 {
                block = block
                    .title_bottom(Line::styled(format!(" {below} more lines: down "), style).right_aligned());
            }
            frame.render_widget(block, area);
        }
        self.lines(frame, inner, lines.into_iter().skip(scroll).take(height).collect());
    }

    fn input(&self, frame: &mut Frame<'_>, area: Rect) {
        let prompt = "> ";
        let width = u16::try_from(prompt.width()).unwrap_or_default().min(area.width);
        frame.render_widget(
            Paragraph::new(Line::styled(prompt, self.style(Tone::Said))),
            Rect { width, ..area },
        );
        let rest = Rect { x: area.x.saturating_add(width), width: area.width.saturating_sub(width), ..area };
        if rest.width > 0 && rest.height > 0 {
            frame.render_widget(&self.input, rest);
        }
    }

    fn hints(&self) -> String {
        let mut hints = Vec::new();
        if let Some(panel) = &self.panel {
            if executable(&panel.report) {
                hints.push("y execute");
            }
            hints.extend(["n reject", "esc set aside", "up/down scroll the plan"]);
        } else if let Some(busy) = self.busy {
            hints.extend([busy, "…"]);
        } else {
            hints.push("enter send");
        }
        if !self.transcript.follows() {
            hints.push("pgdn: more below");
        }
        hints.extend(["pgup/pgdn scroll", "/help", "ctrl-c quit"]);
        hints.join("  ")
    }
}
