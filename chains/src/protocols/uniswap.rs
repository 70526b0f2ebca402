//! A swap through Uniswap: the best of a single path over V3, a path over V2 and a vanilla pool of V4, by what the
//! chain itself quotes. What their gas costs is not weighed: it differs by cents where an amount differs by more.

use agent_core::asset::mul_div_up;
use agent_core::{Asset, CompiledStep, NetworkInfo, Quote, Refusal, Side, tame};
use alloy_primitives::{Address, U256, U512};

use crate::ask::Ask;
use crate::protocols::uniswap_route::{self, Hop};
use crate::protocols::{uniswap_v2, uniswap_v3, uniswap_v4};

const WHOLE_BPS: u32 = 10_000;
const FEE_ONE: u64 = 1_000_000;

/// What is swapped. `from` and `to` are WETH for the native coin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trade<'a> {
    pub(crate) sell: &'a Asset,
    pub(crate) buy: &'a Asset,
    pub(crate) side: Side,
    pub(crate) from: Address,
    pub(crate) to: Address,
}

/// What one version gives for how much, smallest units.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) amount_in: U256,
    pub(crate) amount_out: U256,
    pub(crate) venue: Venue,
}

#[derive(Debug, Clone)]
pub(crate) enum Venue {
    /// Tokens from first to last.
    V2(Vec<Address>),
    V3(Vec<Hop>),
    V4(uniswap_v4::Pool),
}

/// What may be sold at most and what must arrive at least, smallest units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) most_in: U256,
    pub(crate) least_out: U256,
}

fn limits(offer: &Offer, side: Side, slippage_bps: u32) -> Option<Limits> {
    let one = U256::from(WHOLE_BPS);
    Some(match side {
        Side::Sell => {
            let kept = U256::from(WHOLE_BPS.checked_sub(slippage_bps)?);
            let least_out = offer.amount_out.checked_mul(kept)?.checked_div(one)?;
            Limits { most_in: offer.amount_in, least_out: least_out.max(U256::from(1)) }
        }
        Side::Buy => {
            let more = U256::from(WHOLE_BPS.checked_add(slippage_bps)?);
            Limits { most_in: mul_div_up(offer.amount_in, more, one)?, least_out: offer.amount_out }
        }
    })
}

/// Of what is whole, the one that gives the most, or takes the least. Of equals the last.
pub(crate) fn better(offers: impl Iterator<Item = Offer>, side: Side) -> Option<Offer> {
    let whole = offers.filter(|offer| !offer.amount_in.is_zero() && !offer.amount_out.is_zero());
    match side {
        Side::Sell => whole.max_by_key(|offer| offer.amount_out),
        Side::Buy => whole.max_by_key(|offer| std::cmp::Reverse(offer.amount_in)),
    }
}

pub(crate) async fn swap(
    ask: &Ask<'_>,
    sell: &Asset,
    buy: &Asset,
    side: Side,
    slippage_bps: u32,
) -> Result<CompiledStep, Refusal> {
    let weth = ask.role("weth")?;
    let (from, to) = (sell.token().unwrap_or(weth), buy.token().unwrap_or(weth));
    let none = || {
        let why = format!("no Uniswap pool gives {} for this much {}", buy.symbol, sell.symbol);
        ask.not_possible("world.no_liquidity", &why)
    };
    if from == to {
        return Err(none());
    }
    if side == Side::Sell {
        ask.must_hold(&sell.amount(ask.raw)).await?;
    }
    let trade = Trade { sell, buy, side, from, to };
    let (v2, v3, v4) = tokio::join!(
        uniswap_v2::best(ask, &trade),
        uniswap_route::best(ask, &trade),
        uniswap_v4::best(ask, &trade)
    );
    let offer = better([v4?, v2?, v3?].into_iter().flatten(), side).ok_or_else(none)?;
    let limits = limits(&offer, side, slippage_bps).ok_or_else(|| {
        let why = format!("a slippage of {slippage_bps} basis points is no limit");
        ask.not_possible("world.no_liquidity", &why)
    })?;
    let (most_in, least_out) = (sell.amount(limits.most_in), buy.amount(limits.least_out));
    ask.must_hold(&most_in).await?;
    let (mut step, ideal) = match &offer.venue {
        Venue::V2(path) => (
            uniswap_v2::compile(ask, &trade, path, limits).await?,
            uniswap_v2::ideal(ask, path, offer.amount_in).await?,
        ),
        Venue::V3(hops) => (
            uniswap_v3::compile(ask, &trade, hops, limits).await?,
            uniswap_route::ideal(ask, hops, offer.amount_in).await?,
        ),
        Venue::V4(pool) => (
            uniswap_v4::compile(ask, &trade, pool, limits).await?,
            uniswap_v4::ideal(ask, pool, offer.amount_in).await?,
        ),
    };
    step.spends = vec![most_in];
    step.yields = vec![least_out.clone()];
    step.quote = Some(Quote {
        expected_out: buy.amount(offer.amount_out),
        min_out: least_out,
        route: words(ask.network, &offer.venue),
        impact_bps: impact_bps(ideal, offer.amount_out),
        expires_at: ask.deadline(),
    });
    Ok(step)
}

/// `amount` without a pool's fee, which is in millionths.
pub(crate) fn after_fee(amount: U512, fee_pips: u32) -> Option<U512> {
    let kept = U512::from(FEE_ONE.checked_sub(u64::from(fee_pips))?);
    amount.checked_mul(kept)?.checked_div(U512::from(FEE_ONE))
}

/// How much less than the pools' prices give the offer is, apart from their fees, basis points rounded down.
fn impact_bps(ideal: Option<U512>, amount_out: U256) -> u32 {
    let lost = ideal.and_then(|ideal| {
        let lost = ideal.saturating_sub(U512::from(amount_out)).checked_mul(U512::from(WHOLE_BPS))?;
        u32::try_from(lost.checked_div(ideal)?).ok()
    });
    lost.unwrap_or(WHOLE_BPS)
}

/// `uniswap v3 USDC/WETH 0.05%` for each hop.
fn words(network: &NetworkInfo, venue: &Venue) -> Vec<String> {
    match venue {
        Venue::V2(path) => {
            let hops = path.iter().zip(path.iter().skip(1));
            hops.map(|(from, to)| format!("uniswap v2 {}/{}", symbol(network, *from), symbol(network, *to)))
                .collect()
        }
        Venue::V3(hops) => {
            hops.iter().map(|hop| pool_words(network, "v3", (hop.from, hop.to), hop.fee)).collect()
        }
        Venue::V4(pool) => vec![pool_words(network, "v4", pool.ends(), pool.fee)],
    }
}

fn pool_words(network: &NetworkInfo, version: &str, (from, to): (Address, Address), fee_pips: u16) -> String {
    let percent = agent_core::asset::decimal(U256::from(fee_pips), 4);
    format!("uniswap {version} {}/{} {percent}%", symbol(network, from), symbol(network, to))
}

/// The native coin is the zero address, as in V4.
fn symbol(network: &NetworkInfo, token: Address) -> String {
    let asset = if token.is_zero() { network.native() } else { network.token(token) };
    asset.map_or_else(|| token.to_string(), |asset| tame(&asset.symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(amount_in: u64, amount_out: u64) -> Offer {
        let venue = Venue::V2(Vec::new());
        Offer { amount_in: U256::from(amount_in), amount_out: U256::from(amount_out), venue }
    }

    #[test]
    fn limits_are_rounded_against_nobody_but_the_pool() {
        let offer = offer(1_000_001, 999_999);
        let sell = limits(&offer, Side::Sell, 50).unwrap();
        assert_eq!((sell.most_in, sell.least_out), (U256::from(1_000_001), U256::from(994_999)));
        let buy = limits(&offer, Side::Buy, 50).unwrap();
        assert_eq!((buy.most_in, buy.least_out), (U256::from(1_005_002), U256::from(999_999)));
        assert!(limits(&offer, Side::Sell, 10_001).is_none());
        // A least out of nothing would be no promise.
        assert_eq!(limits(&offer, Side::Sell, 10_000).unwrap().least_out, U256::from(1));
    }

    #[test]
    fn the_best_offer_gives_most_or_takes_least() {
        let offers = || [offer(5, 10), offer(4, 9), offer(0, 99), offer(99, 0)].into_iter();
        assert_eq!(better(offers(), Side::Sell).unwrap().amount_out, U256::from(10));
        assert_eq!(better(offers(), Side::Buy).unwrap().amount_in, U256::from(4));
        assert!(better([offer(0, 1)].into_iter(), Side::Sell).is_none());
    }

    #[test]
    fn impact_is_what_is_missing_of_the_ideal() {
        assert_eq!(impact_bps(Some(U512::from(10_000)), U256::from(9_950)), 50);
        assert_eq!(impact_bps(Some(U512::from(10)), U256::from(11)), 0);
        assert_eq!(
            (impact_bps(None, U256::from(1)), impact_bps(Some(U512::ZERO), U256::ZERO)),
            (10_000, 10_000)
        );
    }
}
