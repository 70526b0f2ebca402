//! WETH9, and Aave's mintable ERC-20 in the place of USDC and DAI.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue, sol};

use super::units;
use crate::{
    error::DevnetError,
    evm::{Evm, admin},
    places::Places,
};

sol! {
    function mint(address account, uint256 value) returns (bool);
    function approve(address spender, uint256 value) returns (bool);
    function transfer(address to, uint256 value) returns (bool);
    function deposit() payable;
}

pub(super) fn deploy(evm: &mut Evm<'_>, places: &Places) -> Result<(), DevnetError> {
    evm.deploy(places.weth, "WETH9", Vec::new())?;
    for (address, name, symbol, decimals) in
        [(places.usdc, "USD Coin", "USDC", 6_u64), (places.dai, "Dai Stablecoin", "DAI", 18)]
    {
        evm.deploy(address, "MintableERC20", (name, symbol, U256::from(decimals)).abi_encode_params())?;
    }
    Ok(())
}

/// New USDC or DAI.
pub(super) fn mint(evm: &mut Evm<'_>, token: Address, to: Address, value: U256) -> Result<(), DevnetError> {
    evm.send(admin(), token, mintCall { account: to, value }).map(|_| ())
}

/// New ether, wrapped.
pub(super) fn wrap(evm: &mut Evm<'_>, weth: Address, to: Address, value: U256) -> Result<(), DevnetError> {
    evm.credit(admin(), value);
    evm.call(admin(), weth, value, depositCall {}.abi_encode().into(), "deposit")?;
    evm.send(admin(), weth, transferCall { to, value }).map(|_| ())
}

/// Without a bound: only the world's own accounts do this, never the wallet.
pub(super) fn approve(
    evm: &mut Evm<'_>,
    token: Address,
    owner: Address,
    spender: Address,
) -> Result<(), DevnetError> {
    evm.send(owner, token, approveCall { spender, value: U256::MAX }).map(|_| ())
}

/// What the demo wallet starts with on each chain.
pub(super) fn fund_wallet(evm: &mut Evm<'_>, places: &Places, wallet: Address) -> Result<(), DevnetError> {
    evm.credit(wallet, units(100, 18));
    wrap(evm, places.weth, wallet, units(5, 18))?;
    mint(evm, places.usdc, wallet, units(20_000, 6))?;
    mint(evm, places.dai, wallet, units(10_000, 18))
}
