//! The outcome of what-if. A revert or a halt is a value, not an error.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

use crate::{Amount, Asset, BlockRef, Change, caip10};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    pub address: Address,
    pub topics: Vec<B256>,
    pub data: Bytes,
}

/// How one call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEnd {
    Success,
    /// The revert's reason, decoded and tamed.
    Revert(String),
    /// Out of gas, invalid opcode, …
    Halt(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallOutcome {
    pub end: CallEnd,
    pub output: Bytes,
    pub gas_used: u64,
    /// The OP stack's L1 data fee, wei; 0 elsewhere.
    pub l1_fee: U256,
    pub logs: Vec<Log>,
    /// Every contract whose code ran.
    pub touched: Vec<Address>,
}

/// What an owner's spender may still take. In JSON `{"spender", "amount"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "AllowanceJson", into = "AllowanceJson")]
pub struct AllowanceLeft {
    pub asset: Asset,
    pub spender: Address,
    pub raw: U256,
}

#[derive(Clone, Serialize, Deserialize)]
struct AllowanceJson {
    spender: Address,
    amount: Amount,
}

impl From<AllowanceLeft> for AllowanceJson {
    fn from(AllowanceLeft { asset, spender, raw }: AllowanceLeft) -> Self {
        Self { spender, amount: asset.amount(raw) }
    }
}

impl From<AllowanceJson> for AllowanceLeft {
    fn from(AllowanceJson { spender, amount }: AllowanceJson) -> Self {
        Self { asset: amount.asset().clone(), spender, raw: amount.raw() }
    }
}

/// One account's change of one asset. In JSON the account is CAIP-10.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ChangeJson", into = "ChangeJson")]
pub struct AssetChange {
    pub account: Address,
    pub amount: Change,
}

#[derive(Clone, Serialize, Deserialize)]
struct ChangeJson {
    account: String,
    amount: Change,
}

impl From<AssetChange> for ChangeJson {
    fn from(AssetChange { account, amount }: AssetChange) -> Self {
        Self { account: caip10(amount.amount.asset().chain_id, account), amount }
    }
}

impl TryFrom<ChangeJson> for AssetChange {
    type Error = String;

    fn try_from(ChangeJson { account, amount }: ChangeJson) -> Result<Self, String> {
        let address = account.rsplit(':').next().and_then(|address| address.parse().ok());
        let account = address.ok_or_else(|| format!("`{account}` is no CAIP-10 account"))?;
        Ok(Self { account, amount })
    }
}

/// A token with an id (ERC-721: a liquidity position) that came to the acting account or left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NftChange {
    pub contract: Address,
    pub id: U256,
    /// The other side; zero: it was made, or destroyed.
    pub with: Address,
    pub received: bool,
}

/// A run of calls, one after the other, stopped at the first that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    pub block: BlockRef,
    pub calls: Vec<CallOutcome>,
    /// Balance changes of the acting account and the payees, gas not counted.
    pub changes: Vec<AssetChange>,
    /// Allowances of the acting account that the run touched and that are not 0 afterwards.
    pub allowances_left: Vec<AllowanceLeft>,
    /// In the order in which they moved.
    pub nfts: Vec<NftChange>,
}

impl Simulation {
    /// The first call that failed, with its place.
    pub fn failure(&self) -> Option<(usize, &CallEnd)> {
        self.calls.iter().map(|call| &call.end).enumerate().find(|(_, end)| **end != CallEnd::Success)
    }

    pub fn gas_used(&self) -> u64 {
        self.calls.iter().fold(0, |sum, call| sum.saturating_add(call.gas_used))
    }

    pub fn l1_fee(&self) -> U256 {
        self.calls.iter().fold(U256::ZERO, |sum, call| sum.saturating_add(call.l1_fee))
    }

    /// How `account`'s balance of `asset` changed; `None`: not at all.
    pub fn change(&self, account: Address, asset: &Asset) -> Option<&Change> {
        let mut own = self.changes.iter().filter(|change| change.account == account);
        own.find(|change| change.amount.amount.asset().same(asset)).map(|change| &change.amount)
    }
}
