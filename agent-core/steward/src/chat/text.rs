//! Events and reports as lines of text: the same on the screen, with `--plain` and for the other commands.
//! A [`Row`] can only be made tamed: no control, format or bidi character gets into one.

use agent_core::draft::Outcome;
use agent_core::report::{LegReport, Report, StepReport};
use agent_core::{Event, Refusal, RuleHit, Verdict, tame};

/// `tame` caps what it gets; longer text is tamed piece by piece.
const PIECE: usize = 200;
/// No row is longer, in characters.
const LONGEST: usize = 2_000;

/// What a row is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    /// The user's own words.
    Said,
    Strong,
    Good,
    Warn,
    Bad,
    Faint,
}

/// One paragraph of tame text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    /// Columns by which wrapped lines are indented.
    pub(crate) hang: usize,
}

impl Row {
    pub(crate) fn new(tone: Tone, text: impl AsRef<str>) -> Self {
        let text = clip(text.as_ref(), LONGEST);
        let hang = text.len().saturating_sub(text.trim_start().len()).saturating_add(2);
        Self { tone, text: clean(&text), hang }
    }

    /// `label     value`, wrapped under the value.
    pub(crate) fn labelled(tone: Tone, label: &str, value: impl AsRef<str>) -> Self {
        Self { hang: 11, ..Self::new(tone, format!("{label:<10} {}", value.as_ref())) }
    }
}

/// Text from outside in full, made harmless.
pub(crate) fn clean(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(PIECE).map(|piece| tame(&piece.iter().collect::<String>())).collect()
}

/// The first `most` characters.
pub(crate) fn clip(text: &str, most: usize) -> String {
    let mut clipped: String = text.chars().take(most).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}

fn texts(rows: Vec<Row>) -> Vec<String> {
    rows.into_iter().map(|row| row.text).collect()
}

/// An event as lines.
pub(crate) fn event(event: &Event) -> Vec<String> {
    texts(event_rows(event))
}

/// A planned report as lines.
pub(crate) fn report(report: &Report) -> Vec<String> {
    texts(report_rows(report))
}

/// A report after execution as lines: receipts, and whether it settled as promised.
pub(crate) fn finished(report: &Report) -> Vec<String> {
    texts(finished_rows(report))
}

pub(crate) fn event_rows(event: &Event) -> Vec<Row> {
    let one = |tone, text: String| vec![Row::new(tone, text)];
    let call_number = |call: &usize| call.saturating_add(1);
    match event {
        Event::Heard { text } => one(Tone::Said, format!("> {text}")),
        Event::Drafted { draft } => match &draft.outcome {
            Outcome::Plan { .. } => one(Tone::Faint, format!("read as: {}", draft.read_back)),
            Outcome::Clarify { .. }
            | Outcome::Answer { .. }
            | Outcome::Control { .. }
            | Outcome::Goal { .. }
            | Outcome::Refuse { .. } => Vec::new(),
        },
        Event::Planned { report } => report_rows(report),
        Event::Question { question, missing } => {
            let mut rows = one(Tone::Warn, format!("? {question}"));
            if !missing.is_empty() {
                rows.push(Row::new(
                    Tone::Faint,
                    format!("  missing: {}; say the whole sentence again", missing.join(", ")),
                ));
            }
            rows
        }
        Event::Answered { text, .. } => text.lines().map(|line| Row::new(Tone::Plain, line)).collect(),
        Event::Started { plan_id } => one(Tone::Strong, format!("executing plan {plan_id}")),
        Event::StepStarted { step, text, .. } => one(Tone::Plain, format!("step {step}: {text}")),
        Event::Signed { step, call, tx_hash, .. } => {
            one(Tone::Faint, format!("  step {step}, transaction {}: signed {tx_hash}", call_number(call)))
        }
        Event::Sent { step, call, .. } => {
            one(Tone::Faint, format!("  step {step}, transaction {}: sent", call_number(call)))
        }
        Event::Included { step, call, receipt, .. } => {
            let (tone, end) =
                if receipt.success { (Tone::Faint, "success") } else { (Tone::Bad, "reverted") };
            let (call, block) = (call_number(call), receipt.block.number);
            one(
                tone,
                format!(
                    "  step {step}, transaction {call}: in block {block}, {end}, gas {}",
                    receipt.gas_used
                ),
            )
        }
        Event::Waiting { step, text, .. } => one(Tone::Plain, format!("  step {step}: waiting: {text}")),
        Event::StepSettled { step, text, differences, .. } => {
            settled_rows(&format!("step {step} settled: {text}"), differences)
        }
        Event::Finished { report } => finished_rows(report),
        Event::Refused { refusal } => refusal_rows(refusal),
    }
}

fn settled_rows(head: &str, differences: &[String]) -> Vec<Row> {
    let tone = if differences.is_empty() { Tone::Good } else { Tone::Bad };
    let differences =
        differences.iter().map(|difference| Row::new(Tone::Bad, format!("  differs: {difference}")));
    std::iter::once(Row::new(tone, head)).chain(differences).collect()
}

fn refusal_rows(refusal: &Refusal) -> Vec<Row> {
    let mut rows = vec![Row::new(Tone::Bad, format!("refused: {}", refusal.message))];
    if let Some(help) = &refusal.help {
        rows.push(Row::new(Tone::Plain, format!("  help: {help}")));
    }
    rows.push(Row::new(Tone::Faint, format!("  code: {}", refusal.code)));
    rows
}

fn finished_rows(report: &Report) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for receipt in &report.receipts {
        let tone = if receipt.status == "success" { Tone::Plain } else { Tone::Bad };
        let (chain, hash, block) = (&receipt.chain, receipt.tx_hash, receipt.block);
        rows.push(Row::new(tone, format!("{chain} {hash} {} in block {block}", receipt.status)));
    }
    rows.extend(match &report.settled {
        None => vec![Row::new(Tone::Plain, format!("plan {} was not executed", report.plan_id))],
        Some(settled) if settled.as_promised => settled_rows("settled as promised", &settled.differences),
        Some(settled) => {
            let mut rows = settled_rows("not settled as promised", &settled.differences);
            rows.iter_mut().take(1).for_each(|head| head.tone = Tone::Bad);
            rows
        }
    });
    rows
}

/// What was read, the steps, what changes, what it costs, what the policy says.
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

fn step_rows(step: &StepReport) -> Vec<Row> {
    let because = step.origin.pointer("/added/because").and_then(|because| because.as_str());
    let origin = because.map_or_else(|| "said".to_owned(), |because| format!("added: {because}"));
    let mut rows =
        vec![Row { hang: 4, ..Row::new(Tone::Plain, format!("{}. {} [{origin}]", step.index, step.text)) }];
    if let Some(quote) = &step.quote {
        let (expected, least, impact) = (&quote.expected_out, &quote.min_out, quote.impact_bps);
        let route = quote.route.join(" > ");
        rows.push(Row::new(
            Tone::Plain,
            format!("   quote: {expected}, at least {least}, impact {impact} bps, {route}"),
        ));
    }
    rows.extend(step.calls.iter().map(|call| Row::new(Tone::Faint, format!("   calls {}", call.decoded))));
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
    std::iter::once(head).chain(rules(report).into_iter().map(rule_row)).collect()
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
