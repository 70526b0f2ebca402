//! The front end's two queues while plans are executed.

use agent_core::core::Core;
use agent_core::draft::{Topic, Verb};
use agent_core::ledger::{Ledger, Record};
use agent_core::{Autonomy, Event, Exit, Op, PlanState, StuckChoice};
use alloy_primitives::U256;
use fakes::scene::{ACCOUNT, BASE, Scene};
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::saved;

/// A front end that reads events until one fits.
struct Talk {
    ops: Sender<Op>,
    events: Receiver<Event>,
}

impl Talk {
    fn with(core: Core) -> Self {
        let (ops, ops_in) = mpsc::channel(64);
        let (events_out, events) = mpsc::channel(4_096);
        tokio::spawn(async move { core.serve(ops_in, events_out, new_id).await });
        Self { ops, events }
    }

    async fn say(&self, op: Op) {
        self.ops.send(op).await.unwrap();
    }

    async fn until(&mut self, what: &str, fits: impl Fn(&Event) -> bool) -> Event {
        let mut seen = Vec::new();
        while let Some(event) = self.events.recv().await {
            if fits(&event) {
                return event;
            }
            seen.push(event);
        }
        panic!("never {what}: {seen:#?}");
    }

    /// What a control, a halt or an end of one says, if it holds these words.
    async fn told(&mut self, words: &str) -> String {
        let fits = |event: &Event| matches!(event, Event::Controlled { text, .. } if text.contains(words));
        let Event::Controlled { text, .. } = self.until(words, fits).await else { panic!() };
        text
    }

    async fn refused(&mut self) -> agent_core::Refusal {
        let event = self.until("refused", |event| matches!(event, Event::Refused { .. })).await;
        let Event::Refused { refusal } = event else { panic!() };
        refusal
    }

    async fn planned(&mut self) -> Box<agent_core::report::Report> {
        let event = self.until("planned", |event| matches!(event, Event::Planned { .. })).await;
        let Event::Planned { report } = event else { panic!() };
        report
    }

    async fn finished(&mut self) -> Box<agent_core::report::Report> {
        let event = self.until("finished", |event| matches!(event, Event::Finished { .. })).await;
        let Event::Finished { report } = event else { panic!() };
        report
    }
}

fn new_id() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("n-{}", NEXT.fetch_add(1, Ordering::SeqCst))
}

fn confirm(id: &str) -> Op {
    Op::Confirm { plan_id: id.to_owned() }
}

fn control(verb: Verb) -> Op {
    Op::Control { verb, plan_id: None }
}

/// A plan that waits for its bridge, executed by a core that listens.
async fn waiting() -> (Scene, Talk) {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.base.faults(|faults| faults.fill_after = 500);
    let mut talk = Talk::with(scene.core());
    talk.say(confirm("p")).await;
    talk.until("under way", |event| matches!(event, Event::UnderWay { .. })).await;
    (scene, talk)
}

async fn state(scene: &Scene, id: &str) -> PlanState {
    let core = scene.core();
    core.saved(id).await.unwrap().state(core.clock.now())
}

#[tokio::test]
async fn a_bridge_says_where_the_money_is() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    let mut talk = Talk::with(scene.core());
    talk.say(confirm("p")).await;
    let mut places = Vec::new();
    for _ in 0..2 {
        let event = talk.until("under way", |event| matches!(event, Event::UnderWay { .. })).await;
        let Event::UnderWay { place, step: 2, .. } = event else { panic!() };
        places.push(place);
    }
    // The fake chain's fourth block, twelve seconds each.
    assert_eq!(
        places[0].text,
        "left Ethereum 00:00 · not on Base yet · expected 00:00 · refund possible after 02:00 UTC"
    );
    assert_eq!((places[0].left_at, places[0].refund_after, places[0].arrived_at), (48, 7_248, None));
    assert_eq!(places[0].amount.to_string(), "996.003 USDC");
    assert!(places[1].arrived_at.is_some() && places[1].text.starts_with("left Ethereum 00:00 · on Base "));
}

#[tokio::test]
async fn pause_stops_before_the_next_call_and_resume_goes_on() {
    let (scene, mut talk) = waiting().await;
    talk.say(control(Verb::Pause)).await;
    talk.told("stops before its next call").await;
    let text = talk.told("is paused").await;
    assert!(text.contains("done: step 1 (swap") && text.contains("not done: step 3 (supply"), "{text}");
    assert!(text.contains("sent, which nobody can recall: step 2 (bridge"), "{text}");
    assert_eq!(state(&scene, "p").await, PlanState::Paused);
    assert_eq!(scene.base.broadcasts(), vec![]);
    talk.say(control(Verb::Pause)).await;
    assert_eq!(talk.refused().await.code, "plan.none");
    scene.base.faults(|faults| faults.fill_after = 0);
    talk.say(control(Verb::Resume)).await;
    assert!(talk.finished().await.settled.unwrap().as_promised);
    assert_eq!((scene.ethereum.acts(), scene.base.acts()), (vec![1, 2], vec![3]));
}

#[tokio::test]
async fn cancel_stops_before_the_next_call_and_says_what_is_done() {
    let (scene, mut talk) = waiting().await;
    talk.say(control(Verb::Cancel)).await;
    assert!(talk.told("stops before").await.contains("cannot be recalled"));
    assert!(talk.told("was cancelled").await.contains("not done: step 3"));
    assert_eq!((state(&scene, "p").await, scene.base.broadcasts()), (PlanState::Cancelled, vec![]));
    talk.say(confirm("p")).await;
    assert!(talk.told("was cancelled").await.contains("done: step 1"));
    talk.say(Op::Control { verb: Verb::Cancel, plan_id: Some("p".to_owned()) }).await;
    assert_eq!(talk.refused().await.code, "plan.state");
}

#[tokio::test]
async fn cancelled_between_an_approval_and_its_act_takes_the_allowance_back() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    scene.ethereum.faults(|faults| faults.mined_after = 30);
    let mut talk = Talk::with(scene.core());
    talk.say(confirm("p")).await;
    talk.until("sent", |event| matches!(event, Event::Sent { call: 0, .. })).await;
    talk.say(control(Verb::Cancel)).await;
    talk.told("was cancelled").await;
    assert_eq!(scene.ethereum.acts(), Vec::<usize>::new());
    assert_eq!(scene.ethereum.included().len(), 2, "the approval, and its revocation");
    assert!(scene.ethereum.state().allowances(ACCOUNT).is_empty());
    assert_eq!(scene.ledger.reserved(), U256::ZERO);
}

#[tokio::test]
async fn a_plan_that_never_ran_is_cancelled_by_a_row_alone() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    let mut talk = Talk::with(scene.core());
    talk.say(Op::Reject { plan_id: "p".to_owned() }).await;
    assert!(talk.told("cancelled").await.contains("nothing of it was sent"));
    talk.say(confirm("p")).await;
    talk.told("was cancelled").await;
    assert_eq!(scene.ethereum.broadcasts(), vec![]);
}

#[tokio::test]
async fn everything_is_answered_while_a_plan_is_executed() {
    let (scene, mut talk) = waiting().await;
    talk.say(Op::Portfolio).await;
    let Event::Portfolio { portfolios, unknown } =
        talk.until("portfolio", |event| matches!(event, Event::Portfolio { .. })).await
    else {
        panic!()
    };
    assert_eq!((portfolios.len(), unknown), (2, vec![]));
    talk.say(Op::Ask { topic: Topic::Plans, asset: None, chain: None, protocol: None }).await;
    let event = talk.until("answered", |event| matches!(event, Event::Answered { .. })).await;
    let Event::Answered { text, .. } = event else { panic!() };
    assert!(text.contains("p is under way"), "{text}");
    // One executor: another plan waits for its turn, the same one is not begun twice.
    saved(&scene, "q", scene.three_steps()).await;
    talk.say(confirm("q")).await;
    talk.told("plan q waits until plan p is done").await;
    talk.say(confirm("p")).await;
    talk.told("plan p is being executed").await;
    scene.base.faults(|faults| faults.fill_after = 0);
    assert_eq!(talk.finished().await.plan_id, "p");
    assert_eq!(talk.finished().await.plan_id, "q");
    assert_eq!((scene.ethereum.acts(), scene.base.acts()), (vec![1, 2, 1, 2], vec![3, 3]));
}

#[tokio::test]
async fn a_halt_stops_a_running_plan_and_outlives_the_process() {
    let (scene, mut talk) = waiting().await;
    talk.say(Op::Halt { because: "I am asleep".to_owned() }).await;
    talk.told("nothing is signed").await;
    scene.base.faults(|faults| faults.fill_after = 0);
    let refusal = talk.refused().await;
    assert_eq!((refusal.exit, refusal.code.as_str()), (Exit::PartlyExecuted, "halted"));
    assert!(refusal.message.contains("I am asleep"));
    drop(talk);
    let mut talk = Talk::with(scene.core());
    talk.say(confirm("p")).await;
    assert_eq!(talk.refused().await.code, "halted");
    assert_eq!(scene.base.broadcasts(), vec![]);
    talk.say(Op::Open).await;
    talk.until(
        "opened",
        |event| matches!(event, Event::Opened { text } if text.contains("halted: I am asleep")),
    )
    .await;
    talk.say(Op::Unhalt).await;
    talk.told("resumed").await;
    talk.say(confirm("p")).await;
    assert!(talk.finished().await.settled.unwrap().as_promised);
}

#[tokio::test]
async fn undo_is_planned_and_not_sent() {
    let mut scene = Scene::new();
    scene.autonomy = Autonomy::FullWithinPolicy;
    let there = scene.three_steps();
    scene.planner.teach("move my savings", scene.plan("", there.clone()).legs);
    let (asset, amount) = (scene.asset(BASE, "USDC"), agent_core::Quantity::Exact(U256::from(900_000_000)));
    let back = vec![(BASE, agent_core::Action::Withdraw { asset, amount })];
    scene.planner.teach("back: move my savings", scene.plan("", back).legs);
    let mut talk = Talk::with(scene.core());
    talk.say(control(Verb::Undo)).await;
    assert_eq!(talk.refused().await.code, "plan.none");
    talk.say(Op::Say { text: "move my savings".to_owned() }).await;
    let first = talk.finished().await.plan_id;
    let sent = scene.base.broadcasts();
    talk.say(Op::Control { verb: Verb::Undo, plan_id: Some(first) }).await;
    let report = talk.planned().await;
    assert_eq!(report.legs[0].steps[0].action, "withdraw");
    assert_ne!(report.cost.gas_usd, "0");
    talk.say(Op::Open).await;
    talk.until("opened", |event| matches!(event, Event::Opened { .. })).await;
    assert_eq!(scene.base.broadcasts(), sent, "shown, not sent");
    talk.say(control(Verb::Repeat)).await;
    let again = talk.planned().await;
    assert_eq!(again.legs[0].steps[0].action, "swap", "the last plan that was carried out");
    assert_ne!(again.plan_id, report.plan_id);
}

#[tokio::test]
async fn what_is_stuck_is_waited_for_or_planned_anew() {
    let (scene, mut talk) = waiting().await;
    let stuck = |choice| Op::Stuck { plan_id: "p".to_owned(), choice };
    talk.say(stuck(StuckChoice::Wait)).await;
    talk.told("plan p is being executed").await;
    for choice in [StuckChoice::QuoteRest, StuckChoice::BringBack] {
        talk.say(stuck(choice)).await;
        let refusal = talk.refused().await;
        assert_eq!((refusal.exit.code(), refusal.code.as_str()), (21, "bridge.not_filled"));
        assert!(refusal.message.contains("refund possible after"), "{}", refusal.message);
    }
    assert_eq!(state(&scene, "p").await, PlanState::Running);
}

#[tokio::test]
async fn a_waiting_transaction_is_replaced_and_happens_once() {
    for takes_the_older in [false, true] {
        let scene = Scene::new();
        saved(&scene, "p", scene.three_steps()).await;
        scene.ethereum.faults(|faults| {
            faults.mined_after = 60;
            faults.takes_the_older = takes_the_older;
        });
        let mut talk = Talk::with(scene.core());
        talk.say(control(Verb::SpeedUp)).await;
        assert_eq!(talk.refused().await.code, "plan.none");
        talk.say(confirm("p")).await;
        talk.until("sent", |event| matches!(event, Event::Sent { call: 1, .. })).await;
        talk.say(control(Verb::SpeedUp)).await;
        talk.told("is replaced by").await;
        scene.ethereum.faults(|faults| faults.takes_the_older = takes_the_older);
        assert!(talk.finished().await.settled.unwrap().as_promised);
        assert_eq!((scene.ethereum.acts(), scene.base.acts()), (vec![1, 2], vec![3]));
        let attempts = scene.ledger.attempts("p").await.unwrap();
        let [_, old, new, ..] = attempts.as_slice() else { panic!() };
        assert_eq!((new.replaces, new.claim.nonce), (Some(old.claim.tx_hash), old.claim.nonce));
        let (old_fee, new_fee) = (old.fees.max_fee_per_gas, new.fees.max_fee_per_gas);
        assert!(new_fee * 8 >= old_fee * 9 && old_fee > 0, "at least an eighth more: {old_fee} {new_fee}");
        let taken = if takes_the_older { old } else { new };
        assert!(scene.ethereum.included().iter().any(|own| own.receipt.tx_hash == taken.claim.tx_hash));
        let rows = scene.ledger.rows();
        let included =
            rows.iter().filter(|row| matches!(row.record, Record::Included { step: 1, call: 1, .. }));
        assert_eq!(included.count(), 1);
    }
}
