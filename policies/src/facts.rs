//! From a request to the facts that Cedar compares. They come from the simulation and from what the calls promise,
//! never from the arguments alone, and what is missing reads as the worst.

use agent_core::ports::PolicyRequest;
use agent_core::{Action, Amount, Asset, Price, bounds};
use alloy_primitives::{Address, U256};

use crate::payee::payees;
use crate::value::{at_most, by_oracle, cents, loss_bps};

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
    pub(crate) positions_kept: bool,
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
        let entering = if bounds::enters(request.plan, request.step) { worth } else { U256::ZERO };
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
            positions_kept: positions_kept(request, chain_id),
            pays_others: payees(request).iter().any(|payee| *payee != request.account),
            step_cents: cents(step),
            entering_24h_cents: cents(request.entered_micro_usd.saturating_add(entering)),
            loss_bps: loss(request, chain_id).unwrap_or(i64::MAX),
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
    let sum = |sum: U256, amount: &Amount| Some(sum.saturating_add(at_most(request.prices, amount)?));
    let promises = request.compiled.spends.iter().filter(|amount| !is_position(request, amount.asset()));
    let promised = promises.into_iter().try_fold(U256::ZERO, sum)?;
    let simulated = outflow(request, chain_id).try_fold(U256::ZERO, sum)?;
    Some(promised.max(simulated))
}

/// What a borrow, a withdrawal or a removal of liquidity takes out of a protocol.
fn taken(request: &PolicyRequest<'_>) -> Option<U256> {
    let takes = matches!(
        request.step.action,
        Action::Borrow { .. } | Action::Withdraw { .. } | Action::RemoveLiquidity { .. }
    );
    let mut yields = request.compiled.yields.iter().filter(|_| takes);
    yields.try_fold(U256::ZERO, |sum, amount| Some(sum.saturating_add(at_most(request.prices, amount)?)))
}

/// A liquidity position is a token with an id: providing brings exactly one from a contract of the registry, a removal
/// may destroy its own, nothing else moves one.
fn positions_kept(request: &PolicyRequest<'_>, chain_id: u64) -> bool {
    let network = request.registry.network(chain_id);
    let known = |contract| network.is_some_and(|network| network.contracts.contains_key(contract));
    let moved = &request.simulation.nfts;
    if !moved.iter().all(|nft| known(&nft.contract) && nft.with.is_zero()) {
        return false;
    }
    match &request.step.action {
        // A call after the act (a revoke) moves nothing.
        Action::AddLiquidity { .. } => match moved.as_slice() {
            [] => outflow(request, chain_id).next().is_none(),
            [nft] => nft.received,
            _ => false,
        },
        Action::RemoveLiquidity { position, .. } => {
            moved.iter().all(|nft| !nft.received && nft.id == *position)
        }
        Action::Transfer { .. }
        | Action::Wrap { .. }
        | Action::Unwrap { .. }
        | Action::Swap { .. }
        | Action::Supply { .. }
        | Action::Withdraw { .. }
        | Action::Borrow { .. }
        | Action::Repay { .. }
        | Action::Bridge { .. }
        | Action::Collateral { .. }
        | Action::Liquidate { .. }
        | Action::Stake { .. }
        | Action::Claim { .. }
        | Action::Vote { .. }
        | Action::Delegate { .. }
        | Action::Revoke { .. } => moved.is_empty(),
    }
}

fn prices_agree(request: &PolicyRequest<'_>, chain_id: u64) -> bool {
    let promised = request.compiled.spends.iter().chain(&request.compiled.yields);
    let here = promised
        .filter(|amount| amount.asset().chain_id == chain_id && !is_position(request, amount.asset()));
    let mut assets = here.chain(outflow(request, chain_id)).map(Amount::asset);
    assets.all(|asset| request.prices.get(&asset.caip19()).is_some_and(Price::agree))
}

/// Promised value against what is given, for actions that exchange one thing for another; `None`: it has no price.
fn loss(request: &PolicyRequest<'_>, chain_id: u64) -> Option<i64> {
    let exchanges = match &request.step.action {
        Action::Swap { .. }
        | Action::Wrap { .. }
        | Action::Unwrap { .. }
        | Action::Stake { .. }
        | Action::Liquidate { .. }
        | Action::Bridge { .. } => true,
        Action::Transfer { .. }
        | Action::Supply { .. }
        | Action::Withdraw { .. }
        | Action::Borrow { .. }
        | Action::Repay { .. }
        | Action::Collateral { .. }
        | Action::Claim { .. }
        | Action::AddLiquidity { .. }
        | Action::RemoveLiquidity { .. }
        | Action::Vote { .. }
        | Action::Delegate { .. }
        | Action::Revoke { .. } => false,
    };
    let promises = !(request.compiled.spends.is_empty() && request.compiled.yields.is_empty());
    // Only allowances are left to be taken back.
    let over = !promises && outflow(request, chain_id).next().is_none();
    if !exchanges || over {
        return Some(0);
    }
    let (spends, yields) = (request.compiled.spends.first()?, request.compiled.yields.first()?);
    // What a bridge brings is the same asset on another chain, which has no price on this one.
    let bridged = matches!(request.step.action, Action::Bridge { .. });
    let priced = if bridged { spends.asset() } else { yields.asset() };
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
