//! Questions about the state of things, and the opening line.

use std::time::Duration;

use agent_core::answers::About;
use agent_core::draft::Topic;
use agent_core::ledger::{Ledger, Record};
use alloy_primitives::U256;
use fakes::scene::Scene;
use serde_json::{Value, json};

use crate::{execute, saved};

async fn ask(scene: &Scene, topic: Topic, about: About<'_>) -> (String, Value) {
    let (text, answer) = scene.core().answer(topic, about).await.unwrap();
    assert_eq!(answer["topic"], serde_json::to_value(topic).unwrap());
    (text, answer)
}

#[tokio::test]
async fn the_chains_answer() {
    let scene = Scene::new();
    saved(&scene, "p", scene.three_steps()).await;
    execute(&scene.core(), "p").await.unwrap();
    let all = About::default();
    let usdc = About { asset: Some("USDC"), chain: Some("ethereum"), ..all };
    let (text, answer) = ask(&scene, Topic::Balance, usdc).await;
    assert_eq!(text, "10000 USDC on ethereum (10000 USD)");
    assert_eq!(answer["balances"][0]["raw"], "10000000000");
    let (text, _) = ask(&scene, Topic::Price, About { asset: Some("ETH"), chain: Some("base"), ..all }).await;
    assert_eq!(text, "1 ETH on base: 2500 USD by the oracle, 2500 by the pools");
    let (text, _) = ask(&scene, Topic::Positions, all).await;
    assert_eq!(text, "lent 996.003 aUSDC to aave on base, as collateral");
    let (text, _) = ask(&scene, Topic::Positions, About { protocol: Some("uniswap"), ..all }).await;
    assert_eq!(text, "nothing is lent, owed or provided");
    let (text, answer) = ask(&scene, Topic::Gas, About { chain: Some("ethereum"), ..all }).await;
    assert_eq!(text, "ethereum: at most 20 gwei; a payment 1.05 USD, a swap about 10 USD");
    assert_eq!(answer["gas"].as_array().unwrap().len(), 1);
    let (text, _) = ask(&scene, Topic::Health, all).await;
    assert!(text.contains("base: no debt"));
    let (text, _) = ask(&scene, Topic::Approvals, all).await;
    assert_eq!(text, "nobody may take anything from this account");
}

#[tokio::test]
async fn what_lending_earns() {
    let scene = Scene::new();
    let all = About::default();
    let base = About { asset: Some("USDC"), chain: Some("base"), protocol: Some("aave") };
    let (text, answer) = ask(&scene, Topic::Apy, base).await;
    assert_eq!(text, "USDC at aave on base: lending earns 3.25 % a year, borrowing costs 4.1 %");
    let rates = answer["rates"].as_array().unwrap();
    assert_eq!((rates.len(), &rates[0]["chain"], &rates[0]["symbol"]), (1, &json!("base"), &json!("USDC")));
    assert_eq!((&rates[0]["supply_bps"], &rates[0]["borrow_bps"]), (&json!(325), &json!(410)));
    let (_, every) = ask(&scene, Topic::Apy, all).await;
    let known = scene.core().portfolio().await.unwrap().0;
    let reserves: usize = known.iter().map(|portfolio| portfolio.rates.len()).sum();
    assert!(reserves > 1 && every["rates"].as_array().unwrap().len() == reserves, "{every}");
    let (text, answer) = ask(&scene, Topic::Apy, About { protocol: Some("uniswap"), ..all }).await;
    assert_eq!((text.as_str(), &answer["rates"]), ("no lending rate is known", &json!([])));
    scene.base.faults(|faults| faults.reads = std::iter::repeat_n(true, 99).collect());
    let (text, _) = ask(&scene, Topic::Apy, base).await;
    assert!(text.contains("not known: base"), "{text}");
}

#[tokio::test]
async fn the_journal_answers() {
    let scene = Scene::new();
    let all = About::default();
    assert_eq!(scene.core().answer(Topic::Explain, all).await.unwrap_err().code, "plan.none");
    assert_eq!(ask(&scene, Topic::History, all).await.0, "nothing was planned yet");
    saved(&scene, "p", scene.three_steps()).await;
    execute(&scene.core(), "p").await.unwrap();
    scene.policy.script(|script| script.denied.push(3));
    saved(&scene, "q", scene.three_steps()).await;
    assert_eq!(ask(&scene, Topic::History, all).await.0, "q is denied by the policy: q\np is settled: p");
    assert_eq!(ask(&scene, Topic::Plans, all).await.0, "nothing waits or runs");
    let (text, answer) = ask(&scene, Topic::Explain, all).await;
    assert!(text.contains("deny by fake: scripted for step 3"), "{text}");
    assert_eq!((&answer["plan_id"], &answer["verdict"]), (&json!("q"), &json!("deny")));
    let (text, answer) = ask(&scene, Topic::Limits, all).await;
    assert!(text.starts_with("49000 USD of 50000 may still be put to use; 1000 were"), "{text}");
    assert_eq!(answer["budgets"][0]["left_usd"], "49000");
    assert!(ask(&scene, Topic::Help, all).await.0.contains("cancel, pause, resume"));
    assert_eq!(scene.core().answer(Topic::Profit, all).await.unwrap_err().exit.code(), 21);
}

#[tokio::test]
async fn a_network_that_does_not_answer_is_unknown_and_never_left_out() {
    let scene = Scene::new();
    scene.base.faults(|faults| faults.reads = std::iter::repeat_n(true, 99).collect());
    let (portfolios, unknown) = scene.core().portfolio().await.unwrap();
    assert_eq!((portfolios.len(), unknown.len()), (1, 1));
    assert_eq!((unknown[0].what.as_str(), unknown[0].why.as_str()), ("base", "connection refused"));
    let (text, answer) = ask(&scene, Topic::Balance, About { asset: Some("ETH"), ..About::default() }).await;
    assert!(text.ends_with("not known: base (connection refused)"), "{text}");
    assert_eq!(answer["unknown"][0]["what"], "base");
    let (text, _) = ask(&scene, Topic::Health, About { chain: Some("base"), ..About::default() }).await;
    assert!(text.contains("not known: base"));
    scene.ethereum.faults(|faults| faults.reads = std::iter::repeat_n(true, 9).collect());
    assert_eq!(scene.core().portfolio().await.unwrap_err().exit.code(), 5);
}

#[tokio::test]
async fn what_is_unknown_is_a_question_back() {
    let scene = Scene::new();
    for about in [
        About { asset: Some("NOPE\u{1b}"), ..About::default() },
        About { chain: Some("mars"), ..About::default() },
    ] {
        let refusal = scene.core().answer(Topic::Balance, about).await.unwrap_err();
        assert_eq!(refusal.exit.code(), 18);
        assert!(!refusal.message.contains('\u{1b}'));
    }
}

#[tokio::test]
async fn the_opening_line_tells_what_is_new_once_and_what_waits_again() {
    let scene = Scene::new();
    let open = async || scene.core().open().await.unwrap();
    assert_eq!(open().await, "This journal is new: nothing has run yet.");
    saved(&scene, "p", scene.three_steps()).await;
    execute(&scene.core(), "p").await.unwrap();
    scene.policy.script(|script| script.ask(1, 1));
    saved(&scene, "q", scene.three_steps()).await;
    scene.policy.script(|script| script.denied.push(1));
    saved(&scene, "r", scene.three_steps()).await;
    // 2027-01-15 08:00 UTC is when every scene begins.
    assert_eq!(open().await, "Since 08:00 UTC: 1 plan settled, 1 waits for an approval (q), 1 was denied.");
    scene.clock.advance(Duration::from_secs(1_200));
    assert_eq!(open().await, "Since 08:00 UTC: 1 waits for an approval (q).");
    scene.clock.advance(Duration::from_secs(86_400));
    assert_eq!(open().await, "Since yesterday 08:20 UTC: nothing ran, and nothing waits.");
    scene.clock.advance(Duration::from_secs(3 * 86_400));
    scene.core().halt("a test").await.unwrap();
    let line = open().await;
    assert!(line.starts_with("Since 2027-01-16 08:20 UTC: ") && line.contains("halted: a test"), "{line}");
    assert_eq!(scene.ledger.entries().await.unwrap().last().unwrap().record, Record::SessionOpened);
    assert_eq!(scene.ledger.reserved(), U256::from(1_000_000_000));
}
