//! `steward portfolio`, `halt`, `resume`, `tokens`, `completions`.

use crate::world::{json, world};

#[test]
fn the_portfolio_is_the_chains() {
    let world = world();
    let _turn = world.turn();
    let output = world.steward(&["portfolio", "--demo", "--json"]);
    let envelope = json(&output);
    assert_eq!(output.status.code(), Some(0), "{envelope}");
    let portfolios = envelope["data"]["portfolios"].as_array().unwrap();
    let chains = world.facts["chains"].as_array().unwrap();
    assert_eq!(portfolios.len(), chains.len(), "every network is there: {}", envelope["data"]["unknown"]);
    for portfolio in portfolios {
        let name = portfolio["name"].as_str().unwrap();
        let chain = world.chain(name);
        let usdc =
            portfolio["balances"].as_array().unwrap().iter().find(|held| held["symbol"] == "USDC").unwrap();
        assert_eq!(usdc["raw"], chain.token("usdc", chain.account).to_string(), "{name}");
    }
    let text = world.steward(&["portfolio", "--demo"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("ethereum at block") && text.contains("holds"), "{text}");
}

#[test]
fn a_halt_stops_signing_until_a_person_resumes() {
    let world = world();
    let _turn = world.turn();
    let chain = world.chain("base");
    let nonce = chain.nonce();
    let halted = world.steward(&["halt", "--level", "pause", "--because", "a test", "--demo", "--json"]);
    assert_eq!(halted.status.code(), Some(0), "{}", json(&halted));
    let (exit, envelope) = world.run("wrap 1 ETH on base");
    // Lifted before anything is asserted: other tests sign, too.
    let resumed = world.steward(&["resume", "--demo", "--json"]);
    assert_eq!(exit, 14, "{envelope}");
    assert_eq!(envelope["errors"][0]["code"], "halted");
    assert_eq!(chain.nonce(), nonce, "nothing was sent");
    assert_eq!(resumed.status.code(), Some(0), "{}", json(&resumed));
    let (exit, envelope) = world.run("wrap 1 ETH on base");
    assert_eq!(exit, 0, "{envelope}");
}

#[test]
fn a_symbol_names_a_token_on_each_network() {
    let world = world();
    let output = world.steward(&["tokens", "resolve", "usdc", "--demo", "--json"]);
    let envelope = json(&output);
    assert_eq!(output.status.code(), Some(0), "{envelope}");
    let tokens = envelope["data"]["tokens"].as_array().unwrap();
    let base =
        tokens.iter().find(|token| token["chain"] == "eip155:8453" && token["symbol"] == "USDC").unwrap();
    assert_eq!(base["asset"], format!("eip155:8453/erc20:{}", world.chain("base").at("usdc")));
    assert_eq!(base["decimals"], 6);
    let unknown = world.steward(&["tokens", "resolve", "NOSUCH", "--demo", "--json"]);
    assert_eq!(unknown.status.code(), Some(18));
    assert_eq!(json(&unknown)["errors"][0]["code"], "clarify.token");
}

#[test]
fn completions_are_scripts() {
    let world = world();
    for shell in ["bash", "zsh", "fish"] {
        let output = world.steward(&["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("portfolio") && script.contains("steward"), "{shell}");
    }
    assert_eq!(world.steward(&["completions", "cmd"]).status.code(), Some(2));
    assert_eq!(world.steward(&["demo", "--session", "../x"]).status.code(), Some(2));
}
