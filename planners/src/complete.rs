//! Completion: what the sentence leaves out, by search over what the account really holds.
//!
//! A step whose asset is short on its chain gets the cheapest way to it: the coin wrapped or unwrapped, the asset from
//! another chain, a swap, or a swap and a bridge. Then each chain on which the plan acts gets gas if it lacks it. A
//! payment's chain is never changed. What is added says why, and about what it costs.
//!
//! Start at [`complete`]; what a plan does to the balances is in `book.rs`, the ways in `ways.rs`, the sums in `cost.rs`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use agent_core::ports::PlanRequest;
use agent_core::{Action, Amount, Asset, Exit, Origin, Quantity, Refusal, Step};
use alloy_primitives::U256;

mod book;
mod cost;
mod ways;

pub(crate) use cost::worth;
pub use cost::{GAS_RESERVE_L1_WEI, GAS_RESERVE_L2_WEI, gas_reserve};

use book::{Replay, replay};
use cost::{World, shown};
use ways::{Want, Way};

/// How many sources one missing amount may come from.
const SOURCES_MAX: usize = 4;
/// A plan is completed to at most so many steps.
const STEPS_MAX: usize = 32;

/// The steps with what they need before them. Refused is what certainly cannot be paid for (exit 21).
pub(crate) fn complete(mut steps: Vec<Step>, ask: &PlanRequest<'_>) -> Result<Vec<Step>, Refusal> {
    let world = World { ask };
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        for asset in step.action.takes().into_iter().cloned().collect::<Vec<_>>() {
            let before = steps.len();
            if let Some(filled) = fill(&world, &steps, at, &asset)? {
                steps = filled;
            }
            at = at.saturating_add(steps.len().saturating_sub(before));
        }
        at = at.saturating_add(1);
    }
    fuel(&world, steps)
}

/// The steps with what step `at` lacks of `asset` before it; none where nothing is to be added.
fn fill(world: &World<'_>, steps: &[Step], at: usize, asset: &Asset) -> Result<Option<Vec<Step>>, Refusal> {
    let now = replay(world, steps);
    let (Some(short), Some(step)) = (now.shortage(at, asset), steps.get(at)) else { return Ok(None) };
    let because = needed(world, &now, short);
    let attempts =
        [Choice::Whole, Choice::Cheapest].map(|choice| attempt(world, steps, at, asset, choice, &because));
    let filled = attempts.into_iter().flatten().min_by_key(|(cost, steps)| (*cost, steps.len()));
    match filled {
        Some((_, steps)) => Ok(Some(steps)),
        None if short.certain => Err(missing(world, &now, step, short)),
        None => Ok(None),
    }
}

/// Which way is taken first.
#[derive(Debug, Clone, Copy)]
enum Choice {
    /// One that brings all of it, the cheapest of those.
    Whole,
    /// The one that costs least for what it brings.
    Cheapest,
}

/// The steps with all that is missing, and what was added costs; none where that cannot be had.
fn attempt(
    world: &World<'_>,
    steps: &[Step],
    at: usize,
    asset: &Asset,
    choice: Choice,
    because: &str,
) -> Option<(U256, Vec<Step>)> {
    let (mut steps, mut at, mut cost) = (steps.to_vec(), at, U256::ZERO);
    for _ in 0..SOURCES_MAX {
        let now = replay(world, &steps);
        let Some(short) = now.shortage(at, asset) else { return Some((cost, steps)) };
        let want = Want::for_step(&steps, at, asset.clone(), short.missing);
        let way = best(ways::ways(world, &now, &want), choice).filter(|_| steps.len() < STEPS_MAX)?;
        cost = cost.saturating_add(way.cost);
        at = insert(world, &mut steps, (want.start, at), way, because);
    }
    replay(world, &steps).shortage(at, asset).is_none().then_some((cost, steps))
}

fn best(ways: Vec<Way>, choice: Choice) -> Option<Way> {
    let whole = ways.iter().filter(|way| way.whole).min_by_key(|way| (way.cost, way.steps()));
    // Cost by what is brought, without a division.
    let cheaper = |one: &&Way, other: &&Way| {
        let (left, right) = (one.cost.saturating_mul(other.covers), other.cost.saturating_mul(one.covers));
        left.cmp(&right).then(other.covers.cmp(&one.covers))
    };
    match choice {
        Choice::Whole => whole.or_else(|| ways.iter().max_by_key(|way| (way.covers, Reverse(way.cost)))),
        Choice::Cheapest => ways.iter().min_by(cheaper),
    }
    .cloned()
}

/// Gas for each chain on which the plan acts and lacks it.
fn fuel(world: &World<'_>, mut steps: Vec<Step>) -> Result<Vec<Step>, Refusal> {
    let mut seen: Vec<u64> = Vec::new();
    loop {
        let chains = steps.iter().map(|step| step.action.chain_id());
        let Some(chain_id) = chains.into_iter().find(|chain_id| !seen.contains(chain_id)) else {
            return Ok(steps);
        };
        seen.push(chain_id);
        let now = replay(world, &steps);
        let short = now.gas_short.get(&chain_id).copied().unwrap_or_default();
        let Some(coin) = world.network(chain_id).and_then(|network| network.native()).cloned() else {
            continue;
        };
        if short.is_zero() || steps.len() >= STEPS_MAX {
            continue;
        }
        let at = steps.iter().position(|step| step.action.chain_id() == chain_id).unwrap_or_default();
        let reserve = gas_reserve(chain_id);
        let want = Want::for_gas(at, coin.clone(), short.saturating_add(reserve));
        let there = now.before(at).get(&coin);
        let way = best(ways::ways(world, &now, &want), Choice::Whole).filter(|way| way.whole);
        match way {
            Some(way) => {
                let because = format!(
                    "the steps on {} need up to {} for gas, and {} is there; {} is kept as its reserve",
                    world.name(chain_id),
                    shown(&coin.amount(short.saturating_add(there))),
                    shown(&coin.amount(there)),
                    shown(&coin.amount(reserve)),
                );
                insert(world, &mut steps, (at, at), way, &because);
            }
            None if there.is_zero() => {
                let message = format!(
                    "there is no {} on {} to pay gas with, and no chain has any to spare",
                    coin.symbol,
                    world.name(chain_id)
                );
                return Err(Refusal::new(Exit::NotPossible, "world.gas", message)
                    .help("put some on the account; each chain keeps a small reserve of its own"));
            }
            None => {}
        }
    }
}

/// Puts a way's steps before the block that begins at `start`, and before the step at `at`, and numbers all anew.
/// Where the step is then.
fn insert(
    world: &World<'_>,
    steps: &mut Vec<Step>,
    (start, at): (usize, usize),
    way: Way,
    because: &str,
) -> usize {
    let added = |action: Action| {
        let because = format!("{because} ({})", cost::at_most(cost::of(world, &action)));
        Step { index: 0, action, origin: Origin::Added { because }, sources: Default::default() }
    };
    let here: Vec<Step> = way.here.into_iter().map(added).collect();
    let before: Vec<Step> = way.before.into_iter().map(added).collect();
    let ahead = before.len();
    let moved = at.saturating_add(ahead).saturating_add(here.len());
    let was: Vec<usize> = steps.iter().map(|step| step.index).collect();
    steps.splice(at..at, here);
    steps.splice(start..start, before);
    let places: BTreeMap<usize, usize> = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| was.contains(&step.index))
        .map(|(place, step)| (step.index, place.saturating_add(1)))
        .collect();
    for (place, step) in steps.iter_mut().enumerate() {
        step.index = place.saturating_add(1);
        renumber(&mut step.action, |old| places.get(&old).copied().unwrap_or(old));
    }
    moved
}

/// Lets `@n` follow its step.
fn renumber(action: &mut Action, new: impl Fn(usize) -> usize) {
    if let Some(Quantity::Output { step, asset, numerator, denominator }) = action.quantity().cloned() {
        let quantity = Quantity::Output { step: new(step), asset, numerator, denominator };
        *action = action.clone().with_quantity(quantity);
    }
    if let Action::AddLiquidity { other_amount: Some(Quantity::Output { step, .. }), .. } = action {
        *step = new(*step);
    }
}

/// What is short, of how much, at a step.
#[derive(Debug, Clone)]
struct Shortage {
    at: usize,
    asset: Asset,
    need: U256,
    held: U256,
    /// What has to come, for the native coin with the gas of the chain's steps.
    missing: U256,
    /// It is not an estimate.
    certain: bool,
}

/// `400 USDC are needed on base, 0 are there; 5000 on arbitrum`.
fn needed(world: &World<'_>, now: &Replay, short: &Shortage) -> String {
    let (need, held) = (short.asset.amount(short.need), short.asset.amount(short.held));
    let elsewhere: Vec<String> = elsewhere(world, now, &short.asset)
        .filter(|(amount, _)| !amount.is_zero())
        .map(|(amount, name)| format!("{} on {name}", shown(&amount)))
        .collect();
    let tail = if elsewhere.is_empty() { String::new() } else { format!("; {}", elsewhere.join(", ")) };
    let place = world.name(short.asset.chain_id);
    format!("{} is needed on {place}, {} is there{tail}", shown(&need), shown(&held))
}

/// The same asset on the other chains, at the beginning.
fn elsewhere<'w>(
    world: &'w World<'_>,
    now: &'w Replay,
    asset: &'w Asset,
) -> impl Iterator<Item = (Amount, &'w str)> {
    let others = world.ask.portfolios.iter().filter(|other| other.network.chain_id != asset.chain_id);
    others.filter_map(move |other| {
        let own = world.network(other.network.chain_id)?.asset(&asset.symbol)?;
        Some((own.amount(now.before(0).get(own)), other.name.as_str()))
    })
}

fn missing(world: &World<'_>, now: &Replay, step: &Step, short: &Shortage) -> Refusal {
    let looked: Vec<String> = elsewhere(world, now, &short.asset)
        .map(|(amount, name)| format!("{} on {name}", shown(&amount)))
        .collect();
    let looked = if looked.is_empty() { "no other chain has it".to_owned() } else { looked.join(", ") };
    let message = format!(
        "step {} ({}) needs {} on {}, and {} is there; looked for it elsewhere ({looked}) and among what could be \
         swapped into it and spared: it is not enough",
        step.index,
        step.action.name(),
        shown(&short.asset.amount(short.need)),
        world.name(short.asset.chain_id),
        shown(&short.asset.amount(short.held)),
    );
    let amount = |raw| short.asset.amount(raw);
    Refusal::new(Exit::NotPossible, "world.balance", message)
        .help("name a smaller amount, or put more on the account")
        .details(serde_json::json!({
            "step": step.index, "wanted": amount(short.need), "held": amount(short.held),
            "missing": amount(short.missing),
        }))
}
