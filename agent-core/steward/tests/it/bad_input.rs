//! Bad input: a clear error with its code and exit, nothing sent, nothing lost.

use std::io::Write;
use std::process::Stdio;

use crate::world::{World, json, world};

/// The sentence on standard input, exit, code.
fn refused(world: &World, sentence: &[u8], exit: i32, code: &str) {
    let mut child = world
        .command()
        .args(["run", "--demo", "--json", "--", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(sentence).unwrap();
    let output = child.wait_with_output().unwrap();
    let envelope = json(&output);
    let shown = String::from_utf8_lossy(sentence.get(..80.min(sentence.len())).unwrap()).into_owned();
    assert_eq!(envelope["errors"][0]["code"], code, "{shown}: {envelope}");
    assert_eq!(output.status.code(), Some(exit), "{shown}: {envelope}");
    assert_eq!(envelope["success"], false);
    assert!(envelope["errors"][0]["message"].as_str().unwrap().len() > 10, "{envelope}");
}

#[test]
fn sentences_that_cannot_be() {
    let world = world();
    let _turn = world.turn();
    let before: Vec<u64> = ["ethereum", "base"].iter().map(|name| world.chain(name).nonce()).collect();
    let table: [(&[u8], i32, &str); 14] = [
        (b"swap 1 FOO to USDC on base", 18, "clarify.token"),
        (b"send 1 USDC to 0x70997970C51812dc3A010C7d01b50e0d17dc79c8 on base", 18, "clarify.checksum"),
        (b"send 1 USDC to 0x70997970C51812dc3A010C7d01b50e0d17 on base", 18, "clarify.address"),
        (b"send 0.0000001 USDC to alice on base", 20, "input.amount"),
        (b"send 0 USDC to alice on base", 20, "input.amount"),
        (b"send 115792089237316195423570985008687907853269984665640564039457584007913129639936 ETH to alice on base", 20, "input.amount"),
        (b"swap 1.000 ETH to USDC on base", 18, "clarify.number"),
        (b"send 99999999 USDC to alice on base", 21, "world.balance"),
        (b"send 1 USDC to vitalik.eth on base", 18, "clarify.to"),
        (b"", 20, "input.empty"),
        (b"   ", 20, "input.empty"),
        (b"send 1 \xff USDC to alice", 20, "input.utf8"),
        (&[b'a'; 100_000], 20, "input.too_long"),
        (b"swap 1 ETH to USDC on polygon", 18, "clarify.chain"),
    ];
    for (sentence, exit, code) in table {
        refused(world, sentence, exit, code);
    }
    let after: Vec<u64> = ["ethereum", "base"].iter().map(|name| world.chain(name).nonce()).collect();
    assert_eq!(before, after, "nothing was sent");
}

#[test]
fn drafts_that_this_world_lacks() {
    let world = world();
    let drafts = [
        r#"{"intent":"x","outcome":"plan","steps":[{"action":"wrap","amount":"1","asset":null,"chain":"base"}],"trigger":{"every":"1w","times":4},"sources":{}}"#,
        r#"{"intent":"x","outcome":"goal","asset":"USDC","amount":"10","horizon":null,"risk":null,"sources":{}}"#,
        r#"{"intent":"x","outcome":"answer","topic":"profit","asset":null,"chain":null,"protocol":null,"sources":{}}"#,
    ];
    for (number, draft) in drafts.iter().enumerate() {
        let file = world.home().join(format!("lacking-{number}.json"));
        std::fs::write(&file, draft).unwrap();
        let output = world.steward(&["plan", "--demo", "--json", "--draft", file.to_str().unwrap()]);
        let envelope = json(&output);
        assert_eq!(output.status.code(), Some(21), "{draft}: {envelope}");
        assert_eq!(envelope["errors"][0]["code"], "world.lacks", "{draft}: {envelope}");
    }
}

/// A home whose one network is `url`, said to be `chain_id` with `genesis`.
fn planned_on(world: &World, url: &str, chain_id: u64, genesis: &str) -> (Option<i32>, serde_json::Value) {
    let home = world.home().join(format!("home-{chain_id}-{}", genesis.get(2..8).unwrap()));
    std::fs::create_dir_all(home.join("config")).unwrap();
    let config = format!(
        "account = \"{}\"\n[[networks]]\nname = \"ethereum\"\nchain_id = {chain_id}\ngenesis = \"{genesis}\"\nendpoints = [\"{url}\"]\n[networks.addresses]\n{}",
        world.facts["wallet"].as_str().unwrap(),
        addresses(world),
    );
    std::fs::write(home.join("config/config.toml"), config).unwrap();
    let output = world
        .command()
        .env("STEWARD_HOME", &home)
        .args(["run", "--json", "--", "wrap 1 ETH on ethereum"])
        .output()
        .unwrap();
    (output.status.code(), json(&output))
}

fn addresses(world: &World) -> String {
    let chains = world.facts["chains"].as_array().unwrap();
    let roles =
        chains.iter().find(|chain| chain["name"] == "ethereum").unwrap()["addresses"].as_object().unwrap();
    roles.iter().map(|(role, address)| format!("\"{role}\" = {address}\n")).collect()
}

fn genesis<'a>(world: &'a World, name: &str) -> &'a str {
    let chains = world.facts["chains"].as_array().unwrap();
    chains.iter().find(|chain| chain["name"] == name).unwrap()["genesis"].as_str().unwrap()
}

#[test]
fn networks_that_are_not_what_they_say() {
    let world = world();
    let (ethereum, base) = (world.chain("ethereum"), world.chain("base"));
    let none = "0x1111111111111111111111111111111111111111111111111111111111111111";
    // Port 9 (discard): nothing listens.
    let cases = [
        ("http://127.0.0.1:9", 1, none, 5, "rpc.unreachable"),
        (base.url(), 1, genesis(world, "base"), 5, "rpc.wrong_chain"),
        (
            ethereum.url(),
            1,
            "0x2222221111111111111111111111111111111111111111111111111111111111",
            5,
            "rpc.wrong_genesis",
        ),
        (ethereum.url(), 1, genesis(world, "ethereum"), 2, "network.read_only"),
    ];
    for (url, chain_id, genesis, exit, code) in cases {
        let (got, envelope) = planned_on(world, url, chain_id, genesis);
        assert_eq!(envelope["errors"][0]["code"], code, "{envelope}");
        assert_eq!(got, Some(exit), "{envelope}");
    }
}

#[test]
fn a_named_account_never_signs_for_the_demo() {
    let output =
        world().steward(&["run", "--demo", "--json", "--account", "mine", "--", "wrap 1 ETH on base"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json(&output)["errors"][0]["code"], "usage.account");
}

#[test]
fn without_python_and_without_a_model_it_says_so() {
    let world = world();
    let home = world.home().join("no-model");
    std::fs::create_dir_all(&home).unwrap();
    let output = world
        .command()
        .env("STEWARD_HOME", &home)
        .env("XDG_CACHE_HOME", &home)
        .env("PATH", "/nowhere")
        .args(["draft", "swap 1 ETH to USDC on base"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(16), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("model."));
}

#[test]
fn two_never_execute_at_once() {
    let world = world();
    let _turn = world.turn();
    let planned = json(&world.steward(&["plan", "--demo", "--json", "--", "wrap 0.001 ETH on base"]));
    let id = planned["data"]["plan_id"].as_str().unwrap_or_else(|| panic!("{planned}"));
    let in_demo = std::fs::read_dir(world.home().join("data/demo")).unwrap();
    let mut journals = in_demo
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "db"));
    let lock = format!("{}.executor", journals.next().unwrap().display());
    let file = std::fs::File::create(lock).unwrap();
    file.lock().unwrap();
    let output = world.steward(&["run", "--demo", "--json", "--plan", id]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["errors"][0]["code"], "io.locked");
    file.unlock().unwrap();
    assert_eq!(world.steward(&["run", "--demo", "--json", "--plan", id]).status.code(), Some(0));
}
