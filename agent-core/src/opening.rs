//! The opening line: what ran, waits and changed since the last time.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::core::Core;
use crate::ledger::{Entry, PlanRecord, Record};
use crate::{PlanState, Refusal};

/// Plans that are named one by one.
const NAMED_MAX: usize = 3;

impl Core {
    /// The line, and a row that marks this opening for the next one.
    pub async fn open(&self) -> Result<String, Refusal> {
        let entries = self.ledger.entries().await?;
        let opened = |entry: &&Entry| entry.record == Record::SessionOpened;
        let last = entries.iter().rev().find(opened).map(|entry| (entry.seq, entry.at));
        let (seq, at) = last.unwrap_or_default();
        let plans = self.ledger.plans().await?;
        let now = self.clock.now();
        let mut parts = Vec::new();
        for (state, words) in SINCE {
            // What waits is told again each time, what happened once.
            let told = |record: &&PlanRecord| {
                record.state(now) == state
                    && (waits(state) || record.entries.last().is_some_and(|entry| entry.seq > seq))
            };
            let ids: Vec<&str> = plans.iter().filter(told).map(|record| record.plan.id.as_str()).collect();
            parts.extend(part(&ids, words, waits(state)));
        }
        let mut line = match last {
            None if plans.is_empty() => "This journal is new: nothing has run yet.".to_owned(),
            None => sentence("So far", &parts),
            Some(_) => sentence(&format!("Since {}", when(at, now)), &parts),
        };
        if let Some(because) = self.halted().await? {
            line.push_str(&format!(" The agent is halted: {because}. Nothing is signed until `/resume`."));
        }
        self.ledger.append(None, Record::SessionOpened).await?;
        Ok(line)
    }
}

/// What is told, in this order: of one plan, of several.
const SINCE: [(PlanState, [&str; 2]); 8] = [
    (PlanState::Settled, ["plan settled", "plans settled"]),
    (PlanState::Failed, ["failed on chain", "failed on chain"]),
    (PlanState::Running, ["is under way", "are under way"]),
    (PlanState::Paused, ["is paused", "are paused"]),
    (PlanState::NeedsApproval, ["waits for an approval", "wait for an approval"]),
    (PlanState::Ready, ["waits for your yes", "wait for your yes"]),
    (PlanState::Denied, ["was denied", "were denied"]),
    (PlanState::Cancelled, ["was cancelled", "were cancelled"]),
];

fn waits(state: PlanState) -> bool {
    matches!(state, PlanState::Running | PlanState::Paused | PlanState::NeedsApproval | PlanState::Ready)
}

/// `1 waits for an approval (p-…)`; none: nothing.
fn part(ids: &[&str], [one, several]: [&str; 2], named: bool) -> Option<String> {
    let words = if ids.len() == 1 { one } else { several };
    let shown: Vec<&str> = ids.iter().take(NAMED_MAX).copied().collect();
    let more = if ids.len() > NAMED_MAX { ", …" } else { "" };
    let names = if named { format!(" ({}{more})", shown.join(", ")) } else { String::new() };
    (!ids.is_empty()).then(|| format!("{} {words}{names}", ids.len()))
}

fn sentence(since: &str, parts: &[String]) -> String {
    if parts.is_empty() {
        format!("{since}: nothing ran, and nothing waits.")
    } else {
        format!("{since}: {}.", parts.join(", "))
    }
}

/// `18:02`, `yesterday 18:02` or `2026-11-20 18:02`, UTC.
fn when(at: u64, now: u64) -> String {
    let zoned = |at: u64| {
        let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_second(at).ok());
        at.unwrap_or_default().to_zoned(TimeZone::UTC)
    };
    let (at, today) = (zoned(at), zoned(now).date());
    let format = if at.date() == today {
        "%H:%M UTC"
    } else if today.checked_sub(1.day()).is_ok_and(|yesterday| at.date() == yesterday) {
        "yesterday %H:%M UTC"
    } else {
        "%Y-%m-%d %H:%M UTC"
    };
    at.strftime(format).to_string()
}
