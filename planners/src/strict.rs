//! A draft that comes as JSON (`plan --draft`), checked as strictly as one from the model.

use std::collections::BTreeSet;

use agent_core::{
    Exit, Refusal,
    draft::{Draft, DraftAmount, Outcome, Step},
};

use crate::{
    carry,
    grammar::STEPS_MAX,
    lexer::{Payee, address},
    values,
};

/// The largest draft that is read, in bytes.
const JSON_BYTES_MAX: usize = 262_144;
/// Keys of a draft beside those of its outcome.
const OWN_KEYS: [&str; 9] = ["intent", "outcome", "sources", "read_back", "model", "ms", "now", "tz", "line"];

/// Why a draft's JSON is refused: `code` as for a sentence (`input.*`, `clarify.*`), `input.draft` for its form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DraftError {
    pub code: String,
    pub message: String,
}

impl From<DraftError> for Refusal {
    fn from(error: DraftError) -> Self {
        let exit = if error.code.starts_with("clarify.") { Exit::Question } else { Exit::RefusedInput };
        Self::new(exit, error.code, error.message)
    }
}

fn form(message: impl Into<String>) -> DraftError {
    let message: String = message.into();
    DraftError { code: "input.draft".to_owned(), message: crate::ask::shown_long(&message) }
}

/// Reads and checks a draft: known keys only, canonical amounts, `@n` of earlier steps only, well-formed addresses, and
/// the amounts that [`crate::draft`] would refuse are refused.
pub fn parse_draft_json(text: &str) -> Result<Draft, DraftError> {
    if text.len() > JSON_BYTES_MAX {
        return Err(form(format!("a draft has at most {JSON_BYTES_MAX} bytes")));
    }
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| form(format!("the draft is not JSON: {error}")))?;
    let keys = value.as_object().ok_or_else(|| form("a draft is a JSON object"))?;
    let outcome = keys.get("outcome").and_then(serde_json::Value::as_str).unwrap_or_default();
    let of_outcome: &[&str] = match outcome {
        "plan" => &["steps", "trigger"],
        "clarify" => &["missing", "question", "code"],
        "answer" => &["topic", "asset", "chain", "protocol"],
        "control" => &["verb", "target"],
        "goal" => &["asset", "amount", "horizon", "risk"],
        "refuse" => &["reason", "code"],
        _ => return Err(form("`outcome` is one of plan, clarify, answer, control, goal, refuse")),
    };
    if let Some(key) =
        keys.keys().find(|key| !OWN_KEYS.contains(&key.as_str()) && !of_outcome.contains(&key.as_str()))
    {
        return Err(form(format!("`{key}` is no key of a draft that is a {outcome}")));
    }
    let draft: Draft = serde_json::from_value(value)
        .map_err(|error| form(format!("the draft does not have its form: {error}")))?;
    if let Outcome::Plan { steps, .. } = &draft.outcome {
        plan(steps)?;
    }
    sources(&draft)?;
    Ok(draft)
}

fn plan(steps: &[Step]) -> Result<(), DraftError> {
    if steps.is_empty() || steps.len() > STEPS_MAX {
        return Err(form(format!("a plan has 1 to {STEPS_MAX} steps; this one has {}", steps.len())));
    }
    for (at, step) in steps.iter().enumerate() {
        let number = at.saturating_add(1);
        for amount in carry::amounts(step) {
            let DraftAmount::Yield { step: from, .. } = amount else { continue };
            let yields = from.checked_sub(1).and_then(|from| steps.get(from)).filter(|_| *from <= at);
            if yields.is_none_or(|step| !has_yield(step)) {
                return Err(form(format!("`{amount}` in step {number} is not what an earlier step yields")));
            }
        }
        match values::step(step) {
            Some(Outcome::Refuse { reason, code }) => {
                return Err(DraftError { code, message: format!("step {number}: {reason}") });
            }
            Some(Outcome::Clarify { question, code, .. }) => {
                return Err(DraftError { code, message: format!("step {number}: {question}") });
            }
            Some(
                Outcome::Plan { .. }
                | Outcome::Answer { .. }
                | Outcome::Control { .. }
                | Outcome::Goal { .. },
            )
            | None => {}
        }
        names(number, step)?;
    }
    Ok(())
}

/// What `@n` can stand for.
fn has_yield(step: &Step) -> bool {
    matches!(
        step,
        Step::Swap { .. }
            | Step::Bridge { .. }
            | Step::Wrap { .. }
            | Step::Unwrap { .. }
            | Step::Withdraw { .. }
            | Step::Borrow { .. }
            | Step::Stake { .. }
            | Step::Unstake { .. }
            | Step::Claim { .. }
            | Step::RemoveLiquidity { .. }
            | Step::Liquidate { .. }
    )
}

/// Payees that look like an address have to be one; names are short and plain.
fn names(number: usize, step: &Step) -> Result<(), DraftError> {
    let payee = match step {
        Step::Transfer { to, .. } | Step::Delegate { to, .. } => Some(to),
        Step::Liquidate { account, .. } => Some(account),
        Step::Revoke { spender, .. } => spender.as_ref(),
        Step::Vote { governor, .. } => Some(governor),
        Step::Swap { .. }
        | Step::Bridge { .. }
        | Step::Wrap { .. }
        | Step::Unwrap { .. }
        | Step::Supply { .. }
        | Step::Withdraw { .. }
        | Step::Borrow { .. }
        | Step::Repay { .. }
        | Step::Collateral { .. }
        | Step::Stake { .. }
        | Step::Unstake { .. }
        | Step::Claim { .. }
        | Step::AddLiquidity { .. }
        | Step::RemoveLiquidity { .. }
        | Step::Rebalance { .. } => None,
    };
    let refused = |code: &str, message: String| Err(DraftError { code: code.to_owned(), message });
    if let Some(payee) = payee {
        let shown = crate::ask::shown(payee);
        if payee.trim().is_empty() || payee.len() > 255 || payee.chars().any(crate::lexer::is_invisible) {
            return refused("clarify.address", format!("step {number}: `{shown}` is not a payee"));
        }
        if payee.to_lowercase().starts_with("0x") {
            match address(payee) {
                Payee::Checksum => {
                    return refused(
                        "clarify.checksum",
                        format!("step {number}: the checksum of `{shown}` is wrong"),
                    );
                }
                Payee::Malformed => {
                    return refused("clarify.address", format!("step {number}: `{shown}` is not an address"));
                }
                Payee::Address | Payee::Ens | Payee::Contact | Payee::Unknown => {}
            }
        }
    }
    Ok(())
}

/// Sources have to lie in the sentence and point to what is there.
fn sources(draft: &Draft) -> Result<(), DraftError> {
    let value = serde_json::to_value(&draft.outcome).map_err(|error| form(error.to_string()))?;
    let intent = draft.intent.as_deref().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (pointer, said) in &draft.sources {
        let [start, end] = said.span;
        let inside = said.turn == -1
            || (said.turn == 0 && intent.get(start..end).is_some_and(|text| !text.is_empty()));
        if !inside || value.pointer(pointer).is_none() || !seen.insert(pointer) {
            return Err(form(format!("the source of `{pointer}` does not lie in the sentence")));
        }
    }
    Ok(())
}
