//! Steps to the calls of [`crate::state::Effect`], at fixed prices.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use agent_core::asset::{mul_div, ten_pow};
use agent_core::ports::{Compiler, Resolved, View};
use agent_core::{
    Action, Amount, Asset, Call, CallRole, CompiledStep, Exit, Price, Prices, Quote, Refusal, Registry, Side,
    Step,
};
use alloy_primitives::{Address, U256};
use async_trait::async_trait;

use crate::kill::Kill;
use crate::state::{Crossing, Effect, balance_of};

/// What a pool keeps, basis points.
const POOL_FEE_BPS: u32 = 30;
/// What a relayer of the bridge keeps.
const BRIDGE_FEE_BPS: u32 = 10;
const WHOLE_BPS: u32 = 10_000;

/// Not here: debts. A borrow just gives, a repay just takes.
#[derive(Debug, Clone)]
pub struct FakeCompiler {
    registry: Arc<Registry>,
    /// Millionths of a USD per whole unit, by symbol.
    prices: BTreeMap<String, u64>,
    /// How much worse pools have become since the start, basis points.
    worse_bps: Arc<AtomicU32>,
    /// Whom every name leads to.
    named: Arc<Mutex<Address>>,
    kill: Kill,
}

/// What an account holds, read through a view.
pub(crate) async fn balance(view: &dyn View, account: Address, asset: &Asset) -> Result<U256, Refusal> {
    let Some((token, data)) = balance_of(asset, account) else { return view.balance(account).await };
    let outcome = view.call(account, token, data).await?;
    Ok(U256::try_from_be_slice(&outcome.output).unwrap_or_default())
}

impl FakeCompiler {
    pub fn new(registry: Arc<Registry>, prices: BTreeMap<String, u64>, kill: Kill) -> Self {
        Self { registry, prices, worse_bps: Arc::default(), named: Arc::default(), kill }
    }

    /// From now on swaps yield so much less.
    pub fn worsen(&self, bps: u32) {
        self.worse_bps.store(bps, Ordering::SeqCst);
    }

    /// From now on every name leads there.
    pub fn lead_names_to(&self, address: Address) {
        *self.named.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    fn price(&self, asset: &Asset) -> Option<U256> {
        self.prices.get(&asset.symbol).map(|price| U256::from(*price))
    }

    /// What a swap of `sell` brings, or what it costs to buy so much: worth the same, but for `bps`.
    fn swapped(&self, from: &Amount, to: &Asset, bps: u32) -> Option<Amount> {
        let worth = mul_div(from.raw(), self.price(from.asset())?, ten_pow(from.asset().decimals)?)?;
        let raw = mul_div(worth, ten_pow(to.decimals)?, self.price(to)?)?;
        to.amount(raw).fraction(U256::from(bps), U256::from(WHOLE_BPS))
    }

    /// The contract of a role, and the family that it belongs to.
    fn contract(&self, chain_id: u64, role: &str) -> Option<Address> {
        self.registry.network(chain_id)?.role(role)
    }

    fn position(&self, asset: &Asset) -> Option<Asset> {
        let network = self.registry.network(asset.chain_id)?;
        network.positions.iter().find(|position| position.symbol == format!("a{}", asset.symbol)).cloned()
    }

    /// What a swap gives, gets, and gets at least.
    fn trade(
        &self,
        sell: &Asset,
        buy: &Asset,
        raw: U256,
        side: Side,
        slippage_bps: u32,
    ) -> Option<(Amount, Amount, Amount)> {
        let worse = self.worse_bps.load(Ordering::SeqCst);
        match side {
            Side::Sell => {
                let give = sell.amount(raw);
                let get =
                    self.swapped(&give, buy, WHOLE_BPS.checked_sub(POOL_FEE_BPS)?.checked_sub(worse)?)?;
                let rest = WHOLE_BPS.checked_sub(slippage_bps)?;
                let least = get.fraction(U256::from(rest), U256::from(WHOLE_BPS))?;
                Some((give, get, least))
            }
            Side::Buy => {
                let get = buy.amount(raw);
                Some((self.swapped(&get, sell, WHOLE_BPS.checked_add(worse)?)?, get.clone(), get))
            }
        }
    }

    fn make(&self, resolved: &Resolved<'_>, account: Address, now: u64) -> Option<CompiledStep> {
        let (step, raw) = (resolved.step, resolved.raw);
        let act =
            |give, to, get| Act { give, to, get, crosses: None, quote: None, spender: Some(to), least: None };
        let act = match &step.action {
            Action::Transfer { asset, to, .. } => {
                Act { spender: None, ..act(Some(asset.amount(raw)), *to, None) }
            }
            Action::Wrap { from, to, .. } | Action::Unwrap { from, to, .. } => {
                act(Some(from.amount(raw)), self.contract(from.chain_id, "weth")?, Some(to.amount(raw)))
            }
            Action::Swap { sell, buy, side, max_slippage_bps, .. } => {
                let (give, get, least) = self.trade(sell, buy, raw, *side, *max_slippage_bps)?;
                let quote = Quote {
                    expected_out: get.clone(),
                    min_out: least.clone(),
                    route: vec!["fake pool".to_owned()],
                    impact_bps: 0,
                    expires_at: now.saturating_add(600),
                };
                let router = self.contract(sell.chain_id, "router")?;
                Act { quote: Some(quote), least: Some(least), ..act(Some(give), router, Some(get)) }
            }
            Action::Supply { asset, .. } => {
                let position = self.position(asset)?.amount(raw);
                act(Some(asset.amount(raw)), self.contract(asset.chain_id, "pool")?, Some(position))
            }
            Action::Withdraw { asset, .. } => {
                let position = self.position(asset)?;
                let pool = self.contract(asset.chain_id, "pool")?;
                Act {
                    spender: position.token(),
                    ..act(Some(position.amount(raw)), pool, Some(asset.amount(raw)))
                }
            }
            Action::Borrow { asset, .. } => {
                act(None, self.contract(asset.chain_id, "pool")?, Some(asset.amount(raw)))
            }
            Action::Repay { asset, .. } => {
                act(Some(asset.amount(raw)), self.contract(asset.chain_id, "pool")?, None)
            }
            Action::Bridge { asset, out, .. } => {
                let give = asset.amount(raw);
                let amount = self.swapped(&give, out, WHOLE_BPS.checked_sub(BRIDGE_FEE_BPS)?)?;
                let crosses = Some(Box::new(Crossing { account, amount: amount.clone() }));
                let bridge = self.contract(asset.chain_id, "bridge")?;
                Act { crosses, least: Some(amount), ..act(Some(give), bridge, None) }
            }
            Action::Revoke { asset: Some(asset), spender: Some(spender), .. } => {
                return Some(revoke(step, asset, *spender));
            }
            Action::Revoke { .. }
            | Action::Collateral { .. }
            | Action::Liquidate { .. }
            | Action::Stake { .. }
            | Action::Claim { .. }
            | Action::AddLiquidity { .. }
            | Action::RemoveLiquidity { .. }
            | Action::Vote { .. }
            | Action::Delegate { .. } => return None,
        };
        Some(act.compile(step))
    }
}

fn revoke(step: &Step, asset: &Asset, spender: Address) -> CompiledStep {
    CompiledStep {
        step: step.index,
        calls: allowance(asset, spender, U256::ZERO, CallRole::Revoke).into_iter().collect(),
        cleanup: Vec::new(),
        spends: Vec::new(),
        yields: Vec::new(),
        quote: None,
        protocol: None,
        payees: Vec::new(),
        assets: vec![asset.clone()],
    }
}

fn allowance(asset: &Asset, spender: Address, raw: U256, role: CallRole) -> Option<Call> {
    let decoded = format!("approve({spender}, {})", asset.amount(raw));
    let data = Effect::Approve { spender, raw }.data();
    Some(Call { to: asset.token()?, value: U256::ZERO, data, decoded, role })
}

/// One act before it is calls.
struct Act {
    give: Option<Amount>,
    /// Who has it afterwards.
    to: Address,
    get: Option<Amount>,
    crosses: Option<Box<Crossing>>,
    quote: Option<Quote>,
    /// The contract that is called and takes the tokens; none: the token itself is called.
    spender: Option<Address>,
    /// The least that arrives, if it is not what `get` says.
    least: Option<Amount>,
}

impl Act {
    fn compile(self, step: &Step) -> CompiledStep {
        let give = self.give.clone();
        let native = give.as_ref().filter(|give| give.asset().is_native());
        let token = give.as_ref().and_then(|give| give.asset().token());
        let called = self.spender.or(token).unwrap_or(self.to);
        let mut calls = Vec::new();
        let mut cleanup = Vec::new();
        if let Some(give) = give.as_ref().filter(|_| token.is_some_and(|token| token != called)) {
            calls.extend(allowance(give.asset(), called, give.raw(), CallRole::Approve));
            cleanup.extend(allowance(give.asset(), called, U256::ZERO, CallRole::Revoke));
        }
        let buys = matches!(step.action, Action::Swap { side: Side::Buy, .. });
        let effect = Effect::Act {
            step: step.index,
            give: self.give.clone(),
            to: self.to,
            get: self.get.clone(),
            crosses: self.crosses,
        };
        calls.push(Call {
            to: called,
            value: native.map(Amount::raw).unwrap_or_default(),
            data: effect.data(),
            decoded: format!("{} of step {}", step.action.name(), step.index),
            role: CallRole::Act,
        });
        if buys {
            // What was approved for the most is not used up.
            calls.extend(cleanup.clone());
        }
        let payees = if let Action::Transfer { to, .. } = step.action { vec![to] } else { Vec::new() };
        let assets = self.give.iter().chain(&self.get).map(|amount| amount.asset().clone()).collect();
        CompiledStep {
            step: step.index,
            calls,
            cleanup,
            spends: taken(step, self.give),
            yields: yielded(step, self.least.or(self.get)),
            quote: self.quote,
            protocol: self.spender.map(|_| "fake".to_owned()),
            payees,
            assets,
        }
    }
}

/// An aToken that is burnt counts as no step's spending, one that is minted as no step's yield.
fn taken(step: &Step, amount: Option<Amount>) -> Vec<Amount> {
    let named = |amount: &Amount| step.action.takes().iter().any(|asset| asset.same(amount.asset()));
    amount.into_iter().filter(named).collect()
}

fn yielded(step: &Step, amount: Option<Amount>) -> Vec<Amount> {
    let named = |amount: &Amount| step.action.yields().iter().any(|asset| asset.same(amount.asset()));
    amount.into_iter().filter(named).collect()
}

#[async_trait]
impl Compiler for FakeCompiler {
    async fn held(
        &self,
        step: &Step,
        counted: Option<&Asset>,
        account: Address,
        view: &dyn View,
    ) -> Result<U256, Refusal> {
        let counted = counted.ok_or_else(|| lacking(step))?;
        let position = matches!(step.action, Action::Withdraw { .. }).then(|| self.position(counted));
        let held = match position {
            Some(position) => position.ok_or_else(|| lacking(step))?,
            None => counted.clone(),
        };
        balance(view, account, &held).await
    }

    async fn compile(
        &self,
        resolved: Resolved<'_>,
        account: Address,
        _view: &dyn View,
        now: u64,
    ) -> Result<CompiledStep, Refusal> {
        self.kill.place().await;
        self.make(&resolved, account, now).ok_or_else(|| lacking(resolved.step))
    }

    async fn resolve_name(&self, _name: &str, _view: &dyn View) -> Result<Address, Refusal> {
        Ok(*self.named.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn prices(&self, assets: &[Asset], _view: &dyn View) -> Result<Prices, Refusal> {
        let price = |asset: &Asset| {
            let micro_usd = self.price(asset);
            (asset.caip19(), Price { oracle_micro_usd: micro_usd, pool_micro_usd: micro_usd })
        };
        Ok(assets.iter().map(price).collect())
    }
}

fn lacking(step: &Step) -> Refusal {
    let message = format!("step {} ({}) is not in the fake world", step.index, step.action.name());
    Refusal::new(Exit::NotPossible, "world.lacks", message)
}
