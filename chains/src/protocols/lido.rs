//! Lido-like staking (<https://docs.lido.fi/contracts/lido>, <https://docs.lido.fi/contracts/wsteth>): ETH to stETH, and
//! stETH to wstETH and back. stETH counts in shares: what arrives may be a wei or two less than what was sent.

use agent_core::{Asset, CompiledStep, Refusal};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;

use crate::ask::Ask;

sol! {
    #[derive(Debug)]
    interface IStEth {
        function submit(address referral) external payable returns (uint256 shares);
    }

    #[derive(Debug)]
    interface IWstEth {
        function wrap(uint256 stEthAmount) external returns (uint256 wstEthAmount);
        function unwrap(uint256 wstEthAmount) external returns (uint256 stEthAmount);
        function getWstETHByStETH(uint256 stEthAmount) external view returns (uint256);
        function getStETHByWstETH(uint256 wstEthAmount) external view returns (uint256);
    }
}

/// Wei that rounding to shares may take.
const ROUNDING: U256 = U256::from_limbs([2, 0, 0, 0]);

pub(crate) async fn stake(ask: &Ask<'_>, from: &Asset, to: &Asset) -> Result<CompiledStep, Refusal> {
    let steth = ask.role("steth")?;
    if !from.is_native() || to.token() != Some(steth) {
        let why = format!("ETH is staked to stETH, not {} to {}", from.symbol, to.symbol);
        return Err(ask.not_possible("world.lacks", &why));
    }
    let amount = from.amount(ask.raw);
    ask.must_hold(&amount).await?;
    let act = ask.act(steth, ask.raw, &IStEth::submitCall { referral: Address::ZERO })?;
    let mut step = ask.compiled(act, Some("lido"), vec![from.clone(), to.clone()]);
    step.spends = vec![amount];
    step.yields = vec![to.amount(ask.raw.saturating_sub(ROUNDING))];
    Ok(step)
}

/// Wraps if `from` is stETH, else unwraps.
pub(crate) async fn exchange(ask: &Ask<'_>, from: &Asset, to: &Asset) -> Result<CompiledStep, Refusal> {
    let (steth, wsteth) = (ask.role("steth")?, ask.role("wsteth")?);
    let amount = from.amount(ask.raw);
    let assets = vec![from.clone(), to.clone()];
    ask.must_hold(&amount).await?;
    let (mut step, raw) = match (from.token(), to.token()) {
        (Some(given), Some(got)) if given == steth && got == wsteth => {
            let raw = ask.read(wsteth, &IWstEth::getWstETHByStETHCall { stEthAmount: ask.raw }).await?;
            let act = ask.act(wsteth, U256::ZERO, &IWstEth::wrapCall { stEthAmount: ask.raw })?;
            let mut step = ask.compiled(act, Some("lido"), assets);
            ask.allow(steth, wsteth, ask.raw).await?.around(&mut step, false);
            (step, raw)
        }
        (Some(given), Some(got)) if given == wsteth && got == steth => {
            let raw = ask.read(wsteth, &IWstEth::getStETHByWstETHCall { wstEthAmount: ask.raw }).await?;
            let act = ask.act(wsteth, U256::ZERO, &IWstEth::unwrapCall { wstEthAmount: ask.raw })?;
            (ask.compiled(act, Some("lido"), assets), raw)
        }
        (Some(_) | None, Some(_) | None) => {
            let why = format!("{} does not wrap {}", to.symbol, from.symbol);
            return Err(ask.not_possible("world.lacks", &why));
        }
    };
    step.spends = vec![amount];
    step.yields = vec![to.amount(raw.saturating_sub(ROUNDING))];
    Ok(step)
}
