//! Orders about what the agent already does. Each is a row of the journal first; whoever executes looks there.

use std::collections::BTreeMap;

use crate::core::Core;
use crate::draft::Verb;
use crate::ledger::{PlanRecord, Record};
use crate::planning::Preview;
use crate::progress::Progress;
use crate::report::Report;
use crate::{Exit, PlanState, Refusal, Settled, tame};

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    pub plan_id: String,
    pub text: String,
    /// Executing the plan carries the order out, if nobody executes it now.
    pub execute: bool,
}

impl Core {
    /// Nothing is signed from now on, by any process of this journal, until [`Core::unhalt`].
    pub async fn halt(&self, because: &str) -> Result<String, Refusal> {
        self.ledger.append(None, Record::Halted { because: tame(because) }).await?;
        Ok("halted: nothing is signed until a person resumes; plans can still be made".to_owned())
    }

    pub async fn unhalt(&self) -> Result<String, Refusal> {
        if self.halted().await?.is_none() {
            return Ok("the agent was not halted".to_owned());
        }
        self.ledger.append(None, Record::Unhalted).await?;
        Ok("resumed: what the policy allows may be signed again".to_owned())
    }

    /// Why nothing is signed, if so.
    pub async fn halted(&self) -> Result<Option<String>, Refusal> {
        Ok(self.ledger.orders("").await?.halted)
    }

    /// The plan that an order is about: named by its id or by words for what it does, else the last one that it fits.
    pub async fn target(&self, verb: Verb, words: Option<&str>) -> Result<PlanRecord, Refusal> {
        let plans = self.ledger.plans().await?;
        let words = words.map(str::to_lowercase).filter(|words| !words.trim().is_empty());
        if let Some(words) = &words
            && let Some(named) = plans.iter().find(|record| words.contains(&record.plan.id.to_lowercase()))
        {
            return Ok(named.clone());
        }
        let now = self.clock.now();
        let mut fitting: Vec<PlanRecord> =
            plans.into_iter().filter(|record| fits(verb, record, now)).collect();
        if verb == Verb::Repeat && fitting.iter().any(|record| !record.state(now).fresh()) {
            // What was done is meant, not what was only shown.
            fitting.retain(|record| !record.state(now).fresh());
        }
        if let Some(words) = words.filter(|words| !means_the_last(words)) {
            fitting.retain(|record| speaks_of(&words, record));
        }
        let verb = name(verb);
        fitting.into_iter().next().ok_or_else(|| {
            Refusal::new(Exit::NotPossible, "plan.none", format!("there is no plan to {verb}"))
                .help("`steward plans list` shows the plans; name one by its id")
        })
    }

    /// Journals `cancel`, `pause`, `resume` or `speed_up`.
    pub async fn order(&self, verb: Verb, record: &PlanRecord) -> Result<Ordered, Refusal> {
        let state = record.state(self.clock.now());
        let id = &record.plan.id;
        let progress = Progress::of(&record.entries);
        let (order, text, execute) = match verb {
            Verb::Cancel if state.ended() => return Err(no_use(verb, record, state)),
            Verb::Cancel if progress.broadcast() => (
                Some(Record::PlanCancelled),
                format!(
                    "plan {id} stops before its next call and takes its exact allowances back; a transaction that was sent cannot be recalled"
                ),
                true,
            ),
            Verb::Cancel => (
                Some(Record::PlanCancelled),
                format!("plan {id} is cancelled; nothing of it was sent"),
                false,
            ),
            Verb::Pause if state == PlanState::Running => (
                Some(Record::Paused),
                format!(
                    "plan {id} stops before its next call; a transaction that was sent cannot be recalled"
                ),
                false,
            ),
            Verb::Resume if matches!(state, PlanState::Paused | PlanState::Running) => {
                (progress.paused.then_some(Record::Resumed), format!("plan {id} goes on"), true)
            }
            Verb::SpeedUp => {
                let orders = self.ledger.orders(id).await?;
                let waiting = progress.steps.values().flat_map(|own| own.open()).last();
                let tx_hash = waiting.filter(|_| !state.ended()).ok_or_else(|| nothing_waits(id))?;
                let ordered = orders.speed_up.contains(&tx_hash);
                let text = format!(
                    "{tx_hash} will be replaced by the same call with higher fees, under the same nonce: it happens at most once"
                );
                ((!ordered).then_some(Record::SpeedUp { tx_hash }), text, true)
            }
            Verb::Pause | Verb::Resume | Verb::Undo | Verb::Repeat => {
                return Err(no_use(verb, record, state));
            }
        };
        if let Some(order) = order {
            self.ledger.append(Some(id), order).await?;
        }
        Ok(Ordered { plan_id: id.clone(), text, execute })
    }

    /// A person's word to go on: `run --plan`, a confirmation. A plan that is not paused stays as it is.
    pub async fn lift_pause(&self, plan_id: &str) -> Result<(), Refusal> {
        if self.ledger.orders(plan_id).await?.paused {
            self.ledger.append(Some(plan_id), Record::Resumed).await?;
        }
        Ok(())
    }

    /// Plans the way back from what a plan did, saved and not sent. Nothing more of that plan runs then.
    pub async fn undo(&self, record: &PlanRecord, id: &str) -> Result<(Preview, Report), Refusal> {
        let settled = Progress::of(&record.entries).settled();
        if record.state(self.clock.now()) == PlanState::Running {
            let plan = &record.plan.id;
            let message = format!("plan {plan} is under way: cancel it first");
            return Err(Refusal::new(Exit::NotPossible, "plan.under_way", message)
                .help(format!("say `cancel {plan}`, then `undo {plan}`")));
        }
        self.nothing_under_way(record, |_| false)?;
        let planned = self.back(record, &settled, id).await?;
        self.supersede(record, id).await?;
        Ok(planned)
    }

    /// Refuses where a step is signed and not settled: what it will have done is not known. `but`: steps whose end is.
    pub(crate) fn nothing_under_way(
        &self,
        record: &PlanRecord,
        but: impl Fn(usize) -> bool,
    ) -> Result<(), Refusal> {
        let progress = Progress::of(&record.entries);
        let open = progress.steps.iter().find(|(step, own)| {
            own.settled.is_none()
                && own.failed.is_none()
                && !but(**step)
                && (own.act_signed() || own.open().next().is_some())
        });
        let Some((step, _)) = open else { return Ok(()) };
        let plan = &record.plan.id;
        let message = format!("step {step} of plan {plan} is signed, and how it ends is not known yet");
        Err(Refusal::new(Exit::NotPossible, "plan.under_way", message)
            .help(format!("`steward run --plan {plan}` waits for it; then say it again")))
    }

    pub(crate) async fn back(
        &self,
        record: &PlanRecord,
        settled: &BTreeMap<usize, Settled>,
        id: &str,
    ) -> Result<(Preview, Report), Refusal> {
        if settled.is_empty() {
            let message = format!("nothing of plan {} has settled", record.plan.id);
            return Err(Refusal::new(Exit::NotPossible, "undo.not_possible", message));
        }
        let draft = self.planner.reverse(&record.plan, settled)?;
        self.planned(draft, id, true).await
    }

    /// The same draft, planned on today's state.
    pub async fn repeat(&self, record: &PlanRecord, id: &str) -> Result<(Preview, Report), Refusal> {
        self.planned(record.plan.draft.clone(), id, true).await
    }
}

fn fits(verb: Verb, record: &PlanRecord, now: u64) -> bool {
    let state = record.state(now);
    let progress = || Progress::of(&record.entries);
    match verb {
        Verb::Cancel => !state.ended() && state != PlanState::Expired,
        Verb::Pause => state == PlanState::Running,
        Verb::Resume => matches!(state, PlanState::Paused | PlanState::Running),
        Verb::SpeedUp => !state.ended() && progress().steps.values().any(|own| own.open().next().is_some()),
        Verb::Undo => !progress().settled().is_empty(),
        Verb::Repeat => true,
    }
}

fn name(verb: Verb) -> String {
    let name = serde_json::to_value(verb).unwrap_or_default();
    name.as_str().unwrap_or_default().replace('_', " ")
}

/// Words that point at no plan in particular.
fn means_the_last(words: &str) -> bool {
    const POINTING: [&str; 14] = [
        "it",
        "that",
        "this",
        "the",
        "last",
        "plan",
        "one",
        "transaction",
        "tx",
        "everything",
        "my",
        "intent",
        "previous",
        "current",
    ];
    words.split_whitespace().all(|word| POINTING.contains(&word))
}

/// Whether words name a step's action or an asset of the plan.
fn speaks_of(words: &str, record: &PlanRecord) -> bool {
    let word = |name: &str| words.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
    record.plan.steps().any(|(_, step)| {
        let counted = step.action.counted().map(|asset| asset.symbol.to_lowercase());
        word(step.action.name()) || counted.is_some_and(|symbol| word(&symbol))
    })
}

fn no_use(verb: Verb, record: &PlanRecord, state: PlanState) -> Refusal {
    let (verb, id) = (name(verb), &record.plan.id);
    Refusal::new(
        Exit::NotPossible,
        "plan.state",
        format!("plan {id} {}: there is nothing to {verb}", state.words()),
    )
    .help(format!("`steward plans show {id}` tells what it did"))
}

fn nothing_waits(id: &str) -> Refusal {
    Refusal::new(
        Exit::NotPossible,
        "plan.nothing_pending",
        format!("no transaction of plan {id} waits for a block"),
    )
    .help("what is in a block cannot be faster; what is not signed yet is sent at the fees of its moment")
}
