//! Uniswap V3: which pools there are, the best single path over them, and prices without fees.

use agent_core::ports::View;
use agent_core::{NetworkInfo, Refusal, Side};
use alloy_primitives::aliases::{U24, U160};
use alloy_primitives::{Address, Bytes, U256, U512};
use alloy_sol_types::sol;

use crate::ask::Ask;
use crate::protocols::uniswap::{Offer, Trade, Venue, after_fee, better};
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
pub(crate) const FEES: [u16; 4] = [100, 500, 3_000, 10_000];
/// `TickMath.MIN_SQRT_RATIO + 1` and `MAX_SQRT_RATIO - 1`: a swap that ends there did not find enough.
const SQRT_PRICE_MIN: U160 = U160::from_limbs([4_295_128_740, 0, 0]);
const SQRT_PRICE_MAX: U160 =
    U160::from_limbs([6_743_328_256_752_651_557, 17_280_870_778_742_802_505, 4_294_805_859]);

/// Pools that one path may lead through.
const HOPS_MAX: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// Millionths.
    pub(crate) fee: u16,
    pub(crate) pool: Address,
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

/// Tokens that a path may lead over.
pub(crate) fn middles(network: &NetworkInfo, from: Address, to: Address) -> Vec<Address> {
    let middles = ["weth", "usdc"].into_iter().filter_map(|role| network.role(role));
    middles.filter(|middle| *middle != from && *middle != to).collect()
}

/// Direct paths and paths of two hops over WETH or USDC; where there is none of them, paths of three hops over both.
async fn paths(
    network: &NetworkInfo,
    view: &dyn View,
    from: Address,
    to: Address,
) -> Result<Vec<Vec<Hop>>, Refusal> {
    let middles = middles(network, from, to);
    let mut pairs = vec![(from, to)];
    pairs.extend(middles.iter().flat_map(|middle| [(from, *middle), (*middle, to)]));
    if let [one, other] = middles.as_slice() {
        pairs.extend([(*one, *other), (*other, *one)]);
    }
    let pools = pools(network, view, &pairs).await?;
    let mut open: Vec<Vec<Hop>> =
        pools.iter().filter(|hop| hop.from == from).map(|hop| vec![hop.clone()]).collect();
    let mut whole: Vec<Vec<Hop>> = Vec::new();
    for hops in 1..=HOPS_MAX {
        let (arrived, on_the_way): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|path| path.last().is_some_and(|hop| hop.to == to));
        whole.extend(arrived);
        if hops == HOPS_MAX || hops > 1 && !whole.is_empty() {
            break;
        }
        let further = |path: Vec<Hop>| {
            let at = path.last().map(|hop| hop.to);
            let next = pools.iter().filter(move |hop| Some(hop.from) == at);
            let fresh = next.filter(|hop| path.iter().all(|before| before.from != hop.to)).cloned();
            fresh.map(|hop| path.iter().cloned().chain([hop]).collect()).collect::<Vec<Vec<Hop>>>()
        };
        open = on_the_way.into_iter().flat_map(further).collect();
    }
    Ok(whole)
}

/// The path that gives the most for what is sold, or takes the least for what is bought, each quoted by QuoterV2.
pub(crate) async fn best(ask: &Ask<'_>, trade: &Trade<'_>) -> Result<Option<Offer>, Refusal> {
    let (quoter, raw) = (ask.role("uniswap.quoter_v2")?, ask.raw);
    let paths = paths(ask.network, ask.view, trade.from, trade.to).await?;
    let complete =
        |after: &[U160]| after.iter().all(|price| *price > SQRT_PRICE_MIN && *price < SQRT_PRICE_MAX);
    let amounts: Vec<Option<(U256, U256)>> = match trade.side {
        Side::Sell => {
            let quote = |hops: &Vec<Hop>| {
                (quoter, IQuoterV2::quoteExactInputCall { path: path(hops, false), amountIn: raw })
            };
            let quotes = paths.iter().map(quote).collect::<Vec<_>>();
            let quotes = read::read_all(ask.network, ask.view, &quotes).await?.into_iter();
            let whole = quotes.map(|quote| quote.filter(|quote| complete(&quote.sqrtPriceX96AfterList)));
            whole.map(|quote| Some((raw, quote?.amountOut))).collect()
        }
        Side::Buy => {
            let quote = |hops: &Vec<Hop>| {
                (quoter, IQuoterV2::quoteExactOutputCall { path: path(hops, true), amountOut: raw })
            };
            let quotes = paths.iter().map(quote).collect::<Vec<_>>();
            let quotes = read::read_all(ask.network, ask.view, &quotes).await?.into_iter();
            let whole = quotes.map(|quote| quote.filter(|quote| complete(&quote.sqrtPriceX96AfterList)));
            whole.map(|quote| Some((quote?.amountIn, raw))).collect()
        }
    };
    let offers = paths.into_iter().zip(amounts).filter_map(|(hops, amounts)| {
        let (amount_in, amount_out) = amounts?;
        Some(Offer { amount_in, amount_out, venue: Venue::V3(hops) })
    });
    Ok(better(offers, trade.side))
}

/// What `amount` of `from` is worth in `to` at a pool's price, without fee and impact.
pub(crate) fn at_price(amount: U512, sqrt_price: U160, from: Address, to: Address) -> Option<U512> {
    let square = U512::from(sqrt_price).checked_mul(U512::from(sqrt_price))?;
    let one = U512::from(1).checked_shl(192)?;
    // The price is token 1 per token 0, and token 0 has the lower address.
    if from < to {
        amount.checked_mul(square)?.checked_div(one)
    } else {
        amount.checked_mul(one)?.checked_div(square)
    }
}

/// What the path gives at the pools' prices, without their impact.
pub(crate) async fn ideal(ask: &Ask<'_>, hops: &[Hop], amount_in: U256) -> Result<Option<U512>, Refusal> {
    let calls: Vec<_> = hops.iter().map(|hop| (hop.pool, IUniswapV3Pool::slot0Call {})).collect();
    let slots = read::read_all(ask.network, ask.view, &calls).await?;
    let mut ideal = Some(U512::from(amount_in));
    for (hop, slot) in hops.iter().zip(slots) {
        ideal = ideal.zip(slot).and_then(|(amount, slot)| {
            at_price(after_fee(amount, u32::from(hop.fee))?, slot.sqrtPriceX96, hop.from, hop.to)
        });
    }
    Ok(ideal)
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
