//! What unknown words stand for, by their place: a payee behind "to", a token behind a number, a chain behind "on".
//! A word in such a place is never dropped: it is asked about.

use super::{Kind, Payee, Place, Token};

/// Words of plain English that are no name wherever they stand.
const COMMON: &str = "\
    a about above account accounts across active add address after again against all allowance also am \
    amount amounts an and and/or any anybody anyone anything approval approve apr apy are around as asap \
    asset assets at average back bag balance be because before behalf below best better between borrow \
    borrowed both bps bridge btw bucks but buy buying by can cancel cash cex chain chains change cheap \
    cheapest claim close coin coins cold collateral convert cost could crypto currently daily dao day \
    days dca deal debt defi delegate deposit deposits dex dip directly do dollar dollars down drop drops \
    during dust each earn earning earnings either else entire eoa etc every everybody everyone \
    everything exact exactly exchange exit extra factor fair fall falls family farm fast fee fees few \
    find first fix for friend from full fund funds fyi gas get give gmt go goes going gwei half have \
    health help her here hers hf high higher him his hit hits hodl hold holding holdings home hour hours \
    how i id if immediately impact in instead interest into is it its itself just keep later least \
    ledger leftover leftovers lend lending less leverage limit liquid liquidity loan long low lower \
    lowest lp ltv make market max maximum me mev middle min mine minimum minute minutes money month \
    monthly months more most move much my myself need net network networks new next nft nfts no nobody \
    not now of off ok on once one only or order other our ours out output over own part pay payment \
    people per percent percentage please pls plus pool pools portfolio position positions possible price \
    proceeds profit profits proposal protocol protocols provide purchase put quickly range rate rates \
    receive remaining repay rest result return revoke reward rewards right rises risk risky rn safe \
    safely same same-day save savings second self sell send share shares she short should side slippage \
    so some somebody someone something soon spend split stable stablecoin stablecoins stables stack \
    stake staked staking start stash stay stop strategy stuff supply swap swapping take target than \
    thanks that the their them then there therefore they thing things this three thx time times to today \
    together token tokens tomorrow top total trade transaction transfer treasury tvl two unstake until \
    unwrap up us usd use using utc v2 v3 v4 value vault via votes voting wallet wallets want week weekly \
    weeks wei well what when whenever where which while who whole with withdraw without work worth would \
    wrap wrapped x year years yield yields you your yourself zero";

pub(crate) fn is_common(word: &str) -> bool {
    COMMON.split_ascii_whitespace().any(|common| common == word)
}

/// Gives each unknown word its place. Runs over finished tokens, left to right.
pub(super) fn place(tokens: &mut [Token], text: &str) {
    let shouting = is_shouting(text);
    for at in 0..tokens.len() {
        let Some(word) = tokens.get(at).and_then(Token::word) else { continue };
        if is_common(word) || !word.chars().any(char::is_alphabetic) {
            continue;
        }
        let token_text =
            tokens.get(at).and_then(|token| text.get(token.start..token.end)).unwrap_or_default();
        let kind = if is_payee(tokens, at) {
            Some(Kind::Payee(Payee::Unknown))
        } else if is_token_place(tokens, at) || (!shouting && is_ticker(token_text)) {
            Some(Kind::Unknown(Place::Token))
        } else if is_network_place(tokens, at) {
            Some(Kind::Unknown(Place::Network))
        } else {
            None
        };
        if let (Some(kind), Some(token)) = (kind, tokens.get_mut(at)) {
            token.kind = kind;
        }
    }
}

/// Most of the words are in capitals: capitals say nothing then.
fn is_shouting(text: &str) -> bool {
    let words = || text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
    let loud = words().filter(|word| !word.chars().any(char::is_lowercase)).count();
    loud.saturating_mul(2) > words().count()
}

/// Two to eight capitals: written like a token's symbol.
fn is_ticker(word: &str) -> bool {
    (2..=8).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn back(tokens: &[Token], at: usize, steps: usize) -> Option<&Token> {
    at.checked_sub(steps).and_then(|at| tokens.get(at))
}

fn word_back(tokens: &[Token], at: usize, steps: usize) -> &str {
    back(tokens, at, steps).and_then(Token::word).unwrap_or("")
}

const PAYING: &[&str] = &[
    "send",
    "pay",
    "transfer",
    "give",
    "tip",
    "donate",
    "wire",
    "gift",
    "forward",
    "reimburse",
    "refund",
    "remit",
    "delegate",
];

/// Behind "to" in a clause whose verb pays, or right behind such a verb and before an amount ("pay bob 10 USDC").
fn is_payee(tokens: &[Token], at: usize) -> bool {
    let verb =
        |token: &Token| token.word().is_some_and(|word| PAYING.iter().any(|verb| word.starts_with(verb)));
    let mut before = at;
    while matches!(word_back(tokens, before, 1), "my" | "the" | "friend" | "our") {
        before = before.saturating_sub(1);
    }
    if matches!(word_back(tokens, before, 1), "to") {
        let other = |token: &Token| {
            token.word().is_some_and(|word| {
                ["swap", "convert", "bridge", "exchange", "trade", "sell", "turn", "change"].contains(&word)
            })
        };
        let clause = tokens.get(..before).unwrap_or_default();
        let last = clause.iter().rev().find(|token| verb(token) || other(token));
        return last.is_some_and(verb);
    }
    // "to alice and bob"
    if matches!(word_back(tokens, at, 1), "and" | "," | "&")
        && back(tokens, at, 2).is_some_and(|token| matches!(token.kind, Kind::Payee(_)))
    {
        let follows_verb =
            tokens.get(at.saturating_add(1)).is_some_and(|next| matches!(next.kind, Kind::Amount { .. }));
        return !follows_verb && !is_verb_like(word_back(tokens, at.saturating_add(1), 1));
    }
    let next_is_amount =
        tokens.get(at.saturating_add(1)).is_some_and(|next| matches!(next.kind, Kind::Amount { .. }));
    next_is_amount && back(tokens, before, 1).is_some_and(verb)
}

fn is_verb_like(word: &str) -> bool {
    crate::evidence::is_verb(word)
}

/// Right behind an amount in units ("5 FOO", "10 of my FOO").
fn is_token_place(tokens: &[Token], at: usize) -> bool {
    let mut before = at;
    while matches!(word_back(tokens, before, 1), "of" | "my" | "the" | "our" | "worth") {
        before = before.saturating_sub(1);
    }
    let counted = back(tokens, before, 1).is_some_and(|token| match &token.kind {
        Kind::Amount { value, .. } => value.is_units(),
        Kind::Word(_)
        | Kind::Break
        | Kind::Quoted
        | Kind::Payee(_)
        | Kind::Time(_)
        | Kind::Name(_)
        | Kind::Unknown(_) => false,
    });
    counted && !is_verb_like(tokens.get(at).and_then(Token::word).unwrap_or(""))
}

/// Behind "on", "via", "using", at the end of its clause ("on solana", "via foobar and …").
fn is_network_place(tokens: &[Token], at: usize) -> bool {
    let next = tokens.get(at.saturating_add(1));
    let ends = next.is_none_or(|token| match token.word() {
        Some(word) => {
            matches!(
                word,
                "." | ","
                    | ";"
                    | "!"
                    | "?"
                    | "and"
                    | "then"
                    | "for"
                    | "to"
                    | "with"
                    | "chain"
                    | "network"
                    | "into"
                    | "if"
                    | "when"
            )
        }
        None => matches!(token.kind, Kind::Break | Kind::Time(_)),
    });
    ends && matches!(word_back(tokens, at, 1), "on" | "via" | "using" | "through")
}
