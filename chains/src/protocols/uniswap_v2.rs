//! Uniswap V2 through its Router02: a direct path, or one over WETH or USDC.

use agent_core::{CompiledStep, Refusal, Side};
use alloy_primitives::{Address, U256, U512};
use alloy_sol_types::sol;

use crate::ask::Ask;
use crate::protocols::uniswap::{Limits, Offer, Trade, Venue, after_fee, better};
use crate::protocols::uniswap_route::middles;
use crate::read;

sol! {
    /// <https://docs.uniswap.org/contracts/v2/reference/smart-contracts/router-02>
    #[derive(Debug)]
    interface IUniswapV2Router02 {
        function getAmountsOut(uint256 amountIn, address[] path) external view returns (uint256[] amounts);
        function getAmountsIn(uint256 amountOut, address[] path) external view returns (uint256[] amounts);
        function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline) external;
        function swapTokensForExactTokens(uint256 amountOut, uint256 amountInMax, address[] path, address to, uint256 deadline) external;
        function swapExactETHForTokens(uint256 amountOutMin, address[] path, address to, uint256 deadline) external payable;
        function swapETHForExactTokens(uint256 amountOut, address[] path, address to, uint256 deadline) external payable;
        function swapExactTokensForETH(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline) external;
        function swapTokensForExactETH(uint256 amountOut, uint256 amountInMax, address[] path, address to, uint256 deadline) external;
    }

    #[derive(Debug)]
    interface IUniswapV2Factory {
        function getPair(address tokenA, address tokenB) external view returns (address pair);
    }

    #[derive(Debug)]
    interface IUniswapV2Pair {
        function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast);
    }
}

/// Every pair takes 0.3 %, in millionths.
const FEE_PIPS: u32 = 3_000;

/// The best path by the router's own reading of the reserves.
pub(crate) async fn best(ask: &Ask<'_>, trade: &Trade<'_>) -> Result<Option<Offer>, Refusal> {
    let Some(router) = ask.network.role("uniswap.v2_router02") else { return Ok(None) };
    let (from, to) = (trade.from, trade.to);
    let over = middles(ask.network, from, to).into_iter().map(|middle| vec![from, middle, to]);
    let paths: Vec<Vec<Address>> = std::iter::once(vec![from, to]).chain(over).collect();
    let amounts: Vec<Option<Vec<U256>>> = match trade.side {
        Side::Sell => {
            let call = |path: &Vec<Address>| {
                (router, IUniswapV2Router02::getAmountsOutCall { amountIn: ask.raw, path: path.clone() })
            };
            read::read_all(ask.network, ask.view, &paths.iter().map(call).collect::<Vec<_>>()).await?
        }
        Side::Buy => {
            let call = |path: &Vec<Address>| {
                (router, IUniswapV2Router02::getAmountsInCall { amountOut: ask.raw, path: path.clone() })
            };
            read::read_all(ask.network, ask.view, &paths.iter().map(call).collect::<Vec<_>>()).await?
        }
    };
    let offers = paths.into_iter().zip(amounts).filter_map(|(path, amounts)| {
        let amounts = amounts?;
        let (amount_in, amount_out) = (*amounts.first()?, *amounts.last()?);
        Some(Offer { amount_in, amount_out, venue: Venue::V2(path) })
    });
    Ok(better(offers, trade.side))
}

/// The router takes the native coin as value and gives it back unwrapped; what an exact output leaves of it comes back
/// by itself.
pub(crate) async fn compile(
    ask: &Ask<'_>,
    trade: &Trade<'_>,
    path: &[Address],
    limits: Limits,
) -> Result<CompiledStep, Refusal> {
    use IUniswapV2Router02 as Router;
    let router = ask.role("uniswap.v2_router02")?;
    let Limits { most_in, least_out } = limits;
    let (path, to, deadline) = (path.to_vec(), ask.account, U256::from(ask.deadline()));
    let none = U256::ZERO;
    let act = match (trade.side, trade.sell.is_native(), trade.buy.is_native()) {
        (Side::Sell, true, _) => {
            let call = Router::swapExactETHForTokensCall { amountOutMin: least_out, path, to, deadline };
            ask.act(router, most_in, &call)?
        }
        (Side::Buy, true, _) => {
            let call = Router::swapETHForExactTokensCall { amountOut: least_out, path, to, deadline };
            ask.act(router, most_in, &call)?
        }
        (Side::Sell, false, true) => ask.act(
            router,
            none,
            &Router::swapExactTokensForETHCall {
                amountIn: most_in,
                amountOutMin: least_out,
                path,
                to,
                deadline,
            },
        )?,
        (Side::Buy, false, true) => ask.act(
            router,
            none,
            &Router::swapTokensForExactETHCall {
                amountOut: least_out,
                amountInMax: most_in,
                path,
                to,
                deadline,
            },
        )?,
        (Side::Sell, false, false) => ask.act(
            router,
            none,
            &Router::swapExactTokensForTokensCall {
                amountIn: most_in,
                amountOutMin: least_out,
                path,
                to,
                deadline,
            },
        )?,
        (Side::Buy, false, false) => ask.act(
            router,
            none,
            &Router::swapTokensForExactTokensCall {
                amountOut: least_out,
                amountInMax: most_in,
                path,
                to,
                deadline,
            },
        )?,
    };
    let mut step = ask.compiled(act, Some("uniswap"), vec![trade.sell.clone(), trade.buy.clone()]);
    if !trade.sell.is_native() {
        ask.allow(trade.from, router, most_in).await?.around(&mut step, trade.side == Side::Buy);
    }
    Ok(step)
}

/// What the path gives at the pairs' prices, without their impact.
pub(crate) async fn ideal(ask: &Ask<'_>, path: &[Address], amount_in: U256) -> Result<Option<U512>, Refusal> {
    let factory = ask.role("uniswap.v2_factory")?;
    let hops: Vec<(Address, Address)> = path.iter().copied().zip(path.iter().skip(1).copied()).collect();
    let pair = |(from, to): &(Address, Address)| {
        (factory, IUniswapV2Factory::getPairCall { tokenA: *from, tokenB: *to })
    };
    let pairs = read::read_all(ask.network, ask.view, &hops.iter().map(pair).collect::<Vec<_>>()).await?;
    let reserves: Vec<_> =
        pairs.iter().map(|pair| (pair.unwrap_or_default(), IUniswapV2Pair::getReservesCall {})).collect();
    let reserves = read::read_all(ask.network, ask.view, &reserves).await?;
    let mut ideal = Some(U512::from(amount_in));
    for ((from, to), reserves) in hops.into_iter().zip(reserves) {
        ideal = ideal.zip(reserves).and_then(|(amount, reserves)| {
            let (low, high) = (U512::from(reserves.reserve0), U512::from(reserves.reserve1));
            // Token 0 has the lower address.
            let (own, other) = if from < to { (low, high) } else { (high, low) };
            after_fee(amount, FEE_PIPS)?.checked_mul(other)?.checked_div(own)
        });
    }
    Ok(ideal)
}
