//! What goes wrong on chain, and what is left behind then.

use agent_core::ledger::{Ledger, Record};
use agent_core::{Action, Exit, Quantity};
use alloy_primitives::{Address, U256};
use fakes::chain::SendFault;
use fakes::scene::{ACCOUNT, BASE, Scene};

use crate::{execute, saved};

#[tokio::test]
async fn a_revert_on_chain_takes_the_allowance_back_and_ends_the_plan() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.ethereum.faults(|faults| faults.reverts = [1].into());
    let finished = execute(&scene.core(), "p").await.unwrap();
    assert!(finished.failed.as_ref().unwrap().starts_with("step 1 reverted on chain in 0x"));
    assert_eq!((finished.settled, finished.differences.len()), (false, 1));
    // Approve, the act that reverted, and the revoke.
    let went: Vec<bool> = finished.receipts.iter().map(|(_, receipt)| receipt.success).collect();
    assert_eq!(went.iter().filter(|good| **good).count(), 2);
    assert_eq!(went.len(), 3);
    assert!(scene.ethereum.state().allowances(ACCOUNT).is_empty());
    assert_eq!(scene.ledger.reserved(), U256::ZERO);
    assert_eq!((scene.ethereum.acts(), scene.base.acts()), (vec![], vec![]));
    // Called again it stays as it is.
    let sent = scene.ethereum.broadcasts();
    scene.ethereum.faults(|faults| faults.reverts.clear());
    assert_eq!(execute(&scene.core(), "p").await.unwrap(), finished);
    assert_eq!(scene.ethereum.broadcasts(), sent);
}

#[tokio::test]
async fn nothing_runs_after_a_failed_step_even_if_it_needs_nothing_of_it() {
    let scene = Scene::new();
    let (eth, to) = (scene.asset(BASE, "ETH"), Address::repeat_byte(0x77));
    let mut steps = scene.three_steps();
    steps.truncate(1);
    let amount = Quantity::Exact(U256::from(5));
    steps.push((BASE, Action::Transfer { asset: eth, amount, to, payee: None }));
    saved(&scene, "p", steps).await;
    scene.ethereum.faults(|faults| faults.reverts = [1].into());
    let finished = execute(&scene.core(), "p").await.unwrap();
    assert!(finished.failed.is_some());
    assert_eq!(scene.base.broadcasts(), vec![]);
    assert!(!scene.ledger.rows().iter().any(|row| row.record == Record::Settled));
}

#[tokio::test]
async fn a_plan_that_fails_is_taken_up_again_wherever_it_was_killed() {
    let fresh = || async {
        let scene = Scene::new();
        saved(&scene, "p", scene.three_steps()).await;
        scene.ethereum.faults(|faults| faults.reverts = [1].into());
        scene
    };
    let scene = fresh().await;
    scene.kill.arm(0);
    execute(&scene.core(), "p").await.unwrap();
    for at in 1..=scene.kill.passed() {
        let scene = fresh().await;
        scene.kill.arm(at);
        let _dead = scene.kill.run(execute(&scene.core(), "p")).await;
        scene.kill.arm(0);
        let finished = execute(&scene.core(), "p").await.unwrap();
        assert!(finished.failed.is_some(), "killed at {at}");
        assert!(scene.ethereum.state().allowances(ACCOUNT).is_empty(), "killed at {at}");
        assert_eq!(scene.ledger.reserved(), U256::ZERO, "killed at {at}");
        let reverted = scene.ethereum.included().iter().filter(|own| !own.receipt.success).count();
        assert_eq!((reverted, scene.ethereum.acts().len()), (1, 0), "killed at {at}");
    }
}

#[tokio::test]
async fn a_foreign_transaction_with_our_nonce_is_noticed() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.ethereum.faults(|faults| faults.sends = [SendFault::None, SendFault::ForeignFirst].into());
    for _ in 0..2 {
        let refusal = execute(&scene.core(), "p").await.unwrap_err();
        assert_eq!((refusal.exit.code(), refusal.code.as_str()), (17, "journal.nonce_foreign"));
        assert_eq!(scene.ethereum.acts(), Vec::<usize>::new());
    }
}

#[tokio::test]
async fn a_receipt_that_comes_late_is_not_taken_for_a_foreign_transaction() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    for chain in [&scene.ethereum, &scene.base] {
        chain.faults(|faults| faults.receipt_hidden = 8);
    }
    assert!(execute(&scene.core(), "p").await.unwrap().settled);
}

#[tokio::test]
async fn an_unknown_outcome_is_19_and_goes_on() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.ethereum.faults(|faults| faults.sends = [SendFault::Lost, SendFault::TimedOut].into());
    let refusal = execute(&scene.core(), "p").await.unwrap_err();
    assert_eq!((refusal.exit, refusal.code.as_str()), (Exit::OutcomeUnknown, "rpc.outcome_unknown"));
    assert!(refusal.message.contains("connection lost"));
    assert!(execute(&scene.core(), "p").await.unwrap().settled);
    let sent = scene.ethereum.broadcasts();
    assert_eq!(sent[0], sent[1], "the same bytes again");
}

#[tokio::test]
async fn a_bridge_that_brings_less_is_a_difference() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.base.faults(|faults| faults.fill_short_bps = 10);
    let finished = execute(&scene.core(), "p").await.unwrap();
    assert_eq!(finished.differences.len(), 1, "{:?}", finished.differences);
    assert!(finished.differences[0].starts_with("step 2: "));
    // The next step used what really came.
    assert_eq!(scene.base.acts(), [3]);
}

#[tokio::test]
async fn a_bridge_that_nobody_fills_is_unknown_and_goes_on_when_it_is_filled() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.base.faults(|faults| faults.fill_after = 601);
    let refusal = execute(&scene.core(), "p").await.unwrap_err();
    assert_eq!((refusal.exit, refusal.code.as_str()), (Exit::OutcomeUnknown, "bridge.not_filled"));
    assert!(execute(&scene.core(), "p").await.unwrap().settled);
    assert_eq!(scene.ethereum.acts(), [1, 2]);
}

#[tokio::test]
async fn a_cancelled_plan_never_runs_and_is_17_once_something_was_sent() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.ledger.append(Some("p"), Record::PlanCancelled).await.unwrap();
    let refusal = execute(&scene.core(), "p").await.unwrap_err();
    assert_eq!((refusal.exit.code(), refusal.code.as_str()), (3, "plan.cancelled"));

    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.base.faults(|faults| faults.fill_after = 601);
    execute(&scene.core(), "p").await.unwrap_err();
    scene.ledger.append(Some("p"), Record::PlanCancelled).await.unwrap();
    let refusal = execute(&scene.core(), "p").await.unwrap_err();
    assert_eq!((refusal.exit.code(), refusal.code.as_str()), (17, "plan.cancelled"));
    assert_eq!(scene.base.broadcasts(), vec![]);
}

#[tokio::test]
async fn a_chain_that_is_down_is_5_and_sends_nothing() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.ethereum.faults(|faults| faults.reads = std::iter::repeat_n(true, 9).collect());
    let refusal = execute(&scene.core(), "p").await.unwrap_err();
    assert_eq!((refusal.exit.code(), refusal.code.as_str()), (5, "rpc.unreachable"));
    assert_eq!(scene.ethereum.broadcasts(), vec![]);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_by_now_is_not_paid() {
    for (now, paid) in [(Address::repeat_byte(0x77), 1), (Address::repeat_byte(0x78), 0)] {
        let scene = Scene::new();
        let (asset, to) = (scene.asset(BASE, "ETH"), Address::repeat_byte(0x77));
        let (amount, payee) = (Quantity::Exact(U256::from(5)), Some("carol.eth".to_owned()));
        saved(&scene, "p", vec![(BASE, Action::Transfer { asset, amount, to, payee })]).await;
        scene.compiler.lead_names_to(now);
        let outcome = execute(&scene.core(), "p").await;
        assert_eq!(scene.base.broadcasts().len(), paid);
        assert_eq!(
            outcome.err().map(|refusal| refusal.code),
            (paid == 0).then(|| "plan.name_moved".to_owned())
        );
    }
}
