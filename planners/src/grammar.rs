//! The grammar of one sentence, as Lark text for llguidance: only markers that exist, only names that were said. A
//! value that the user did not say cannot be generated.

use std::collections::BTreeSet;

use crate::lexer::{Kind, Lexed};

/// The most steps of one plan.
pub(crate) const STEPS_MAX: usize = 8;

/// Alternatives of one rule, quoted.
fn any_of<I: IntoIterator<Item = String>>(items: I) -> String {
    items.into_iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(" | ")
}

fn markers(sign: char, count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(move |k| format!("{sign}{k}"))
}

pub fn grammar(lexed: &Lexed) -> String {
    let (mut assets, mut chains, mut protocols) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut amounts, mut payees, mut times) = (0usize, 0usize, 0usize);
    let mut wraps = false;
    for token in &lexed.tokens {
        match &token.kind {
            Kind::Name(name) => {
                assets.extend(name.asset.map(|asset| asset.symbol.to_owned()));
                chains.extend(name.chain.map(str::to_owned));
                protocols.extend(name.protocol.map(str::to_owned));
            }
            Kind::Word(word) => wraps |= word.starts_with("wrap"),
            Kind::Amount { .. } => amounts = amounts.saturating_add(1),
            Kind::Payee(_) => payees = payees.saturating_add(1),
            Kind::Time(_) => times = times.saturating_add(1),
            Kind::Break | Kind::Quoted | Kind::Unknown(_) => {}
        }
    }
    // What "wrap" yields is named by the verb.
    if wraps && assets.contains("ETH") {
        assets.insert("WETH".to_owned());
    }
    let dash = || std::iter::once("-".to_owned());
    let ask = || std::iter::once("?".to_owned());
    let or_dash = |names: &BTreeSet<String>| any_of(names.iter().cloned().chain(dash()));
    let number = any_of(markers('#', amounts));
    let share = if amounts == 0 { String::new() } else { format!(" | ({number}) YIELD") };
    let rules = [
        format!("first: {}", steps("first_amount")),
        format!("step: {}", steps("amount")),
        format!("first_amount: {}", any_of(markers('#', amounts).chain(ask()))),
        format!("amount: first_amount | YIELD{share}"),
        format!("maybe_amount: {}", any_of(markers('#', amounts).chain(dash()))),
        format!("number: {}", any_of(markers('#', amounts).chain(ask()))),
        format!("asset: {}", any_of(assets.iter().cloned().chain(ask()))),
        format!("maybe_asset: {}", or_dash(&assets)),
        format!("chain: {}", or_dash(&chains)),
        format!("destination: {}", any_of(chains.iter().cloned().chain(ask()))),
        format!("proto: {}", or_dash(&protocols)),
        format!("payee: {}", any_of(markers('&', payees).chain(ask()))),
        format!("spender: {}", any_of(protocols.iter().cloned().chain(markers('&', payees)).chain(dash()))),
        format!("governor: {}", any_of(protocols.iter().cloned().chain(markers('&', payees)).chain(ask()))),
        format!("maybe_time: {}", any_of(markers('~', times).chain(dash()))),
    ];
    let timed = if times == 0 { String::new() } else { TIMED.replace("TIME", &any_of(markers('~', times))) };
    let (targets, rebalance) = match amounts {
        0 => (String::new(), ""),
        _ => (format!("target: asset \" \" ({number})\n"), REBALANCE),
    };
    format!("{WHOLE}{timed}{WHEN}\n{targets}YIELD: /@[1-7]/\n{}\n", rules.join("\n"))
        .replace("REBALANCE", rebalance)
        .replace("TIMED_OR", if times == 0 { "" } else { "timed | " })
}

const WHOLE: &str = r#"start: plan | answer | control | goal | refuse
plan: first ("\n" step){0,7} ("\n" trigger)?
trigger: TIMED_ORwhen
answer: "answer " ("balance" | "price" | "positions" | "gas" | "history" | "health" | "approvals" | "apy" | "profit" | "limits" | "plans" | "explain" | "help") " " maybe_asset " " chain " " proto
control: "control " ("cancel" | "pause" | "resume" | "speed_up" | "undo" | "repeat")
goal: "goal " maybe_amount " " maybe_asset " " maybe_time " " ("low" | "medium" | "high" | "-")
refuse: "refuse " ("scope" | "rules")
"#;

const TIMED: &str = r#"timed: "every " (TIME) " " maybe_amount " " maybe_time " " maybe_time | "at " (TIME)
"#;

const WHEN: &str = r#"when: "when " ("price" | "health_factor" | "gas_price" | "apy" | "balance") " " maybe_asset " " ("<" | "<=" | ">" | ">=" | "crosses" | "trailing") " " number " " ("once" | "always")"#;

const REBALANCE: &str = r#" | "rebalance " chain (" " target){1,8}"#;

/// All actions, with the rule for an amount: a first step has no earlier one to take from.
fn steps(amount: &str) -> String {
    let lines = [
        r#""transfer " AMT " " asset " " payee " " chain"#,
        r#""swap " AMT " " asset " " asset " " ("sell" | "buy") " " chain " " proto " " maybe_amount"#,
        r#""bridge " AMT " " asset " " chain " " destination " " proto"#,
        r#"("wrap " | "unwrap ") AMT " " maybe_asset " " chain"#,
        r#"("supply " | "withdraw " | "borrow " | "repay " | "stake " | "unstake ") AMT " " asset " " chain " " proto"#,
        r#""collateral " asset " " ("on" | "off") " " chain " " proto"#,
        r#""claim " proto " " chain"#,
        r#""add_liquidity " (AMT | "-") " " asset " " (AMT | "-") " " asset " " maybe_amount " " maybe_amount " " maybe_amount " " chain " " proto"#,
        r#""remove_liquidity " AMT " " maybe_asset " " maybe_asset " " maybe_amount " " chain " " proto"#,
        r#""revoke " maybe_asset " " spender " " chain"#,
        r#""vote " number " " ("for" | "against" | "abstain") " " governor " " chain"#,
        r#""delegate " asset " " payee " " chain"#,
    ];
    format!("{}REBALANCE", lines.join(" | ").replace("AMT", amount))
}
