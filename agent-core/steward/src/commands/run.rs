//! `steward run`: plans and executes what the policy allows, or goes on with a saved plan.

use agent_core::core::Core;
use agent_core::executor::Finished;
use agent_core::ledger::PlanRecord;
use agent_core::pipeline::Permit;
use agent_core::report::Report;
use agent_core::{Event, Exit, PlanState, Refusal};
use tokio::sync::mpsc::{self, Receiver};

use super::plan::{Planned, planned, shown, value};
use crate::chat;
use crate::cli::{Global, Run};
use crate::compose::{App, Composed};
use crate::output::{self, Done};

const QUEUE: usize = 256;

pub(crate) async fn run(app: &App, asked: &Run) -> Result<Done, Refusal> {
    if asked.plan.is_none() {
        output::note("reading the intent");
    }
    let Composed { core, journal, .. } = app.compose().await?;
    let id = match &asked.plan {
        Some(id) => id.clone(),
        None => match planned(&core, &asked.intent).await? {
            Planned::Done(done) => return Ok(done),
            Planned::Plan { report, against: Some(refusal) } => {
                return Ok(shown(&report, Some(refusal)));
            }
            Planned::Plan { report, against: None } => report.plan_id,
        },
    };
    if asked.dry_run {
        return dry(&core, core.saved(&id).await?).await;
    }
    if core.signer.is_none() {
        let refusal = Refusal::new(
            Exit::Usage,
            "network.read_only",
            "these networks are read-only: nothing is signed for them",
        )
        .help("`--demo` executes on the demo world");
        return Ok(shown(&core.saved(&id).await?.report, Some(refusal)));
    }
    let _alone = journal.lock_executor()?;
    core.lift_pause(&id).await?;
    // Read under the lock: another process may have carried it out meanwhile.
    let record = core.saved(&id).await?;
    execute(&core, record, &app.global).await
}

/// What `run` would do before it signs: the plan is previewed again, with the approvals that it has.
async fn dry(core: &Core, record: PlanRecord) -> Result<Done, Refusal> {
    if let Some(finished) = Finished::so_far(&record) {
        return Ok(shown(&record.report.finished(&finished), None));
    }
    if record.state(core.clock.now()) == PlanState::Cancelled {
        let message = format!("plan {} was cancelled", record.plan.id);
        let refusal = Refusal::new(Exit::Rejected, "plan.cancelled", message);
        return Ok(shown(&record.report, Some(refusal.help("state the intent again for a new plan"))));
    }
    let approvals = core.approvals(&record).await?;
    let preview = core.preview(record.plan, approvals).await?;
    Ok(shown(&Report::of(&preview, &core.registry), preview.refusal()))
}

async fn execute(core: &Core, record: PlanRecord, global: &Global) -> Result<Done, Refusal> {
    let plan_id = record.plan.id.clone();
    let before = record.report.clone();
    let (sender, receiver) = mpsc::channel(QUEUE);
    let printer = tokio::spawn(print(receiver, global.clone()));
    let outcome = core.carry_out(record, Permit::Unattended(core.autonomy), sender).await;
    let _ = printer.await;
    match outcome {
        Ok(report) => {
            let text = chat::text::finished(&report).join("\n");
            let settled = report.settled.as_ref();
            if settled.is_some_and(|settled| settled.as_promised) {
                return Ok(Done::new(value(&report), text));
            }
            let differences = settled.map(|settled| settled.differences.join("; ")).unwrap_or_default();
            let refusal = Refusal::new(
                Exit::PartlyExecuted,
                "plan.not_as_promised",
                format!("not settled as promised: {differences}"),
            )
            .help("`data.receipts` lists what is on chain");
            Ok(Done::refused(value(&report), text, refusal))
        }
        Err(refusal) => {
            // What is on chain is told whatever went wrong after it.
            let so_far = core.saved(&plan_id).await.ok().and_then(|record| Finished::so_far(&record));
            let report = match &so_far {
                Some(finished) => before.finished(finished),
                None => before,
            };
            Ok(Done::refused(value(&report), String::new(), refusal))
        }
    }
}

/// Events as they come: JSON lines on standard output with `--events`, else a line a step on standard error.
async fn print(mut events: Receiver<Event>, global: Global) {
    while let Some(event) = events.recv().await {
        if global.events {
            output::line(&serde_json::to_string(&event).unwrap_or_default());
        } else {
            for line in chat::text::event(&event) {
                output::note(&line);
            }
        }
    }
}
