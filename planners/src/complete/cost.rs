//! What steps cost, by estimate: gas at the highest fee that would be offered, and the fees of bridges and pools.

use agent_core::asset::{mul_div, mul_div_up, ten_pow};
use agent_core::ports::PlanRequest;
use agent_core::{Action, Amount, Asset, NetworkInfo, Portfolio, Quantity};
use alloy_primitives::U256;

/// Wei of the native coin that completion leaves on Ethereum, and brings where there is too little for gas.
pub const GAS_RESERVE_L1_WEI: u64 = 2_000_000_000_000_000;
/// The same on every other chain.
pub const GAS_RESERVE_L2_WEI: u64 = 200_000_000_000_000;
const ETHEREUM: u64 = 1;

/// What a relayer is offered, basis points, rounded up for safety.
pub(super) const BRIDGE_BPS: u64 = 6;
/// The dearest pool that a swap is expected to take, basis points.
pub(super) const POOL_BPS: u64 = 30;
pub(super) const WHOLE_BPS: u64 = 10_000;

/// The gas reserve of a chain, wei.
pub fn gas_reserve(chain_id: u64) -> U256 {
    U256::from(if chain_id == ETHEREUM { GAS_RESERVE_L1_WEI } else { GAS_RESERVE_L2_WEI })
}

/// Gas units of a step with its approvals, roughly and rather too much.
fn gas_units(action: &Action) -> u64 {
    match action {
        Action::Transfer { .. } | Action::Revoke { .. } => 65_000,
        Action::Wrap { .. } | Action::Unwrap { .. } => 90_000,
        Action::Delegate { .. } | Action::Vote { .. } | Action::Stake { .. } => 150_000,
        Action::Bridge { .. } => 200_000,
        Action::Collateral { .. } => 250_000,
        Action::Swap { .. } => 300_000,
        Action::Supply { .. } | Action::Withdraw { .. } | Action::Repay { .. } | Action::Claim { .. } => {
            350_000
        }
        Action::Borrow { .. } => 400_000,
        Action::AddLiquidity { .. } | Action::RemoveLiquidity { .. } | Action::Liquidate { .. } => 700_000,
    }
}

/// What is known of networks and prices.
#[derive(Debug, Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) ask: &'a PlanRequest<'a>,
}

impl<'a> World<'a> {
    pub(super) fn network(&self, chain_id: u64) -> Option<&'a NetworkInfo> {
        self.ask.registry.network(chain_id)
    }

    pub(super) fn name(&self, chain_id: u64) -> &'a str {
        self.network(chain_id).map_or("another chain", |network| network.name.as_str())
    }

    pub(super) fn portfolio(&self, chain_id: u64) -> Option<&'a Portfolio> {
        self.ask.portfolios.iter().find(|portfolio| portfolio.network.chain_id == chain_id)
    }

    fn price(&self, asset: &Asset) -> Option<U256> {
        self.portfolio(asset.chain_id)?.price(asset).filter(|price| !price.is_zero())
    }

    /// Millionths of a USD, by the oracle.
    pub(super) fn micro(&self, asset: &Asset, raw: U256) -> Option<U256> {
        mul_div(raw, self.price(asset)?, ten_pow(asset.decimals)?)
    }

    /// Smallest units that are worth `micro`, rounded up.
    pub(super) fn raw(&self, asset: &Asset, micro: U256) -> Option<U256> {
        mul_div_up(micro, ten_pow(asset.decimals)?, self.price(asset)?)
    }

    /// Twice the gas of a step, wei.
    pub(super) fn gas_wei(&self, action: &Action) -> U256 {
        let fee = self.portfolio(action.chain_id()).map_or(0, |portfolio| portfolio.max_fee_per_gas);
        U256::from(gas_units(action)).saturating_mul(U256::from(fee)).saturating_mul(U256::from(2))
    }
}

/// `bps` of `raw` more (or fewer, below 10,000), rounded up.
pub(super) fn times(raw: U256, bps: u64) -> U256 {
    mul_div_up(raw, U256::from(bps), U256::from(WHOLE_BPS)).unwrap_or(U256::MAX)
}

/// Millionths of a USD; none without a price.
pub(crate) fn worth(portfolio: &Portfolio, asset: &Asset, raw: U256) -> Option<U256> {
    mul_div(raw, portfolio.price(asset)?, ten_pow(asset.decimals)?)
}

/// What an added step costs at most, millionths of a USD: its gas, and on what it moves the fee and a swap's slippage,
/// so that the asset itself from another chain comes before a trade.
pub(super) fn of(world: &World<'_>, action: &Action) -> U256 {
    let native = world.network(action.chain_id()).and_then(|network| network.native());
    let gas = native.and_then(|native| world.micro(native, world.gas_wei(action))).unwrap_or_default();
    let moved = match (action.quantity(), action.counted()) {
        (Some(Quantity::Exact(raw)), Some(asset)) => world.micro(asset, *raw).unwrap_or_default(),
        _ => U256::ZERO,
    };
    let bps = match action {
        Action::Bridge { .. } => BRIDGE_BPS,
        Action::Swap { sell, buy, max_slippage_bps, .. } => {
            let pool = world.network(sell.chain_id).and_then(|network| pool_bps(network, sell, buy));
            pool.unwrap_or(POOL_BPS).saturating_add(u64::from(*max_slippage_bps))
        }
        Action::Transfer { .. }
        | Action::Wrap { .. }
        | Action::Unwrap { .. }
        | Action::Supply { .. }
        | Action::Withdraw { .. }
        | Action::Borrow { .. }
        | Action::Repay { .. }
        | Action::Collateral { .. }
        | Action::Liquidate { .. }
        | Action::Stake { .. }
        | Action::Claim { .. }
        | Action::AddLiquidity { .. }
        | Action::RemoveLiquidity { .. }
        | Action::Vote { .. }
        | Action::Delegate { .. }
        | Action::Revoke { .. } => 0,
    };
    gas.saturating_add(times(moved, bps))
}

/// As roles name it: `weth`, `usdce`.
fn role_name(asset: &Asset) -> String {
    if asset.is_native() { "weth".to_owned() } else { asset.symbol.to_lowercase().replace('.', "") }
}

/// The fee of the cheapest way through the registry's pools, basis points: one pool, or two over WETH or USDC.
pub(super) fn pool_bps(network: &NetworkInfo, one: &Asset, other: &Asset) -> Option<u64> {
    let (one, other) = (role_name(one), role_name(other));
    let direct = |a: &str, b: &str| {
        let fees = network.roles.keys().filter_map(|role| {
            let pair =
                role.strip_prefix("uniswap.pool.").or_else(|| role.strip_prefix("uniswap.v2_pair."))?;
            let mut parts = pair.split('_');
            let (first, second) = (parts.next()?, parts.next()?);
            let same = (first, second) == (a, b) || (first, second) == (b, a);
            let pips = parts.next().map_or(Some(3_000), |pips| pips.parse::<u64>().ok())?;
            same.then(|| pips.div_ceil(100))
        });
        fees.min()
    };
    let over = |hub: &str| Some(direct(&one, hub)?.saturating_add(direct(hub, &other)?));
    direct(&one, &other).or_else(|| over("weth").into_iter().chain(over("usdc")).min())
}

/// `at most $0.21`, or `less than $0.01`.
pub(super) fn at_most(micro: U256) -> String {
    let cents = micro.checked_div(U256::from(10_000)).unwrap_or_default();
    if cents.is_zero() {
        return "less than $0.01".to_owned();
    }
    let (whole, rest) = (cents.wrapping_div(U256::from(100)), cents.wrapping_rem(U256::from(100)));
    format!("at most ${whole}.{rest:0>2}")
}

/// An amount with at most six places where that says something.
pub(super) fn shown(amount: &Amount) -> String {
    let full = amount.decimal();
    let Some((whole, places)) = full.split_once('.') else { return amount.to_string() };
    let six: String = places.chars().take(6).collect();
    let six = six.trim_end_matches('0');
    match (whole, six) {
        ("0", "") => amount.to_string(),
        (whole, "") => format!("{whole} {}", amount.asset().symbol),
        (whole, six) => format!("{whole}.{six} {}", amount.asset().symbol),
    }
}
