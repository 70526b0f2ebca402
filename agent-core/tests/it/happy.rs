//! Nothing goes wrong.

use agent_core::asset::ten_pow;
use agent_core::executor::Finished;
use agent_core::ledger::{Ledger, Record};
use agent_core::{Action, Autonomy, Event, Op, Quantity};
use alloy_primitives::{Address, U256};
use fakes::scene::{ACCOUNT, BASE, ETHEREUM, L1_FEE, Scene};
use tokio::sync::mpsc;

use crate::{execute, saved};

fn kind(event: &Event) -> String {
    serde_json::to_value(event).unwrap()["event"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sentence_becomes_settled_transactions_on_two_networks() {
    let mut scene = Scene::new();
    scene.autonomy = Autonomy::FullWithinPolicy;
    let legs = scene.plan("p", scene.three_steps()).legs;
    scene.planner.teach("move my savings", legs);
    let core = scene.core();
    let (say, ops) = mpsc::channel(8);
    let (events, mut heard) = mpsc::channel(256);
    say.send(Op::Say { text: "move my savings".to_owned() }).await.unwrap();
    drop(say);
    core.serve(ops, events, || "p".to_owned()).await;

    let mut all = Vec::new();
    while let Some(event) = heard.recv().await {
        all.push(event);
    }
    let kinds: Vec<String> = all.iter().map(kind).collect();
    let call = ["signed", "sent", "included"];
    let step = |waits: bool| {
        let wait: &[&str] = if waits { &["waiting", "under_way", "under_way"] } else { &[] };
        [&["step_started"], &call[..], &call[..], wait, &["step_settled"]].concat()
    };
    let expected = [
        vec!["heard", "drafted", "planned", "started"],
        step(false),
        step(true),
        step(false),
        vec!["finished"],
    ];
    assert_eq!(kinds, expected.concat());

    let Some(Event::Finished { report }) = all.last() else { panic!("no report") };
    let settled = report.settled.as_ref().unwrap();
    assert!(settled.as_promised, "{:?}", settled.differences);
    assert_eq!(report.receipts.len(), 6);
    assert!(report.receipts.iter().all(|receipt| receipt.status == "success"));
    assert_eq!((scene.ethereum.acts(), scene.base.acts()), (vec![1, 2], vec![3]));
    // 1,000 DAI less 0.3 % for the pool, less 0.1 % for the relayer.
    let position = scene.asset(BASE, "aUSDC");
    assert_eq!(scene.base.balance(ACCOUNT, &position), U256::from(996_003_000));
    assert!(scene.ethereum.state().allowances(ACCOUNT).is_empty());
    assert!(scene.base.state().allowances(ACCOUNT).is_empty());
    // What entered is counted once, not once a step or once a call.
    assert_eq!(scene.ledger.reserved(), U256::from(1_000_000_000));
    scene.ledger.verify().await.unwrap();
}

#[tokio::test]
async fn an_output_is_worth_what_the_step_really_yielded() {
    let scene = Scene::new();
    let record = saved(&scene, "p", scene.three_steps()).await;
    execute(&scene.core(), "p").await.unwrap();
    let rows = scene.ledger.rows();
    let started = |wanted: usize| {
        let started = rows.iter().map(|row| &row.record);
        let raws = started.filter_map(|record| {
            let Record::StepStarted { step, raw, .. } = record else { return None };
            Some((*step, *raw))
        });
        raws.into_iter().find(|(step, _)| *step == wanted).map(|(_, raw)| raw)
    };
    // More than the minimum that the plan promised.
    assert_eq!(started(2), Some(U256::from(997_000_000)));
    assert!(started(2).unwrap() > record.report.bounds.least_out[0].raw());
    assert_eq!(started(3), Some(U256::from(996_003_000)));
}

#[tokio::test]
async fn half_of_an_output_leaves_the_other_half() {
    let scene = Scene::new();
    let usdc = scene.asset(ETHEREUM, "USDC");
    let before = scene.ethereum.balance(ACCOUNT, &usdc);
    let half = Quantity::Output {
        step: 1,
        asset: usdc.clone(),
        numerator: U256::from(1),
        denominator: U256::from(2),
    };
    let mut steps = scene.three_steps();
    steps.truncate(1);
    steps.push((ETHEREUM, Action::Supply { asset: usdc.clone(), amount: half }));
    saved(&scene, "p", steps).await;
    let finished = execute(&scene.core(), "p").await.unwrap();
    assert_eq!(finished.differences, Vec::<String>::new());
    assert_eq!(scene.ethereum.balance(ACCOUNT, &usdc), before + U256::from(498_500_000));
}

#[tokio::test]
async fn a_settled_plan_is_only_reported() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    let first = execute(&scene.core(), "p").await.unwrap();
    let (sent, rows) = (scene.ethereum.broadcasts(), scene.ledger.rows());
    assert_eq!(execute(&scene.core(), "p").await.unwrap(), first);
    assert_eq!((scene.ethereum.broadcasts(), scene.ledger.rows()), (sent, rows));
}

/// A scene whose policy has room for everything that the account holds.
fn rich() -> Scene {
    let mut scene = Scene::new();
    scene.policy.cap_micro_usd = U256::MAX;
    scene
}

/// Twice the worst gas of one call on a chain: 50,000 gas with the limit's room, at the highest fee.
fn twice_worst(gwei: u64, l1_fee: u64) -> U256 {
    U256::from(2)
        * (U256::from(50_000 * 3 / 2 + 30_000) * U256::from(gwei) * ten_pow(9).unwrap() + U256::from(l1_fee))
}

#[tokio::test]
async fn all_of_the_native_coin_leaves_twice_the_worst_gas() {
    for (chain_id, gwei, l1_fee) in [(ETHEREUM, 20, 0), (BASE, 1, L1_FEE)] {
        let scene = rich();
        let chain = if chain_id == BASE { &scene.base } else { &scene.ethereum };
        let (eth, payee) = (scene.asset(chain_id, "ETH"), Address::repeat_byte(0x77));
        let before = chain.balance(ACCOUNT, &eth);
        let amount = Quantity::AllBut(U256::ZERO);
        let send = Action::Transfer { asset: eth.clone(), amount, to: payee, payee: None };
        saved(&scene, "p", vec![(chain_id, send)]).await;
        let finished: Finished = execute(&scene.core(), "p").await.unwrap();
        assert_eq!(finished.differences, Vec::<String>::new());
        assert_eq!(chain.balance(payee, &eth), before - twice_worst(gwei, l1_fee));
    }
}

#[tokio::test]
async fn all_of_the_native_coin_leaves_the_gas_of_the_steps_before_it_too() {
    let scene = rich();
    let (eth, dai, payee) =
        (scene.asset(ETHEREUM, "ETH"), scene.asset(ETHEREUM, "DAI"), Address::repeat_byte(0x77));
    let send = |asset, amount| Action::Transfer { asset, amount, to: payee, payee: None };
    let first = send(dai, Quantity::Exact(U256::from(5)));
    let all = send(eth.clone(), Quantity::AllBut(ten_pow(18).unwrap()));
    let held = scene.ethereum.balance(ACCOUNT, &eth);
    let record = saved(&scene, "p", vec![(ETHEREUM, first), (ETHEREUM, all)]).await;
    let shown = record.report.legs[0]
        .simulation
        .asset_changes
        .iter()
        .find(|change| change.amount.amount.asset() == &eth);
    let kept = ten_pow(18).unwrap() + twice_worst(20, 0) * U256::from(2);
    assert_eq!(shown.unwrap().amount.amount.raw(), held - kept);
    let finished = execute(&scene.core(), "p").await.unwrap();
    assert_eq!(finished.differences, Vec::<String>::new());
    assert!(scene.ethereum.balance(ACCOUNT, &eth) >= ten_pow(18).unwrap());
}
