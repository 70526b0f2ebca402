//! Carries a saved plan out: leg by leg, step by step, call by call. Its state is the journal's rows; killed at any
//! place and called again it goes on, and nothing is sent twice.

use alloy_primitives::U256;
use tokio::sync::mpsc::Sender;

use crate::core::Core;
use crate::ledger::{PlanRecord, Record};
use crate::pipeline::{self, Compiled, Permit};
use crate::planning::Sizes;
use crate::ports::Fork;
use crate::progress::{Progress, StepProgress};
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
        let sent = progress.broadcast();
        let ended =
            |refusal: Refusal| if sent { Refusal { exit: Exit::PartlyExecuted, ..refusal } } else { refusal };
        if progress.cancelled && !progress.settled {
            let message = format!("plan {} was cancelled", record.plan.id);
            let refusal = Refusal::new(Exit::Rejected, "plan.cancelled", message);
            return Err(ended(refusal.help("state the intent again for a new plan")));
        }
        let approvals = if progress.settled { 0 } else { self.approvals(&record).await.map_err(ended)? };
        let PlanRecord { plan, report, .. } = record;
        let bounds = report.bounds;
        let mut run = Run { core: self, plan, bounds, permit, approvals, progress, events };
        let outcome = run.all().await;
        let broadcast = run.progress.broadcast();
        outcome.map_err(|refusal| if broadcast { after_broadcast(refusal, &run.plan.id) } else { refusal })
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

/// Once anything was broadcast only 0, 17 and 19 are possible (`contracts/cli.md`).
fn after_broadcast(mut refusal: Refusal, plan_id: &str) -> Refusal {
    if refusal.exit != Exit::OutcomeUnknown {
        refusal.exit = Exit::PartlyExecuted;
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
        }
        let failed = self.progress.steps.values().any(|step| step.failed.is_some());
        if !failed && !self.progress.settled {
            self.write(Record::Settled).await?;
        }
        Ok(Finished::of(&self.plan, &self.progress))
    }

    async fn step(&mut self, leg: &Leg, step: &Step) -> Result<(), Refusal> {
        if !self.goes_on(step) {
            self.begin(leg, step).await?;
        }
        let compiled = self.compiled(step.index)?;
        while self.progress.step(step.index).reverted().is_none() {
            let next = self.progress.step(step.index).done(false);
            if next >= compiled.calls.len() {
                return self.settle(leg, step).await;
            }
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
        let preview = self
            .core
            .preview_step(&self.plan, leg, step, sizes, fork.as_mut(), fees, &standing)
            .await?;
        let simulation = preview.judged.simulation();
        if let Some((call, end)) = simulation.failure() {
            return Err(pipeline::simulation_failed(step.index, call, end));
        }
        let l1_fee = simulation.l1_fee();
        let compiled = preview.judged.compiled().step.clone();
        let broken = bounds::broken(&self.bounds, &self.plan, step, &compiled, self.core.clock.now());
        if !broken.is_empty() {
            return Err(outside_bounds(step.index, &broken));
        }
        // Asked here and dropped, so that nothing is journaled as started that may not run.
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
        let signer = self.core.signer.as_ref().ok_or_else(read_only)?;
        let chain = self.core.chain(leg.network.chain_id)?;
        let (mut fork, fees, standing) = self.fresh(leg, step.index).await?;
        let raw = self.progress.step(step.index).raw.unwrap_or_default();
        let rest = Compiled {
            plan_id: self.plan.id.clone(),
            network: leg.network,
            account: self.plan.account,
            step: compiled.clone(),
            next,
            cleanup,
        };
        let judged =
            self.core.judge(&self.plan, step, rest, raw, fork.as_mut(), fees, &standing).await?.judged;
        let nonce = chain.nonce(self.plan.account).await?;
        let authorized = judged.authorize(self.permit, nonce, self.core.clock.now())?;
        let signed = signer.sign(authorized).await?;
        let journaled = signed.journal(&*self.core.ledger).await?;
        let tx_hash = journaled.tx_hash();
        let chain_id = leg.network.chain_id;
        self.progress.apply(&Record::Signed {
            step: step.index,
            call: next,
            cleanup,
            nonce,
            tx_hash,
            chain_id,
        });
        let plan_id = self.plan.id.clone();
        self.tell(Event::Signed { plan_id, step: step.index, call: next, tx_hash: tx_hash.to_string() })
            .await;
        self.send_and_wait(&journaled).await
    }

    /// A call reverted on chain: exact allowances are taken back, the plan ends here.
    async fn fail(&mut self, leg: &Leg, step: &Step, compiled: &CompiledStep) -> Result<(), Refusal> {
        loop {
            let next = self.progress.step(step.index).done(true);
            if next >= compiled.cleanup.len() {
                break;
            }
            self.call(leg, step, compiled, next, true).await?;
        }
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
