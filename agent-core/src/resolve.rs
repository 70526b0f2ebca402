//! Quantities to smallest units, by what the account holds, what earlier steps yielded and what gas needs.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use crate::asset::{mul_div, ten_pow};
use crate::ports::{Compiler, Resolved, View};
use crate::{Action, Exit, Quantity, Refusal, Step};
use alloy_primitives::Address;

/// What earlier steps yielded, by step index, smallest units.
pub(crate) type Yields = BTreeMap<usize, U256>;

pub(crate) struct Held<'a> {
    pub(crate) compiler: &'a dyn Compiler,
    pub(crate) account: Address,
    pub(crate) view: &'a dyn View,
    /// Wei of the native coin that stay behind when all of it is asked for.
    pub(crate) gas_reserve: U256,
}

impl Held<'_> {
    /// The step's amount in smallest units of the asset that it counts; 0 for a revoke.
    pub(crate) async fn resolve<'s>(&self, step: &'s Step, yields: &Yields) -> Result<Resolved<'s>, Refusal> {
        let Some(quantity) = step.action.quantity() else {
            return Ok(Resolved { step, raw: U256::ZERO, whole: false });
        };
        let raw = match quantity {
            Quantity::Exact(raw) => Some(*raw),
            Quantity::Share { numerator, denominator } => {
                mul_div(self.compiler.held(step, self.account, self.view).await?, *numerator, *denominator)
            }
            Quantity::AllBut(rest) => self.all_but(step, *rest).await?,
            Quantity::MicroUsd(micro) => self.worth(step, *micro).await?,
            Quantity::Output { step: earlier, numerator, denominator } => {
                let whole = yields.get(earlier).ok_or_else(|| no_yield(step.index, *earlier))?;
                mul_div(*whole, *numerator, *denominator)
            }
        };
        let raw = raw.filter(|raw| !raw.is_zero()).ok_or_else(|| comes_to_nothing(step))?;
        Ok(Resolved { step, raw, whole: *quantity == Quantity::AllBut(U256::ZERO) })
    }

    async fn all_but(&self, step: &Step, rest: U256) -> Result<Option<U256>, Refusal> {
        let held = self.compiler.held(step, self.account, self.view).await?;
        // What is supplied or owed is not in the wallet: no gas is paid from it.
        let from_wallet = !matches!(step.action, Action::Withdraw { .. } | Action::Repay { .. });
        let native = from_wallet && step.action.counted().is_some_and(crate::Asset::is_native);
        let reserve = if native { self.gas_reserve } else { U256::ZERO };
        Ok(held.checked_sub(rest).and_then(|left| left.checked_sub(reserve)))
    }

    async fn worth(&self, step: &Step, micro: U256) -> Result<Option<U256>, Refusal> {
        let Some(asset) = step.action.counted() else { return Ok(None) };
        let prices = self.compiler.prices(std::slice::from_ref(asset), self.view).await?;
        let price = prices.get(&asset.caip19()).and_then(|price| price.oracle_micro_usd);
        let price = price.filter(|price| !price.is_zero()).ok_or_else(|| {
            Refusal::new(
                Exit::Denied,
                "policy.unpriced",
                format!("{} has no price, and what cannot be priced is refused", asset.symbol),
            )
            .help("state the amount in units of the asset")
        })?;
        Ok(ten_pow(asset.decimals).and_then(|unit| mul_div(micro, unit, price)))
    }
}

fn no_yield(step: usize, earlier: usize) -> Refusal {
    Refusal::new(
        Exit::RefusedInput,
        "input.reference",
        format!("step {step} uses what step {earlier} yields, and it yields nothing"),
    )
}

fn comes_to_nothing(step: &Step) -> Refusal {
    let asset = step.action.counted().map_or("it", |asset| asset.symbol.as_str());
    Refusal::new(
        Exit::NotPossible,
        "world.balance",
        format!(
            "step {} ({}) comes to nothing: there is not enough {asset} after what must stay behind (gas)",
            step.index,
            step.action.name()
        ),
    )
    .help("name a smaller amount, or put more on the account")
}
