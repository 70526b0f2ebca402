//! Uniswap V2: factory, router, and pairs at the prices of `Prices`.

use alloy_primitives::Address;
use alloy_sol_types::{SolValue, sol};

use super::tokens;
use crate::{
    error::DevnetError,
    evm::{Evm, admin},
    prices::Prices,
    world::{ARBITRUM, BASE, ETHEREUM, OPTIMISM},
};

sol! {
    function createPair(address tokenA, address tokenB) returns (address pair);
    function mint(address to) returns (uint256 liquidity);
}

/// A pair's tokens, its chains, and how many dollars of each token it holds.
type Pair = ([&'static str; 2], &'static [u64], u64);

const PAIRS: [Pair; 3] = [
    (["weth", "usdc"], &[ETHEREUM, BASE, ARBITRUM, OPTIMISM], 20_000_000),
    (["dai", "weth"], &[ETHEREUM], 10_000_000),
    (["uni", "weth"], &[ETHEREUM], 2_000_000),
];

pub(super) fn deploy(evm: &mut Evm<'_>, prices: &Prices) -> Result<(), DevnetError> {
    let fees_to_nobody = Address::ZERO.abi_encode();
    let factory = evm.deploy_role("uniswap.v2_factory", "UniswapV2Factory", fees_to_nobody)?;
    let arguments = (factory, evm.at("weth")?).abi_encode_params();
    evm.deploy_role("uniswap.v2_router02", "UniswapV2Router02", arguments)?;
    let here = evm.chain_id;
    for (roles, _, dollars) in PAIRS.iter().filter(|(_, chains, _)| chains.contains(&here)) {
        let [a, b] = *roles;
        let create = createPairCall { tokenA: evm.at(a)?, tokenB: evm.at(b)? };
        let pair = evm.send(admin(), factory, create)?;
        for role in roles {
            tokens::give(evm, role, pair, prices.worth(role, *dollars)?)?;
        }
        evm.send(admin(), pair, mintCall { to: admin() })?;
        evm.set_role(&format!("uniswap.v2_pair.{a}_{b}"), pair);
    }
    Ok(())
}
