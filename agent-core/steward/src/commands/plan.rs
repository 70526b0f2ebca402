//! `steward plan`: to a saved plan, and no further.

use agent_core::core::Core;
use agent_core::draft::Draft;
use agent_core::executor::Finished;
use agent_core::planning::Preview;
use agent_core::report::Report;
use agent_core::session::Heard;
use agent_core::{Exit, Refusal};
use serde_json::{Value, json};

use crate::cli::Intent;
use crate::compose::{App, new_plan_id};
use crate::output::{self, Done};
use crate::{chat, intent};

/// What came of an intent: a plan, or the end of the command.
pub(crate) enum Planned {
    Plan { report: Box<Report>, against: Option<Refusal> },
    Done(Done),
}

pub(crate) async fn plan(app: &App, asked: &Intent) -> Result<Done, Refusal> {
    output::note("reading the intent");
    let core = app.core().await?;
    Ok(match planned(&core, asked).await? {
        Planned::Done(done) => done,
        Planned::Plan { report, against } => shown(&report, against),
    })
}

/// A report, and what stands against executing it.
pub(crate) fn shown(report: &Report, against: Option<Refusal>) -> Done {
    let (data, text) = (value(report), chat::text::report(report).join("\n"));
    match against {
        None => Done::new(data, text),
        Some(refusal) => Done::refused(data, text, refusal),
    }
}

pub(crate) fn value(report: &Report) -> Value {
    serde_json::to_value(report).unwrap_or_default()
}

pub(crate) async fn planned(core: &Core, asked: &Intent) -> Result<Planned, Refusal> {
    let id = new_plan_id();
    let request = asked.request_id.clone();
    if let Some(path) = &asked.draft {
        let text = intent::draft_text(path)?;
        let draft = planners::parse_draft_json(&text)?;
        let same = |earlier: &Draft| earlier.intent == draft.intent && earlier.outcome == draft.outcome;
        if let Some(same) = same_request(core, asked, same).await? {
            return Ok(same);
        }
        return Ok(heard(core.take(draft, &id, request).await?));
    }
    let sentence = intent::words(&asked.intent)?;
    let words = String::from_utf8_lossy(&sentence);
    let same = |earlier: &Draft| earlier.intent.as_deref() == Some(&*words);
    if let Some(same) = same_request(core, asked, same).await? {
        return Ok(same);
    }
    Ok(heard(core.hear(&sentence, &id, request).await?))
}

/// The plan of an earlier call with the same `--request-id`.
async fn same_request(
    core: &Core,
    asked: &Intent,
    same: impl Fn(&Draft) -> bool,
) -> Result<Option<Planned>, Refusal> {
    let Some(key) = &asked.request_id else { return Ok(None) };
    let Some(record) = core.ledger.plan_of_request(key).await? else { return Ok(None) };
    if !same(&record.plan.draft) {
        let message = format!("the request id `{}` belongs to another intent", agent_core::tame(key));
        return Err(
            Refusal::new(Exit::Usage, "request.other_intent", message).help("use a new key for a new intent")
        );
    }
    if let Some(finished) = Finished::so_far(&record) {
        let report = Box::new(record.report.finished(&finished));
        return Ok(Some(Planned::Plan { against: None, report }));
    }
    // Whether an approval is enough is judged anew when it is executed.
    let approved = core.approvals(&record).await? > 0;
    let report = Box::new(record.report);
    let against = against(&report).filter(|refusal| !(approved && refusal.exit == Exit::ApprovalRequired));
    Ok(Some(Planned::Plan { against, report }))
}

/// What the verdict of a saved report stands for.
pub(crate) fn against(report: &Report) -> Option<Refusal> {
    let rules = |result: &str| {
        let all = report.legs.iter().flat_map(|leg| &leg.policy.rules).filter(|rule| rule.result == result);
        all.map(|rule| format!("{} ({})", rule.reason, rule.id)).collect::<Vec<_>>().join("; ")
    };
    match report.verdict {
        agent_core::Verdict::Allow => None,
        agent_core::Verdict::NeedsApproval => Some(
            Refusal::new(
                Exit::ApprovalRequired,
                "policy.approval_required",
                format!("an approval is needed: {}", rules("ask")),
            )
            .help(format!("`steward approvals approve {0}`, then `steward run --plan {0}`", report.plan_id)),
        ),
        agent_core::Verdict::Deny => Some(
            Refusal::new(Exit::Denied, "policy.denied", format!("the policy denies it: {}", rules("deny")))
                .help(format!("`steward policy explain {}` shows every rule", report.plan_id)),
        ),
    }
}

fn heard(heard: Heard) -> Planned {
    match heard {
        Heard::Plan { preview, report } => {
            let against = Preview::refusal(&preview);
            Planned::Plan { report, against }
        }
        Heard::Answer { draft, text, answer } => {
            Planned::Done(Done::new(json!({"outcome": "answer", "answer": answer, "draft": draft}), text))
        }
        Heard::Question { draft, question, missing, code } => {
            let refusal =
                Refusal::new(Exit::Question, code, question.clone()).help("say it again with that in it");
            let data =
                json!({"outcome": "clarify", "question": question, "missing": missing, "draft": draft});
            Planned::Done(Done::refused(data, String::new(), refusal))
        }
    }
}
