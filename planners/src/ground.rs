//! A checked draft to a plan: names become addresses, chains and quantities of one configuration. What the words leave
//! open is chosen only where the money stays the user's own (a chain by what is held there), else it is asked.
//!
//! Names and amounts are in `known.rs`, the chain that was not said in `places.rs`; the actions by what they are about:
//! `moves.rs`, `lending.rs`, `pools.rs`, `rights.rs`, `rebalance.rs`.

use std::collections::BTreeMap;

use agent_core::draft::{self, Draft, Outcome};
use agent_core::ports::PlanRequest;
use agent_core::{Action, Asset, Exit, Leg, Origin, Plan, Quantity, Refusal, Source, Step, tame};
use alloy_primitives::U256;

use crate::complete;

mod known;
mod lending;
mod moves;
mod places;
mod pools;
mod rebalance;
mod rights;

pub(crate) use known::is_twin;

/// Slippage where none was said, basis points.
pub const SLIPPAGE_BPS: u32 = 50;
/// The most slippage that may be said, basis points.
const SLIPPAGE_BPS_MAX: u32 = 300;

/// Grounds a draft whose outcome is a plan without a trigger, and completes it where `ask.complete` says so.
pub fn ground(draft: Draft, ask: &PlanRequest<'_>) -> Result<Plan, Refusal> {
    let Outcome::Plan { steps, .. } = &draft.outcome else {
        return Err(Refusal::new(Exit::RefusedInput, "input.no_plan", "this draft is no plan"));
    };
    let mut grounding = Grounding { ask, draft: &draft, at: 0, steps: Vec::new(), outputs: Vec::new() };
    for (at, step) in steps.iter().enumerate() {
        grounding.at = at;
        grounding.ground(step)?;
    }
    let steps = if ask.complete { complete::complete(grounding.steps, ask)? } else { grounding.steps };
    let legs = legs(steps, ask)?;
    Ok(Plan { id: ask.id.to_owned(), account: ask.account, created_at: ask.now, legs, draft })
}

/// The steps so far.
struct Grounding<'a> {
    ask: &'a PlanRequest<'a>,
    draft: &'a Draft,
    /// Which step of the draft, from 0.
    at: usize,
    steps: Vec<Step>,
    /// What each grounded step of the draft yields: the plan step that holds it, and the asset.
    outputs: Vec<Vec<(usize, Asset)>>,
}

/// Consecutive steps on one chain are one leg.
fn legs(steps: Vec<Step>, ask: &PlanRequest<'_>) -> Result<Vec<Leg>, Refusal> {
    let mut legs: Vec<Leg> = Vec::new();
    for step in steps {
        let network = ask.registry.network(step.action.chain_id());
        let network = network.ok_or_else(|| lacks(step.index, "this chain"))?.id;
        match legs.last_mut().filter(|leg| leg.network == network) {
            Some(leg) => leg.steps.push(step),
            None => legs.push(Leg { index: legs.len(), network, steps: vec![step] }),
        }
    }
    Ok(legs)
}

/// What this configuration does not do; it names the step.
pub(crate) fn lacks(step: usize, what: &str) -> Refusal {
    Refusal::new(Exit::NotPossible, "world.lacks", format!("step {step}: {what} is not possible here")).help(
        "possible are: transfer, bridge (across), swap and liquidity (uniswap), wrap, unwrap, stake (lido), supply, \
         withdraw, borrow, repay, collateral, liquidate (aave), claim, rebalance, vote, delegate, revoke",
    )
}

fn asks(code: &str, question: String) -> Refusal {
    Refusal::new(Exit::Question, code, question).help("say it again with that in it")
}

impl Grounding<'_> {
    /// The step's number in the draft, from 1.
    fn number(&self) -> usize {
        self.at.saturating_add(1)
    }

    fn ground(&mut self, step: &draft::Step) -> Result<(), Refusal> {
        use draft::Step as Said;
        match step {
            Said::Transfer { asset, amount, to, chain } => self.transfer(asset, amount, to, chain.as_deref()),
            Said::Swap { sell, buy, amount, side, chain, max_slippage_bps, protocol } => {
                self.family(protocol.as_deref(), "uniswap", "a swap")?;
                self.swap((sell, buy), amount, *side, chain.as_deref(), *max_slippage_bps)
            }
            Said::Bridge { asset, amount, from, to, protocol } => {
                self.family(protocol.as_deref(), "across", "a bridge")?;
                self.bridge(asset, amount, from.as_deref(), to)
            }
            Said::Wrap { amount, asset, chain } => {
                self.coat(asset.as_deref(), amount, chain.as_deref(), true)
            }
            Said::Unwrap { amount, asset, chain } => {
                self.coat(asset.as_deref(), amount, chain.as_deref(), false)
            }
            Said::Stake { asset, amount, protocol, chain } => {
                self.family(protocol.as_deref(), "lido", "a stake")?;
                self.stake(asset, amount, chain.as_deref())
            }
            Said::Unstake { asset, .. } => Err(self.unstake(asset)),
            Said::Supply { asset, amount, chain, protocol } => {
                self.supply(asset, amount, chain.as_deref(), protocol.as_deref())
            }
            Said::Repay { asset, amount, chain, protocol } => {
                self.repay(asset, amount, chain.as_deref(), protocol.as_deref())
            }
            Said::Withdraw { asset, amount, chain, protocol } => {
                self.withdraw(asset, amount, chain.as_deref(), protocol.as_deref())
            }
            Said::Borrow { asset, amount, chain, protocol } => {
                self.borrow(asset, amount, chain.as_deref(), protocol.as_deref())
            }
            Said::Collateral { asset, on, protocol, chain } => {
                self.collateral(asset, *on, chain.as_deref(), protocol.as_deref())
            }
            Said::Liquidate { account, debt, collateral, amount, protocol, chain } => {
                self.liquidate(account, (debt, collateral), amount, chain.as_deref(), protocol.as_deref())
            }
            Said::AddLiquidity { pair, amounts, fee_bps, range, chain, protocol } => {
                self.family(protocol.as_deref(), "uniswap", "liquidity")?;
                self.add_liquidity(pair, amounts, (*fee_bps, range.as_ref()), chain.as_deref())
            }
            Said::RemoveLiquidity { pair, amount, position, chain, protocol } => {
                self.family(protocol.as_deref(), "uniswap", "liquidity")?;
                self.remove_liquidity(pair.as_ref(), amount, position.as_deref(), chain.as_deref())
            }
            Said::Rebalance { targets, chain } => self.rebalance(targets, chain.as_deref()),
            Said::Claim { protocol, chain } => self.claim(protocol.as_deref(), chain.as_deref()),
            Said::Vote { proposal, support, governor, chain } => {
                self.vote(proposal, *support, governor, chain.as_deref())
            }
            Said::Delegate { asset, to, chain } => self.delegate(asset, to, chain.as_deref()),
            Said::Revoke { asset, spender, chain } => {
                self.revoke(asset.as_deref(), spender.as_deref(), chain.as_deref())
            }
        }
    }

    fn family(&self, said: Option<&str>, only: &str, what: &str) -> Result<(), Refusal> {
        match said.filter(|said| *said != only) {
            Some(other) => Err(lacks(self.number(), &format!("{what} on {}", tame(other)))),
            None => Ok(()),
        }
    }

    /// Adds a step to the plan; its index.
    fn push(&mut self, action: Action, origin: Origin) -> usize {
        let index = self.steps.len().saturating_add(1);
        let sources = if origin == Origin::Said { self.sources() } else { BTreeMap::new() };
        self.steps.push(Step { index, action, origin, sources });
        index
    }

    /// The draft step is grounded: it yields what the last step of the plan does.
    fn done(&mut self) {
        let last = self.steps.last();
        let outputs = last
            .map(|step| step.action.yields().into_iter().map(|asset| (step.index, asset.clone())).collect());
        self.outputs.push(outputs.unwrap_or_default());
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
}

/// ETH to WETH and stETH to wstETH is a wrap, the other way an unwrap.
pub(crate) fn wrapping(from: Asset, to: Asset, amount: Quantity) -> Action {
    if from.is_native() || from.symbol == "stETH" {
        Action::Wrap { from, to, amount }
    } else {
        Action::Unwrap { from, to, amount }
    }
}

fn whole_output(step: usize, asset: Asset) -> Quantity {
    Quantity::Output { step, asset, numerator: U256::from(1), denominator: U256::from(1) }
}
