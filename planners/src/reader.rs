//! A sentence to a draft: lex, mark, ask the model under this sentence's grammar, read its lines, check.

use std::time::Instant;

use agent_core::{
    draft::{Draft, Outcome, Risk, Said, Topic, Verb},
    ports::{Model, ModelError},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    ask::{self, refuse},
    check, evidence,
    grammar::grammar,
    lexer::{Kind, Lexed, Value, lex},
    lines::{BadLine, Role, Writer},
    mark::{MARKED_CHARS_MAX, marked},
    read_back::read_back,
    uses, values,
};

/// The longest sentence, in bytes.
pub const SENTENCE_BYTES_MAX: usize = 16_384;

/// What the reading of a sentence depends on beside its words.
#[derive(Debug, Clone)]
pub struct ReadContext {
    /// Names of the address book.
    pub names: Vec<String>,
    pub now: Timestamp,
    /// An IANA name, or `UTC`.
    pub tz: String,
    /// What the sources call this sentence: 0.
    pub turn: i32,
}

/// Reads one sentence. Only a model that cannot answer is an error: whatever it answers is judged, and a sentence
/// that makes no plan comes back as a question or a refusal.
pub async fn draft(sentence: &[u8], context: &ReadContext, model: &dyn Model) -> Result<Draft, ModelError> {
    let begun = Instant::now();
    let mut draft = Draft {
        intent: None,
        outcome: refuse("input.empty", "There is nothing in it."),
        sources: Default::default(),
        read_back: String::new(),
        model: Some(model.id()),
        ms: 0,
        now: Some(context.now),
        tz: Some(context.tz.clone()),
        line: None,
    };
    match std::str::from_utf8(sentence) {
        _ if sentence.len() > SENTENCE_BYTES_MAX => {
            draft.outcome = refuse(
                "input.too_long",
                format!(
                    "A sentence has at most {SENTENCE_BYTES_MAX} bytes; this one has {}.",
                    sentence.len()
                ),
            );
        }
        Err(_) => draft.outcome = refuse("input.utf8", "This is not UTF-8 text."),
        Ok(text) => {
            draft.intent = Some(text.to_owned());
            if text.chars().any(|c| !c.is_whitespace() && !crate::lexer::is_invisible(c)) {
                read(text, context, model, &mut draft).await?;
            }
        }
    }
    draft.read_back = read_back(&draft.outcome);
    draft.ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(draft)
}

async fn read(
    text: &str,
    context: &ReadContext,
    model: &dyn Model,
    draft: &mut Draft,
) -> Result<(), ModelError> {
    let tz = TimeZone::get(&context.tz)
        .map_err(|error| ModelError { code: "usage.clock".to_owned(), message: error.to_string() })?;
    let lexed = lex(text, &context.names, &context.now.to_zoned(tz));
    let shown = marked(&lexed);
    if shown.chars().count() > MARKED_CHARS_MAX {
        draft.outcome = refuse("input.too_long", "That is too much for one intent; say it in fewer words.");
        return Ok(());
    }
    let lines = model.complete(&shown, &grammar(&lexed)).await?;
    let (outcome, sources) = judge(&lexed, &lines).unwrap_or_else(|_| (ask::not_understood(), Vec::new()));
    draft.outcome = outcome;
    let said = |(start, end)| Said { span: [start, end], turn: context.turn };
    draft.sources = sources.into_iter().map(|(pointer, span)| (pointer, said(span))).collect();
    Ok(())
}

type Sourced = (Outcome, Vec<(String, (usize, usize))>);

/// The model's answer against the sentence. An answer that the grammar does not have is an error.
pub fn judge(lexed: &Lexed, answer: &str) -> Result<Sourced, BadLine> {
    let lines: Vec<&str> = answer.trim_end_matches('\n').split('\n').collect();
    if let [line] = lines.as_slice()
        && let Some(outcome) = whole_answer(lexed, line)?
    {
        return Ok((outcome, Vec::new()));
    }
    let mut writer = Writer::new(lexed);
    let mut read = writer.plan(&lines)?;
    let stopped = |outcome| Ok((outcome, Vec::new()));
    if let Some(outcome) = check::words(lexed) {
        return stopped(outcome);
    }
    if let Some(outcome) = check::questions(&writer) {
        return stopped(outcome);
    }
    if !read.complete {
        return stopped(ask::not_understood());
    }
    let steps = &mut read.steps;
    let checked = uses::evidenced(lexed, steps).or_else(|| uses::counted(&writer, steps));
    writer.only_chain(steps);
    writer.wrap_coins(steps);
    writer.carry(steps);
    let checked = checked.or_else(|| uses::uses(&writer, steps));
    if let Some(outcome) = checked.or_else(|| steps.iter().find_map(values::step)) {
        return stopped(outcome);
    }
    let sources = std::mem::take(&mut writer.sources).into_iter().collect();
    Ok((Outcome::Plan { steps: read.steps, trigger: read.trigger }, sources))
}

/// `answer`, `control`, `goal`, `refuse`: alone on one line. `None` for a step.
fn whole_answer(lexed: &Lexed, line: &str) -> Result<Option<Outcome>, BadLine> {
    let slots: Vec<&str> = line.split(' ').collect();
    let mut writer = Writer::new(lexed);
    Ok(Some(match slots.as_slice() {
        ["answer", topic, asset, chain, protocol] => Outcome::Answer {
            topic: by_name::<Topic>(topic)?,
            asset: writer.maybe(asset, "asset", Role::Asset)?,
            chain: writer.maybe(chain, "chain", Role::Chain)?,
            protocol: writer.maybe(protocol, "protocol", Role::Protocol)?,
        },
        ["control", verb] => Outcome::Control { verb: by_name::<Verb>(verb)?, target: target(lexed) },
        ["goal", amount, asset, horizon, risk] => goal(&mut writer, [amount, asset, horizon, risk])?,
        ["refuse", "scope"] => refuse("input.scope", "That is not something that I do."),
        ["refuse", "rules"] => refuse("input.rules", "I keep to my own rules, whatever a sentence says."),
        _ => return Ok(None),
    }))
}

/// An enum's variant by its name in JSON.
fn by_name<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, BadLine> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|_| Writer::bad(name))
}

fn goal(writer: &mut Writer<'_>, [amount, asset, horizon, risk]: [&str; 4]) -> Result<Outcome, BadLine> {
    let lexed = writer.lexed;
    let amount = match amount {
        "-" => None,
        slot => match writer.number(slot)?.0 {
            Value::Quantity(quantity) => Some(quantity),
            Value::Bps(_) | Value::Problem(_) => None,
        },
    };
    let asset = writer.maybe(asset, "asset", Role::Asset)?;
    let horizon = if horizon == "-" { None } else { writer.time(horizon)?.0.period() };
    let risk = if risk == "-" {
        None
    } else {
        Some(by_name::<Risk>(risk)?).filter(|risk| evidence::risk(lexed, *risk))
    };
    let refused = check::words(lexed)
        .or_else(|| amount.as_ref().and_then(|said| values::amount(said, asset.as_deref())));
    Ok(refused.unwrap_or(Outcome::Goal { asset, amount, horizon, risk }))
}

/// What an order is about: the words behind its verb, `None` for "it", "that" or nothing.
fn target(lexed: &Lexed) -> Option<String> {
    const VERBS: [&str; 16] = [
        "cancel",
        "stop",
        "pause",
        "resume",
        "continue",
        "speed",
        "undo",
        "repeat",
        "abort",
        "halt",
        "revert",
        "redo",
        "restart",
        "kill",
        "hold",
        "accelerate",
    ];
    const EMPTY: [&str; 11] =
        ["it", "that", "this", "up", "please", "the", "last", "one", "now", "again", "on"];
    let verb =
        lexed.tokens.iter().position(|token| token.word().is_some_and(|word| VERBS.contains(&word)))?;
    let mut rest = lexed
        .tokens
        .iter()
        .skip(verb.saturating_add(1))
        .skip_while(|token| matches!(token.word(), Some("up" | "on")));
    let first = rest.next()?;
    let said = lexed
        .text
        .get(first.start..)?
        .trim()
        .trim_end_matches(['.', '!', '?', ','])
        .trim_end_matches(" please")
        .trim();
    let empty = said.split_whitespace().all(|word| EMPTY.contains(&word.to_lowercase().as_str()));
    let quoted = lexed.tokens.iter().skip(verb).any(|token| token.kind == Kind::Quoted);
    (!empty && !quoted).then(|| said.to_owned())
}
