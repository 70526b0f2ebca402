//! Balances and allowances of one network, and the calls that move them.

use std::collections::BTreeMap;

use agent_core::{Amount, Asset, AssetKind, Call, CallEnd, Log};
use alloy_primitives::{Address, Bytes, U256};
use serde::{Deserialize, Serialize};

/// What a call does: its `data` is this as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Sets what `spender` may take of the called token.
    Approve { spender: Address, raw: U256 },
    /// The act of step `step`: `give` leaves the caller for `to`, `get` arrives, `crosses` will be paid elsewhere.
    Act {
        step: usize,
        give: Option<Amount>,
        to: Address,
        get: Option<Amount>,
        crosses: Option<Box<Crossing>>,
    },
    /// Reads a balance of the called token.
    BalanceOf { account: Address },
}

/// What a bridge pays on the other chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossing {
    pub account: Address,
    pub amount: Amount,
}

impl Effect {
    pub fn data(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    pub fn of(data: &[u8]) -> Option<Self> {
        serde_json::from_slice(data).ok()
    }

    /// The step whose act this is.
    pub fn act(&self) -> Option<usize> {
        match self {
            Self::Act { step, .. } => Some(*step),
            Self::Approve { .. } | Self::BalanceOf { .. } => None,
        }
    }
}

/// One network's balances and allowances.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    balances: BTreeMap<(Address, AssetKind), U256>,
    /// By owner, token, spender.
    allowances: BTreeMap<(Address, Address, Address), U256>,
}

/// How a call ended, what it returned, what it logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub end: CallEnd,
    pub output: Bytes,
    pub logs: Vec<Log>,
}

impl State {
    pub fn balance(&self, account: Address, kind: AssetKind) -> U256 {
        self.balances.get(&(account, kind)).copied().unwrap_or_default()
    }

    pub fn credit(&mut self, account: Address, kind: AssetKind, raw: U256) {
        let balance = self.balance(account, kind).saturating_add(raw);
        self.balances.insert((account, kind), balance);
    }

    /// False, and nothing is taken, if there is not so much.
    #[must_use]
    pub fn take(&mut self, account: Address, kind: AssetKind, raw: U256) -> bool {
        let left = self.balance(account, kind).checked_sub(raw);
        left.map(|left| self.balances.insert((account, kind), left)).is_some()
    }

    /// What `owner` lets others take, without the zeros: token, spender, smallest units.
    pub fn allowances(&self, owner: Address) -> Vec<(Address, Address, U256)> {
        let own = self.allowances.iter().filter(|((whose, ..), raw)| *whose == owner && !raw.is_zero());
        own.map(|((_, token, spender), raw)| (*token, *spender, *raw)).collect()
    }

    /// Runs a call of `caller`; nothing changes if it reverts.
    pub fn run(&mut self, caller: Address, call: &Call) -> Ran {
        let mut next = self.clone();
        match next.apply(caller, call) {
            Ok((output, logs)) => {
                *self = next;
                Ran { end: CallEnd::Success, output, logs }
            }
            Err(reason) => {
                Ran { end: CallEnd::Revert(reason.to_owned()), output: Bytes::new(), logs: Vec::new() }
            }
        }
    }

    fn apply(&mut self, caller: Address, call: &Call) -> Result<(Bytes, Vec<Log>), &'static str> {
        match Effect::of(&call.data).ok_or("no such function")? {
            Effect::Approve { spender, raw } => {
                self.allowances.insert((caller, call.to, spender), raw);
                Ok((Bytes::new(), Vec::new()))
            }
            Effect::BalanceOf { account } => {
                let raw = self.balance(account, AssetKind::Erc20(call.to));
                Ok((raw.to_be_bytes_vec().into(), Vec::new()))
            }
            Effect::Act { give, to, get, .. } => {
                if let Some(give) = give {
                    self.give(caller, call, &give)?;
                    self.credit(to, give.asset().kind, give.raw());
                }
                if let Some(get) = get {
                    self.credit(caller, get.asset().kind, get.raw());
                }
                let log = Log { address: call.to, topics: Vec::new(), data: call.data.clone() };
                Ok((Bytes::new(), vec![log]))
            }
        }
    }

    /// Takes what the caller gives: the call's value, or tokens by an allowance unless the token itself was called.
    fn give(&mut self, caller: Address, call: &Call, give: &Amount) -> Result<(), &'static str> {
        if let AssetKind::Erc20(token) = give.asset().kind {
            if token != call.to {
                let key = (caller, token, call.to);
                let allowed = self.allowances.get(&key).copied().unwrap_or_default();
                let left = allowed.checked_sub(give.raw()).ok_or("allowance too low")?;
                self.allowances.insert(key, left);
            }
        } else if call.value != give.raw() {
            return Err("wrong value");
        }
        self.take(caller, give.asset().kind, give.raw()).then_some(()).ok_or("balance too low")
    }
}

/// The call that reads a token's balance.
pub(crate) fn balance_of(asset: &Asset, account: Address) -> Option<(Address, Bytes)> {
    Some((asset.token()?, Effect::BalanceOf { account }.data()))
}
