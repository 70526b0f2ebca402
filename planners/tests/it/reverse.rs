//! The way back: what settled of a plan, undone in a draft that grounds again.

use std::collections::BTreeMap;

use agent_core::draft::Outcome;
use agent_core::{Amount, Lent, Plan, Settled};
use alloy_primitives::U256;
use serde_json::{Value, json};

use crate::world::{ARBITRUM, BASE, ETHEREUM, World};

fn undone(plan: &Plan, settled: &[(usize, Vec<Amount>)]) -> Result<Value, String> {
    let yielded = |(step, yielded): &(usize, Vec<Amount>)| {
        (*step, Settled { yielded: yielded.clone(), spent: Vec::new(), position: Some(U256::from(7)) })
    };
    reversed(plan, settled.iter().map(yielded).collect())
}

fn reversed(plan: &Plan, settled: BTreeMap<usize, Settled>) -> Result<Value, String> {
    let draft = planners::reverse(plan, &settled).map_err(|refusal| refusal.message)?;
    let text = serde_json::to_string(&draft).unwrap();
    planners::parse_draft_json(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let Outcome::Plan { steps, .. } = draft.outcome else { panic!() };
    Ok(serde_json::to_value(steps).unwrap())
}

#[test]
fn a_swap_and_a_supply() {
    let mut world = World::usual();
    let steps = json!([{"action":"swap","sell":"ETH","buy":"USDC","amount":"0.5","side":"sell","chain":"base"},
                       {"action":"supply","asset":"USDC","amount":"50%@1","chain":"base"}]);
    let plan = world.plan(steps, false).unwrap();
    let got = world.amount(BASE, "USDC", "1299.5");
    let back = undone(&plan, &[(1, vec![got.clone()]), (2, vec![])]).unwrap();
    assert_eq!(back[0]["action"], "withdraw");
    assert_eq!((&back[0]["amount"], &back[0]["chain"]), (&json!("649.75"), &json!("base")));
    assert_eq!(
        (&back[1]["sell"], &back[1]["buy"], &back[1]["amount"]),
        (&json!("USDC"), &json!("ETH"), &json!("1299.5"))
    );
    assert_eq!(undone(&plan, &[(1, vec![got])]).unwrap().as_array().unwrap().len(), 1, "only what settled");
    assert!(undone(&plan, &[]).is_err(), "nothing settled");
    // It grounds where the position is.
    let lent = world.amount(BASE, "USDC", "649.75");
    world.on(BASE).lent.push(Lent { amount: lent, collateral: true });
    let words = world.said(back, false);
    assert_eq!(words, ["withdraw 649.75 USDC USDC base", "swap 1299.5 USDC ETH base"]);
}

#[test]
fn each_action_that_can_be() {
    let world = World::usual();
    let one = |step: Value, got: Option<Amount>| {
        let plan = world.plan(json!([step]), false).unwrap();
        let settled: Vec<_> =
            plan.steps().map(|(_, step)| (step.index, got.iter().cloned().collect())).collect();
        undone(&plan, &settled)
    };
    let table = [
        (
            json!({"action":"wrap","amount":"1","chain":"base"}),
            Some(world.amount(BASE, "WETH", "1")),
            json!({"action":"unwrap","amount":"1","asset":null,"chain":"base"}),
        ),
        (
            json!({"action":"wrap","amount":"1","asset":"stETH"}),
            Some(world.amount(ETHEREUM, "wstETH", "0.83")),
            json!({"action":"unwrap","amount":"0.83","asset":"wstETH","chain":"ethereum"}),
        ),
        (
            json!({"action":"bridge","asset":"USDC","amount":"100","from":"arbitrum","to":"base"}),
            Some(world.amount(BASE, "USDC", "99.95")),
            json!({"action":"bridge","asset":"USDC","amount":"99.95","from":"base","to":"arbitrum","protocol":"across"}),
        ),
        (
            json!({"action":"borrow","asset":"DAI","amount":"20","chain":"arbitrum"}),
            Some(world.amount(ARBITRUM, "DAI", "20")),
            json!({"action":"repay","asset":"DAI","amount":"20","chain":"arbitrum","protocol":"aave"}),
        ),
        (
            json!({"action":"repay","asset":"DAI","amount":"20","chain":"arbitrum"}),
            None,
            json!({"action":"borrow","asset":"DAI","amount":"20","chain":"arbitrum","protocol":"aave"}),
        ),
        (
            json!({"action":"withdraw","asset":"DAI","amount":"20","chain":"arbitrum"}),
            Some(world.amount(ARBITRUM, "DAI", "20")),
            json!({"action":"supply","asset":"DAI","amount":"20","chain":"arbitrum","protocol":"aave"}),
        ),
        (
            json!({"action":"collateral","asset":"USDC","use":true,"chain":"arbitrum"}),
            None,
            json!({"action":"collateral","asset":"USDC","use":false,"chain":"arbitrum","protocol":"aave"}),
        ),
        (
            json!({"action":"stake","asset":"ETH","amount":"1"}),
            Some(world.amount(ETHEREUM, "stETH", "1")),
            json!({"action":"swap","sell":"stETH","buy":"ETH","amount":"1","side":"sell","chain":"ethereum","max_slippage_bps":null,"protocol":null}),
        ),
        (
            json!({"action":"add_liquidity","pair":["WETH","USDC"],"amounts":[null,"100"],"chain":"base"}),
            None,
            json!({"action":"remove_liquidity","pair":["USDC","WETH"],"amount":"100%","position":"7","chain":"base","protocol":"uniswap"}),
        ),
    ];
    for (step, got, expected) in table {
        assert_eq!(one(step.clone(), got).unwrap(), json!([expected]), "{step}");
    }
    for (step, why) in [
        (
            json!({"action":"transfer","asset":"USDC","amount":"1","to":"alice","chain":"base"}),
            "belongs to somebody else",
        ),
        (json!({"action":"vote","proposal":"1","support":"for","governor":"aave"}), "is cast once"),
        (json!({"action":"delegate","asset":"ARB","to":"alice"}), "not in the record"),
        (json!({"action":"supply","asset":"USDC","amount":"all","chain":"base"}), "not in the record"),
    ] {
        let refused = one(step.clone(), None).unwrap_err();
        assert!(refused.contains(why), "{step}: {refused}");
    }
}

#[test]
fn a_share_is_as_much_as_it_was() {
    let mut world = World::usual();
    let debt = world.amount(ARBITRUM, "DAI", "20");
    world.on(ARBITRUM).owed.push(debt);
    world.hold(&world.amount(ARBITRUM, "DAI", "50"));
    for (chain_id, asset, amount, spent, back) in [
        (BASE, "USDC", "all", "300", "withdraw"),
        (BASE, "USDC", "50%", "149.9", "withdraw"),
        (BASE, "USDC", "$100", "100.02", "withdraw"),
        (ARBITRUM, "DAI", "all", "20.000000000000000007", "borrow"),
    ] {
        let (chain, action) = if back == "borrow" { ("arbitrum", "repay") } else { ("base", "supply") };
        let step = json!({"action":action,"asset":asset,"amount":amount,"chain":chain});
        let plan = world.plan(json!([step]), false).unwrap();
        let left =
            |units: &str| Settled { spent: vec![world.amount(chain_id, asset, units)], ..Settled::default() };
        let undo = reversed(&plan, [(1, left(spent))].into()).unwrap();
        assert_eq!((&undo[0]["action"], &undo[0]["amount"]), (&json!(back), &json!(spent)), "{step}");
        // Nothing left, so nothing is known.
        assert!(reversed(&plan, [(1, left("0"))].into()).unwrap_err().contains("not in the record"));
    }
    // What went beats what was said.
    let plan = world
        .plan(json!([{"action":"repay","asset":"DAI","amount":"25","chain":"arbitrum"}]), false)
        .unwrap();
    let spent = vec![world.amount(ARBITRUM, "DAI", "20")];
    let undo = reversed(&plan, [(1, Settled { spent, ..Settled::default() })].into()).unwrap();
    assert_eq!(undo[0]["amount"], "20");
}

#[test]
fn gas_that_was_brought_stays() {
    let world = World::new(&[(ARBITRUM, "USDC", "5000"), (ARBITRUM, "ETH", "1")]);
    let steps = json!([{"action":"supply","asset":"USDC","amount":"400","chain":"base"}]);
    let plan = world.plan(steps, true).unwrap();
    let settled = [
        (1, vec![world.amount(BASE, "USDC", "400")]),
        (2, vec![world.amount(BASE, "ETH", "0.0002")]),
        (3, vec![]),
    ];
    let back = undone(&plan, &settled).unwrap();
    let actions: Vec<_> =
        back.as_array().unwrap().iter().map(|step| step["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["withdraw", "bridge"]);
    assert_eq!(
        (&back[1]["from"], &back[1]["to"], &back[1]["amount"]),
        (&json!("base"), &json!("arbitrum"), &json!("400"))
    );
}

#[test]
fn what_comes_back_is_not_what_went() {
    let world = World::usual();
    let steps =
        json!([{"action":"add_liquidity","pair":["ETH","USDC"],"amounts":["0.1",null],"chain":"base"}]);
    let plan = world.plan(steps, false).unwrap();
    let back = undone(&plan, &[(1, vec![world.amount(BASE, "WETH", "0.1")]), (2, vec![])]).unwrap();
    assert_eq!((&back[0]["action"], &back[0]["amount"]), (&json!("remove_liquidity"), &json!("100%")));
    assert_eq!((&back[1]["action"], &back[1]["amount"]), (&json!("unwrap"), &json!("@1:WETH")));
    // A bridge takes its fee again: the swap back is of what then arrives.
    let steps = json!([{"action":"swap","sell":"ETH","buy":"USDC","amount":"1","side":"sell","chain":"arbitrum"},
                       {"action":"bridge","asset":"USDC","amount":"@1","from":"arbitrum","to":"base"}]);
    let plan = world.plan(steps, false).unwrap();
    let settled =
        [(1, vec![world.amount(ARBITRUM, "USDC", "2600")]), (2, vec![world.amount(BASE, "USDC", "2598.7")])];
    let back = undone(&plan, &settled).unwrap();
    assert_eq!((&back[0]["from"], &back[0]["amount"]), (&json!("base"), &json!("2598.7")));
    assert_eq!((&back[1]["sell"], &back[1]["amount"]), (&json!("USDC"), &json!("@1")));
    let mut held = world.clone();
    held.hold(&world.amount(BASE, "USDC", "2598.7"));
    let words = held.said(back, true);
    assert_eq!(words, ["bridge 2598.7 USDC USDC base arbitrum", "swap @1 USDC ETH arbitrum"]);
}
