//! A plan: ordered legs of typed steps, every value grounded. A leg is what happens on one network.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, keccak256};
use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::{Asset, NetworkId, Source};

/// How much, before the chain is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Smallest units.
    Exact(U256),
    /// `numerator / denominator` of what is held, or of the position.
    Share { numerator: U256, denominator: U256 },
    /// All but so many smallest units (0: all). Of the native coin the gas of the plan stays behind.
    AllBut(U256),
    /// Worth so many millionths of a USD.
    MicroUsd(U256),
    /// `numerator / denominator` of what step `step` (from 1) really yielded.
    Output { step: usize, numerator: U256, denominator: U256 },
}

impl Quantity {
    /// Whether the value was in the plan already: it enters nothing new.
    pub fn is_output(&self) -> bool {
        matches!(self, Self::Output { .. })
    }
}

/// Which side of a swap the amount is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Sell,
    Buy,
}

/// One typed operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    Transfer {
        asset: Asset,
        amount: Quantity,
        to: Address,
        payee: Option<String>,
    },
    /// ETH to WETH.
    Wrap {
        from: Asset,
        to: Asset,
        amount: Quantity,
    },
    /// WETH to ETH.
    Unwrap {
        from: Asset,
        to: Asset,
        amount: Quantity,
    },
    Swap {
        sell: Asset,
        buy: Asset,
        amount: Quantity,
        side: Side,
        max_slippage_bps: u32,
    },
    Supply {
        asset: Asset,
        amount: Quantity,
    },
    Withdraw {
        asset: Asset,
        amount: Quantity,
    },
    Borrow {
        asset: Asset,
        amount: Quantity,
    },
    Repay {
        asset: Asset,
        amount: Quantity,
    },
    /// `asset` leaves this leg's chain, `out` arrives on its own.
    Bridge {
        asset: Asset,
        out: Asset,
        amount: Quantity,
    },
    /// No asset: every registry token; no spender: every registry contract.
    Revoke {
        asset: Option<Asset>,
        spender: Option<Address>,
    },
}

impl Action {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Transfer { .. } => "transfer",
            Self::Wrap { .. } => "wrap",
            Self::Unwrap { .. } => "unwrap",
            Self::Swap { .. } => "swap",
            Self::Supply { .. } => "supply",
            Self::Withdraw { .. } => "withdraw",
            Self::Borrow { .. } => "borrow",
            Self::Repay { .. } => "repay",
            Self::Bridge { .. } => "bridge",
            Self::Revoke { .. } => "revoke",
        }
    }

    pub fn quantity(&self) -> Option<&Quantity> {
        match self {
            Self::Transfer { amount, .. }
            | Self::Wrap { amount, .. }
            | Self::Unwrap { amount, .. }
            | Self::Swap { amount, .. }
            | Self::Supply { amount, .. }
            | Self::Withdraw { amount, .. }
            | Self::Borrow { amount, .. }
            | Self::Repay { amount, .. }
            | Self::Bridge { amount, .. } => Some(amount),
            Self::Revoke { .. } => None,
        }
    }

    /// The asset that the quantity counts.
    pub fn counted(&self) -> Option<&Asset> {
        match self {
            Self::Swap { sell, buy, side, .. } => Some(match side {
                Side::Sell => sell,
                Side::Buy => buy,
            }),
            Self::Transfer { asset, .. }
            | Self::Supply { asset, .. }
            | Self::Withdraw { asset, .. }
            | Self::Borrow { asset, .. }
            | Self::Repay { asset, .. }
            | Self::Bridge { asset, .. } => Some(asset),
            Self::Wrap { from, .. } | Self::Unwrap { from, .. } => Some(from),
            Self::Revoke { .. } => None,
        }
    }

    /// What `@n` means for a later step: the asset that this one yields.
    pub fn yields(&self) -> Option<&Asset> {
        match self {
            Self::Swap { buy, .. } => Some(buy),
            Self::Wrap { to, .. } | Self::Unwrap { to, .. } => Some(to),
            Self::Withdraw { asset, .. } | Self::Borrow { asset, .. } => Some(asset),
            Self::Bridge { out, .. } => Some(out),
            Self::Transfer { .. } | Self::Supply { .. } | Self::Repay { .. } | Self::Revoke { .. } => None,
        }
    }
}

/// Whether the user said a step or the planner added it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Said,
    Added { because: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// From 1, over the whole plan; `@n` counts by it.
    pub index: usize,
    pub action: Action,
    pub origin: Origin,
    /// Field name to where its value came from.
    pub sources: BTreeMap<String, Source>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// From 0.
    pub index: usize,
    pub network: NetworkId,
    pub steps: Vec<Step>,
}

/// Checked, ordered, grounded. Its hash is what an approval signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub id: String,
    pub account: Address,
    /// Seconds since the Unix epoch.
    pub created_at: u64,
    pub draft: Draft,
    pub legs: Vec<Leg>,
}

impl Plan {
    /// keccak256 of the plan's JSON. Keys are in declaration order, maps are sorted: it is stable.
    pub fn hash(&self) -> B256 {
        keccak256(serde_json::to_vec(self).unwrap_or_default())
    }

    pub fn steps(&self) -> impl Iterator<Item = (&Leg, &Step)> {
        self.legs.iter().flat_map(|leg| leg.steps.iter().map(move |step| (leg, step)))
    }
}
