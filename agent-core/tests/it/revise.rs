//! Plans made anew from their drafts.

use agent_core::draft::{Draft, Outcome, Said};
use agent_core::ledger::{PlanRecord, Record};
use agent_core::session::Heard;
use agent_core::{Action, Origin, PlanState, Quantity, Revision, Side, StuckChoice};
use alloy_primitives::U256;
use fakes::scene::{BASE, ETHEREUM, Scene};
use serde_json::json;

use crate::execute;

const WORDS: &str = "swap 1000 DAI to USDC on ethereum, bridge it to base and supply it there";

fn draft() -> Draft {
    serde_json::from_value(json!({
        "intent": WORDS, "outcome": "plan", "trigger": null,
        "steps": [
            {"action": "swap", "sell": "DAI", "buy": "USDC", "amount": "1000", "side": "sell", "chain": "ethereum",
             "max_slippage_bps": null, "protocol": null},
            {"action": "bridge", "asset": "USDC", "amount": "@1", "from": "ethereum", "to": "base", "protocol": null},
            {"action": "supply", "asset": "USDC", "amount": "50%@2", "chain": "base", "protocol": null}],
        "sources": {
            "/steps/0/amount": {"span": [5, 9], "turn": 0}, "/steps/0/sell": {"span": [10, 13], "turn": 0},
            "/steps/0/chain": {"span": [25, 33], "turn": 0}, "/steps/1/from": {"span": [25, 33], "turn": 0},
            "/steps/1/to": {"span": [48, 52], "turn": 0}, "/steps/2/chain": {"span": [48, 52], "turn": 0}}
    }))
    .unwrap()
}

/// The plan of [`WORDS`]; where `added` something is wrapped in the end that nobody said.
async fn planned(added: bool) -> (Scene, PlanRecord) {
    let mut scene = Scene::new();
    let mut legs = scene.plan("", scene.three_steps()).legs;
    if added {
        let (from, to) = (scene.asset(BASE, "ETH"), scene.asset(BASE, "WETH"));
        let wrap = Action::Wrap { from, to, amount: Quantity::Exact(U256::from(1)) };
        let mut step = scene.plan("", vec![(BASE, wrap)]).legs[0].steps[0].clone();
        (step.index, step.origin) = (4, Origin::Added { because: "a test".to_owned() });
        legs[1].steps.push(step);
    }
    scene.planner.teach(WORDS, legs);
    let heard = scene.core().take(draft(), "p", None).await.unwrap();
    assert!(matches!(heard, Heard::Plan { .. }));
    let record = scene.core().saved("p").await.unwrap();
    (scene, record)
}

/// What stands in the draft's words where a value was said.
fn words(draft: &Draft, said: Said) -> String {
    let [start, end] = said.span;
    draft.intent.as_ref().and_then(|intent| intent.get(start..end)).unwrap().to_owned()
}

fn change(step: usize, field: &str, value: &str) -> Revision {
    Revision { step, field: field.to_owned(), value: value.to_owned() }
}

async fn state(scene: &Scene, id: &str) -> PlanState {
    let core = scene.core();
    core.saved(id).await.unwrap().state(core.clock.now())
}

#[tokio::test]
async fn added_steps_can_be_dropped() {
    let (scene, record) = planned(true).await;
    assert_eq!(record.plan.steps().count(), 4);
    assert!(record.report.legs[1].steps.iter().all(|step| step.cost_usd != "0"));
    let (preview, report) = scene.core().drop_added(&record, "q").await.unwrap();
    assert_eq!(preview.plan.steps().count(), 3);
    assert_eq!(report.plan_id, "q");
    assert_eq!(
        (state(&scene, "p").await, state(&scene, "q").await),
        (PlanState::Cancelled, PlanState::Ready)
    );
}

#[tokio::test]
async fn a_changed_value_has_its_source_in_the_words() {
    for (step, field, value, also) in [
        (1, "amount", "250.5", vec![]),
        (1, "amount", "50%", vec![]),
        (1, "amount", "$90", vec![]),
        (1, "amount", "all", vec![]),
        (1, "max_slippage_bps", "30", vec![]),
        // Said once for both: the bridge leaves from where the swap is.
        (1, "chain", "base", vec!["/steps/1/from"]),
        (2, "to", "ethereum", vec!["/steps/2/chain"]),
    ] {
        let (scene, record) = planned(false).await;
        let (_, report) = scene.core().revise(&record, &change(step, field, value), "q").await.unwrap();
        let outcome = serde_json::to_value(&report.draft.outcome).unwrap();
        let own = format!("/steps/{}/{field}", step - 1);
        for pointer in also.into_iter().chain([own.as_str()]) {
            let written = outcome.pointer(pointer).unwrap();
            assert_eq!(written.as_str().map_or(written.to_string(), str::to_owned), value);
            let said = report.draft.sources[pointer];
            assert_eq!(words(&report.draft, said), value, "{pointer}");
        }
        // Everything else is as it was said.
        let said = report.draft.sources["/steps/0/sell"];
        assert_eq!(words(&report.draft, said), "DAI");
        assert_ne!(report.draft.read_back, record.plan.draft.read_back);
        assert_eq!(state(&scene, "p").await, PlanState::Cancelled);
    }
}

#[tokio::test]
async fn what_is_no_value_is_refused_and_the_plan_stays() {
    let (scene, record) = planned(false).await;
    for (step, field, value, code) in [
        (1, "amount", "0", 20),
        (1, "amount", "-5", 20),
        (1, "amount", "1e5", 20),
        (1, "amount", "1,000", 20),
        (1, "amount", "101%", 20),
        (1, "amount", "@3", 20),
        (1, "amount", "", 20),
        (1, "amount", "\u{1b}[2J", 20),
        (1, "max_slippage_bps", "0", 20),
        (1, "max_slippage_bps", "10001", 20),
        (1, "max_slippage_bps", "half", 20),
        (1, "chain", "mars", 18),
        (1, "sell", "WETH", 20),
        (1, "action", "transfer", 20),
        (3, "max_slippage_bps", "30", 20),
        (0, "to", "base", 20),
        (9, "amount", "5", 20),
        (usize::MAX, "amount", "5", 20),
    ] {
        let refusal = scene.core().revise(&record, &change(step, field, value), "q").await.unwrap_err();
        assert_eq!(refusal.exit.code(), code, "{step} {field} {value:?}: {refusal:?}");
        assert!(!refusal.message.contains('\u{1b}'));
    }
    assert_eq!(state(&scene, "p").await, PlanState::Ready);
}

#[tokio::test]
async fn a_payee_is_never_revised() {
    let (scene, mut record) = planned(false).await;
    record.plan.draft.outcome = serde_json::from_value(json!({"outcome": "plan", "trigger": null, "steps": [
        {"action": "transfer", "asset": "DAI", "amount": "5", "to": "alice", "chain": "ethereum"}]}))
    .unwrap();
    let refusal = scene.core().revise(&record, &change(1, "to", "base"), "q").await.unwrap_err();
    assert_eq!(refusal.code, "input.field");
}

#[tokio::test]
async fn what_has_begun_cannot_be_changed() {
    let (scene, _) = planned(false).await;
    execute(&scene.core(), "p").await.unwrap();
    let record = scene.core().saved("p").await.unwrap();
    let refusal = scene.core().revise(&record, &change(1, "amount", "5"), "q").await.unwrap_err();
    assert_eq!((refusal.exit.code(), refusal.code.as_str()), (21, "plan.state"));
    assert_eq!(scene.core().drop_added(&record, "q").await.unwrap_err().code, "plan.state");
}

#[tokio::test]
async fn the_rest_is_planned_with_what_arrived() {
    let (mut scene, _) = planned(false).await;
    scene.base.faults(|faults| faults.fill_after = 601);
    let refusal = execute(&scene.core(), "p").await.unwrap_err();
    assert_eq!(refusal.code, "bridge.not_filled");
    // It arrives late, and the plan's bounds are gone.
    scene.base.faults(|faults| faults.fill_after = 0);
    scene.clock.advance(std::time::Duration::from_secs(7_200));
    let usdc = scene.asset(BASE, "USDC");
    let amount = Quantity::Exact(U256::from(498_001_500));
    let legs = scene.plan("", vec![(BASE, Action::Supply { asset: usdc, amount })]).legs;
    scene.planner.teach(WORDS, legs);
    let record = scene.core().saved("p").await.unwrap();
    let (_, report) = scene.core().unstick(&record, StuckChoice::QuoteRest, "q").await.unwrap();
    let Outcome::Plan { steps, .. } = &report.draft.outcome else { panic!() };
    let left = serde_json::to_value(steps).unwrap();
    // Half of the 996.003 USDC that arrived.
    assert_eq!(left[0]["action"], "supply");
    assert_eq!((left.as_array().unwrap().len(), &left[0]["amount"]), (1, &json!("498.0015")));
    let sources: Vec<&String> = report.draft.sources.keys().collect();
    assert_eq!(sources, ["/steps/0/chain"], "an amount that nobody said has no source in the words");
    assert_eq!(state(&scene, "p").await, PlanState::Cancelled);
    execute(&scene.core(), "q").await.unwrap();
    assert_eq!((scene.ethereum.acts(), scene.base.acts()), (vec![1, 2], vec![1]));
    assert!(scene.ledger.rows().iter().any(|row| row.record == Record::PlanCancelled));
    assert_eq!(scene.ethereum.broadcasts().len(), 4, "{ETHEREUM} was left alone");
}

#[tokio::test]
async fn what_arrived_is_brought_back() {
    let (mut scene, _) = planned(false).await;
    scene.base.faults(|faults| faults.fill_after = 601);
    execute(&scene.core(), "p").await.unwrap_err();
    scene.base.faults(|faults| faults.fill_after = 0);
    let (asset, out) = (scene.asset(BASE, "USDC"), scene.asset(ETHEREUM, "USDC"));
    let amount = Quantity::Exact(U256::from(996_003_000));
    let back = vec![(BASE, Action::Bridge { asset, out, amount, side: Side::Sell })];
    let legs = scene.plan("", back).legs;
    scene.planner.teach(&format!("back: {WORDS}"), legs);
    let record = scene.core().saved("p").await.unwrap();
    let (_, report) = scene.core().unstick(&record, StuckChoice::BringBack, "q").await.unwrap();
    assert_eq!(report.legs[0].steps[0].action, "bridge");
    assert_eq!(
        (state(&scene, "p").await, state(&scene, "q").await),
        (PlanState::Cancelled, PlanState::Ready)
    );
    assert_eq!(scene.base.broadcasts(), vec![], "shown, not sent");
    execute(&scene.core(), "q").await.unwrap();
    assert_eq!(execute(&scene.core(), "p").await.unwrap_err().code, "plan.cancelled");
    assert_eq!((scene.ethereum.acts(), scene.base.acts()), (vec![1, 2], vec![1]));
}

#[tokio::test]
async fn a_plan_that_went_on_meanwhile_is_not_replaced() {
    let (scene, seen) = planned(true).await;
    execute(&scene.core(), "p").await.unwrap();
    // The person still looks at the plan as it was.
    let refusal = scene.core().drop_added(&seen, "q").await.unwrap_err();
    assert_eq!((refusal.exit.code(), refusal.code.as_str()), (13, "plan.under_way"));
    assert_eq!(
        (state(&scene, "p").await, state(&scene, "q").await),
        (PlanState::Settled, PlanState::Cancelled)
    );
}
