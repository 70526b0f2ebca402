//! What a front end talks to: [`Op`] in, [`Event`] out. Three lanes, so that the core listens whatever it does:
//! orders are obeyed at once, sentences are planned one after the other, plans are executed one after the other.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use crate::answers::About;
use crate::control::Ordered;
use crate::core::Core;
use crate::draft::{Outcome, Topic, Verb};
use crate::pipeline::Permit;
use crate::report::Report;
use crate::session::Heard;
use crate::{Autonomy, Event, Exit, Op, Refusal, StuckChoice, Verdict};

/// How many sentences, or plans, wait at most.
const WAITING_MAX: usize = 16;

/// A plan to be executed.
struct Task {
    plan_id: String,
    permit: Permit,
}

/// One front end's core: everything that the lanes share.
#[derive(Debug, Clone)]
struct Desk {
    core: Core,
    events: Sender<Event>,
    new_id: fn() -> String,
    /// Plans that are executed or wait for it, the running one first.
    working: Arc<Mutex<Vec<String>>>,
}

impl Core {
    /// Serves a front end until its queue closes; what is under way then is brought to an end. `new_id` names plans.
    pub async fn serve(&self, mut ops: Receiver<Op>, events: Sender<Event>, new_id: fn() -> String) {
        let (plan, to_plan) = mpsc::channel(WAITING_MAX);
        let (run, to_run) = mpsc::channel(WAITING_MAX);
        let desk = Desk { core: self.clone(), events, new_id, working: Arc::default() };
        let mut lanes = JoinSet::new();
        lanes.spawn(desk.clone().plan_lane(to_plan, run.clone()));
        lanes.spawn(desk.clone().run_lane(to_run));
        while let Some(op) = ops.recv().await {
            match op {
                Op::Ask { .. } | Op::Portfolio if lanes.len() > WAITING_MAX => {
                    desk.tell(Event::Refused { refusal: busy("questions") }).await;
                }
                // A network that is slow to answer holds nothing up.
                Op::Ask { topic, asset, chain, protocol } => {
                    lanes.spawn(desk.clone().answer(topic, [asset, chain, protocol]));
                }
                Op::Portfolio => {
                    lanes.spawn(desk.clone().portfolio());
                }
                Op::Say { .. }
                | Op::DropAdded { .. }
                | Op::Revise { .. }
                | Op::Control { verb: Verb::Undo | Verb::Repeat, .. }
                | Op::Stuck { choice: StuckChoice::QuoteRest | StuckChoice::BringBack, .. } => {
                    if plan.try_send(op).is_err() {
                        desk.tell(Event::Refused { refusal: busy("sentences") }).await;
                    }
                }
                Op::Confirm { .. }
                | Op::Reject { .. }
                | Op::Resume { .. }
                | Op::Control { .. }
                | Op::Halt { .. }
                | Op::Unhalt
                | Op::Open
                | Op::Stuck { .. } => {
                    let outcome = desk.obey(op, &run).await;
                    desk.refused(outcome).await;
                }
            }
            while lanes.try_join_next().is_some() {}
        }
        drop((plan, run));
        while lanes.join_next().await.is_some() {}
    }
}

impl Desk {
    async fn tell(&self, event: Event) {
        // A front end that has gone away stops nothing.
        let _ = self.events.send(event).await;
    }

    async fn refused(&self, outcome: Result<(), Refusal>) {
        if let Err(refusal) = outcome {
            self.tell(Event::Refused { refusal }).await;
        }
    }

    /// Orders and confirmations: nothing here waits for a model, a chain or a block.
    async fn obey(&self, op: Op, run: &Sender<Task>) -> Result<(), Refusal> {
        match op {
            Op::Confirm { plan_id } | Op::Resume { plan_id } => {
                self.core.saved(&plan_id).await?;
                self.core.lift_pause(&plan_id).await?;
                self.enqueue(plan_id, Permit::Confirmed, run, true).await
            }
            Op::Stuck { plan_id, .. } => {
                self.core.saved(&plan_id).await?;
                self.core.lift_pause(&plan_id).await?;
                self.enqueue(plan_id, Permit::Confirmed, run, true).await
            }
            Op::Reject { plan_id } => self.order(Verb::Cancel, Some(&plan_id), run).await,
            Op::Control { verb, plan_id } => self.order(verb, plan_id.as_deref(), run).await,
            Op::Halt { because } => {
                let text = self.core.halt(&because).await?;
                self.tell(Event::Controlled { plan_id: None, text }).await;
                Ok(())
            }
            Op::Unhalt => {
                let text = self.core.unhalt().await?;
                self.tell(Event::Controlled { plan_id: None, text }).await;
                Ok(())
            }
            Op::Open => {
                let text = self.core.open().await?;
                self.tell(Event::Opened { text }).await;
                Ok(())
            }
            Op::Say { .. } | Op::Ask { .. } | Op::Portfolio | Op::DropAdded { .. } | Op::Revise { .. } => {
                Ok(())
            }
        }
    }

    async fn order(&self, verb: Verb, plan: Option<&str>, run: &Sender<Task>) -> Result<(), Refusal> {
        let record = match plan {
            Some(id) => self.core.saved(id).await?,
            None => self.core.target(verb, None).await?,
        };
        let ordered = self.core.order(verb, &record).await?;
        self.ordered(ordered, run).await
    }

    async fn ordered(
        &self,
        Ordered { plan_id, text, execute }: Ordered,
        run: &Sender<Task>,
    ) -> Result<(), Refusal> {
        self.tell(Event::Controlled { plan_id: Some(plan_id.clone()), text }).await;
        if execute { self.enqueue(plan_id, Permit::Confirmed, run, false).await } else { Ok(()) }
    }

    /// Hands a plan to the executor. `tell`: says so if it does not begin at once.
    async fn enqueue(
        &self,
        plan_id: String,
        permit: Permit,
        run: &Sender<Task>,
        tell: bool,
    ) -> Result<(), Refusal> {
        let mut working = self.working.lock().await;
        let text = if working.contains(&plan_id) {
            Some(format!("plan {plan_id} is being executed"))
        } else {
            let text =
                working.first().map(|other| format!("plan {plan_id} waits until plan {other} is done"));
            run.try_send(Task { plan_id: plan_id.clone(), permit }).map_err(|_| busy("plans"))?;
            working.push(plan_id.clone());
            text
        };
        drop(working);
        if let Some(text) = text.filter(|_| tell) {
            self.tell(Event::Controlled { plan_id: Some(plan_id), text }).await;
        }
        Ok(())
    }

    async fn run_lane(self, mut tasks: Receiver<Task>) {
        while let Some(Task { plan_id, permit }) = tasks.recv().await {
            let outcome = self.run(&plan_id, permit).await;
            self.working.lock().await.retain(|own| *own != plan_id);
            match outcome {
                Ok(report) => self.tell(Event::Finished { report: Box::new(report) }).await,
                Err(refusal) if matches!(refusal.code.as_str(), "plan.cancelled" | "plan.paused") => {
                    self.tell(Event::Controlled { plan_id: Some(plan_id), text: refusal.message }).await;
                }
                Err(refusal) => self.tell(Event::Refused { refusal }).await,
            }
        }
    }

    async fn run(&self, plan_id: &str, permit: Permit) -> Result<Report, Refusal> {
        let record = self.core.saved(plan_id).await?;
        self.core.carry_out(record, permit, self.events.clone()).await
    }

    async fn answer(self, topic: Topic, [asset, chain, protocol]: [Option<String>; 3]) {
        let about = About { asset: asset.as_deref(), chain: chain.as_deref(), protocol: protocol.as_deref() };
        match self.core.answer(topic, about).await {
            Ok((text, answer)) => self.tell(Event::Answered { text, answer }).await,
            Err(refusal) => self.tell(Event::Refused { refusal }).await,
        }
    }

    async fn portfolio(self) {
        match self.core.portfolio().await {
            Ok((portfolios, unknown)) => self.tell(Event::Portfolio { portfolios, unknown }).await,
            Err(refusal) => self.tell(Event::Refused { refusal }).await,
        }
    }

    async fn plan_lane(self, mut ops: Receiver<Op>, run: Sender<Task>) {
        while let Some(op) = ops.recv().await {
            let outcome = self.plan(op, &run).await;
            self.refused(outcome).await;
        }
    }

    async fn plan(&self, op: Op, run: &Sender<Task>) -> Result<(), Refusal> {
        let (core, id) = (&self.core, (self.new_id)());
        let planned = match op {
            Op::Say { text } => return self.say(text, &id, run).await,
            Op::DropAdded { plan_id } => core.drop_added(&core.saved(&plan_id).await?, &id).await?,
            Op::Revise { plan_id, change } => core.revise(&core.saved(&plan_id).await?, &change, &id).await?,
            Op::Stuck { plan_id, choice } => core.unstick(&core.saved(&plan_id).await?, choice, &id).await?,
            Op::Control { verb, plan_id } => {
                let record = match plan_id {
                    Some(plan_id) => core.saved(&plan_id).await?,
                    None => core.target(verb, None).await?,
                };
                if verb == Verb::Undo {
                    core.undo(&record, &id).await?
                } else {
                    core.repeat(&record, &id).await?
                }
            }
            Op::Confirm { .. }
            | Op::Reject { .. }
            | Op::Resume { .. }
            | Op::Ask { .. }
            | Op::Portfolio
            | Op::Halt { .. }
            | Op::Unhalt
            | Op::Open => return Ok(()),
        };
        self.tell(Event::Planned { report: Box::new(planned.1) }).await;
        Ok(())
    }

    async fn say(&self, text: String, id: &str, run: &Sender<Task>) -> Result<(), Refusal> {
        let core = &self.core;
        self.tell(Event::Heard { text: text.clone() }).await;
        let contacts = core.standing(0, None).await?.contacts;
        let draft = core.planner.draft(text.as_bytes(), &contacts).await?;
        self.tell(Event::Drafted { draft: Box::new(draft.clone()) }).await;
        if let Outcome::Control {
            verb: verb @ (Verb::Cancel | Verb::Pause | Verb::Resume | Verb::SpeedUp),
            target,
        } = &draft.outcome
        {
            let record = core.target(*verb, target.as_deref()).await?;
            return self.ordered(core.order(*verb, &record).await?, run).await;
        }
        let runs_alone = matches!(draft.outcome, Outcome::Plan { .. });
        match core.take(draft, id, None).await? {
            Heard::Answer { text, answer, .. } => self.tell(Event::Answered { text, answer }).await,
            Heard::Question { question, missing, .. } => {
                self.tell(Event::Question { question, missing }).await
            }
            Heard::Plan { report, .. } => {
                let unattended =
                    core.autonomy == Autonomy::FullWithinPolicy && report.verdict == Verdict::Allow;
                let plan_id = report.plan_id.clone();
                self.tell(Event::Planned { report }).await;
                if unattended && runs_alone {
                    self.enqueue(plan_id, Permit::Unattended(core.autonomy), run, true).await?;
                }
            }
        }
        Ok(())
    }
}

fn busy(what: &str) -> Refusal {
    let message = format!("{WAITING_MAX} {what} wait already");
    Refusal::new(Exit::Error, "session.busy", message)
        .help("wait until some of them are done, then say it again")
}
