//! One file a protocol: its interface, and how a step becomes calls of it.

pub(crate) mod aave_v3;
pub(crate) mod across;
pub(crate) mod erc20;
pub(crate) mod uniswap_route;
pub(crate) mod uniswap_v3;
pub(crate) mod weth;
