//! What the steps took of the words: nothing said may be dropped, nothing taken twice, no action unspoken.

use std::collections::BTreeSet;

use agent_core::draft::{DraftAmount, Outcome, Step};

use crate::{
    ask::{clarify, shown},
    check, evidence,
    lexer::{Kind, Lexed, Payee, Token, Value},
    lexicon::Meanings,
    lines::Writer,
};

/// The asset that an amount counts by its place: "100 **USDC**", "half of my **ETH**", "$50 worth of **ETH**".
pub(crate) fn counted_asset(lexed: &Lexed, amount: usize) -> Option<&'static str> {
    let mut at = amount.saturating_add(1);
    while matches!(lexed.word(at), "of" | "my" | "the" | "our" | "worth" | "in" | "more") {
        at = at.saturating_add(1);
    }
    match &lexed.token(at)?.kind {
        Kind::Name(name) => name.asset.map(|asset| asset.symbol),
        Kind::Word(_)
        | Kind::Break
        | Kind::Quoted
        | Kind::Amount { .. }
        | Kind::Payee(_)
        | Kind::Time(_)
        | Kind::Unknown(_) => None,
    }
}

/// What was said and taken by no step, or taken twice: the model may have misread it.
pub(crate) fn uses(writer: &Writer<'_>, steps: &[Step]) -> Option<Outcome> {
    let lexed = writer.lexed;
    let named = taken_names(writer, steps);
    let payees = lexed.tokens.iter().filter(|token| matches!(token.kind, Kind::Payee(_))).count();
    let shared = payees > 1 && shares_amount(steps, lexed);
    lexed.tokens.iter().enumerate().find_map(|(at, token)| {
        let used = writer.used.get(&at).copied().unwrap_or(0);
        let said = shown(lexed.said(token));
        match &token.kind {
            Kind::Amount { value, .. } => {
                let all = matches!(value, Value::Quantity(DraftAmount::All));
                let wrong = (used == 0 && !all) || (used > 1 && !evidence::each(lexed));
                wrong.then(|| clarify("clarify.amount", &["amount"], format!("What is `{said}` for?")))
            }
            Kind::Payee(_) if payees > 1 && (used == 0 || shared) => {
                Some(clarify("clarify.amount", &["amount"], "How much should each of them get?"))
            }
            Kind::Payee(_) if used == 0 => {
                Some(clarify("clarify.payee", &["to"], format!("What is `{said}` for?")))
            }
            Kind::Payee(Payee::Unknown) => Some(check::who(&said)),
            Kind::Time(_) if used == 0 => {
                Some(clarify("clarify.trigger", &["trigger"], format!("What should happen at `{said}`?")))
            }
            Kind::Name(name) if used == 0 => dropped(lexed, at, token, name, &named),
            Kind::Payee(_)
            | Kind::Time(_)
            | Kind::Name(_)
            | Kind::Word(_)
            | Kind::Break
            | Kind::Quoted
            | Kind::Unknown(_) => None,
        }
    })
}

/// What the names mean that steps or trigger took.
fn taken_names(writer: &Writer<'_>, steps: &[Step]) -> BTreeSet<&'static str> {
    let mut named = BTreeSet::new();
    for (at, token) in writer.lexed.tokens.iter().enumerate() {
        let sourced = || writer.sources.values().any(|span| *span == (token.start, token.end));
        if let Some(name) = token.name().filter(|_| writer.used.contains_key(&at) || sourced()) {
            named.extend(meanings(name));
        }
    }
    if steps.iter().any(|step| matches!(step, Step::Wrap { .. } | Step::Unwrap { .. })) {
        named.extend(["ETH", "WETH"]);
    }
    named
}

fn meanings(name: &Meanings) -> impl Iterator<Item = &'static str> {
    [name.asset.map(|asset| asset.symbol), name.chain, name.protocol].into_iter().flatten()
}

/// A name that no step took, unless the same is meant elsewhere by a word that one did.
fn dropped(
    lexed: &Lexed,
    at: usize,
    token: &Token,
    name: &Meanings,
    named: &BTreeSet<&str>,
) -> Option<Outcome> {
    let word_before = |steps: usize| at.checked_sub(steps).map_or("", |before| lexed.word(before));
    // "borrow against my USDC": what backs a loan is there already.
    let backs = word_before(1) == "against" || word_before(2) == "against";
    // "across all chains", "on the curve": a protocol's name may be a plain word.
    let introduced = matches!(word_before(1), "on" | "via" | "using" | "through" | "with");
    let plain = name.asset.is_none() && name.chain.is_none() && !introduced;
    if backs || plain || meanings(name).any(|name| named.contains(name)) {
        return None;
    }
    let (code, field) = match name {
        Meanings { asset: Some(_), .. } => ("clarify.token", "asset"),
        Meanings { chain: Some(_), .. } => ("clarify.chain", "chain"),
        Meanings { .. } => ("clarify.protocol", "protocol"),
    };
    Some(clarify(code, &[field], format!("What should I do with `{}`?", shown(lexed.said(token)))))
}

/// Several payees share one said amount: "send 10 USDC to alice and bob".
fn shares_amount(steps: &[Step], lexed: &Lexed) -> bool {
    let paid = steps.iter().filter(|step| matches!(step, Step::Transfer { .. })).count();
    let amounts = lexed.tokens.iter().filter(|token| matches!(token.kind, Kind::Amount { .. })).count();
    paid > 1 && amounts < paid && !evidence::each(lexed)
}

/// A step whose action no word speaks for.
pub(crate) fn evidenced(lexed: &Lexed, steps: &[Step]) -> Option<Outcome> {
    let unsaid = steps.iter().map(evidence::action).find(|action| !evidence::speaks_for(lexed, action))?;
    let verb = unsaid.replace('_', " ");
    Some(clarify(
        "clarify.sentence",
        &["action"],
        format!("Do you want me to {verb} something? Please say so."),
    ))
}

/// Amounts of a step that count another asset by their place in the sentence than the step does.
pub(crate) fn counted(writer: &Writer<'_>, steps: &[Step]) -> Option<Outcome> {
    for (at, step) in steps.iter().enumerate() {
        let assets: Vec<&str> = match step {
            Step::Swap { sell, buy, .. } => vec![sell, buy],
            Step::Transfer { asset, .. }
            | Step::Bridge { asset, .. }
            | Step::Supply { asset, .. }
            | Step::Withdraw { asset, .. }
            | Step::Borrow { asset, .. }
            | Step::Repay { asset, .. }
            | Step::Stake { asset, .. }
            | Step::Unstake { asset, .. } => vec![asset],
            Step::Wrap { asset: None, .. } | Step::Unwrap { asset: None, .. } => vec!["ETH", "WETH"],
            Step::Wrap { .. }
            | Step::Unwrap { .. }
            | Step::Collateral { .. }
            | Step::Liquidate { .. }
            | Step::Claim { .. }
            | Step::AddLiquidity { .. }
            | Step::RemoveLiquidity { .. }
            | Step::Revoke { .. }
            | Step::Rebalance { .. }
            | Step::Vote { .. }
            | Step::Delegate { .. } => continue,
        };
        let start = writer.sources.get(&format!("/steps/{at}/amount")).map(|(start, _)| *start);
        let token = start.and_then(|start| writer.lexed.tokens.iter().position(|token| token.start == start));
        let said = token.and_then(|token| counted_asset(writer.lexed, token));
        if let Some(said) = said.filter(|said| !assets.contains(said)) {
            let verb = evidence::action(step).replace('_', " ");
            return Some(clarify(
                "clarify.token",
                &["asset"],
                format!("Which token should I {verb}, {said} or another?"),
            ));
        }
    }
    None
}
