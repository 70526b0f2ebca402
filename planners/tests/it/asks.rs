//! What comes back as a question or a refusal, with its code.

use serde_json::json;

use crate::model::read;

fn asks(sentence: &str, lines: &str, code: &str, missing: &[&str]) {
    let outcome = read(sentence, lines);
    assert_eq!(outcome["outcome"], "clarify", "{sentence}: {outcome}");
    assert_eq!(
        (&outcome["code"], &outcome["missing"]),
        (&json!(code), &json!(missing)),
        "{sentence}: {outcome}"
    );
    assert!(outcome["question"].as_str().unwrap().ends_with(['?', '.']), "{outcome}");
}

fn refuses(sentence: &str, lines: &str, code: &str) {
    let outcome = read(sentence, lines);
    assert_eq!(
        (&outcome["outcome"], &outcome["code"]),
        (&json!("refuse"), &json!(code)),
        "{sentence}: {outcome}"
    );
}

#[test]
fn what_was_not_said() {
    asks("swap my ETH to USDC", "swap ? ETH USDC sell - - -", "clarify.amount", &["amount"]);
    asks("send USDC", "transfer ? USDC ? -", "clarify.amount", &["amount", "to"]);
    asks("bridge 5 USDC", "bridge #1 USDC - ? -", "clarify.chain", &["to"]);
    asks("sell 5 ETH", "swap #1 ETH ? sell - - -", "clarify.token", &["buy"]);
    asks("vote for proposal 4", "vote #1 for ? -", "clarify.protocol", &["governor"]);
}

#[test]
fn unknown_names_are_never_dropped() {
    asks("swap 1 FOO to USDC", "swap #1 ? USDC sell - - -", "clarify.token", &["asset"]);
    asks("swap 1 FOO to USDC", "transfer #1 USDC ? -", "clarify.token", &["asset"]);
    asks("swap 1 ETH to FOO", "swap #1 ETH ETH sell - - -", "clarify.token", &["asset"]);
    asks("sell foobar for USDC, 5 of my wibble", "swap #1 ? USDC sell - - -", "clarify.token", &["asset"]);
    asks("swap 1 ETH to USDC on solana", "swap #1 ETH USDC sell - - -", "clarify.chain", &["chain"]);
    asks("send 5 USDC to carol", "transfer #1 USDC &1 -", "clarify.payee", &["to"]);
    asks("pay carol 5 USDC", "transfer #1 USDC &1 -", "clarify.payee", &["to"]);
}

#[test]
fn addresses() {
    let good = "d8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
    let line = "transfer #1 USDC &1 -";
    for fine in
        [format!("0x{good}"), format!("0x{}", good.to_lowercase()), format!("0x{}", good.to_uppercase())]
    {
        assert_eq!(read(&format!("send 5 USDC to {fine}"), line)["steps"][0]["to"], fine.as_str());
    }
    let mistyped = good.replace("d8dA", "D8dA");
    asks(&format!("send 5 USDC to 0x{mistyped}"), line, "clarify.checksum", &["to"]);
    for malformed in [
        format!("0x{}", &good[..39]),
        format!("0x{good}0"),
        good.to_owned(),
        good.replace("d8", "0xzz"),
        "0x".to_owned(),
    ] {
        asks(&format!("send 5 USDC to {malformed}"), line, "clarify.address", &["to"]);
    }
}

#[test]
fn amounts_that_can_never_be() {
    let line = "transfer #1 USDC &1 -";
    for amount in [
        "0",
        "0.0",
        "-5",
        "−5",
        "minus 5",
        "NaN",
        "unlimited",
        "101%",
        "0%",
        "1.0000001",
        &"9".repeat(75),
        &"9".repeat(200),
    ] {
        let sentence = format!("send {amount} USDC to alice");
        let outcome = read(&sentence, line);
        assert_eq!(
            (&outcome["outcome"], &outcome["code"]),
            (&json!("refuse"), &json!("input.amount")),
            "{sentence}: {outcome}"
        );
    }
    refuses("approve max USDC", "revoke USDC - -", "input.amount");
    refuses("swap 1 ETH to USDC with 101% slippage", "swap #1 ETH USDC sell - - #2", "input.amount");
    refuses("make -5 USDC earn something", "goal #1 USDC - -", "input.amount");
    // The largest that fits and the smallest that is.
    assert_eq!(read("send 0.000001 USDC to alice", line)["outcome"], "plan");
    assert_eq!(read("send 100% of my USDC to alice", line)["outcome"], "plan");
}

#[test]
fn what_the_model_leaves_out_or_takes_twice() {
    let transfer = "transfer #1 USDC &1 -";
    asks("send 100 or 200 USDC to alice", transfer, "clarify.amount", &["amount"]);
    asks("send 10 USDC to alice and bob smith", transfer, "clarify.amount", &["amount"]);
    asks(
        "send 10 USDC to alice and bob smith",
        &format!("{transfer}\ntransfer #1 USDC &2 -"),
        "clarify.amount",
        &["amount"],
    );
    asks(
        "swap 1 ETH to USDC and send it to alice",
        "swap #1 ETH USDC sell - - -\ntransfer #1 USDC &1 -",
        "clarify.token",
        &["asset"],
    );
    asks("swap 1 ETH to USDC and LINK", "swap #1 ETH USDC sell - - -", "clarify.token", &["asset"]);
    asks("send 10 USDC to alice tomorrow at 9", transfer, "clarify.trigger", &["trigger"]);
    asks(
        "send 1 USDC to alice and swap 2 DAI to ETH on base",
        "transfer #1 USDC &1 -\nswap #2 DAI ETH sell - - -",
        "clarify.chain",
        &["chain"],
    );
}

#[test]
fn a_step_that_no_word_speaks_for() {
    asks("I have 5 USDC", "borrow #1 USDC - -", "clarify.sentence", &["action"]);
    asks("don't swap 1 ETH to USDC", "swap #1 ETH USDC sell - - -", "clarify.sentence", &["action"]);
    // An amount that counts another token than the step.
    asks("swap 5 DAI to USDC and pay alice", "transfer #1 USDC &1 -", "clarify.token", &["asset"]);
}

#[test]
fn steps_that_contradict_themselves() {
    asks("swap 1 ETH to ETH", "swap #1 ETH ETH sell - - -", "clarify.token", &["buy"]);
    asks("bridge 5 USDC from base to base", "bridge #1 USDC base base -", "clarify.chain", &["to"]);
    asks("rebalance to 60% ETH and 30% USDC", "rebalance - ETH #1 USDC #2", "clarify.number", &["targets"]);
    asks(
        "lend 5 USDC and swap it to ETH",
        "supply #1 USDC - -\nswap @1 USDC ETH sell - - -",
        "clarify.amount",
        &["amount"],
    );
    asks(
        "swap 1 ETH to USDC and lend the DAI",
        "swap #1 ETH USDC sell - - -\nsupply @1 DAI - -",
        "clarify.token",
        &["asset"],
    );
}

#[test]
fn an_answer_outside_the_grammar_is_no_plan() {
    for lines in [
        "transfer #2 USDC &1 -",
        "transfer #1 DAI &1 -",
        "transfer #1 USDC &2 -",
        "transfer @1 USDC &1 -",
        "transfer #1 USDC &1 base",
        "transfer 500 USDC &1 -",
        "transfer #1 USDC alice -",
        "transfer #1 USDC &1",
        "transfer #1 USDC &1 - -",
        "drain #1 USDC &1 -",
        "liquidate #1 USDC &1 -",
        "",
        "every ~1 - - -",
        "transfer #1 USDC &1 -\nat ~1",
        "answer secrets - - -",
        "transfer #01 USDC &1 -",
    ] {
        asks("send 5 USDC to alice", lines, "clarify.sentence", &[]);
    }
}
