//! From a request to the facts that Cedar compares. They come from the simulation and from what the calls promise,
//! never from the arguments alone, and what is missing reads as the worst.

use agent_core::ports::PolicyRequest;
use agent_core::{Action, Amount, Asset, bounds};
use alloy_primitives::{Address, U256};

use crate::payee::payees;
use crate::value::{Readings, at_most, by_oracle, cents, loss_bps};

/// An allowance of so many bits or more of smallest units counts as unlimited: no token has so many.
const UNLIMITED_BITS: usize = 128;
/// Addresses up to here are the EVM's own precompiles.
const PRECOMPILES_MAX: u64 = 0xffff;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) simulated: bool,
    pub(crate) contracts_known: bool,
    pub(crate) prices_agree: bool,
    pub(crate) unlimited_allowance: bool,
    pub(crate) pays_others: bool,
    pub(crate) step_cents: i64,
    pub(crate) entering_24h_cents: i64,
    pub(crate) loss_bps: i64,
    /// What the step adds to the entering budget, millionths of a USD.
    pub(crate) entering_micro_usd: U256,
}

impl Facts {
    pub(crate) fn of(request: &PolicyRequest<'_>, chain_id: u64) -> Self {
        let out = given(request, chain_id);
        let worth = out.unwrap_or(U256::MAX);
        let entering = if bounds::enters(request.step) { worth } else { U256::ZERO };
        let step = worth.max(taken(request).unwrap_or(U256::MAX));
        Self {
            simulated: request.simulation.failure().is_none() && !request.simulation.calls.is_empty(),
            contracts_known: contracts_known(request, chain_id),
            prices_agree: prices_agree(request, chain_id),
            unlimited_allowance: request
                .simulation
                .allowances_left
                .iter()
                .any(|left| left.raw.bit_len() > UNLIMITED_BITS),
            pays_others: payees(request).iter().any(|payee| *payee != request.account),
            step_cents: cents(step),
            entering_24h_cents: cents(request.entered_micro_usd.saturating_add(entering)),
            loss_bps: loss(request).unwrap_or(i64::MAX),
            entering_micro_usd: entering,
        }
    }
}

/// A position (what a lending pool owes or is owed) is no value of its own: its underlying is counted.
fn is_position(request: &PolicyRequest<'_>, asset: &Asset) -> bool {
    let network = request.registry.network(asset.chain_id);
    network.is_some_and(|network| network.positions.iter().any(|position| position.same(asset)))
}

/// What the account gives in simulation, by asset.
fn outflow<'a>(request: &'a PolicyRequest<'_>, chain_id: u64) -> impl Iterator<Item = &'a Amount> {
    let own = request.simulation.changes.iter().filter(|change| change.account == request.account);
    let out = own.filter(|change| change.amount.negative).map(|change| &change.amount.amount);
    out.filter(move |amount| amount.asset().chain_id == chain_id && !is_position(request, amount.asset()))
}

/// What leaves: the most that the calls may take, or what the simulation saw leave if that is more.
/// `None`: something of it has no price.
fn given(request: &PolicyRequest<'_>, chain_id: u64) -> Option<U256> {
    let promised =
        match request.compiled.spends.as_ref().filter(|amount| !is_position(request, amount.asset())) {
            Some(amount) => at_most(request.prices, amount)?,
            None => U256::ZERO,
        };
    let simulated = outflow(request, chain_id)
        .try_fold(U256::ZERO, |sum, amount| Some(sum.saturating_add(at_most(request.prices, amount)?)))?;
    Some(promised.max(simulated))
}

/// What a borrow or a withdrawal takes out of a protocol.
fn taken(request: &PolicyRequest<'_>) -> Option<U256> {
    let takes = matches!(request.step.action, Action::Borrow { .. } | Action::Withdraw { .. });
    match request.compiled.yields.as_ref().filter(|_| takes) {
        Some(amount) => at_most(request.prices, amount),
        None => Some(U256::ZERO),
    }
}

fn prices_agree(request: &PolicyRequest<'_>, chain_id: u64) -> bool {
    let promised = request.compiled.spends.iter().chain(&request.compiled.yields);
    let here = promised
        .filter(|amount| amount.asset().chain_id == chain_id && !is_position(request, amount.asset()));
    let mut assets = here.chain(outflow(request, chain_id)).map(Amount::asset);
    assets.all(|asset| Readings::of(request.prices, asset).is_some_and(|readings| readings.agree()))
}

/// Promised value against what is given, for actions that exchange one thing for another; `None`: it has no price.
fn loss(request: &PolicyRequest<'_>) -> Option<i64> {
    let (Some(spends), Some(yields)) = (&request.compiled.spends, &request.compiled.yields) else {
        return Some(0);
    };
    let priced = match &request.step.action {
        Action::Swap { .. } | Action::Wrap { .. } | Action::Unwrap { .. } => yields.asset(),
        // The same asset on another chain, which has no price on this one.
        Action::Bridge { .. } => spends.asset(),
        Action::Transfer { .. }
        | Action::Supply { .. }
        | Action::Withdraw { .. }
        | Action::Borrow { .. }
        | Action::Repay { .. }
        | Action::Revoke { .. } => return Some(0),
    };
    let gives = by_oracle(request.prices, spends, spends.asset())?;
    Some(loss_bps(gives, by_oracle(request.prices, yields, priced)?))
}

/// Whether the registry has every contract that is called or whose code ran. An account without code, called with
/// empty data, is a payee; the account's own and the EVM's precompiles are no contracts.
fn contracts_known(request: &PolicyRequest<'_>, chain_id: u64) -> bool {
    let Some(network) = request.registry.network(chain_id) else { return false };
    let ran: Vec<&Address> = request.simulation.calls.iter().flat_map(|call| &call.touched).collect();
    let calls = request.compiled.calls.iter().chain(&request.compiled.cleanup);
    let called = calls.filter(|call| !(call.data.is_empty() && request.compiled.payees.contains(&call.to)));
    let mut all = called.map(|call| &call.to).chain(ran).filter(|address| **address != request.account);
    all.all(|address| network.contracts.contains_key(address) || is_precompile(address))
}

fn is_precompile(address: &Address) -> bool {
    let number = U256::from_be_slice(address.as_slice());
    !number.is_zero() && number <= U256::from(PRECOMPILES_MAX)
}
