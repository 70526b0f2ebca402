//! What things are worth, in millionths of a USD. What costs is rounded up and taken at the higher price.

use agent_core::asset::{mul_div, mul_div_up, ten_pow};
use agent_core::{Amount, Asset, Price, Prices};
use alloy_primitives::U256;

/// Both readings of an asset's price, none of them zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Readings {
    oracle: U256,
    pool: U256,
}

impl Readings {
    pub(crate) fn of(prices: &Prices, asset: &Asset) -> Option<Self> {
        let Price { oracle_micro_usd, pool_micro_usd } = prices.get(&asset.caip19())?;
        let (oracle, pool) = ((*oracle_micro_usd)?, (*pool_micro_usd)?);
        (!oracle.is_zero() && !pool.is_zero()).then_some(Self { oracle, pool })
    }
}

/// At the higher price, rounded up; `None` without both prices. Too much to be counted is the most there is.
pub(crate) fn at_most(prices: &Prices, amount: &Amount) -> Option<U256> {
    let Readings { oracle, pool } = Readings::of(prices, amount.asset())?;
    let unit = ten_pow(amount.asset().decimals)?;
    Some(mul_div_up(amount.raw(), oracle.max(pool), unit).unwrap_or(U256::MAX))
}

/// By the oracle's price of `priced`, rounded down; a bridge's output is priced as what was bridged.
pub(crate) fn by_oracle(prices: &Prices, amount: &Amount, priced: &Asset) -> Option<U256> {
    let Readings { oracle, .. } = Readings::of(prices, priced)?;
    mul_div(amount.raw(), oracle, ten_pow(amount.asset().decimals)?)
}

/// Whole cents, rounded up, as Cedar's integer; too many are the most there are.
pub(crate) fn cents(micro_usd: U256) -> i64 {
    let cents = mul_div_up(micro_usd, U256::from(1), U256::from(10_000)).unwrap_or(U256::MAX);
    i64::try_from(cents).unwrap_or(i64::MAX)
}

/// How much less `gets` is than `gives`, in basis points, rounded up; too much is the most there is.
pub(crate) fn loss_bps(gives: U256, gets: U256) -> i64 {
    let lost = gives.saturating_sub(gets);
    if lost.is_zero() {
        return 0;
    }
    let bps = mul_div_up(lost, U256::from(10_000), gives).unwrap_or(U256::MAX);
    i64::try_from(bps).unwrap_or(i64::MAX)
}
