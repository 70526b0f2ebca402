//! Uniswap V3 liquidity through the NonfungiblePositionManager: a new position between two ticks.

use agent_core::{Asset, CompiledStep, LiquidityRange, Refusal};
use alloy_primitives::aliases::{I24, U24};
use alloy_primitives::{Address, U256};

use crate::ask::Ask;
use crate::prices::pools::{Pool, PoolRead, PoolState};
use crate::protocols::uniswap_positions::IPositionManager;
use crate::protocols::uniswap_route::{FEES, IUniswapV3Factory};
use crate::range;
use crate::read::{self, Reads};

/// What is to be provided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deposit<'a> {
    pub(crate) asset: &'a Asset,
    pub(crate) other: &'a Asset,
    /// The most of the other asset, smallest units.
    pub(crate) other_max: Option<U256>,
    /// Millionths.
    pub(crate) fee_pips: Option<u32>,
    pub(crate) range: &'a LiquidityRange,
    pub(crate) slippage_bps: u32,
}

/// The deposit in the pool's order of tokens.
struct Sorted<'a> {
    pool: PoolState,
    assets: [&'a Asset; 2],
    /// Whether `asset` is token 0.
    first: bool,
    ticks: (i32, i32),
}

impl Sorted<'_> {
    /// Puts what belongs to `asset` and to `other` into the pool's order, and back.
    fn order<T>(&self, [of_asset, of_other]: [T; 2]) -> [T; 2] {
        if self.first { [of_asset, of_other] } else { [of_other, of_asset] }
    }
}

pub(crate) async fn add(ask: &Ask<'_>, deposit: Deposit<'_>) -> Result<CompiledStep, Refusal> {
    let manager = ask.role("uniswap.position_manager")?;
    let sorted = sorted(ask, &deposit).await?;
    let sqrt_price = U256::from(sorted.pool.sqrt_price);
    ask.fair_price(sqrt_price, sorted.pool.pool.tokens).await?;
    let wanted = sorted.order([Some(ask.raw), deposit.other_max]);
    let liquidity = range::liquidity(wanted, sqrt_price, sorted.ticks);
    let liquidity = liquidity.filter(|liquidity| !liquidity.is_zero() && u128::try_from(*liquidity).is_ok());
    let taken = liquidity.and_then(|liquidity| range::taken(liquidity, sqrt_price, sorted.ticks));
    let taken = taken.ok_or_else(|| nothing_taken(ask, &deposit))?;
    let least = least_taken(taken, sqrt_price, sorted.ticks, deposit.slippage_bps);
    let [least0, least1] = least.ok_or_else(|| nothing_taken(ask, &deposit))?;
    let [raw0, raw1] = taken;
    let [own, other] = sorted.order(taken);
    let amounts = [deposit.asset.amount(own), deposit.other.amount(other)];
    for amount in &amounts {
        ask.must_hold(amount).await?;
    }
    let [asset0, asset1] = sorted.assets;
    let (token0, token1) = (token(ask, asset0)?, token(ask, asset1)?);
    let tick = |tick: i32| I24::try_from(tick).unwrap_or_default();
    let params = IPositionManager::MintParams {
        token0,
        token1,
        fee: U24::saturating_from(sorted.pool.pool.fee),
        tickLower: tick(sorted.ticks.0),
        tickUpper: tick(sorted.ticks.1),
        amount0Desired: raw0,
        amount1Desired: raw1,
        amount0Min: least0,
        amount1Min: least1,
        recipient: ask.account,
        deadline: U256::from(ask.deadline()),
    };
    let act = ask.act(manager, U256::ZERO, &IPositionManager::mintCall { params })?;
    let assets = vec![deposit.asset.clone(), deposit.other.clone()];
    let mut step = ask.compiled(act, Some("uniswap"), assets);
    for (token, raw) in [(token0, raw0), (token1, raw1)] {
        // When the price moves, less of one side is taken.
        if !raw.is_zero() {
            ask.allow(token, manager, raw).await?.around(&mut step, true);
        }
    }
    step.spends = amounts.to_vec();
    Ok(step)
}

fn nothing_taken(ask: &Ask<'_>, deposit: &Deposit<'_>) -> Refusal {
    let why = format!(
        "a range there takes no {} at the pool's price, or this much of it makes no liquidity",
        deposit.asset.symbol
    );
    ask.not_possible("world.range", &why).help("choose another range, or name the other asset's amount")
}

fn token(ask: &Ask<'_>, asset: &Asset) -> Result<Address, Refusal> {
    asset.token().ok_or_else(|| {
        let why = format!("a pool holds tokens, and {} is none", asset.symbol);
        ask.not_possible("world.lacks", &why).help("wrap it first")
    })
}

/// The least that may be taken of each side, if the price moves by no more than the slippage: of token 0 after it rose,
/// of token 1 after it fell.
fn least_taken(
    taken: [U256; 2],
    sqrt_price: U256,
    ticks: (i32, i32),
    slippage_bps: u32,
) -> Option<[U256; 2]> {
    let (fallen, risen) = range::moved(sqrt_price, slippage_bps)?;
    let at = |sqrt_price: U256| {
        let liquidity = range::liquidity(taken.map(Some), sqrt_price, ticks)?;
        range::taken(liquidity, sqrt_price, ticks)
    };
    let ([least0, _], [_, least1]) = (at(risen)?, at(fallen)?);
    Some([least0, least1])
}

async fn sorted<'a>(ask: &Ask<'_>, deposit: &Deposit<'a>) -> Result<Sorted<'a>, Refusal> {
    let (own, other) = (token(ask, deposit.asset)?, token(ask, deposit.other)?);
    let (pool, spacing) = pool(ask, deposit, [own.min(other), own.max(other)]).await?;
    let first = own < other;
    let assets = if first { [deposit.asset, deposit.other] } else { [deposit.other, deposit.asset] };
    let sqrt_price = U256::from(pool.sqrt_price);
    let prices = prices(deposit.range, assets, first, sqrt_price);
    let ticks = match deposit.range {
        LiquidityRange::Full => range::full(spacing),
        LiquidityRange::Around(_) | LiquidityRange::Between { .. } => {
            prices.and_then(|(low, high)| range::ticks_around(low, high, spacing))
        }
    };
    let ticks = ticks.ok_or_else(|| {
        ask.not_possible("world.range", "there is no tick between these prices")
            .help("choose a low price that is below the high one")
    })?;
    Ok(Sorted { pool, assets, first, ticks })
}

/// The square roots of the prices at both ends, of token 1 per token 0. A share around the price is of the price of
/// `asset` in `other`, of which the first is token 0 if `first`.
fn prices(
    range: &LiquidityRange,
    [asset0, asset1]: [&Asset; 2],
    first: bool,
    sqrt_price: U256,
) -> Option<(U256, U256)> {
    let (one, two) = match range {
        LiquidityRange::Full => return None,
        LiquidityRange::Around(share) => {
            let (part, whole) = share.ratio()?;
            let (part, whole) = (U256::from(part), U256::from(whole));
            let (less, more) = (whole.checked_sub(part)?, whole.checked_add(part)?);
            let scaled = |of: U256| range::scaled(sqrt_price, if first { (of, whole) } else { (whole, of) });
            (scaled(less)?, scaled(more)?)
        }
        LiquidityRange::Between { low, high, quoted_in } => {
            let inverse = quoted_in.same(asset0);
            let decimals = match inverse {
                true => (asset0.decimals, asset1.decimals),
                false => (asset1.decimals, asset0.decimals),
            };
            let price = |price| range::sqrt_price_of(price, decimals, inverse);
            (price(low)?, price(high)?)
        }
    };
    Some((one.min(two), one.max(two)))
}

/// The pool that was said, or the one with the most liquidity at its price, and the ticks between two usable ones.
async fn pool(
    ask: &Ask<'_>,
    deposit: &Deposit<'_>,
    tokens: [Address; 2],
) -> Result<(PoolState, i32), Refusal> {
    let none = || {
        let fee = deposit.fee_pips.map(|pips| agent_core::asset::decimal(U256::from(pips), 4));
        let fee = fee.map_or_else(String::new, |percent| format!(" with a fee of {percent}%"));
        let pair = format!("{}/{}", deposit.asset.symbol, deposit.other.symbol);
        ask.not_possible("world.no_pool", &format!("there is no Uniswap pool of {pair}{fee}"))
    };
    let factory = ask.role("uniswap.factory")?;
    let fees = FEES.map(u32::from).into_iter().filter(|fee| deposit.fee_pips.is_none_or(|said| said == *fee));
    let [token0, token1] = tokens;
    let fees: Vec<u32> = fees.collect();
    let call = |fee: &u32| {
        (
            factory,
            IUniswapV3Factory::getPoolCall {
                tokenA: token0,
                tokenB: token1,
                fee: U24::saturating_from(*fee),
            },
        )
    };
    let found = read::read_all(ask.network, ask.view, &fees.iter().map(call).collect::<Vec<_>>()).await?;
    let mut reads = Reads::default();
    let pools = fees.into_iter().zip(found).filter_map(|(fee, address)| {
        let address = address.filter(|address| !address.is_zero())?;
        Some(PoolRead::ask(&mut reads, Pool { tokens, fee, address }))
    });
    let pools: Vec<PoolRead> = pools.collect();
    let answers = reads.run(ask.network, ask.view).await?;
    let states = pools.iter().filter_map(|pool| pool.state(&answers));
    let state = states.max_by_key(|state| state.liquidity).ok_or_else(none)?;
    Ok((state, tick_spacing(state.pool.fee)))
}

/// Ticks between two usable ones (UniswapV3Factory's fee amounts).
fn tick_spacing(fee_pips: u32) -> i32 {
    match fee_pips {
        100 => 1,
        500 => 10,
        3_000 => 60,
        _ => 200,
    }
}

#[cfg(test)]
mod tests {
    use agent_core::asset::mul_div;

    use super::*;
    use crate::ticks::sqrt_price_at;

    #[test]
    fn a_moved_price_takes_less_of_one_side_and_never_more_than_is_there() {
        let price = sqrt_price_at(0).unwrap();
        let whole = [U256::from(1_000_000_000), U256::from(1_000_000_000)];
        let least = least_taken(whole, price, (-600, 600), 50).unwrap();
        for (least, whole) in least.iter().zip(whole) {
            // Half a percent is 50 of 600 ticks on a side: the other side bounds the liquidity to 600 of 650, of which
            // 550 of 600 are left here.
            let kept = mul_div(*least, U256::from(650), whole).unwrap().to::<u64>();
            assert!((548..552).contains(&kept), "{kept}");
        }
        // Nothing moved, nothing lost but what is rounded.
        let still = least_taken(whole, price, (-600, 600), 0).unwrap();
        assert!(still.iter().zip(whole).all(|(least, whole)| whole.abs_diff(*least) < U256::from(50)));
    }
}
