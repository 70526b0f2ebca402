//! Amounts, shares and periods of a draft: strings with one canonical form each, checked when they are made.

use std::{fmt, str::FromStr};

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

/// A value that is not in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct NotCanonical {
    pub text: String,
    pub wanted: &'static str,
}

fn not(text: &str, wanted: &'static str) -> NotCanonical {
    NotCanonical { text: text.chars().take(80).collect(), wanted }
}

/// A non-negative plain decimal: no separators, no exponent, no leading or trailing zeros (`0`, `0.5`, `1250.75`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal(String);

/// Longer than any 256-bit integer with any number of decimals in use.
const DIGITS_MAX: usize = 160;
const DECIMAL: &str = "a plain decimal (no separators, no exponent, no needless zeros)";

impl Decimal {
    /// From the digits before and after the point; needless zeros are dropped. `None` if there is none, or no digit.
    pub fn from_digits(whole: &str, fraction: &str) -> Option<Self> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let long = whole.len().saturating_add(fraction.len());
        if !digits(whole) || !digits(fraction) || long == 0 || long > DIGITS_MAX {
            return None;
        }
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            rest => rest,
        };
        let fraction = fraction.trim_end_matches('0');
        Some(Self(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_zero(&self) -> bool {
        self.0 == "0"
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once('.').unwrap_or((&self.0, ""))
    }

    /// How many digits stand after the point.
    pub fn decimals(&self) -> usize {
        self.parts().1.len()
    }

    /// In units of `10^-decimals`. `None` if it has more decimals than that or does not fit 256 bits.
    pub fn to_raw(&self, decimals: u8) -> Option<U256> {
        let (whole, fraction) = self.parts();
        let zeros = usize::from(decimals).checked_sub(fraction.len())?;
        U256::from_str_radix(&format!("{whole}{fraction}{}", "0".repeat(zeros)), 10).ok()
    }

    /// The same digits with the point moved `places` to the right.
    pub fn shifted(&self, places: usize) -> Option<Self> {
        let (whole, fraction) = self.parts();
        let taken: String = fraction.chars().chain(std::iter::repeat('0')).take(places).collect();
        let rest: String = fraction.chars().skip(places).collect();
        Self::from_digits(&format!("{whole}{taken}"), &rest)
    }
}

impl FromStr for Decimal {
    type Err = NotCanonical;

    fn from_str(text: &str) -> Result<Self, NotCanonical> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        Self::from_digits(whole, fraction)
            .filter(|decimal| decimal.0 == text)
            .ok_or_else(|| not(text, DECIMAL))
    }
}

/// A part of a whole: `"25%"`, or `"1/3"` where it is no whole percentage. May be over 100 %; a check refuses that.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Share {
    Percent(Decimal),
    Fraction(u32, u32),
}

impl Share {
    /// As (numerator, denominator). `None` past 128 bits.
    pub fn ratio(&self) -> Option<(u128, u128)> {
        match self {
            Self::Fraction(part, whole) => Some((u128::from(*part), u128::from(*whole))),
            Self::Percent(percent) => {
                let places = u8::try_from(percent.decimals()).ok()?;
                let part = u128::try_from(percent.to_raw(places)?).ok()?;
                Some((part, 10u128.checked_pow(u32::from(places))?.checked_mul(100)?))
            }
        }
    }

    /// `n` parts of `of`, as a percentage where that is a whole number.
    pub fn of(part: u32, of: u32) -> Option<Self> {
        let hundredfold = part.checked_mul(100)?;
        Some(match hundredfold.checked_rem(of)? {
            0 => Self::Percent(Decimal(hundredfold.checked_div(of)?.to_string())),
            _ => Self::Fraction(part, of),
        })
    }
}

impl FromStr for Share {
    type Err = NotCanonical;

    fn from_str(text: &str) -> Result<Self, NotCanonical> {
        let wanted = "a share like 25% or 1/3";
        if let Some(percent) = text.strip_suffix('%') {
            return percent.parse().map(Self::Percent).map_err(|_| not(text, wanted));
        }
        let (part, whole) = text.split_once('/').ok_or_else(|| not(text, wanted))?;
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| not(text, wanted));
        let share = Self::of(number(part)?, number(whole)?).ok_or_else(|| not(text, wanted))?;
        if share.to_string() == text { Ok(share) } else { Err(not(text, wanted)) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{}%", percent.0),
            Self::Fraction(part, whole) => write!(f, "{part}/{whole}"),
        }
    }
}

/// An amount as it was said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DraftAmount {
    /// `"1250.75"`, units of the asset.
    Units(Decimal),
    /// `"$50"`, worth in USD.
    Usd(Decimal),
    /// `"25%"`, `"1/3"`: of what is held, or of the position.
    Share(Share),
    /// `"all"`
    All,
    /// `"all-10"`: all but 10 units.
    AllBut(Decimal),
    /// `"@1"`, `"50%@1"`, `"@1:USDC"`: what step 1 (counted from 1) yields, or a share of it.
    Yield { share: Option<Share>, step: usize, asset: Option<String> },
}

impl FromStr for DraftAmount {
    type Err = NotCanonical;

    fn from_str(text: &str) -> Result<Self, NotCanonical> {
        let wanted = "an amount like 1250.75, $50, 25%, 1/3, all, all-10, @1, 50%@1 or @1:USDC";
        let decimal = |digits: &str| digits.parse::<Decimal>().map_err(|_| not(text, wanted));
        if let Some((share, rest)) = text.split_once('@') {
            let (step, asset) = match rest.split_once(':') {
                Some((step, asset)) => (step, Some(asset.to_owned())),
                None => (rest, None),
            };
            let share = match share {
                "" => None,
                share => Some(share.parse().map_err(|_| not(text, wanted))?),
            };
            let step = step.parse().map_err(|_| not(text, wanted))?;
            let amount = Self::Yield { share, step, asset };
            return if amount.to_string() == text && step > 0 { Ok(amount) } else { Err(not(text, wanted)) };
        }
        if text == "all" {
            Ok(Self::All)
        } else if let Some(but) = text.strip_prefix("all-") {
            decimal(but).map(Self::AllBut)
        } else if let Some(usd) = text.strip_prefix('$') {
            decimal(usd).map(Self::Usd)
        } else if text.contains(['%', '/']) {
            text.parse().map(Self::Share)
        } else {
            decimal(text).map(Self::Units)
        }
    }
}

impl fmt::Display for DraftAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Units(units) => f.write_str(&units.0),
            Self::Usd(usd) => write!(f, "${}", usd.0),
            Self::Share(share) => write!(f, "{share}"),
            Self::All => f.write_str("all"),
            Self::AllBut(but) => write!(f, "all-{}", but.0),
            Self::Yield { share, step, asset } => {
                if let Some(share) = share {
                    write!(f, "{share}")?;
                }
                write!(f, "@{step}")?;
                asset.iter().try_for_each(|asset| write!(f, ":{asset}"))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// A length of time in its largest whole unit: `"2w"`, never `"14d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    pub count: u32,
    pub unit: Unit,
}

impl Period {
    /// Moves to the largest whole unit: 24 hours to a day, 7 days to a week, 12 months to a year. `None` for zero.
    pub fn new(count: u32, unit: Unit) -> Option<Self> {
        let (size, larger) = match unit {
            Unit::Hour => (24, Unit::Day),
            Unit::Day => (7, Unit::Week),
            Unit::Month => (12, Unit::Year),
            Unit::Week | Unit::Year => return (count > 0).then_some(Self { count, unit }),
        };
        match (count.checked_div(size)?, count.checked_rem(size)?) {
            (0, 0) => None,
            (larger_count, 0) => Self::new(larger_count, larger),
            _ => Some(Self { count, unit }),
        }
    }
}

impl FromStr for Period {
    type Err = NotCanonical;

    fn from_str(text: &str) -> Result<Self, NotCanonical> {
        let wanted = "a period like 12h, 1d, 2w, 6mo or 1y in its largest whole unit";
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (count, unit) = text.split_at_checked(split).unwrap_or((text, ""));
        let unit = match unit {
            "h" => Unit::Hour,
            "d" => Unit::Day,
            "w" => Unit::Week,
            "mo" => Unit::Month,
            "y" => Unit::Year,
            _ => return Err(not(text, wanted)),
        };
        let period = count.parse().ok().and_then(|count| Self::new(count, unit));
        period.filter(|period| period.to_string() == text).ok_or_else(|| not(text, wanted))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Hour => "h",
            Unit::Day => "d",
            Unit::Week => "w",
            Unit::Month => "mo",
            Unit::Year => "y",
        };
        write!(f, "{}{unit}", self.count)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! as_string {
    ($($name:ty),*) => {$(
        impl TryFrom<String> for $name {
            type Error = NotCanonical;
            fn try_from(text: String) -> Result<Self, NotCanonical> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )*};
}
as_string!(Decimal, Share, DraftAmount, Period);
