//! Events and reports as lines of text: the same on the screen, with `--plain` and for the other commands.

use agent_core::draft::Outcome;
use agent_core::report::Report;
use agent_core::{Event, Portfolio, Refusal, UnderWay, Unknown};

use super::positions::portfolio_rows;
use super::report::report_rows;
use super::row::{Row, Tone};

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

/// What the account has as lines.
pub(crate) fn portfolio(portfolios: &[Portfolio], unknown: &[Unknown]) -> Vec<String> {
    texts(portfolio_rows(portfolios, unknown))
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
        Event::UnderWay { place, .. } => one(Tone::Plain, format!("  {}", place.text)),
        Event::Portfolio { portfolios, unknown } => portfolio_rows(portfolios, unknown),
        Event::Controlled { text, .. } => text.lines().map(|line| Row::new(Tone::Strong, line)).collect(),
        Event::Opened { text } => text.lines().map(|line| Row::new(Tone::Faint, line)).collect(),
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

/// Where the money is that left one network, and what can be done.
pub(crate) fn under_way_rows(place: &UnderWay) -> Vec<Row> {
    vec![
        Row::new(Tone::Strong, format!("{} is under way", place.amount)),
        Row::new(Tone::Plain, &place.text),
        Row::new(Tone::Plain, "w  wait: look again, go on when it has arrived"),
        Row::new(Tone::Plain, "r  quote the rest of the plan again with what arrived"),
        Row::new(Tone::Plain, "b  bring it back to where it came from"),
    ]
}
