//! Money and text from outside, against independent arithmetic.

use agent_core::asset::{DecimalError, decimal, mul_div, mul_div_up, parse_decimal, ten_pow};
use agent_core::{Amount, Asset, AssetKind, Change, tame};
use alloy_primitives::ruint::{Uint, UintTryFrom};
use alloy_primitives::{Address, U256};
use proptest::prelude::*;

/// Wide enough that nothing here overflows.
type Wide = Uint<1024, 16>;

fn wide(value: U256) -> Wide {
    Wide::from(value)
}

fn number() -> impl Strategy<Value = U256> {
    let full = any::<[u64; 4]>().prop_map(U256::from_limbs);
    let small = any::<u64>().prop_map(U256::from);
    // Powers of two and their neighbours.
    let edge = (0_usize..256, 0_u64..3).prop_map(|(bit, more)| {
        (U256::from(1) << bit).wrapping_add(U256::from(more)).wrapping_sub(U256::from(1))
    });
    prop_oneof![full, small, edge]
}

fn asset(decimals: u8, byte: u8) -> Asset {
    let kind = AssetKind::Erc20(Address::repeat_byte(byte));
    Asset { chain_id: 1, kind, symbol: "T".to_owned(), decimals }
}

/// What a decimal text is worth, by schoolbook arithmetic on its digits.
fn by_hand(text: &str, decimals: u8) -> Result<U256, DecimalError> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(rest.bytes()).map(|digit| digit - b'0').collect();
    let mut places = rest.len();
    while places > usize::from(decimals) && digits.last() == Some(&0) {
        digits.pop();
        places -= 1;
    }
    if places > usize::from(decimals) {
        return Err(DecimalError::TooManyDecimals(decimals));
    }
    digits.extend(std::iter::repeat_n(0, usize::from(decimals) - places));
    let sum = digits.iter().fold(Wide::ZERO, |sum, digit| sum * Wide::from(10) + Wide::from(*digit));
    U256::uint_try_from(sum).map_err(|_| DecimalError::TooLarge)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back(raw in number(), decimals in any::<u8>()) {
        let text = decimal(raw, decimals);
        prop_assert_eq!(parse_decimal(&text, decimals), Ok(raw));
        prop_assert!(!text.contains('.') || !text.ends_with('0'), "needless zeros: {}", text);
        let json = serde_json::to_string(&asset(decimals, 1).amount(raw)).unwrap();
        prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap().raw(), raw);
    }

    #[test]
    fn decimals_read_as_by_hand(text in "[0-9]{1,90}(\\.[0-9]{1,40})?", decimals in 0_u8..80) {
        prop_assert_eq!(parse_decimal(&text, decimals), by_hand(&text, decimals));
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused(text in "\\PC{0,12}", decimals in 0_u8..20) {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && text.bytes().filter(|byte| *byte == b'.').count() <= 1
            && !text.is_empty() && !text.starts_with('.') && !text.ends_with('.');
        prop_assert_eq!(parse_decimal(&text, decimals) == Err(DecimalError::Malformed), !plain);
    }

    #[test]
    fn mul_div_is_the_quotient(a in number(), b in number(), c in number()) {
        let product = wide(a) * wide(b);
        if c.is_zero() {
            prop_assert_eq!((mul_div(a, b, c), mul_div_up(a, b, c)), (None, None));
            return Ok(());
        }
        let limit = wide(U256::MAX) * wide(c);
        match mul_div(a, b, c) {
            Some(down) => {
                let floor = wide(down) * wide(c);
                prop_assert!(floor <= product && product < floor + wide(c));
            }
            None => prop_assert!(product >= limit + wide(c)),
        }
        match mul_div_up(a, b, c) {
            Some(up) => {
                let ceiling = wide(up) * wide(c);
                prop_assert!(ceiling >= product && ceiling < product + wide(c));
            }
            None => prop_assert!(product > limit),
        }
    }

    #[test]
    fn sums_and_differences_never_wrap(a in number(), b in number()) {
        let (one, other) = (asset(6, 1).amount(a), asset(6, 1).amount(b));
        let sum = U256::uint_try_from(wide(a) + wide(b)).ok();
        prop_assert_eq!(one.checked_add(&other).ok().map(|sum| sum.raw()), sum);
        let difference = (a >= b).then(|| a - b);
        prop_assert_eq!(one.checked_sub(&other).ok().map(|left| left.raw()), difference);
        // Another address is another asset, whatever its symbol says.
        let foreign = asset(6, 2).amount(b);
        prop_assert!(one.checked_add(&foreign).is_err() && one.checked_sub(&foreign).is_err());
    }

    #[test]
    fn a_change_is_signed_and_reads_back(before in number(), after in number()) {
        let change = Change::between(&asset(18, 1), before, after);
        prop_assert_eq!(change.is_none(), before == after);
        if let Some(change) = change {
            prop_assert_eq!(change.negative, after < before);
            prop_assert_eq!(change.amount.raw(), if after < before { before - after } else { after - before });
            let json = serde_json::to_string(&change).unwrap();
            prop_assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), change);
        }
    }

    #[test]
    fn tamed_text_is_harmless(text in hostile()) {
        let tamed = tame(&text);
        prop_assert!(!tamed.chars().any(dangerous), "{:?}", tamed);
        prop_assert!(tamed.chars().count() <= 200 * 10 + 1);
        if !text.chars().any(dangerous) && text.chars().count() <= 200 {
            prop_assert_eq!(tamed, text);
        }
    }
}

/// Control characters, and what Unicode calls bidi controls, format characters and fillers.
fn dangerous(c: char) -> bool {
    let format = [
        '\u{AD}', '\u{34F}', '\u{61C}', '\u{115F}', '\u{1160}', '\u{17B4}', '\u{17B5}', '\u{180E}',
        '\u{3164}', '\u{FEFF}', '\u{FFA0}',
    ];
    let ranges = [
        '\u{0}'..='\u{1F}',
        '\u{7F}'..='\u{9F}',
        '\u{200B}'..='\u{200F}',
        '\u{2028}'..='\u{202E}',
        '\u{2060}'..='\u{206F}',
        '\u{FE00}'..='\u{FE0F}',
        '\u{FFF9}'..='\u{FFFB}',
        '\u{1BCA0}'..='\u{1BCA3}',
        '\u{1D173}'..='\u{1D17A}',
        '\u{E0000}'..='\u{E0FFF}',
    ];
    format.contains(&c) || ranges.iter().any(|range| range.contains(&c))
}

fn hostile() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        '\u{1b}',
        '\u{7}',
        '\r',
        '\n',
        '\u{9b}',
        '\u{202e}',
        '\u{2066}',
        '\u{200b}',
        '\u{e0041}',
        '\u{fe0f}',
        '\u{61c}',
        '\u{3164}',
        '\u{115f}',
        '\u{1d173}',
        '\u{34f}',
    ]);
    let one = prop_oneof![3 => any::<char>(), 2 => nasty, 2 => prop::char::range('a', 'z')];
    prop::collection::vec(one, 0..400).prop_map(|chars| chars.into_iter().collect())
}

#[test]
fn the_edges() {
    assert_eq!(parse_decimal("1.0000001", 6), Err(DecimalError::TooManyDecimals(6)));
    assert_eq!(parse_decimal("1.0000000", 6), Ok(U256::from(1_000_000)));
    assert_eq!(parse_decimal(&U256::MAX.to_string(), 0), Ok(U256::MAX));
    let above = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    assert_eq!(parse_decimal(above, 0), Err(DecimalError::TooLarge));
    for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1_000", " 1", "0x10", "१", "1.5.5"] {
        assert_eq!(parse_decimal(text, 18), Err(DecimalError::Malformed), "{text}");
    }
    assert_eq!((ten_pow(77).is_some(), ten_pow(78)), (true, None));
    assert_eq!(decimal(U256::from(5), 0), "5");
    assert_eq!(decimal(U256::from(5), 3), "0.005");
    let nothing =
        serde_json::json!({"raw": "", "decimals": 6, "asset": "eip155:1/slip44:60", "symbol": "ETH"});
    assert!(serde_json::from_value::<Amount>(nothing).is_err(), "an empty amount is no zero");
}
