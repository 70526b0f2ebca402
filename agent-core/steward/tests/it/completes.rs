//! What a sentence leaves out is found on other chains, and what was left behind is taken back.

use alloy::primitives::{Address, U256};
use serde_json::{Value, json};

use crate::world::{World, allowanceCall, approveCall, fresh, json, transferCall, units};

const ELSEWHERE: Address = Address::repeat_byte(0xe1);

/// All USDC but on Arbitrum is gone, and so is Base's ETH.
fn short_on_base(world: &World) {
    for name in ["ethereum", "base", "optimism"] {
        let chain = world.chain(name);
        let value = chain.token("usdc", chain.account);
        chain.behind_its_back(chain.at("usdc"), &transferCall { to: ELSEWHERE, value });
    }
    let base = world.chain("base");
    base.node("anvil_setBalance", json!([base.account, "0x0"]));
    assert_eq!((base.ether(base.account), base.token("usdc", base.account)), (U256::ZERO, U256::ZERO));
}

fn steps(envelope: &Value) -> Vec<(String, String, bool)> {
    let legs = envelope["data"]["legs"].as_array().unwrap();
    let step = |leg: &Value, step: &Value| {
        let words = |value: &Value| value.as_str().unwrap().to_owned();
        (words(&leg["name"]), words(&step["action"]), step["origin"] != "said")
    };
    legs.iter().flat_map(|leg| leg["steps"].as_array().unwrap().iter().map(|at| step(leg, at))).collect()
}

#[test]
fn what_is_missing_comes_from_another_chain_with_its_gas() {
    let world = fresh("completes");
    short_on_base(&world);
    let (base, arbitrum) = (world.chain("base"), world.chain("arbitrum"));
    let left = arbitrum.token("usdc", arbitrum.account);
    let sentence = "put 400 usdc to work on aave on base";
    let (exit, envelope) = world.run(sentence);
    assert_eq!(exit, 0, "{}", envelope["errors"]);
    let added = steps(&envelope);
    let (supply, bridges) = added.split_last().unwrap();
    assert_eq!(supply, &("base".to_owned(), "supply".to_owned(), false));
    assert_eq!(bridges.len(), 2, "{added:?}");
    assert!(bridges.iter().all(|(_, action, added)| action == "bridge" && *added), "{added:?}");
    assert!(base.token("aave.a_token.usdc", base.account) >= units(400, 6) - U256::from(1));
    assert!(base.ether(base.account) > U256::ZERO, "gas was brought, too");
    let sent = left - arbitrum.token("usdc", arbitrum.account);
    assert!(sent >= units(400, 6) && sent < units(401, 6), "{sent}");
    let why = envelope["data"]["legs"][0]["steps"][0]["origin"]["added"]["because"].as_str().unwrap();
    assert!(why.contains("base"), "{why}");
}

#[test]
fn an_allowance_that_somebody_left_is_taken_back() {
    let world = crate::world::world();
    let _turn = world.turn();
    let chain = world.chain("optimism");
    let (usdc, spender) = (chain.at("usdc"), chain.at("uniswap.swap_router02"));
    chain.behind_its_back(usdc, &approveCall { spender, value: units(5, 6) });
    let left = || chain.call(usdc, &allowanceCall { owner: chain.account, spender });
    assert_eq!(left(), units(5, 6));
    let portfolio = json(&world.steward(&["portfolio", "--demo", "--json"]));
    assert!(
        portfolio.to_string().to_lowercase().contains(&spender.to_string().to_lowercase()),
        "{portfolio}"
    );
    let (exit, envelope) = world.run("revoke the usdc allowance of uniswap on optimism");
    assert_eq!(exit, 0, "{}", envelope["errors"]);
    assert_eq!(left(), U256::ZERO);
}
