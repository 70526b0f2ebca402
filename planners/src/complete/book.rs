//! What a plan does to the balances, step by step, by estimate: what is spent is rather too much, what arrives rather
//! too little.

use std::collections::BTreeMap;

use agent_core::asset::{mul_div, mul_div_up};
use agent_core::{Action, Asset, AssetKind, LiquidityRange, Quantity, Side, Step};
use alloy_primitives::U256;

use super::Shortage;
use super::cost::{BRIDGE_BPS, POOL_BPS, WHOLE_BPS, World, gas_reserve, times};
use crate::ground::is_twin;

/// Room for interest between now and a repayment of everything, basis points.
const INTEREST_BPS: u64 = 10;
/// Room for the price between now and the step, basis points.
const PRICE_BPS: u64 = 30;

/// Balances by chain and asset, smallest units.
#[derive(Debug, Clone, Default)]
pub(super) struct Book(BTreeMap<(u64, AssetKind), U256>);

impl Book {
    pub(super) fn get(&self, asset: &Asset) -> U256 {
        self.0.get(&(asset.chain_id, asset.kind)).copied().unwrap_or_default()
    }

    fn known(&self, asset: &Asset) -> bool {
        self.0.contains_key(&(asset.chain_id, asset.kind))
    }

    fn set(&mut self, asset: &Asset, raw: U256) {
        self.0.insert((asset.chain_id, asset.kind), raw);
    }
}

/// The balances before each step and at the end, and what was not there.
#[derive(Debug, Clone)]
pub(super) struct Replay {
    books: Vec<Book>,
    shortages: Vec<Shortage>,
    /// Wei that the gas of a chain's steps lacks, twice counted.
    pub(super) gas_short: BTreeMap<u64, U256>,
}

impl Replay {
    pub(super) fn shortage(&self, at: usize, asset: &Asset) -> Option<&Shortage> {
        self.shortages.iter().find(|short| short.at == at && short.asset.same(asset))
    }

    /// The balances before step `at`.
    pub(super) fn before(&self, at: usize) -> &Book {
        static NOTHING: Book = Book(BTreeMap::new());
        self.books.get(at).or(self.books.last()).unwrap_or(&NOTHING)
    }

    /// What of `asset` no step from `at` on needs.
    pub(super) fn spare(&self, asset: &Asset, at: usize) -> U256 {
        self.books.iter().skip(at).map(|book| book.get(asset)).min().unwrap_or_default()
    }
}

struct Flows {
    /// Asset, smallest units, whether it is no estimate.
    spends: Vec<(Asset, U256, bool)>,
    yields: Vec<(Asset, U256)>,
}

/// The plan's steps on the balances of the portfolios.
pub(super) fn replay(world: &World<'_>, steps: &[Step]) -> Replay {
    let mut book = Book::default();
    for amount in world.ask.portfolios.iter().flat_map(|portfolio| &portfolio.balances) {
        book.set(amount.asset(), amount.raw());
    }
    let gas = |chain_id: u64| {
        let on = steps.iter().filter(|step| step.action.chain_id() == chain_id);
        on.fold(U256::ZERO, |sum, step| sum.saturating_add(world.gas_wei(&step.action)))
    };
    let mut yielded: BTreeMap<usize, Vec<(Asset, U256)>> = BTreeMap::new();
    let mut out = Replay { books: vec![book.clone()], shortages: Vec::new(), gas_short: BTreeMap::new() };
    for (at, step) in steps.iter().enumerate() {
        let chain_id = step.action.chain_id();
        let sizes = Sizes { world, book: &book, yielded: &yielded, gas: gas(chain_id) };
        let flows = sizes.flows(&step.action);
        for (asset, need, certain) in flows.spends {
            let held = book.get(&asset);
            if need > held && book.known(&asset) {
                let before = steps.iter().take(at).map(|step| &step.action);
                let estimated =
                    before.filter(|action| !yields_exactly(action)).any(|action| yields(action, &asset));
                let short = need.saturating_sub(held);
                let with_gas = gas(chain_id).saturating_add(gas_reserve(chain_id));
                let missing = if asset.is_native() { short.saturating_add(with_gas) } else { short };
                let certain = certain && !estimated;
                out.shortages.push(Shortage { at, asset: asset.clone(), need, held, missing, certain });
            }
            book.set(&asset, held.saturating_sub(need));
        }
        if let Some(coin) =
            world.network(chain_id).and_then(|network| network.native()).filter(|coin| book.known(coin))
        {
            let (held, gas) = (book.get(coin), world.gas_wei(&step.action));
            let short = out.gas_short.entry(chain_id).or_default();
            *short = short.saturating_add(gas.saturating_sub(held));
            book.set(coin, held.saturating_sub(gas));
        }
        for (asset, raw) in &flows.yields {
            let held = book.get(asset);
            book.set(asset, held.saturating_add(*raw));
        }
        yielded.insert(step.index, flows.yields);
        out.books.push(book.clone());
    }
    out
}

fn yields(action: &Action, asset: &Asset) -> bool {
    action.yields().iter().any(|own| own.same(asset))
}

/// Whether what arrives is known to the last unit.
fn yields_exactly(action: &Action) -> bool {
    let bought = matches!(
        action,
        Action::Swap { side: Side::Buy, .. }
            | Action::Bridge { side: Side::Buy, .. }
            | Action::Withdraw { .. }
            | Action::Borrow { .. }
            | Action::Stake { .. }
    );
    let twins = matches!(action, Action::Wrap { from, to, .. } | Action::Unwrap { from, to, .. } if is_twin(from, to));
    (bought || twins) && matches!(action.quantity(), Some(Quantity::Exact(_)))
}

struct Sizes<'a> {
    world: &'a World<'a>,
    book: &'a Book,
    yielded: &'a BTreeMap<usize, Vec<(Asset, U256)>>,
    /// Twice the gas of the plan on this chain, wei.
    gas: U256,
}

impl Sizes<'_> {
    /// In smallest units of `asset`; `of` is what a share counts on.
    fn raw(&self, quantity: &Quantity, asset: &Asset, of: U256) -> Option<U256> {
        match quantity {
            Quantity::Exact(raw) => Some(*raw),
            Quantity::Share { numerator, denominator } => mul_div(of, *numerator, *denominator),
            Quantity::AllBut(rest) => {
                let kept = if asset.is_native() { self.gas } else { U256::ZERO };
                Some(of.saturating_sub(*rest).saturating_sub(kept))
            }
            Quantity::MicroUsd(micro) => Some(times(self.world.raw(asset, *micro)?, WHOLE_BPS + PRICE_BPS)),
            Quantity::Output { step, asset, numerator, denominator } => {
                let yielded = self.yielded.get(step)?.iter().find(|(own, _)| own.same(asset));
                mul_div(yielded?.1, *numerator, *denominator)
            }
        }
    }

    fn held(&self, quantity: &Quantity, asset: &Asset) -> Option<U256> {
        self.raw(quantity, asset, self.book.get(asset))
    }

    /// So much of `to` as `raw` of `from` is worth, with `bps` of it.
    fn swapped(&self, from: &Asset, raw: U256, to: &Asset, bps: u64) -> Option<U256> {
        self.world.raw(to, times(self.world.micro(from, raw)?, bps))
    }

    fn position(&self, asset: &Asset, owed: bool) -> U256 {
        let Some(portfolio) = self.world.portfolio(asset.chain_id) else { return U256::ZERO };
        let lent = portfolio.lent.iter().map(|lent| &lent.amount).filter(|_| !owed);
        let all = lent.chain(portfolio.owed.iter().filter(|_| owed));
        all.filter(|amount| amount.asset().same(asset))
            .fold(U256::ZERO, |sum, own| sum.saturating_add(own.raw()))
    }

    fn flows(&self, action: &Action) -> Flows {
        let certain = matches!(action.quantity(), Some(Quantity::Exact(_) | Quantity::MicroUsd(_)));
        let spend = |asset: &Asset, raw: Option<U256>| {
            raw.map(|raw| (asset.clone(), raw, certain)).into_iter().collect::<Vec<_>>()
        };
        let estimate = |asset: &Asset, raw: Option<U256>| {
            raw.map(|raw| (asset.clone(), raw, false)).into_iter().collect::<Vec<_>>()
        };
        let arrive =
            |asset: &Asset, raw: Option<U256>| raw.map(|raw| (asset.clone(), raw)).into_iter().collect();
        let (spends, yields) = match action {
            Action::Transfer { asset, amount, .. } | Action::Supply { asset, amount } => {
                (spend(asset, self.held(amount, asset)), Vec::new())
            }
            Action::Repay { asset, amount } => {
                let owed = times(self.position(asset, true), WHOLE_BPS + INTEREST_BPS);
                (spend(asset, self.raw(amount, asset, owed)), Vec::new())
            }
            Action::Withdraw { asset, amount } => {
                (Vec::new(), arrive(asset, self.raw(amount, asset, self.position(asset, false))))
            }
            Action::Borrow { asset, amount } => (Vec::new(), arrive(asset, self.held(amount, asset))),
            Action::Wrap { from, to, amount }
            | Action::Unwrap { from, to, amount }
            | Action::Stake { from, to, amount } => {
                let raw = self.held(amount, from);
                let same = is_twin(from, to) || matches!(action, Action::Stake { .. });
                let out = if same { raw } else { raw.and_then(|raw| self.swapped(from, raw, to, WHOLE_BPS)) };
                (spend(from, raw), arrive(to, out))
            }
            Action::Swap { sell, buy, amount, side: Side::Sell, .. } => {
                let raw = self.held(amount, sell);
                let out = raw.and_then(|raw| self.swapped(sell, raw, buy, WHOLE_BPS - POOL_BPS));
                (spend(sell, raw), arrive(buy, out))
            }
            Action::Swap { sell, buy, amount, side: Side::Buy, max_slippage_bps } => {
                let raw = self.held(amount, buy);
                let bps = (WHOLE_BPS + POOL_BPS).saturating_add(u64::from(*max_slippage_bps));
                (estimate(sell, raw.and_then(|raw| self.swapped(buy, raw, sell, bps))), arrive(buy, raw))
            }
            Action::Bridge { asset, out, amount, side } => {
                let (sent, arrives) = self.bridged(asset, out, amount, *side);
                (spend(asset, sent), arrive(out, arrives))
            }
            Action::Liquidate { debt, collateral, amount, .. } => {
                let raw = self.held(amount, debt);
                let out = raw.and_then(|raw| self.swapped(debt, raw, collateral, WHOLE_BPS));
                (spend(debt, raw), arrive(collateral, out))
            }
            Action::AddLiquidity { asset, amount, other, other_amount, range, .. } => {
                let raw = self.held(amount, asset);
                let symmetric = !matches!(range, LiquidityRange::Between { .. });
                let belongs = || raw.and_then(|raw| self.swapped(asset, raw, other, WHOLE_BPS + PRICE_BPS));
                let second = match other_amount {
                    Some(amount) => self.held(amount, other),
                    None => belongs().filter(|_| symmetric),
                };
                ([spend(asset, raw), estimate(other, second)].concat(), Vec::new())
            }
            Action::RemoveLiquidity { position, pair: [first, _], amount, .. } => {
                (Vec::new(), self.removed(*position, first.chain_id, amount))
            }
            Action::Collateral { .. }
            | Action::Claim { .. }
            | Action::Vote { .. }
            | Action::Delegate { .. }
            | Action::Revoke { .. } => (Vec::new(), Vec::new()),
        };
        Flows { spends, yields }
    }

    /// What leaves and what arrives.
    fn bridged(
        &self,
        asset: &Asset,
        out: &Asset,
        amount: &Quantity,
        side: Side,
    ) -> (Option<U256>, Option<U256>) {
        match side {
            Side::Sell => {
                let sent = self.held(amount, asset);
                (sent, sent.map(|raw| times(raw, WHOLE_BPS - BRIDGE_BPS)))
            }
            Side::Buy => {
                let arrives = self.held(amount, out);
                (arrives.map(|raw| times(raw, WHOLE_BPS + BRIDGE_BPS)), arrives)
            }
        }
    }

    fn removed(&self, id: U256, chain_id: u64, amount: &Quantity) -> Vec<(Asset, U256)> {
        let portfolio = self.world.portfolio(chain_id);
        let own = portfolio.and_then(|portfolio| portfolio.liquidity.iter().find(|own| own.id == id));
        let part = |held: &agent_core::Amount| match amount {
            Quantity::Share { numerator, denominator } => mul_div_up(held.raw(), *numerator, *denominator),
            Quantity::AllBut(_) => Some(held.raw()),
            Quantity::Exact(_) | Quantity::MicroUsd(_) | Quantity::Output { .. } => None,
        };
        let amounts = own.map(|own| own.amounts.iter()).into_iter().flatten();
        amounts.filter_map(|held| Some((held.asset().clone(), part(held)?))).collect()
    }
}
