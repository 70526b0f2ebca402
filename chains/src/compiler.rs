//! A typed step to calls: the dispatch over the protocols.

use std::sync::Arc;

use agent_core::ports::{Compiler, Resolved, View};
use agent_core::{Action, Asset, CompiledStep, Exit, NetworkInfo, Prices, Refusal, Registry, Step};
use alloy_primitives::{Address, U256};
use async_trait::async_trait;

use crate::ask::{self, Ask};
use crate::ens;
use crate::prices;
use crate::protocols::uniswap_liquidity::{self, Deposit};
use crate::protocols::{
    aave_liquidation, aave_v3, across, erc20, governor, lido, uniswap, uniswap_positions, weth,
};

/// Compiles steps for the registry's protocols; everything that it must know of the chain it reads through the view.
#[derive(Debug)]
pub struct ProtocolCompiler {
    registry: Arc<Registry>,
}

impl ProtocolCompiler {
    pub fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    fn network(&self, view: &dyn View) -> Result<&NetworkInfo, Refusal> {
        let id = view.network();
        let network = self.registry.network(id.chain_id).filter(|network| network.id == id);
        network.ok_or_else(|| {
            Refusal::new(Exit::NotPossible, "world.no_network", format!("{id} is not in the registry"))
        })
    }
}

#[async_trait]
impl Compiler for ProtocolCompiler {
    async fn held(
        &self,
        step: &Step,
        counted: Option<&Asset>,
        account: Address,
        view: &dyn View,
    ) -> Result<U256, Refusal> {
        let network = self.network(view)?;
        match &step.action {
            Action::Withdraw { asset, .. } => aave_v3::position(network, view, account, asset, false).await,
            Action::Repay { asset, .. } => aave_v3::position(network, view, account, asset, true).await,
            Action::Borrow { asset, .. } => Err(Refusal::new(
                Exit::RefusedInput,
                "input.amount",
                format!(
                    "step {}: a share of what is held says nothing about how much {} to borrow",
                    step.index, asset.symbol
                ),
            )
            .help("state the amount in units of the asset, or in dollars")),
            Action::Liquidate { account: debtor, debt, .. } => {
                aave_liquidation::held(network, view, account, *debtor, debt).await
            }
            Action::RemoveLiquidity { position, .. } => {
                uniswap_positions::held(network, view, account, step, *position).await
            }
            Action::Collateral { .. }
            | Action::Claim { .. }
            | Action::Vote { .. }
            | Action::Delegate { .. }
            | Action::Revoke { .. } => Ok(U256::ZERO),
            Action::Transfer { .. }
            | Action::Wrap { .. }
            | Action::Unwrap { .. }
            | Action::Swap { .. }
            | Action::Supply { .. }
            | Action::Stake { .. }
            | Action::AddLiquidity { .. }
            | Action::Bridge { .. } => match counted {
                Some(asset) => ask::balance(view, account, asset).await,
                None => Ok(U256::ZERO),
            },
        }
    }

    async fn compile(
        &self,
        resolved: Resolved<'_>,
        account: Address,
        view: &dyn View,
        now: u64,
    ) -> Result<CompiledStep, Refusal> {
        let Resolved { step, raw, other: other_max, whole } = resolved;
        let network = self.network(view)?;
        let ask = Ask { registry: &self.registry, network, view, account, step, raw, whole, now };
        match &step.action {
            Action::Transfer { asset, to, .. } => erc20::transfer(&ask, asset, *to).await,
            Action::Wrap { from, to, .. } | Action::Unwrap { from, to, .. } => {
                match from.is_native() || to.is_native() {
                    true => weth::exchange(&ask, from, to).await,
                    false => lido::exchange(&ask, from, to).await,
                }
            }
            Action::Swap { sell, buy, side, max_slippage_bps, .. } => {
                uniswap::swap(&ask, sell, buy, *side, *max_slippage_bps).await
            }
            Action::Supply { asset, .. } => aave_v3::supply(&ask, asset).await,
            Action::Withdraw { asset, .. } => aave_v3::withdraw(&ask, asset).await,
            Action::Borrow { asset, .. } => aave_v3::borrow(&ask, asset).await,
            Action::Repay { asset, .. } => aave_v3::repay(&ask, asset).await,
            Action::Bridge { asset, out, side, .. } => across::bridge(&ask, asset, out, *side).await,
            Action::Collateral { asset, enabled } => aave_v3::collateral(&ask, asset, *enabled).await,
            Action::Liquidate { account, debt, collateral, .. } => {
                aave_liquidation::liquidate(&ask, *account, debt, collateral).await
            }
            Action::Stake { from, to, .. } => lido::stake(&ask, from, to).await,
            Action::Claim { protocol, .. } => match protocol.as_str() {
                "aave" => aave_liquidation::claim(&ask).await,
                "uniswap" => uniswap_positions::claim(&ask).await,
                other => {
                    let why = format!("{} has nothing that can be claimed", agent_core::tame(other));
                    Err(ask.not_possible("world.lacks", &why))
                }
            },
            Action::AddLiquidity { asset, other, fee_pips, range, max_slippage_bps, .. } => {
                let (fee_pips, slippage_bps) = (*fee_pips, *max_slippage_bps);
                let deposit = Deposit { asset, other, other_max, fee_pips, range, slippage_bps };
                uniswap_liquidity::add(&ask, deposit).await
            }
            Action::RemoveLiquidity { position, pair, max_slippage_bps, .. } => {
                uniswap_positions::remove(&ask, *position, pair, *max_slippage_bps).await
            }
            Action::Vote { governor, proposal, support, .. } => {
                governor::vote(&ask, *governor, *proposal, *support).await
            }
            Action::Delegate { asset, to, .. } => erc20::delegate(&ask, asset, *to).await,
            Action::Revoke { asset, spender, .. } => erc20::revoke(&ask, asset.as_ref(), *spender).await,
        }
    }

    async fn resolve_name(&self, name: &str, view: &dyn View) -> Result<Address, Refusal> {
        ens::resolve_name(self.network(view)?, view, name).await
    }

    async fn prices(&self, assets: &[Asset], view: &dyn View) -> Result<Prices, Refusal> {
        prices::prices(self.network(view)?, assets, view).await
    }
}
