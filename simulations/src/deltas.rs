//! What a run changed: balances and allowances, read before and after it. Logs only say where to look.

use std::collections::{BTreeMap, BTreeSet};

use agent_core::{
    AllowanceLeft, Asset, AssetChange, AssetKind, Call, CallOutcome, Change, Exit, Log, NetworkInfo, Refusal,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use revm::DatabaseRef;

use crate::approvals::{approved, moves_id, operator, permit2_allowance, permitted};
use crate::base::Overlay;
use crate::fork::Ground;

sol! {
    function balanceOf(address account) returns (uint256);
    function allowance(address owner, address spender) returns (uint256);
}

/// Gas of one reading. Tokens of good will need under 100,000.
const READ_GAS: u64 = 1_000_000;
/// The most contracts beside the registry's that are read after one run, and the most allowances.
const MOST_UNKNOWN: usize = 64;
const MOST_ALLOWANCES: usize = 256;

/// The two states that are compared, and what is looked at.
#[derive(Debug)]
pub(crate) struct Deltas<'a> {
    ground: &'a Ground,
    before: &'a Overlay,
    after: &'a Overlay,
    account: Address,
    /// The acting account and the further ones, each once.
    accounts: Vec<Address>,
    outcomes: &'a [CallOutcome],
    /// Tokens whose readings are needed: the watched ones, and the registry's that ran.
    known: BTreeMap<Address, Asset>,
    /// Other contracts whose logs name an account. They may be no tokens, or lie.
    unknown: BTreeMap<Address, Asset>,
}

impl<'a> Deltas<'a> {
    pub(crate) fn new(
        ground: &'a Ground,
        before: &'a Overlay,
        after: &'a Overlay,
        account: Address,
        also: &[Address],
        assets: &[Asset],
        outcomes: &'a [CallOutcome],
    ) -> Result<Self, Refusal> {
        let mut accounts = vec![account];
        for other in also {
            if !accounts.contains(other) {
                accounts.push(*other);
            }
        }
        let network = &ground.network;
        let watched = assets.iter().filter(|asset| asset.chain_id == network.id.chain_id);
        let ran =
            outcomes.iter().flat_map(|outcome| &outcome.touched).filter_map(|token| network.token(*token));
        let known: BTreeMap<_, _> =
            ran.chain(watched).filter_map(|asset| Some((asset.token()?, asset.clone()))).collect();
        let ids = |address: &Address| {
            let logs = outcomes.iter().flat_map(|outcome| &outcome.logs);
            network.contracts.contains_key(address)
                && network.token(*address).is_none()
                && logs.into_iter().any(|log| log.address == *address && moves_id(log))
        };
        let named = outcomes.iter().flat_map(|outcome| &outcome.logs).filter(|log| names_any(log, &accounts));
        let unknown: BTreeMap<_, _> = named
            .map(|log| log.address)
            // Tokens with ids are told by themselves; only a registry's contract is believed to be of that kind.
            .filter(|address| !(known.contains_key(address) || ids(address)))
            .map(|address| (address, unknown_token(network, address)))
            .collect();
        if unknown.len() > MOST_UNKNOWN {
            let message = format!(
                "the calls make {} unknown contracts name the account in logs; at most {MOST_UNKNOWN} are read",
                unknown.len()
            );
            return Err(Refusal::new(Exit::SimulationFailed, "simulation.too_many_tokens", message));
        }
        Ok(Self { ground, before, after, account, accounts, outcomes, known, unknown })
    }

    /// Balance changes; `fees_paid` (wei) by the acting account are not counted.
    pub(crate) fn changes(&self, fees_paid: U256) -> Result<Vec<AssetChange>, Refusal> {
        let mut changes = Vec::new();
        let native = native(&self.ground.network);
        for account in &self.accounts {
            let paid = if *account == self.account { fees_paid } else { U256::ZERO };
            let after = self.wei(self.after, *account)?.saturating_add(paid);
            let change = Change::between(&native, self.wei(self.before, *account)?, after);
            changes.extend(change.map(|amount| AssetChange { account: *account, amount }));
            for (token, asset) in self.known.iter().chain(&self.unknown) {
                let call = balanceOfCall { account: *account }.abi_encode();
                let Some((before, after)) = self.both(*token, &call)? else { continue };
                let change = Change::between(asset, before, after);
                changes.extend(change.map(|amount| AssetChange { account: *account, amount }));
            }
        }
        Ok(changes)
    }

    /// Allowances of the acting account that an `Approval` names or that changed, and that are not 0 now.
    pub(crate) fn allowances(&self, calls: &[Call]) -> Result<Vec<AllowanceLeft>, Refusal> {
        let logs = self.outcomes.iter().flat_map(|outcome| &outcome.logs);
        let logged: BTreeSet<_> = logs.filter_map(|log| approved(log, self.account)).collect();
        let targets: BTreeSet<Address> = calls.iter().map(|call| call.to).collect();
        let known = self.known.keys().flat_map(|token| targets.iter().map(|spender| (*token, *spender)));
        let pairs: BTreeSet<_> = known.chain(logged.iter().copied()).collect();
        if pairs.len() > MOST_ALLOWANCES {
            let message =
                format!("the calls touch {} allowances; at most {MOST_ALLOWANCES} are read", pairs.len());
            return Err(Refusal::new(Exit::SimulationFailed, "simulation.too_many_allowances", message));
        }
        let mut left = Vec::new();
        for (token, spender) in pairs {
            let call = allowanceCall { owner: self.account, spender }.abi_encode();
            // A token that was not heard to approve and answers no such question (Aave's debt tokens) has no allowances.
            let silent =
                !logged.contains(&(token, spender)) && self.ground.read(self.after, token, &call)?.is_none();
            if silent {
                continue;
            }
            let Some((before, raw)) = self.both(token, &call)? else { continue };
            let touched = logged.contains(&(token, spender)) || before != raw;
            if touched && !raw.is_zero() {
                let asset = self.known.get(&token).or_else(|| self.unknown.get(&token)).cloned();
                let asset = asset.unwrap_or_else(|| unknown_token(&self.ground.network, token));
                left.push(AllowanceLeft { asset, spender, raw });
            }
        }
        left.extend(self.delegated()?);
        Ok(left)
    }

    /// What Permit2 lets others take, and what operators may do with tokens that have ids: that is everything.
    fn delegated(&self) -> Result<Vec<AllowanceLeft>, Refusal> {
        let logs = || self.outcomes.iter().flat_map(|outcome| &outcome.logs);
        let permit2 = self.ground.network.role("permit2");
        let permitted: BTreeSet<_> = logs()
            .filter(|log| Some(log.address) == permit2)
            .filter_map(|log| permitted(log, self.account))
            .collect();
        let mut left = Vec::new();
        for (token, spender) in permitted {
            let call = permit2_allowance(self.account, token, spender);
            let raw = match permit2 {
                Some(permit2) => self.ground.read(self.after, permit2, &call)?.unwrap_or(U256::MAX),
                None => U256::MAX,
            };
            if !raw.is_zero() {
                left.push(AllowanceLeft { asset: unknown_token(&self.ground.network, token), spender, raw });
            }
        }
        let operators: BTreeSet<_> = logs().filter_map(|log| operator(log, self.account)).collect();
        left.extend(operators.into_iter().map(|(contract, spender)| AllowanceLeft {
            asset: unknown_token(&self.ground.network, contract),
            spender,
            raw: U256::MAX,
        }));
        Ok(left)
    }

    fn wei(&self, state: &Overlay, account: Address) -> Result<U256, Refusal> {
        let info = state.basic_ref(account).map_err(|error| self.ground.unread(&error))?;
        Ok(info.map_or(U256::ZERO, |info| info.balance))
    }

    /// A reading before and after. `None`: an unknown contract that does not answer as a token does.
    fn both(&self, token: Address, call: &[u8]) -> Result<Option<(U256, U256)>, Refusal> {
        let before = self.ground.read(self.before, token, call)?;
        let after = self.ground.read(self.after, token, call)?;
        match (before, after) {
            (Some(before), Some(after)) => Ok(Some((before, after))),
            (before, after) => match self.known.get(&token) {
                Some(asset) => {
                    let message = format!(
                        "{} at {token} does not answer a reading of a balance or allowance",
                        asset.symbol
                    );
                    Err(Refusal::new(Exit::SimulationFailed, "simulation.unreadable_token", message))
                }
                // Created by the run, or gone with it: nothing was, or is, held there.
                None if before.is_some() || after.is_some() => {
                    Ok(Some((before.unwrap_or_default(), after.unwrap_or_default())))
                }
                None => Ok(None),
            },
        }
    }
}

impl Ground {
    /// One number of a contract; `None` if it fails or gives none.
    pub(crate) fn read(
        &self,
        state: &Overlay,
        contract: Address,
        call: &[u8],
    ) -> Result<Option<U256>, Refusal> {
        let executed = self.try_call(state, Address::ZERO, contract, call.to_vec().into(), READ_GAS)?;
        let Ok(executed) = executed else { return Ok(None) };
        let output = executed.result.output().filter(|_| executed.result.is_success());
        Ok(output.and_then(|output| U256::abi_decode(output.get(..32)?).ok()))
    }
}

/// The network's own coin.
pub(crate) fn native(network: &NetworkInfo) -> Asset {
    let ether = || Asset {
        chain_id: network.id.chain_id,
        kind: AssetKind::Native,
        symbol: "ETH".to_owned(),
        decimals: 18,
    };
    network.native().cloned().unwrap_or_else(ether)
}

/// A token that is not in the registry: its own name and decimals are not believed.
fn unknown_token(network: &NetworkInfo, token: Address) -> Asset {
    if let Some(asset) = network.token(token) {
        return asset.clone();
    }
    let text = token.to_string();
    let symbol = format!("{}…{}", text.get(..6).unwrap_or_default(), text.get(38..).unwrap_or_default());
    Asset { chain_id: network.id.chain_id, kind: AssetKind::Erc20(token), symbol, decimals: 0 }
}

fn names_any(log: &Log, accounts: &[Address]) -> bool {
    log.topics.iter().skip(1).any(|topic| accounts.iter().any(|account| account.into_word() == *topic))
}
