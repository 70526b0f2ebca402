//! Names and amounts of a draft by what the configuration knows: networks, assets, quantities.

use agent_core::draft::{self, DraftAmount};
use agent_core::{Asset, Exit, NetworkInfo, Origin, Quantity, Refusal, tame};
use alloy_primitives::U256;

use super::{Grounding, asks, lacks, whole_output, wrapping};

impl<'a> Grounding<'a> {
    /// A network by its name, or by its CAIP-2 id as a reversed plan may carry it.
    pub(super) fn network(&self, name: &str) -> Result<&'a NetworkInfo, Refusal> {
        let networks = &self.ask.registry.networks;
        let by_id = || networks.values().find(|network| agent_core::caip2(network.id.chain_id) == name);
        self.ask.registry.named(name).or_else(by_id).ok_or_else(|| {
            let known: Vec<&str> = networks.values().map(|network| network.name.as_str()).collect();
            Refusal::new(
                Exit::Question,
                "clarify.chain",
                format!("step {}: there is no {} here; which chain is meant?", self.number(), tame(name)),
            )
            .help(format!("the chains are: {}", known.join(", ")))
        })
    }

    pub(super) fn by_id(&self, chain_id: u64) -> Result<&'a NetworkInfo, Refusal> {
        self.ask.registry.network(chain_id).ok_or_else(|| lacks(self.number(), "this chain"))
    }

    pub(super) fn asset(&self, symbol: &str, network: &NetworkInfo) -> Result<Asset, Refusal> {
        network.asset(symbol).cloned().ok_or_else(|| {
            let known: Vec<&str> = network.assets.iter().map(|asset| asset.symbol.as_str()).collect();
            Refusal::new(
                Exit::NotPossible,
                "world.no_asset",
                format!("step {}: there is no {} on {}", self.number(), tame(symbol), network.name),
            )
            .help(format!("on {} there are: {}", network.name, known.join(", ")))
        })
    }

    /// As a protocol knows it that takes tokens only: WETH for ETH.
    pub(super) fn token(&self, symbol: &str, network: &NetworkInfo) -> Result<Asset, Refusal> {
        self.asset(if symbol == "ETH" { "WETH" } else { symbol }, network)
    }

    /// What the steps that an amount refers to yield.
    pub(super) fn output(&self, amount: &DraftAmount) -> Option<&(usize, Asset)> {
        let DraftAmount::Yield { step, asset, .. } = amount else { return None };
        let outputs = self.outputs.get(step.checked_sub(1)?)?;
        let named = asset.as_ref().and_then(|named| outputs.iter().find(|(_, asset)| asset.symbol == *named));
        named.or(outputs.first())
    }

    /// So much of `asset`. Where it refers to a step that yields ETH and WETH is wanted, or the other way, the step
    /// between is added.
    pub(super) fn quantity(&mut self, amount: &DraftAmount, asset: &Asset) -> Result<Quantity, Refusal> {
        let raw = |units: &draft::Decimal| {
            units.to_raw(asset.decimals).ok_or_else(|| self.bad_amount(amount, asset))
        };
        let quantity = match amount {
            DraftAmount::Units(units) => Quantity::Exact(raw(units)?),
            DraftAmount::Usd(usd) => {
                Quantity::MicroUsd(usd.to_raw(6).ok_or_else(|| self.bad_amount(amount, asset))?)
            }
            DraftAmount::Share(share) => {
                let (numerator, denominator) = self.ratio(share, amount, asset)?;
                Quantity::Share { numerator, denominator }
            }
            DraftAmount::All => Quantity::AllBut(U256::ZERO),
            DraftAmount::AllBut(rest) => Quantity::AllBut(raw(rest)?),
            DraftAmount::Yield { share, step, asset: named } => {
                return self.yielded(amount, (*step, share.as_ref(), named.as_deref()), asset);
            }
        };
        let zero = matches!(&quantity, Quantity::Exact(raw) | Quantity::MicroUsd(raw) if raw.is_zero());
        if zero { Err(self.bad_amount(amount, asset)) } else { Ok(quantity) }
    }

    fn yielded(
        &mut self,
        amount: &DraftAmount,
        (step, share, named): (usize, Option<&draft::Share>, Option<&str>),
        wanted: &Asset,
    ) -> Result<Quantity, Refusal> {
        let outputs = step.checked_sub(1).and_then(|at| self.outputs.get(at)).filter(|all| !all.is_empty());
        let outputs = outputs.ok_or_else(|| self.no_yield(step))?;
        let fits = |asset: &Asset| named.is_none_or(|named| named == asset.symbol || named == wanted.symbol);
        let same = outputs.iter().find(|(_, asset)| asset.same(wanted) && fits(asset));
        let twin = || outputs.iter().find(|(_, asset)| is_twin(asset, wanted) && fits(asset));
        let (index, asset) = match same.or_else(twin) {
            Some(found) => found.clone(),
            None => return Err(self.other_yield(step, wanted)),
        };
        let whole = (U256::from(1), U256::from(1));
        let (numerator, denominator) = share.map_or(Ok(whole), |share| self.ratio(share, amount, wanted))?;
        let quantity = Quantity::Output { step: index, asset: asset.clone(), numerator, denominator };
        if asset.same(wanted) {
            return Ok(quantity);
        }
        let because =
            format!("step {step} of the intent yields {}, and {} is needed", asset.symbol, wanted.symbol);
        let between = self.push(wrapping(asset, wanted.clone(), quantity), Origin::Added { because });
        Ok(whole_output(between, wanted.clone()))
    }

    pub(super) fn ratio(
        &self,
        share: &draft::Share,
        amount: &DraftAmount,
        asset: &Asset,
    ) -> Result<(U256, U256), Refusal> {
        let fits = |(part, whole): &(u128, u128)| *part > 0 && part <= whole;
        let ratio = share.ratio().filter(fits).ok_or_else(|| self.bad_amount(amount, asset))?;
        Ok((U256::from(ratio.0), U256::from(ratio.1)))
    }

    pub(super) fn bad_amount(&self, amount: &DraftAmount, asset: &Asset) -> Refusal {
        let message = format!(
            "step {}: `{amount}` can be no amount of {}: it must be above 0, below 2^256, a share at most 100%, with at most {} decimals",
            self.number(),
            asset.symbol,
            asset.decimals
        );
        Refusal::new(Exit::RefusedInput, "input.amount", message).help("say another amount")
    }

    fn no_yield(&self, step: usize) -> Refusal {
        let message = format!("step {}: step {step} yields nothing that could be used", self.number());
        Refusal::new(Exit::RefusedInput, "input.reference", message)
            .help("refer to an earlier step that yields something")
    }

    fn other_yield(&self, step: usize, wanted: &Asset) -> Refusal {
        let on = |asset: &Asset| {
            let name = self.ask.registry.network(asset.chain_id).map_or("?", |network| network.name.as_str());
            format!("{} on {name}", asset.symbol)
        };
        let outputs = step.checked_sub(1).and_then(|at| self.outputs.get(at)).into_iter().flatten();
        let yields: Vec<String> = outputs.map(|(_, asset)| on(asset)).collect();
        asks(
            "clarify.asset",
            format!(
                "Step {} wants {}, but step {step} yields {}. Which is meant?",
                self.number(),
                on(wanted),
                yields.join(" and ")
            ),
        )
    }
}

/// The coin and its wrapped token on one chain.
pub(crate) fn is_twin(one: &Asset, other: &Asset) -> bool {
    let pair = (one.symbol.as_str(), other.symbol.as_str());
    one.chain_id == other.chain_id && matches!(pair, ("ETH", "WETH") | ("WETH", "ETH"))
}
