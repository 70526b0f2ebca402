//! Sentences that settle, and those that must not, against the chain.

use alloy::primitives::{Address, U256};

use crate::world::{json, units, world};

fn errors(envelope: &serde_json::Value) -> String {
    envelope["errors"].to_string()
}

#[test]
fn a_contact_is_paid_on_each_chain() {
    let world = world();
    let _turn = world.turn();
    let alice: Address = world.alice().parse().unwrap();
    for name in ["ethereum", "base"] {
        let chain = world.chain(name);
        let before = chain.token("usdc", alice);
        let (exit, envelope) = world.run(&format!("send 25 USDC to alice on {name}"));
        assert_eq!(exit, 0, "{}", errors(&envelope));
        assert_eq!(chain.token("usdc", alice) - before, units(25, 6));
        assert_eq!(envelope["data"]["settled"]["as_promised"], true);
    }
}

#[test]
fn a_swap_gives_what_was_quoted_to_the_wei_and_no_less_than_quoter_v2_says() {
    let world = world();
    let _turn = world.turn();
    let chain = world.chain("ethereum");
    let half = units(5, 17);
    let (before, one_pool) = (chain.token("usdc", chain.account), chain.quote(half));
    let (exit, envelope) = world.run("swap 0.5 ETH to USDC on ethereum");
    assert_eq!(exit, 0, "{}", errors(&envelope));
    let got = chain.token("usdc", chain.account) - before;
    let quote = &envelope["data"]["legs"][0]["steps"][0]["quote"];
    assert_eq!(quote["expected_out"]["raw"], got.to_string());
    // The best of all routes cannot be worse than one of them.
    assert!(got >= one_pool, "{got} < {one_pool}");
    // 50 basis points below, rounded down.
    let least = got * U256::from(9_950) / U256::from(10_000);
    assert_eq!(quote["min_out"]["raw"], least.to_string());
}

#[test]
fn a_swap_is_lent_on_and_nothing_is_left_allowed() {
    let world = world();
    let _turn = world.turn();
    let chain = world.chain("base");
    let (usdc, lent) = (chain.token("usdc", chain.account), chain.token("aave.a_token.usdc", chain.account));
    let (exit, envelope) = world.run("swap 1 ETH to USDC on base and lend it on aave");
    assert_eq!(exit, 0, "{}", errors(&envelope));
    let more = chain.token("aave.a_token.usdc", chain.account) - lent;
    assert!(more > units(2_500, 6), "{more}");
    assert_eq!(
        chain.token("usdc", chain.account),
        usdc,
        "what the swap yielded was lent, no more and no less"
    );
    for spender in ["aave.pool", "uniswap.swap_router02"] {
        let left = chain.call(
            chain.at("usdc"),
            &crate::world::allowanceCall { owner: chain.account, spender: chain.at(spender) },
        );
        assert_eq!(left, U256::ZERO, "{spender}");
    }
}

#[test]
fn a_supply_carries_a_loan() {
    let world = world();
    let _turn = world.turn();
    let chain = world.chain("base");
    let weth = chain.token("weth", chain.account);
    let (exit, envelope) = world.run("supply 1000 USDC to aave on base then borrow 0.1 WETH there");
    assert_eq!(exit, 0, "{}", errors(&envelope));
    assert_eq!(chain.token("weth", chain.account) - weth, units(1, 17));
    assert!(chain.token("aave.debt_token.weth", chain.account) >= units(1, 17));
}

#[test]
fn a_bridge_feeds_a_swap_on_the_other_chain() {
    let world = world();
    let _turn = world.turn();
    let (from, to) = (world.chain("ethereum"), world.chain("base"));
    let (left, there, ether) =
        (from.token("usdc", from.account), to.token("usdc", to.account), to.ether(to.account));
    let (exit, envelope) = world.run("bridge 200 USDC from ethereum to base and swap it for ETH");
    assert_eq!(exit, 0, "{}", errors(&envelope));
    assert_eq!(left - from.token("usdc", from.account), units(200, 6));
    assert_eq!(to.token("usdc", to.account), there, "all that arrived was swapped");
    assert!(to.ether(to.account) > ether + units(7, 16));
    assert_eq!(envelope["data"]["legs"].as_array().unwrap().len(), 2);
}

#[test]
fn above_the_step_limit_it_asks_and_an_approval_settles_it() {
    let world = world();
    let _turn = world.turn();
    let chain = world.chain("ethereum");
    let (usdc, nonce) = (chain.token("usdc", chain.account), chain.nonce());
    let (exit, envelope) = world.run("swap 10 ETH to USDC on ethereum");
    assert_eq!(exit, 11, "{envelope}");
    assert_eq!(chain.nonce(), nonce, "nothing was sent");
    let id = envelope["data"]["plan_id"].as_str().unwrap().to_owned();
    let again = world.steward(&["run", "--demo", "--json", "--plan", &id]);
    assert_eq!(again.status.code(), Some(11), "asking twice approves nothing");
    let approved = world.steward(&["approvals", "approve", &id, "--demo", "--json"]);
    assert_eq!(approved.status.code(), Some(0), "{}", json(&approved));
    let settled = world.steward(&["run", "--demo", "--json", "--plan", &id]);
    assert_eq!(settled.status.code(), Some(0), "{}", json(&settled));
    let got = chain.token("usdc", chain.account) - usdc;
    assert!(got > units(25_000, 6), "{got}");
    let repeated = world.steward(&["run", "--demo", "--json", "--plan", &id]);
    assert_eq!(repeated.status.code(), Some(0));
    assert_eq!(chain.token("usdc", chain.account) - usdc, got, "a settled plan is only reported");
}

#[test]
fn a_stranger_is_not_paid() {
    let world = world();
    let chain = world.chain("base");
    let nonce = chain.nonce();
    let (exit, envelope) = world.run("send 500 USDC to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on base");
    assert_eq!(exit, 10, "{envelope}");
    assert_eq!(envelope["errors"][0]["code"], "policy.denied");
    assert_eq!(chain.nonce(), nonce);
}

#[test]
fn what_would_revert_is_not_signed() {
    let world = world();
    let draft = r#"{"intent":"supply 100 DAI on base","outcome":"plan","steps":[{"action":"supply","asset":"DAI","amount":"100","chain":"base","protocol":"aave"}],"trigger":null,"sources":{"/steps/0/amount":{"span":[7,10],"turn":0},"/steps/0/asset":{"span":[11,14],"turn":0},"/steps/0/chain":{"span":[18,22],"turn":0}}}"#;
    let file = world.home().join("frozen.json");
    std::fs::write(&file, draft).unwrap();
    let output = world.steward(&["plan", "--demo", "--json", "--draft", file.to_str().unwrap()]);
    let envelope = json(&output);
    assert_eq!(output.status.code(), Some(12), "{envelope}");
    assert_eq!(envelope["errors"][0]["code"], "simulation.failed");
}

#[test]
fn a_balance_is_answered_from_the_chain() {
    let world = world();
    let _turn = world.turn();
    let chain = world.chain("base");
    let (exit, envelope) = world.run("how much usdc do I have on base?");
    assert_eq!(exit, 0, "{}", errors(&envelope));
    let raw = envelope["data"]["answer"]["balances"][0]["raw"].as_str().unwrap();
    assert_eq!(raw, chain.token("usdc", chain.account).to_string());
}

#[test]
fn one_request_id_is_one_plan() {
    let world = world();
    let ask =
        |sentence: &str| world.steward(&["plan", "--demo", "--json", "--request-id", "r-1", "--", sentence]);
    let first = json(&ask("wrap 1 ETH on base"));
    let second = json(&ask("wrap 1 ETH on base"));
    assert_eq!(first["data"]["plan_id"], second["data"]["plan_id"], "{first}");
    assert_eq!(ask("wrap 2 ETH on base").status.code(), Some(2));
}
