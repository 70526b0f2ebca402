//! Bounds of a plan: made from its preview, held against every compiled step before it is signed.
//!
//! `most_in` has one entry for each asset that a step takes from the account's holdings, `least_out` one for each asset
//! that a step yields, both in the order of the steps.

use alloy_primitives::U256;

use crate::{Action, Amount, Asset, Bounds, Call, CompiledStep, Leg, Plan, Quantity, Side, Step};

/// How long a plan's bounds are good, seconds.
pub const VALID_FOR_S: u64 = 3_600;
/// Room for a re-quote below the preview's least out, basis points.
const REQUOTE_BPS: u32 = 50;
/// The same for a step that is sized by an earlier step's output, which has room of its own.
const REQUOTE_OUTPUT_BPS: u32 = 200;
/// Room above an amount that is not exact (a share, a worth in USD, an exact output's most in), basis points.
const INEXACT_BPS: u32 = 100;
const WHOLE_BPS: u32 = 10_000;

/// Whether the step takes value out of what the account held before the plan.
pub fn enters(plan: &Plan, step: &Step) -> bool {
    !entering(plan, step).is_empty()
}

/// What the step takes out of what the account held before the plan. What an earlier step yielded was counted when it
/// entered; what came out of a protocol (a withdrawal, a loan) was not, and counts when somebody else is paid with it.
fn entering<'a>(plan: &Plan, step: &'a Step) -> Vec<&'a Asset> {
    let pays = matches!(step.action, Action::Transfer { .. });
    let counted = |quantity: Option<&Quantity>| match quantity {
        Some(Quantity::Output { step: from, .. }) => entered(plan, *from) || !pays,
        Some(_) | None => false,
    };
    let mut takes = step.action.takes();
    if let Action::AddLiquidity { amount, other_amount, .. } = &step.action {
        let sides = [Some(amount), other_amount.as_ref()];
        return takes
            .into_iter()
            .zip(sides)
            .filter(|(_, said)| !counted(*said))
            .map(|(asset, _)| asset)
            .collect();
    }
    takes.retain(|_| !counted(step.action.quantity()));
    takes
}

/// Whether what this step yields entered the plan with it, or with a step before it.
fn entered(plan: &Plan, index: usize) -> bool {
    let Some((_, step)) = plan.steps().find(|(_, step)| step.index == index) else { return false };
    match step.action.quantity() {
        _ if step.action.takes().is_empty() => false,
        // References lead to earlier steps only, so that this ends.
        Some(Quantity::Output { step: from, .. }) => *from < index && entered(plan, *from),
        Some(_) | None => true,
    }
}

fn scale(amount: &Amount, bps: u32) -> Amount {
    amount.fraction(U256::from(bps), U256::from(WHOLE_BPS)).unwrap_or_else(|| amount.clone())
}

fn amount_of<'a>(amounts: &'a [Amount], asset: &Asset) -> Option<&'a Amount> {
    amounts.iter().find(|amount| amount.asset().same(asset))
}

/// What the bounds allow a step to take at most.
fn most(step: &Step, spends: &Amount) -> Amount {
    let buys_exactly = matches!(
        step.action,
        Action::Swap { side: Side::Buy, .. }
            | Action::Bridge { side: Side::Buy, .. }
            | Action::AddLiquidity { .. }
    );
    let exact = matches!(step.action.quantity(), Some(Quantity::Exact(_))) && !buys_exactly;
    if exact { spends.clone() } else { scale(spends, WHOLE_BPS.saturating_add(INEXACT_BPS)) }
}

/// The bounds of a previewed plan.
pub fn of_plan(plan: &Plan, compiled: &[CompiledStep], fees_most: Vec<Amount>, now: u64) -> Bounds {
    let mut bounds = Bounds {
        most_in: Vec::new(),
        least_out: Vec::new(),
        payees: Vec::new(),
        contracts: Vec::new(),
        networks: plan.legs.iter().map(|leg: &Leg| leg.network).collect(),
        fees_most,
        expires_at: now.saturating_add(VALID_FOR_S),
    };
    bounds.networks.sort();
    bounds.networks.dedup();
    for ((_, step), made) in plan.steps().zip(compiled) {
        let spends = entering(plan, step).into_iter().filter_map(|asset| amount_of(&made.spends, asset));
        bounds.most_in.extend(spends.map(|spends| most(step, spends)));
        let sized = step.action.quantity().is_some_and(Quantity::is_output);
        let room = if sized { REQUOTE_OUTPUT_BPS } else { REQUOTE_BPS };
        let yields = step.action.yields().into_iter().filter_map(|asset| amount_of(&made.yields, asset));
        bounds.least_out.extend(yields.map(|yields| scale(yields, WHOLE_BPS.saturating_sub(room))));
        bounds.payees.extend(&made.payees);
        bounds.contracts.extend(made.calls.iter().map(|call: &Call| call.to));
    }
    for list in [&mut bounds.payees, &mut bounds.contracts] {
        list.sort();
        list.dedup();
    }
    bounds
}

/// What of `made` is outside the bounds; empty: nothing.
pub fn broken(bounds: &Bounds, plan: &Plan, step: &Step, made: &CompiledStep, now: u64) -> Vec<String> {
    let before = || plan.steps().map(|(_, other)| other).take_while(|other| other.index < step.index);
    let mut out = Vec::new();
    if now >= bounds.expires_at {
        out.push("the bounds have expired".to_owned());
    }
    let first = before().map(|other| entering(plan, other).len()).fold(0, usize::saturating_add);
    for (at, asset) in entering(plan, step).into_iter().enumerate() {
        let spends = amount_of(&made.spends, asset);
        match (spends, bounds.most_in.get(first.saturating_add(at))) {
            (Some(spends), Some(most)) if spends.asset().same(most.asset()) && spends.raw() <= most.raw() => {
            }
            (Some(spends), Some(most)) => out.push(format!("{spends} would leave, more than {most}")),
            (Some(spends), None) => out.push(format!("{spends} would leave, and the bounds name nothing")),
            (None, _) => out.push(format!("it is not known how much {} would leave", asset.symbol)),
        }
    }
    let first = before().map(|other| other.action.yields().len()).fold(0, usize::saturating_add);
    for (at, asset) in step.action.yields().into_iter().enumerate() {
        let yields = amount_of(&made.yields, asset);
        match (yields, bounds.least_out.get(first.saturating_add(at))) {
            (Some(yields), Some(least))
                if yields.asset().same(least.asset()) && yields.raw() >= least.raw() => {}
            (Some(yields), _) => out.push(format!("only {yields} would arrive at least")),
            (None, _) => out.push(format!("it is not known how much {} would arrive", asset.symbol)),
        }
    }
    let foreign = made.payees.iter().filter(|payee| !bounds.payees.contains(payee));
    out.extend(foreign.map(|payee| format!("payee {payee} is not named")));
    let calls = made.calls.iter().chain(&made.cleanup);
    let strange = calls.filter(|call| !bounds.contracts.contains(&call.to));
    out.extend(strange.map(|call| format!("contract {} is not named", call.to)));
    out
}
