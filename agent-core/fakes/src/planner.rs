//! A planner with a phrase book.

use std::collections::BTreeMap;

use agent_core::draft::{Draft, Outcome};
use agent_core::ports::{PlanRequest, Planner};
use agent_core::{Contact, Exit, Leg, Origin, Plan, Refusal, Settled};
use async_trait::async_trait;

/// Knows some sentences and the legs of each; what it does not know it refuses.
#[derive(Debug, Clone, Default)]
pub struct FakePlanner {
    pub drafts: BTreeMap<String, Draft>,
    pub legs: BTreeMap<String, Vec<Leg>>,
}

impl FakePlanner {
    /// Teaches it that `sentence` means these legs.
    pub fn teach(&mut self, sentence: &str, legs: Vec<Leg>) {
        self.drafts.insert(sentence.to_owned(), draft(sentence));
        self.legs.insert(sentence.to_owned(), legs);
    }
}

/// A draft of `sentence` whose steps nobody reads.
pub fn draft(sentence: &str) -> Draft {
    Draft {
        intent: Some(sentence.to_owned()),
        outcome: Outcome::Plan { steps: Vec::new(), trigger: None },
        sources: BTreeMap::new(),
        read_back: sentence.to_owned(),
        model: None,
        ms: 0,
        now: None,
        tz: None,
        line: None,
    }
}

#[async_trait]
impl Planner for FakePlanner {
    async fn draft(&self, sentence: &[u8], _contacts: &[Contact]) -> Result<Draft, Refusal> {
        let known = std::str::from_utf8(sentence).ok().and_then(|sentence| self.drafts.get(sentence));
        known
            .cloned()
            .ok_or_else(|| Refusal::new(Exit::RefusedInput, "input.scope", "not in the phrase book"))
    }

    async fn plan(&self, draft: Draft, ask: PlanRequest<'_>) -> Result<Plan, Refusal> {
        // Words that were added to a sentence leave it the sentence that it was.
        let intent = draft.intent.clone().unwrap_or_default();
        let known = self.legs.iter().find(|(sentence, _)| intent.starts_with(sentence.as_str()));
        let legs = known.map(|(_, legs)| legs.clone());
        let legs =
            legs.ok_or_else(|| Refusal::new(Exit::RefusedInput, "input.scope", "no legs for this draft"))?;
        let mut plan = Plan { id: ask.id.to_owned(), account: ask.account, created_at: ask.now, draft, legs };
        if !ask.complete {
            plan.legs.iter_mut().for_each(|leg| leg.steps.retain(|step| step.origin == Origin::Said));
            plan.legs.retain(|leg| !leg.steps.is_empty());
        }
        Ok(plan)
    }

    /// The phrase `back: …` with the plan's sentence, if it was taught.
    fn reverse(&self, plan: &Plan, settled: &BTreeMap<usize, Settled>) -> Result<Draft, Refusal> {
        let back = format!("back: {}", plan.draft.intent.clone().unwrap_or_default());
        let known = self.drafts.get(&back).filter(|_| !settled.is_empty());
        known.cloned().ok_or_else(|| {
            Refusal::new(Exit::NotPossible, "undo.not_possible", "nothing of it can be taken back")
        })
    }

    fn read_back(&self, outcome: &Outcome) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }
}
