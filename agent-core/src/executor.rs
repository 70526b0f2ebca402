//! Carries a saved plan out: leg by leg, step by step, call by call. Its state is the journal's rows; killed at any
//! place and called again it goes on, and nothing is sent twice.

use std::collections::BTreeSet;

use alloy_primitives::{B256, U256};
use tokio::sync::mpsc::Sender;

use crate::core::Core;
use crate::ledger::{PlanRecord, Record};
use crate::pipeline::{self, Authorized, Compiled, Journaled, Judged, Permit, TxRequest};
use crate::planning::Sizes;
use crate::ports::Fork;
use crate::progress::{Progress, StepProgress};
use crate::settle::gas_paid;
use crate::{Bounds, CompiledStep, Event, Exit, Leg, Plan, Quantity, Receipt, Refusal, Step, bounds};

/// One execution of a plan.
pub(crate) struct Run<'a> {
    pub(crate) core: &'a Core,
    pub(crate) plan: Plan,
    pub(crate) bounds: Bounds,
    pub(crate) permit: Permit,
    /// Verified approvals of this plan.
    pub(crate) approvals: u32,
    pub(crate) progress: Progress,
    /// Waiting transactions whose replacement was refused.
    pub(crate) given_up: BTreeSet<B256>,
    pub(crate) events: Sender<Event>,
}

/// How far an execution came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// All steps are in blocks.
    pub settled: bool,
    pub differences: Vec<String>,
    /// Leg index and receipt, in order.
    pub receipts: Vec<(usize, Receipt)>,
    /// Set when a step failed on chain.
    pub failed: Option<String>,
}

impl Finished {
    fn of(plan: &Plan, progress: &Progress) -> Self {
        let steps = || progress.steps.values();
        let failed = steps().find_map(|step| step.failed.clone());
        let mut differences: Vec<String> = steps().flat_map(|step| step.differences.clone()).collect();
        differences.extend(failed.clone());
        let receipts = plan.steps().flat_map(|(leg, step)| {
            let own = progress.steps.get(&step.index);
            let all = own.into_iter().flat_map(|own| own.earlier.iter().chain(own.included.values()));
            all.map(move |receipt| (leg.index, receipt.clone()))
        });
        Self { settled: progress.settled, receipts: receipts.collect(), differences, failed }
    }

    /// What the journal says of a plan so far; `None` if nothing of it was signed.
    pub fn so_far(record: &PlanRecord) -> Option<Self> {
        let progress = Progress::of(&record.entries);
        progress.broadcast().then(|| Self::of(&record.plan, &progress))
    }
}

impl Core {
    /// Executes a saved plan, or goes on with it. May be called again at any time; a settled plan is only reported.
    /// After anything was broadcast every refusal has exit 17 or 19.
    pub async fn execute(
        &self,
        record: PlanRecord,
        permit: Permit,
        events: Sender<Event>,
    ) -> Result<Finished, Refusal> {
        let progress = Progress::of(&record.entries);
        let id = record.plan.id.clone();
        let ended = |refusal: Refusal| after_broadcast(refusal, &id, &progress);
        let approvals = if progress.settled { 0 } else { self.approvals(&record).await.map_err(ended)? };
        let PlanRecord { plan, report, .. } = record;
        let bounds = report.bounds;
        let given_up = BTreeSet::new();
        let mut run = Run { core: self, plan, bounds, permit, approvals, progress, given_up, events };
        let outcome = run.all().await;
        outcome.map_err(|refusal| after_broadcast(refusal, &id, &run.progress))
    }

    /// Verified approvals over exactly this plan and its bounds. A signed no ends the plan.
    pub async fn approvals(&self, record: &PlanRecord) -> Result<u32, Refusal> {
        let hash = record.plan.hash();
        let mut approvers = Vec::new();
        for approval in self.ledger.approvals(&record.plan.id).await? {
            let fits = approval.plan_hash == hash && approval.bounds == record.report.bounds;
            if !fits || self.policy.verify_approval(&approval, record.plan.account).is_err() {
                continue;
            }
            if !approval.approved {
                return Err(Refusal::new(
                    Exit::Rejected,
                    "plan.rejected",
                    format!("{} rejected plan {}", approval.approver, record.plan.id),
                )
                .help("state the intent again for a new plan"));
            }
            if self.clock.now() < approval.bounds.expires_at && !approvers.contains(&approval.approver) {
                approvers.push(approval.approver);
            }
        }
        Ok(u32::try_from(approvers.len()).unwrap_or(u32::MAX))
    }
}

/// Once anything was signed only 0, 17 and 19 are possible (`contracts/cli.md`): 19 where a signed transaction has no
/// receipt yet, unless it is known that none can come.
fn after_broadcast(mut refusal: Refusal, plan_id: &str, progress: &Progress) -> Refusal {
    if !progress.broadcast() {
        return refusal;
    }
    let open = progress.steps.values().any(|step| step.open().next().is_some());
    if !matches!(refusal.exit, Exit::OutcomeUnknown | Exit::PartlyExecuted) {
        refusal.exit = if open { Exit::OutcomeUnknown } else { Exit::PartlyExecuted };
    }
    let go_on = format!("`steward run --plan {plan_id}` goes on from the journal; nothing is sent twice");
    refusal.help = Some(match refusal.help.take() {
        Some(help) => format!("{help}; {go_on}"),
        None => go_on,
    });
    refusal
}

impl Run<'_> {
    pub(crate) async fn tell(&self, event: Event) {
        // A front end that has gone away does not stop an execution.
        let _ = self.events.send(event).await;
    }

    pub(crate) async fn write(&mut self, record: Record) -> Result<(), Refusal> {
        self.core.ledger.append(Some(&self.plan.id), record.clone()).await?;
        self.progress.apply(&record);
        Ok(())
    }

    async fn all(&mut self) -> Result<Finished, Refusal> {
        if !self.progress.settled {
            self.reconcile().await?;
            let outcome = self.steps().await;
            if self.stopped().await? {
                self.take_back().await?;
            }
            outcome?;
        }
        let failed = self.progress.steps.values().any(|step| step.failed.is_some());
        if !failed && !self.progress.settled {
            self.write(Record::Settled).await?;
        }
        Ok(Finished::of(&self.plan, &self.progress))
    }

    async fn steps(&mut self) -> Result<(), Refusal> {
        let steps: Vec<(Leg, Step)> =
            self.plan.steps().map(|(leg, step)| (leg.clone(), step.clone())).collect();
        for (leg, step) in &steps {
            let own = self.progress.step(step.index);
            if own.settled.is_none() && own.failed.is_none() {
                self.step(leg, step).await?;
            }
            if self.progress.step(step.index).failed.is_some() {
                break;
            }
        }
        Ok(())
    }

    async fn step(&mut self, leg: &Leg, step: &Step) -> Result<(), Refusal> {
        if !self.goes_on(step) {
            self.checkpoint().await?;
            self.begin(leg, step).await?;
        }
        let compiled = self.compiled(step.index)?;
        while self.progress.step(step.index).reverted().is_none() {
            let next = self.progress.step(step.index).done(false);
            if next >= compiled.calls.len() {
                return self.settle(leg, step).await;
            }
            self.checkpoint().await?;
            self.call(leg, step, &compiled, next, false).await?;
        }
        self.fail(leg, step, &compiled).await
    }

    /// Whether a step that was begun goes on as it was compiled: its act was signed, a call reverted, or an approval is
    /// in a block and its quote still stands. Else it is compiled again, with another approval.
    fn goes_on(&mut self, step: &Step) -> bool {
        let now = self.core.clock.now();
        let own = self.progress.step(step.index);
        if own.act_signed() || own.reverted().is_some() {
            return true;
        }
        let Some(compiled) = own.compiled.as_ref().filter(|_| !own.included.is_empty()) else { return false };
        let stands = compiled.quote.as_ref().is_none_or(|quote| now < quote.expires_at);
        stands && bounds::broken(&self.bounds, &self.plan, step, compiled, now).is_empty()
    }

    pub(crate) fn compiled(&mut self, step: usize) -> Result<CompiledStep, Refusal> {
        let compiled = self.progress.step(step).compiled.clone();
        compiled.ok_or_else(|| {
            Refusal::new(Exit::Error, "pipeline.not_compiled", format!("step {step} has no calls"))
        })
    }

    /// Compiles, simulates and judges the step on the newest block, holds it against the bounds, and writes it down.
    async fn begin(&mut self, leg: &Leg, step: &Step) -> Result<(), Refusal> {
        self.core.name_still_holds(step).await?;
        let own = self.progress.step(step.index).clone();
        let (mut fork, fees, standing) = self.fresh(leg, step.index).await?;
        let sizes = match own.raw {
            Some(raw) => {
                let whole = step.action.quantity() == Some(&Quantity::AllBut(U256::ZERO));
                Sizes { raw, other: own.other, whole }
            }
            None => {
                let reserve = self.gas_reserve(leg, step).await?;
                self.core
                    .resolve(&self.plan, step, fork.as_ref(), fees, reserve, &self.progress.yields())
                    .await?
            }
        };
        let preview =
            self.core.preview_step(&self.plan, leg, step, sizes, fork.as_mut(), fees, &standing).await?;
        let simulation = preview.judged.simulation();
        if let Some((call, end)) = simulation.failure() {
            return Err(pipeline::simulation_failed(step.index, call, end));
        }
        let l1_fee = simulation.l1_fee();
        let mut compiled = preview.judged.compiled().step.clone();
        for call in own.to_take_back() {
            // What an earlier compilation allowed is taken back with this one's, whether the act uses it or not.
            if !compiled.cleanup.contains(call) {
                compiled.cleanup.push(call.clone());
                compiled.calls.push(call.clone());
            }
        }
        let broken = bounds::broken(&self.bounds, &self.plan, step, &compiled, self.core.clock.now());
        if !broken.is_empty() {
            return Err(outside_bounds(step.index, &broken));
        }
        // Asked here and dropped, so that nothing is journaled as started that may not run.
        self.may_sign().await?;
        preview.judged.authorize(self.permit, 0, self.core.clock.now())?;
        if !self.progress.started {
            let because = format!("{:?}, {} approvals", self.permit, self.approvals);
            self.write(Record::Started { because }).await?;
            self.tell(Event::Started { plan_id: self.plan.id.clone() }).await;
        }
        let Sizes { raw, other, .. } = sizes;
        let compiled = Box::new(compiled);
        self.write(Record::StepStarted { step: step.index, raw, other, compiled, l1_fee }).await?;
        let text = crate::report::step_text(step, &self.core.registry);
        self.tell(Event::StepStarted { plan_id: self.plan.id.clone(), step: step.index, text }).await;
        Ok(())
    }

    /// Twice the worst gas of the leg, if the step takes all of the native coin.
    async fn gas_reserve(&self, leg: &Leg, step: &Step) -> Result<Option<U256>, Refusal> {
        if !crate::planning::takes_all_native(step) {
            return Ok(None);
        }
        let rest = leg.steps.iter().filter(|other| other.index >= step.index).cloned().collect();
        let rest = Leg { steps: rest, ..leg.clone() };
        self.core.leg_reserve(&self.plan, &rest, self.progress.yields(), self.approvals).await.map(Some)
    }

    async fn fresh(
        &self,
        leg: &Leg,
        step: usize,
    ) -> Result<(Box<dyn Fork>, crate::Fees, crate::planning::Standing), Refusal> {
        let fork = self.core.simulator.fork(leg.network.chain_id).await?;
        let fees = self.core.chain(leg.network.chain_id)?.fees().await?;
        let standing = self.core.standing(self.approvals, Some((&self.plan.id, step))).await?;
        Ok((fork, fees, standing))
    }

    /// One call: simulated again with all that follows it, judged, authorized, signed, journaled, sent, awaited.
    async fn call(
        &mut self,
        leg: &Leg,
        step: &Step,
        compiled: &CompiledStep,
        next: usize,
        cleanup: bool,
    ) -> Result<(), Refusal> {
        let judged = self.judged(leg, step, compiled, (next, cleanup), |fees| fees).await?;
        let nonce = self.core.chain(leg.network.chain_id)?.nonce(self.plan.account).await?;
        self.may_sign().await?;
        let authorized = judged.authorize(self.permit, nonce, self.core.clock.now())?;
        let journaled = self.sign(authorized).await?;
        self.send_and_wait(vec![journaled]).await
    }

    /// The calls that are left of a step from `next` on, simulated and judged on the newest block.
    /// `fees`: from what the network asks now to what the transaction offers.
    pub(crate) async fn judged(
        &self,
        leg: &Leg,
        step: &Step,
        compiled: &CompiledStep,
        (next, cleanup): (usize, bool),
        fees: impl FnOnce(crate::Fees) -> crate::Fees,
    ) -> Result<Judged, Refusal> {
        let (mut fork, now, standing) = self.fresh(leg, step.index).await?;
        let raw = self.progress.steps.get(&step.index).and_then(|own| own.raw).unwrap_or_default();
        let rest = Compiled {
            plan_id: self.plan.id.clone(),
            network: leg.network,
            account: self.plan.account,
            step: compiled.clone(),
            next,
            cleanup,
        };
        let judged =
            self.core.judge(&self.plan, step, rest, raw, fork.as_mut(), fees(now), &standing).await?;
        Ok(judged.judged)
    }

    /// What the plan has paid for gas on this network, with what this transaction may cost at most, against its bounds.
    fn within_fees(&self, tx: &TxRequest) -> Result<(), Refusal> {
        let chain_id = tx.network.chain_id;
        let most = self.bounds.fees_most.iter().find(|most| most.asset().chain_id == chain_id);
        let receipts =
            self.progress.steps.values().flat_map(|own| own.earlier.iter().chain(own.included.values()));
        let paid = receipts
            .filter(|receipt| receipt.chain_id == chain_id)
            .fold(U256::ZERO, |sum, receipt| sum.saturating_add(gas_paid(receipt)));
        let next = U256::from(tx.gas_limit).saturating_mul(U256::from(tx.fees.max_fee_per_gas));
        match most {
            Some(most) if paid.saturating_add(next) <= most.raw() => Ok(()),
            Some(most) => {
                let would = most.asset().amount(paid.saturating_add(next));
                let broken = format!("gas may cost {would} in all, more than {most}");
                Err(outside_bounds(tx.step, &[broken]))
            }
            None => Err(outside_bounds(tx.step, &["the bounds name no fees for this network".to_owned()])),
        }
    }

    /// Signed, and in the journal before anybody hears of it.
    pub(crate) async fn sign(&mut self, authorized: Authorized) -> Result<Journaled, Refusal> {
        let signer = self.core.signer.as_ref().ok_or_else(read_only)?;
        self.within_fees(authorized.tx())?;
        let journaled = signer.sign(authorized).await?.journal(&*self.core.ledger).await?;
        let attempt = journaled.attempt();
        self.progress.apply(&attempt.record());
        let (plan_id, tx_hash) = (self.plan.id.clone(), journaled.tx_hash().to_string());
        self.tell(Event::Signed { plan_id, step: attempt.step, call: attempt.call, tx_hash }).await;
        Ok(journaled)
    }

    /// Takes a step's exact allowances back.
    pub(crate) async fn clean(
        &mut self,
        leg: &Leg,
        step: &Step,
        compiled: &CompiledStep,
    ) -> Result<(), Refusal> {
        loop {
            let next = self.progress.step(step.index).done(true);
            if next >= compiled.cleanup.len() {
                return Ok(());
            }
            self.call(leg, step, compiled, next, true).await?;
        }
    }

    /// A call reverted on chain: exact allowances are taken back, the plan ends here.
    async fn fail(&mut self, leg: &Leg, step: &Step, compiled: &CompiledStep) -> Result<(), Refusal> {
        self.clean(leg, step, compiled).await?;
        let hash = self.progress.step(step.index).reverted().map(|receipt| receipt.tx_hash.to_string());
        let reason = format!("step {} reverted on chain in {}", step.index, hash.unwrap_or_default());
        self.core.ledger.release(&self.plan.id, step.index).await?;
        self.write(Record::StepFailed { step: step.index, reason }).await
    }
}

impl StepProgress {
    /// The receipt of the call that moved value.
    pub(crate) fn act_receipt(&self) -> Option<&Receipt> {
        let compiled = self.compiled.as_ref()?;
        let act = compiled.calls.iter().rposition(|call| call.role == crate::CallRole::Act)?;
        self.included.get(&(false, act))
    }
}

fn read_only() -> Refusal {
    Refusal::new(Exit::Usage, "network.read_only", "this network is read-only: nothing is signed for it")
        .help("`--demo` executes on the demo world")
}

fn outside_bounds(step: usize, broken: &[String]) -> Refusal {
    Refusal::new(
        Exit::Stale,
        "plan.outside_bounds",
        format!("step {step} no longer fits what was shown: {}", broken.join("; ")),
    )
    .help("state the intent again: the new plan has today's prices and asks again")
}
