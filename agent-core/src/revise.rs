//! A plan made anew from its draft: without what was added, with one value changed, or what is left of it. The old
//! plan is cancelled once the new one is saved.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use serde_json::Value;

use crate::core::Core;
use crate::draft::{Draft, DraftAmount, Outcome, Said};
use crate::ledger::{PlanRecord, Record};
use crate::planning::Preview;
use crate::progress::Progress;
use crate::report::Report;
use crate::{Action, Amount, Exit, Origin, Refusal, Revision, Settled, Step, StuckChoice, tame};

impl Core {
    pub async fn drop_added(&self, record: &PlanRecord, id: &str) -> Result<(Preview, Report), Refusal> {
        self.must_be_fresh(record)?;
        let planned = self.planned(record.plan.draft.clone(), id, false).await?;
        self.supersede(record, id).await?;
        Ok(planned)
    }

    pub async fn revise(
        &self,
        record: &PlanRecord,
        change: &Revision,
        id: &str,
    ) -> Result<(Preview, Report), Refusal> {
        self.must_be_fresh(record)?;
        let mut draft = revised(&record.plan.draft, change)?;
        draft.read_back = self.planner.read_back(&draft.outcome);
        if let ("chain" | "from" | "to", None) = (change.field.as_str(), self.registry.named(&change.value)) {
            return Err(crate::session::no_network(&change.value));
        }
        let planned = self.planned(draft, id, true).await?;
        self.supersede(record, id).await?;
        Ok(planned)
    }

    /// What a person chose for a plan whose money is under way, but for waiting.
    pub async fn unstick(
        &self,
        record: &PlanRecord,
        choice: StuckChoice,
        id: &str,
    ) -> Result<(Preview, Report), Refusal> {
        let progress = Progress::of(&record.entries);
        let mut settled = progress.settled();
        for (leg, step) in record.plan.steps() {
            let Action::Bridge { out, .. } = &step.action else { continue };
            let own = progress.steps.get(&step.index).filter(|own| own.settled.is_none());
            let Some((own, deposit)) = own.and_then(|own| Some((own, own.act_receipt()?))) else { continue };
            let arrived = self.chain(out.chain_id)?.bridge_fill(leg.network.chain_id, deposit, out).await?;
            let Some(arrived) = arrived else {
                let place = self.under_way(own, out)?.map(|place| place.text).unwrap_or_default();
                return Err(Refusal::new(
                    Exit::NotPossible,
                    "bridge.not_filled",
                    format!("nothing has arrived yet: {place}"),
                )
                .help("wait: it arrives, or the deposit is refunded on the chain that it left"));
            };
            settled.insert(step.index, Settled { yielded: vec![arrived], ..Settled::default() });
        }
        self.nothing_under_way(record, |step| settled.contains_key(&step))?;
        let planned = match choice {
            StuckChoice::BringBack => self.back(record, &settled, id).await?,
            StuckChoice::QuoteRest | StuckChoice::Wait => {
                let mut draft = rest(record, &settled)?;
                draft.read_back = self.planner.read_back(&draft.outcome);
                self.planned(draft, id, true).await?
            }
        };
        self.supersede(record, id).await?;
        Ok(planned)
    }

    fn must_be_fresh(&self, record: &PlanRecord) -> Result<(), Refusal> {
        let state = record.state(self.clock.now());
        if state.fresh() {
            return Ok(());
        }
        let message = format!("plan {} {}: it cannot be changed any more", record.plan.id, state.words());
        Err(Refusal::new(Exit::NotPossible, "plan.state", message).help("state a new intent"))
    }

    /// Plan `new` stands in for the old one, of which nothing more may run: it is cancelled first, and from then on the
    /// journal takes no signature of it. If it went on until then, it is the new one that ends.
    pub(crate) async fn supersede(&self, record: &PlanRecord, new: &str) -> Result<(), Refusal> {
        let known = record.entries.last().map_or(0, |entry| entry.seq);
        if !self.saved(&record.plan.id).await?.state(self.clock.now()).ended() {
            self.ledger.append(Some(&record.plan.id), Record::PlanCancelled).await?;
        }
        let old = self.saved(&record.plan.id).await?;
        let mut since = old.entries.iter().filter(|entry| entry.seq > known);
        let went_on = since.any(|entry| {
            matches!(
                entry.record,
                Record::StepStarted { .. }
                    | Record::Signed { .. }
                    | Record::StepSettled { .. }
                    | Record::Settled
            )
        });
        if !went_on {
            return Ok(());
        }
        self.ledger.append(Some(new), Record::PlanCancelled).await?;
        let message =
            format!("plan {} went on meanwhile; it stops now, and nothing was planned", record.plan.id);
        Err(Refusal::new(Exit::Stale, "plan.under_way", message)
            .help("look at what it did, then say it again"))
    }
}

/// The draft with one value changed. What was typed is added to the words, and the value's source is there.
fn revised(draft: &Draft, Revision { step, field, value }: &Revision) -> Result<Draft, Refusal> {
    let value = value.trim();
    let bad = |code: &str, message: String| {
        Refusal::new(Exit::RefusedInput, code, message)
            .help("amounts are like 1250.75, $50, 25%, 1/3 or all; slippage is in basis points, 1 to 10000")
    };
    let new = match field.as_str() {
        "amount" => match value.parse::<DraftAmount>() {
            Ok(amount) if sensible(&amount) => Value::from(value),
            Ok(_) => return Err(bad("input.amount", format!("`{}` can never be an amount", tame(value)))),
            Err(error) => return Err(bad("input.amount", tame(&error.to_string()))),
        },
        "chain" | "from" | "to" => Value::from(value),
        "max_slippage_bps" => match value.parse::<u32>() {
            Ok(bps @ 1..=10_000) => Value::from(bps),
            Ok(_) | Err(_) => return Err(bad("input.slippage", format!("`{}` is no slippage", tame(value)))),
        },
        other => return Err(bad("input.field", format!("`{}` cannot be changed here", tame(other)))),
    };
    let index = step.saturating_sub(1);
    let mut outcome = serde_json::to_value(&draft.outcome).unwrap_or_default();
    let pointer = format!("/steps/{index}/{field}");
    let transfer = outcome.pointer(&format!("/steps/{index}/action")) == Some(&Value::from("transfer"));
    if outcome.pointer(&pointer).is_none() || (transfer && field == "to") {
        return Err(bad("input.field", format!("step {step} has no `{field}` that can be changed")));
    }
    // A word that was said for several steps ("on Base") is changed for all of them.
    let old = draft.sources.get(&pointer);
    let shared = draft.sources.iter().filter(|(_, said)| Some(*said) == old).map(|(at, _)| at.clone());
    let chains = ["chain", "from", "to"];
    let same_kind = |at: &String| {
        let own = at.rsplit('/').next().unwrap_or_default();
        own == field || (chains.contains(&own) && chains.contains(&field.as_str()))
    };
    let mut changed: Vec<String> = shared.filter(same_kind).collect();
    changed.push(pointer);
    for at in &changed {
        if let Some(place) = outcome.pointer_mut(at) {
            *place = new.clone();
        }
    }
    let mut draft = draft.clone();
    draft.outcome =
        serde_json::from_value(outcome).map_err(|error| bad("input.field", tame(&error.to_string())))?;
    let intent = format!("{}; step {step} {field}: {value}", draft.intent.unwrap_or_default());
    let said = Said { span: [intent.len().saturating_sub(value.len()), intent.len()], turn: 0 };
    draft.sources.extend(changed.into_iter().map(|at| (at, said)));
    draft.intent = Some(intent);
    Ok(draft)
}

/// Not zero, not more than all of it.
fn sensible(amount: &DraftAmount) -> bool {
    match amount {
        DraftAmount::Units(decimal) | DraftAmount::Usd(decimal) => !decimal.is_zero(),
        DraftAmount::Share(share) => share.ratio().is_some_and(|(part, whole)| part > 0 && part <= whole),
        DraftAmount::All | DraftAmount::AllBut(_) => true,
        DraftAmount::Yield { .. } => false,
    }
}

/// The steps of the draft that are not done, with what the done ones yielded in the place of their `@n`.
fn rest(record: &PlanRecord, settled: &BTreeMap<usize, Settled>) -> Result<Draft, Refusal> {
    let mut draft = record.plan.draft.clone();
    let Outcome::Plan { steps, .. } = &draft.outcome else { return Err(no_rest("its draft has no steps")) };
    let said: Vec<&Step> =
        record.plan.steps().map(|(_, step)| step).filter(|step| step.origin == Origin::Said).collect();
    if said.len() != steps.len() {
        return Err(no_rest("its sentence became other steps than were said"));
    }
    let done = said.iter().take_while(|step| settled.contains_key(&step.index)).count();
    let yields: Vec<&Vec<Amount>> =
        said.iter().map_while(|step| Some(&settled.get(&step.index)?.yielded)).collect();
    let mut left = Vec::new();
    let mut replaced = Vec::new();
    for (at, step) in steps.iter().skip(done).enumerate() {
        let mut step = serde_json::to_value(step).unwrap_or_default();
        for field in ["/amount", "/amounts/0", "/amounts/1"] {
            let text = step.pointer(field).and_then(Value::as_str);
            let Some(Ok(amount)) = text.map(str::parse::<DraftAmount>) else { continue };
            let Some(new) = moved(amount, done, &yields)? else { continue };
            replaced.push(format!("/steps/{at}{field}"));
            if let Some(place) = step.pointer_mut(field) {
                *place = Value::from(new.to_string());
            }
        }
        left.push(serde_json::from_value(step).map_err(|error| no_rest(&error.to_string()))?);
    }
    if left.is_empty() {
        return Err(no_rest("all of its steps are done"));
    }
    draft.outcome = Outcome::Plan { steps: left, trigger: None };
    let own = draft.sources.into_iter().filter_map(|(pointer, said)| {
        let (at, field) = pointer.strip_prefix("/steps/")?.split_once('/')?;
        let at = at.parse::<usize>().ok()?.checked_sub(done)?;
        Some((format!("/steps/{at}/{field}"), said))
    });
    draft.sources = own.filter(|(pointer, _)| !replaced.contains(pointer)).collect();
    Ok(draft)
}

/// An amount that refers to a step, after the first `done` steps are gone; `None`: it refers to none.
fn moved(amount: DraftAmount, done: usize, yields: &[&Vec<Amount>]) -> Result<Option<DraftAmount>, Refusal> {
    let DraftAmount::Yield { share, step, asset } = amount else { return Ok(None) };
    if let Some(step) = step.checked_sub(done).filter(|step| *step > 0) {
        return Ok(Some(DraftAmount::Yield { share, step, asset }));
    }
    let amounts =
        step.checked_sub(1).and_then(|at| yields.get(at)).into_iter().flat_map(|amounts| amounts.iter());
    let fits = |amount: &&Amount| asset.as_ref().is_none_or(|symbol| *symbol == amount.asset().symbol);
    let whole = amounts.into_iter().find(fits).ok_or_else(|| no_rest("a done step yielded nothing"))?;
    let part = match share.as_ref().map(crate::draft::Share::ratio) {
        None => Some(whole.clone()),
        Some(ratio) => ratio.and_then(|(part, of)| whole.fraction(U256::from(part), U256::from(of))),
    };
    let part = part.ok_or_else(|| no_rest("a share of it cannot be computed"))?;
    part.decimal()
        .parse()
        .map(|units| Some(DraftAmount::Units(units)))
        .map_err(|_| no_rest("nothing is left"))
}

fn no_rest(why: &str) -> Refusal {
    Refusal::new(Exit::NotPossible, "plan.no_rest", format!("the rest cannot be planned anew: {}", tame(why)))
        .help("say what is left as a new intent")
}
