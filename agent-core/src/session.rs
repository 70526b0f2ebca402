//! Sentences and drafts to saved plans or answers, and saved plans to reports: what every front end is made of.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde_json::json;
use tokio::sync::mpsc::Sender;

use crate::answers::About;
use crate::control::Ordered;
use crate::core::Core;
use crate::draft::{Draft, Outcome, Verb};
use crate::ledger::PlanRecord;
use crate::pipeline::Permit;
use crate::planning::Preview;
use crate::ports::PlanRequest;
use crate::report::Report;
use crate::{Event, Exit, Portfolio, Refusal, Unknown, caip2, tame};

/// What became of a sentence.
#[derive(Debug, Clone)]
pub enum Heard {
    /// A saved plan, ready to be executed or approved, with what stands against it.
    Plan {
        preview: Box<Preview>,
        report: Box<Report>,
    },
    Answer {
        draft: Box<Draft>,
        text: String,
        answer: serde_json::Value,
    },
    Question {
        draft: Box<Draft>,
        question: String,
        missing: Vec<String>,
        code: String,
    },
}

impl Core {
    /// A sentence: read, planned, previewed, saved. Sends nothing.
    pub async fn hear(
        &self,
        sentence: &[u8],
        id: &str,
        request_id: Option<String>,
    ) -> Result<Heard, Refusal> {
        let contacts = self.standing(0, None).await?.contacts;
        let draft = self.planner.draft(sentence, &contacts).await?;
        self.take(draft, id, request_id).await
    }

    /// A draft: planned, previewed, saved. Sends nothing.
    pub async fn take(&self, draft: Draft, id: &str, request_id: Option<String>) -> Result<Heard, Refusal> {
        match &draft.outcome {
            Outcome::Plan { trigger: None, .. } => {}
            Outcome::Plan { trigger: Some(_), .. } => {
                return Err(lacking("a trigger (every, at, when)", "state the intent for now"));
            }
            Outcome::Clarify { missing, question, code } => {
                let (question, missing, code) = (question.clone(), missing.clone(), code.clone());
                return Ok(Heard::Question { draft: Box::new(draft), question, missing, code });
            }
            Outcome::Answer { topic, asset, chain, protocol } => {
                let (asset, chain, protocol) = (asset.as_deref(), chain.as_deref(), protocol.as_deref());
                let (text, answer) = self.answer(*topic, About { asset, chain, protocol }).await?;
                return Ok(Heard::Answer { draft: Box::new(draft), text, answer });
            }
            Outcome::Control { verb, target } => {
                let record = self.target(*verb, target.as_deref()).await?;
                let planned = match verb {
                    Verb::Undo => self.undo(&record, id).await?,
                    Verb::Repeat => self.repeat(&record, id).await?,
                    Verb::Cancel | Verb::Pause | Verb::Resume | Verb::SpeedUp => {
                        let Ordered { plan_id, text, execute } = self.order(*verb, &record).await?;
                        let answer =
                            json!({"control": verb, "plan_id": plan_id, "text": text, "needs_run": execute});
                        return Ok(Heard::Answer { draft: Box::new(draft), text, answer });
                    }
                };
                return Ok(Heard::Plan { preview: Box::new(planned.0), report: Box::new(planned.1) });
            }
            Outcome::Goal { .. } => return Err(lacking("a goal", "say the steps that you want")),
            Outcome::Refuse { reason, code } => {
                return Err(Refusal::new(Exit::RefusedInput, code.clone(), reason.clone()));
            }
        }
        let preview = self.preview_draft(draft, id, true).await?;
        let report = Box::new(self.save(&preview, request_id).await?);
        Ok(Heard::Plan { preview: Box::new(preview), report })
    }

    /// Plans, previews and saves a draft. `complete`: whether steps may be added that were not said.
    pub(crate) async fn planned(
        &self,
        draft: Draft,
        id: &str,
        complete: bool,
    ) -> Result<(Preview, Report), Refusal> {
        let preview = self.preview_draft(draft, id, complete).await?;
        let report = self.save(&preview, None).await?;
        Ok((preview, report))
    }

    async fn preview_draft(&self, draft: Draft, id: &str, complete: bool) -> Result<Preview, Refusal> {
        let standing = self.standing(0, None).await?;
        let last_chain: Vec<(Address, u64)> = self.ledger.paid().await?;
        let (portfolios, _) = self.portfolio().await?;
        let names = self.resolve_names(&draft, &standing.contacts).await?;
        let request = PlanRequest {
            id,
            account: self.account,
            now: self.clock.now(),
            registry: &self.registry,
            contacts: &standing.contacts,
            portfolios: &portfolios,
            last_chain: &last_chain,
            names: &names,
            complete,
        };
        let plan = self.planner.plan(draft, request).await?;
        self.preview(plan, 0).await
    }

    /// What the account has on every network, read at the same time. A network that does not answer is in the second
    /// list by its name; if none answers it is an error.
    pub async fn portfolio(&self) -> Result<(Vec<Portfolio>, Vec<Unknown>), Refusal> {
        let mut reading = tokio::task::JoinSet::new();
        for (chain_id, chain) in &self.chains {
            let (chain, account, chain_id) = (chain.clone(), self.account, *chain_id);
            reading.spawn(async move {
                let read = async {
                    chain.verify().await?;
                    chain.portfolio(account).await
                };
                (chain_id, read.await)
            });
        }
        let (mut read, mut failed) = (BTreeMap::new(), BTreeMap::new());
        while let Some(joined) = reading.join_next().await {
            match joined {
                Ok((chain_id, Ok(portfolio))) => {
                    read.insert(chain_id, portfolio);
                }
                Ok((chain_id, Err(refusal))) => {
                    failed.insert(chain_id, refusal);
                }
                Err(error) => return Err(Refusal::new(Exit::Error, "io.failed", tame(&error.to_string()))),
            }
        }
        if let (true, Some(refusal)) = (read.is_empty(), failed.values().next()) {
            return Err(refusal.clone());
        }
        let name = |chain_id: u64| {
            self.registry.network(chain_id).map_or_else(|| caip2(chain_id), |network| network.name.clone())
        };
        let unknown = failed
            .into_iter()
            .map(|(chain_id, refusal)| Unknown { what: name(chain_id), why: tame(&refusal.message) });
        Ok((read.into_values().collect(), unknown.collect()))
    }

    /// Executes a saved plan and reports it; a failed step is in the report.
    pub async fn carry_out(
        &self,
        record: PlanRecord,
        permit: Permit,
        events: Sender<Event>,
    ) -> Result<Report, Refusal> {
        let report = record.report.clone();
        let finished = self.execute(record, permit, events).await?;
        Ok(report.finished(&finished))
    }

    /// A saved plan by its id.
    pub async fn saved(&self, id: &str) -> Result<PlanRecord, Refusal> {
        let none = || {
            Refusal::new(Exit::Usage, "plan.unknown", format!("no plan `{}` in this journal", crate::tame(id)))
                .help("`steward plans list` shows the saved ones; a demo plan needs `--demo`, and belongs to its world")
        };
        self.ledger.plan(id).await?.ok_or_else(none)
    }
}

fn lacking(what: &str, help: &str) -> Refusal {
    Refusal::new(Exit::NotPossible, "world.lacks", format!("{what} is not possible here yet")).help(help)
}

pub(crate) fn no_network(name: &str) -> Refusal {
    Refusal::new(
        Exit::Question,
        "clarify.chain",
        format!("`{}` is no network of this configuration", crate::tame(name)),
    )
    .help("name one of its networks")
}
