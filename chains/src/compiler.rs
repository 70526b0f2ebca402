//! A typed step to calls: the dispatch over the protocols.

use std::sync::Arc;

use agent_core::ports::{Compiler, Resolved, View};
use agent_core::{Action, Asset, CompiledStep, Exit, NetworkInfo, Prices, Refusal, Registry, Step};
use alloy_primitives::{Address, U256};
use async_trait::async_trait;

use crate::ask::{self, Ask};
use crate::prices;
use crate::protocols::{aave_v3, across, erc20, uniswap_v3, weth};

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
    async fn held(&self, step: &Step, account: Address, view: &dyn View) -> Result<U256, Refusal> {
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
            Action::Revoke { .. } => Ok(U256::ZERO),
            Action::Transfer { .. }
            | Action::Wrap { .. }
            | Action::Unwrap { .. }
            | Action::Swap { .. }
            | Action::Supply { .. }
            | Action::Bridge { .. } => match step.action.counted() {
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
        let Resolved { step, raw, whole } = resolved;
        let network = self.network(view)?;
        let ask = Ask { registry: &self.registry, network, view, account, step, raw, whole, now };
        match &step.action {
            Action::Transfer { asset, to, .. } => erc20::transfer(&ask, asset, *to).await,
            Action::Wrap { from, to, .. } | Action::Unwrap { from, to, .. } => {
                weth::exchange(&ask, from, to).await
            }
            Action::Swap { sell, buy, side, max_slippage_bps, .. } => {
                uniswap_v3::swap(&ask, sell, buy, *side, *max_slippage_bps).await
            }
            Action::Supply { asset, .. } => aave_v3::supply(&ask, asset).await,
            Action::Withdraw { asset, .. } => aave_v3::withdraw(&ask, asset).await,
            Action::Borrow { asset, .. } => aave_v3::borrow(&ask, asset).await,
            Action::Repay { asset, .. } => aave_v3::repay(&ask, asset).await,
            Action::Bridge { asset, out, .. } => across::bridge(&ask, asset, out).await,
            Action::Revoke { asset, spender } => erc20::revoke(&ask, asset.as_ref(), *spender).await,
        }
    }

    async fn prices(&self, assets: &[Asset], view: &dyn View) -> Result<Prices, Refusal> {
        prices::prices(self.network(view)?, assets, view).await
    }
}
