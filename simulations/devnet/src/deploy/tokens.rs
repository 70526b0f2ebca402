//! The tokens' contracts, and who starts with how much of them.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue, sol};

use super::{lido, units};
use crate::{
    error::DevnetError,
    evm::{Evm, MADE_AT, admin},
    tokens::{Token, on, token},
    world::{ARBITRUM, BASE, ETHEREUM, OPTIMISM},
};

sol! {
    function mint(address account, uint256 value) returns (bool);
    function approve(address spender, uint256 value) returns (bool);
    function transfer(address to, uint256 value) returns (bool);
    function deposit() payable;
}

/// What the demo wallet starts with: chain, token, thousandths of a whole one.
const WALLET: [(u64, &str, u64); 21] = [
    (ETHEREUM, "weth", 5_000),
    (ETHEREUM, "usdc", 20_000_000),
    (ETHEREUM, "usdt", 5_000_000),
    (ETHEREUM, "dai", 10_000_000),
    (ETHEREUM, "wbtc", 500),
    (ETHEREUM, "link", 200_000),
    (ETHEREUM, "uni", 200_000),
    (ETHEREUM, "aave", 50_000),
    (BASE, "weth", 5_000),
    (BASE, "usdc", 20_000_000),
    (BASE, "dai", 10_000_000),
    (ARBITRUM, "weth", 2_000),
    (ARBITRUM, "usdc", 5_000_000),
    (ARBITRUM, "usdce", 500_000),
    (ARBITRUM, "usdt", 1_000_000),
    (ARBITRUM, "wbtc", 200),
    (ARBITRUM, "arb", 2_000_000),
    (OPTIMISM, "weth", 2_000),
    (OPTIMISM, "usdc", 5_000_000),
    (OPTIMISM, "usdce", 500_000),
    (OPTIMISM, "op", 2_000_000),
];

/// And in ether.
const WALLET_ETHER: [(u64, u64); 4] = [(ETHEREUM, 100), (BASE, 100), (ARBITRUM, 20), (OPTIMISM, 20)];

pub(super) fn deploy(evm: &mut Evm<'_>) -> Result<(), DevnetError> {
    for token in on(evm.chain_id) {
        match token.role {
            "weth" => evm.deploy_role(token.role, "WETH9", Vec::new())?,
            // The whole supply goes to the admin; no one mints more before the world begins.
            "uni" => evm.deploy_role(
                token.role,
                "Uni",
                (admin(), admin(), U256::from(MADE_AT)).abi_encode_params(),
            )?,
            "aave" | "arb" | "op" => {
                evm.deploy_role(token.role, "VotesToken", (token.name, token.symbol).abi_encode_params())?
            }
            "steth" => lido::staked_ether(evm)?,
            "wsteth" => lido::wrapped_staked_ether(evm)?,
            _ => mintable(evm, token)?,
        };
    }
    Ok(())
}

/// Aave's test token, which anyone may mint.
fn mintable(evm: &mut Evm<'_>, token: &Token) -> Result<Address, DevnetError> {
    let arguments = (token.name, token.symbol, U256::from(token.decimals)).abi_encode_params();
    evm.deploy_role(token.role, "MintableERC20", arguments)
}

/// Gives so many of the token's smallest units, new ones where the token is not UNI.
pub(super) fn give(evm: &mut Evm<'_>, role: &str, to: Address, value: U256) -> Result<(), DevnetError> {
    let token = evm.at(role)?;
    match role {
        "weth" => {
            evm.credit(admin(), value);
            evm.call(admin(), token, value, depositCall {}.abi_encode().into(), "deposit")?;
            evm.send(admin(), token, transferCall { to, value }).map(|_| ())
        }
        "steth" => lido::stake(evm, to, value),
        "wsteth" => lido::stake_wrapped(evm, to, value),
        "uni" => evm.send(admin(), token, transferCall { to, value }).map(|_| ()),
        _ => evm.send(admin(), token, mintCall { account: to, value }).map(|_| ()),
    }
}

/// Without a bound: only the world's own accounts do this, never the wallet.
pub(super) fn approve(
    evm: &mut Evm<'_>,
    role: &str,
    owner: Address,
    spender: Address,
) -> Result<(), DevnetError> {
    let token = evm.at(role)?;
    evm.send(owner, token, approveCall { spender, value: U256::MAX }).map(|_| ())
}

/// What the demo wallet starts with on this chain.
pub(super) fn fund_wallet(evm: &mut Evm<'_>, wallet: Address) -> Result<(), DevnetError> {
    let chain_id = evm.chain_id;
    for (_, ether) in WALLET_ETHER.iter().filter(|(chain, _)| *chain == chain_id) {
        evm.credit(wallet, units(*ether, 18));
    }
    for (_, role, thousandths) in WALLET.iter().filter(|(chain, ..)| *chain == chain_id) {
        let decimals = token(role).map_or(0, |token| u64::from(token.decimals));
        give(evm, role, wallet, units(*thousandths, decimals.saturating_sub(3)))?;
    }
    Ok(())
}
