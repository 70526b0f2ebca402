//! The port: facts in, judgement out.

use agent_core::planning::{DAY_S, ENTERING};
use agent_core::ports::{Policy, PolicyRequest};
use agent_core::{Action, Approval, BudgetDelta, Contact, Judgement, Refusal, Verdict};
use alloy_primitives::{Address, U256};
use cedar_policy::{Context, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};

use crate::facts::Facts;
use crate::gate::{Answer, Gate, Question};
use crate::load::{self, DEFAULT};
use crate::payee::{self, PayeeFacts};
use crate::{approval, load::invalid};

/// The cap of the entering budget in a rolling day, millionths of a USD: `deny-day-50k`, held again by the journal.
const ENTERING_CAP_MICRO_USD: u64 = 50_000_000_000;

/// Cedar policies and the addresses whose signatures count as approvals.
#[derive(Debug)]
pub struct CedarPolicy {
    gate: Gate,
    hash: String,
    approvers: Vec<Address>,
}

impl CedarPolicy {
    /// The built-in policy.
    pub fn load_default(approvers: Vec<Address>) -> Result<Self, Refusal> {
        Self::load(DEFAULT, approvers)
    }

    /// `policies` in Cedar, held strictly against the schema. Errors: `policy.invalid`.
    pub fn load(policies: &str, approvers: Vec<Address>) -> Result<Self, Refusal> {
        let (schema, set) = load::load(policies)?;
        let hash = load::hash(policies);
        Ok(Self { gate: Gate { schema, policies: set }, hash, approvers })
    }

    fn answer(&self, request: &PolicyRequest<'_>, chain_id: u64, facts: &Facts) -> Result<Answer, Refusal> {
        let action = request.step.action.name();
        let gives = matches!(request.step.action, Action::Transfer { .. } | Action::Delegate { .. });
        let payee = gives.then(|| payee::facts(request, chain_id));
        let context = |approvals| context(facts, payee.as_ref(), approvals);
        let question = Question {
            principal: uid("Steward::Agent", &request.account.to_string())?,
            action: uid("Steward::Action", action)?,
            resource: if gives { payee_entity(request)? } else { protocol_entity(request, chain_id)? },
            context: &context,
        };
        Ok(self.gate.ask(&question, request.approvals))
    }
}

impl Policy for CedarPolicy {
    fn judge(&self, request: &PolicyRequest<'_>) -> Judgement {
        let leg = request.plan.steps().find(|(_, step)| step.index == request.step.index).map(|(leg, _)| leg);
        // A step that is not in the plan has no network: nothing is known about it.
        let chain_id = leg.map_or(0, |leg| leg.network.chain_id);
        let facts = Facts::of(request, chain_id);
        let answer = self.answer(request, chain_id, &facts).unwrap_or_else(|refusal| Answer {
            verdict: Verdict::Deny,
            approvals_needed: 0,
            rules: vec![agent_core::RuleHit {
                id: "gate".to_owned(),
                result: "deny".to_owned(),
                reason: refusal.message,
            }],
        });
        let entering = entering(facts.entering_micro_usd);
        Judgement {
            verdict: answer.verdict,
            approvals_needed: answer.approvals_needed,
            rules: answer.rules,
            budgets: if entering.micro_usd.is_zero() { Vec::new() } else { vec![entering] },
            policy_hash: self.hash.clone(),
        }
    }

    fn hash(&self) -> String {
        self.hash.clone()
    }

    fn budgets(&self) -> Vec<BudgetDelta> {
        vec![entering(U256::ZERO)]
    }

    fn verify_approval(&self, approval: &Approval, agent: Address) -> Result<(), Refusal> {
        approval::verify(approval, &self.approvers, agent)
    }

    fn verify_contact(&self, contact: &Contact) -> Result<(), Refusal> {
        approval::verify_contact(contact, &self.approvers)
    }
}

/// What entered within a day, and its cap.
fn entering(micro_usd: U256) -> BudgetDelta {
    let cap_micro_usd = U256::from(ENTERING_CAP_MICRO_USD);
    BudgetDelta { budget: ENTERING.to_owned(), micro_usd, window_s: DAY_S, cap_micro_usd }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Refusal> {
    let kind: EntityTypeName = kind.parse().map_err(invalid)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn payee_entity(request: &PolicyRequest<'_>) -> Result<Entity, Refusal> {
    let payees: Vec<String> = payee::payees(request).iter().map(ToString::to_string).collect();
    Ok(Entity::new_no_attrs(uid("Steward::Payee", &payees.join(" "))?, Default::default()))
}

/// The protocol's family, listed if the network's registry has it. A revoke of a bare token touches `erc20`.
fn protocol_entity(request: &PolicyRequest<'_>, chain_id: u64) -> Result<Entity, Refusal> {
    let family = request.compiled.protocol.as_deref().unwrap_or("erc20");
    let listed = request.registry.network(chain_id).is_some_and(|network| network.has_protocol(family));
    let parents = if listed { vec![uid("Steward::Listing", "registry")?] } else { Vec::new() };
    Ok(Entity::new_no_attrs(uid("Steward::Protocol", family)?, parents.into_iter().collect()))
}

fn context(facts: &Facts, payee: Option<&PayeeFacts>, approvals: i64) -> Result<Context, String> {
    let (long, yes) = (RestrictedExpression::new_long, RestrictedExpression::new_bool);
    let record = |pairs: Vec<(&str, RestrictedExpression)>| {
        let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value));
        RestrictedExpression::new_record(pairs).map_err(|error| error.to_string())
    };
    let facts = record(vec![
        ("simulated", yes(facts.simulated)),
        ("contracts_known", yes(facts.contracts_known)),
        ("prices_agree", yes(facts.prices_agree)),
        ("unlimited_allowance", yes(facts.unlimited_allowance)),
        ("pays_others", yes(facts.pays_others)),
        ("positions_kept", yes(facts.positions_kept)),
        ("step_cents", long(facts.step_cents)),
        ("entering_24h_cents", long(facts.entering_24h_cents)),
        ("loss_bps", long(facts.loss_bps)),
        ("approvals", long(approvals)),
    ])?;
    let mut pairs = vec![("facts".to_owned(), facts)];
    if let Some(payee) = payee {
        let payee = record(vec![
            ("own", yes(payee.own)),
            ("known", yes(payee.known)),
            ("first_payment", yes(payee.first_payment)),
            ("resembles", yes(payee.resembles)),
            ("is_contract", yes(payee.is_contract)),
        ])?;
        pairs.push(("payee".to_owned(), payee));
    }
    Context::from_pairs(pairs).map_err(|error| error.to_string())
}

/// A judgement in lines: the verdict, then each rule that spoke.
pub fn explain(judgement: &Judgement) -> String {
    let head = match judgement.verdict {
        Verdict::Allow => "allowed".to_owned(),
        Verdict::NeedsApproval => format!("needs {} approval(s)", judgement.approvals_needed),
        Verdict::Deny => "denied".to_owned(),
    };
    let rules =
        judgement.rules.iter().map(|rule| format!("  {:<6}{}: {}", rule.result, rule.id, rule.reason));
    std::iter::once(head).chain(rules).collect::<Vec<_>>().join("\n")
}
