//! Where a saved plan stands, in one word, by its rows.

use serde::{Deserialize, Serialize};

use crate::Verdict;
use crate::ledger::{PlanRecord, Record};
use crate::progress::Progress;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    /// The policy denies it.
    Denied,
    NeedsApproval,
    /// A person's `y` would run it.
    Ready,
    /// Nothing of it ran, and its bounds have expired.
    Expired,
    /// Begun and not done; whether a process works on it now is not in the journal.
    Running,
    Paused,
    Cancelled,
    /// A step reverted on chain.
    Failed,
    Settled,
}

impl PlanState {
    /// `waits for an approval`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Denied => "is denied by the policy",
            Self::NeedsApproval => "waits for an approval",
            Self::Ready => "waits for your yes",
            Self::Expired => "has expired",
            Self::Running => "is under way",
            Self::Paused => "is paused",
            Self::Cancelled => "is cancelled",
            Self::Failed => "failed on chain",
            Self::Settled => "is settled",
        }
    }

    /// Nothing more of it will run.
    pub fn ended(self) -> bool {
        matches!(self, Self::Cancelled | Self::Failed | Self::Settled)
    }

    /// Nothing of it ran yet.
    pub fn fresh(self) -> bool {
        matches!(self, Self::Denied | Self::NeedsApproval | Self::Ready | Self::Expired)
    }
}

impl PlanRecord {
    /// `now`: seconds since the Unix epoch.
    pub fn state(&self, now: u64) -> PlanState {
        let progress = Progress::of(&self.entries);
        let approved = self.entries.iter().any(|entry| matches!(entry.record, Record::ApprovalAdded { .. }));
        if progress.settled {
            PlanState::Settled
        } else if progress.steps.values().any(|step| step.failed.is_some()) {
            PlanState::Failed
        } else if progress.cancelled {
            PlanState::Cancelled
        } else if progress.started {
            if progress.paused { PlanState::Paused } else { PlanState::Running }
        } else if now >= self.report.bounds.expires_at {
            PlanState::Expired
        } else {
            match self.report.verdict {
                Verdict::Deny => PlanState::Denied,
                Verdict::NeedsApproval if !approved => PlanState::NeedsApproval,
                Verdict::NeedsApproval | Verdict::Allow => PlanState::Ready,
            }
        }
    }
}
