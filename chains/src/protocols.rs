//! One file a protocol: its interface, and how a step becomes calls of it.

pub(crate) mod aave_liquidation;
pub(crate) mod aave_v3;
pub(crate) mod across;
pub(crate) mod erc20;
pub(crate) mod governor;
pub(crate) mod lido;
pub(crate) mod permit2;
pub(crate) mod uniswap;
pub(crate) mod uniswap_fair;
pub(crate) mod uniswap_liquidity;
pub(crate) mod uniswap_positions;
pub(crate) mod uniswap_route;
pub(crate) mod uniswap_v2;
pub(crate) mod uniswap_v3;
pub(crate) mod uniswap_v4;
pub(crate) mod weth;
