//! `steward plans`: what is saved.

use agent_core::executor::Finished;
use agent_core::ledger::{PlanRecord, Record};
use agent_core::{Refusal, Verdict};
use serde_json::json;

use super::plan::{shown, value};
use crate::cli::Plans;
use crate::compose::App;
use crate::output::Done;

pub(crate) async fn plans(app: &App, asked: &Plans) -> Result<Done, Refusal> {
    let core = app.core().await?;
    match asked {
        Plans::List => {
            let records = core.ledger.plans().await?;
            let rows: Vec<_> = records.iter().map(|record| json!({
                "plan_id": record.plan.id, "intent": record.plan.draft.intent, "read_back": record.plan.draft.read_back,
                "created_at": record.plan.created_at, "state": state(record), "verdict": record.report.verdict,
            })).collect();
            let lines = records.iter().map(|record| {
                let words = record.plan.draft.read_back.as_str();
                format!("{}  {}  {}", record.plan.id, state(record), agent_core::tame(words))
            });
            let text = lines.collect::<Vec<_>>().join("\n");
            Ok(Done::new(json!({"plans": rows}), text))
        }
        Plans::Show { id } => {
            let record = core.saved(id).await?;
            Ok(match Finished::so_far(&record) {
                None => shown(&record.report, None),
                Some(finished) => {
                    let report = record.report.finished(&finished);
                    Done::new(value(&report), crate::chat::text::finished(&report).join("\n"))
                }
            })
        }
        Plans::Cancel { id } => {
            let record = core.saved(id).await?;
            if Finished::so_far(&record).is_some() {
                return Err(Refusal::new(
                    agent_core::Exit::PartlyExecuted,
                    "plan.under_way",
                    format!("plan {} is under way or settled", record.plan.id),
                )
                .help(format!("`steward run --plan {}` goes on with it", record.plan.id)));
            }
            core.ledger.append(Some(&record.plan.id), Record::PlanCancelled).await?;
            Ok(Done::new(
                json!({"plan_id": record.plan.id, "state": "cancelled"}),
                format!("plan {} is cancelled", record.plan.id),
            ))
        }
    }
}

/// In one word, from the journal's rows.
pub(crate) fn state(record: &PlanRecord) -> &'static str {
    let any = |wanted: fn(&Record) -> bool| record.entries.iter().any(|entry| wanted(&entry.record));
    if any(|record| matches!(record, Record::PlanCancelled)) {
        "cancelled"
    } else if any(|record| matches!(record, Record::Settled)) {
        "settled"
    } else if any(|record| matches!(record, Record::StepFailed { .. })) {
        "failed"
    } else if any(|record| matches!(record, Record::Started { .. })) {
        "started"
    } else if record.report.verdict == Verdict::NeedsApproval
        && !any(|record| matches!(record, Record::ApprovalAdded { .. }))
    {
        "waits"
    } else {
        "saved"
    }
}
