//! Drafts that come as JSON.

use planners::parse_draft_json;
use serde_json::{Value, json};

const TO: &str = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";

fn plan(steps: Value) -> String {
    json!({"intent":"x","outcome":"plan","steps":steps}).to_string()
}

fn code(text: &str) -> String {
    parse_draft_json(text).map(|draft| format!("accepted {draft:?}")).unwrap_or_else(|error| error.code)
}

#[test]
fn each_action_is_read() {
    let steps = json!([
        {"action":"swap","sell":"ETH","buy":"USDC","amount":"50%","side":"sell","chain":"base","max_slippage_bps":50},
        {"action":"supply","asset":"USDC","amount":"25%@1","chain":"base","protocol":"aave"},
        {"action":"transfer","asset":"USDC","amount":"@1","to":TO,"chain":null},
        {"action":"add_liquidity","pair":["ETH","USDC"],"amounts":["1",null],"fee_bps":5,"range":["2600","3600"]},
        {"action":"remove_liquidity","amount":"1/3","position":"5","pair":null},
        {"action":"transfer","asset":"USDC","amount":"@5:USDC","to":"alice"},
        {"action":"rebalance","targets":{"ETH":"60%","USDC":"40%"}},
        {"action":"collateral","asset":"DAI","use":true}
    ]);
    let text = json!({"outcome":"plan","steps":steps,"trigger":{"every":"2w","times":4}}).to_string();
    assert!(parse_draft_json(&text).is_ok(), "{:?}", parse_draft_json(&text));
    for trigger in [
        json!({"at":"2026-12-01T09:00:00Z"}),
        json!({"when":{"metric":"price","asset":"ETH","op":"<","value":"2500"},"repeat":true}),
        json!(null),
    ] {
        let text = json!({"outcome":"plan","steps":[{"action":"claim"}],"trigger":trigger}).to_string();
        assert!(parse_draft_json(&text).is_ok(), "{text}");
    }
}

#[test]
fn what_has_not_its_form_is_refused() {
    let transfer = |amount: &str| plan(json!([{"action":"transfer","asset":"USDC","amount":amount,"to":TO}]));
    assert!(parse_draft_json(&transfer("1250.75")).is_ok(), "the control");
    for amount in [
        "1.50", "01", "1e3", "1,000", ".5", "5.", "", "all-", "$", "$1.0", "+5", " 5", "5 ", "5%%", "2/4",
        "1/0", "@0", "@x", "@01", "14d", "0x5", "∞",
    ] {
        assert_eq!(code(&transfer(amount)), "input.draft", "{amount}");
    }
    for text in [
        "".to_owned(), "[]".to_owned(), "{}".to_owned(), "null".to_owned(), "{\"outcome\":\"plan\"}".to_owned(), "{\"outcome\":\"drain\"}".to_owned(),
        plan(json!([])), plan(json!([{}])), plan(json!([{"action":"drain"}])), plan(json!([{"action":"claim","amuont":"5"}])),
        plan(json!([{"action":"transfer","asset":"USDC","amount":5,"to":TO}])), plan(json!([{"action":"transfer","asset":"USDC","amount":"5"}])),
        plan(json!([{"action":"transfer","asset":["USDC"],"amount":"5","to":TO}])),
        plan(json!([{"action":"swap","sell":"ETH","buy":"USDC","amount":"5","side":"both"}])),
        plan(Value::Array(vec![json!({"action":"claim"}); 9])),
        json!({"outcome":"plan","steps":[{"action":"claim"}],"trigger":{"every":"14d"}}).to_string(),
        json!({"outcome":"plan","steps":[{"action":"claim"}],"trigger":{"every":"1w","evil":1}}).to_string(),
        json!({"outcome":"plan","steps":[{"action":"claim"}],"autonomy":"full"}).to_string(),
        json!({"intent":"hi","outcome":"plan","steps":[{"action":"claim","chain":"base"}],"sources":{"/steps/0/chain":{"span":[0,99],"turn":0}}}).to_string(),
        json!({"intent":"hi","outcome":"plan","steps":[{"action":"claim","chain":"base"}],"sources":{"/steps/7/chain":{"span":[0,2],"turn":0}}}).to_string(),
        format!("{}1{}", "[".repeat(5000), "]".repeat(5000)), "x".repeat(300_000),
    ] {
        assert_eq!(code(&text), "input.draft", "{}", text.chars().take(200).collect::<String>());
    }
}

#[test]
fn a_step_takes_from_earlier_ones_only() {
    let swap = json!({"action":"swap","sell":"ETH","buy":"USDC","amount":"1","side":"sell"});
    let supply = |amount: &str| json!({"action":"supply","asset":"USDC","amount":amount});
    assert!(parse_draft_json(&plan(json!([swap, supply("@1")]))).is_ok(), "the control");
    for steps in [
        json!([supply("@1")]),
        json!([swap, supply("@2")]),
        json!([swap, supply("@3")]),
        json!([supply("@2"), swap]),
        json!([supply("1"), supply("@1")]),
    ] {
        assert_eq!(code(&plan(steps.clone())), "input.draft", "{steps}");
    }
}

#[test]
fn values_that_can_never_be() {
    let transfer =
        |amount: &str, to: &str| plan(json!([{"action":"transfer","asset":"USDC","amount":amount,"to":to}]));
    for amount in ["0", "$0", "0%", "101%", "1.0000001", &"9".repeat(75)] {
        assert_eq!(code(&transfer(amount, TO)), "input.amount", "{amount}");
    }
    assert_eq!(code(&transfer("5", "0x1234")), "clarify.address");
    assert_eq!(code(&transfer("5", &TO.replace("d8dA", "D8dA"))), "clarify.checksum");
    assert_eq!(code(&transfer("5", "al\u{202e}ice")), "clarify.address");
    assert_eq!(
        code(&plan(json!([{"action":"rebalance","targets":{"ETH":"60%","USDC":"41%"}}]))),
        "clarify.number"
    );
}
