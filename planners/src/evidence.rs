//! Words that say an action. A step that no word of the sentence speaks for is asked about, not believed: no grammar
//! catches a model that reads "I owe 120 DAI, settle it" as a borrow.

use agent_core::draft::{Metric, Op, Risk, Step, Support};

use crate::lexer::{Kind, Lexed};

/// The step's name in JSON.
pub(crate) fn action(step: &Step) -> &'static str {
    match step {
        Step::Transfer { .. } => "transfer",
        Step::Swap { .. } => "swap",
        Step::Bridge { .. } => "bridge",
        Step::Wrap { .. } => "wrap",
        Step::Unwrap { .. } => "unwrap",
        Step::Supply { .. } => "supply",
        Step::Withdraw { .. } => "withdraw",
        Step::Borrow { .. } => "borrow",
        Step::Repay { .. } => "repay",
        Step::Collateral { .. } => "collateral",
        Step::Liquidate { .. } => "liquidate",
        Step::Stake { .. } => "stake",
        Step::Unstake { .. } => "unstake",
        Step::Claim { .. } => "claim",
        Step::AddLiquidity { .. } => "add_liquidity",
        Step::RemoveLiquidity { .. } => "remove_liquidity",
        Step::Revoke { .. } => "revoke",
        Step::Rebalance { .. } => "rebalance",
        Step::Vote { .. } => "vote",
        Step::Delegate { .. } => "delegate",
    }
}

/// Beginnings of words that speak for an action.
const STEMS: &[(&str, &[&str])] = &[
    (
        "transfer",
        &[
            "send", "sent", "transfer", "pay", "paid", "give", "gift", "tip", "donat", "wire", "move",
            "forward", "reimburs", "refund", "remit", "owe", "shoot", "hand", "settle", "drop", "deliver",
            "split",
        ],
    ),
    (
        "swap",
        &[
            "swap",
            "exchang",
            "trad",
            "convert",
            "buy",
            "bought",
            "sell",
            "sold",
            "turn",
            "chang",
            "get",
            "purchas",
            "flip",
            "dump",
            "dca",
            "ape",
            "into",
            "acquir",
            "rotat",
            "switch",
            "market",
            "spend",
            "invest",
            "grab",
            "cash",
            "liquidat",
            "ditch",
            "stack",
            "take",
            "put",
            "make",
            "use",
            "accumulat",
            "unload",
        ],
    ),
    (
        "bridge",
        &[
            "bridg", "mov", "transfer", "send", "port", "migrat", "tak", "bring", "cross", "across", "shift",
            "get", "over", "relocat", "push",
        ],
    ),
    (
        "wrap",
        &[
            "wrap", "swap", "convert", "exchang", "turn", "chang", "into", "trad", "buy", "get", "make",
            "sell",
        ],
    ),
    (
        "unwrap",
        &[
            "unwrap", "swap", "convert", "exchang", "turn", "chang", "into", "trad", "buy", "get", "make",
            "sell", "back",
        ],
    ),
    (
        "supply",
        &[
            "suppl",
            "lend",
            "loan",
            "deposit",
            "put",
            "park",
            "earn",
            "provid",
            "invest",
            "add",
            "stash",
            "place",
            "work",
            "yield",
            "drop",
            "stick",
            "collateral",
            "post",
            "move",
            "dump",
            "throw",
            "save",
        ],
    ),
    (
        "withdraw",
        &[
            "withdr", "tak", "pull", "remov", "redeem", "get", "out", "exit", "unlend", "cash", "clos",
            "bring", "free", "back",
        ],
    ),
    ("borrow", &["borrow", "loan", "draw", "leverag", "against", "debt"]),
    (
        "repay",
        &[
            "repay",
            "pay",
            "paid",
            "settl",
            "return",
            "clear",
            "clos",
            "owe",
            "debt",
            "loan",
            "back",
            "deleverag",
        ],
    ),
    ("collateral", &["collateral"]),
    ("liquidate", &[]),
    ("stake", &["stak", "restak", "lido"]),
    ("unstake", &["unstak", "withdr", "redeem", "exit", "remov", "out", "back"]),
    ("claim", &["claim", "harvest", "collect", "reward", "reap"]),
    ("add_liquidity", &["liquidity", "lp", "pool", "provid", "position", "range", "add", "pair"]),
    (
        "remove_liquidity",
        &["liquidity", "lp", "pool", "remov", "withdr", "clos", "position", "exit", "pull", "burn"],
    ),
    (
        "revoke",
        &[
            "revok",
            "remov",
            "cancel",
            "disallow",
            "unapprov",
            "allowance",
            "permission",
            "reset",
            "kill",
            "clear",
            "clean",
        ],
    ),
    (
        "rebalance",
        &[
            "rebalanc",
            "allocat",
            "portfolio",
            "balanc",
            "split",
            "weight",
            "target",
            "keep",
            "hold",
            "mix",
            "adjust",
        ],
    ),
    ("vote", &["vot", "cast", "ballot", "support", "proposal", "approv", "reject"]),
    ("delegate", &["delegat"]),
];

/// True where some word of the sentence speaks for `action`.
pub(crate) fn speaks_for(lexed: &Lexed, action: &str) -> bool {
    let stems = STEMS.iter().find(|(name, _)| *name == action).map_or::<&[&str], _>(&[], |(_, stems)| stems);
    lexed.tokens.iter().any(|token| match &token.kind {
        Kind::Word(word) => stems.iter().any(|stem| word.starts_with(stem)),
        Kind::Name(_) => stems.contains(&lexed.said(token).to_lowercase().as_str()),
        Kind::Break
        | Kind::Quoted
        | Kind::Amount { .. }
        | Kind::Payee(_)
        | Kind::Time(_)
        | Kind::Unknown(_) => false,
    })
}

/// A word that begins a step of its own.
pub(crate) fn is_verb(word: &str) -> bool {
    let own = [
        "send", "pay", "swap", "convert", "bridge", "wrap", "unwrap", "supply", "lend", "deposit",
        "withdraw", "borrow", "repay", "stake", "unstake", "claim", "sell", "buy", "transfer", "exchange",
        "trade", "keep", "then", "move", "add", "remove", "revoke", "vote", "delegate", "redeem",
    ];
    own.contains(&word)
}

/// The token that says a chosen thing: the first whose word begins with one of `stems`.
fn first(lexed: &Lexed, stems: &[&str]) -> Option<usize> {
    lexed
        .tokens
        .iter()
        .position(|token| token.word().is_some_and(|word| stems.iter().any(|stem| word.starts_with(stem))))
}

/// Where it is said that a collateral is used or not.
pub(crate) fn collateral(lexed: &Lexed, on: bool) -> Option<usize> {
    let off = first(
        lexed,
        &["disabl", "off", "stop", "remov", "without", "unus", "not", "don't", "no", "exclud", "unset"],
    );
    if on {
        first(lexed, &["enabl", "use", "using", "as", "on", "turn", "set", "mark", "activat"])
            .filter(|_| off.is_none())
    } else {
        off
    }
}

/// Where a vote's side is said.
pub(crate) fn support(lexed: &Lexed, support: Support) -> Option<usize> {
    let stems: &[&str] = match support {
        Support::For => &["for", "yes", "yea", "aye", "favour", "favor", "support", "approv"],
        Support::Against => &["against", "no", "nay", "reject", "oppos"],
        Support::Abstain => &["abstain", "abstention"],
    };
    let exact = ["for", "no", "yes"];
    lexed.tokens.iter().position(|token| {
        token.word().is_some_and(|word| {
            stems.iter().any(|stem| if exact.contains(stem) { word == *stem } else { word.starts_with(stem) })
        })
    })
}

/// Where a metric is named.
pub(crate) fn metric(lexed: &Lexed, metric: Metric) -> Option<usize> {
    let stems: &[&str] = match metric {
        Metric::Price => &["price", "worth", "value", "cost", "trad"],
        Metric::HealthFactor => &["health", "hf", "factor"],
        Metric::GasPrice => &["gas", "gwei", "fee"],
        Metric::Apy => &["apy", "apr", "yield", "rate", "interest"],
        Metric::Balance => &["balance", "hold", "have", "left", "own"],
    };
    first(lexed, stems)
}

/// Where it is said that a condition fires each time.
pub(crate) fn each_time(lexed: &Lexed) -> Option<usize> {
    first(lexed, &["whenever", "each", "every", "always", "repeat", "keep"])
}

/// False where the words point the other way only: "below" and the model wrote `>`.
pub(crate) fn direction(lexed: &Lexed, op: Op) -> bool {
    let down = first(
        lexed,
        &[
            "below", "under", "less", "drop", "fall", "dip", "lower", "beneath", "<", "sink", "crash",
            "down", "stop", "lose", "decreas",
        ],
    );
    let up = first(
        lexed,
        &[
            "above", "over", "more", "exceed", "ris", "higher", "greater", ">", "climb", "up", "profit",
            "gain", "increas", "least", "goes",
        ],
    );
    match op {
        Op::Below | Op::AtMost => down.is_some() || up.is_none(),
        Op::Above | Op::AtLeast => up.is_some() || down.is_none(),
        Op::Crosses | Op::Trailing => true,
    }
}

/// True where a word speaks for the risk.
pub(crate) fn risk(lexed: &Lexed, risk: Risk) -> bool {
    let stems: &[&str] = match risk {
        Risk::Low => &[
            "safe",
            "low",
            "conservativ",
            "secure",
            "careful",
            "stable",
            "cautious",
            "minimal",
            "riskless",
            "without",
            "no",
            "little",
        ],
        Risk::Medium => &["medium", "moderate", "balanced", "middle", "some"],
        Risk::High => &["high", "aggressiv", "risk", "degen", "bold", "max"],
    };
    first(lexed, stems).is_some()
}

/// "don't", "do not", "never" before anything else: not an order.
pub(crate) fn forbids(lexed: &Lexed) -> bool {
    lexed.tokens.iter().enumerate().any(|(at, token)| match token.word() {
        Some("don't" | "dont" | "never" | "won't" | "shouldn't" | "mustn't") => true,
        Some("not") => at
            .checked_sub(1)
            .is_some_and(|before| matches!(lexed.word(before), "do" | "should" | "must" | "will")),
        _ => false,
    })
}

/// One amount for each of several: "10 USDC each to alice and bob".
pub(crate) fn each(lexed: &Lexed) -> bool {
    lexed.tokens.iter().any(|token| matches!(token.word(), Some("each" | "apiece" | "both")))
}
