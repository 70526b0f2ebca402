//! Cedar says allow or deny; the gate says Allow, NeedsApproval or Deny. The count of approvals is a fact, and the
//! verdict is the smallest count at which Cedar allows. Any error in an evaluation is a denial, because Cedar skips
//! a `forbid` that errors.

use std::collections::BTreeSet;

use agent_core::{RuleHit, Verdict};
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Effect, Entities, Entity, EntityUid, PolicyId,
    PolicySet, Request, Schema,
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
    fn once(
        &self,
        question: &Question<'_>,
        entities: &Entities,
        approvals: i64,
    ) -> Result<(Decision, BTreeSet<PolicyId>), Answer> {
        let Question { principal, action, resource, context } = question;
        let context =
            context(approvals).map_err(|error| deny("gate", format!("the facts do not fit: {error}")))?;
        let request =
            Request::new(principal.clone(), action.clone(), resource.uid(), context, Some(&self.schema))
                .map_err(|error| deny("gate", format!("the request does not fit the schema: {error}")))?;
        let response = Authorizer::new().is_authorized(&request, &self.policies, entities);
        if let Some(AuthorizationError::PolicyEvaluationError(error)) = response.diagnostics().errors().next()
        {
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

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use cedar_policy::RestrictedExpression;

    use super::*;
    use crate::load::SCHEMA;

    fn uid(text: &str) -> EntityUid {
        EntityUid::from_str(text).unwrap()
    }

    fn context(step_cents: i64) -> Result<Context, String> {
        let (long, yes) = (RestrictedExpression::new_long, RestrictedExpression::new_bool);
        let facts = [
            ("simulated", yes(true)),
            ("contracts_known", yes(true)),
            ("prices_agree", yes(true)),
            ("unlimited_allowance", yes(false)),
            ("pays_others", yes(false)),
            ("positions_kept", yes(true)),
            ("step_cents", long(step_cents)),
            ("entering_24h_cents", long(0)),
            ("loss_bps", long(0)),
            ("approvals", long(0)),
        ];
        let facts = facts.map(|(name, value)| (name.to_owned(), value));
        let facts = RestrictedExpression::new_record(facts).map_err(|error| error.to_string())?;
        Context::from_pairs([("facts".to_owned(), facts)]).map_err(|error| error.to_string())
    }

    /// Not loaded through the lint: a stand-in for an error that nobody foresaw.
    fn ask(policies: &str, resource: Entity, context: &dyn Fn(i64) -> Result<Context, String>) -> Answer {
        let schema = Schema::from_cedarschema_str(SCHEMA).unwrap().0;
        let gate = Gate { schema, policies: PolicySet::from_str(policies).unwrap() };
        let (principal, action) = (uid(r#"Steward::Agent::"a""#), uid(r#"Steward::Action::"supply""#));
        gate.ask(&Question { principal, action, resource, context }, 0)
    }

    const OVERFLOWS: &str = "permit(principal, action, resource);
        forbid(principal, action, resource) when { context.facts.step_cents + 1 > 5 };";

    fn aave(parents: &[&str]) -> Entity {
        let parents = parents.iter().map(|parent| uid(parent)).collect();
        Entity::new_no_attrs(uid(r#"Steward::Protocol::"aave""#), parents)
    }

    #[test]
    fn an_error_in_a_forbid_is_a_denial_that_names_it() {
        let sound = ask(OVERFLOWS, aave(&[]), &|_| context(1));
        assert_eq!(sound.verdict, Verdict::Allow, "the control: without the error it allows");
        let answer = ask(OVERFLOWS, aave(&[]), &|_| context(i64::MAX));
        assert_eq!(answer.verdict, Verdict::Deny);
        assert!(
            answer.rules.iter().any(|rule| rule.id == "policy1" && rule.reason.contains("overflow")),
            "{answer:?}"
        );
        // What stood here if errors were not looked at.
        let schema = Schema::from_cedarschema_str(SCHEMA).unwrap().0;
        let (principal, action) = (uid(r#"Steward::Agent::"a""#), uid(r#"Steward::Action::"supply""#));
        let request =
            Request::new(principal, action, aave(&[]).uid(), context(i64::MAX).unwrap(), Some(&schema));
        let policies = PolicySet::from_str(OVERFLOWS).unwrap();
        let naive = Authorizer::new().is_authorized(&request.unwrap(), &policies, &Entities::empty());
        assert_eq!(naive.decision(), Decision::Allow);
    }

    #[test]
    fn facts_or_entities_that_do_not_fit_are_a_denial() {
        let permit = "permit(principal, action, resource);";
        assert_eq!(ask(permit, aave(&[]), &|_| context(1)).verdict, Verdict::Allow, "the control");
        assert_eq!(ask(permit, aave(&[]), &|_| Ok(Context::empty())).verdict, Verdict::Deny);
        assert_eq!(ask(permit, aave(&[]), &|_| Err("none".to_owned())).verdict, Verdict::Deny);
        let listed = aave(&[r#"Steward::Listing::"registry""#]);
        assert_eq!(ask(permit, listed, &|_| context(1)).verdict, Verdict::Allow);
        let missing = aave(&[r#"Steward::Protocol::"nowhere""#]);
        assert_eq!(ask(permit, missing, &|_| context(1)).verdict, Verdict::Deny);
    }

    #[test]
    fn a_missing_ancestor_is_refused_where_cedar_is_silent() {
        let source = "entity Group in [Group]; entity Who in [Group];
                      action go appliesTo { principal: [Who], resource: [Who], context: {} };";
        let schema = Schema::from_cedarschema_str(source).unwrap().0;
        let entity = |id: &str, parent: Option<&str>| {
            Entity::new_no_attrs(uid(id), parent.map(uid).into_iter().collect())
        };
        let who = || entity(r#"Who::"w""#, Some(r#"Group::"middle""#));
        let middle = || entity(r#"Group::"middle""#, Some(r#"Group::"top""#));
        let top = || entity(r#"Group::"top""#, None);
        assert!(closed(&schema, [who(), middle(), top()]).is_ok());
        assert!(closed(&schema, [who(), top()]).is_err());
        assert!(Entities::from_entities([who(), top()], Some(&schema)).is_ok(), "Cedar takes it");
    }
}
