//! `steward plans`: what is saved.

use agent_core::Refusal;
use agent_core::draft::Verb;
use agent_core::executor::Finished;
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
            let now = core.clock.now();
            let rows: Vec<_> = records.iter().map(|record| json!({
                "plan_id": record.plan.id, "intent": record.plan.draft.intent, "read_back": record.plan.draft.read_back,
                "created_at": record.plan.created_at, "state": record.state(now), "verdict": record.report.verdict,
            })).collect();
            let lines = records.iter().map(|record| {
                let (id, words) = (&record.plan.id, agent_core::tame(&record.plan.draft.read_back));
                format!("{id}  {}  {words}", record.state(now).words())
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
            // A row that whoever executes the plan reads before its next call: no lock is needed.
            let record = core.saved(id).await?;
            let ordered = core.order(Verb::Cancel, &record).await?;
            let goes_on = format!("; `steward run --plan {id}` carries that out");
            let text = format!("{}{}", ordered.text, if ordered.execute { &goes_on } else { "" });
            Ok(Done::new(json!({"plan_id": ordered.plan_id, "state": "cancelled"}), text))
        }
    }
}
