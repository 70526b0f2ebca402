//! `steward policy`: what judges, and how a plan was judged.

use agent_core::Refusal;
use serde_json::json;

use crate::cli::Policy;
use crate::compose::App;
use crate::output::Done;

pub(crate) async fn policy(app: &App, asked: &Policy) -> Result<Done, Refusal> {
    match asked {
        Policy::Check => {
            let summary = policies::check_default()?;
            let text = format!(
                "{} policies, valid against the schema, hash {}",
                summary.policies.len(),
                summary.hash
            );
            Ok(Done::new(json!({"policies": summary.policies, "hash": summary.hash}), text))
        }
        Policy::Explain { id } => {
            let core = app.core().await?;
            let record = core.saved(id).await?;
            let approvals = core.approvals(&record).await?;
            let preview = core.preview(record.plan.clone(), approvals).await?;
            let steps: Vec<_> = preview.legs.iter().flat_map(|leg| &leg.steps).map(|step| {
                let judgement = step.judged.judgement();
                json!({"step": step.step.index, "verdict": judgement.verdict, "rules": judgement.rules, "budgets": judgement.budgets})
            }).collect();
            let lines = preview.legs.iter().flat_map(|leg| &leg.steps).flat_map(|step| {
                let judgement = step.judged.judgement();
                let head = format!(
                    "step {} ({}): {:?}",
                    step.step.index,
                    step.step.action.name(),
                    judgement.verdict
                );
                let rules = judgement
                    .rules
                    .iter()
                    .map(|rule| format!("  {:<6} {}: {}", rule.result, rule.id, rule.reason));
                std::iter::once(head).chain(rules).collect::<Vec<_>>()
            });
            let text = lines.collect::<Vec<_>>().join("\n");
            Ok(Done::new(json!({"plan_id": record.plan.id, "approvals": approvals, "steps": steps}), text))
        }
    }
}
