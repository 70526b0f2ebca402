//! The fewest swaps from what is held to the shares that were said.
//!
//! The largest surplus goes to the largest deficit, again and again: each trade closes one of the two, so that n assets
//! need at most n - 1. Fees and the price's slip are not in the sum: they are what the result may miss.

use agent_core::Asset;
use agent_core::asset::{mul_div, ten_pow};
use alloy_primitives::U256;

/// What is not worth a swap, millionths of a USD.
pub const DUST_MICRO_USD: u64 = 1_000_000;

/// One asset and the share of the whole that it shall have.
#[derive(Debug, Clone)]
pub struct Holding {
    pub asset: Asset,
    /// What of it may be traded, smallest units.
    pub raw: U256,
    /// Millionths of a USD for a whole unit; not 0.
    pub price: U256,
    /// Numerator and denominator.
    pub share: (U256, U256),
}

/// So many smallest units of `sell` become `buy`.
#[derive(Debug, Clone)]
pub struct Trade<'a> {
    pub sell: &'a Asset,
    pub raw: U256,
    pub buy: &'a Asset,
}

impl Holding {
    fn unit(&self) -> U256 {
        ten_pow(self.asset.decimals).unwrap_or(U256::MAX)
    }

    fn micro_usd(&self) -> U256 {
        mul_div(self.raw, self.price, self.unit()).unwrap_or_default()
    }
}

/// How far one holding is from its share, millionths of a USD.
struct Gap<'a> {
    holding: &'a Holding,
    surplus: U256,
    deficit: U256,
    /// What is still there to be sold, smallest units.
    left: U256,
}

/// The trades, largest first.
pub fn trades(holdings: &[Holding]) -> Vec<Trade<'_>> {
    let total = holdings.iter().fold(U256::ZERO, |sum, holding| sum.saturating_add(holding.micro_usd()));
    let gap = |holding| {
        let has = Holding::micro_usd(holding);
        let (part, whole) = holding.share;
        let wants = mul_div(total, part, whole).unwrap_or_default();
        let (surplus, deficit) = (has.saturating_sub(wants), wants.saturating_sub(has));
        Gap { holding, surplus, deficit, left: holding.raw }
    };
    let mut gaps: Vec<Gap<'_>> = holdings.iter().map(gap).collect();
    let dust = U256::from(DUST_MICRO_USD);
    let mut trades = Vec::new();
    for _ in 1..holdings.len() {
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.surplus));
        let Some((from, others)) = gaps.split_first_mut() else { break };
        let Some(to) = others.iter_mut().max_by_key(|gap| gap.deficit) else { break };
        let worth = from.surplus.min(to.deficit);
        let raw = mul_div(worth, from.holding.unit(), from.holding.price).unwrap_or_default().min(from.left);
        if worth < dust || raw.is_zero() {
            break;
        }
        from.surplus = from.surplus.saturating_sub(worth);
        from.left = from.left.saturating_sub(raw);
        to.deficit = to.deficit.saturating_sub(worth);
        trades.push(Trade { sell: &from.holding.asset, raw, buy: &to.holding.asset });
    }
    trades
}
