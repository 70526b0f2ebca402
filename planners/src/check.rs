//! The check of a read sentence: what can never be is refused, what is not clear is asked about.

use std::collections::BTreeSet;

use agent_core::draft::{Decimal, DraftAmount, Outcome, Share, Step};
use alloy_primitives::U256;

use crate::{
    ask::{clarify, refuse, shown},
    carry, evidence,
    lexer::{Kind, Lexed, Payee, Place, Problem, Value},
    lexicon,
    lines::Writer,
};

/// What the words alone rule out, whatever the model wrote.
pub(crate) fn words(lexed: &Lexed) -> Option<Outcome> {
    let found = |test: fn(&Kind) -> bool| {
        lexed.tokens.iter().find(|token| test(&token.kind)).map(|token| shown(lexed.said(token)))
    };
    let problem = |wanted: Problem| {
        let token = lexed.tokens.iter().find(|token| matches!(&token.kind, Kind::Amount { value: Value::Problem(problem), .. } if *problem == wanted));
        token.map(|token| shown(lexed.said(token)))
    };
    if let Some(said) = problem(Problem::Negative) {
        return Some(refuse(
            "input.amount",
            format!("`{said}` is negative; an amount has to be above zero."),
        ));
    }
    if let Some(said) = problem(Problem::TooLarge) {
        return Some(refuse("input.amount", format!("`{said}` does not fit 256 bits.")));
    }
    if let Some(said) = problem(Problem::NotANumber) {
        return Some(refuse("input.amount", format!("`{said}` is not a number.")));
    }
    if let Some(said) = problem(Problem::Unlimited) {
        return Some(refuse("input.amount", format!("`{said}` has no bound; name an amount.")));
    }
    let approves =
        lexed.tokens.iter().any(|token| matches!(token.word(), Some("approve" | "allow" | "permit")));
    let whole = lexed
        .tokens
        .iter()
        .any(|token| matches!(&token.kind, Kind::Amount { value: Value::Quantity(DraftAmount::All), .. }));
    if approves && whole {
        return Some(refuse(
            "input.amount",
            "An unlimited allowance is never given; each step approves exactly what it spends.",
        ));
    }
    if let Some(said) = problem(Problem::Ambiguous) {
        return Some(clarify(
            "clarify.number",
            &["amount"],
            format!("`{said}` can be read in two ways; which number is it, without separators?"),
        ));
    }
    if let Some(said) = problem(Problem::Malformed) {
        return Some(clarify(
            "clarify.number",
            &["amount"],
            format!("I can't read `{said}` as a number; how much is it, in plain digits?"),
        ));
    }
    if let Some(said) = problem(Problem::Vague) {
        return Some(clarify("clarify.amount", &["amount"], format!("How much is `{said}`, exactly?")));
    }
    if let Some(said) = found(|kind| matches!(kind, Kind::Payee(Payee::Malformed))) {
        return Some(clarify(
            "clarify.address",
            &["to"],
            format!("`{said}` is not an address (0x and 40 hex digits); which one is it?"),
        ));
    }
    if let Some(said) = found(|kind| matches!(kind, Kind::Payee(Payee::Checksum))) {
        return Some(clarify(
            "clarify.checksum",
            &["to"],
            format!(
                "The checksum of `{said}` is wrong, so it is mistyped somewhere; please copy the address again."
            ),
        ));
    }
    if let Some(said) = found(|kind| matches!(kind, Kind::Unknown(Place::Token))) {
        return Some(clarify(
            "clarify.token",
            &["asset"],
            format!("I don't know the token `{said}`; which one do you mean?"),
        ));
    }
    if let Some(said) = found(|kind| matches!(kind, Kind::Unknown(Place::Network))) {
        return Some(clarify(
            "clarify.chain",
            &["chain"],
            format!("I know no chain or protocol called `{said}`; which one do you mean?"),
        ));
    }
    let payees: Vec<_> = lexed.tokens.iter().filter(|token| matches!(token.kind, Kind::Payee(_))).collect();
    let unknown = payees.iter().find(|token| token.kind == Kind::Payee(Payee::Unknown));
    if let Some(token) = unknown.filter(|_| payees.len() == 1) {
        let said = shown(lexed.said(token));
        return Some(clarify(
            "clarify.payee",
            &["to"],
            format!("Who is `{said}`? They are not in your contacts; give an address or an ENS name."),
        ));
    }
    if evidence::forbids(lexed) {
        return Some(clarify("clarify.sentence", &["action"], "That says what not to do; what should I do?"));
    }
    None
}

/// Fields that no step has take the first question; otherwise all that is missing is named at once.
pub(crate) fn questions(writer: &Writer<'_>) -> Option<Outcome> {
    let (_, first) = writer.questions.first()?;
    let mut all: Vec<&str> = Vec::new();
    for field in writer.questions.iter().flat_map(|(fields, _)| fields) {
        if !all.contains(&field.as_str()) {
            all.push(field);
        }
    }
    match first {
        Outcome::Clarify { code, question, .. } => Some(clarify(code, &all, question.clone())),
        other => Some(other.clone()),
    }
}

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
    let used = |at: usize| writer.used.get(&at).copied().unwrap_or(0);
    let payees = lexed.tokens.iter().filter(|token| matches!(token.kind, Kind::Payee(_))).count();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    let sourced = |start: usize, end: usize| writer.sources.values().any(|span| *span == (start, end));
    for (at, token) in lexed.tokens.iter().enumerate() {
        let taken = used(at) > 0 || sourced(token.start, token.end);
        if let (Kind::Name(name), true) = (&token.kind, taken) {
            named.extend(
                [name.asset.map(|asset| asset.symbol), name.chain, name.protocol].into_iter().flatten(),
            );
        }
    }
    if steps.iter().any(|step| matches!(step, Step::Wrap { .. } | Step::Unwrap { .. })) {
        named.extend(["ETH", "WETH"]);
    }
    for (at, token) in lexed.tokens.iter().enumerate() {
        let said = shown(lexed.said(token));
        match &token.kind {
            Kind::Amount { value, .. } => {
                let all = matches!(value, Value::Quantity(DraftAmount::All));
                if (used(at) == 0 && !all) || (used(at) > 1 && !evidence::each(lexed)) {
                    return Some(clarify("clarify.amount", &["amount"], format!("What is `{said}` for?")));
                }
            }
            Kind::Payee(_)
                if used(at) == 0 || (used(at) > 0 && payees > 1 && lacks_own_amount(steps, lexed)) =>
            {
                let field = if payees > 1 { "amount" } else { "to" };
                let question = if payees > 1 {
                    "How much should each of them get?".to_owned()
                } else {
                    format!("What is `{said}` for?")
                };
                return Some(clarify(
                    if payees > 1 { "clarify.amount" } else { "clarify.payee" },
                    &[field],
                    question,
                ));
            }
            Kind::Payee(Payee::Unknown) => {
                return Some(clarify(
                    "clarify.payee",
                    &["to"],
                    format!(
                        "Who is `{said}`? They are not in your contacts; give an address or an ENS name."
                    ),
                ));
            }
            Kind::Time(_) if used(at) == 0 => {
                return Some(clarify(
                    "clarify.trigger",
                    &["trigger"],
                    format!("What should happen at `{said}`?"),
                ));
            }
            Kind::Name(name) if used(at) == 0 => {
                let own = [name.asset.map(|asset| asset.symbol), name.chain, name.protocol];
                let before = at.checked_sub(1).map_or("", |before| lexed.word(before));
                // "borrow against my USDC": what backs a loan is there already.
                let backs = (1..=2)
                    .filter_map(|steps| at.checked_sub(steps))
                    .any(|before| lexed.word(before) == "against");
                // "across all chains", "on the curve": a protocol's name may be a plain word.
                let plain = backs
                    || name.asset.is_none()
                        && name.chain.is_none()
                        && !matches!(before, "on" | "via" | "using" | "through" | "with");
                if plain || own.into_iter().flatten().any(|name| named.contains(name)) {
                    continue;
                }
                let (code, field) = if name.asset.is_some() {
                    ("clarify.token", "asset")
                } else if name.chain.is_some() {
                    ("clarify.chain", "chain")
                } else {
                    ("clarify.protocol", "protocol")
                };
                return Some(clarify(code, &[field], format!("What should I do with `{said}`?")));
            }
            Kind::Payee(_)
            | Kind::Time(_)
            | Kind::Name(_)
            | Kind::Word(_)
            | Kind::Break
            | Kind::Quoted
            | Kind::Unknown(_) => {}
        }
    }
    None
}

/// Several payees share one said amount: "send 10 USDC to alice and bob".
fn lacks_own_amount(steps: &[Step], lexed: &Lexed) -> bool {
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

fn too_small(text: &str) -> Outcome {
    refuse("input.amount", format!("`{text}` is zero; an amount has to be above zero."))
}

/// `Some` where a share is nothing or more than the whole.
fn share(share: &Share) -> Option<Outcome> {
    match share.ratio() {
        Some((0, _)) => Some(too_small(&share.to_string())),
        Some((part, whole)) if part <= whole => None,
        _ => Some(refuse("input.amount", format!("`{}` is more than there is.", shown(&share.to_string())))),
    }
}

fn units(value: &Decimal, asset: Option<&str>, zero_is_fine: bool) -> Option<Outcome> {
    if value.is_zero() && !zero_is_fine {
        return Some(too_small("0"));
    }
    let known = asset.and_then(lexicon::asset);
    if let Some(asset) = known.filter(|asset| value.decimals() > usize::from(asset.decimals)) {
        let reason = format!(
            "`{}` has more than the {} decimals of {}.",
            shown(value.as_str()),
            asset.decimals,
            asset.symbol
        );
        return Some(refuse("input.amount", reason));
    }
    let decimals = known.map_or(0, |asset| asset.decimals);
    let whole = value.as_str().split('.').next().unwrap_or_default();
    let unit = U256::from(10).checked_pow(U256::from(decimals));
    let fits =
        U256::from_str_radix(whole, 10).ok().zip(unit).and_then(|(whole, unit)| whole.checked_mul(unit));
    match fits {
        Some(_) => None,
        None => Some(refuse("input.amount", format!("`{}` does not fit 256 bits.", shown(value.as_str())))),
    }
}

/// Refuses an amount that can never be: zero, over 100 %, more decimals than the asset has, past 256 bits.
pub(crate) fn amount(amount: &DraftAmount, asset: Option<&str>) -> Option<Outcome> {
    match amount {
        DraftAmount::Units(value) => units(value, asset, false),
        DraftAmount::AllBut(value) => units(value, asset, true),
        DraftAmount::Usd(value) => units(value, None, false),
        DraftAmount::Share(part) => share(part),
        DraftAmount::Yield { share: part, .. } => part.as_ref().and_then(share),
        DraftAmount::All => None,
    }
}

/// The step's own values: amounts, a pair of two different tokens, shares that make a whole.
pub(crate) fn step(step: &Step) -> Option<Outcome> {
    let (asset, other) = match step {
        Step::Swap { sell, buy, side: agent_core::draft::Side::Sell, .. } => (Some(sell), Some(buy)),
        Step::Swap { sell, buy, side: agent_core::draft::Side::Buy, .. } => (Some(buy), Some(sell)),
        Step::Transfer { asset, .. }
        | Step::Bridge { asset, .. }
        | Step::Supply { asset, .. }
        | Step::Withdraw { asset, .. }
        | Step::Borrow { asset, .. }
        | Step::Repay { asset, .. }
        | Step::Stake { asset, .. }
        | Step::Unstake { asset, .. } => (Some(asset), None),
        Step::Wrap { asset, .. } | Step::Unwrap { asset, .. } => (asset.as_ref(), None),
        Step::Liquidate { debt, .. } => (Some(debt), None),
        Step::AddLiquidity { pair: [a, b], amounts: [of_a, of_b], .. } => {
            let each = [(of_a, a), (of_b, b)];
            let bad =
                each.into_iter().find_map(|(of, asset)| of.as_ref().and_then(|of| amount(of, Some(asset))));
            let twice = || {
                clarify(
                    "clarify.token",
                    &["pair"],
                    "A pool has two different tokens; which ones do you mean?",
                )
            };
            return bad.or_else(|| (a == b).then(twice));
        }
        Step::Rebalance { targets, .. } => return whole(targets.values()),
        Step::RemoveLiquidity { .. }
        | Step::Collateral { .. }
        | Step::Claim { .. }
        | Step::Revoke { .. }
        | Step::Vote { .. }
        | Step::Delegate { .. } => (None, None),
    };
    if let Some(refused) =
        carry::amounts(step).into_iter().find_map(|said| amount(said, asset.map(String::as_str)))
    {
        return Some(refused);
    }
    match step {
        Step::Swap { max_slippage_bps: Some(10_001..), .. } => {
            Some(refuse("input.amount", "A slippage of more than 100 % is no bound."))
        }
        Step::Swap { .. } if asset == other => Some(clarify(
            "clarify.token",
            &["buy"],
            "That swaps a token for itself; which one do you want to get?",
        )),
        Step::Bridge { from: Some(from), to, .. } if from == to => Some(clarify(
            "clarify.chain",
            &["to"],
            format!("It is on {to} already; which chain should it go to?"),
        )),
        _ => None,
    }
}

fn whole<'a>(shares: impl Iterator<Item = &'a Share>) -> Option<Outcome> {
    let (mut part, mut of) = (0u128, 1u128);
    for share in shares {
        let sum = share.ratio().and_then(|(own_part, own_of)| {
            let sum = part.checked_mul(own_of)?.checked_add(own_part.checked_mul(of)?)?;
            Some((sum, of.checked_mul(own_of)?))
        });
        (part, of) = sum.unwrap_or((0, 1));
    }
    (part != of || part == 0).then(|| {
        clarify("clarify.number", &["targets"], "The shares have to add up to 100 %; what should they be?")
    })
}
