//! What an account has on one network: held, lent, owed, provided, allowed. What could not be read is named.

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

use crate::{AllowanceLeft, Amount, Asset, BlockRef, NetworkId, Prices};

/// One network's part, all of it at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portfolio {
    pub network: NetworkId,
    /// `ethereum`, `base`.
    pub name: String,
    pub block: BlockRef,
    /// Every asset of the registry, the native coin first, zeros included.
    pub balances: Vec<Amount>,
    /// Supplied to the lending market, with interest.
    pub lent: Vec<Lent>,
    /// Owed to the lending market, with interest.
    pub owed: Vec<Amount>,
    /// Collateral by threshold over debt, in units of 1e-18; below 1e18 the account can be liquidated. None: no debt.
    pub health_factor: Option<U256>,
    /// What each reserve of the lending market pays and costs now.
    pub rates: Vec<Rate>,
    pub liquidity: Vec<LiquidityPosition>,
    /// What protocols owe and a claim would bring.
    pub claimable: Vec<Claimable>,
    /// Allowances of the registry's contracts that are not zero.
    pub allowances: Vec<AllowanceLeft>,
    pub prices: Prices,
    /// Wei per gas that a transaction would be sent with at most.
    pub max_fee_per_gas: u128,
    /// What could not be read, each with why.
    pub unknown: Vec<Unknown>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lent {
    pub amount: Amount,
    /// Whether it backs loans.
    pub collateral: bool,
}

/// A reserve's yearly yields at the rates of the block, compounded every second (APY, not APR), in hundredths of a
/// percent, rounded down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub asset: Asset,
    /// What lending earns.
    pub supply_bps: u64,
    /// What borrowing costs.
    pub borrow_bps: u64,
}

/// Two assets provided to a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiquidityPosition {
    /// The position's NFT id.
    pub id: U256,
    /// `uniswap v3`.
    pub protocol: String,
    pub pair: [Asset; 2],
    /// Millionths: 500 is 0.05 %.
    pub fee_pips: u32,
    pub tick_lower: i32,
    pub tick_upper: i32,
    /// The pool's own unit.
    pub liquidity: U256,
    /// What it is worth now in both assets, without fees.
    pub amounts: [Amount; 2],
    /// Fees that wait to be collected.
    pub fees: [Amount; 2],
    /// Whether the price is inside the range, so that it earns.
    pub in_range: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimable {
    /// Family name: `aave`, `uniswap`.
    pub protocol: String,
    pub amount: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    pub what: String,
    /// Tamed.
    pub why: String,
}

impl Portfolio {
    pub fn held(&self, asset: &Asset) -> U256 {
        self.balances.iter().find(|amount| amount.asset().same(asset)).map(Amount::raw).unwrap_or_default()
    }

    /// The oracle's price, millionths of a USD for a whole unit.
    pub fn price(&self, asset: &Asset) -> Option<U256> {
        self.prices.get(&asset.caip19()).and_then(|price| price.oracle_micro_usd)
    }
}
