//! Quantities to smallest units, by what the account holds, what earlier steps yielded and what gas needs.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use crate::asset::{mul_div, ten_pow};
use crate::ports::{Compiler, Resolved, View};
use crate::{Action, Amount, Asset, Exit, Quantity, Refusal, Step};

/// What earlier steps yielded, by step index.
pub(crate) type Yields = BTreeMap<usize, Vec<Amount>>;

pub(crate) struct Held<'a> {
    pub(crate) compiler: &'a dyn Compiler,
    pub(crate) account: Address,
    pub(crate) view: &'a dyn View,
    /// Wei of the native coin that stay behind when all of it is asked for.
    pub(crate) gas_reserve: U256,
}

impl Held<'_> {
    /// The step's amount in smallest units of what it counts; 0 for one that counts nothing.
    pub(crate) async fn resolve<'s>(&self, step: &'s Step, yields: &Yields) -> Result<Resolved<'s>, Refusal> {
        let Some(quantity) = step.action.quantity() else {
            return Ok(Resolved { step, raw: U256::ZERO, other: None, whole: false });
        };
        let raw = self.raw(step, quantity, step.action.counted(), yields).await?;
        let mut second = None;
        if let Action::AddLiquidity { other, other_amount: Some(quantity), .. } = &step.action {
            second = Some(self.raw(step, quantity, Some(other), yields).await?);
        }
        Ok(Resolved { step, raw, other: second, whole: *quantity == Quantity::AllBut(U256::ZERO) })
    }

    async fn raw(
        &self,
        step: &Step,
        quantity: &Quantity,
        counted: Option<&Asset>,
        yields: &Yields,
    ) -> Result<U256, Refusal> {
        let raw = match quantity {
            Quantity::Exact(raw) => Some(*raw),
            Quantity::Share { numerator, denominator } => {
                let held = self.compiler.held(step, counted, self.account, self.view).await?;
                mul_div(held, *numerator, *denominator)
            }
            Quantity::AllBut(rest) => self.all_but(step, counted, *rest).await?,
            Quantity::MicroUsd(micro) => self.worth(counted, *micro).await?,
            Quantity::Output { step: earlier, asset, numerator, denominator } => {
                let amounts = yields.get(earlier).into_iter().flatten();
                let whole = amounts.into_iter().find(|amount| amount.asset().same(asset));
                let whole = whole.ok_or_else(|| no_yield(step.index, *earlier))?;
                mul_div(whole.raw(), *numerator, *denominator)
            }
        };
        raw.filter(|raw| !raw.is_zero()).ok_or_else(|| comes_to_nothing(step, counted))
    }

    async fn all_but(
        &self,
        step: &Step,
        counted: Option<&Asset>,
        rest: U256,
    ) -> Result<Option<U256>, Refusal> {
        let held = self.compiler.held(step, counted, self.account, self.view).await?;
        // What is supplied or owed is not in the wallet: no gas is paid from it.
        let from_wallet = !matches!(step.action, Action::Withdraw { .. } | Action::Repay { .. });
        let native = from_wallet && counted.is_some_and(Asset::is_native);
        let reserve = if native { self.gas_reserve } else { U256::ZERO };
        Ok(held.checked_sub(rest).and_then(|left| left.checked_sub(reserve)))
    }

    async fn worth(&self, counted: Option<&Asset>, micro: U256) -> Result<Option<U256>, Refusal> {
        let Some(asset) = counted else { return Ok(None) };
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

fn comes_to_nothing(step: &Step, counted: Option<&Asset>) -> Refusal {
    let asset = counted.map_or("it", |asset| asset.symbol.as_str());
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
