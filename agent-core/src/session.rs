//! What the front ends talk to: sentences and confirmations in, events out. CLI, chat and daemon share it.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use tokio::sync::mpsc::{Receiver, Sender};

use crate::core::Core;
use crate::draft::{Draft, Outcome, Topic};
use crate::ledger::PlanRecord;
use crate::pipeline::Permit;
use crate::planning::Preview;
use crate::ports::PlanRequest;
use crate::report::Report;
use crate::{Amount, Asset, Autonomy, Event, Exit, Op, Portfolio, Refusal, Verdict, tame};

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
            Outcome::Answer { topic: Topic::Balance, asset, chain, .. } => {
                let (text, answer) = self.balance(asset.as_deref(), chain.as_deref()).await?;
                return Ok(Heard::Answer { draft: Box::new(draft), text, answer });
            }
            Outcome::Answer { topic, .. } => {
                let what = format!(
                    "an answer about `{}`",
                    serde_json::to_value(topic).unwrap_or_default().as_str().unwrap_or_default()
                );
                return Err(lacking(&what, "ask for a balance"));
            }
            Outcome::Control { .. } => {
                return Err(lacking("a control of running work", "use `steward plans`"));
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

    async fn preview_draft(&self, draft: Draft, id: &str, complete: bool) -> Result<Preview, Refusal> {
        let standing = self.standing(0, None).await?;
        let last_chain: Vec<(Address, u64)> = self.ledger.paid().await?;
        let portfolios = self.portfolios().await?;
        let request = PlanRequest {
            id,
            account: self.account,
            now: self.clock.now(),
            registry: &self.registry,
            contacts: &standing.contacts,
            portfolios: &portfolios,
            last_chain: &last_chain,
            complete,
        };
        let plan = self.planner.plan(draft, request).await?;
        self.preview(plan, 0).await
    }

    /// What the account has on every network that answers, read at the same time. If none answers it is an error.
    pub async fn portfolios(&self) -> Result<Vec<Portfolio>, Refusal> {
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
        let (mut read, mut failed) = (BTreeMap::new(), None);
        while let Some(joined) = reading.join_next().await {
            match joined {
                Ok((chain_id, Ok(portfolio))) => {
                    read.insert(chain_id, portfolio);
                }
                Ok((_, Err(refusal))) => failed = Some(refusal),
                Err(error) => {
                    failed = Some(Refusal::new(Exit::Error, "io.failed", tame(&error.to_string())));
                }
            }
        }
        match failed {
            Some(refusal) if read.is_empty() => Err(refusal),
            Some(_) | None => Ok(read.into_values().collect()),
        }
    }

    async fn balance(
        &self,
        symbol: Option<&str>,
        chain: Option<&str>,
    ) -> Result<(String, serde_json::Value), Refusal> {
        let chain_id = match chain {
            None => None,
            Some(name) => Some(self.registry.named(name).ok_or_else(|| no_network(name))?.id.chain_id),
        };
        let wanted = |asset: &Asset| symbol.is_none_or(|symbol| symbol == asset.symbol);
        let mut held: Vec<Amount> =
            self.portfolios().await?.into_iter().flat_map(|portfolio| portfolio.balances).collect();
        held.retain(|amount| {
            wanted(amount.asset()) && chain_id.is_none_or(|chain_id| chain_id == amount.asset().chain_id)
        });
        if held.is_empty() {
            let message = format!("{} is not an asset of these networks", symbol.unwrap_or("it"));
            return Err(Refusal::new(Exit::Question, "clarify.token", message)
                .help("`steward tokens` are named by their symbol"));
        }
        if symbol.is_none() {
            held.retain(|amount| !amount.is_zero());
        }
        let name = |amount: &Amount| {
            self.registry.network(amount.asset().chain_id).map(|network| network.name.clone())
        };
        let lines = held.iter().map(|amount| format!("{amount} on {}", name(amount).unwrap_or_default()));
        let text = lines.collect::<Vec<_>>().join(", ");
        let answer = serde_json::json!({"topic": "balance", "balances": held});
        Ok((format!("You have {text}."), answer))
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

    /// Serves a front end until its queue closes. `new_id` names plans.
    pub async fn serve(&self, mut ops: Receiver<Op>, events: Sender<Event>, new_id: fn() -> String) {
        while let Some(op) = ops.recv().await {
            if let Err(refusal) = self.obey(op, &events, new_id).await {
                let _ = events.send(Event::Refused { refusal }).await;
            }
        }
    }

    async fn obey(&self, op: Op, events: &Sender<Event>, new_id: fn() -> String) -> Result<(), Refusal> {
        match op {
            Op::Say { text } => self.say(text, events, &new_id()).await,
            Op::Confirm { plan_id } | Op::Resume { plan_id } => {
                let record = self.saved(&plan_id).await?;
                let report = self.carry_out(record, Permit::Confirmed, events.clone()).await?;
                let _ = events.send(Event::Finished { report: Box::new(report) }).await;
                Ok(())
            }
            Op::DropAdded { .. }
            | Op::Revise { .. }
            | Op::Ask { .. }
            | Op::Portfolio
            | Op::Control { .. }
            | Op::Halt { .. }
            | Op::Unhalt
            | Op::Open
            | Op::Stuck { .. } => Err(lacking("this", "say it as a sentence")),
            Op::Reject { plan_id } => {
                let record = self.saved(&plan_id).await?;
                self.ledger.append(Some(&record.plan.id), crate::ledger::Record::PlanCancelled).await?;
                Ok(())
            }
        }
    }

    async fn say(&self, text: String, events: &Sender<Event>, id: &str) -> Result<(), Refusal> {
        let _ = events.send(Event::Heard { text: text.clone() }).await;
        let contacts = self.standing(0, None).await?.contacts;
        let draft = self.planner.draft(text.as_bytes(), &contacts).await?;
        let _ = events.send(Event::Drafted { draft: Box::new(draft.clone()) }).await;
        match self.take(draft, id, None).await? {
            Heard::Answer { text, answer, .. } => {
                let _ = events.send(Event::Answered { text, answer }).await;
            }
            Heard::Question { question, missing, .. } => {
                let _ = events.send(Event::Question { question, missing }).await;
            }
            Heard::Plan { report, .. } => {
                let unattended =
                    self.autonomy == Autonomy::FullWithinPolicy && report.verdict == Verdict::Allow;
                let _ = events.send(Event::Planned { report: report.clone() }).await;
                if unattended {
                    let record = self.saved(&report.plan_id).await?;
                    let permit = Permit::Unattended(self.autonomy);
                    let report = self.carry_out(record, permit, events.clone()).await?;
                    let _ = events.send(Event::Finished { report: Box::new(report) }).await;
                }
            }
        }
        Ok(())
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

fn no_network(name: &str) -> Refusal {
    Refusal::new(
        Exit::Question,
        "clarify.chain",
        format!("`{}` is no network of this configuration", crate::tame(name)),
    )
    .help("name one of its networks")
}
