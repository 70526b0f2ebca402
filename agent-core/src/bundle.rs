//! What a step compiles to: calls, a quote, and what running them is expected to do.

use alloy_primitives::{Address, Bytes, U256};
use serde::{Deserialize, Serialize};

use crate::{Amount, Asset};

/// Why a call is there. Only the `Act` moves value; the others move allowances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallRole {
    Approve,
    Act,
    Revoke,
}

/// One call of a bundle. For an EOA it is one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub to: Address,
    /// Wei.
    pub value: U256,
    pub data: Bytes,
    /// In plain words, decoded from `data`: `approve(spender SwapRouter02, 1000 USDC)`.
    pub decoded: String,
    pub role: CallRole,
}

/// A price promise that expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub expected_out: Amount,
    pub min_out: Amount,
    /// `["uniswap v3 USDC/WETH 0.05%"]`.
    pub route: Vec<String>,
    /// Price impact apart from fees and slippage, in basis points.
    pub impact_bps: u32,
    /// Seconds since the Unix epoch.
    pub expires_at: u64,
}

/// A step turned into calls. An EOA has exactly one `Act`, except for a revoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledStep {
    /// The step's index in the plan (from 1).
    pub step: usize,
    pub calls: Vec<Call>,
    /// Run if the act fails: takes the exact allowances back.
    pub cleanup: Vec<Call>,
    /// The most that leaves the account (exact output: the most that may be sold), one for each of
    /// [`crate::Action::takes`], in its order.
    pub spends: Vec<Amount>,
    /// The least that arrives, and where (for a bridge on another chain), one for each of
    /// [`crate::Action::yields`], in its order.
    pub yields: Vec<Amount>,
    pub quote: Option<Quote>,
    /// Family name of the protocol touched; none for a plain transfer.
    pub protocol: Option<String>,
    /// Who receives value that leaves the account for good.
    pub payees: Vec<Address>,
    /// Every token whose balance or allowance may change.
    pub assets: Vec<Asset>,
}

/// Fees of one transaction (EIP-1559), wei per gas; decimal strings in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    #[serde(with = "crate::ports::wei_text")]
    pub max_fee_per_gas: u128,
    #[serde(with = "crate::ports::wei_text")]
    pub max_priority_fee_per_gas: u128,
}

impl Fees {
    /// What replaces a waiting transaction of these fees: an eighth more of both (nodes ask for a tenth), or what the
    /// network asks `now` if that is more.
    #[must_use]
    pub fn raised(self, now: Self) -> Self {
        let more = |fee: u128| fee.saturating_add(fee.div_ceil(8).max(1));
        let max_priority_fee_per_gas = more(self.max_priority_fee_per_gas).max(now.max_priority_fee_per_gas);
        let max_fee_per_gas =
            more(self.max_fee_per_gas).max(now.max_fee_per_gas).max(max_priority_fee_per_gas);
        Self { max_fee_per_gas, max_priority_fee_per_gas }
    }
}
