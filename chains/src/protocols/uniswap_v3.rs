//! Uniswap V3 through SwapRouter02: exact input and exact output, with a least out (a most in) and a deadline.

use agent_core::{CompiledStep, Refusal, Side};
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, sol};

use crate::ask::Ask;
use crate::protocols::uniswap::{Limits, Trade};
use crate::protocols::uniswap_route::{self, Hop};

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

pub(crate) async fn compile(
    ask: &Ask<'_>,
    trade: &Trade<'_>,
    hops: &[Hop],
    limits: Limits,
) -> Result<CompiledStep, Refusal> {
    let router = ask.role("uniswap.swap_router02")?;
    let deadline = U256::from(ask.deadline());
    let call = ISwapRouter02::multicallCall { deadline, data: parts(ask, trade, hops, limits) };
    let value = if trade.sell.is_native() { limits.most_in } else { U256::ZERO };
    let act = ask.act(router, value, &call)?;
    let mut step = ask.compiled(act, Some("uniswap"), vec![trade.sell.clone(), trade.buy.clone()]);
    if !trade.sell.is_native() {
        ask.allow(trade.from, router, limits.most_in).await?.around(&mut step, trade.side == Side::Buy);
    }
    Ok(step)
}

/// The calls inside the router's multicall.
fn parts(ask: &Ask<'_>, trade: &Trade<'_>, hops: &[Hop], limits: Limits) -> Vec<Bytes> {
    let recipient = if trade.buy.is_native() { ROUTER_ITSELF } else { ask.account };
    let path = uniswap_route::path(hops, trade.side == Side::Buy);
    let Limits { most_in, least_out } = limits;
    let mut parts = vec![match trade.side {
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
    if trade.buy.is_native() {
        parts.push(
            ISwapRouter02::unwrapWETH9Call { amountMinimum: least_out, recipient: ask.account }.abi_encode(),
        );
    }
    // An exact output leaves the rest of the coins with the router, where anybody could take them.
    if trade.sell.is_native() && trade.side == Side::Buy {
        parts.push(ISwapRouter02::refundETHCall {}.abi_encode());
    }
    parts.into_iter().map(Bytes::from).collect()
}
