//! Claims, votes, delegations and allowances: what moves no asset of the account's.

use std::collections::BTreeSet;

use agent_core::draft::{DraftAmount, Support};
use agent_core::{Action, AllowanceLeft, Exit, NetworkInfo, Origin, Portfolio, Refusal, tame};
use alloy_primitives::{Address, U256};

use super::places::Measure;
use super::{Grounding, asks, lacks};
use crate::payees;

/// Families that owe the account something on one network.
fn debtors(portfolio: &Portfolio) -> BTreeSet<&str> {
    let owed = portfolio.claimable.iter().filter(|owed| !owed.amount.is_zero());
    owed.map(|owed| owed.protocol.as_str()).collect()
}

impl<'a> Grounding<'a> {
    /// One step for each protocol that owes something, on the chain said or on all.
    pub(super) fn claim(&mut self, protocol: Option<&str>, chain: Option<&str>) -> Result<(), Refusal> {
        let network = chain.map(|name| self.network(name)).transpose()?;
        let before = self.steps.len();
        for portfolio in self.ask.portfolios {
            let chain_id = portfolio.network.chain_id;
            if network.is_some_and(|network| network.id.chain_id != chain_id) {
                continue;
            }
            for family in debtors(portfolio) {
                if protocol.is_none_or(|said| said == family) {
                    self.push(Action::Claim { protocol: family.to_owned(), chain_id }, Origin::Said);
                }
            }
        }
        if self.steps.len() == before {
            let who = protocol
                .map_or_else(|| "no protocol owes".to_owned(), |said| format!("{} does not owe", tame(said)));
            let place = network.map_or(String::new(), |network| format!(" on {}", network.name));
            let message = format!("step {}: {who} you anything{place} that could be claimed", self.number());
            return Err(Refusal::new(Exit::NotPossible, "world.nothing_to_claim", message)
                .help("`steward portfolio` shows what can be claimed"));
        }
        self.done();
        Ok(())
    }

    pub(super) fn vote(
        &mut self,
        proposal: &str,
        support: Support,
        governor: &str,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let (network, governor) = self.governor(governor, chain)?;
        let Ok(proposal) = U256::from_str_radix(proposal, 10) else {
            let message = format!("step {}: `{}` is no proposal's number", self.number(), tame(proposal));
            return Err(Refusal::new(Exit::RefusedInput, "input.proposal", message)
                .help("`steward governor` lists the proposals by their numbers"));
        };
        let chain_id = network.id.chain_id;
        self.push(Action::Vote { governor, chain_id, proposal, support }, Origin::Said);
        self.done();
        Ok(())
    }

    /// By a protocol's family name or its address; only governors of the registry.
    fn governor(&self, said: &str, chain: Option<&str>) -> Result<(&'a NetworkInfo, Address), Refusal> {
        let typed = if said.to_lowercase().starts_with("0x") { Some(payees::address(said)?) } else { None };
        let only = chain.map(|name| self.network(name)).transpose()?;
        let networks = self.ask.registry.networks.values();
        let here = networks.filter(|network| only.is_none_or(|only| only.id == network.id));
        let found: Vec<_> = here
            .filter_map(|network| {
                let address = match typed {
                    Some(address) => governors(network).find(|known| *known == address),
                    None => network.role(&format!("governor.{said}")),
                };
                address.map(|address| (network, address))
            })
            .collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(lacks(self.number(), &format!("a vote in the governance of {}", tame(said)))),
            _ => Err(asks("clarify.chain", format!("On which chain is that proposal of {}?", tame(said)))),
        }
    }

    pub(super) fn delegate(&mut self, asset: &str, to: &str, chain: Option<&str>) -> Result<(), Refusal> {
        let network = self.choose(chain, &[asset], &DraftAmount::All, None, Measure::Held)?;
        let asset = self.asset(asset, network)?;
        if asset.is_native() {
            return Err(lacks(self.number(), "delegating ETH, which has no votes,"));
        }
        let delegate = payees::named(to, self.number(), self.ask)?;
        let action = Action::Delegate { asset, to: delegate.address, payee: delegate.name };
        self.push(action, Origin::Said);
        if let (Some(source), Some(step)) = (delegate.source, self.steps.last_mut()) {
            step.sources.insert("to".to_owned(), source);
        }
        self.done();
        Ok(())
    }

    /// On the chain said, or on each where such an allowance is open: of a family the contracts that have one.
    pub(super) fn revoke(
        &mut self,
        asset: Option<&str>,
        spender: Option<&str>,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let said = chain.map(|name| self.network(name)).transpose()?;
        let before = self.steps.len();
        for portfolio in self.ask.portfolios {
            let network = self.by_id(portfolio.network.chain_id)?;
            if said.is_some_and(|said| said.id != network.id) {
                continue;
            }
            let whose = match spender.map(|name| payees::spenders(name, network, self.number())) {
                // A family without a contract on this chain has no allowance here.
                Some(Err(_)) if said.is_none() => continue,
                whose => whose.transpose()?,
            };
            let of_asset = |left: &&AllowanceLeft| asset.is_none_or(|symbol| left.asset.symbol == symbol);
            let mut open: BTreeSet<Address> =
                portfolio.allowances.iter().filter(of_asset).map(|left| left.spender).collect();
            open.retain(|spender| whose.as_ref().is_none_or(|whose| whose.contains(spender)));
            let asset = asset.filter(|_| !open.is_empty()).map(|symbol| self.asset(symbol, network));
            let (asset, chain_id) = (asset.transpose()?, network.id.chain_id);
            match whose {
                Some(_) => {
                    for spender in open {
                        let action =
                            Action::Revoke { asset: asset.clone(), spender: Some(spender), chain_id };
                        self.push(action, Origin::Said);
                    }
                }
                None if open.is_empty() => {}
                None => {
                    self.push(Action::Revoke { asset, spender: None, chain_id }, Origin::Said);
                }
            }
        }
        match said {
            _ if self.steps.len() > before => {}
            Some(network) => self.revoke_unseen(asset, spender, network)?,
            None => {
                let what = asset.map_or("such an allowance".to_owned(), |asset| {
                    format!("an allowance of {}", tame(asset))
                });
                let question = format!("I see {what} on no chain. On which one should it be revoked?");
                return Err(asks("clarify.chain", question));
            }
        }
        self.done();
        Ok(())
    }

    /// An allowance that the portfolio does not show, on a chain that was said: a spender by address, or everything.
    fn revoke_unseen(
        &mut self,
        asset: Option<&str>,
        spender: Option<&str>,
        network: &NetworkInfo,
    ) -> Result<(), Refusal> {
        let asset = asset.map(|symbol| self.asset(symbol, network)).transpose()?;
        let spender = match spender.map(|name| payees::spenders(name, network, self.number())).transpose()? {
            None => None,
            Some(whose) => match whose.as_slice() {
                [one] => Some(*one),
                _ => {
                    let message =
                        format!("step {}: there is no such allowance on {}", self.number(), network.name);
                    return Err(Refusal::new(Exit::NotPossible, "world.no_allowance", message)
                        .help("`steward portfolio` lists the open allowances"));
                }
            },
        };
        self.push(Action::Revoke { asset, spender, chain_id: network.id.chain_id }, Origin::Said);
        Ok(())
    }
}

/// Governors of the registry, without their timelocks.
fn governors(network: &NetworkInfo) -> impl Iterator<Item = Address> + '_ {
    let roles = network.roles.iter();
    roles
        .filter(|(role, _)| role.strip_prefix("governor.").is_some_and(|family| !family.contains('.')))
        .map(|(_, address)| *address)
}
