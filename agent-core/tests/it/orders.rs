//! Every order at every place where the process can die, with a restart after it.

use agent_core::draft::Verb;
use agent_core::executor::Finished;
use agent_core::ledger::{Ledger, Record};
use agent_core::{Exit, Refusal};
use alloy_primitives::U256;
use fakes::scene::{ACCOUNT, Scene};

use crate::{execute, saved};

fn slow() -> Scene {
    let scene = Scene::new();
    scene.ethereum.faults(|faults| (faults.mined_after, faults.fill_after) = (3, 1));
    scene.base.faults(|faults| (faults.mined_after, faults.receipt_hidden, faults.fill_after) = (3, 1, 2));
    scene
}

fn acts(scene: &Scene) -> Vec<usize> {
    [scene.ethereum.acts(), scene.base.acts()].concat()
}

fn signed(scene: &Scene) -> usize {
    scene.ledger.rows().iter().filter(|row| matches!(row.record, Record::Signed { .. })).count()
}

/// A plan whose first process died at this place; `None` after the last one.
async fn dead_at(at: u64) -> Option<Scene> {
    let scene = slow();
    saved(&scene, "p", scene.three_steps()).await;
    let core = scene.core();
    scene.kill.arm(at);
    let ended = scene.kill.run(execute(&core, "p")).await;
    scene.kill.arm(0);
    ended.is_none().then_some(scene)
}

/// Processes of which the first dies at `death`, until one ends by itself.
async fn restarted(scene: &Scene, death: u64) -> Result<Finished, Refusal> {
    for death in [death].into_iter().chain([0]) {
        let core = scene.core();
        scene.kill.arm(death);
        if let Some(done) = scene.kill.run(execute(&core, "p")).await {
            scene.kill.arm(0);
            return done;
        }
    }
    panic!("never ended");
}

async fn order(scene: &Scene, verb: Verb) -> bool {
    let core = scene.core();
    let record = core.saved("p").await.unwrap();
    core.order(verb, &record).await.is_ok()
}

#[tokio::test]
async fn cancelled_anywhere_nothing_new_happens_and_no_allowance_stays() {
    let mut cancelled = 0;
    for at in 1.. {
        let Some(first) = dead_at(at).await else { break };
        drop(first);
        for death in [0, 9, 17, 31] {
            let scene = dead_at(at).await.unwrap();
            if !order(&scene, Verb::Cancel).await {
                continue;
            }
            let before = acts(&scene);
            let open = signed(&scene) - scene.ethereum.included().len() - scene.base.included().len();
            let ended = restarted(&scene, death).await;
            let after = acts(&scene);
            assert!(after.len() <= before.len() + open, "at {at}, {death}: {before:?} became {after:?}");
            let mut once = after.clone();
            once.dedup();
            assert_eq!(once, after, "at {at}");
            if let Err(refusal) = ended {
                assert_eq!(refusal.code, "plan.cancelled", "at {at}, {death}: {refusal:?}");
                cancelled += 1;
            }
            for chain in [&scene.ethereum, &scene.base] {
                assert!(chain.state().allowances(ACCOUNT).is_empty(), "at {at}, {death}: an allowance stays");
            }
            assert_eq!(acts(&scene), after);
        }
    }
    assert!(cancelled > 300, "only {cancelled} cancellations");
}

#[tokio::test]
async fn paused_anywhere_it_goes_on_when_it_is_called_again() {
    let mut paused = 0;
    for at in 1.. {
        let Some(scene) = dead_at(at).await else { break };
        paused += usize::from(order(&scene, Verb::Pause).await);
        let finished = restarted(&scene, 13).await.unwrap();
        assert!(finished.settled && finished.differences.is_empty(), "at {at}");
        assert_eq!(acts(&scene), [1, 2, 3], "at {at}");
    }
    assert!(paused > 80, "only {paused} pauses");
}

#[tokio::test]
async fn a_pause_holds_a_running_plan_before_its_next_call() {
    // Ordered while the first transaction waits: the next one is never signed.
    let scene = slow();
    saved(&scene, "p", scene.three_steps()).await;
    let core = scene.core();
    scene.kill.arm(0);
    scene.ledger.append(Some("p"), Record::Started { because: "test".to_owned() }).await.unwrap();
    let run = execute(&core, "p");
    let pause = async {
        while signed(&scene) == 0 {
            tokio::task::yield_now().await;
        }
        assert!(order(&scene, Verb::Pause).await);
    };
    let (ended, ()) = tokio::join!(run, pause);
    let refusal = ended.unwrap_err();
    assert_eq!((refusal.exit, refusal.code.as_str()), (Exit::PartlyExecuted, "plan.paused"));
    assert_eq!((signed(&scene), acts(&scene)), (1, vec![]));
}

#[tokio::test]
async fn halted_anywhere_nothing_is_signed_until_a_person_resumes() {
    for at in 1.. {
        let Some(scene) = dead_at(at).await else { break };
        let before = signed(&scene);
        scene.core().halt("stop").await.unwrap();
        let ended = restarted(&scene, 0).await;
        assert_eq!(signed(&scene), before, "at {at}: signed while halted");
        if let Err(refusal) = ended {
            assert_eq!(refusal.code, "halted", "at {at}");
            assert_eq!(refusal.exit, if before > 0 { Exit::PartlyExecuted } else { Exit::Halted });
        }
        // The negative control: the same run signs once it may.
        scene.core().unhalt().await.unwrap();
        assert!(restarted(&scene, 0).await.unwrap().settled, "at {at}");
        assert_eq!(acts(&scene), [1, 2, 3], "at {at}");
    }
}

#[tokio::test]
async fn plans_can_be_made_while_the_agent_is_halted() {
    let scene = Scene::new();
    scene.core().halt("").await.unwrap();
    assert_eq!(scene.core().halted().await, Ok(Some(String::new())));
    saved(&scene, "p", scene.three_steps()).await;
    let refusal = execute(&scene.core(), "p").await.unwrap_err();
    assert_eq!((refusal.exit.code(), refusal.code.as_str()), (14, "halted"));
    assert_eq!(scene.ethereum.broadcasts(), vec![]);
}

/// A journal that took a replacement for any other transaction would let a nonce go twice; see its conformance.
#[tokio::test]
async fn sped_up_anywhere_it_happens_once() {
    let mut faster = 0;
    for at in 1.. {
        let Some(first) = dead_at(at).await else { break };
        drop(first);
        for (takes_the_older, death) in
            [(false, 0), (true, 0), (false, 11), (true, 14), (false, 19), (true, 23)]
        {
            let scene = dead_at(at).await.unwrap();
            for chain in [&scene.ethereum, &scene.base] {
                chain.faults(|faults| (faults.takes_the_older, faults.mined_after) = (takes_the_older, 12));
            }
            if !order(&scene, Verb::SpeedUp).await {
                continue;
            }
            let finished = restarted(&scene, death).await.unwrap();
            assert!(finished.settled && finished.differences.is_empty(), "at {at}, {death}: {finished:?}");
            assert_eq!(acts(&scene), [1, 2, 3], "at {at}, {death}");
            let attempts = scene.ledger.attempts("p").await.unwrap();
            faster += attempts.iter().filter(|attempt| attempt.replaces.is_some()).count();
            for attempt in attempts.iter().filter(|attempt| attempt.replaces.is_some()) {
                let old = attempts.iter().find(|old| Some(old.claim.tx_hash) == attempt.replaces).unwrap();
                assert_eq!(
                    (old.claim.nonce, old.step, old.call),
                    (attempt.claim.nonce, attempt.step, attempt.call)
                );
            }
            assert_eq!(scene.ledger.reserved(), U256::from(1_000_000_000), "counted once");
        }
    }
    assert!(faster > 50, "only {faster} replacements");
}

#[tokio::test]
async fn the_journal_has_what_each_step_spent() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    execute(&scene.core(), "p").await.unwrap();
    let (mut spent, mut yielded) = (Vec::new(), Vec::new());
    for row in scene.ledger.rows() {
        let Record::StepSettled { spent: went, yielded: came, .. } = row.record else { continue };
        spent.push(went.iter().map(ToString::to_string).collect::<Vec<_>>());
        yielded.push(came.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    assert_eq!(spent[0], ["1000 DAI"]);
    // What a step yields is all that the next one takes.
    assert_eq!([&spent[1], &spent[2]], [&yielded[0], &yielded[1]]);
    assert_eq!((spent.len(), yielded[2].len()), (3, 0));
    assert_eq!(spent[2], ["996.003 USDC"]);
    // A journal from before that was recorded can still be read.
    let row =
        Record::StepSettled { step: 1, yielded: Vec::new(), spent: Vec::new(), differences: Vec::new() };
    let text = serde_json::to_string(&row).unwrap();
    let old = text.replace(r#""spent":[],"#, "");
    assert_eq!((serde_json::from_str::<Record>(&old).unwrap(), old == text), (row, false));
}
