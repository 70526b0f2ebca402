//! A table of drafts, each against the chains themselves: what settles moves what it says, what is refused moves nothing.

use alloy::primitives::U256;
use serde_json::Value;

use crate::world::{World, json};

const TABLE: &str = include_str!("drafts.table");
const CHAINS: [&str; 4] = ["ethereum", "base", "arbitrum", "optimism"];

/// One line for one chain.
struct Case {
    line: usize,
    exit: i32,
    /// Empty where it settles.
    code: String,
    changes: Vec<(String, String, String)>,
    steps: String,
}

fn cases(world: &World) -> Vec<Case> {
    let lines = TABLE.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut cases = Vec::new();
    for (at, line) in lines {
        let parts: Vec<&str> = line.splitn(4, '|').map(str::trim).collect();
        let [chains, exit, changes, steps] = parts[..] else { panic!("line {}: {line}", at + 1) };
        let chains: Vec<&str> = if chains == "all" { CHAINS.to_vec() } else { vec![chains] };
        for chain in chains {
            let place = CHAINS.iter().position(|name| *name == chain).unwrap();
            let next = CHAINS[(place + 1) % CHAINS.len()];
            let fill = |text: &str| text.replace("{c}", chain).replace("{next}", next);
            let (exit, code) = exit.split_once(':').unwrap_or((exit, ""));
            let parse = |change: &str| {
                let words: Vec<String> = fill(change).split_whitespace().map(str::to_owned).collect();
                let [chain, role, amount] = &words[..] else { panic!("line {}: {change}", at + 1) };
                (chain.clone(), role.clone(), amount.clone())
            };
            let changes = changes.split(';').map(str::trim).filter(|change| !change.is_empty()).map(parse);
            cases.push(Case {
                line: at + 1,
                exit: exit.parse().unwrap(),
                code: code.to_owned(),
                changes: changes.collect(),
                steps: world.known(chain, &fill(steps)),
            });
        }
    }
    cases
}

impl World {
    /// What only this world knows: its proposals and its debtor.
    fn known(&self, chain: &str, steps: &str) -> String {
        let chains = self.facts["chains"].as_array().unwrap();
        let facts = chains.iter().find(|facts| facts["name"] == chain).unwrap();
        let proposal = facts["proposals"][0]["id"].as_str().unwrap_or_default();
        let debtor = facts["addresses"]["demo.debtor"].as_str().unwrap_or_default();
        steps.replace("{proposal}", proposal).replace("{debtor}", debtor)
    }

    fn holds(&self, chain: &str, role: &str) -> U256 {
        let chain = self.chain(chain);
        if role == "eth" { chain.ether(chain.account) } else { chain.token(role, chain.account) }
    }

    fn nonces(&self) -> Vec<u64> {
        CHAINS.iter().map(|name| self.chain(name).nonce()).collect()
    }

    fn draft(&self, case: &Case) -> (i32, Value) {
        let steps =
            if case.steps.starts_with('[') { case.steps.clone() } else { format!("[{}]", case.steps) };
        let draft = format!(
            r#"{{"intent":"line {}","outcome":"plan","steps":{steps},"trigger":null,"sources":{{}}}}"#,
            case.line
        );
        let file = self.home().join("case.json");
        std::fs::write(&file, draft).unwrap();
        let planned = self.steward(&["plan", "--demo", "--json", "--draft", file.to_str().unwrap()]);
        let envelope = json(&planned);
        if planned.status.code() != Some(0) {
            return (planned.status.code().unwrap_or(-1), envelope);
        }
        let id = envelope["data"]["plan_id"].as_str().unwrap().to_owned();
        let run = self.steward(&["run", "--demo", "--json", "--plan", &id]);
        (run.status.code().unwrap_or(-1), json(&run))
    }
}

/// `+25` and `-0.5` are exact, `+`, `-` and `0` say the direction.
fn moved_as_said(before: U256, after: U256, said: &str, decimals: u8) -> bool {
    let (sign, exact) = said.split_at(1);
    let by = if after >= before { after - before } else { before - after };
    let right = match sign {
        "+" => after > before,
        "-" => after < before,
        _ => after == before,
    };
    let wanted = || alloy::primitives::utils::parse_units(exact, decimals).unwrap().get_absolute();
    right && (sign == "0" || exact.is_empty() || by == wanted())
}

fn decimals(role: &str) -> u8 {
    match role.rsplit('.').next().unwrap() {
        "usdc" | "usdt" | "usdce" => 6,
        "wbtc" => 8,
        _ => 18,
    }
}

fn check(world: &World, case: &Case) -> Result<(), String> {
    let held = |(chain, role, _): &(String, String, String)| world.holds(chain, role);
    let before: Vec<U256> = case.changes.iter().map(held).collect();
    let nonces = world.nonces();
    let (exit, envelope) = world.draft(case);
    let code = envelope["errors"][0]["code"].as_str().unwrap_or_default();
    if exit != case.exit || code != case.code {
        return Err(format!("exit {exit} {code}: {}", envelope["errors"]));
    }
    if exit != 0 {
        let message = envelope["errors"][0]["message"].as_str().unwrap_or_default();
        let sent = world.nonces() != nonces;
        return if sent || message.len() < 12 { Err(format!("sent: {sent}, {message}")) } else { Ok(()) };
    }
    if envelope["data"]["settled"]["as_promised"] != true {
        return Err(envelope["data"]["settled"].to_string());
    }
    for (change, before) in case.changes.iter().zip(before) {
        let (after, (chain, role, said)) = (held(change), change);
        if !moved_as_said(before, after, said, decimals(role)) {
            return Err(format!("{chain} {role} went from {before} to {after}, not {said}"));
        }
    }
    Ok(())
}

#[test]
fn every_action_on_every_chain_and_every_refusal() {
    let world = crate::world::fresh("drafts");
    let _turn = world.turn();
    let cases = cases(&world);
    assert!(cases.len() >= 120, "{}", cases.len());
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let error = check(&world, case).err()?;
            Some(format!("line {}: {}\n  {error}", case.line, case.steps))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {}\n{}", failed.len(), cases.len(), failed.join("\n"));
}

#[test]
fn the_table_would_see_a_wrong_amount() {
    let (before, after) = (U256::from(100), U256::from(75));
    assert!(moved_as_said(before, after, "-0.000025", 6));
    assert!(!moved_as_said(before, after, "-0.000024", 6));
    assert!(!moved_as_said(before, after, "+0.000025", 6));
    assert!(moved_as_said(before, after, "-", 6) && !moved_as_said(before, after, "0", 6));
    assert!(!moved_as_said(before, before, "-", 6));
}
