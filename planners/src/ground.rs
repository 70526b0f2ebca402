//! A checked draft to a plan: names become addresses, chains and quantities of one configuration. What the words leave
//! open is chosen only where the money stays the user's own (a chain by what is held there), else it is asked.

use std::collections::BTreeMap;

use agent_core::draft::{self, Draft, DraftAmount, Outcome};
use agent_core::ports::PlanRequest;
use agent_core::{Action, Asset, Exit, Leg, Origin, Plan, Quantity, Refusal, Side, Source, Step, tame};
use alloy_primitives::U256;

use crate::payees;

mod known;

/// Slippage where none was said, basis points.
pub const SLIPPAGE_BPS: u32 = 50;
/// The most slippage that may be said, basis points.
const SLIPPAGE_BPS_MAX: u32 = 300;

/// Grounds a draft whose outcome is a plan without a trigger.
pub fn ground(draft: Draft, ask: &PlanRequest<'_>) -> Result<Plan, Refusal> {
    let Outcome::Plan { steps, .. } = &draft.outcome else {
        return Err(Refusal::new(Exit::RefusedInput, "input.no_plan", "this draft is no plan"));
    };
    let mut grounding = Grounding { ask, draft: &draft, at: 0, steps: Vec::new(), results: Vec::new() };
    for (at, step) in steps.iter().enumerate() {
        grounding.at = at;
        grounding.ground(step)?;
    }
    let legs = legs(grounding.steps, ask)?;
    Ok(Plan { id: ask.id.to_owned(), account: ask.account, created_at: ask.now, legs, draft })
}

/// The steps so far. `results[i]` is the plan step that holds what draft step `i` yields.
struct Grounding<'a> {
    ask: &'a PlanRequest<'a>,
    draft: &'a Draft,
    /// Which step of the draft, from 0.
    at: usize,
    steps: Vec<Step>,
    results: Vec<usize>,
}

/// Consecutive steps on one chain are one leg.
fn legs(steps: Vec<Step>, ask: &PlanRequest<'_>) -> Result<Vec<Leg>, Refusal> {
    let mut legs: Vec<Leg> = Vec::new();
    for step in steps {
        let chain_id =
            chain_of(&step.action).ok_or_else(|| lacks(step.index, "a revoke that names no chain"))?;
        let network = ask.registry.network(chain_id).ok_or_else(|| lacks(step.index, "this chain"))?.id;
        match legs.last_mut().filter(|leg| leg.network == network) {
            Some(leg) => leg.steps.push(step),
            None => legs.push(Leg { index: legs.len(), network, steps: vec![step] }),
        }
    }
    Ok(legs)
}

fn chain_of(action: &Action) -> Option<u64> {
    let asset = if let Action::Revoke { asset, .. } = action { asset.as_ref() } else { action.counted() };
    asset.map(|asset| asset.chain_id)
}

/// What this configuration does not do; it names the step.
pub(crate) fn lacks(step: usize, what: &str) -> Refusal {
    Refusal::new(Exit::NotPossible, "world.lacks", format!("step {step}: {what} is not possible here"))
        .help("possible are: transfer, wrap, unwrap, swap (uniswap), supply, withdraw, borrow, repay (aave), bridge (across), revoke")
}

fn asks(code: &str, question: String) -> Refusal {
    Refusal::new(Exit::Question, code, question).help("say it again with that in it")
}

impl<'a> Grounding<'a> {
    fn number(&self) -> usize {
        self.at.saturating_add(1)
    }

    fn ground(&mut self, step: &draft::Step) -> Result<(), Refusal> {
        match step {
            draft::Step::Transfer { asset, amount, to, chain } => {
                self.transfer(asset, amount, to, chain.as_deref())
            }
            draft::Step::Swap { sell, buy, amount, side, chain, max_slippage_bps, protocol } => {
                self.family(protocol.as_deref(), "uniswap", "a swap")?;
                self.swap((sell, buy), amount, *side, chain.as_deref(), *max_slippage_bps)
            }
            draft::Step::Bridge { asset, amount, from, to, protocol } => {
                self.family(protocol.as_deref(), "across", "a bridge")?;
                self.bridge(asset, amount, from.as_deref(), to)
            }
            draft::Step::Wrap { amount, asset, chain } => {
                self.only_ether(asset.as_deref())?;
                self.wrap("ETH", "WETH", amount, chain.as_deref())
            }
            draft::Step::Unwrap { amount, asset, chain } => {
                self.only_ether(asset.as_deref())?;
                self.wrap("WETH", "ETH", amount, chain.as_deref())
            }
            draft::Step::Supply { asset, amount, chain, protocol } => {
                self.family(protocol.as_deref(), "aave", "a supply")?;
                self.lend(asset, amount, chain.as_deref(), |asset, amount| Action::Supply { asset, amount })
            }
            draft::Step::Repay { asset, amount, chain, protocol } => {
                self.family(protocol.as_deref(), "aave", "a repayment")?;
                self.lend(asset, amount, chain.as_deref(), |asset, amount| Action::Repay { asset, amount })
            }
            draft::Step::Withdraw { asset, amount, chain, protocol } => {
                self.family(protocol.as_deref(), "aave", "a withdrawal")?;
                self.take(asset, amount, chain.as_deref(), |asset, amount| Action::Withdraw { asset, amount })
            }
            draft::Step::Borrow { asset, amount, chain, protocol } => {
                self.family(protocol.as_deref(), "aave", "a loan")?;
                self.take(asset, amount, chain.as_deref(), |asset, amount| Action::Borrow { asset, amount })
            }
            draft::Step::Revoke { asset, spender, chain } => {
                self.revoke(asset.as_deref(), spender.as_deref(), chain.as_deref())
            }
            draft::Step::Collateral { .. } => Err(lacks(self.number(), "switching collateral")),
            draft::Step::Liquidate { .. } => Err(lacks(self.number(), "a liquidation")),
            draft::Step::Stake { .. } => Err(lacks(self.number(), "staking")),
            draft::Step::Unstake { .. } => Err(lacks(self.number(), "unstaking")),
            draft::Step::Claim { .. } => Err(lacks(self.number(), "a claim")),
            draft::Step::AddLiquidity { .. } => Err(lacks(self.number(), "adding liquidity")),
            draft::Step::RemoveLiquidity { .. } => Err(lacks(self.number(), "removing liquidity")),
            draft::Step::Rebalance { .. } => Err(lacks(self.number(), "rebalancing")),
            draft::Step::Vote { .. } => Err(lacks(self.number(), "a vote")),
            draft::Step::Delegate { .. } => Err(lacks(self.number(), "a delegation")),
        }
    }

    fn family(&self, said: Option<&str>, only: &str, what: &str) -> Result<(), Refusal> {
        match said.filter(|said| *said != only) {
            Some(other) => Err(lacks(self.number(), &format!("{what} on {}", tame(other)))),
            None => Ok(()),
        }
    }

    fn only_ether(&self, asset: Option<&str>) -> Result<(), Refusal> {
        match asset.filter(|asset| !matches!(*asset, "ETH" | "WETH")) {
            Some(other) => Err(lacks(self.number(), &format!("wrapping {}", tame(other)))),
            None => Ok(()),
        }
    }

    fn transfer(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        to: &str,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let payee = payees::payee(to, self.number(), self.ask)?;
        let last = self.ask.last_chain.iter().find(|(address, _)| *address == payee.address);
        let network = match (chain, last, self.output(amount)) {
            (Some(name), _, _) => self.network(name)?,
            (None, _, Some(result)) => self.by_id(result.chain_id)?,
            (None, Some((_, chain_id)), None) => self.by_id(*chain_id)?,
            (None, None, None) => {
                return Err(asks("clarify.chain", format!("On which chain should {} be paid?", tame(to))));
            }
        };
        payees::not_a_contract(&payee, network, self.number())?;
        let asset = self.asset(asset, network)?;
        let amount = self.quantity(amount, &asset)?;
        let source = payee.source.clone();
        self.push(Action::Transfer { asset, amount, to: payee.address, payee: payee.name }, Origin::Said);
        if let (Some(source), Some(step)) = (source, self.steps.last_mut()) {
            step.sources.insert("to".to_owned(), source);
        }
        self.done();
        Ok(())
    }

    fn swap(
        &mut self,
        (sell, buy): (&str, &str),
        amount: &DraftAmount,
        side: draft::Side,
        chain: Option<&str>,
        slippage: Option<u32>,
    ) -> Result<(), Refusal> {
        match (sell, buy) {
            ("ETH", "WETH") | ("WETH", "ETH") => return self.wrap(sell, buy, amount, chain),
            (sell, buy) if sell == buy => {
                let message = format!("step {}: {sell} for {buy} is no swap", self.number());
                return Err(
                    Refusal::new(Exit::RefusedInput, "input.same_asset", message).help("name two assets")
                );
            }
            _ => {}
        }
        let max_slippage_bps = slippage.unwrap_or(SLIPPAGE_BPS);
        if max_slippage_bps > SLIPPAGE_BPS_MAX {
            let message = format!(
                "step {}: a slippage of {max_slippage_bps} bps is above the {SLIPPAGE_BPS_MAX} bps that may be said",
                self.number()
            );
            return Err(Refusal::new(Exit::RefusedInput, "input.slippage", message)
                .help("say a smaller slippage, or none (50 bps)"));
        }
        let network = self.choose(chain, &[sell, buy], amount, Some("uniswap"))?;
        let (sell, buy) = (self.asset(sell, network)?, self.asset(buy, network)?);
        let side = match side {
            draft::Side::Sell => Side::Sell,
            draft::Side::Buy => Side::Buy,
        };
        let counted = if side == Side::Sell { &sell } else { &buy };
        let amount = self.quantity(amount, counted)?;
        self.push(Action::Swap { sell, buy, amount, side, max_slippage_bps }, Origin::Said);
        self.done();
        Ok(())
    }

    fn wrap(
        &mut self,
        from: &str,
        to: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let network = self.choose(chain, &[from, to], amount, None)?;
        let (from, to) = (self.asset(from, network)?, self.asset(to, network)?);
        let amount = self.quantity(amount, &from)?;
        self.push(wrapping(from, to, amount), Origin::Said);
        self.done();
        Ok(())
    }

    fn bridge(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        from: Option<&str>,
        to: &str,
    ) -> Result<(), Refusal> {
        let target = self.network(to)?;
        let network = match (from, self.output(amount)) {
            (Some(from), _) => self.network(from)?,
            (None, Some(result)) => self.by_id(result.chain_id)?,
            (None, None) => self.holding(asset, amount, target.id.chain_id)?,
        };
        if network.id == target.id {
            let message = format!(
                "step {}: the {asset} is on {to} already, and a bridge leads to another chain",
                self.number()
            );
            return Err(Refusal::new(Exit::RefusedInput, "input.same_chain", message)
                .help("name another chain, or leave the bridge out"));
        }
        let sent = self.asset(asset, network)?;
        // The bridge unwraps WETH for an externally owned account: it arrives as the native coin.
        let arrives = if asset == "WETH" { "ETH" } else { asset };
        let out = self.asset(arrives, target)?;
        let amount = self.quantity(amount, &sent)?;
        self.push(Action::Bridge { asset: sent, out, amount }, Origin::Said);
        self.done();
        Ok(())
    }

    /// Supply and repay: the market takes WETH, so ETH is wrapped first.
    fn lend(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
        action: impl FnOnce(Asset, Quantity) -> Action,
    ) -> Result<(), Refusal> {
        let network = self.choose(chain, &[asset], amount, Some("aave"))?;
        let said = self.asset(asset, network)?;
        let quantity = self.quantity(amount, &said)?;
        if said.is_native() {
            let wrapped = self.asset("WETH", network)?;
            let because = "the lending market takes WETH, not ETH".to_owned();
            self.push(wrapping(said, wrapped.clone(), quantity), Origin::Added { because });
            let whole = whole_output(self.steps.len());
            self.push(action(wrapped, whole), Origin::Said);
        } else {
            self.push(action(said, quantity), Origin::Said);
        }
        self.done();
        Ok(())
    }

    /// Withdraw and borrow: the market gives WETH, so ETH is unwrapped after.
    fn take(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
        action: impl FnOnce(Asset, Quantity) -> Action,
    ) -> Result<(), Refusal> {
        let network = self.choose(chain, &[asset], amount, Some("aave"))?;
        let said = self.asset(asset, network)?;
        if said.is_native() {
            let wrapped = self.asset("WETH", network)?;
            let quantity = self.quantity(amount, &wrapped)?;
            self.push(action(wrapped.clone(), quantity), Origin::Said);
            let because = "the lending market gives WETH, and ETH was asked for".to_owned();
            let whole = whole_output(self.steps.len());
            self.push(wrapping(wrapped, said, whole), Origin::Added { because });
        } else {
            let quantity = self.quantity(amount, &said)?;
            self.push(action(said, quantity), Origin::Said);
        }
        self.done();
        Ok(())
    }

    fn revoke(
        &mut self,
        asset: Option<&str>,
        spender: Option<&str>,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let network = match chain {
            Some(name) => self.network(name)?,
            None => {
                return Err(asks(
                    "clarify.chain",
                    "On which chain should the allowance be revoked?".to_owned(),
                ));
            }
        };
        let spender = spender.map(|name| payees::spender(name, network, self.number())).transpose()?;
        let assets: Vec<Asset> = match asset {
            Some(symbol) => vec![self.asset(symbol, network)?],
            None => network.assets.iter().filter(|asset| !asset.is_native()).cloned().collect(),
        };
        for asset in assets {
            self.push(Action::Revoke { asset: Some(asset), spender }, Origin::Said);
        }
        self.done();
        Ok(())
    }

    fn push(&mut self, action: Action, origin: Origin) {
        let index = self.steps.len().saturating_add(1);
        let sources = if origin == Origin::Said { self.sources() } else { BTreeMap::new() };
        self.steps.push(Step { index, action, origin, sources });
    }

    /// The draft step is grounded: its yield is what the last pushed step holds.
    fn done(&mut self) {
        self.results.push(self.steps.len());
    }

    fn sources(&self) -> BTreeMap<String, Source> {
        let prefix = format!("/steps/{}/", self.at);
        let own = self.draft.sources.iter().filter_map(|(pointer, said)| {
            let field = pointer.strip_prefix(&prefix)?;
            let [start, end] = said.span;
            Some((field.to_owned(), Source::Span { turn: said.turn, start, end }))
        });
        let mut sources: BTreeMap<String, Source> = own.collect();
        sources.entry("max_slippage_bps".to_owned()).or_insert(Source::Policy);
        sources.entry("protocol".to_owned()).or_insert(Source::Registry);
        sources
    }

    /// The asset of the step that an amount refers to.
    fn output(&self, amount: &DraftAmount) -> Option<&Asset> {
        let DraftAmount::Yield { step, .. } = amount else { return None };
        let result = self.results.get(step.checked_sub(1)?)?;
        self.steps.get(result.checked_sub(1)?)?.action.yields()
    }
}

fn wrapping(from: Asset, to: Asset, amount: Quantity) -> Action {
    if from.is_native() { Action::Wrap { from, to, amount } } else { Action::Unwrap { from, to, amount } }
}

fn whole_output(step: usize) -> Quantity {
    Quantity::Output { step, numerator: U256::from(1), denominator: U256::from(1) }
}
