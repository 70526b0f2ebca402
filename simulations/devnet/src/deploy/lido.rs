//! stETH and wstETH on Ethereum: no package carries Lido's bytecode, so they are small contracts of our own.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue, sol};

use super::units;
use crate::{
    error::DevnetError,
    evm::{Evm, admin},
};

sol! {
    function submit(address referral) payable returns (uint256 shares);
    function receiveELRewards() payable;
    function transferShares(address to, uint256 shares) returns (uint256 value);
    function transfer(address to, uint256 value) returns (bool);
    function getPooledEthByShares(uint256 shares) returns (uint256 value);
}

/// Others have staked this much ether and earned a fifth of it: a share, and so a wstETH, is worth 1.2 ETH.
const STAKED: u64 = 10_000;
const EARNED: u64 = 2_000;

/// stETH: its balances grow when ether is sent to it as a reward.
pub(super) fn staked_ether(evm: &mut Evm<'_>) -> Result<Address, DevnetError> {
    let steth = evm.deploy_role("steth", "DemoStakedEther", Vec::new())?;
    pay(evm, steth, units(STAKED, 18), submitCall { referral: Address::ZERO }.abi_encode())?;
    pay(evm, steth, units(EARNED, 18), receiveELRewardsCall {}.abi_encode())?;
    Ok(steth)
}

/// wstETH: a share of stETH as a token.
pub(super) fn wrapped_staked_ether(evm: &mut Evm<'_>) -> Result<Address, DevnetError> {
    let steth = evm.at("steth")?;
    evm.deploy_role("wsteth", "DemoWrappedStakedEther", steth.abi_encode())
}

/// New ether, staked for `to`: its balance is `value` stETH more, but for a wei of rounding.
pub(super) fn stake(evm: &mut Evm<'_>, to: Address, value: U256) -> Result<(), DevnetError> {
    let steth = evm.at("steth")?;
    let shares = pay(evm, steth, value, submitCall { referral: Address::ZERO }.abi_encode())?;
    let shares = U256::try_from_be_slice(&shares).unwrap_or_default();
    evm.send(admin(), steth, transferSharesCall { to, shares }).map(|_| ())
}

/// New ether, staked and wrapped: `value` wstETH for `to`.
pub(super) fn stake_wrapped(evm: &mut Evm<'_>, to: Address, value: U256) -> Result<(), DevnetError> {
    let (steth, wsteth) = (evm.at("steth")?, evm.at("wsteth")?);
    let ether = evm.send(admin(), steth, getPooledEthBySharesCall { shares: value })?;
    // Two wei more, so that rounding leaves at least `value`.
    pay(evm, wsteth, ether.saturating_add(U256::from(2)), Vec::new())?;
    evm.send(admin(), wsteth, transferCall { to, value }).map(|_| ())
}

/// Sends new ether from the admin.
fn pay(evm: &mut Evm<'_>, to: Address, ether: U256, data: Vec<u8>) -> Result<Bytes, DevnetError> {
    evm.credit(admin(), ether);
    evm.call(admin(), to, ether, data.into(), "staking")
}
