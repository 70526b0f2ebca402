//! Killed anywhere and started again: every step is done, and none twice.

use std::collections::{BTreeMap, BTreeSet};

use agent_core::executor::Finished;
use agent_core::ledger::{Ledger, Record};
use agent_core::{Action, Quantity, Refusal};
use alloy_primitives::{Address, U256};
use fakes::ledger::{Bug, WriteFault};
use fakes::scene::{ACCOUNT, BASE, ETHEREUM, Scene};

use crate::{block_on, execute, saved};

/// More restarts than any run needs.
const RESTARTS_MAX: u32 = 60;

fn scene(slow: bool) -> Scene {
    let scene = Scene::new();
    if slow {
        // Transactions wait in the pool, receipts come late: a kill leaves more things open.
        scene.ethereum.faults(|faults| (faults.mined_after, faults.fill_after) = (2, 1));
        scene
            .base
            .faults(|faults| (faults.mined_after, faults.receipt_hidden, faults.fill_after) = (1, 1, 2));
    }
    scene
}

/// Token balances and allowances; the native coin pays for approvals that a restart repeats.
fn tokens(scene: &Scene) -> Vec<(u64, String, U256)> {
    let mut all = Vec::new();
    for (chain_id, chain) in [(ETHEREUM, &scene.ethereum), (BASE, &scene.base)] {
        for symbol in ["USDC", "DAI", "WETH", "aUSDC", "aDAI"] {
            let raw = chain.balance(ACCOUNT, &scene.asset(chain_id, symbol));
            all.push((chain_id, symbol.to_owned(), raw));
        }
        let left = chain.state().allowances(ACCOUNT);
        all.extend(left.into_iter().map(|(token, _, raw)| (chain_id, format!("allowance of {token}"), raw)));
    }
    all
}

/// What is wrong with what the chains and the journal show.
fn violation(scene: &Scene) -> Option<String> {
    let acts = (scene.ethereum.acts(), scene.base.acts());
    if acts != (vec![1, 2], vec![3]) {
        return Some(format!("acts: {acts:?}"));
    }
    for chain in [&scene.ethereum, &scene.base] {
        let mut bytes: BTreeMap<(Address, u64), _> = BTreeMap::new();
        for own in chain.broadcasts() {
            if *bytes.entry((own.sender, own.nonce)).or_insert(own.tx_hash) != own.tx_hash {
                return Some(format!("nonce {} was sent with differing bytes", own.nonce));
            }
        }
    }
    let settled = scene.ledger.rows().iter().filter(|row| row.record == Record::Settled).count();
    (settled != 1).then(|| format!("settled {settled} times"))
}

/// Runs the plan in processes of which the n-th dies at place `deaths[n]`, until one of them ends by itself.
async fn run(scene: &Scene, deaths: impl Iterator<Item = u64>) -> Result<Finished, Refusal> {
    let deaths = deaths.chain(std::iter::repeat(0)).take(usize::try_from(RESTARTS_MAX).unwrap());
    for death in deaths {
        let core = scene.core();
        scene.kill.arm(death);
        if let Some(done) = scene.kill.run(execute(&core, "p")).await {
            return done;
        }
    }
    panic!("never ended");
}

/// What an uninterrupted run leaves behind, and how many places it passes.
async fn reference(slow: bool) -> (Vec<(u64, String, U256)>, Finished, u64) {
    let scene = scene(slow);
    saved(&scene, "p", scene.three_steps()).await;
    scene.kill.arm(0);
    let finished = execute(&scene.core(), "p").await.unwrap();
    assert_eq!(violation(&scene), None);
    (tokens(&scene), finished, scene.kill.passed())
}

async fn killed_at(slow: bool, deaths: &[u64]) {
    let (balances, reference, _) = reference(slow).await;
    let scene = scene(slow);
    saved(&scene, "p", scene.three_steps()).await;
    let finished = run(&scene, deaths.iter().copied()).await;
    let finished = finished.unwrap_or_else(|refusal| panic!("killed at {deaths:?}: {refusal:?}"));
    assert_eq!(violation(&scene), None, "killed at {deaths:?}");
    assert_eq!(tokens(&scene), balances, "killed at {deaths:?}");
    assert_eq!(finished.differences, reference.differences, "killed at {deaths:?}");
    let restarted: Vec<_> = finished.receipts.iter().map(|(_, receipt)| receipt.tx_hash).collect();
    let in_blocks = scene.ethereum.included().len() + scene.base.included().len();
    assert_eq!(restarted.len(), in_blocks, "killed at {deaths:?}: a transaction is missing in the report");
}

#[tokio::test]
async fn killed_at_every_place() {
    for slow in [false, true] {
        let (_, _, places) = reference(slow).await;
        assert!(places > 100, "only {places} places");
        for at in 1..=places {
            killed_at(slow, &[at]).await;
        }
    }
}

#[tokio::test]
async fn killed_again_after_the_restart() {
    let (_, _, places) = reference(true).await;
    for at in (1..=places).step_by(3) {
        for again in (1..=places).step_by(11) {
            killed_at(true, &[at, again, again + 3]).await;
        }
    }
}

/// In how many places a kill leads to a second payment with this bug in the journal: a plain transfer, which no
/// allowance protects.
async fn paid_twice(bug: Option<Bug>) -> usize {
    let fresh = || async {
        let scene = scene(false);
        let (asset, to) = (scene.asset(ETHEREUM, "DAI"), Address::repeat_byte(0x77));
        let amount = Quantity::Exact(U256::from(5));
        saved(&scene, "p", vec![(ETHEREUM, Action::Transfer { asset, amount, to, payee: None })]).await;
        if let Some(bug) = bug {
            scene.ledger.plant(bug);
        }
        scene
    };
    let whole = fresh().await;
    run(&whole, std::iter::empty()).await.unwrap();
    let (places, mut twice) = (whole.kill.passed(), 0);
    assert!(places > 20, "only {places} places");
    for at in 1..=places {
        let scene = fresh().await;
        let _outcome = run(&scene, std::iter::once(at)).await;
        twice += usize::from(scene.ethereum.acts().len() > 1);
    }
    twice
}

#[tokio::test]
async fn a_sound_journal_never_pays_twice() {
    assert_eq!(paid_twice(None).await, 0);
}

#[tokio::test]
async fn a_broadcast_before_the_journal_is_caught() {
    assert!(paid_twice(Some(Bug::LateReserve)).await > 0);
}

#[tokio::test]
async fn forgotten_attempts_are_caught() {
    assert!(paid_twice(Some(Bug::ForgetsAttempts)).await > 0);
}

/// Whether the journal says of everything that was broadcast that a block has it.
async fn all_known(scene: &Scene) -> bool {
    let entries = scene.ledger.entries().await.unwrap();
    let included: BTreeSet<_> = entries
        .iter()
        .filter_map(|entry| {
            let Record::Included { receipt, .. } = &entry.record else { return None };
            Some(receipt.tx_hash)
        })
        .collect();
    let sent = scene.ethereum.broadcasts().into_iter().chain(scene.base.broadcasts());
    sent.into_iter().all(|sent| included.contains(&sent.tx_hash))
}

#[test]
fn a_disk_that_fails_at_every_write() {
    block_on(async {
        for took_effect in [false, true] {
            for at in 1.. {
                let scene = scene(true);
                saved(&scene, "p", scene.three_steps()).await;
                scene.ledger.fail_at(WriteFault { at, took_effect });
                let broken = execute(&scene.core(), "p").await;
                let sent = !scene.ethereum.broadcasts().is_empty();
                let Err(refusal) = broken else {
                    // The last write is behind us.
                    assert!(at > 20, "only {at} writes");
                    break;
                };
                assert_eq!(refusal.code, "io.failed");
                if sent {
                    // 17 only where the journal knows of everything that was sent that a block has it. A write that
                    // took effect and failed all the same is not believed.
                    let exit = refusal.exit.code();
                    assert!(exit == 19 || (exit == 17 && all_known(&scene).await), "write {at}: {exit}");
                }
                let finished = execute(&scene.core(), "p").await.unwrap();
                assert_eq!(finished.differences, Vec::<String>::new());
                assert_eq!(violation(&scene), None, "write {at}");
            }
        }
    });
}
