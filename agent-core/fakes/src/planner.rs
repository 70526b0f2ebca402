//! A planner with a phrase book.

use std::collections::BTreeMap;

use agent_core::draft::{Draft, Outcome};
use agent_core::ports::{PlanRequest, Planner};
use agent_core::{Contact, Exit, Leg, Plan, Refusal};
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
        let legs = draft.intent.as_ref().and_then(|intent| self.legs.get(intent)).cloned();
        let legs =
            legs.ok_or_else(|| Refusal::new(Exit::RefusedInput, "input.scope", "no legs for this draft"))?;
        Ok(Plan { id: ask.id.to_owned(), account: ask.account, created_at: ask.now, draft, legs })
    }
}
