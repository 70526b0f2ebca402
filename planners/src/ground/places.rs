//! The chain of a step whose money stays the user's own, where none was said: by what the account has there.

use agent_core::draft::DraftAmount;
use agent_core::{Asset, NetworkInfo, Portfolio, Refusal, tame};
use alloy_primitives::U256;

use super::{Grounding, lacks};

/// What of an account decides where a step happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// What the wallet holds of the asset.
    Held,
    /// What is supplied of it.
    Lent,
    /// What is owed of it.
    Owed,
    /// Whether anything is supplied that could back a loan.
    Backing,
}

impl Measure {
    fn of(self, portfolio: &Portfolio, asset: &Asset) -> U256 {
        let sum = |amounts: &mut dyn Iterator<Item = &agent_core::Amount>| {
            amounts
                .filter(|amount| amount.asset().same(asset) || super::known::is_twin(amount.asset(), asset))
                .fold(U256::ZERO, |sum, amount| sum.saturating_add(amount.raw()))
        };
        match self {
            Self::Held => portfolio.held(asset),
            Self::Lent => sum(&mut portfolio.lent.iter().map(|lent| &lent.amount)),
            Self::Owed => sum(&mut portfolio.owed.iter()),
            Self::Backing => U256::from(portfolio.lent.iter().filter(|lent| lent.collateral).count()),
        }
    }
}

impl<'a> Grounding<'a> {
    pub(super) fn portfolio(&self, chain_id: u64) -> Option<&'a Portfolio> {
        self.ask.portfolios.iter().find(|portfolio| portfolio.network.chain_id == chain_id)
    }

    /// The one said, the one that what it uses is on, the cheapest where enough is held, or the one where most is.
    pub(super) fn choose(
        &self,
        said: Option<&str>,
        symbols: &[&str],
        amount: &DraftAmount,
        family: Option<&str>,
        measure: Measure,
    ) -> Result<&'a NetworkInfo, Refusal> {
        if let Some(name) = said {
            return self.network(name);
        }
        if let Some((_, asset)) = self.output(amount) {
            return self.by_id(asset.chain_id);
        }
        let mut fit: Vec<&NetworkInfo> = self.ask.registry.networks.values().collect();
        fit.retain(|network| symbols.iter().all(|symbol| network.asset(symbol).is_some()));
        fit.retain(|network| family.is_none_or(|family| network.has_protocol(family)));
        let first = symbols.first().copied().unwrap_or_default();
        self.best(fit, first, amount, measure)
            .ok_or_else(|| lacks(self.number(), &format!("a step with {}", tame(first))))
    }

    /// Where a bridged asset comes from.
    pub(super) fn holding(
        &self,
        symbol: &str,
        amount: &DraftAmount,
        except: u64,
    ) -> Result<&'a NetworkInfo, Refusal> {
        let others = self.ask.registry.networks.values().filter(|network| network.id.chain_id != except);
        self.best(others.collect(), symbol, amount, Measure::Held)
            .ok_or_else(|| lacks(self.number(), "a bridge from another chain"))
    }

    fn best(
        &self,
        mut fit: Vec<&'a NetworkInfo>,
        symbol: &str,
        amount: &DraftAmount,
        measure: Measure,
    ) -> Option<&'a NetworkInfo> {
        let portfolio = |network: &NetworkInfo| self.portfolio(network.id.chain_id);
        fit.sort_by_key(|network| {
            portfolio(network).map_or(u128::MAX, |portfolio| portfolio.max_fee_per_gas)
        });
        let has = |network: &NetworkInfo| {
            let asset = network.asset(symbol)?;
            Some(measure.of(portfolio(network)?, asset))
        };
        let wanted = |network: &NetworkInfo| match (amount, network.asset(symbol)) {
            (DraftAmount::Units(units), Some(asset)) if measure != Measure::Backing => {
                units.to_raw(asset.decimals).unwrap_or(U256::MAX)
            }
            _ => U256::from(1),
        };
        let enough = fit.iter().find(|network| has(network).is_some_and(|has| has >= wanted(network)));
        let most = || {
            let some = fit.iter().rev().filter(|network| has(network).is_some_and(|has| !has.is_zero()));
            some.max_by_key(|network| has(network))
        };
        enough.or_else(most).or(fit.first()).copied()
    }
}
