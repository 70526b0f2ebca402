//! From a sentence's lines to a plan: every action of the language grounds, or is refused with the step's number.

use agent_core::Exit;
use agent_core::draft::Outcome;

use crate::model::draft_of;
use crate::world::{BASE, World};

/// Sentence, the model's lines, the plan's steps or the refusal's code.
const TABLE: [(&str, &str, &[&str]); 26] = [
    ("send 5 USDC to alice on base", "transfer #1 USDC &1 base", &["transfer 5 USDC base"]),
    (
        "swap 0.5 ETH to USDC on arbitrum",
        "swap #1 ETH USDC sell arbitrum - -",
        &["swap 0.5 ETH USDC arbitrum"],
    ),
    ("buy 100 USDC with ETH on base", "swap #1 ETH USDC buy base - -", &["swap 100 USDC USDC base"]),
    ("bridge 100 USDC to base", "bridge #1 USDC - base -", &["bridge 100 USDC USDC arbitrum base"]),
    ("wrap 1 ETH on base", "wrap #1 - base", &["wrap 1 ETH WETH base"]),
    ("wrap 1 stETH", "wrap #1 stETH -", &["wrap 1 stETH wstETH ethereum"]),
    (
        "stake 1 ETH and wrap the stETH",
        "stake #1 ETH - -\nwrap @1 - -",
        &["stake 1 ETH stETH ethereum", "wrap @1 stETH wstETH ethereum"],
    ),
    ("unwrap all my wstETH", "unwrap #1 - -", &["unwrap all-0 wstETH stETH ethereum"]),
    ("unwrap 1 WETH on base", "unwrap #1 - base", &["unwrap 1 WETH ETH base"]),
    ("lend 100 USDC on aave on base", "supply #1 USDC base aave", &["supply 100 USDC base"]),
    ("withdraw 50 USDC from aave on base", "withdraw #1 USDC base aave", &["withdraw 50 USDC USDC base"]),
    ("borrow 50 DAI from aave on base", "borrow #1 DAI base aave", &["borrow 50 DAI DAI base"]),
    ("repay 50 DAI to aave on base", "repay #1 DAI base aave", &["repay 50 DAI base"]),
    ("use my USDC as collateral on aave on base", "collateral USDC on base aave", &["collateral base"]),
    ("stop using my USDC as collateral on base", "collateral USDC off base -", &["collateral base"]),
    ("stake 1 ETH with lido", "stake #1 ETH - lido", &["stake 1 ETH stETH ethereum"]),
    ("unstake 1 stETH", "unstake #1 stETH - -", &["21 world.lacks"]),
    ("claim my rewards on base", "claim - base", &["21 world.nothing_to_claim"]),
    (
        "add 1 ETH and 2600 USDC to a pool on base",
        "add_liquidity #1 ETH #2 USDC - - - base -",
        &["wrap 1 ETH WETH base", "add_liquidity @1 WETH base"],
    ),
    (
        "remove all liquidity of position 7 on base",
        "remove_liquidity #1 - - #2 base -",
        &["21 world.no_position"],
    ),
    ("revoke the USDC allowance on base", "revoke USDC - base", &["revoke base"]),
    ("revoke all approvals on base", "revoke - - base", &["revoke base"]),
    (
        "rebalance to 50% ETH and 50% USDC on base",
        "rebalance base ETH #1 USDC #2",
        &["swap 0.442207692307692307 ETH USDC base"],
    ),
    ("vote for proposal 4 in aave", "vote #1 for aave -", &["vote ethereum"]),
    ("delegate my ARB to alice", "delegate ARB &1 -", &["delegate arbitrum"]),
    (
        "swap 0.1 ETH to USDC on base and lend it on aave",
        "swap #1 ETH USDC sell base - -\nsupply @1 USDC - aave",
        &["swap 0.1 ETH USDC base", "supply @1 USDC base"],
    ),
];

#[test]
fn each_action_from_its_line() {
    let mut world = World::usual();
    let dai = world.amount(BASE, "DAI", "100");
    world.hold(&dai);
    for (sentence, lines, expected) in TABLE {
        let draft = draft_of(sentence.as_bytes(), lines);
        assert!(matches!(draft.outcome, Outcome::Plan { .. }), "{sentence}: {:?}", draft.outcome);
        match world.ground(draft, false) {
            Ok(plan) => {
                let words: Vec<String> =
                    world.words(&plan).iter().map(|line| line.trim_start_matches("+ ").to_owned()).collect();
                assert_eq!(words, expected, "{sentence}");
            }
            Err(refusal) => {
                assert_eq!(refusal.exit, Exit::NotPossible, "{sentence}: {}", refusal.message);
                assert_eq!([format!("21 {}", refusal.code)], expected, "{sentence}");
                assert!(refusal.message.starts_with("step 1: "), "{sentence}: {}", refusal.message);
            }
        }
    }
}
