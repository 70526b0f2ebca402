//! What Cedar lets through by itself, and this room does not.

use std::str::FromStr;

use agent_core::Verdict;
use agent_core::ports::Policy;
use cedar_policy::{Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request};
use policies::{CedarPolicy, check, check_default};
use proptest::prelude::*;

use crate::world::{payment, supply};

const PERMIT: &str = r#"@id("p") @reason("r") permit(principal, action, resource);"#;

#[test]
fn the_default_policy_is_sound_and_has_a_stable_hash() {
    let summary = check_default().unwrap();
    assert_eq!(summary.policies.len(), 18);
    assert!(summary.policies.iter().all(|policy| !policy.reason.is_empty()));
    let policy = CedarPolicy::load_default(Vec::new()).unwrap();
    assert_eq!(policy.hash(), summary.hash);
    assert_eq!(supply(1).judge(&policy).policy_hash, summary.hash);
    assert_ne!(check(PERMIT).unwrap().hash, summary.hash);
}

#[test]
fn the_loader_refuses_what_cedar_lets_pass() {
    let forbid = |condition: &str| {
        format!(
            r#"{PERMIT} @id("f") @reason("r") forbid(principal, action, resource) when {{ {condition} }};"#
        )
    };
    assert!(check(&forbid("context.facts.step_cents > 1")).is_ok(), "the control: a sound policy loads");
    let bad = [
        ("syntax", "permit(principal".to_owned()),
        ("empty", String::new()),
        ("no @id", r#"@reason("r") permit(principal, action, resource);"#.to_owned()),
        ("no @reason", r#"@id("p") permit(principal, action, resource);"#.to_owned()),
        ("empty @reason", r#"@id("p") @reason("") permit(principal, action, resource);"#.to_owned()),
        (
            "unknown annotation",
            r#"@id("p") @reason("r") @raeson("r") permit(principal, action, resource);"#.to_owned(),
        ),
        ("duplicate id", format!("{PERMIT} {PERMIT}")),
        (
            "template",
            r#"@id("p") @reason("r") permit(principal == ?principal, action, resource);"#.to_owned(),
        ),
        ("nothing permitted", r#"@id("p") @reason("r") forbid(principal, action, resource);"#.to_owned()),
        ("addition", forbid("context.facts.step_cents + 1 > 5")),
        ("negation", forbid("-context.facts.step_cents < 5")),
        ("parsing a decimal", forbid(r#"decimal("1.0").lessThan(decimal("2.0"))"#)),
        ("unknown fact", forbid("context.facts.step_dollars > 1")),
        ("a payee's fact for every action", forbid("context.payee.known")),
        ("wrong type", forbid("context.facts.simulated > 1")),
        ("unknown action", PERMIT.replace("action,", r#"action == Steward::Action::"mint","#)),
        ("a typo in a listing", PERMIT.replace("resource)", r#"resource in Steward::Listing::"registri")"#)),
        ("impossible", forbid("resource is Steward::Payee && resource is Steward::Protocol")),
    ];
    for (what, policy) in bad {
        let refusal = check(&policy).expect_err(what);
        assert_eq!(refusal.code, "policy.invalid", "{what}");
        assert!(CedarPolicy::load(&policy, Vec::new()).is_err(), "{what}");
    }
}

fn uid(text: &str) -> EntityUid {
    EntityUid::from_str(text).unwrap()
}

/// The control of the gate's own test: with Cedar alone an erroring `forbid` is skipped and the request allowed.
#[test]
fn cedar_alone_allows_when_a_forbid_errors() {
    let policies =
        format!("{PERMIT} forbid(principal, action, resource) when {{ context.step_cents + 1 > 5 }};");
    let policies = PolicySet::from_str(&policies).unwrap();
    let context = Context::from_json_value(serde_json::json!({"step_cents": i64::MAX}), None).unwrap();
    let request =
        Request::new(uid(r#"A::"a""#), uid(r#"Action::"b""#), uid(r#"R::"c""#), context, None).unwrap();
    let entities = Entities::from_entities(
        [r#"A::"a""#, r#"R::"c""#].map(|id| Entity::new_no_attrs(uid(id), Default::default())),
        None,
    );
    let response = Authorizer::new().is_authorized(&request, &policies, &entities.unwrap());
    assert_eq!(response.decision(), Decision::Allow);
    assert_eq!(response.diagnostics().errors().count(), 1);
}

#[test]
fn a_policy_that_only_permits_transfers_denies_the_rest() {
    let only = r#"@id("t") @reason("r") permit(principal, action == Steward::Action::"transfer", resource);"#;
    let policy = CedarPolicy::load(only, Vec::new()).unwrap();
    assert_eq!(payment(1_000_000).judge(&policy).verdict, Verdict::Allow);
    let denied = supply(1_000_000).judge(&policy);
    assert_eq!((denied.verdict, denied.rules[0].id.as_str()), (Verdict::Deny, "gate"));
}

#[test]
fn the_smallest_count_of_approvals_is_asked_for() {
    let at_least = |count: u32| {
        let policy = format!(
            r#"{PERMIT} @id("f") @reason("r") forbid(principal, action, resource) when {{ context.facts.approvals < {count} }};"#
        );
        CedarPolicy::load(&policy, Vec::new()).unwrap()
    };
    for count in 1..=3 {
        let judgement = supply(1).judge(&at_least(count));
        assert_eq!((judgement.verdict, judgement.approvals_needed), (Verdict::NeedsApproval, count));
        let given = supply(1).with(|s| s.approvals = count).judge(&at_least(count));
        assert_eq!(given.verdict, Verdict::Allow);
    }
    assert_eq!(supply(1).judge(&at_least(4)).verdict, Verdict::Deny, "more than can ever be given");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// More value is never judged more kindly.
    #[test]
    fn the_policy_is_monotone_in_value(one in 0..u64::MAX / 2, more in 0..u64::MAX / 2, entered in 0..100_000_000_000_u64) {
        let policy = CedarPolicy::load_default(Vec::new()).unwrap();
        let judge = |micro_usd: u64| {
            supply(micro_usd).with(|s| s.entered = alloy_primitives::U256::from(entered)).judge(&policy).verdict
        };
        prop_assert!(judge(one) <= judge(one + more));
    }
}
