//! Triggers: rhythms, moments, conditions. The clock is Tuesday 2026-11-24, 10:30 UTC.

use serde_json::{Value, json};

use crate::model::read;

fn trigger(sentence: &str, lines: &str) -> Value {
    let outcome = read(sentence, lines);
    assert_eq!(outcome["outcome"], "plan", "{sentence}: {outcome}");
    outcome["trigger"].clone()
}

#[test]
fn rhythms() {
    let buy = "swap #1 USDC ETH sell - - -\n";
    for (sentence, line, expected) in [
        ("buy $50 of ETH with USDC every week", "every ~1 - - -", json!({"every":"1w","times":null})),
        (
            "buy $50 of ETH with USDC every 14 days, 4 times",
            "every ~1 #2 - -",
            json!({"every":"2w","times":4}),
        ),
        ("buy $50 of ETH with USDC daily", "every ~1 - - -", json!({"every":"1d","times":null})),
        ("buy $50 of ETH with USDC every other day", "every ~1 - - -", json!({"every":"2d","times":null})),
        (
            "buy $50 of ETH with USDC every Monday at 9",
            "every ~1 - - -",
            json!({"every":"1w","times":null,"from":"2026-11-30T09:00:00Z"}),
        ),
        (
            "buy $50 of ETH with USDC every day at 9am",
            "every ~1 - - -",
            json!({"every":"1d","times":null,"from":"2026-11-25T09:00:00Z"}),
        ),
        (
            "buy $50 of ETH with USDC every week for 4 weeks",
            "every ~1 - - ~2",
            json!({"every":"1w","times":null,"until":"2026-12-22T10:30:00Z"}),
        ),
        (
            "buy $50 of ETH with USDC every week from December 1 until 2027-01-15",
            "every ~1 - ~2 ~3",
            json!({"every":"1w","times":null,"from":"2026-12-01T00:00:00Z","until":"2027-01-15T00:00:00Z"}),
        ),
    ] {
        assert_eq!(trigger(sentence, &format!("{buy}{line}")), expected, "{sentence}");
    }
}

#[test]
fn moments() {
    for (words, at) in [
        ("tomorrow at 9", "2026-11-25T09:00:00Z"),
        ("tomorrow at 9:30 pm", "2026-11-25T21:30:00Z"),
        ("today at 17:00", "2026-11-24T17:00:00Z"),
        ("at 5pm", "2026-11-24T17:00:00Z"),
        ("at 9am", "2026-11-25T09:00:00Z"),
        ("on friday", "2026-11-27T00:00:00Z"),
        ("next friday at noon", "2026-11-27T12:00:00Z"),
        ("in 2 hours", "2026-11-24T12:30:00Z"),
        ("in half an hour", "2026-11-24T11:00:00Z"),
        ("in a week", "2026-12-01T10:30:00Z"),
        ("on 1 December at 9", "2026-12-01T09:00:00Z"),
        ("on Dec 1st, 2026 at 9am", "2026-12-01T09:00:00Z"),
        ("at 2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
    ] {
        assert_eq!(
            trigger(&format!("send 5 USDC to alice {words}"), "transfer #1 USDC &1 -\nat ~1"),
            json!({"at":at}),
            "{words}"
        );
    }
    // What lies behind, or says no hour, is asked about.
    for words in ["today at 9", "tonight", "on 2026-01-01"] {
        let outcome = read(&format!("send 5 USDC to alice {words}"), "transfer #1 USDC &1 -\nat ~1");
        assert_eq!(
            (&outcome["outcome"], &outcome["missing"]),
            (&json!("clarify"), &json!(["trigger"])),
            "{words}"
        );
    }
}

#[test]
fn conditions() {
    let sell = "swap #1 ETH USDC sell - - -\n";
    let repay = "repay #1 DAI - -\n";
    for (sentence, lines, expected) in [
        (
            "sell 1 ETH for USDC when the price drops under $2.5k",
            format!("{sell}when price ETH < #2 once"),
            json!({"metric":"price","asset":"ETH","op":"<","value":"2500"}),
        ),
        (
            "sell 1 ETH for USDC if ETH hits 5000",
            format!("{sell}when price ETH crosses #2 once"),
            json!({"metric":"price","asset":"ETH","op":"crosses","value":"5000"}),
        ),
        (
            "sell 1 ETH for USDC with a trailing stop of 5%",
            format!("{sell}when price ETH trailing #2 once"),
            json!({"metric":"price","asset":"ETH","op":"trailing","value":"5%"}),
        ),
        (
            "repay 100 DAI if my health factor on aave falls below 1.5",
            format!("{repay}when health_factor - < #2 once"),
            json!({"metric":"health_factor","asset":null,"op":"<","value":"1.5","protocol":"aave"}),
        ),
        (
            "swap 1 ETH to USDC when gas is below 20 gwei",
            format!("{sell}when gas_price - < #2 once"),
            json!({"metric":"gas_price","asset":null,"op":"<","value":"20"}),
        ),
    ] {
        assert_eq!(trigger(sentence, &lines)["when"], expected, "{sentence}");
    }
    let again = trigger(
        "repay 100 DAI whenever my health factor falls below 1.5",
        &format!("{repay}when health_factor - < #2 always"),
    );
    assert_eq!(again["repeat"], true);
}

#[test]
fn a_condition_without_its_value_or_against_its_words_is_asked_about() {
    for (sentence, line) in [
        ("sell 1 ETH for USDC when the price drops", "when price ETH < ? once"),
        ("sell 1 ETH for USDC when the price rises above 5000", "when price ETH < #2 once"),
        ("sell 1 ETH for USDC when the price drops below 50 bps", "when price ETH < #2 once"),
        ("repay 1 ETH for USDC when it falls to 2", "when health_factor - < #2 once"),
        ("sell 1 ETH for USDC once the price is below 9", "when price ETH < #2 always"),
    ] {
        let outcome = read(sentence, &format!("swap #1 ETH USDC sell - - -\n{line}"));
        assert_eq!(
            (&outcome["outcome"], &outcome["missing"]),
            (&json!("clarify"), &json!(["trigger"])),
            "{sentence}: {outcome}"
        );
    }
}
