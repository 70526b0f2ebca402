//! The preview of a plan: every leg compiled, simulated and judged before anything is signed. Where a leg builds on a
//! bridge, what the bridge will bring is credited on the private fork; when its turn comes it is done again for real.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use crate::core::Core;
use crate::ledger::Record;
use crate::pipeline::{self, Compiled, Judged, gas_limit};
use crate::ports::{Fork, PolicyRequest, Resolved};
use crate::report::Report;
use crate::resolve::{Held, Yields};
use crate::{
    Action, Amount, Asset, Bounds, Exit, Fees, Leg, Plan, Prices, Quantity, Refusal, Step, Verdict, bounds,
};

/// Rolling window of the entering budget, seconds.
pub const DAY_S: u64 = 86_400;
/// How many times the preview's worst gas a plan may pay before it asks again.
const FEES_GROW: u64 = 3;
/// The budget that counts value entering from the account's holdings.
pub const ENTERING: &str = "entering_usd";

/// One step of a preview.
#[derive(Debug, Clone)]
pub struct StepPreview {
    pub step: Step,
    pub raw: U256,
    pub judged: Judged,
    pub prices: Prices,
}

#[derive(Debug, Clone)]
pub struct LegPreview {
    pub leg: Leg,
    pub fees: Fees,
    /// Millionths of a USD for a whole native coin, by the oracle.
    pub native_micro_usd: Option<U256>,
    pub steps: Vec<StepPreview>,
}

impl LegPreview {
    /// Worst-case cost in wei: every call's gas limit at the highest fee, and the L1 data fees.
    pub fn worst_gas_wei(&self) -> U256 {
        let calls = self.steps.iter().flat_map(|step| &step.judged.simulation().calls);
        calls.fold(U256::ZERO, |sum, call| {
            let gas = U256::from(gas_limit(call.gas_used));
            let fee = gas.saturating_mul(U256::from(self.fees.max_fee_per_gas));
            sum.saturating_add(fee).saturating_add(call.l1_fee)
        })
    }
}

/// A plan that was compiled, simulated and judged from end to end.
#[derive(Debug, Clone)]
pub struct Preview {
    pub plan: Plan,
    pub bounds: Bounds,
    pub legs: Vec<LegPreview>,
}

impl Preview {
    /// The strictest verdict of all steps.
    pub fn verdict(&self) -> Verdict {
        let steps = self.legs.iter().flat_map(|leg| &leg.steps);
        steps.map(|step| step.judged.judgement().verdict).max().unwrap_or(Verdict::Deny)
    }

    /// What stands against executing: a denial before a missing approval.
    pub fn refusal(&self) -> Option<Refusal> {
        let steps = || self.legs.iter().flat_map(|leg| &leg.steps);
        let of = |verdict| steps().find(move |step| step.judged.judgement().verdict == verdict);
        if let Some(step) = of(Verdict::Deny) {
            return Some(pipeline::denied(step.step.index, step.judged.judgement()));
        }
        of(Verdict::NeedsApproval)
            .map(|step| pipeline::approval_required(&self.plan.id, step.step.index, step.judged.judgement()))
    }
}

/// A step's quantities in smallest units; see [`Resolved`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) raw: U256,
    pub(crate) other: Option<U256>,
    pub(crate) whole: bool,
}

/// What the policy must know beside one step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    pub(crate) contacts: Vec<crate::Contact>,
    pub(crate) paid: Vec<Address>,
    pub(crate) entered_micro_usd: U256,
    pub(crate) approvals: u32,
}

impl Core {
    /// Compiles, simulates and judges all legs. A step that would revert is a refusal (exit 12).
    pub async fn preview(&self, plan: Plan, approvals: u32) -> Result<Preview, Refusal> {
        if let Some(step) = plan.overdrawn() {
            return Err(overdrawn(step));
        }
        let mut reserve = BTreeMap::new();
        let mut legs = self.preview_legs(&plan, approvals, &reserve).await?;
        if plan.steps().any(|(_, step)| takes_all_native(step)) {
            // Now the gas is known: all of the native coin leaves twice the worst of it.
            for leg in &legs {
                let twice = leg.worst_gas_wei().saturating_mul(U256::from(2));
                let sum = reserve.entry(leg.leg.network.chain_id).or_insert(U256::ZERO);
                *sum = sum.saturating_add(twice);
            }
            legs = self.preview_legs(&plan, approvals, &reserve).await?;
        }
        let compiled: Vec<_> = legs
            .iter()
            .flat_map(|leg| leg.steps.iter().map(|step| step.judged.compiled().step.clone()))
            .collect();
        let bounds = bounds::of_plan(&plan, &compiled, self.fees_most(&legs)?, self.clock.now());
        Ok(Preview { plan, bounds, legs })
    }

    /// What the fees of each network may grow to until the plan is through: so many times the worst of now.
    fn fees_most(&self, legs: &[LegPreview]) -> Result<Vec<Amount>, Refusal> {
        let mut worst: BTreeMap<u64, U256> = BTreeMap::new();
        for leg in legs {
            let sum = worst.entry(leg.leg.network.chain_id).or_default();
            *sum = sum.saturating_add(leg.worst_gas_wei());
        }
        let mut most = Vec::new();
        for (chain_id, wei) in worst {
            let native = self.network(chain_id)?.native().cloned().ok_or_else(|| no_coin(chain_id))?;
            most.push(native.amount(wei.saturating_mul(U256::from(FEES_GROW))));
        }
        Ok(most)
    }

    async fn preview_legs(
        &self,
        plan: &Plan,
        approvals: u32,
        reserve: &BTreeMap<u64, U256>,
    ) -> Result<Vec<LegPreview>, Refusal> {
        let mut standing = self.standing(approvals, None).await?;
        let mut forks: BTreeMap<u64, Box<dyn Fork>> = BTreeMap::new();
        let mut yields = Yields::new();
        let mut legs = Vec::new();
        for leg in &plan.legs {
            let chain_id = leg.network.chain_id;
            let fork = match forks.entry(chain_id) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(self.simulator.fork(chain_id).await?)
                }
            };
            credit_bridges(plan, leg, &yields, fork.as_mut()).await?;
            let fees = self.chain(chain_id)?.fees().await?;
            let kept = reserve.get(&chain_id).copied();
            let steps =
                self.preview_leg(plan, leg, fork.as_mut(), fees, kept, &mut yields, &mut standing).await?;
            let native_micro_usd = self.native_price(chain_id, fork.as_ref()).await?;
            legs.push(LegPreview { leg: leg.clone(), fees, native_micro_usd, steps });
        }
        Ok(legs)
    }

    async fn native_price(&self, chain_id: u64, fork: &dyn Fork) -> Result<Option<U256>, Refusal> {
        let Some(native) = self.network(chain_id)?.native() else { return Ok(None) };
        let prices = self.compiler.prices(std::slice::from_ref(native), fork.view()).await?;
        Ok(prices.get(&native.caip19()).and_then(|price| price.oracle_micro_usd))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one leg's own state and the plan's running state, each used once"
    )]
    async fn preview_leg(
        &self,
        plan: &Plan,
        leg: &Leg,
        fork: &mut dyn Fork,
        fees: Fees,
        reserve: Option<U256>,
        yields: &mut Yields,
        standing: &mut Standing,
    ) -> Result<Vec<StepPreview>, Refusal> {
        let mut steps = Vec::new();
        for step in &leg.steps {
            let sizes = self.resolve(plan, step, fork, fees, reserve, yields).await?;
            let preview = self.preview_step(plan, leg, step, sizes, fork, fees, standing).await?;
            if let Some((call, end)) = preview.judged.simulation().failure() {
                return Err(pipeline::simulation_failed(step.index, call, end));
            }
            for delta in preview.judged.judgement().budgets.iter().filter(|delta| delta.budget == ENTERING) {
                standing.entered_micro_usd = standing.entered_micro_usd.saturating_add(delta.micro_usd);
            }
            yields.insert(step.index, yielded(plan, &preview));
            steps.push(preview);
        }
        Ok(steps)
    }

    pub(crate) async fn resolve(
        &self,
        plan: &Plan,
        step: &Step,
        fork: &dyn Fork,
        fees: Fees,
        reserve: Option<U256>,
        yields: &Yields,
    ) -> Result<Sizes, Refusal> {
        let gas_reserve = reserve.unwrap_or_else(|| first_reserve(fees));
        let held = Held { compiler: &*self.compiler, account: plan.account, view: fork.view(), gas_reserve };
        let Resolved { raw, other, whole, .. } = held.resolve(step, yields).await?;
        Ok(Sizes { raw, other, whole })
    }

    /// Compiles one step on a fork, runs it there and asks the policy.
    #[expect(clippy::too_many_arguments, reason = "a step stands in its plan, its leg and its fork")]
    pub(crate) async fn preview_step(
        &self,
        plan: &Plan,
        leg: &Leg,
        step: &Step,
        Sizes { raw, other, whole }: Sizes,
        fork: &mut dyn Fork,
        fees: Fees,
        standing: &Standing,
    ) -> Result<StepPreview, Refusal> {
        let resolved = Resolved { step, raw, other, whole };
        let made = self.compiler.compile(resolved, plan.account, fork.view(), self.clock.now()).await?;
        let compiled = Compiled {
            plan_id: plan.id.clone(),
            network: leg.network,
            account: plan.account,
            step: made,
            next: 0,
            cleanup: false,
        };
        self.judge(plan, step, compiled, raw, fork, fees, standing).await
    }

    #[expect(clippy::too_many_arguments, reason = "as `preview_step`")]
    pub(crate) async fn judge(
        &self,
        plan: &Plan,
        step: &Step,
        compiled: Compiled,
        raw: U256,
        fork: &mut dyn Fork,
        fees: Fees,
        standing: &Standing,
    ) -> Result<StepPreview, Refusal> {
        let mut assets = compiled.step.assets.clone();
        assets.extend(
            compiled.step.spends.iter().chain(&compiled.step.yields).map(|amount| amount.asset().clone()),
        );
        assets.retain(|asset| asset.chain_id == compiled.network.chain_id);
        assets.sort();
        assets.dedup();
        let prices = self.compiler.prices(&assets, fork.view()).await?;
        let simulated = compiled.simulate(fork, fees).await?;
        let request = PolicyRequest {
            plan,
            step,
            compiled: &simulated.compiled().step.clone(),
            simulation: &simulated.simulation().clone(),
            prices: &prices,
            registry: &self.registry,
            contacts: &standing.contacts,
            paid: &standing.paid,
            entered_micro_usd: standing.entered_micro_usd,
            approvals: standing.approvals,
            account: plan.account,
            now: self.clock.now(),
        };
        let judged = simulated.judge(&*self.policy, &request);
        Ok(StepPreview { step: step.clone(), raw, judged, prices })
    }

    /// Twice the worst gas of a leg's open steps, wei: what stays behind when all of the native coin is used.
    pub(crate) async fn leg_reserve(
        &self,
        plan: &Plan,
        rest: &Leg,
        mut yields: Yields,
        approvals: u32,
    ) -> Result<U256, Refusal> {
        let mut fork = self.simulator.fork(rest.network.chain_id).await?;
        let fees = self.chain(rest.network.chain_id)?.fees().await?;
        let mut standing = self.standing(approvals, None).await?;
        let steps =
            self.preview_leg(plan, rest, fork.as_mut(), fees, None, &mut yields, &mut standing).await?;
        let leg = LegPreview { leg: rest.clone(), fees, native_micro_usd: None, steps };
        let worst = leg.worst_gas_wei();
        Ok(worst.saturating_mul(U256::from(2)))
    }

    pub(crate) async fn standing(
        &self,
        approvals: u32,
        own: Option<(&str, usize)>,
    ) -> Result<Standing, Refusal> {
        let mut contacts = self.ledger.contacts().await?;
        contacts.retain(|contact| self.policy.verify_contact(contact).is_ok());
        let paid = self.ledger.paid().await?.into_iter().map(|(payee, _)| payee).collect();
        let since = self.clock.now().saturating_sub(DAY_S);
        let entered_micro_usd = self.ledger.spent(ENTERING, since, own).await?;
        Ok(Standing { contacts, paid, entered_micro_usd, approvals })
    }

    /// Saves a previewed plan, so that it can be approved and executed later.
    pub async fn save(&self, preview: &Preview, request_id: Option<String>) -> Result<Report, Refusal> {
        let report = Report::of(preview, &self.registry);
        let record = Record::PlanSaved {
            plan: Box::new(preview.plan.clone()),
            report: Box::new(report.clone()),
            policy_hash: self.policy.hash(),
            request_id,
        };
        self.ledger.append(Some(&preview.plan.id), record).await?;
        Ok(report)
    }
}

/// What `@n` is worth in a preview: what the simulation saw arrive, or for a bridge its promise.
fn yielded(plan: &Plan, preview: &StepPreview) -> Vec<Amount> {
    let compiled = preview.judged.compiled();
    let arrives = |asset: &Asset| {
        if asset.chain_id != compiled.network.chain_id {
            return compiled.step.yields.iter().find(|amount| amount.asset().same(asset)).cloned();
        }
        let change = preview.judged.simulation().change(plan.account, asset)?;
        (!change.negative).then(|| change.amount.clone())
    };
    preview.step.action.yields().into_iter().filter_map(arrives).collect()
}

fn no_coin(chain_id: u64) -> Refusal {
    let message = format!("the registry names no coin in which {} is paid for gas", crate::caip2(chain_id));
    Refusal::new(Exit::Usage, "config.network", message).help("`steward config show` lists the networks")
}

fn overdrawn(step: usize) -> Refusal {
    let message = format!("step {step} uses more of what an earlier step yields than there is");
    Refusal::new(Exit::RefusedInput, "input.reference", message).help("say how much of it goes where")
}

/// Before the gas of a plan is known: 1.5 million units at the highest fee.
fn first_reserve(fees: Fees) -> U256 {
    U256::from(1_500_000_u64).saturating_mul(U256::from(fees.max_fee_per_gas))
}

pub(crate) fn takes_all_native(step: &Step) -> bool {
    let all = matches!(step.action.quantity(), Some(Quantity::AllBut(_)));
    all && step.action.counted().is_some_and(crate::Asset::is_native)
}

/// Puts what bridges to this leg's chain will bring on the fork.
async fn credit_bridges(plan: &Plan, leg: &Leg, yields: &Yields, fork: &mut dyn Fork) -> Result<(), Refusal> {
    let earlier = || plan.legs.iter().filter(|other| other.index < leg.index);
    // What came before the last leg on this chain is on its fork already.
    let last = earlier().filter(|other| other.network == leg.network).map(|other| other.index).max();
    let since = earlier().filter(|other| last.is_none_or(|last| other.index > last));
    for step in since.flat_map(|other| &other.steps) {
        let Action::Bridge { out, .. } = &step.action else { continue };
        let arrives = yields.get(&step.index).into_iter().flatten();
        for amount in arrives.filter(|_| out.chain_id == leg.network.chain_id) {
            fork.credit(plan.account, out, amount.raw()).await?;
        }
    }
    Ok(())
}
