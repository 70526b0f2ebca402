//! Cedar says allow or deny; the gate says Allow, NeedsApproval or Deny. The count of approvals is a fact, and the
//! verdict is the smallest count at which Cedar allows. Any error in an evaluation is a denial, because Cedar skips
//! a `forbid` that errors.

use std::collections::BTreeSet;

use agent_core::{RuleHit, Verdict};
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Effect, Entities, Entity, EntityUid, PolicyId, PolicySet, Request, Schema,
};

/// The most approvals that a policy may ask for.
pub(crate) const APPROVALS_MAX: u32 = 3;

/// One question to the policies; `context` is asked for once for each count of approvals.
pub(crate) struct Question<'a> {
    pub(crate) principal: EntityUid,
    pub(crate) action: EntityUid,
    pub(crate) resource: Entity,
    pub(crate) context: &'a dyn Fn(i64) -> Result<Context, String>,
}

/// The verdict, the approvals that it needs, and the rules that spoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) verdict: Verdict,
    pub(crate) approvals_needed: u32,
    pub(crate) rules: Vec<RuleHit>,
}

#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) schema: Schema,
    pub(crate) policies: PolicySet,
}

fn deny(id: &str, reason: impl Into<String>) -> Answer {
    let rule = RuleHit { id: id.to_owned(), result: "deny".to_owned(), reason: reason.into() };
    Answer { verdict: Verdict::Deny, approvals_needed: 0, rules: vec![rule] }
}

impl Gate {
    /// `have`: verified approvals.
    pub(crate) fn ask(&self, question: &Question<'_>, have: u32) -> Answer {
        let agent = Entity::new_no_attrs(question.principal.clone(), Default::default());
        let entities = match closed(&self.schema, [agent, question.resource.clone()]) {
            Ok(entities) => entities,
            Err(reason) => return deny("gate", reason),
        };
        let have = have.min(APPROVALS_MAX);
        let mut first: Option<BTreeSet<PolicyId>> = None;
        for count in have..=APPROVALS_MAX {
            let (decision, spoke) = match self.once(question, &entities, i64::from(count)) {
                Ok(answer) => answer,
                Err(answer) => return answer,
            };
            let at_first = first.get_or_insert_with(|| spoke.clone());
            if decision == Decision::Allow {
                let verdict = if count == have { Verdict::Allow } else { Verdict::NeedsApproval };
                let mut rules = self.hits(&spoke, "allow");
                if count > have {
                    rules.extend(self.hits(at_first, "ask"));
                }
                let approvals_needed = if count == have { 0 } else { count };
                return Answer { verdict, approvals_needed, rules };
            }
            if count == APPROVALS_MAX {
                return self.denied(at_first, &spoke);
            }
        }
        deny("gate", "no number of approvals was tried")
    }

    /// `hard` still spoke with every approval; what spoke at `first` only, an approval would lift.
    fn denied(&self, first: &BTreeSet<PolicyId>, hard: &BTreeSet<PolicyId>) -> Answer {
        if hard.is_empty() {
            return deny("gate", "no policy permits this");
        }
        let mut rules = self.hits(hard, "deny");
        rules.extend(self.hits(&first.difference(hard).cloned().collect(), "ask"));
        Answer { verdict: Verdict::Deny, approvals_needed: 0, rules }
    }

    /// One evaluation: the decision and the policies that made it.
    fn once(&self, question: &Question<'_>, entities: &Entities, approvals: i64) -> Result<(Decision, BTreeSet<PolicyId>), Answer> {
        let Question { principal, action, resource, context } = question;
        let context = context(approvals).map_err(|error| deny("gate", format!("the facts do not fit: {error}")))?;
        let request = Request::new(principal.clone(), action.clone(), resource.uid(), context, Some(&self.schema))
            .map_err(|error| deny("gate", format!("the request does not fit the schema: {error}")))?;
        let response = Authorizer::new().is_authorized(&request, &self.policies, entities);
        if let Some(AuthorizationError::PolicyEvaluationError(error)) = response.diagnostics().errors().next() {
            let id = error.policy_id().to_string();
            return Err(deny(&id, format!("it could not be evaluated: {}", error.inner())));
        }
        Ok((response.decision(), response.diagnostics().reason().cloned().collect()))
    }

    fn hits(&self, ids: &BTreeSet<PolicyId>, result: &str) -> Vec<RuleHit> {
        let hit = |id: &PolicyId| RuleHit {
            id: id.to_string(),
            result: result.to_owned(),
            reason: self.policies.annotation(id, "reason").unwrap_or_default().to_owned(),
        };
        let wanted = if result == "allow" { Effect::Permit } else { Effect::Forbid };
        let of = |id: &&PolicyId| self.policies.policy(id).is_some_and(|policy| policy.effect() == wanted);
        ids.iter().filter(of).map(hit).collect()
    }
}

/// The entities of one question, each of whose ancestors exists: Cedar lets a missing link make `in` false silently.
pub(crate) fn closed(schema: &Schema, all: impl IntoIterator<Item = Entity>) -> Result<Entities, String> {
    let entities = Entities::from_entities(all, Some(schema)).map_err(|error| error.to_string())?;
    for entity in entities.iter() {
        for ancestor in entities.ancestors(&entity.uid()).into_iter().flatten() {
            // An enumerated type's members exist by the schema, which refuses any other.
            let enumerated = ancestor.type_name().to_string() == "Steward::Listing";
            if !enumerated && entities.get(ancestor).is_none() {
                return Err(format!("{} is in {ancestor}, which is not there", entity.uid()));
            }
        }
    }
    Ok(entities)
}
