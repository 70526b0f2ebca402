//! Uniswap V3 through SwapRouter02: exact input and exact output, with a least out (a most in) and a deadline.

use agent_core::asset::mul_div_up;
use agent_core::{Asset, CompiledStep, Quote, Refusal, Side};
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, sol};

use crate::ask::Ask;
use crate::protocols::uniswap_route::{self, Route};

sol! {
    #[derive(Debug)]
    interface ISwapRouter02 {
        struct ExactInputParams { bytes path; address recipient; uint256 amountIn; uint256 amountOutMinimum; }
        struct ExactOutputParams { bytes path; address recipient; uint256 amountOut; uint256 amountInMaximum; }
        function exactInput(ExactInputParams params) external payable returns (uint256 amountOut);
        function exactOutput(ExactOutputParams params) external payable returns (uint256 amountIn);
        function unwrapWETH9(uint256 amountMinimum, address recipient) external payable;
        function refundETH() external payable;
        function multicall(uint256 deadline, bytes[] data) external payable returns (bytes[] results);
    }
}

/// The router's own word for itself (`Constants.ADDRESS_THIS`): it holds WETH until it unwraps it.
pub(crate) const ROUTER_ITSELF: Address = address!("0000000000000000000000000000000000000002");
const WHOLE_BPS: u32 = 10_000;

/// What may be sold at most and what must arrive at least.
struct Limits {
    most_in: U256,
    least_out: U256,
}

fn limits(route: &Route, side: Side, slippage_bps: u32) -> Option<Limits> {
    let one = U256::from(WHOLE_BPS);
    Some(match side {
        Side::Sell => {
            let kept = U256::from(WHOLE_BPS.checked_sub(slippage_bps)?);
            let least_out = route.amount_out.checked_mul(kept)?.checked_div(one)?;
            Limits { most_in: route.amount_in, least_out }
        }
        Side::Buy => {
            let more = U256::from(WHOLE_BPS.checked_add(slippage_bps)?);
            Limits { most_in: mul_div_up(route.amount_in, more, one)?, least_out: route.amount_out }
        }
    })
}

pub(crate) async fn swap(
    ask: &Ask<'_>,
    sell: &Asset,
    buy: &Asset,
    side: Side,
    slippage_bps: u32,
) -> Result<CompiledStep, Refusal> {
    let (router, weth) = (ask.role("uniswap.swap_router02")?, ask.role("weth")?);
    let (from, to) = (sell.token().unwrap_or(weth), buy.token().unwrap_or(weth));
    let none = || {
        ask.not_possible(
            "world.no_liquidity",
            &format!("no Uniswap pool gives {} for this much {}", buy.symbol, sell.symbol),
        )
    };
    if from == to {
        return Err(none());
    }
    if side == Side::Sell {
        ask.must_hold(&sell.amount(ask.raw)).await?;
    }
    let route = uniswap_route::best(ask, from, to, side == Side::Buy).await?.ok_or_else(none)?;
    let Limits { most_in, least_out } = limits(&route, side, slippage_bps).ok_or_else(|| {
        ask.not_possible(
            "world.no_liquidity",
            &format!("a slippage of {slippage_bps} basis points is no limit"),
        )
    })?;
    ask.must_hold(&sell.amount(most_in)).await?;
    let call = ISwapRouter02::multicallCall {
        deadline: U256::from(ask.deadline()),
        data: parts(ask, &route, side, (sell.is_native(), buy.is_native()), &Limits { most_in, least_out }),
    };
    let value = if sell.is_native() { most_in } else { U256::ZERO };
    let act = ask.act(router, value, &call)?;
    let mut step = ask.compiled(act, Some("uniswap"), vec![sell.clone(), buy.clone()]);
    if !sell.is_native() {
        ask.allow(from, router, most_in).await?.around(&mut step, side == Side::Buy);
    }
    step.spends = Some(sell.amount(most_in));
    step.yields = Some(buy.amount(least_out));
    step.quote = Some(Quote {
        expected_out: buy.amount(route.amount_out),
        min_out: buy.amount(least_out),
        route: uniswap_route::words(ask.network, &route.hops),
        impact_bps: uniswap_route::impact_bps(ask, &route).await?,
        expires_at: ask.deadline(),
    });
    Ok(step)
}

/// The calls inside the router's multicall.
fn parts(ask: &Ask<'_>, route: &Route, side: Side, native: (bool, bool), limits: &Limits) -> Vec<Bytes> {
    let (sells_native, buys_native) = native;
    let recipient = if buys_native { ROUTER_ITSELF } else { ask.account };
    let path = uniswap_route::path(&route.hops, side == Side::Buy);
    let Limits { most_in, least_out } = *limits;
    let mut parts = vec![match side {
        Side::Sell => {
            let params = ISwapRouter02::ExactInputParams {
                path,
                recipient,
                amountIn: most_in,
                amountOutMinimum: least_out,
            };
            ISwapRouter02::exactInputCall { params }.abi_encode()
        }
        Side::Buy => {
            let params = ISwapRouter02::ExactOutputParams {
                path,
                recipient,
                amountOut: least_out,
                amountInMaximum: most_in,
            };
            ISwapRouter02::exactOutputCall { params }.abi_encode()
        }
    }];
    if buys_native {
        parts.push(
            ISwapRouter02::unwrapWETH9Call { amountMinimum: least_out, recipient: ask.account }.abi_encode(),
        );
    }
    // An exact output leaves the rest of the coins with the router, where anybody could take them.
    if sells_native && side == Side::Buy {
        parts.push(ISwapRouter02::refundETHCall {}.abi_encode());
    }
    parts.into_iter().map(Bytes::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route() -> Route {
        Route { hops: Vec::new(), amount_in: U256::from(1_000_001), amount_out: U256::from(999_999) }
    }

    #[test]
    fn limits_are_rounded_against_nobody_but_the_pool() {
        let sell = limits(&route(), Side::Sell, 50).unwrap();
        assert_eq!((sell.most_in, sell.least_out), (U256::from(1_000_001), U256::from(994_999)));
        let buy = limits(&route(), Side::Buy, 50).unwrap();
        assert_eq!((buy.most_in, buy.least_out), (U256::from(1_005_002), U256::from(999_999)));
        assert!(limits(&route(), Side::Sell, 10_001).is_none());
    }
}
