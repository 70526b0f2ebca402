//! Strict loading. Cedar itself skips a policy that errors, names policies `policy0`, and lets arithmetic, templates
//! and duplicate ids pass; here each of them is refused before anything is judged.

use std::str::FromStr;

use agent_core::{Exit, Refusal};
use cedar_policy::{Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use serde::Serialize;

pub(crate) const SCHEMA: &str = include_str!("schema.cedarschema");
pub(crate) const DEFAULT: &str = include_str!("default.cedar");

/// The only annotations: a policy's id and the reason that people read.
const ANNOTATIONS: [&str; 2] = ["id", "reason"];

/// What a policy text holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub policies: Vec<PolicySummary>,
    /// blake3 of the schema and the policies, hex.
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicySummary {
    pub id: String,
    /// `permit` or `forbid`.
    pub effect: String,
    pub reason: String,
}

/// Loads the built-in policy as the gate does, and says what is in it.
pub fn check_default() -> Result<Summary, Refusal> {
    check(DEFAULT)
}

/// Loads `policies` as the gate does. Errors: `policy.invalid`, with what is wrong and where.
pub fn check(policies: &str) -> Result<Summary, Refusal> {
    let (_, set) = load(policies)?;
    let mut own: Vec<PolicySummary> = set.policies().map(summary).collect();
    own.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Summary { policies: own, hash: hash(policies) })
}

fn summary(policy: &Policy) -> PolicySummary {
    PolicySummary {
        id: policy.id().to_string(),
        effect: policy.effect().to_string(),
        reason: policy.annotation("reason").unwrap_or_default().to_owned(),
    }
}

pub(crate) fn hash(policies: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in [SCHEMA, policies] {
        hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes()).update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

pub(crate) fn invalid(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(Exit::Usage, "policy.invalid", format!("the policy is refused: {why}"))
        .help("nothing is judged by a policy that does not load; see `policies/src/schema.cedarschema`")
}

pub(crate) fn load(policies: &str) -> Result<(Schema, PolicySet), Refusal> {
    let (schema, warnings) = Schema::from_cedarschema_str(SCHEMA).map_err(invalid)?;
    if let Some(warning) = warnings.into_iter().next() {
        return Err(invalid(format!("the schema: {warning}")));
    }
    let set = lint(&PolicySet::from_str(policies).map_err(invalid)?)?;
    let validation = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    if validation.validation_passed_without_warnings() {
        return Ok((schema, set));
    }
    let errors = validation.validation_errors().map(ToString::to_string);
    let warnings = validation.validation_warnings().map(ToString::to_string);
    Err(invalid(errors.chain(warnings).collect::<Vec<_>>().join("; ")))
}

/// The same policies under their own ids.
fn lint(source: &PolicySet) -> Result<PolicySet, Refusal> {
    if source.templates().next().is_some() {
        return Err(invalid("templates are not allowed"));
    }
    let mut set = PolicySet::new();
    for policy in source.policies() {
        let id = policy.annotation("id").filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| invalid(format!("{} has no @id", policy.id())))?;
        if policy.annotation("reason").is_none_or(str::is_empty) {
            return Err(invalid(format!("{id} has no @reason")));
        }
        if let Some((key, _)) = policy.annotations().find(|(key, _)| !ANNOTATIONS.contains(key)) {
            return Err(invalid(format!("{id} has the unknown annotation @{key}")));
        }
        if computes(&policy.to_json().map_err(invalid)?) {
            return Err(invalid(format!("{id} computes; an overflow would skip it: compare facts only")));
        }
        set.add(policy.new_id(PolicyId::new(id))).map_err(invalid)?;
    }
    if set.policies().all(|policy| policy.effect() == Effect::Forbid) {
        return Err(invalid("nothing is permitted"));
    }
    Ok(set)
}

/// Whether the policy's JSON form holds an operator whose result can overflow or fail.
fn computes(json: &serde_json::Value) -> bool {
    let operator = |key: &str, value: &serde_json::Value| {
        (matches!(key, "+" | "-" | "*" | "neg") && value.is_object())
            || (matches!(
                key,
                "offset" | "durationSince" | "toDate" | "decimal" | "ip" | "datetime" | "duration"
            ) && value.is_array())
    };
    match json {
        serde_json::Value::Object(map) => {
            map.iter().any(|(key, value)| operator(key, value) || computes(value))
        }
        serde_json::Value::Array(all) => all.iter().any(computes),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => false,
    }
}
