//! The values of one step, as a sentence or a JSON draft gives them: amounts that can never be are refused.

use agent_core::draft::{Decimal, DraftAmount, Outcome, Share, Side, Step};
use alloy_primitives::U256;

use crate::{
    ask::{clarify, refuse, shown},
    carry, lexicon,
};

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
        Step::Swap { sell, buy, side: Side::Sell, .. } => (Some(sell), Some(buy)),
        Step::Swap { sell, buy, side: Side::Buy, .. } => (Some(buy), Some(sell)),
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
    if let Step::Swap { max_slippage_bps: Some(10_001..), .. } = step {
        return Some(refuse("input.amount", "A slippage of more than 100 % is no bound."));
    }
    if asset.is_some() && asset == other {
        return Some(clarify(
            "clarify.token",
            &["buy"],
            "That swaps a token for itself; which one do you want to get?",
        ));
    }
    if let Step::Bridge { from: Some(from), to, .. } = step
        && from == to
    {
        let question = format!("It is on {to} already; which chain should it go to?");
        return Some(clarify("clarify.chain", &["to"], question));
    }
    None
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
