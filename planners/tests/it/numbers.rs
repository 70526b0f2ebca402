//! Numbers by the contract's rules.

use agent_core::draft::Period;
use jiff::{Timestamp, tz::TimeZone};
use planners::lexer::{Kind, Problem, Value, lex};

use crate::model::NOW;

fn first(text: &str) -> Option<Value> {
    let now = NOW.parse::<Timestamp>().unwrap().to_zoned(TimeZone::UTC);
    lex(text, &[], &now).tokens.into_iter().find_map(|token| match token.kind {
        Kind::Amount { value, .. } => Some(value),
        _ => None,
    })
}

#[test]
fn each_way_to_say_an_amount() {
    for (text, expected) in [
        ("1250.75", "1250.75"),
        ("1,250.75", "1250.75"),
        ("1,000", "1000"),
        ("1 000", "1000"),
        ("25 000.50", "25000.5"),
        ("0,5", "0.5"),
        ("12,34", "12.34"),
        (".75", "0.75"),
        ("1.10", "1.1"),
        ("2k", "2000"),
        ("1.2m", "1200000"),
        ("1m", "1000000"),
        ("1.5K", "1500"),
        ("3 million", "3000000"),
        ("1bn", "1000000000"),
        ("1.234", "1.234"),
        ("0.500", "0.5"),
        ("1234.500", "1234.5"),
        ("$50", "$50"),
        ("$2.5k", "$2500"),
        ("50 dollars", "$50"),
        ("50$", "$50"),
        ("50 bucks", "$50"),
        ("25%", "25%"),
        ("25 %", "25%"),
        ("fifty percent", "50%"),
        ("0.05%", "0.05%"),
        ("half", "50%"),
        ("a third", "1/3"),
        ("two thirds", "2/3"),
        ("a quarter", "25%"),
        ("three quarters", "75%"),
        ("1/3", "1/3"),
        ("1/2", "50%"),
        ("an eighth", "1/8"),
        ("all", "all"),
        ("max", "all"),
        ("everything", "all"),
        ("my whole", "all"),
        ("all but 10", "all-10"),
        ("everything except 0.1", "all-0.1"),
        ("twenty-five thousand", "25000"),
        ("zero point five", "0.5"),
        ("one hundred and five", "105"),
        ("two and a half", "2.5"),
        ("a hundred", "100"),
        ("half a million", "500000"),
        ("half an ETH", "0.5"),
        ("one ETH", "1"),
        ("1.0", "1"),
        ("two hundred thousand", "200000"),
        ("one million two hundred thousand", "1200000"),
        ("100USDC", "100"),
        ("0.5eth", "0.5"),
        ("$100 of USDC", "$100"),
        ("ninety nine", "99"),
    ] {
        match first(text) {
            Some(Value::Quantity(amount)) => assert_eq!(amount.to_string(), expected, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(matches!(first("25 bps"), Some(Value::Bps(bps)) if bps.to_string() == "25"));
}

#[test]
fn what_can_be_read_in_two_ways_or_not_at_all() {
    for (text, problem) in [
        ("1.000", Problem::Ambiguous),
        ("2.500", Problem::Ambiguous),
        ("1.234,56", Problem::Ambiguous),
        ("1,5000", Problem::Ambiguous),
        ("1,00,000", Problem::Ambiguous),
        ("1,23,456", Problem::Ambiguous),
        ("1.234.567", Problem::Ambiguous),
        ("0,500", Problem::Ambiguous),
        ("1O", Problem::Malformed),
        ("0b11", Problem::Malformed),
        ("1e9", Problem::Malformed),
        ("1..5", Problem::Malformed),
        ("٣", Problem::Malformed),
        ("２５５％", Problem::Malformed),
        ("1\u{200b}000", Problem::Malformed),
        ("1\u{202e}000", Problem::Malformed),
        ("€50", Problem::Malformed),
        ("007", Problem::Malformed),
        ("-1", Problem::Negative),
        ("−1", Problem::Negative),
        ("-5%", Problem::Negative),
        ("minus 5", Problem::Negative),
        ("$-5", Problem::Negative),
        ("about 10", Problem::Vague),
        ("a few USDC", Problem::Vague),
        ("some ETH", Problem::Vague),
        ("two and change", Problem::Vague),
        ("unlimited", Problem::Unlimited),
        ("NaN USDC", Problem::NotANumber),
    ] {
        assert_eq!(first(text), Some(Value::Problem(problem)), "{text}");
    }
    // The second of two bare numbers side by side.
    let now = NOW.parse::<Timestamp>().unwrap().to_zoned(TimeZone::UTC);
    let tokens = lex("1 0 0 USDC", &[], &now).tokens;
    assert!(
        tokens.iter().any(|token| matches!(
            &token.kind,
            Kind::Amount { value: Value::Problem(Problem::Ambiguous), .. }
        ))
    );
}

#[test]
fn words_that_are_no_amounts() {
    for text in [
        "revoke all approvals",
        "swap this one",
        "not at all",
        "max slippage",
        "v3",
        "the 1st",
        "a second",
        "claim all my rewards",
    ] {
        assert_eq!(first(text), None, "{text}");
    }
}

#[test]
fn quoted_text_says_nothing() {
    for text in ["\"5 USDC\"", "“5 USDC”", "`5 USDC`", "> 5 USDC", "hello\n  > 5 USDC", "\"5 USDC"] {
        assert_eq!(first(text), None, "{text}");
    }
    assert!(first("> quoted\n5 USDC").is_some(), "the line after is said");
    assert!(first("\"quoted\" 5 USDC").is_some());
}

#[test]
fn periods_take_the_largest_whole_unit() {
    use agent_core::draft::Unit;
    for (count, unit, expected) in [
        (14, Unit::Day, "2w"),
        (24, Unit::Hour, "1d"),
        (168, Unit::Hour, "1w"),
        (12, Unit::Month, "1y"),
        (30, Unit::Day, "30d"),
        (52, Unit::Week, "52w"),
    ] {
        assert_eq!(Period::new(count, unit).unwrap().to_string(), expected);
    }
    assert!(Period::new(0, Unit::Day).is_none());
    assert!("14d".parse::<Period>().is_err());
}
