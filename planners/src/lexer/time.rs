//! Durations and times. A time of day is the next one after the clock that is handed in.

use agent_core::draft::{Decimal, DraftAmount, Period, Unit};
use jiff::{
    SignedDuration, Span, Timestamp, Zoned,
    civil::{Date, Time, Weekday},
};

use super::{
    Scan,
    amount::{Value, amount},
};

/// What a time phrase says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// `2 hours`, `a week`; after "every" a rhythm, after "in" a time from now.
    Length {
        count: u32,
        unit: Length,
    },
    /// `Monday at 9` after "every": a rhythm with its first run.
    Rhythm {
        every: Period,
        first: Timestamp,
    },
    At(Timestamp),
    /// `tonight`, `soon`: a time is meant and not said.
    Vague,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    Minutes,
    Whole(Unit),
}

impl When {
    pub fn period(&self) -> Option<Period> {
        match self {
            Self::Length { count, unit: Length::Whole(unit) } => Period::new(*count, *unit),
            Self::Length { count, unit: Length::Minutes } if count.checked_rem(60) == Some(0) => {
                Period::new(count.checked_div(60)?, Unit::Hour)
            }
            Self::Rhythm { every, .. } => Some(*every),
            Self::Length { .. } | Self::At(_) | Self::Vague => None,
        }
    }

    /// The moment meant, where a length is counted from `now`.
    pub fn moment(&self, now: &Zoned) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(*at),
            Self::Rhythm { first, .. } => Some(*first),
            Self::Length { count, unit } => {
                let count = i64::from(*count);
                let span = match unit {
                    Length::Minutes => Span::new().try_minutes(count),
                    Length::Whole(Unit::Hour) => Span::new().try_hours(count),
                    Length::Whole(Unit::Day) => Span::new().try_days(count),
                    Length::Whole(Unit::Week) => Span::new().try_weeks(count),
                    Length::Whole(Unit::Month) => Span::new().try_months(count),
                    Length::Whole(Unit::Year) => Span::new().try_years(count),
                };
                whole_seconds(&now.checked_add(span.ok()?).ok()?)
            }
            Self::Vague => None,
        }
    }
}

fn whole_seconds(at: &Zoned) -> Option<Timestamp> {
    Timestamp::from_second(at.timestamp().as_second()).ok()
}

pub(crate) fn when(scan: &Scan<'_>, at: usize) -> Option<(When, usize)> {
    rhythm(scan, at).or_else(|| length(scan, at)).or_else(|| moment(scan, at))
}

fn unit(word: &str) -> Option<Length> {
    Some(match word {
        "minute" | "minutes" | "min" | "mins" => Length::Minutes,
        "hour" | "hours" | "hr" | "hrs" | "h" => Length::Whole(Unit::Hour),
        "day" | "days" | "d" => Length::Whole(Unit::Day),
        "week" | "weeks" | "wk" | "wks" | "w" => Length::Whole(Unit::Week),
        "month" | "months" | "mo" | "mos" => Length::Whole(Unit::Month),
        "year" | "years" | "yr" | "yrs" | "y" => Length::Whole(Unit::Year),
        _ => return None,
    })
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word.trim_end_matches('s') {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// What follows "every", and the adverbs that say it in one word.
fn rhythm(scan: &Scan<'_>, at: usize) -> Option<(When, usize)> {
    let next = at.saturating_add(1);
    let (count, unit_found, after) = match scan.lower(at) {
        "hourly" => (1, Unit::Hour, next),
        "daily" => (1, Unit::Day, next),
        "weekly" => (1, Unit::Week, next),
        "biweekly" | "fortnightly" => (2, Unit::Week, next),
        "monthly" => (1, Unit::Month, next),
        "yearly" | "annually" => (1, Unit::Year, next),
        word => {
            let before = at.checked_sub(1).map_or("", |at| scan.lower(at));
            if !matches!(before, "every" | "each" | "per" | "a" | "an") && !scan.begins(at) {
                let rhythm = matches!(before, "every" | "each");
                return rhythm.then(|| every_weekday(scan, at)).flatten();
            }
            if word == "other" {
                match unit(scan.lower(next))? {
                    Length::Whole(unit) => (2, unit, next.saturating_add(1)),
                    Length::Minutes => return None,
                }
            } else if word == "fortnight" {
                (2, Unit::Week, next)
            } else if let Some(Length::Whole(unit)) = unit(word).filter(|_| word.len() > 2) {
                (1, unit, next)
            } else if word == "minute" {
                return Some((When::Length { count: 1, unit: Length::Minutes }, next));
            } else {
                return every_weekday(scan, at).filter(|_| matches!(before, "every" | "each"));
            }
        }
    };
    if let Some((time, after)) = time_of_day(scan, after, true) {
        let first = next_at(&scan.now, time)?;
        return Some((When::Rhythm { every: Period::new(count, unit_found)?, first }, after));
    }
    Some((When::Length { count, unit: Length::Whole(unit_found) }, after))
}

fn every_weekday(scan: &Scan<'_>, at: usize) -> Option<(When, usize)> {
    let day = weekday(scan.lower(at))?;
    let (time, after) = match time_of_day(scan, at.saturating_add(1), true) {
        Some((time, after)) => (time, after),
        None => (Time::midnight(), at.saturating_add(1)),
    };
    let first = on_weekday(&scan.now, day, time)?;
    Some((When::Rhythm { every: Period::new(1, Unit::Week)?, first }, after))
}

/// `2 hours`, `two weeks`, `a month`, `30d`, `half an hour`
fn length(scan: &Scan<'_>, at: usize) -> Option<(When, usize)> {
    let next = at.saturating_add(1);
    let word = scan.lower(at);
    if word == "half" && scan.lower(next) == "an" && scan.lower(next.saturating_add(1)) == "hour" {
        return Some((When::Length { count: 30, unit: Length::Minutes }, next.saturating_add(2)));
    }
    if matches!(word, "a" | "an") {
        if scan.lower(next) == "fortnight" {
            return Some((
                When::Length { count: 2, unit: Length::Whole(Unit::Week) },
                next.saturating_add(1),
            ));
        }
        let unit = unit(scan.lower(next)).filter(|_| scan.lower(next).len() > 2)?;
        return Some((When::Length { count: 1, unit }, next.saturating_add(1)));
    }
    let letters = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    if let Some((count, letters)) = word.split_at_checked(letters)
        && let (Ok(count), Some(unit)) = (count.parse(), unit(letters))
    {
        return Some((When::Length { count, unit }, next));
    }
    let (count, after) = match amount(scan, at) {
        Some(found) => match found.value {
            Value::Quantity(DraftAmount::Units(count)) => (whole(&count)?, found.next),
            Value::Quantity(_) | Value::Bps(_) | Value::Problem(_) => return None,
        },
        None if word == "one" => (1, next),
        None => return None,
    };
    let unit = unit(scan.lower(after)).filter(|_| scan.lower(after).len() > 1)?;
    Some((When::Length { count, unit }, after.saturating_add(1)))
}

fn whole(count: &Decimal) -> Option<u32> {
    count.as_str().parse().ok()
}

fn month(word: &str) -> Option<i8> {
    let names = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let fits = |name: &str| {
        name == word || (word.len() >= 3 && word != "mar" && name.get(..3) == Some(word)) || word == "sept"
    };
    let sept = |name: &str| word != "sept" || name == "september";
    names.iter().zip(1i8..).find(|(name, _)| fits(name) && sept(name)).map(|(_, month)| month)
}

/// A point in time: `tomorrow at 9`, `next Friday`, `at 5pm`, `1 December`, `2026-12-01T09:00Z`.
fn moment(scan: &Scan<'_>, at: usize) -> Option<(When, usize)> {
    let next = at.saturating_add(1);
    let word = scan.lower(at);
    if matches!(word, "tonight" | "soon" | "later" | "eventually") {
        return Some((When::Vague, next));
    }
    if let Some(found) = scan.word(at).and_then(|word| word.text.parse::<Timestamp>().ok()) {
        return Some((When::At(found), next));
    }
    let (date, after) = if let Ok(date) = word.parse::<Date>() {
        (date, next)
    } else if matches!(word, "tomorrow" | "today") {
        let days = i64::from(word == "tomorrow");
        (scan.now.date().checked_add(Span::new().try_days(days).ok()?).ok()?, next)
    } else if let Some((date, after)) = calendar(scan, at) {
        (date, after)
    } else if let Some((day, after)) = named_weekday(scan, at) {
        let (time, after) = time_of_day(scan, after, true).unwrap_or((Time::midnight(), after));
        return Some((When::At(on_weekday(&scan.now, day, time)?), after));
    } else if let Some((time, after)) = time_of_day(scan, at, false) {
        return Some((When::At(next_at(&scan.now, time)?), after));
    } else {
        return None;
    };
    match time_of_day(scan, after, true) {
        Some((time, after)) => Some((When::At(local(&scan.now, date, time)?), after)),
        // "today" without an hour says no time.
        None if word == "today" => None,
        // "tomorrow" without an hour is this hour tomorrow; a date is its first moment.
        None if word == "tomorrow" => Some((When::At(local(&scan.now, date, scan.now.time())?), after)),
        None => Some((When::At(local(&scan.now, date, Time::midnight())?), after)),
    }
}

/// `Friday`, `next Friday`; the coming one. A bare weekday counts only behind "on", "until", "from", "by".
fn named_weekday(scan: &Scan<'_>, at: usize) -> Option<(Weekday, usize)> {
    let next = at.saturating_add(1);
    if matches!(scan.lower(at), "next" | "this" | "coming") {
        return Some((weekday(scan.lower(next))?, next.saturating_add(1)));
    }
    Some((weekday(scan.lower(at))?, next))
}

/// `December 1`, `Dec 1st 2026`, `1 December`; without a year the coming one.
fn calendar(scan: &Scan<'_>, at: usize) -> Option<(Date, usize)> {
    let next = at.saturating_add(1);
    let day = |at: usize| {
        let word = scan.lower(at);
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let tail = word.strip_prefix(digits).unwrap_or_default();
        matches!(tail, "" | "st" | "nd" | "rd" | "th").then(|| digits.parse::<i8>().ok()).flatten()
    };
    let (month, day) = match month(scan.lower(at)) {
        Some(month) => (month, day(next)?),
        None => (month(scan.lower(next))?, day(at)?),
    };
    let mut after = next.saturating_add(1);
    let year_at = if scan.lower(after) == "," { after.saturating_add(1) } else { after };
    let year = scan.lower(year_at).parse::<i16>().ok().filter(|year| (2000..3000).contains(year));
    let date = match year {
        Some(year) => {
            after = year_at.saturating_add(1);
            Date::new(year, month, day).ok()?
        }
        None => {
            let this = Date::new(scan.now.year(), month, day).ok()?;
            if this > scan.now.date() {
                this
            } else {
                Date::new(scan.now.year().checked_add(1)?, month, day).ok()?
            }
        }
    };
    Some((date, after))
}

/// `at 9`, `9am`, `17:00`, `at noon`. A bare hour counts only behind a day.
fn time_of_day(scan: &Scan<'_>, at: usize, after_day: bool) -> Option<(Time, usize)> {
    let introduced = scan.lower(at) == "at";
    let hour_at = at.saturating_add(usize::from(introduced));
    let next = hour_at.saturating_add(1);
    let word = scan.lower(hour_at);
    match word {
        "noon" | "midday" => return Some((Time::new(12, 0, 0, 0).ok()?, next)),
        "midnight" => return Some((Time::midnight(), next)),
        _ => {}
    }
    let (digits, joined) =
        match word.strip_suffix("am").map(|d| (d, "am")).or(word.strip_suffix("pm").map(|d| (d, "pm"))) {
            Some((digits, half)) => (digits, Some(half)),
            None => (word, None),
        };
    let (half, next) = match (joined, scan.lower(next)) {
        (Some(half), _) => (Some(half), next),
        (None, "am" | "pm") => (Some(scan.lower(next)), next.saturating_add(1)),
        (None, "o'clock" | "utc") => (None, next.saturating_add(1)),
        (None, _) => (None, next),
    };
    let (hour, minute) = match digits.split_once(':') {
        Some((hour, minute)) => {
            (hour.parse::<i8>().ok()?, minute.parse::<i8>().ok().filter(|_| minute.len() == 2)?)
        }
        None => (digits.parse::<i8>().ok()?, 0),
    };
    let plain = half.is_none() && !digits.contains(':') && scan.lower(hour_at.saturating_add(1)) != "o'clock";
    if plain && !(after_day && introduced) {
        return None;
    }
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some("am") => hour.checked_rem(12)?,
        Some(_) => hour.checked_rem(12)?.checked_add(12)?,
    };
    Some((Time::new(hour, minute, 0, 0).ok()?, next))
}

fn local(now: &Zoned, date: Date, time: Time) -> Option<Timestamp> {
    whole_seconds(&date.to_datetime(time).to_zoned(now.time_zone().clone()).ok()?)
}

fn next_at(now: &Zoned, time: Time) -> Option<Timestamp> {
    let today = local(now, now.date(), time)?;
    if today > now.timestamp() {
        return Some(today);
    }
    local(now, now.date().tomorrow().ok()?, time)
}

fn on_weekday(now: &Zoned, day: Weekday, time: Time) -> Option<Timestamp> {
    let mut date = now.date();
    for _ in 0..8 {
        let at = local(now, date, time)?;
        if date.weekday() == day && at.duration_since(now.timestamp()) > SignedDuration::ZERO {
            return Some(at);
        }
        date = date.tomorrow().ok()?;
    }
    None
}
