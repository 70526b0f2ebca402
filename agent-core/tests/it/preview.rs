//! Plans before anything is signed.

use agent_core::{Action, Quantity, Side, Verdict};
use alloy_primitives::{Address, U256};
use fakes::scene::{ACCOUNT, BASE, ETHEREUM, Scene};

use crate::saved;

fn exact(raw: u64) -> Quantity {
    Quantity::Exact(U256::from(raw))
}

#[tokio::test]
async fn a_step_that_would_revert_is_exit_12() {
    let scene = Scene::new();
    let (asset, to) = (scene.asset(BASE, "USDC"), Address::repeat_byte(0x77));
    let send = Action::Transfer { asset, amount: exact(5), to, payee: None };
    let refusal = scene.core().preview(scene.plan("p", vec![(BASE, send)]), 0).await.unwrap_err();
    assert_eq!((refusal.exit.code(), refusal.code.as_str()), (12, "simulation.failed"));
    assert!(refusal.message.contains("balance too low"));
    assert_eq!(scene.ledger.rows(), vec![]);
}

#[tokio::test]
async fn what_a_bridge_will_bring_is_credited_for_the_preview_only() {
    let scene = Scene::new();
    let usdc = scene.asset(BASE, "USDC");
    // Without the bridge the account has nothing to supply there: the last step alone is exit 12.
    let supply = Action::Supply { asset: usdc.clone(), amount: exact(996_003_000) };
    let refusal = scene.core().preview(scene.plan("p", vec![(BASE, supply)]), 0).await.unwrap_err();
    assert_eq!(refusal.exit.code(), 12);

    let record = saved(&scene, "p", scene.three_steps()).await;
    let supplied = record.report.legs[1].simulation.asset_changes.iter();
    let supplied = supplied.map(|change| change.amount.to_string()).collect::<Vec<_>>();
    assert_eq!(supplied, ["-996.003 USDC", "+996.003 aUSDC"]);
    assert_eq!(scene.base.balance(ACCOUNT, &usdc), U256::ZERO);
    assert_eq!((scene.ethereum.broadcasts(), scene.base.broadcasts()), (vec![], vec![]));
}

#[tokio::test]
async fn a_leg_between_bridges_is_credited_once() {
    // To Base, supply there, then back on Ethereum: Base's second leg stands on its first.
    let scene = Scene::new();
    let (here, there) = (scene.asset(ETHEREUM, "USDC"), scene.asset(BASE, "USDC"));
    let amount = exact(1_000_000_000);
    let bridge = Action::Bridge { asset: here.clone(), out: there.clone(), amount, side: Side::Sell };
    let supply = |asset, raw| Action::Supply { asset, amount: exact(raw) };
    let steps = vec![
        (ETHEREUM, bridge),
        (BASE, supply(there.clone(), 500_000_000)),
        (ETHEREUM, supply(here, 5)),
        (BASE, supply(there.clone(), 499_000_000)),
    ];
    let core = scene.core();
    assert!(core.preview(scene.plan("p", steps.clone()), 0).await.is_ok());
    // One unit more than the bridge brings.
    let mut more = steps;
    more[3].1 = supply(there, 499_000_001);
    assert_eq!(core.preview(scene.plan("p", more), 0).await.unwrap_err().exit.code(), 12);
}

#[tokio::test]
async fn the_bounds_are_what_the_preview_showed() {
    let scene = Scene::new();
    let record = saved(&scene, "p", scene.three_steps()).await;
    let bounds = &record.report.bounds;
    let most: Vec<String> = bounds.most_in.iter().map(ToString::to_string).collect();
    assert_eq!(most, ["1000 DAI"], "outputs enter nothing new");
    let least: Vec<String> = bounds.least_out.iter().map(ToString::to_string).collect();
    assert_eq!(least, ["987.054925 USDC", "976.08294 USDC"]);
    assert_eq!(bounds.networks.len(), 2);
    assert_eq!(bounds.payees, Vec::<Address>::new());
}

#[tokio::test]
async fn the_strictest_verdict_is_the_plans() {
    let scene = Scene::new();
    scene.policy.script(|script| script.ask(2, 1));
    let preview = scene.core().preview(scene.plan("p", scene.three_steps()), 0).await.unwrap();
    assert_eq!(preview.verdict(), Verdict::NeedsApproval);
    assert_eq!(preview.refusal().unwrap().exit.code(), 11);
    scene.policy.script(|script| script.denied.push(3));
    let preview = scene.core().preview(scene.plan("p", scene.three_steps()), 0).await.unwrap();
    assert_eq!(preview.verdict(), Verdict::Deny);
    assert_eq!(preview.refusal().unwrap().exit.code(), 10);
}

#[tokio::test]
async fn more_than_there_is_comes_to_nothing() {
    let scene = Scene::new();
    let (asset, to) = (scene.asset(BASE, "USDC"), Address::repeat_byte(0x77));
    let all = Action::Transfer { asset, amount: Quantity::AllBut(U256::ZERO), to, payee: None };
    let refusal = scene.core().preview(scene.plan("p", vec![(BASE, all)]), 0).await.unwrap_err();
    assert_eq!((refusal.exit.code(), refusal.code.as_str()), (21, "world.balance"));
}
