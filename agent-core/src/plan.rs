//! A plan: ordered legs of typed steps, every value grounded. A leg is what happens on one network.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, keccak256};
use serde::{Deserialize, Serialize};

use crate::draft::{Decimal, Draft, Share, Support};
use crate::{Amount, Asset, NetworkId, Source};

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
    /// `numerator / denominator` of the `asset` that step `step` (from 1) really yielded.
    Output { step: usize, asset: Asset, numerator: U256, denominator: U256 },
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

/// Between which prices a liquidity position lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiquidityRange {
    Full,
    /// So much of the price below it and above it.
    Around(Share),
    /// Prices of the pair's other asset in units of `quoted_in`.
    Between {
        low: Decimal,
        high: Decimal,
        quoted_in: Asset,
    },
}

/// One typed operation.
#[expect(
    clippy::large_enum_variant,
    reason = "a plan holds a handful; a box would be in the way of every reader"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    Transfer {
        asset: Asset,
        amount: Quantity,
        to: Address,
        payee: Option<String>,
    },
    /// ETH to WETH, stETH to wstETH.
    Wrap {
        from: Asset,
        to: Asset,
        amount: Quantity,
    },
    /// WETH to ETH, wstETH to stETH.
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
    /// `asset` leaves this leg's chain, `out` arrives on its own. The amount is of `asset`, or with [`Side::Buy`] of
    /// `out`: what must arrive.
    Bridge {
        asset: Asset,
        out: Asset,
        amount: Quantity,
        side: Side,
    },
    /// Whether what is supplied of `asset` backs loans.
    Collateral {
        asset: Asset,
        enabled: bool,
    },
    /// Pays `debt` of another account's and takes its `collateral` with the market's bonus.
    Liquidate {
        account: Address,
        debt: Asset,
        collateral: Asset,
        amount: Quantity,
    },
    /// ETH to stETH.
    Stake {
        from: Asset,
        to: Asset,
        amount: Quantity,
    },
    /// What a protocol owes the account: rewards, or the fees of all its liquidity positions.
    Claim {
        protocol: String,
        chain_id: u64,
    },
    /// `amount` of `asset` and what belongs to it of `other`; where `other_amount` is there, at most that.
    AddLiquidity {
        asset: Asset,
        amount: Quantity,
        other: Asset,
        other_amount: Option<Quantity>,
        /// Millionths: 500 is 0.05 %. None: the pool with the most liquidity.
        fee_pips: Option<u32>,
        range: LiquidityRange,
        max_slippage_bps: u32,
    },
    /// A share of the position's liquidity, with all its fees.
    RemoveLiquidity {
        position: U256,
        pair: [Asset; 2],
        amount: Quantity,
        max_slippage_bps: u32,
    },
    Vote {
        governor: Address,
        chain_id: u64,
        proposal: U256,
        support: Support,
    },
    /// Gives the votes of a token to somebody; the token stays.
    Delegate {
        asset: Asset,
        to: Address,
        payee: Option<String>,
    },
    /// No asset: every registry token; no spender: every registry contract.
    Revoke {
        asset: Option<Asset>,
        spender: Option<Address>,
        chain_id: u64,
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
            Self::Collateral { .. } => "collateral",
            Self::Liquidate { .. } => "liquidate",
            Self::Stake { .. } => "stake",
            Self::Claim { .. } => "claim",
            Self::AddLiquidity { .. } => "add_liquidity",
            Self::RemoveLiquidity { .. } => "remove_liquidity",
            Self::Vote { .. } => "vote",
            Self::Delegate { .. } => "delegate",
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
            | Self::Bridge { amount, .. }
            | Self::Liquidate { amount, .. }
            | Self::Stake { amount, .. }
            | Self::AddLiquidity { amount, .. }
            | Self::RemoveLiquidity { amount, .. } => Some(amount),
            Self::Collateral { .. }
            | Self::Claim { .. }
            | Self::Vote { .. }
            | Self::Delegate { .. }
            | Self::Revoke { .. } => None,
        }
    }

    /// Every quantity that was said: a pair has two.
    pub fn quantities(&self) -> impl Iterator<Item = &Quantity> {
        let other =
            if let Self::AddLiquidity { other_amount, .. } = self { other_amount.as_ref() } else { None };
        self.quantity().into_iter().chain(other)
    }

    /// The asset that the quantity counts; none where it counts a position's liquidity.
    pub fn counted(&self) -> Option<&Asset> {
        match self {
            Self::Swap { sell, buy, side, .. } => Some(match side {
                Side::Sell => sell,
                Side::Buy => buy,
            }),
            Self::Bridge { asset, out, side, .. } => Some(match side {
                Side::Sell => asset,
                Side::Buy => out,
            }),
            Self::Transfer { asset, .. }
            | Self::Supply { asset, .. }
            | Self::Withdraw { asset, .. }
            | Self::Borrow { asset, .. }
            | Self::Repay { asset, .. }
            | Self::AddLiquidity { asset, .. } => Some(asset),
            Self::Liquidate { debt, .. } => Some(debt),
            Self::Wrap { from, .. } | Self::Unwrap { from, .. } | Self::Stake { from, .. } => Some(from),
            Self::RemoveLiquidity { .. }
            | Self::Collateral { .. }
            | Self::Claim { .. }
            | Self::Vote { .. }
            | Self::Delegate { .. }
            | Self::Revoke { .. } => None,
        }
    }

    /// Where it happens (EIP-155).
    pub fn chain_id(&self) -> u64 {
        match self {
            Self::Claim { chain_id, .. } | Self::Vote { chain_id, .. } | Self::Revoke { chain_id, .. } => {
                *chain_id
            }
            Self::Swap { sell: asset, .. }
            | Self::Transfer { asset, .. }
            | Self::Supply { asset, .. }
            | Self::Withdraw { asset, .. }
            | Self::Borrow { asset, .. }
            | Self::Repay { asset, .. }
            | Self::Bridge { asset, .. }
            | Self::Collateral { asset, .. }
            | Self::Liquidate { debt: asset, .. }
            | Self::Wrap { from: asset, .. }
            | Self::Unwrap { from: asset, .. }
            | Self::Stake { from: asset, .. }
            | Self::AddLiquidity { asset, .. }
            | Self::RemoveLiquidity { pair: [asset, _], .. }
            | Self::Delegate { asset, .. } => asset.chain_id,
        }
    }

    /// What leaves the wallet. Each has an amount in [`crate::CompiledStep::spends`].
    pub fn takes(&self) -> Vec<&Asset> {
        match self {
            Self::Transfer { asset, .. }
            | Self::Supply { asset, .. }
            | Self::Repay { asset, .. }
            | Self::Bridge { asset, .. }
            | Self::Swap { sell: asset, .. }
            | Self::Liquidate { debt: asset, .. }
            | Self::Wrap { from: asset, .. }
            | Self::Unwrap { from: asset, .. }
            | Self::Stake { from: asset, .. } => vec![asset],
            Self::AddLiquidity { asset, other, .. } => vec![asset, other],
            Self::Withdraw { .. }
            | Self::Borrow { .. }
            | Self::RemoveLiquidity { .. }
            | Self::Collateral { .. }
            | Self::Claim { .. }
            | Self::Vote { .. }
            | Self::Delegate { .. }
            | Self::Revoke { .. } => Vec::new(),
        }
    }

    /// What `@n` means for a later step: the assets that this one yields. Each has an amount in
    /// [`crate::CompiledStep::yields`].
    pub fn yields(&self) -> Vec<&Asset> {
        match self {
            Self::Swap { buy: asset, .. }
            | Self::Wrap { to: asset, .. }
            | Self::Unwrap { to: asset, .. }
            | Self::Stake { to: asset, .. }
            | Self::Withdraw { asset, .. }
            | Self::Borrow { asset, .. }
            | Self::Liquidate { collateral: asset, .. }
            | Self::Bridge { out: asset, .. } => vec![asset],
            Self::RemoveLiquidity { pair, .. } => pair.iter().collect(),
            Self::Transfer { .. }
            | Self::Supply { .. }
            | Self::Repay { .. }
            | Self::AddLiquidity { .. }
            | Self::Collateral { .. }
            | Self::Claim { .. }
            | Self::Vote { .. }
            | Self::Delegate { .. }
            | Self::Revoke { .. } => Vec::new(),
        }
    }

    /// The same action with another quantity; unchanged where it has none.
    #[must_use]
    pub fn with_quantity(mut self, quantity: Quantity) -> Self {
        match &mut self {
            Self::Transfer { amount, .. }
            | Self::Wrap { amount, .. }
            | Self::Unwrap { amount, .. }
            | Self::Swap { amount, .. }
            | Self::Supply { amount, .. }
            | Self::Withdraw { amount, .. }
            | Self::Borrow { amount, .. }
            | Self::Repay { amount, .. }
            | Self::Bridge { amount, .. }
            | Self::Liquidate { amount, .. }
            | Self::Stake { amount, .. }
            | Self::AddLiquidity { amount, .. }
            | Self::RemoveLiquidity { amount, .. } => *amount = quantity,
            Self::Collateral { .. }
            | Self::Claim { .. }
            | Self::Vote { .. }
            | Self::Delegate { .. }
            | Self::Revoke { .. } => {}
        }
        self
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

    /// The first step that uses more of an earlier step's yield than there is: what two steps share is at most all
    /// of it.
    pub fn overdrawn(&self) -> Option<usize> {
        let mut left: BTreeMap<(usize, String), (U256, U256)> = BTreeMap::new();
        for (_, step) in self.steps() {
            for quantity in step.action.quantities() {
                let Quantity::Output { step: from, asset, numerator, denominator } = quantity else {
                    continue;
                };
                let (have, of) = left.entry((*from, asset.caip19())).or_insert((U256::ONE, U256::ONE));
                // have/of - numerator/denominator
                let common = of.checked_mul(*denominator);
                let rest = have
                    .checked_mul(*denominator)
                    .zip(numerator.checked_mul(*of))
                    .and_then(|(have, taken)| have.checked_sub(taken));
                let (Some(common), Some(rest), true) = (common, rest, *from < step.index) else {
                    return Some(step.index);
                };
                (*have, *of) = (rest, common);
            }
        }
        None
    }

    pub fn steps(&self) -> impl Iterator<Item = (&Leg, &Step)> {
        self.legs.iter().flat_map(|leg| leg.steps.iter().map(move |step| (leg, step)))
    }
}

/// What a settled step did to the account, measured in its block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Of each of [`Action::yields`].
    pub yielded: Vec<Amount>,
    /// Of each of [`Action::takes`]. The native coin may have the L1 fee of an OP stack in it.
    pub spent: Vec<Amount>,
    /// The liquidity position that it made.
    pub position: Option<U256>,
}
