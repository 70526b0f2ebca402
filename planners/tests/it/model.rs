//! A scripted model, and the check that every value of a draft has a source that reads to exactly that value.

use agent_core::{
    draft::{Draft, DraftAmount, Outcome},
    ports::{Model, ModelError, ModelId},
};
use async_trait::async_trait;
use jiff::{Timestamp, tz::TimeZone};
use planners::{
    ReadContext,
    lexer::{Kind, Value, read_again},
    lexicon,
};
use serde_json::Value as Json;

#[derive(Debug)]
pub(crate) struct Scripted(pub(crate) String);

#[async_trait]
impl Model for Scripted {
    fn id(&self) -> ModelId {
        ModelId { name: "scripted".to_owned(), sha256: "0".repeat(64) }
    }

    async fn complete(&self, _prompt: &str, _grammar: &str) -> Result<String, ModelError> {
        Ok(self.0.clone())
    }
}

/// A Tuesday, half past ten in the morning, UTC.
pub(crate) const NOW: &str = "2026-11-24T10:30:00Z";

pub(crate) fn context() -> ReadContext {
    ReadContext {
        names: vec!["alice".to_owned(), "Bob Smith".to_owned()],
        now: NOW.parse().unwrap(),
        tz: "UTC".to_owned(),
        turn: 0,
    }
}

pub(crate) fn draft_of(sentence: &[u8], lines: &str) -> Draft {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(planners::draft(sentence, &context(), &Scripted(lines.to_owned()))).unwrap()
}

/// The draft's outcome as JSON; a plan's sources are checked.
pub(crate) fn read(sentence: &str, lines: &str) -> Json {
    let draft = draft_of(sentence.as_bytes(), lines);
    if matches!(draft.outcome, Outcome::Plan { .. }) {
        sourced(sentence, &draft);
        planners::parse_draft_json(&serde_json::to_string(&draft).unwrap())
            .expect("a draft reads as JSON again");
    }
    serde_json::to_value(&draft.outcome).unwrap()
}

/// Every leaf of steps and trigger but `action`, `side`, `op` and `@n` has a source, and every source a leaf.
pub(crate) fn sourced(sentence: &str, draft: &Draft) {
    let outcome = serde_json::to_value(&draft.outcome).unwrap();
    let mut leaves = Vec::new();
    walk(&outcome["steps"], "/steps", &mut leaves);
    walk(&outcome["trigger"], "/trigger", &mut leaves);
    for (pointer, value) in &leaves {
        let field = pointer.rsplit('/').next().unwrap();
        let text = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
        if matches!(field, "action" | "side" | "op") || text.starts_with('@') {
            continue;
        }
        let said = draft
            .sources
            .get(pointer)
            .unwrap_or_else(|| panic!("{sentence}: `{pointer}` = {text} has no source"));
        let span = &sentence[said.span[0]..said.span[1]];
        assert!(reads(pointer, span, &text), "{sentence}: `{pointer}` = {text} is not what `{span}` says");
    }
    for pointer in draft.sources.keys() {
        assert!(
            leaves.iter().any(|(leaf, _)| leaf == pointer),
            "{sentence}: `{pointer}` is a source of nothing"
        );
    }
}

fn walk(value: &Json, pointer: &str, leaves: &mut Vec<(String, Json)>) {
    match value {
        Json::Null => {}
        Json::Object(map) => {
            map.iter().for_each(|(key, value)| walk(value, &format!("{pointer}/{key}"), leaves))
        }
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| walk(value, &format!("{pointer}/{at}"), leaves))
        }
        leaf => leaves.push((pointer.to_owned(), leaf.clone())),
    }
}

fn reads(pointer: &str, span: &str, value: &str) -> bool {
    let now = NOW.parse::<Timestamp>().unwrap().to_zoned(TimeZone::UTC);
    let tokens = read_again(span, &context().names, &now);
    let amounts: Vec<_> = tokens
        .iter()
        .filter_map(|token| match &token.kind {
            Kind::Amount { value, .. } => Some(value.clone()),
            _ => None,
        })
        .collect();
    let times: Vec<_> = tokens
        .iter()
        .filter_map(|token| match &token.kind {
            Kind::Time(when) => Some(when.clone()),
            _ => None,
        })
        .collect();
    let name = lexicon::meanings(span).unwrap_or_default();
    let is_name = name.asset.is_some_and(|asset| asset.symbol == value)
        || name.chain == Some(value)
        || name.protocol == Some(value);
    let amount =
        |text: &str| matches!(amounts.as_slice(), [Value::Quantity(said)] if said.to_string() == text);
    match pointer.rsplit('/').next().unwrap() {
        "asset" | "sell" | "buy" | "0" | "1"
            if !pointer.contains("amounts") && !pointer.contains("range") =>
        {
            is_name || (value == "WETH" && span.to_lowercase().starts_with("wrap"))
        }
        "chain" | "from" | "protocol" | "spender" | "governor" | "to" if is_name => true,
        "to" | "spender" | "governor" => span == value,
        "fee_bps" | "max_slippage_bps" => match amounts.as_slice() {
            [Value::Bps(bps)] => bps.to_string() == value,
            [Value::Quantity(DraftAmount::Share(agent_core::draft::Share::Percent(percent)))] => {
                percent.shifted(2).unwrap().to_string() == value
            }
            _ => false,
        },
        "every" => times.len() == 1 && times[0].period().is_some_and(|period| period.to_string() == value),
        "at" | "from" | "until" => {
            times.len() == 1 && times[0].moment(&now).is_some_and(|at| at.to_string() == value)
        }
        "metric" | "support" | "use" | "repeat" => !span.is_empty(),
        _ => amount(value.split('@').next().unwrap()),
    }
}
