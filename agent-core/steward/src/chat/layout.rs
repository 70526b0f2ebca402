//! Where things are on the screen. The input line comes first, then the pane that has the focus, the transcript, the
//! footer, the header; what does not fit has no height. A wide screen has all panes beside the transcript.

use ratatui::layout::Rect;
use ratatui::widgets::Block;

use super::model::Model;
use super::pane::{Pane, PaneView};

/// From this width on the panes stand beside the transcript.
pub(crate) const WIDE: u16 = 110;
/// A pane that is smaller has no border.
const BORDERED: (u16, u16) = (20, 5);
/// What a pane keeps for itself when it shares its column.
const LEAST: u16 = 6;

/// Where there are so many lines, the transcript keeps a few of them beside a pane.
const ROOMY: u16 = 18;
const KEPT: u16 = 3;

/// Where keys go. Text goes to the input line from everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    Input,
    Transcript,
    Plan,
    Money,
    Positions,
}

#[derive(Debug, Clone)]
pub(crate) struct Areas {
    pub(crate) header: Rect,
    pub(crate) transcript: Rect,
    pub(crate) panes: Vec<(Focus, Rect)>,
    pub(crate) input: Rect,
    pub(crate) footer: Rect,
}

impl Areas {
    /// The area of a pane; empty where it is not shown.
    fn pane(&self, focus: Focus) -> Rect {
        let pane = self.panes.iter().find(|(pane, _)| *pane == focus);
        pane.map_or(Rect::ZERO, |(_, area)| *area)
    }
}

/// The panes that have something to show, in the order in which they are drawn.
fn open_panes(model: &Model) -> Vec<Focus> {
    let open = [
        (Focus::Plan, model.panel.is_some()),
        (Focus::Money, model.money.is_some()),
        (Focus::Positions, model.positions.is_some()),
    ];
    open.into_iter().filter(|(_, open)| *open).map(|(pane, _)| pane).collect()
}

/// The next one of what can have the focus.
pub(crate) fn next_focus(model: &Model, forward: bool) -> Focus {
    let mut all = vec![Focus::Input];
    all.extend(open_panes(model));
    all.push(Focus::Transcript);
    if !forward {
        all.reverse();
    }
    let mut from_here = all.iter().cycle().skip_while(|focus| **focus != model.focus);
    from_here.nth(1).copied().unwrap_or(Focus::Input)
}

pub(crate) fn areas(model: &Model, area: Rect) -> Areas {
    let header = u16::from(area.height >= 4);
    let footer = u16::from(area.height >= 3);
    let input = u16::from(area.height >= 1);
    let main = area.height.saturating_sub(header).saturating_sub(footer).saturating_sub(input);
    let top = area.y.saturating_add(header);
    let strip = |y: u16, height: u16| Rect { y, height, ..area };
    let mut transcript = strip(top, main);
    let mut open = open_panes(model);
    let panes = if area.width >= WIDE && !open.is_empty() {
        let width = area.width.saturating_mul(11) / 20;
        transcript.width = area.width.saturating_sub(width).saturating_sub(1);
        let column =
            Rect { x: area.x.saturating_add(area.width.saturating_sub(width)), width, ..strip(top, main) };
        share(model, column, &open)
    } else {
        open.retain(|pane| *pane == model.focus);
        let most = if main >= ROOMY { main.saturating_sub(KEPT) } else { main };
        let heights = open.first().map(|pane| wanted(model, *pane, area.width).min(most));
        let height = heights.unwrap_or_default();
        transcript.height = main.saturating_sub(height);
        let place = strip(top.saturating_add(transcript.height), height);
        open.into_iter().map(|pane| (pane, place)).collect()
    };
    let below = top.saturating_add(main);
    Areas {
        header: strip(area.y, header),
        transcript,
        panes,
        input: strip(below, input),
        footer: strip(below.saturating_add(input), footer),
    }
}

/// A column for several panes: each gets what it wants as long as the next ones keep a little; the last gets the rest.
fn share(model: &Model, column: Rect, open: &[Focus]) -> Vec<(Focus, Rect)> {
    let (mut y, mut left) = (column.y, column.height);
    let mut placed = Vec::new();
    for (at, pane) in open.iter().enumerate() {
        let after = u16::try_from(open.len().saturating_sub(at).saturating_sub(1)).unwrap_or(u16::MAX);
        let height = if after == 0 {
            left
        } else {
            wanted(model, *pane, column.width).min(left.saturating_sub(LEAST.saturating_mul(after)))
        };
        placed.push((*pane, Rect { y, height, ..column }));
        (y, left) = (y.saturating_add(height), left.saturating_sub(height));
    }
    placed
}

/// The height at which all of a pane is in view.
fn wanted(model: &Model, pane: Focus, width: u16) -> u16 {
    let inner = usize::from(if width >= BORDERED.0 { width.saturating_sub(2) } else { width });
    let lines = with_pane(model, pane, |pane| pane.lines(inner).len()).unwrap_or_default();
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2)
}

/// What the pane holds now: while a plan is edited, its fields.
fn with_pane<T>(model: &Model, pane: Focus, look: impl FnOnce(&Pane) -> T) -> Option<T> {
    match pane {
        Focus::Plan => {
            let panel = model.panel.as_ref()?;
            Some(match &panel.edit {
                Some(edit) => look(&edit.pane()),
                None => look(&panel.pane),
            })
        }
        Focus::Money => model.money.as_ref().map(|money| look(&money.pane)),
        Focus::Positions => model.positions.as_ref().map(look),
        Focus::Input | Focus::Transcript => None,
    }
}

/// The part of a pane's area that holds its lines.
pub(crate) fn inside(area: Rect) -> Rect {
    let bordered = area.width >= BORDERED.0 && area.height >= BORDERED.1;
    if bordered { Block::bordered().inner(area) } else { area }
}

/// Columns and lines of a pane.
pub(crate) fn pane_size(model: &Model, area: Rect, pane: Focus) -> (usize, usize) {
    let inner = inside(areas(model, area).pane(pane));
    (usize::from(inner.width), usize::from(inner.height))
}

/// What of a pane is in view.
pub(crate) fn pane_view(model: &Model, pane: Focus, inner: Rect) -> Option<PaneView> {
    with_pane(model, pane, |pane| pane.view(usize::from(inner.width), usize::from(inner.height)))
}
