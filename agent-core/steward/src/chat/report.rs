//! A planned report as rows: what was read, the steps, what changes, what it costs, what the policy says.

use agent_core::report::{LegReport, Report, StepReport};
use agent_core::{RuleHit, Verdict};

use super::row::{Row, Tone};

pub(crate) fn report_rows(report: &Report) -> Vec<Row> {
    let mut rows = vec![Row::new(Tone::Strong, format!("plan {}: {}", report.plan_id, read_back(report)))];
    for leg in &report.legs {
        rows.push(Row::new(
            Tone::Faint,
            format!("on {} ({}, {}), gas {}", leg.name, leg.chain, leg.state, leg.gas),
        ));
        rows.extend(leg.steps.iter().flat_map(step_rows));
    }
    rows.extend(report.legs.iter().flat_map(change_rows));
    rows.extend(allowance_rows(report));
    let cost = &report.cost;
    let parts = [
        ("gas", &cost.gas_usd),
        ("L1 data", &cost.l1_data_usd),
        ("bridge", &cost.bridge_usd),
        ("impact", &cost.impact_usd),
    ];
    let parts = parts.map(|(what, usd)| format!("{what} ${usd}")).join(", ");
    rows.push(Row::labelled(Tone::Plain, "cost", format!("{parts}; about {} s", cost.seconds)));
    rows.extend(verdict_rows(report));
    rows
}

/// The draft in plain words.
pub(crate) fn read_back(report: &Report) -> &str {
    let draft = &report.draft;
    if draft.read_back.is_empty() { draft.intent.as_deref().unwrap_or_default() } else { &draft.read_back }
}

/// Why the planner added a step; none for one that was said.
fn added(step: &StepReport) -> Option<&str> {
    step.origin.pointer("/added/because").and_then(|because| because.as_str())
}

pub(crate) fn has_added(report: &Report) -> bool {
    report.legs.iter().flat_map(|leg| &leg.steps).any(|step| added(step).is_some())
}

fn step_rows(step: &StepReport) -> Vec<Row> {
    let head = format!("{}. {}", step.index, step.text);
    let mut rows = vec![match added(step) {
        None => Row { hang: 4, ..Row::new(Tone::Plain, format!("{head} [said]")) },
        Some(because) => {
            let text = format!("{head} + added: {because} (costs ${})", step.cost_usd);
            Row { hang: 4, ..Row::new(Tone::Warn, text) }
        }
    }];
    if let Some(quote) = &step.quote {
        let (expected, least, impact) = (&quote.expected_out, &quote.min_out, quote.impact_bps);
        let route = quote.route.join(" > ");
        let quote = format!("   quote: {expected}, at least {least}, impact {impact} bps, {route}");
        rows.push(Row::new(Tone::Plain, quote).detail());
    }
    rows.extend(
        step.calls.iter().map(|call| Row::new(Tone::Faint, format!("   calls {}", call.decoded)).detail()),
    );
    rows
}

fn change_rows(leg: &LegReport) -> Vec<Row> {
    let simulation = &leg.simulation;
    let mut rows: Vec<Row> = simulation
        .asset_changes
        .iter()
        .map(|change| {
            let own = leg.account.ends_with(&change.account.to_string());
            let whose = if own { String::new() } else { format!(" of {}", change.account) };
            Row::labelled(Tone::Plain, "changes", format!("{} on {}{whose}", change.amount, leg.name))
        })
        .collect();
    if !simulation.success {
        let why = simulation.failure.as_deref().unwrap_or("no reason was given");
        rows.push(Row::labelled(Tone::Bad, "fails", format!("the simulation on {} failed: {why}", leg.name)));
    }
    rows
}

/// Allowances that stay behind; a row says so when there are none.
pub(crate) fn allowance_rows(report: &Report) -> Vec<Row> {
    let left = report.legs.iter().flat_map(|leg| &leg.simulation.allowances_left);
    let rows: Vec<Row> = left
        .map(|left| {
            let (amount, asset) = (left.asset.amount(left.raw), left.asset.caip19());
            Row::labelled(Tone::Warn, "allowance", format!("{amount} ({asset}) stays with {}", left.spender))
        })
        .collect();
    if rows.is_empty() { vec![Row::labelled(Tone::Plain, "allowances", "none is left behind")] } else { rows }
}

pub(crate) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allowed",
        Verdict::NeedsApproval => "needs approval",
        Verdict::Deny => "denied",
    }
}

pub(crate) fn verdict_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Allow => Tone::Good,
        Verdict::NeedsApproval => Tone::Warn,
        Verdict::Deny => Tone::Bad,
    }
}

fn verdict_rows(report: &Report) -> Vec<Row> {
    let head = Row::labelled(verdict_tone(report.verdict), "verdict", verdict_word(report.verdict));
    std::iter::once(head).chain(rules(report).into_iter().map(|rule| rule_row(rule).detail())).collect()
}

/// The rules that spoke, each once.
pub(crate) fn rules(report: &Report) -> Vec<&RuleHit> {
    let mut seen: Vec<&RuleHit> = Vec::new();
    for rule in report.legs.iter().flat_map(|leg| &leg.policy.rules) {
        if !seen.contains(&rule) {
            seen.push(rule);
        }
    }
    seen
}

pub(crate) fn rule_row(rule: &RuleHit) -> Row {
    let tone = match rule.result.as_str() {
        "deny" => Tone::Bad,
        "ask" => Tone::Warn,
        _ => Tone::Faint,
    };
    Row { hang: 4, ..Row::new(tone, format!("  {} {}: {}", rule.result, rule.id, rule.reason)) }
}
