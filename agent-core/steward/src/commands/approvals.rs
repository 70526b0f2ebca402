//! `steward approvals`: a principal's signed yes or no, over a plan's hash and its bounds.

use agent_core::core::Core;
use agent_core::ledger::{PlanRecord, Record};
use agent_core::{Amount, Approval, Exit, PlanState, Refusal, Verdict};
use serde_json::json;

use super::plan::{shown, value};
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
            waiting.retain(|record| record.state(core.clock.now()) == PlanState::NeedsApproval);
            let rows: Vec<_> = waiting.iter().map(|record| json!({
                "plan_id": record.plan.id, "plan_hash": record.plan.hash(), "read_back": record.plan.draft.read_back, "bounds": record.report.bounds,
            })).collect();
            let text = waiting.iter().map(signed_over).collect::<Vec<_>>().join("\n");
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

/// What an approver signs, in words: the steps and the bounds, never the draft's own description.
fn signed_over(record: &PlanRecord) -> String {
    let bounds = &record.report.bounds;
    let steps = record.report.legs.iter().flat_map(|leg| &leg.steps);
    let mut lines = vec![record.plan.id.clone()];
    lines.extend(steps.map(|step| format!("  {}. {}", step.index, step.text)));
    lines.extend(bounds.most_in.iter().map(|amount| format!("  leaves at most {}", placed(amount))));
    lines.extend(bounds.least_out.iter().map(|amount| format!("  arrives at least {}", placed(amount))));
    lines.extend(bounds.fees_most.iter().map(|amount| format!("  gas at most {}", placed(amount))));
    lines.extend(bounds.payees.iter().map(|payee| format!("  pays {payee}")));
    lines.join("\n")
}

fn placed(amount: &Amount) -> String {
    format!("{amount} on {}", agent_core::caip2(amount.asset().chain_id))
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
        "{}\n{word} by {}; `steward run --plan {} --demo` goes on",
        signed_over(&record),
        approval.approver,
        record.plan.id
    );
    Ok(Done::new(json!({"plan_id": record.plan.id, "approval": approval}), text))
}
