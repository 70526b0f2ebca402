//! Shares that assets shall have, as the fewest swaps between what is held.

use std::collections::BTreeMap;

use agent_core::draft::Share;
use agent_core::{Action, Asset, Exit, NetworkInfo, Origin, Portfolio, Quantity, Refusal, Side};
use alloy_primitives::U256;

use super::known::is_twin;
use super::{Grounding, SLIPPAGE_BPS, asks, wrapping};
use crate::complete::gas_reserve;
use crate::rebalance::{Holding, trades};

impl<'a> Grounding<'a> {
    pub(super) fn rebalance(
        &mut self,
        targets: &BTreeMap<String, Share>,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let network = match chain {
            Some(name) => self.network(name)?,
            None => self.holds_most(targets)?,
        };
        let portfolio = self.portfolio(network.id.chain_id).ok_or_else(|| self.unread(network))?;
        let mut holdings = Vec::new();
        for (symbol, share) in targets {
            let asset = self.asset(symbol, network)?;
            let price = portfolio.price(&asset).filter(|price| !price.is_zero());
            let price = price.ok_or_else(|| self.unpriced(&asset))?;
            let kept = if asset.is_native() { gas_reserve(asset.chain_id) } else { U256::ZERO };
            let raw = portfolio.held(&asset).saturating_sub(kept);
            let (part, whole) = share.ratio().unwrap_or((0, 1));
            holdings.push(Holding { asset, raw, price, share: (U256::from(part), U256::from(whole)) });
        }
        let trades = trades(&holdings);
        if trades.is_empty() {
            let message = format!(
                "step {}: on {} these assets have those shares already, but for less than a dollar, or nothing of them is held",
                self.number(),
                network.name
            );
            return Err(Refusal::new(Exit::NotPossible, "world.balanced", message).help("name other shares"));
        }
        for trade in trades {
            let amount = Quantity::Exact(trade.raw);
            let (sell, buy) = (trade.sell.clone(), trade.buy.clone());
            let action = if is_twin(&sell, &buy) {
                wrapping(sell, buy, amount)
            } else {
                Action::Swap { sell, buy, amount, side: Side::Sell, max_slippage_bps: SLIPPAGE_BPS }
            };
            self.push(action, Origin::Said);
        }
        // What it yields is many things: no later step can mean it by `@n`.
        self.outputs.push(Vec::new());
        Ok(())
    }

    /// The chain on which the assets are worth most; the question where they are worth nothing anywhere.
    fn holds_most(&self, targets: &BTreeMap<String, Share>) -> Result<&'a NetworkInfo, Refusal> {
        let worth = |portfolio: &Portfolio, network: &NetworkInfo| {
            let each = targets.keys().filter_map(|symbol| {
                let asset = network.asset(symbol)?;
                crate::complete::worth(portfolio, asset, portfolio.held(asset))
            });
            each.fold(U256::ZERO, U256::saturating_add)
        };
        let all = self.ask.portfolios.iter().filter_map(|portfolio| {
            let network = self.ask.registry.network(portfolio.network.chain_id)?;
            let known = targets.keys().all(|symbol| network.asset(symbol).is_some());
            known.then(|| (worth(portfolio, network), network))
        });
        let most = all.filter(|(worth, _)| !worth.is_zero()).max_by_key(|(worth, _)| *worth);
        most.map(|(_, network)| network)
            .ok_or_else(|| asks("clarify.chain", "On which chain should I rebalance?".to_owned()))
    }

    fn unread(&self, network: &NetworkInfo) -> Refusal {
        let message = format!("step {}: what you hold on {} could not be read", self.number(), network.name);
        Refusal::new(Exit::Unreachable, "rpc.unreachable", message).help("try again when the chain answers")
    }

    fn unpriced(&self, asset: &Asset) -> Refusal {
        let message = format!(
            "step {}: {} has no price, and what cannot be priced cannot be given a share",
            self.number(),
            asset.symbol
        );
        Refusal::new(Exit::NotPossible, "world.unpriced", message).help("swap amounts of it instead")
    }
}
