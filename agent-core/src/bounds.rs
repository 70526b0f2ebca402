//! Bounds of a plan: made from its preview, held against every compiled step before it is signed.
//!
//! `most_in` has one entry for each step that takes value from the account's holdings, `least_out` one for each step
//! that yields something, both in the order of the steps.

use alloy_primitives::U256;

use crate::{Action, Amount, Bounds, Call, CompiledStep, Leg, Plan, Quantity, Step};

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
pub fn enters(step: &Step) -> bool {
    let takes =
        !matches!(step.action, Action::Withdraw { .. } | Action::Borrow { .. } | Action::Revoke { .. });
    takes && step.action.quantity().is_some_and(|quantity| !quantity.is_output())
}

fn scale(amount: &Amount, bps: u32) -> Amount {
    amount.fraction(U256::from(bps), U256::from(WHOLE_BPS)).unwrap_or_else(|| amount.clone())
}

/// What the bounds allow a step to take at most.
fn most(step: &Step, spends: &Amount) -> Amount {
    let buys_exactly = matches!(step.action, Action::Swap { side: crate::Side::Buy, .. });
    let exact = matches!(step.action.quantity(), Some(Quantity::Exact(_))) && !buys_exactly;
    if exact { spends.clone() } else { scale(spends, WHOLE_BPS.saturating_add(INEXACT_BPS)) }
}

/// The bounds of a previewed plan.
pub fn of_plan(plan: &Plan, compiled: &[CompiledStep], now: u64) -> Bounds {
    let mut bounds = Bounds {
        most_in: Vec::new(),
        least_out: Vec::new(),
        payees: Vec::new(),
        contracts: Vec::new(),
        networks: plan.legs.iter().map(|leg: &Leg| leg.network).collect(),
        expires_at: now.saturating_add(VALID_FOR_S),
    };
    bounds.networks.sort();
    bounds.networks.dedup();
    for ((_, step), made) in plan.steps().zip(compiled) {
        if let Some(spends) = made.spends.as_ref().filter(|_| enters(step)) {
            bounds.most_in.push(most(step, spends));
        }
        if let Some(yields) = made.yields.as_ref().filter(|_| step.action.yields().is_some()) {
            let sized = step.action.quantity().is_some_and(Quantity::is_output);
            let room = if sized { REQUOTE_OUTPUT_BPS } else { REQUOTE_BPS };
            bounds.least_out.push(scale(yields, WHOLE_BPS.saturating_sub(room)));
        }
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
    if enters(step) {
        let most = bounds.most_in.get(before().filter(|other| enters(other)).count());
        match (made.spends.as_ref(), most) {
            (Some(spends), Some(most)) if !spends.asset().same(most.asset()) || spends.raw() > most.raw() => {
                out.push(format!("{spends} would leave, more than {most}"));
            }
            (Some(spends), None) => out.push(format!("{spends} would leave, and the bounds name nothing")),
            (Some(_), Some(_)) | (None, _) => {}
        }
    }
    if step.action.yields().is_some() {
        let least = bounds.least_out.get(before().filter(|other| other.action.yields().is_some()).count());
        match (made.yields.as_ref(), least) {
            (Some(yields), Some(least))
                if yields.asset().same(least.asset()) && yields.raw() >= least.raw() => {}
            (Some(yields), _) => out.push(format!("only {yields} would arrive at least")),
            (None, _) => {}
        }
    }
    let foreign = made.payees.iter().filter(|payee| !bounds.payees.contains(payee));
    out.extend(foreign.map(|payee| format!("payee {payee} is not named")));
    let calls = made.calls.iter().chain(&made.cleanup);
    let strange = calls.filter(|call| !bounds.contracts.contains(&call.to));
    out.extend(strange.map(|call| format!("contract {} is not named", call.to)));
    out
}
