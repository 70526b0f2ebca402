//! The ways to a missing asset, each with what it covers and costs. Nothing that a later step needs is taken, and no
//! chain's gas reserve.

use agent_core::asset::mul_div_up;
use agent_core::{Action, Asset, NetworkInfo, Quantity, Side, Step};
use alloy_primitives::U256;

use super::book::Replay;
use super::cost::{self, BRIDGE_BPS, POOL_BPS, WHOLE_BPS, World, gas_reserve, pool_bps, times};
use crate::ground::{SLIPPAGE_BPS, is_twin, wrapping};

/// What Across carries.
const BRIDGED: [&str; 6] = ["ETH", "WETH", "USDC", "USDT", "DAI", "WBTC"];
/// Room above what a swap is expected to take, basis points: pool fee, slippage, price.
const SWAP_ROOM_BPS: u64 = 120;

/// What a further step has to save to be worth its waiting and its risk, millionths of a USD.
const STEP_MICRO_USD: u64 = 500_000;

/// What is looked for.
#[derive(Debug, Clone)]
pub(super) struct Want {
    asset: Asset,
    missing: U256,
    /// Before which step it must be there.
    at: usize,
    /// Where the block of steps on its chain begins: what happens on other chains comes before it.
    pub(super) start: usize,
    /// A swap is never made for a swap, nor a wrap for an unwrap.
    swaps: bool,
    twins: bool,
    /// A chain that it does not come from: the one a bridge leads to.
    not_from: Option<u64>,
    /// The chain has hardly any gas: what happens on it must be payable from what is there.
    thrifty: bool,
}

impl Want {
    pub(super) fn for_step(steps: &[Step], at: usize, asset: Asset, missing: U256) -> Self {
        let on = |place: usize| steps.get(place).is_some_and(|step| step.action.chain_id() == asset.chain_id);
        let block = (0..=at).rev().take_while(|place| on(*place)).last();
        let action = steps.get(at).map(|step| &step.action);
        let wraps = matches!(action, Some(Action::Wrap { .. } | Action::Unwrap { .. }));
        let not_from = if let Some(Action::Bridge { out, .. }) = action { Some(out.chain_id) } else { None };
        let swaps = !wraps && !matches!(action, Some(Action::Swap { .. }));
        Self {
            asset,
            missing,
            at,
            start: block.unwrap_or(at),
            swaps,
            twins: !wraps,
            not_from,
            thrifty: false,
        }
    }

    pub(super) fn for_gas(at: usize, asset: Asset, missing: U256) -> Self {
        Self { asset, missing, at, start: at, swaps: true, twins: true, not_from: None, thrifty: true }
    }
}

/// Steps on other chains, steps on the chain itself.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) before: Vec<Action>,
    pub(super) here: Vec<Action>,
    /// Smallest units, at most what is missing.
    pub(super) covers: U256,
    /// Whether that is all of it.
    pub(super) whole: bool,
    /// Millionths of a USD, with what each step is reckoned at.
    pub(super) cost: U256,
}

impl Way {
    pub(super) fn steps(&self) -> usize {
        self.before.len().saturating_add(self.here.len())
    }
}

/// All of them.
pub(super) fn ways(world: &World<'_>, now: &Replay, want: &Want) -> Vec<Way> {
    let search = Search { world, now, want };
    let Some(home) = world.network(want.asset.chain_id) else { return Vec::new() };
    let mut found = search.on_chain(home);
    for portfolio in world.ask.portfolios {
        let chain_id = portfolio.network.chain_id;
        let other = world
            .network(chain_id)
            .filter(|_| chain_id != home.id.chain_id && want.not_from != Some(chain_id));
        if let Some(other) = other {
            found.extend(search.over_bridge(other, home));
        }
    }
    found
}

struct Search<'a> {
    world: &'a World<'a>,
    now: &'a Replay,
    want: &'a Want,
}

impl Search<'_> {
    /// A way, where the chains can pay for its gas and it brings anything.
    fn way(&self, covers: U256, before: Vec<Action>, here: Vec<Action>) -> Option<Way> {
        let payable = |action: &Action, at: usize| {
            let coin = self.world.network(action.chain_id())?.native()?;
            let gas = self.gas(&before, &here, action.chain_id());
            (self.now.spare(coin, at) >= gas).then_some(())
        };
        let paid = before.iter().all(|action| payable(action, self.want.start).is_some());
        // Gas for steps on the chain itself is brought later, but not by themselves.
        let coin = self.world.network(self.want.asset.chain_id)?.native()?;
        let there = self.now.before(self.want.at).get(coin);
        let thrifty =
            !self.want.thrifty || here.is_empty() || there >= self.gas(&before, &here, coin.chain_id);
        let step = U256::from(STEP_MICRO_USD);
        let costs =
            before.iter().chain(&here).map(|action| cost::of(self.world, action).saturating_add(step));
        let cost = costs.fold(U256::ZERO, U256::saturating_add);
        let whole = covers >= self.want.missing;
        (paid && thrifty && !covers.is_zero()).then_some(Way { before, here, covers, whole, cost })
    }

    fn gas(&self, before: &[Action], here: &[Action], chain_id: u64) -> U256 {
        let on = before.iter().chain(here).filter(|action| action.chain_id() == chain_id);
        on.fold(U256::ZERO, |sum, action| sum.saturating_add(self.world.gas_wei(action)))
    }

    /// What may be spent of `asset`: of the native coin not the reserve, and not the gas of `steps` like this one.
    fn spare(&self, asset: &Asset, at: usize, steps: &[&Action]) -> U256 {
        let spare = self.now.spare(asset, at);
        if !asset.is_native() {
            return spare;
        }
        let gas = steps.iter().fold(U256::ZERO, |sum, action| sum.saturating_add(self.world.gas_wei(action)));
        spare.saturating_sub(gas_reserve(asset.chain_id)).saturating_sub(gas)
    }

    fn on_chain(&self, home: &NetworkInfo) -> Vec<Way> {
        let Want { asset, missing, at, .. } = self.want;
        let mut found = Vec::new();
        for held in home.assets.iter().filter(|held| !held.same(asset)) {
            if is_twin(held, asset) {
                let model = wrapping(held.clone(), asset.clone(), Quantity::Exact(*missing));
                let covers = self.spare(held, *at, &[&model]).min(*missing);
                let step = wrapping(held.clone(), asset.clone(), Quantity::Exact(covers));
                found.extend(self.way(covers, Vec::new(), vec![step]).filter(|_| self.want.twins));
            } else if let Some((covers, step)) = self.swap((home, held, asset), *missing, *at, None) {
                found.extend(self.way(covers, Vec::new(), vec![step]));
            }
        }
        found
    }

    /// A swap of what `held` can spare into up to `missing` of `asset`, and how much that is; `then` follows it.
    fn swap(
        &self,
        (network, held, asset): (&NetworkInfo, &Asset, &Asset),
        missing: U256,
        at: usize,
        then: Option<&Action>,
    ) -> Option<(U256, Action)> {
        if !self.want.swaps || !network.has_protocol("uniswap") {
            return None;
        }
        pool_bps(network, held, asset)?;
        let buy = |raw: U256| Action::Swap {
            sell: held.clone(),
            buy: asset.clone(),
            amount: Quantity::Exact(raw),
            side: Side::Buy,
            max_slippage_bps: SLIPPAGE_BPS,
        };
        let model = buy(missing);
        let steps: Vec<&Action> = std::iter::once(&model).chain(then).collect();
        let spare = self.world.micro(held, self.spare(held, at, &steps))?;
        let most = self.world.raw(asset, less(spare, SWAP_ROOM_BPS))?;
        let covers = most.min(missing);
        Some((covers, buy(covers)))
    }

    fn over_bridge(&self, other: &NetworkInfo, home: &NetworkInfo) -> Vec<Way> {
        let Want { asset, missing, start, .. } = self.want;
        if !other.has_protocol("across") || !home.has_protocol("across") {
            return Vec::new();
        }
        // What arrives: the asset, or the coin that is then wrapped.
        let arrives = home.native().filter(|coin| is_twin(coin, asset)).unwrap_or(asset);
        let here = |raw: U256| -> Vec<Action> {
            let wrap = (!arrives.same(asset))
                .then(|| wrapping(arrives.clone(), asset.clone(), Quantity::Exact(raw)));
            wrap.into_iter().collect()
        };
        let bridge = |from: &Asset, raw: U256| Action::Bridge {
            asset: from.clone(),
            out: arrives.clone(),
            amount: Quantity::Exact(raw),
            side: Side::Buy,
        };
        let symbols = if arrives.is_native() { vec!["ETH", "WETH"] } else { vec![arrives.symbol.as_str()] };
        let sources = symbols.into_iter().filter_map(|symbol| other.asset(symbol));
        let mut found = Vec::new();
        for from in sources.filter(|from| carried(from, arrives)) {
            let spare = self.spare(from, *start, &[&bridge(from, *missing)]);
            let covers = less(spare, BRIDGE_BPS).min(*missing);
            found.extend(self.way(covers, vec![bridge(from, covers)], here(covers)));
            // Swapped there first, then carried: the coin serves for its token.
            if from.symbol == "WETH" {
                continue;
            }
            for held in other.assets.iter().filter(|held| !held.same(from) && !is_twin(held, from)) {
                let in_all = before_fee(*missing);
                let then = bridge(from, *missing);
                let swap = self.swap((other, held, from), in_all, *start, Some(&then));
                let Some((bought, swap)) = swap else { continue };
                let covers = less(bought, BRIDGE_BPS).min(*missing);
                found.extend(self.way(covers, vec![swap, bridge(from, covers)], here(covers)));
            }
        }
        found.extend(self.carried_and_swapped(other, home));
        found
    }

    /// Another asset from the other chain, swapped on this one: for what Across does not carry.
    fn carried_and_swapped(&self, other: &NetworkInfo, home: &NetworkInfo) -> Vec<Way> {
        let Want { asset, missing, start, .. } = self.want;
        if !self.want.swaps || self.want.thrifty || BRIDGED.contains(&asset.symbol.as_str()) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for arrives in home.assets.iter().filter(|arrives| pool_bps(home, arrives, asset).is_some()) {
            let Some(from) = other.asset(&arrives.symbol).filter(|from| carried(from, arrives)) else {
                continue;
            };
            let bridge = |raw: U256| Action::Bridge {
                asset: from.clone(),
                out: arrives.clone(),
                amount: Quantity::Exact(raw),
                side: Side::Buy,
            };
            let model = bridge(U256::ZERO);
            let carries = less(self.spare(from, *start, &[&model]), BRIDGE_BPS);
            let most = self
                .world
                .micro(arrives, carries)
                .and_then(|micro| self.world.raw(asset, less(micro, SWAP_ROOM_BPS)));
            let covers = most.unwrap_or_default().min(*missing);
            let takes = self.world.micro(asset, covers).map(|micro| times(micro, WHOLE_BPS + SWAP_ROOM_BPS));
            let Some(takes) = takes.and_then(|micro| self.world.raw(arrives, micro)) else { continue };
            let swap = Action::Swap {
                sell: arrives.clone(),
                buy: asset.clone(),
                amount: Quantity::Exact(covers),
                side: Side::Buy,
                max_slippage_bps: SLIPPAGE_BPS,
            };
            found.extend(self.way(covers, vec![bridge(takes.min(carries))], vec![swap]));
        }
        found
    }
}

/// Whether Across brings `from` as `arrives`: WETH arrives as the coin.
fn carried(from: &Asset, arrives: &Asset) -> bool {
    let as_coin = if from.symbol == "WETH" { "ETH" } else { from.symbol.as_str() };
    BRIDGED.contains(&from.symbol.as_str()) && as_coin == arrives.symbol && from.decimals == arrives.decimals
}

/// What must leave so that `raw` arrives over a bridge.
fn before_fee(raw: U256) -> U256 {
    let (whole, left) = (U256::from(WHOLE_BPS), U256::from(WHOLE_BPS.saturating_sub(BRIDGE_BPS)));
    mul_div_up(raw, whole, left).unwrap_or(U256::MAX).saturating_add(U256::from(1))
}

/// `bps` less of `raw`, rounded down.
fn less(raw: U256, bps: u64) -> U256 {
    raw.saturating_sub(times(raw, bps))
}

const _: () = assert!(SWAP_ROOM_BPS > POOL_BPS + 50, "the pool's fee and the slippage fit into the room");
