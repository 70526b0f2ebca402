//! Names and amounts of a draft by what the configuration knows: networks, assets, quantities.

use agent_core::draft::{self, DraftAmount};
use agent_core::{Asset, Exit, NetworkInfo, Quantity, Refusal, tame};
use alloy_primitives::U256;

use super::{Grounding, asks, lacks};

/// Networks, assets and quantities.
impl<'a> Grounding<'a> {
    pub(super) fn network(&self, name: &str) -> Result<&'a NetworkInfo, Refusal> {
        self.ask.registry.named(name).ok_or_else(|| {
            let known: Vec<&str> =
                self.ask.registry.networks.values().map(|network| network.name.as_str()).collect();
            Refusal::new(
                Exit::NotPossible,
                "world.no_network",
                format!("step {}: there is no {} here", self.number(), tame(name)),
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

    /// The chain of a step whose money stays the user's own: the one said, the one that what it uses is on, or the one
    /// where enough is held (the cheaper first).
    pub(super) fn choose(
        &self,
        said: Option<&str>,
        symbols: &[&str],
        amount: &DraftAmount,
        family: Option<&str>,
    ) -> Result<&'a NetworkInfo, Refusal> {
        if let Some(name) = said {
            return self.network(name);
        }
        if let Some(result) = self.output(amount) {
            return self.by_id(result.chain_id);
        }
        let mut fit: Vec<&NetworkInfo> = self.ask.registry.networks.values().collect();
        fit.retain(|network| symbols.iter().all(|symbol| network.asset(symbol).is_some()));
        fit.retain(|network| family.is_none_or(|family| network.has_protocol(family)));
        fit.sort_by_key(|network| !network.op_stack);
        let first = symbols.first().copied().unwrap_or_default();
        let enough = fit.iter().find(|network| self.enough(first, amount, network));
        enough
            .or(fit.first())
            .copied()
            .ok_or_else(|| lacks(self.number(), &format!("a step with {}", tame(first))))
    }

    pub(super) fn holding(
        &self,
        symbol: &str,
        amount: &DraftAmount,
        except: u64,
    ) -> Result<&'a NetworkInfo, Refusal> {
        let others = || self.ask.registry.networks.values().filter(|network| network.id.chain_id != except);
        let mut with = others().filter(|network| self.enough(symbol, amount, network));
        with.next()
            .or_else(|| others().next())
            .ok_or_else(|| lacks(self.number(), "a bridge from another chain"))
    }

    fn enough(&self, symbol: &str, amount: &DraftAmount, network: &NetworkInfo) -> bool {
        let Some(asset) = network.asset(symbol) else { return false };
        let held = self
            .ask
            .holdings
            .iter()
            .find(|held| held.asset().same(asset))
            .map(|held| held.raw())
            .unwrap_or_default();
        let wanted = match amount {
            DraftAmount::Units(units) => units.to_raw(asset.decimals).unwrap_or(U256::MAX),
            DraftAmount::Usd(_)
            | DraftAmount::Share(_)
            | DraftAmount::All
            | DraftAmount::AllBut(_)
            | DraftAmount::Yield { .. } => U256::from(1),
        };
        held >= wanted
    }

    pub(super) fn quantity(&self, amount: &DraftAmount, asset: &Asset) -> Result<Quantity, Refusal> {
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
                let yields = self.output(amount).ok_or_else(|| self.no_yield(*step))?;
                let fits = named.as_ref().is_none_or(|named| *named == yields.symbol);
                if !fits || !yields.same(asset) {
                    return Err(self.other_yield(*step, yields, asset));
                }
                let index = step.checked_sub(1).and_then(|at| self.results.get(at)).copied();
                let whole = (U256::from(1), U256::from(1));
                let (numerator, denominator) =
                    share.as_ref().map_or(Ok(whole), |share| self.ratio(share, amount, asset))?;
                Quantity::Output { step: index.unwrap_or_default(), numerator, denominator }
            }
        };
        let zero = matches!(&quantity, Quantity::Exact(raw) | Quantity::MicroUsd(raw) if raw.is_zero());
        if zero { Err(self.bad_amount(amount, asset)) } else { Ok(quantity) }
    }

    fn ratio(
        &self,
        share: &draft::Share,
        amount: &DraftAmount,
        asset: &Asset,
    ) -> Result<(U256, U256), Refusal> {
        let fits = |(part, whole): &(u128, u128)| *part > 0 && part <= whole;
        let ratio = share.ratio().filter(fits).ok_or_else(|| self.bad_amount(amount, asset))?;
        Ok((U256::from(ratio.0), U256::from(ratio.1)))
    }

    fn bad_amount(&self, amount: &DraftAmount, asset: &Asset) -> Refusal {
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

    fn other_yield(&self, step: usize, yields: &Asset, wanted: &Asset) -> Refusal {
        let on = |asset: &Asset| {
            let name = self.ask.registry.network(asset.chain_id).map_or("?", |network| network.name.as_str());
            format!("{} on {name}", asset.symbol)
        };
        asks(
            "clarify.asset",
            format!(
                "Step {} wants {}, but step {step} yields {}. Which is meant?",
                self.number(),
                on(wanted),
                on(yields)
            ),
        )
    }
}
