//! `steward approvals`: a principal's signed yes or no, over a plan's hash and its bounds.

use agent_core::core::Core;
use agent_core::ledger::{PlanRecord, Record};
use agent_core::{Approval, Exit, Refusal, Verdict};
use serde_json::json;

use super::plan::{shown, value};
use super::plans::state;
use crate::chat;
use crate::cli::Approvals;
use crate::compose::App;
use crate::demo;
use crate::output::Done;

pub(crate) async fn approvals(app: &App, asked: &Approvals) -> Result<Done, Refusal> {
    let core = app.core().await?;
    match asked {
        Approvals::List => {
            let mut waiting = core.ledger.plans().await?;
            waiting.retain(|record| state(record) == "waits");
            let rows: Vec<_> = waiting.iter().map(|record| json!({
                "plan_id": record.plan.id, "plan_hash": record.plan.hash(), "read_back": record.plan.draft.read_back, "bounds": record.report.bounds,
            })).collect();
            let lines = waiting.iter().map(|record| {
                format!("{}  {}", record.plan.id, agent_core::tame(&record.plan.draft.read_back))
            });
            let text = lines.collect::<Vec<_>>().join("\n");
            Ok(Done::new(json!({"waiting": rows}), text))
        }
        Approvals::Show { id } => {
            let record = core.saved(id).await?;
            let given = core.ledger.approvals(id).await?;
            let mut data = value(&record.report);
            if let Some(keys) = data.as_object_mut() {
                keys.insert("approvals".to_owned(), serde_json::to_value(&given).unwrap_or_default());
            }
            Ok(Done::new(data, chat::text::report(&record.report).join("\n")))
        }
        Approvals::Approve { id } => decide(app, &core, core.saved(id).await?, true).await,
        Approvals::Reject { id } => decide(app, &core, core.saved(id).await?, false).await,
    }
}

async fn decide(app: &App, core: &Core, record: PlanRecord, approved: bool) -> Result<Done, Refusal> {
    if record.report.verdict == Verdict::Deny {
        let refusal = Refusal::new(
            Exit::Denied,
            "policy.denied",
            format!("plan {} is denied by the policy: no approval lifts that", record.plan.id),
        )
        .help(format!("`steward policy explain {}` shows the rules", record.plan.id));
        return Ok(shown(&record.report, Some(refusal)));
    }
    if !app.global.demo {
        return Err(Refusal::new(
            Exit::Usage,
            "approval.no_key",
            "no approver's key is at hand: only the demo world keeps one",
        )
        .help("use `--demo`"));
    }
    let signer = demo::approver(&app.folders).await?;
    let unsigned = Approval {
        plan_id: record.plan.id.clone(),
        plan_hash: record.plan.hash(),
        bounds: record.report.bounds.clone(),
        approver: signer.address(),
        signature: Default::default(),
        approved,
        signed_at: core.clock.now(),
    };
    let approval = signer.approve(unsigned)?;
    core.policy.verify_approval(&approval, record.plan.account)?;
    core.ledger
        .append(Some(&record.plan.id), Record::ApprovalAdded { approval: Box::new(approval.clone()) })
        .await?;
    let word = if approved { "approved" } else { "rejected" };
    let text = format!(
        "plan {} is {word} by {}; `steward run --plan {0} --demo` goes on",
        record.plan.id, approval.approver
    );
    Ok(Done::new(json!({"plan_id": record.plan.id, "approval": approval}), text))
}
