//! Killed with SIGKILL at each state of a three-step plan and started again: each step exactly once.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::world::{World, json, units, world};

const SENTENCE: &str =
    "wrap 0.05 ETH on base, then supply 0.025 WETH to aave on base, then send 10 USDC to alice on base";

fn draft(world: &World) -> String {
    let draft = serde_json::json!({
        "intent": SENTENCE, "outcome": "plan", "trigger": null, "sources": {},
        "steps": [
            {"action": "wrap", "amount": "0.05", "asset": null, "chain": "base"},
            {"action": "supply", "asset": "WETH", "amount": "0.025", "chain": "base", "protocol": "aave"},
            {"action": "transfer", "asset": "USDC", "amount": "10", "to": world.alice(), "chain": "base"},
        ],
    });
    let file = world.home().join("three.json");
    std::fs::write(&file, draft.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Starts the plan and kills the process when the `count`th event has been printed. False: it had ended by then.
fn killed_after(world: &World, id: &str, count: usize) -> bool {
    let mut child = world
        .command()
        .args(["run", "--demo", "--events", "--plan", id])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = 0;
    while seen < count {
        match lines.next() {
            Some(Ok(line)) if serde_json::from_str::<Value>(&line).unwrap().get("event").is_some() => {
                seen += 1
            }
            Some(Ok(_)) | Some(Err(_)) | None => break,
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    seen == count
}

#[test]
fn killed_at_each_state_it_goes_on() {
    let world = world();
    let _turn = world.turn();
    let chain = world.chain("base");
    let file = draft(world);
    let alice = world.alice().parse().unwrap();
    for count in 0..40 {
        let planned = json(&world.steward(&["plan", "--demo", "--json", "--draft", &file]));
        let id = planned["data"]["plan_id"].as_str().unwrap_or_else(|| panic!("{planned}")).to_owned();
        let before = (
            chain.token("weth", chain.account),
            chain.token("aave.a_token.weth", chain.account),
            chain.token("usdc", alice),
            chain.nonce(),
        );
        let alive = killed_after(world, &id, count);
        let output = world.steward(&["run", "--demo", "--json", "--plan", &id]);
        let envelope = json(&output);
        assert_eq!(output.status.code(), Some(0), "killed after event {count}: {envelope}");
        assert_eq!(
            chain.token("weth", chain.account) - before.0,
            units(25, 15),
            "killed after event {count}"
        );
        let lent = chain.token("aave.a_token.weth", chain.account) - before.1;
        assert!(lent >= units(25, 15) && lent < units(26, 15), "killed after event {count}: {lent}");
        assert_eq!(chain.token("usdc", alice) - before.2, units(10, 6), "killed after event {count}");
        // Wrap, approve, supply, transfer.
        assert_eq!(chain.nonce() - before.3, 4, "killed after event {count}");
        if !alive {
            assert!(count > 10, "the plan has more states than that");
            return;
        }
    }
    panic!("the plan has no end of states");
}
