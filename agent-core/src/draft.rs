//! The draft: what a sentence becomes, as JSON, before anything in it is believed.
//!
//! Types only, in the shape of the contract: amounts are kept as they were said (a share, a worth in USD, the yield of
//! a step), assets, chains and protocols by name. Nothing here looks at a chain.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ports::ModelId;

mod amount;

pub use amount::{Decimal, DraftAmount, NotCanonical, Period, Share, Unit};

/// One sentence, read. `intent` is `None` where the input was not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    #[serde(default)]
    pub intent: Option<String>,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// JSON pointer of a value in `steps` or `trigger` to where it was said.
    #[serde(default)]
    pub sources: BTreeMap<String, Said>,
    #[serde(default)]
    pub read_back: String,
    #[serde(default)]
    pub model: Option<ModelId>,
    /// How long the reading took, in milliseconds.
    #[serde(default)]
    pub ms: u64,
    /// The clock that "tomorrow" was read by, and its time zone (an IANA name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// The line of a batch, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// Where a value was said: bytes `[start, end)` of the sentence, `turn` 0 for this one and -1 for the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    pub span: [usize; 2],
    pub turn: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Plan {
        steps: Vec<Step>,
        #[serde(default)]
        trigger: Option<Trigger>,
    },
    /// Something needed was not said, or can be read in two ways. `code` is `clarify.*`.
    Clarify { missing: Vec<String>, question: String, code: String },
    Answer {
        topic: Topic,
        #[serde(default)]
        asset: Option<String>,
        #[serde(default)]
        chain: Option<String>,
        #[serde(default)]
        protocol: Option<String>,
    },
    Control {
        verb: Verb,
        #[serde(default)]
        target: Option<String>,
    },
    Goal {
        #[serde(default)]
        asset: Option<String>,
        #[serde(default)]
        amount: Option<DraftAmount>,
        #[serde(default)]
        horizon: Option<Period>,
        #[serde(default)]
        risk: Option<Risk>,
    },
    /// `code` is one of `input.empty input.too_long input.utf8 input.amount input.scope input.rules`.
    Refuse { reason: String, code: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Balance,
    Price,
    Positions,
    Gas,
    History,
    Health,
    Approvals,
    Apy,
    Profit,
    Limits,
    Plans,
    Explain,
    Help,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Cancel,
    Pause,
    Resume,
    SpeedUp,
    Undo,
    Repeat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    Low,
    Medium,
    High,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The amount is of `sell`.
    Sell,
    /// The amount is of `buy`: exact output.
    Buy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    For,
    Against,
    Abstain,
}

/// One typed operation. A field that was not said is `None`; a later stage chooses it or asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    Transfer {
        asset: String,
        amount: DraftAmount,
        /// An address, an ENS name or a contact, as typed.
        to: String,
        chain: Option<String>,
    },
    Swap {
        sell: String,
        buy: String,
        amount: DraftAmount,
        side: Side,
        chain: Option<String>,
        max_slippage_bps: Option<u32>,
        protocol: Option<String>,
    },
    Bridge {
        asset: String,
        amount: DraftAmount,
        from: Option<String>,
        to: String,
        protocol: Option<String>,
    },
    /// `asset` `None` is ETH to WETH, `stETH` is stETH to wstETH.
    Wrap {
        amount: DraftAmount,
        asset: Option<String>,
        chain: Option<String>,
    },
    Unwrap {
        amount: DraftAmount,
        asset: Option<String>,
        chain: Option<String>,
    },
    Supply {
        asset: String,
        amount: DraftAmount,
        chain: Option<String>,
        protocol: Option<String>,
    },
    Withdraw {
        asset: String,
        amount: DraftAmount,
        chain: Option<String>,
        protocol: Option<String>,
    },
    Borrow {
        asset: String,
        amount: DraftAmount,
        chain: Option<String>,
        protocol: Option<String>,
    },
    Repay {
        asset: String,
        amount: DraftAmount,
        chain: Option<String>,
        protocol: Option<String>,
    },
    Collateral {
        asset: String,
        #[serde(rename = "use")]
        on: bool,
        protocol: Option<String>,
        chain: Option<String>,
    },
    /// Written by strategies only.
    Liquidate {
        account: String,
        debt: String,
        collateral: String,
        amount: DraftAmount,
        protocol: Option<String>,
        chain: Option<String>,
    },
    Stake {
        asset: String,
        amount: DraftAmount,
        protocol: Option<String>,
        chain: Option<String>,
    },
    Unstake {
        asset: String,
        amount: DraftAmount,
        protocol: Option<String>,
        chain: Option<String>,
    },
    Claim {
        protocol: Option<String>,
        chain: Option<String>,
    },
    AddLiquidity {
        pair: [String; 2],
        amounts: [Option<DraftAmount>; 2],
        /// 0.05 % is 5.
        fee_bps: Option<u32>,
        range: Option<PriceRange>,
        chain: Option<String>,
        protocol: Option<String>,
    },
    RemoveLiquidity {
        pair: Option<[String; 2]>,
        amount: DraftAmount,
        position: Option<String>,
        chain: Option<String>,
        protocol: Option<String>,
    },
    Revoke {
        asset: Option<String>,
        /// An address or a protocol's family name; `None`: all.
        spender: Option<String>,
        chain: Option<String>,
    },
    Rebalance {
        targets: BTreeMap<String, Share>,
        chain: Option<String>,
    },
    Vote {
        proposal: String,
        support: Support,
        /// A protocol's family name or an address.
        governor: String,
        chain: Option<String>,
    },
    Delegate {
        asset: String,
        to: String,
        chain: Option<String>,
    },
}

/// `["2600","3600"]` in b per a, or `"5%"` around the price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PriceRange {
    Bounds([Decimal; 2]),
    Around(Share),
}

/// When the steps run; no trigger is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Trigger {
    Every {
        every: Period,
        #[serde(default)]
        times: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    At {
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    When {
        when: Condition,
        /// Each time, not once.
        #[serde(default, skip_serializing_if = "is_false")]
        repeat: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// `value` is USD (or `quote`'s asset) for a price, gwei for gas, percent for an apy, units of the asset for a balance,
/// a share (`"5%"`) for `trailing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub metric: Metric,
    #[serde(default)]
    pub asset: Option<String>,
    pub op: Op,
    pub value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    Price,
    HealthFactor,
    GasPrice,
    Apy,
    Balance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    #[serde(rename = "<")]
    Below,
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = ">")]
    Above,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = "crosses")]
    Crosses,
    #[serde(rename = "trailing")]
    Trailing,
}
