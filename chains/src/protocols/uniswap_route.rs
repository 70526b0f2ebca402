//! Uniswap V3: which pools there are, the best single path over them, and prices without fees.

use agent_core::asset::decimal;
use agent_core::ports::View;
use agent_core::{NetworkInfo, Refusal, tame};
use alloy_primitives::aliases::{U24, U160};
use alloy_primitives::ruint::UintTryFrom;
use alloy_primitives::{Address, Bytes, U256, U512};
use alloy_sol_types::sol;

use crate::ask::Ask;
use crate::read;

sol! {
    #[derive(Debug)]
    interface IUniswapV3Factory {
        function getPool(address tokenA, address tokenB, uint24 fee) external view returns (address pool);
    }

    #[derive(Debug)]
    interface IUniswapV3Pool {
        function slot0() external view returns (
            uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality,
            uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked
        );
        function liquidity() external view returns (uint128);
    }

    #[derive(Debug)]
    interface IQuoterV2 {
        function quoteExactInput(bytes path, uint256 amountIn) external returns (
            uint256 amountOut, uint160[] sqrtPriceX96AfterList, uint32[] initializedTicksCrossedList, uint256 gasEstimate
        );
        function quoteExactOutput(bytes path, uint256 amountOut) external returns (
            uint256 amountIn, uint160[] sqrtPriceX96AfterList, uint32[] initializedTicksCrossedList, uint256 gasEstimate
        );
    }
}

/// Fee tiers, millionths.
const FEES: [u16; 4] = [100, 500, 3_000, 10_000];
const FEE_ONE: u64 = 1_000_000;
/// `TickMath.MIN_SQRT_RATIO + 1` and `MAX_SQRT_RATIO - 1`: a swap that ends there did not find enough.
const SQRT_PRICE_MIN: U160 = U160::from_limbs([4_295_128_740, 0, 0]);
const SQRT_PRICE_MAX: U160 =
    U160::from_limbs([6_743_328_256_752_651_557, 17_280_870_778_742_802_505, 4_294_805_859]);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// Millionths.
    pub(crate) fee: u16,
    pub(crate) pool: Address,
}

/// A path with what it gives, smallest units.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) hops: Vec<Hop>,
    pub(crate) amount_in: U256,
    pub(crate) amount_out: U256,
}

/// `token, fee, token, …` packed; the last token first for an exact output.
pub(crate) fn path(hops: &[Hop], backwards: bool) -> Bytes {
    let mut bytes = Vec::new();
    let mut push = |hop: &Hop, first: Address, second: Address| {
        if bytes.is_empty() {
            bytes.extend_from_slice(first.as_slice());
        }
        bytes.extend_from_slice(&U24::from(hop.fee).to_be_bytes::<3>());
        bytes.extend_from_slice(second.as_slice());
    };
    match backwards {
        false => hops.iter().for_each(|hop| push(hop, hop.from, hop.to)),
        true => hops.iter().rev().for_each(|hop| push(hop, hop.to, hop.from)),
    }
    bytes.into()
}

/// Pools of each pair that exist, one per fee tier.
async fn pools(
    network: &NetworkInfo,
    view: &dyn View,
    pairs: &[(Address, Address)],
) -> Result<Vec<Hop>, Refusal> {
    let factory = read::role(network, "uniswap.factory")?;
    let asked: Vec<_> = pairs.iter().flat_map(|(from, to)| FEES.map(|fee| (*from, *to, fee))).collect();
    let call = |(from, to, fee): &(Address, Address, u16)| {
        (factory, IUniswapV3Factory::getPoolCall { tokenA: *from, tokenB: *to, fee: U24::from(*fee) })
    };
    let calls: Vec<_> = asked.iter().map(call).collect();
    let found = read::read_all(network, view, &calls).await?;
    let hops = asked.into_iter().zip(found).filter_map(|((from, to, fee), pool)| {
        pool.filter(|pool| !pool.is_zero()).map(|pool| Hop { from, to, fee, pool })
    });
    Ok(hops.collect())
}

/// Direct paths, and paths of two hops over WETH or USDC.
async fn paths(
    network: &NetworkInfo,
    view: &dyn View,
    from: Address,
    to: Address,
) -> Result<Vec<Vec<Hop>>, Refusal> {
    let middles = ["weth", "usdc"].into_iter().filter_map(|role| network.role(role));
    let middles: Vec<Address> = middles.filter(|middle| *middle != from && *middle != to).collect();
    let mut pairs = vec![(from, to)];
    pairs.extend(middles.iter().flat_map(|middle| [(from, *middle), (*middle, to)]));
    let pools = pools(network, view, &pairs).await?;
    let mut paths: Vec<Vec<Hop>> =
        pools.iter().filter(|hop| hop.from == from && hop.to == to).map(|hop| vec![hop.clone()]).collect();
    for first in pools.iter().filter(|hop| hop.from == from && hop.to != to) {
        let second = pools.iter().filter(|hop| hop.from == first.to && hop.to == to);
        paths.extend(second.map(|second| vec![first.clone(), second.clone()]));
    }
    Ok(paths)
}

/// The path that gives the most for `raw` sold, or takes the least for `raw` bought. Every path is quoted by QuoterV2.
pub(crate) async fn best(
    ask: &Ask<'_>,
    from: Address,
    to: Address,
    buys: bool,
) -> Result<Option<Route>, Refusal> {
    let quoter = ask.role("uniswap.quoter_v2")?;
    let paths = paths(ask.network, ask.view, from, to).await?;
    let raw = ask.raw;
    let complete =
        |after: &[U160]| after.iter().all(|price| *price > SQRT_PRICE_MIN && *price < SQRT_PRICE_MAX);
    let routes: Vec<Route> = if buys {
        let quote = |hops: &Vec<Hop>| {
            (quoter, IQuoterV2::quoteExactOutputCall { path: path(hops, true), amountOut: raw })
        };
        let quotes =
            read::read_all(ask.network, ask.view, &paths.iter().map(quote).collect::<Vec<_>>()).await?;
        let quoted = paths.into_iter().zip(quotes).filter_map(|(hops, quote)| Some((hops, quote?)));
        let quoted = quoted.filter(|(_, quote)| complete(&quote.sqrtPriceX96AfterList));
        quoted.map(|(hops, quote)| Route { hops, amount_in: quote.amountIn, amount_out: raw }).collect()
    } else {
        let quote = |hops: &Vec<Hop>| {
            (quoter, IQuoterV2::quoteExactInputCall { path: path(hops, false), amountIn: raw })
        };
        let quotes =
            read::read_all(ask.network, ask.view, &paths.iter().map(quote).collect::<Vec<_>>()).await?;
        let quoted = paths.into_iter().zip(quotes).filter_map(|(hops, quote)| Some((hops, quote?)));
        let quoted = quoted.filter(|(_, quote)| complete(&quote.sqrtPriceX96AfterList));
        quoted.map(|(hops, quote)| Route { hops, amount_in: raw, amount_out: quote.amountOut }).collect()
    };
    let routes = routes.into_iter().filter(|route| !route.amount_in.is_zero() && !route.amount_out.is_zero());
    Ok(if buys {
        routes.min_by_key(|route| route.amount_in)
    } else {
        routes.max_by_key(|route| route.amount_out)
    })
}

/// What `amount` of `from` is worth in `to` at a pool's price, without fee and impact.
fn at_price(amount: U512, sqrt_price: U160, from: Address, to: Address) -> Option<U512> {
    let square = U512::from(sqrt_price).checked_mul(U512::from(sqrt_price))?;
    let one = U512::from(1).checked_shl(192)?;
    // The price is token 1 per token 0, and token 0 has the lower address.
    if from < to {
        amount.checked_mul(square)?.checked_div(one)
    } else {
        amount.checked_mul(one)?.checked_div(square)
    }
}

/// How much worse than the pools' prices the route is, apart from their fees, basis points rounded down.
pub(crate) async fn impact_bps(ask: &Ask<'_>, route: &Route) -> Result<u32, Refusal> {
    let calls: Vec<_> = route.hops.iter().map(|hop| (hop.pool, IUniswapV3Pool::slot0Call {})).collect();
    let slots = read::read_all(ask.network, ask.view, &calls).await?;
    let mut ideal = Some(U512::from(route.amount_in));
    for (hop, slot) in route.hops.iter().zip(slots) {
        ideal = ideal.zip(slot).and_then(|(amount, slot)| {
            let kept = U512::from(FEE_ONE.saturating_sub(u64::from(hop.fee)));
            let after_fee = amount.checked_mul(kept)?.checked_div(U512::from(FEE_ONE))?;
            at_price(after_fee, slot.sqrtPriceX96, hop.from, hop.to)
        });
    }
    let lost = ideal.and_then(|ideal| {
        let lost = ideal.saturating_sub(U512::from(route.amount_out)).checked_mul(U512::from(10_000))?;
        u32::try_from(lost.checked_div(ideal)?).ok()
    });
    Ok(lost.unwrap_or(10_000))
}

/// `uniswap v3 USDC/WETH 0.05%` for each hop.
pub(crate) fn words(network: &NetworkInfo, hops: &[Hop]) -> Vec<String> {
    let symbol =
        |token: Address| network.token(token).map_or_else(|| token.to_string(), |asset| tame(&asset.symbol));
    let hop = |hop: &Hop| {
        format!("uniswap v3 {}/{} {}%", symbol(hop.from), symbol(hop.to), decimal(U256::from(hop.fee), 4))
    };
    hops.iter().map(hop).collect()
}

/// What one whole unit of each token is worth in another, at the price of the pool of the two with the most liquidity,
/// smallest units. `pairs`: token, its one whole unit, the other token.
pub(crate) async fn pool_prices(
    network: &NetworkInfo,
    view: &dyn View,
    pairs: &[(Address, U256, Address)],
) -> Result<Vec<Option<U256>>, Refusal> {
    let ends: Vec<_> = pairs.iter().map(|(token, _, other)| (*token, *other)).collect();
    let pools = pools(network, view, &ends).await?;
    let slot0: Vec<_> = pools.iter().map(|hop| (hop.pool, IUniswapV3Pool::slot0Call {})).collect();
    let depth: Vec<_> = pools.iter().map(|hop| (hop.pool, IUniswapV3Pool::liquidityCall {})).collect();
    let (slot0, depth) =
        (read::read_all(network, view, &slot0).await?, read::read_all(network, view, &depth).await?);
    let known: Vec<_> = pools
        .iter()
        .zip(slot0.into_iter().zip(depth))
        .filter_map(|(hop, (slot, depth))| Some((hop, slot?.sqrtPriceX96, depth.filter(|depth| *depth > 0)?)))
        .collect();
    let price = |(token, unit, other): &(Address, U256, Address)| {
        let own = known.iter().filter(|(hop, ..)| hop.from == *token && hop.to == *other);
        let (_, sqrt_price, _) = own.max_by_key(|(.., depth)| *depth)?;
        U256::uint_try_from(at_price(U512::from(*unit), *sqrt_price, *token, *other)?).ok()
    };
    Ok(pairs.iter().map(price).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    fn hop(from: u8, to: u8, fee: u16) -> Hop {
        Hop { from: Address::repeat_byte(from), to: Address::repeat_byte(to), fee, pool: Address::ZERO }
    }

    #[test]
    fn paths_are_packed_and_turned_round() {
        let hops = [hop(1, 2, 500), hop(2, 3, 3_000)];
        let there = path(&hops, false);
        assert_eq!(there.len(), 20 + 3 + 20 + 3 + 20);
        assert_eq!(there[20..23], [0, 0x01, 0xf4]);
        let back = path(&[hop(3, 2, 3_000), hop(2, 1, 500)], false);
        assert_eq!(path(&hops, true), back);
    }

    #[test]
    fn the_price_bounds_are_those_of_tick_math() {
        let max = "1461446703485210103287273052203988822378723970341";
        assert_eq!(SQRT_PRICE_MAX, U160::from_str(max).unwrap());
        assert_eq!(SQRT_PRICE_MIN, U160::from(4_295_128_740_u64));
    }

    #[test]
    fn prices_go_both_ways() {
        // sqrt(4) in Q96: one token 0 is four token 1.
        let sqrt_price = U160::from(2_u8) << 96;
        let (low, high) = (Address::repeat_byte(1), Address::repeat_byte(2));
        assert_eq!(at_price(U512::from(100), sqrt_price, low, high), Some(U512::from(400)));
        assert_eq!(at_price(U512::from(100), sqrt_price, high, low), Some(U512::from(25)));
        assert_eq!(at_price(U512::from(100), U160::ZERO, high, low), None);
    }
}
