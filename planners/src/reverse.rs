//! The way back from what settled: a draft that undoes a plan's steps, the last one first.
//!
//! It restores positions, not prices: what was bought is sold again for what it is worth then. A payment, a vote, a
//! claim or a liquidation cannot be taken back, and a plan with one of them is refused as a whole.

use std::collections::BTreeMap;

use agent_core::draft::{Decimal, Draft, DraftAmount, Outcome, Share, Side, Step as Back};
use agent_core::{Action, Amount, Asset, Exit, Origin, Plan, Quantity, Refusal, Settled, Step, caip2};
use alloy_primitives::U256;

use crate::{lexicon, read_back};

/// Undoes what settled of `plan`. `settled`: what each settled step did, by its index.
///
/// The draft carries no sources: its values come from the plan, not from words.
pub fn reverse(plan: &Plan, settled: &BTreeMap<usize, Settled>) -> Result<Draft, Refusal> {
    let steps: Vec<&Step> =
        plan.steps().map(|(_, step)| step).filter(|step| settled.contains_key(&step.index)).collect();
    if steps.is_empty() {
        let message = "nothing of this plan has settled: there is nothing to undo";
        return Err(
            Refusal::new(Exit::NotPossible, "world.nothing_to_undo", message).help("cancel it instead")
        );
    }
    let (mut back, mut undone) = (Vec::new(), Vec::new());
    for step in steps.into_iter().rev() {
        let own = Undo { step, settled, undone: &undone }.steps()?;
        if !own.is_empty() {
            back.extend(own);
            undone.push((step, back.len()));
        }
    }
    if back.is_empty() {
        let message = "only gas was brought by this plan, and that is kept for the way back";
        return Err(
            Refusal::new(Exit::NotPossible, "world.nothing_to_undo", message).help("bridge it by hand")
        );
    }
    let outcome = Outcome::Plan { steps: back, trigger: None };
    Ok(Draft {
        intent: Some(format!("undo plan {}", plan.id)),
        read_back: read_back(&outcome),
        outcome,
        sources: BTreeMap::new(),
        model: None,
        ms: 0,
        now: None,
        tz: None,
        line: None,
    })
}

struct Undo<'a> {
    step: &'a Step,
    settled: &'a BTreeMap<usize, Settled>,
    /// Later steps of the plan, and which step of the draft undoes each.
    undone: &'a [(&'a Step, usize)],
}

fn chain(asset: &Asset) -> Option<String> {
    Some(lexicon::chain_name(asset.chain_id).map_or_else(|| caip2(asset.chain_id), str::to_owned))
}

impl Undo<'_> {
    fn steps(&self) -> Result<Vec<Back>, Refusal> {
        let symbol = |asset: &Asset| asset.symbol.clone();
        let one = |step: Back| Ok(vec![step]);
        match &self.step.action {
            // Gas that was brought stays: the way back needs it too.
            Action::Bridge { out: coin, .. } | Action::Swap { buy: coin, .. } if self.brought_gas(coin) => {
                Ok(Vec::new())
            }
            Action::Swap { sell, buy, .. } => one(swap(buy, sell, self.amount(buy)?)),
            Action::Stake { from, to, .. } => one(swap(to, from, self.amount(to)?)),
            Action::Wrap { to: now, .. } => {
                one(Back::Unwrap { amount: self.amount(now)?, asset: coat(now), chain: chain(now) })
            }
            Action::Unwrap { to: now, .. } => {
                one(Back::Wrap { amount: self.amount(now)?, asset: coat(now), chain: chain(now) })
            }
            Action::Supply { asset, .. } => {
                let amount = self.amount(asset)?;
                one(Back::Withdraw { asset: symbol(asset), amount, chain: chain(asset), protocol: aave() })
            }
            Action::Withdraw { asset, .. } => {
                let amount = self.amount(asset)?;
                one(Back::Supply { asset: symbol(asset), amount, chain: chain(asset), protocol: aave() })
            }
            Action::Borrow { asset, .. } => {
                let amount = self.amount(asset)?;
                one(Back::Repay { asset: symbol(asset), amount, chain: chain(asset), protocol: aave() })
            }
            Action::Repay { asset, .. } => {
                let amount = self.amount(asset)?;
                one(Back::Borrow { asset: symbol(asset), amount, chain: chain(asset), protocol: aave() })
            }
            Action::Bridge { asset, out, .. } => one(Back::Bridge {
                asset: symbol(out),
                amount: self.amount(out)?,
                from: chain(out),
                to: chain(asset).unwrap_or_default(),
                protocol: Some("across".to_owned()),
            }),
            Action::Collateral { asset, enabled } => {
                let asset_chain = chain(asset);
                one(Back::Collateral {
                    asset: symbol(asset),
                    on: !enabled,
                    protocol: aave(),
                    chain: asset_chain,
                })
            }
            Action::AddLiquidity { asset, other, .. } => {
                let Some(position) = self.settled.get(&self.step.index).and_then(|own| own.position) else {
                    return self.no("which position it made is not in the record");
                };
                one(Back::RemoveLiquidity {
                    pair: Some([symbol(asset), symbol(other)]),
                    amount: Share::of(1, 1).map_or(DraftAmount::All, DraftAmount::Share),
                    position: Some(position.to_string()),
                    chain: chain(asset),
                    protocol: Some("uniswap".to_owned()),
                })
            }
            Action::Transfer { .. } => self.no("what was sent belongs to somebody else"),
            Action::Vote { .. } => self.no("a vote is cast once"),
            Action::Claim { .. } => self.no("what was claimed was yours and stays yours"),
            Action::Liquidate { .. } => self.no("the other account's debt is paid"),
            Action::Delegate { .. } => self.no("who had the votes before is not in the record"),
            Action::RemoveLiquidity { .. } => {
                self.no("the position's range is not in the record; add liquidity anew")
            }
            Action::Revoke { .. } => self.no("an allowance is given again when a step needs it"),
        }
    }

    fn brought_gas(&self, coin: &Asset) -> bool {
        coin.is_native() && matches!(self.step.origin, Origin::Added { .. })
    }

    fn no<T>(&self, why: &str) -> Result<T, Refusal> {
        let message =
            format!("step {} ({}) cannot be undone: {why}", self.step.index, self.step.action.name());
        Err(Refusal::new(Exit::NotPossible, "world.no_undo", message)
            .help("say the steps back that you want"))
    }

    /// Where a later step took all that this one yielded: what its way back yields (a pool, a bridge and a market give
    /// back something else than what went in).
    fn given_back(&self, asset: &Asset) -> Option<DraftAmount> {
        let whole = |quantity: &Quantity| {
            matches!(quantity, Quantity::Output { step, numerator, denominator, .. }
                if *step == self.step.index && numerator == denominator)
        };
        let beside = |step: &Step| matches!(&step.action, Action::AddLiquidity { other_amount: Some(amount), .. } if whole(amount));
        let took = |step: &Step| step.action.quantity().is_some_and(whole) || beside(step);
        let (later, step) = self.undone.iter().find(|(later, _)| took(later))?;
        let pool = matches!(later.action, Action::AddLiquidity { .. });
        let asset = pool.then(|| asset.symbol.clone());
        Some(DraftAmount::Yield { share: None, step: *step, asset })
    }

    /// What there is of `asset` to be taken back: what settled (it came, or it went), else what the
    /// plan said exactly.
    fn amount(&self, asset: &Asset) -> Result<DraftAmount, Refusal> {
        if let Some(amount) = self.given_back(asset) {
            return Ok(amount);
        }
        let of = |amounts: &[Amount], asset: &Asset| {
            amounts.iter().find(|amount| amount.asset().same(asset)).cloned()
        };
        let own = || {
            let own = self.settled.get(&self.step.index)?;
            of(&own.yielded, asset).or_else(|| of(&own.spent, asset))
        };
        let planned = || match self.step.action.quantity()? {
            Quantity::Exact(raw) => Some(asset.amount(*raw)),
            Quantity::Output { step, asset, numerator, denominator } => {
                of(&self.settled.get(step)?.yielded, asset)?.fraction(*numerator, *denominator)
            }
            Quantity::Share { .. } | Quantity::AllBut(_) | Quantity::MicroUsd(_) => None,
        };
        let amount = own().or_else(planned).filter(|amount| amount.raw() > U256::ZERO);
        let units = amount.and_then(|amount| amount.decimal().parse::<Decimal>().ok());
        match units {
            Some(units) => Ok(DraftAmount::Units(units)),
            None => self.no("how much it was is not in the record"),
        }
    }
}

fn swap(sell: &Asset, buy: &Asset, amount: DraftAmount) -> Back {
    Back::Swap {
        sell: sell.symbol.clone(),
        buy: buy.symbol.clone(),
        amount,
        side: Side::Sell,
        chain: chain(sell),
        max_slippage_bps: None,
        protocol: None,
    }
}

/// What a wrap is about: nothing for ETH and WETH.
fn coat(asset: &Asset) -> Option<String> {
    matches!(asset.symbol.as_str(), "stETH" | "wstETH").then(|| asset.symbol.clone())
}

fn aave() -> Option<String> {
    Some("aave".to_owned())
}
