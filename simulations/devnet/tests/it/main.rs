//! The demo world as its users meet it: in-process, as two nodes, and through its supervisor.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod aave;
mod artifacts;
mod chains;
mod contracts;
mod governance;
mod in_process;
mod machine;
mod supervisor;
mod uniswap;

use std::path::PathBuf;

/// The program's own cache: the tests fetch nothing that it has.
fn cache_dir() -> PathBuf {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(PathBuf::from);
    of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache"))).unwrap().join("steward")
}

alloy_sol_types::sol! {
    #[derive(Debug)]
    struct QuoteParams { address tokenIn; address tokenOut; uint256 amountIn; uint24 fee; uint160 sqrtPriceLimitX96; }
    function quoteExactInputSingle(QuoteParams params)
        returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 ticksCrossed, uint256 gasEstimate);
    #[derive(Debug)]
    struct SwapParams {
        address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 amountIn; uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }
    function exactInputSingle(SwapParams params) returns (uint256 amountOut);
    function approve(address spender, uint256 value) returns (bool);
    function transfer(address to, uint256 value) returns (bool);
    function balanceOf(address account) returns (uint256);
    function slot0() returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8, bool);
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode);
    function borrow(address asset, uint256 amount, uint256 rateMode, uint16 referralCode, address onBehalfOf);
    function getAssetPrice(address asset) returns (uint256);
    function symbol() returns (string);
    function depositV3Now(
        address depositor, address recipient, address inputToken, address outputToken, uint256 inputAmount,
        uint256 outputAmount, uint256 destinationChainId, address exclusiveRelayer, uint32 fillDeadlineOffset,
        uint32 exclusivityPeriod, bytes message
    ) payable;
}
