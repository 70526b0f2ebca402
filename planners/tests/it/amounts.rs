//! A table of amounts from outside the repository; its folder is named by `STEWARD_TEST_DATA`.

use serde_json::Value;

use crate::model::read;

#[test]
fn the_table_of_amounts() {
    let Ok(folder) = std::env::var("STEWARD_TEST_DATA") else {
        eprintln!("not run: STEWARD_TEST_DATA does not name the folder with own/amounts.json");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/own/amounts.json")).expect("own/amounts.json");
    let table: Value = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    for case in table["cases"].as_array().unwrap() {
        let sentence = case["text"].as_str().unwrap();
        let asset =
            sentence.split_whitespace().find(|word| ["ETH", "WBTC", "DAI"].contains(word)).unwrap_or("USDC");
        // The line a model would write that trusts its first marker.
        let outcome = read(sentence, &format!("transfer #1 {asset} &1 -"));
        let amount = outcome["steps"][0]["amount"].as_str();
        let fine = match case["expect"].as_str().unwrap() {
            "exact" => amount == case["amount"].as_str(),
            "exact_or_ask" => amount.is_none() || amount == case["amount"].as_str(),
            _ => amount.is_none(),
        };
        if !fine {
            wrong.push(format!("{} {sentence:?}: {outcome}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
