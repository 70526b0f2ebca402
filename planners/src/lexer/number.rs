//! Numbers in digits and in words, by the rules of the contract: a comma with one or two digits after it is a decimal
//! comma, groups of three are thousands, and what can be read in two ways is a problem, never a guess.

use agent_core::draft::Decimal;

use super::Scan;

/// Why something that looks like an amount is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Can be read in two ways: `1.000`, `1.234,56`.
    Ambiguous,
    /// `1O`, `1e9`, `0b11`, digits of another script, a currency that is not the dollar.
    Malformed,
    /// `a few`, `about 10`, `two and change`
    Vague,
    Negative,
    /// More digits than 256 bits have.
    TooLarge,
    NotANumber,
    Unlimited,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Plain,
    Usd,
    Percent,
    /// Hundredths of a percent.
    Bps,
}

/// A number phrase: its value, what it measures, the word after it, and the bytes of the number without `$` or `%`.
#[derive(Debug, Clone)]
pub(crate) struct Number {
    pub(crate) value: Result<Decimal, Problem>,
    pub(crate) measure: Measure,
    pub(crate) next: usize,
    pub(crate) digits: (usize, usize),
}

/// Digits with separators, no sign and no unit.
pub(crate) fn decimal(text: &str) -> Result<Decimal, Problem> {
    if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',')) || text.contains("..") {
        return Err(Problem::Malformed);
    }
    let thousands = |whole: &str| {
        let mut groups = whole.split(',');
        let first = groups.next().unwrap_or_default();
        (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(|group| group.len() == 3)
    };
    let (whole, fraction) = match (text.matches(',').count(), text.matches('.').count()) {
        (0, 0) => (text.to_owned(), ""),
        (0, 1) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let grouped = (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            if grouped && fraction.len() == 3 && fraction.ends_with('0') {
                return Err(Problem::Ambiguous);
            }
            (whole.to_owned(), fraction)
        }
        (1, 0) if !thousands(text) => {
            let (whole, fraction) = text.split_once(',').unwrap_or((text, ""));
            if whole.is_empty() || !(1..=2).contains(&fraction.len()) {
                return Err(Problem::Ambiguous);
            }
            (whole.to_owned(), fraction)
        }
        (_, 0) if thousands(text) => (text.replace(',', ""), ""),
        (_, 1) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            if !thousands(whole) || fraction.contains(',') {
                return Err(Problem::Ambiguous);
            }
            (whole.replace(',', ""), fraction)
        }
        _ => return Err(Problem::Ambiguous),
    };
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(Problem::Malformed);
    }
    Decimal::from_digits(&whole, fraction).ok_or(Problem::TooLarge)
}

/// How many places a scale moves the point.
fn scale(word: &str) -> Option<usize> {
    match word {
        "hundred" => Some(2),
        "k" | "thousand" | "grand" => Some(3),
        "m" | "mn" | "mln" | "mio" | "million" | "millions" => Some(6),
        "b" | "bn" | "billion" | "billions" => Some(9),
        _ => None,
    }
}

/// One word that begins with a digit (or a sign, a currency, a point).
fn in_digits(scan: &Scan<'_>, at: usize) -> Option<Number> {
    let word = scan.word(at)?;
    let unsigned = word.text.trim_start_matches(['$', '€', '£', '-', '−']);
    let lead = word.text.strip_suffix(unsigned).unwrap_or_default();
    if !unsigned.starts_with(|c: char| c.is_numeric() || c == '.') || !unsigned.contains(char::is_numeric) {
        return None;
    }
    let numeral_end = unsigned
        .find(|c: char| !(c.is_numeric() || matches!(c, '.' | ',' | '_' | '\'' | '’')))
        .unwrap_or(unsigned.len());
    let (numeral, tail) = unsigned.split_at_checked(numeral_end)?;
    if matches!(tail, "st" | "nd" | "rd" | "th") || tail.starts_with(':') {
        return None;
    }
    let (tail, mut measure) = match tail.strip_suffix(['%', '$']) {
        Some(rest) if tail.ends_with('%') => (rest, Measure::Percent),
        Some(rest) => (rest, Measure::Usd),
        None if matches!(tail, "bps" | "bp") => ("", Measure::Bps),
        None => (tail, Measure::Plain),
    };
    let mut value = decimal(numeral);
    if !tail.is_empty() {
        let places = scale(&tail.to_lowercase()).filter(|_| tail.len() < 3).ok_or(Problem::Malformed);
        value = places.and_then(|places| value?.shifted(places).ok_or(Problem::TooLarge));
    }
    if lead.contains('$') {
        value = if measure == Measure::Plain { value } else { Err(Problem::Malformed) };
        measure = Measure::Usd;
    } else if lead.contains(['€', '£']) {
        value = Err(Problem::Malformed);
    }
    if lead.contains(['-', '−']) {
        value = value.and(Err(Problem::Negative));
    }
    let start = word.start.saturating_add(lead.len());
    let length = unsigned
        .trim_end_matches(['%', '$'])
        .strip_suffix("bps")
        .unwrap_or(unsigned.trim_end_matches(['%', '$']));
    let digits = (start, start.saturating_add(length.len()));
    Some(Number { value, measure, next: at.saturating_add(1), digits })
}

/// `1 000`, `25 000.50`: groups of exactly three digits behind one space.
fn spaced(scan: &Scan<'_>, at: usize, first: &mut Number) {
    let Some(word) = scan.word(at) else { return };
    let head = word.text.trim_start_matches('$');
    if head.is_empty() || head.len() > 3 || head.starts_with('0') || !head.bytes().all(|b| b.is_ascii_digit())
    {
        return;
    }
    let mut text = head.to_owned();
    while let Some(group) = scan.word(first.next) {
        let gap = scan.text.get(first.digits.1..group.start).unwrap_or_default();
        let (whole, fraction) = group.text.split_once('.').unwrap_or((group.text, "0"));
        let grouped = whole.len() == 3 && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        if !matches!(gap, " " | "\u{a0}" | "\u{202f}" | "\u{2009}") || !grouped || text.contains('.') {
            break;
        }
        text.push_str(group.text);
        first.next = first.next.saturating_add(1);
        first.digits.1 = group.end;
    }
    if text != head {
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        first.value = Decimal::from_digits(whole, fraction).ok_or(Problem::Malformed);
    }
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

fn small(word: &str) -> Option<u64> {
    let index = SMALL.iter().position(|name| *name == word)?;
    u64::try_from(index).ok()
}

fn tens(word: &str) -> Option<u64> {
    let index = TENS.iter().position(|name| *name == word)?;
    u64::try_from(index).ok()?.checked_add(2)?.checked_mul(10)
}

/// `twenty-five`, `seven`, `ninety nine`: below a hundred, and the word after it.
pub(crate) fn below_hundred(scan: &Scan<'_>, at: usize) -> Option<(u64, usize)> {
    let next = at.saturating_add(1);
    let word = scan.lower(at);
    if let Some(value) = small(word) {
        return Some((value, next));
    }
    if let Some((ten, unit)) = word.split_once('-') {
        let unit = small(unit).filter(|unit| (1..10).contains(unit))?;
        return Some((tens(ten)?.checked_add(unit)?, next));
    }
    let ten = tens(word)?;
    match small(scan.lower(next)).filter(|unit| (1..10).contains(unit)) {
        Some(unit) => Some((ten.checked_add(unit)?, next.saturating_add(1))),
        None => Some((ten, next)),
    }
}

/// A number in words: `twenty-five thousand`, `one hundred and five`, `zero point five`, `two and a half`.
fn in_words(scan: &Scan<'_>, start: usize) -> Option<Number> {
    let (mut total, mut group, mut at) = (0u64, None::<u64>, start);
    // A scale word may be spoken without a number: `a hundred`, `half a million`.
    let article = matches!(scan.lower(at), "a" | "an")
        && scale(scan.lower(at.saturating_add(1))).is_some_and(|n| n > 1);
    if article && scan.lower(at.saturating_add(1)).len() > 2 {
        (group, at) = (Some(1), at.saturating_add(1));
    }
    loop {
        let skip = usize::from(
            scan.lower(at) == "and" && group.is_some_and(|group| group.checked_rem(100) == Some(0)),
        );
        let next = at.saturating_add(skip);
        if let Some((value, after)) = below_hundred(scan, next).filter(|_| {
            group.is_none_or(|group| group.checked_rem(100) == Some(0) && (group > 0 || total > 0))
        }) {
            (group, at) = (Some(group.unwrap_or(0).checked_add(value)?), after);
            continue;
        }
        let word = scan.lower(at);
        let Some(places) = scale(word).filter(|_| word.len() > 2) else { break };
        let factor = 10u64.checked_pow(u32::try_from(places).ok()?)?;
        match (places, group) {
            (2, Some(value @ 1..100)) => group = Some(value.checked_mul(factor)?),
            (3.., Some(value @ 1..)) => {
                total = total.checked_add(value.checked_mul(factor)?)?;
                group = Some(0);
            }
            _ => break,
        }
        at = at.saturating_add(1);
    }
    let whole = total.checked_add(group?)?.to_string();
    let mut fraction = String::new();
    if scan.lower(at) == "point" {
        let mut next = at.saturating_add(1);
        while let Some(digit) = small(scan.lower(next)).filter(|digit| *digit < 10) {
            fraction.push_str(&digit.to_string());
            next = next.saturating_add(1);
        }
        at = if fraction.is_empty() { at } else { next };
    } else if (scan.lower(at), scan.lower(at.saturating_add(1)), scan.lower(at.saturating_add(2)))
        == ("and", "a", "half")
    {
        fraction.push('5');
        at = at.saturating_add(3);
    }
    let value = Decimal::from_digits(&whole, &fraction).ok_or(Problem::Malformed);
    let digits = (scan.word(start)?.start, scan.end_before(at));
    Some(Number { value, measure: Measure::Plain, next: at, digits })
}

/// A number with its scale and its unit: `1.2m`, `$50`, `fifty percent`, `25 bps`, `50 dollars`.
pub(crate) fn number(scan: &Scan<'_>, at: usize) -> Option<Number> {
    let mut number = match in_digits(scan, at) {
        Some(mut number) => {
            if number.measure == Measure::Plain || scan.word(at)?.text.starts_with('$') {
                spaced(scan, at, &mut number);
                if let Some(places) = scale(scan.lower(number.next)) {
                    number.value =
                        number.value.and_then(|value| value.shifted(places).ok_or(Problem::TooLarge));
                    number.next = number.next.saturating_add(1);
                    number.digits.1 = scan.end_before(number.next);
                }
            }
            number
        }
        None => in_words(scan, at)?,
    };
    if number.measure == Measure::Plain {
        let two = (scan.lower(number.next), scan.lower(number.next.saturating_add(1)));
        let (measure, taken) = match two {
            ("%" | "percent" | "pct", _) => (Measure::Percent, 1),
            ("per", "cent") => (Measure::Percent, 2),
            ("dollar" | "dollars" | "bucks" | "usd" | "$", _) => (Measure::Usd, 1),
            ("bps" | "bp", _) => (Measure::Bps, 1),
            ("basis", "point" | "points") => (Measure::Bps, 2),
            _ => (Measure::Plain, 0),
        };
        number.measure = measure;
        number.next = number.next.saturating_add(taken);
    }
    Some(number)
}
