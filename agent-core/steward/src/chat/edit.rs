//! The values of a plan that can be changed: each change plans the same draft anew.

use agent_core::draft::{Outcome, Step};
use agent_core::report::Report;
use serde_json::Value;

use super::pane::Pane;
use super::row::{Row, Tone};

/// As [`agent_core::Revision`] names them, and as a person does.
const FIELDS: &[(&str, &str)] =
    &[("amount", "amount"), ("chain", "chain"), ("max_slippage_bps", "slippage, bps")];

/// A value of a step of the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// From 1.
    pub(crate) step: usize,
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    /// As it was said; empty where the planner chose it.
    pub(crate) value: String,
    action: String,
}

#[derive(Debug)]
pub(crate) struct Edit {
    fields: Vec<Field>,
    at: usize,
}

impl Edit {
    /// None where the plan has nothing that can be changed.
    pub(crate) fn of(report: &Report) -> Option<Self> {
        let Outcome::Plan { steps, .. } = &report.draft.outcome else { return None };
        let fields: Vec<Field> =
            steps.iter().enumerate().flat_map(|(at, step)| fields(at.saturating_add(1), step)).collect();
        (!fields.is_empty()).then_some(Self { fields, at: 0 })
    }

    pub(crate) fn chosen(&self) -> Option<&Field> {
        self.fields.get(self.at)
    }

    pub(crate) fn step(&mut self, up: bool) {
        let next = if up { self.at.saturating_sub(1) } else { self.at.saturating_add(1) };
        self.at = next.min(self.fields.len().saturating_sub(1));
    }

    /// The fields with the cursor on the chosen one.
    pub(crate) fn pane(&self) -> Pane {
        let mut rows = vec![Row::new(Tone::Faint, "up and down choose, enter changes, esc goes back")];
        rows.extend(self.fields.iter().enumerate().map(|(at, field)| {
            let (mark, tone) = if at == self.at { (">", Tone::Strong) } else { (" ", Tone::Plain) };
            let value = if field.value.is_empty() { "(chosen by the planner)" } else { &field.value };
            Row::new(tone, format!("{mark} {}. {} {}: {value}", field.step, field.action, field.label))
        }));
        Pane::at(rows, self.at.saturating_add(1))
    }
}

fn fields(place: usize, step: &Step) -> Vec<Field> {
    let Ok(Value::Object(values)) = serde_json::to_value(step) else { return Vec::new() };
    let action = values.get("action").and_then(Value::as_str).unwrap_or_default();
    let field = |(name, label): &(&'static str, &'static str)| {
        let value = values.get(*name)?;
        let number = || if value.is_null() { String::new() } else { value.to_string() };
        let value = value.as_str().map_or_else(number, str::to_owned);
        Some(Field { step: place, name, label, value, action: action.to_owned() })
    };
    FIELDS.iter().filter_map(field).collect()
}
