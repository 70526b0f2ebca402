//! Approvals and bounds: what counts, and what does not.

use std::time::Duration;

use agent_core::ledger::{Ledger, PlanRecord, Record};
use agent_core::{Approval, Exit, Refusal};
use alloy_primitives::{Address, U256};
use fakes::policy::signature;
use fakes::scene::{APPROVER, OTHER_APPROVER, Scene};

use crate::{execute, saved};

/// A saved plan whose first step needs so many approvals.
async fn asking(needed: u32) -> (Scene, PlanRecord) {
    let scene = Scene::new();
    scene.policy.script(|script| script.ask(1, needed));
    let record = saved(&scene, "p", scene.three_steps()).await;
    (scene, record)
}

async fn add(scene: &Scene, approval: Approval) {
    scene.ledger.append(Some("p"), Record::ApprovalAdded { approval: Box::new(approval) }).await.unwrap();
}

async fn refused(scene: &Scene) -> Refusal {
    let refusal = execute(&scene.core(), "p").await.unwrap_err();
    assert!(scene.ethereum.broadcasts().is_empty() && scene.base.broadcasts().is_empty());
    refusal
}

#[tokio::test]
async fn a_plan_that_asks_runs_with_an_approval_only() {
    let (scene, record) = asking(1).await;
    let refusal = refused(&scene).await;
    assert_eq!((refusal.exit, refusal.code.as_str()), (Exit::ApprovalRequired, "policy.approval_required"));
    add(&scene, scene.approval(&record.plan, &record.report.bounds, APPROVER, true)).await;
    assert_eq!(execute(&scene.core(), "p").await.unwrap().differences, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_not_signed_for_this_counts_nothing() {
    let (scene, record) = asking(1).await;
    let bounds = &record.report.bounds;
    let good = scene.approval(&record.plan, bounds, APPROVER, true);
    // Another plan's hash, properly signed.
    let other = scene.plan("q", scene.three_steps());
    add(&scene, scene.approval(&other, bounds, APPROVER, true)).await;
    // Other bounds, properly signed.
    let mut wider = bounds.clone();
    wider.expires_at += 1;
    add(&scene, scene.approval(&record.plan, &wider, APPROVER, true)).await;
    // Somebody else's signature, the agent's own, and none at all.
    add(&scene, scene.approval(&record.plan, bounds, Address::repeat_byte(0x66), true)).await;
    add(&scene, scene.approval(&record.plan, bounds, record.plan.account, true)).await;
    add(&scene, Approval { signature: [0_u8; 32].into(), ..good.clone() }).await;
    // A signed no that was turned into a yes.
    let no = signature(APPROVER, record.plan.hash(), bounds, false);
    add(&scene, Approval { signature: no, ..good }).await;
    let record = scene.core().saved("p").await.unwrap();
    assert_eq!(scene.core().approvals(&record).await, Ok(0));
    assert_eq!(refused(&scene).await.exit, Exit::ApprovalRequired);
}

#[tokio::test]
async fn one_approver_counts_once() {
    let (scene, record) = asking(2).await;
    let yes = |approver| scene.approval(&record.plan, &record.report.bounds, approver, true);
    add(&scene, yes(APPROVER)).await;
    add(&scene, Approval { signed_at: 1, ..yes(APPROVER) }).await;
    assert_eq!(refused(&scene).await.exit, Exit::ApprovalRequired);
    add(&scene, yes(OTHER_APPROVER)).await;
    execute(&scene.core(), "p").await.unwrap();
}

#[tokio::test]
async fn a_signed_no_ends_the_plan() {
    let (scene, record) = asking(1).await;
    let signed = |approver, yes| scene.approval(&record.plan, &record.report.bounds, approver, yes);
    // A forged no ends nothing.
    add(&scene, signed(Address::repeat_byte(0x66), false)).await;
    assert_eq!(refused(&scene).await.exit, Exit::ApprovalRequired);
    add(&scene, signed(APPROVER, true)).await;
    add(&scene, signed(OTHER_APPROVER, false)).await;
    let refusal = refused(&scene).await;
    assert_eq!((refusal.exit, refusal.code.as_str()), (Exit::Rejected, "plan.rejected"));
}

#[tokio::test]
async fn approvals_and_bounds_expire() {
    let (scene, record) = asking(1).await;
    add(&scene, scene.approval(&record.plan, &record.report.bounds, APPROVER, true)).await;
    let record = scene.core().saved("p").await.unwrap();
    assert_eq!(scene.core().approvals(&record).await, Ok(1));
    scene.clock.advance(Duration::from_secs(3_600));
    assert_eq!(scene.core().approvals(&record).await, Ok(0));
    let refusal = refused(&scene).await;
    assert_eq!((refusal.exit, refusal.code.as_str()), (Exit::Stale, "plan.outside_bounds"));
}

#[tokio::test]
async fn a_price_inside_the_bounds_runs_and_one_outside_asks_again() {
    for (worse_bps, runs) in [(30, true), (100, false)] {
        let scene = Scene::new();
        saved(&scene, "p", scene.three_steps()).await;
        scene.compiler.worsen(worse_bps);
        let ended = execute(&scene.core(), "p").await;
        match ended {
            Ok(_) => assert!(runs),
            Err(refusal) => {
                assert!(!runs, "{refusal:?}");
                assert_eq!((refusal.exit.code(), refusal.code.as_str()), (13, "plan.outside_bounds"));
                assert!(scene.ethereum.broadcasts().is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_denial_is_exit_10() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.policy.script(|script| script.denied.push(1));
    assert_eq!(refused(&scene).await.exit.code(), 10);
}

#[tokio::test]
async fn a_budget_that_is_used_up_is_exit_10() {
    let mut scene = Scene::new();
    scene.policy.cap_micro_usd = U256::from(1_500_000_000_u64);
    saved(&scene, "p", scene.three_steps()).await;
    saved(&scene, "q", scene.three_steps()).await;
    execute(&scene.core(), "p").await.unwrap();
    let sent = scene.ethereum.broadcasts();
    let refusal = execute(&scene.core(), "q").await.unwrap_err();
    assert_eq!((refusal.exit.code(), refusal.code.as_str()), (10, "policy.budget"));
    assert_eq!(scene.ethereum.broadcasts(), sent);
    // A day later there is room again.
    scene.clock.advance(Duration::from_secs(86_400));
    saved(&scene, "r", scene.three_steps()).await;
    execute(&scene.core(), "r").await.unwrap();
}
