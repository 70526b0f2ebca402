//! What a person orders of a plan that runs. Orders are rows of the journal, whoever wrote them: the executor looks
//! there before every call and between the polls of a bridge, so they hold across processes and restarts.

use crate::executor::Run;
use crate::ledger::{Orders, Record};
use crate::report::step_text;
use crate::{Exit, Leg, Refusal, Step};

impl Run<'_> {
    async fn orders(&self) -> Result<Orders, Refusal> {
        Ok(self.core.ledger.orders(&self.plan.id).await?)
    }

    /// Whether the plan may go on with its next call.
    pub(crate) async fn checkpoint(&self) -> Result<(), Refusal> {
        let orders = self.orders().await?;
        let standing = self.standing();
        let id = &self.plan.id;
        if orders.cancelled {
            return Err(Refusal::new(
                Exit::Rejected,
                "plan.cancelled",
                format!("plan {id} was cancelled; {standing}"),
            )
            .help("state the intent again for a new plan"));
        }
        if orders.paused {
            return Err(Refusal::new(
                Exit::Halted,
                "plan.paused",
                format!("plan {id} is paused; {standing}"),
            )
            .help(format!("`steward run --plan {id}` goes on")));
        }
        Ok(())
    }

    /// Nothing is signed while the agent is halted.
    pub(crate) async fn may_sign(&self) -> Result<(), Refusal> {
        match self.orders().await?.halted {
            None => Ok(()),
            Some(because) => Err(halted(&because)),
        }
    }

    /// Whether the plan was cancelled while something of it may stand on chain.
    pub(crate) async fn stopped(&mut self) -> Result<bool, Refusal> {
        let cancelled = self.orders().await?.cancelled;
        if cancelled {
            self.progress.apply(&Record::PlanCancelled);
        }
        Ok(cancelled)
    }

    /// After a cancellation: exact allowances whose act will never come are taken back, and its budget is given back.
    pub(crate) async fn take_back(&mut self) -> Result<(), Refusal> {
        let steps: Vec<(Leg, Step)> =
            self.plan.steps().map(|(leg, step)| (leg.clone(), step.clone())).collect();
        for (leg, step) in &steps {
            if self.progress.step(step.index).may_leave_allowances() {
                let compiled = self.compiled(step.index)?;
                self.clean(leg, step, &compiled).await?;
                self.core.ledger.release(&self.plan.id, step.index).await?;
            }
        }
        Ok(())
    }

    /// `done: step 1 (…); sent and not settled: step 2 (…); not done: step 3 (…)`.
    fn standing(&self) -> String {
        let mut parts: [(&str, Vec<String>); 3] =
            [("done", Vec::new()), ("sent, which nobody can recall", Vec::new()), ("not done", Vec::new())];
        for (_, step) in self.plan.steps() {
            let own = self.progress.steps.get(&step.index);
            let at = match own {
                Some(own) if own.settled.is_some() => 0,
                Some(own) if own.act_signed() => 1,
                Some(_) | None => 2,
            };
            if let Some((_, texts)) = parts.get_mut(at) {
                texts.push(format!("step {} ({})", step.index, step_text(step, &self.core.registry)));
            }
        }
        let said = parts.into_iter().filter(|(_, texts)| !texts.is_empty());
        said.map(|(word, texts)| format!("{word}: {}", texts.join(", "))).collect::<Vec<_>>().join("; ")
    }
}

pub(crate) fn halted(because: &str) -> Refusal {
    let why = if because.is_empty() { String::new() } else { format!(": {}", crate::tame(because)) };
    Refusal::new(Exit::Halted, "halted", format!("the agent is halted{why}; nothing is signed"))
        .help("`steward resume` lets it sign again")
}
