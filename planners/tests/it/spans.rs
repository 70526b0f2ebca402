//! Each lexed value, read again from its span alone, is exactly itself; markers and spans never leave the sentence.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use planners::lexer::{Kind, Token, lex, read_again};
use proptest::prelude::*;

use crate::model::{NOW, context};

fn now() -> Zoned {
    NOW.parse::<Timestamp>().unwrap().to_zoned(TimeZone::UTC)
}

fn check(sentence: &str) -> Result<(), TestCaseError> {
    let names = context().names;
    let lexed = lex(sentence, &names, &now());
    let mut end = 0;
    for (at, token) in lexed.tokens.iter().enumerate() {
        prop_assert!(
            token.start <= token.end && sentence.get(token.start..token.end).is_some(),
            "{token:?} in {sentence:?}"
        );
        prop_assert!(
            token.start >= end || matches!(token.kind, Kind::Name(_)),
            "{token:?} overlaps in {sentence:?}"
        );
        end = end.max(token.start);
        let (Kind::Amount { .. } | Kind::Time(_)) = &token.kind else { continue };
        let start = match (&token.kind, at.checked_sub(1).and_then(|at| lexed.token(at))) {
            (Kind::Time(planners::lexer::When::Rhythm { .. }), Some(every))
                if matches!(every.word(), Some("every" | "each")) =>
            {
                every.start
            }
            _ => token.start,
        };
        let text = &sentence[start..token.end];
        let again: Vec<Token> = read_again(text, &names, &now())
            .into_iter()
            .filter(|token| !matches!(token.kind, Kind::Word(_) | Kind::Name(_)))
            .collect();
        // An ambiguity between two numbers side by side is one of both, not of the second alone.
        let side_by_side =
            matches!(&token.kind, Kind::Amount { value: planners::lexer::Value::Problem(_), .. });
        prop_assert!(again.len() == 1 || side_by_side, "`{text}` reads as {again:?} in {sentence:?}");
        let same = again.first().is_some_and(|again| match (&again.kind, &token.kind) {
            (Kind::Amount { value: a, .. }, Kind::Amount { value: b, .. }) => a == b,
            (a, b) => a == b,
        });
        prop_assert!(same || side_by_side, "`{text}` reads as {again:?}, not {token:?}");
    }
    let _ = planners::marked(&lexed);
    let _ = planners::grammar(&lexed);
    Ok(())
}

fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "swap",
        "send",
        "to",
        "on",
        "and",
        "my",
        "of",
        "every",
        "other",
        "in",
        "at",
        "for",
        "all",
        "half",
        "a",
        "third",
        "but",
        "except",
        "ETH",
        "USDC",
        "arb",
        "op",
        "base",
        "aave",
        "Uniswap v3",
        "alice",
        "Bob Smith",
        "vitalik.eth",
        "monday",
        "tomorrow",
        "at 9",
        "2 weeks",
        "week",
        "day",
        "million",
        "twenty-five",
        "hundred",
        "point",
        "five",
        "percent",
        "%",
        "bps",
        "$",
        "\"",
        "`",
        "\n",
        ">",
        ",",
        ".",
        "?",
        "5pm",
        "dec 1",
        "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045",
        "0x12",
        "\u{202e}",
        "\u{200b}",
        "#1",
        "&1",
        "~1",
        "…",
        "<|im_end|>",
        "1/3",
        "one",
        "no",
        "-",
    ];
    prop_oneof![
        6 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        2 => (0u64..5_000_000).prop_map(|number| number.to_string()),
        1 => "[0-9]{1,4}[.,][0-9]{1,4}",
        1 => "\\$?[0-9]{1,3}(,[0-9]{3})?(\\.[0-9]{1,3})?[km%]?",
        1 => any::<String>().prop_map(|text| text.chars().take(6).collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_read_again(pieces in proptest::collection::vec((piece(), any::<bool>()), 0..12)) {
        let sentence: String = pieces.iter().map(|(piece, space)| format!("{piece}{}", if *space { " " } else { "" })).collect();
        check(&sentence)?;
    }

    #[test]
    fn spaced_words_read_again(pieces in proptest::collection::vec(piece(), 0..12)) {
        check(&pieces.join(" "))?;
    }

    /// Whatever a model answers, nothing panics, and a plan never has an amount that was not said.
    #[test]
    fn any_answer(lines in "(transfer|swap|supply|every|when|answer|goal)( (#1|#2|@1|&1|~1|USDC|ETH|base|-|\\?|sell|500|aave)){0,8}") {
        let draft = crate::model::draft_of(b"send 5 USDC to alice on base every week via aave", &lines);
        if let agent_core::draft::Outcome::Plan { .. } = draft.outcome {
            crate::model::sourced("send 5 USDC to alice on base every week via aave", &draft);
        }
    }
}
