//! Amounts: numbers, shares, `all`, `all but 10`; and the phrases that only seem to say one.

use agent_core::draft::{Decimal, DraftAmount, Share};

use super::{
    Scan,
    number::{Measure, Number, Problem, below_hundred, number},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Quantity(DraftAmount),
    /// Basis points: a fee or a slippage, never a quantity.
    Bps(Decimal),
    Problem(Problem),
}

/// An amount phrase: its value, the word after it, and the bytes of its number without `$` or `%`.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) value: Value,
    pub(crate) next: usize,
    pub(crate) digits: (usize, usize),
    /// Words inside the phrase that are names of their own: `all my [ETH] except 0.1`.
    pub(crate) inner: Option<(usize, usize)>,
}

pub(crate) fn amount(scan: &Scan<'_>, at: usize) -> Option<Found> {
    all_but(scan, at)
        .or_else(|| all(scan, at))
        .or_else(|| share(scan, at))
        .or_else(|| vague(scan, at))
        .or_else(|| never(scan, at))
        .or_else(|| counted(scan, at))
}

fn found(scan: &Scan<'_>, at: usize, next: usize, value: Value) -> Option<Found> {
    let digits = (scan.word(at)?.start, scan.end_before(next));
    Some(Found { value, next, digits, inner: None })
}

/// Nouns that `all` may stand before without being an amount: "revoke all approvals".
const COUNTED: &[&str] = &[
    "approval",
    "approvals",
    "allowance",
    "allowances",
    "permission",
    "permissions",
    "reward",
    "rewards",
    "fee",
    "fees",
    "order",
    "orders",
    "plan",
    "plans",
    "job",
    "jobs",
    "schedule",
    "schedules",
    "transaction",
    "transactions",
    "chain",
    "chains",
    "network",
    "networks",
    "protocol",
    "protocols",
    "right",
    "good",
    "slippage",
    "gas",
    "price",
    "trades",
    "strategies",
    "activity",
    "time",
    "times",
    "spenders",
    "contracts",
];

fn all(scan: &Scan<'_>, at: usize) -> Option<Found> {
    let before = at.checked_sub(1).map_or("", |at| scan.lower(at));
    let said = match scan.lower(at) {
        "all" => !matches!(before, "at" | "after" | "above"),
        // "max 1 %" is a bound.
        "max" | "maximum" => number(scan, at.saturating_add(1)).is_none(),
        "everything" | "entire" | "entirety" => true,
        "whole" => scan.alone(at, 1) || matches!(before, "my" | "the" | "our"),
        "full" => scan.alone(at, 1) || matches!(before, "my" | "the" | "our" | "in"),
        _ => false,
    };
    let skipped = ["of", "my", "the", "our", "open", "pending", "token", "old", "existing", "unclaimed"];
    let noun =
        (at.saturating_add(1)..).map(|at| scan.lower(at)).find(|word| !skipped.contains(word)).unwrap_or("");
    if !said || COUNTED.contains(&noun) {
        return None;
    }
    found(scan, at, at.saturating_add(1), Value::Quantity(DraftAmount::All))
}

/// `all but 10`, `everything except 0.1`, `all my ETH except 0.1`
fn all_but(scan: &Scan<'_>, at: usize) -> Option<Found> {
    if !matches!(scan.lower(at), "all" | "everything" | "max" | "whole" | "entire") {
        return None;
    }
    let mut next = at.saturating_add(1);
    while matches!(scan.lower(next), "of" | "my" | "the" | "our") {
        next = next.saturating_add(1);
    }
    let inner = scan.name(next).map(|(_, after)| (next, after));
    next = inner.map_or(next, |(_, after)| after);
    next = match (scan.lower(next), scan.lower(next.saturating_add(1))) {
        ("except" | "but" | "save", "for") => next.saturating_add(2),
        ("except" | "but" | "besides" | "minus" | "less", _) => next.saturating_add(1),
        _ => return None,
    };
    while matches!(scan.lower(next), "the" | "last") {
        next = next.saturating_add(1);
    }
    let but = number(scan, next)?;
    let value = match (but.value, but.measure) {
        (Ok(but), Measure::Plain) => Value::Quantity(DraftAmount::AllBut(but)),
        (Ok(_), Measure::Usd | Measure::Percent | Measure::Bps) => Value::Problem(Problem::Ambiguous),
        (Err(problem), _) => Value::Problem(problem),
    };
    Some(Found { inner, ..found(scan, at, but.next, value)? })
}

/// The denominator of `a third`, `two thirds`.
fn part(word: &str) -> Option<u32> {
    Some(match word {
        "half" | "halves" => 2,
        "third" | "thirds" => 3,
        "quarter" | "quarters" | "fourth" | "fourths" => 4,
        "fifth" | "fifths" => 5,
        "sixth" | "sixths" => 6,
        "eighth" | "eighths" => 8,
        "tenth" | "tenths" => 10,
        _ => return None,
    })
}

fn share(scan: &Scan<'_>, at: usize) -> Option<Found> {
    let (word, next) = (scan.lower(at), at.saturating_add(1));
    let quantity = |share: Share| Value::Quantity(DraftAmount::Share(share));
    if let Some((count, of)) = word.split_once('-').or_else(|| word.split_once('/')) {
        let count = below_word(count).or_else(|| count.parse().ok());
        let of = part(of).or_else(|| of.parse().ok());
        if let (Some(count), Some(of)) = (count, of) {
            return found(
                scan,
                at,
                next,
                Share::of(count, of).map_or(Value::Problem(Problem::Malformed), quantity),
            );
        }
    }
    if word == "half" {
        return half(scan, at);
    }
    if matches!(word, "quarter") && scan.lower(next) == "of" {
        return found(scan, at, next, quantity(Share::of(1, 4)?));
    }
    let (count, of_at) = match word {
        "a" | "an" => (1, next),
        _ => below_hundred(scan, at).map(|(count, next)| (u32::try_from(count).unwrap_or(0), next))?,
    };
    let of = part(scan.lower(of_at)).filter(|_| count > 0)?;
    // "a half" may go on as "a half million", "a quarter" as "a quarter ETH": left to be asked about.
    found(scan, at, of_at.saturating_add(1), quantity(Share::of(count, of)?))
}

fn below_word(word: &str) -> Option<u32> {
    ["one", "two", "three", "four", "five"]
        .iter()
        .zip(1..)
        .find(|(name, _)| **name == word)
        .map(|(_, count)| count)
}

/// `half` is a share; `half a million` and `half an ETH` are numbers.
fn half(scan: &Scan<'_>, at: usize) -> Option<Found> {
    let article = at.saturating_add(1);
    let noun = at.saturating_add(2);
    if matches!(scan.lower(article), "a" | "an") {
        let places = match scan.lower(noun) {
            "hundred" => Some(2),
            "thousand" => Some(3),
            "million" => Some(6),
            "billion" => Some(9),
            _ => None,
        };
        let units = |places| Decimal::from_digits("", "5").and_then(|half| half.shifted(places));
        if let Some(value) = places.and_then(units) {
            return found(scan, at, noun.saturating_add(1), Value::Quantity(DraftAmount::Units(value)));
        }
        if scan.alone(at, 2) || scan.name(noun).is_some_and(|(name, _)| name.asset.is_some()) {
            return found(scan, at, noun, Value::Quantity(DraftAmount::Units(units(0)?)));
        }
    }
    found(scan, at, article, Value::Quantity(DraftAmount::Share(Share::of(1, 2)?)))
}

/// `a few USDC`, `some ETH`, `about 10`: an amount is meant and not said.
fn vague(scan: &Scan<'_>, at: usize) -> Option<Found> {
    let mut next = at.saturating_add(1);
    let word = scan.lower(at);
    let estimate =
        matches!(word, "about" | "around" | "approximately" | "approx" | "roughly" | "nearly" | "almost")
            || matches!(word, "~" | "≈");
    if estimate {
        let number = counted(scan, next)?;
        return found(scan, at, number.next, Value::Problem(Problem::Vague));
    }
    if matches!(word, "a" | "an") {
        next = next.saturating_add(1);
    }
    let amount = if next == at.saturating_add(1) { word } else { scan.lower(at.saturating_add(1)) };
    if !matches!(
        amount,
        "few"
            | "some"
            | "several"
            | "couple"
            | "bit"
            | "little"
            | "handful"
            | "bunch"
            | "lot"
            | "lots"
            | "tad"
            | "many"
    ) {
        return None;
    }
    if scan.lower(next) == "of" {
        next = next.saturating_add(1);
    }
    let named = scan.name(next).is_some_and(|(name, _)| name.asset.is_some());
    if named { found(scan, at, next, Value::Problem(Problem::Vague)) } else { None }
}

/// Words in the place of an amount that can never be one.
fn never(scan: &Scan<'_>, at: usize) -> Option<Found> {
    let next = at.saturating_add(1);
    let before_asset = || scan.alone(at, 1) || scan.name(next).is_some_and(|(name, _)| name.asset.is_some());
    let problem = match scan.lower(at) {
        "unlimited" | "infinite" | "limitless" => Problem::Unlimited,
        "infinity" | "inf" | "∞" => Problem::Unlimited,
        "nan" if before_asset() => Problem::NotANumber,
        "undefined" | "null" | "none" | "true" | "false" | "nil" if before_asset() => Problem::Malformed,
        "minus" | "negative" => {
            let number = number(scan, next)?;
            return found(scan, at, number.next, Value::Problem(Problem::Negative));
        }
        _ => return None,
    };
    found(scan, at, next, Value::Problem(problem))
}

fn counted(scan: &Scan<'_>, at: usize) -> Option<Found> {
    if scan.lower(at) == "twice" {
        return found(
            scan,
            at,
            at.saturating_add(1),
            Value::Quantity(DraftAmount::Units(Decimal::from_digits("2", "")?)),
        );
    }
    let Number { value, measure, mut next, digits } = number(scan, at)?;
    // "this one", "one of them": `one` is a number only before what it counts.
    let pronoun = scan.lower(at) == "one" && next == at.saturating_add(1) && measure == Measure::Plain;
    if pronoun && !scan.alone(at, 1) && scan.name(next).is_none_or(|(name, _)| name.asset.is_none()) {
        return None;
    }
    let tail = (scan.lower(next), scan.lower(next.saturating_add(1)));
    let vague = matches!(
        tail,
        ("and" | "&", "change" | "something" | "some") | ("or", "so") | ("plus" | "ish" | "odd", _)
    );
    let value = match (value, measure) {
        (Err(problem), _) => Value::Problem(problem),
        (Ok(_), _) if vague => {
            next = next.saturating_add(if matches!(tail.0, "plus" | "ish" | "odd") { 1 } else { 2 });
            Value::Problem(Problem::Vague)
        }
        (Ok(value), Measure::Plain) => Value::Quantity(DraftAmount::Units(value)),
        (Ok(value), Measure::Usd) => Value::Quantity(DraftAmount::Usd(value)),
        (Ok(value), Measure::Percent) => Value::Quantity(DraftAmount::Share(Share::Percent(value))),
        (Ok(value), Measure::Bps) => Value::Bps(value),
    };
    Some(Found { value, next, digits, inner: None })
}
