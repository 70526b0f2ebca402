//! Verdicts, bounds, approvals and prices: what the policy says and what a person signs.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

use crate::{Amount, NetworkId};

/// What the agent may do alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Autonomy {
    Observe,
    Propose,
    Bounded,
    FullWithinPolicy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Allow,
    /// So many approvals are needed.
    NeedsApproval,
    Deny,
}

/// One rule that spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHit {
    pub id: String,
    /// `allow`, `ask` or `deny`.
    pub result: String,
    pub reason: String,
}

/// What a step adds to a budget: reserved in the transaction that journals it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetDelta {
    /// Which budget: `entering_usd`.
    pub budget: String,
    /// Millionths of a USD, rounded up.
    pub micro_usd: U256,
    /// The rolling window, seconds.
    pub window_s: u64,
    /// The cap in that window, millionths of a USD, rounded down.
    pub cap_micro_usd: U256,
}

/// The policy's answer for one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    pub verdict: Verdict,
    /// Approvals needed in all; 0 unless the verdict is `NeedsApproval`.
    pub approvals_needed: u32,
    pub rules: Vec<RuleHit>,
    pub budgets: Vec<BudgetDelta>,
    /// blake3 of the schema and the policies that judged, hex.
    pub policy_hash: String,
}

/// Two readings of one price, millionths of a USD per whole unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    pub oracle_micro_usd: Option<U256>,
    pub pool_micro_usd: Option<U256>,
}

/// Two readings of a price agree when the higher is at most so many percent above the lower.
pub const AGREE_PERCENT: u64 = 2;

impl Price {
    /// Whether both readings are there, neither is zero, and they are at most [`AGREE_PERCENT`] apart.
    pub fn agree(&self) -> bool {
        let (Some(oracle), Some(pool)) = (self.oracle_micro_usd, self.pool_micro_usd) else { return false };
        let (low, high) = (oracle.min(pool), oracle.max(pool));
        let apart = high.checked_sub(low).and_then(|apart| apart.checked_mul(U256::from(100)));
        let most = low.checked_mul(U256::from(AGREE_PERCENT));
        !low.is_zero() && matches!((apart, most), (Some(apart), Some(most)) if apart <= most)
    }
}

/// Prices by CAIP-19 id.
pub type Prices = BTreeMap<String, Price>;

/// What an approval allows at most and demands at least. A re-quote inside needs no new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The most that may leave the account, by asset, over the whole plan.
    pub most_in: Vec<Amount>,
    /// The least that must arrive, by asset.
    pub least_out: Vec<Amount>,
    pub payees: Vec<Address>,
    pub contracts: Vec<Address>,
    pub networks: Vec<NetworkId>,
    /// The most that may be paid for gas and data over the whole plan, one for each network.
    pub fees_most: Vec<Amount>,
    /// Seconds since the Unix epoch.
    pub expires_at: u64,
}

/// A principal's signed yes (EIP-712) over a plan's hash and its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub plan_id: String,
    pub plan_hash: B256,
    pub bounds: Bounds,
    pub approver: Address,
    pub signature: Bytes,
    /// False: a signed no.
    pub approved: bool,
    /// Seconds since the Unix epoch.
    pub signed_at: u64,
}
