//! Where a plan stands: the fold of its journal rows. Nothing else is remembered between two runs.

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolEvent;

use crate::ledger::{Entry, Record};
use crate::settle::Transfer;
use crate::{Amount, Call, CompiledStep, Receipt, Settled};

/// What the journal says of one step.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepProgress {
    pub(crate) raw: Option<U256>,
    pub(crate) other: Option<U256>,
    pub(crate) compiled: Option<CompiledStep>,
    /// Calls that take back what earlier compilations allowed.
    pub(crate) left: Vec<Call>,
    pub(crate) l1_fee: U256,
    /// Hashes of every attempt at a call, the oldest first, by (cleanup, call).
    pub(crate) signed: BTreeMap<(bool, usize), Vec<B256>>,
    /// Receipts by (cleanup, call).
    pub(crate) included: BTreeMap<(bool, usize), Receipt>,
    /// Receipts under an earlier compilation of the step: approvals that were in blocks before it was taken up again.
    pub(crate) earlier: Vec<Receipt>,
    /// All calls in blocks, and what they did.
    pub(crate) settled: Option<Settled>,
    pub(crate) differences: Vec<String>,
    pub(crate) failed: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) started: bool,
    pub(crate) cancelled: bool,
    pub(crate) paused: bool,
    pub(crate) settled: bool,
    pub(crate) steps: BTreeMap<usize, StepProgress>,
}

impl Progress {
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let mut progress = Self::default();
        for entry in entries {
            progress.apply(&entry.record);
        }
        progress
    }

    /// Applies a row that was just written.
    pub(crate) fn apply(&mut self, record: &Record) {
        match record {
            Record::Started { .. } => self.started = true,
            Record::PlanCancelled => self.cancelled = true,
            Record::Settled => self.settled = true,
            Record::StepStarted { step, raw, other, compiled, l1_fee } => {
                let own = self.step(*step);
                own.left = own.to_take_back().cloned().collect();
                own.signed.clear();
                own.earlier.extend(std::mem::take(&mut own.included).into_values());
                own.raw = Some(*raw);
                own.other = *other;
                own.compiled = Some((**compiled).clone());
                own.l1_fee = *l1_fee;
            }
            Record::Signed { step, call, cleanup, tx_hash, .. } => {
                self.step(*step).signed.entry((*cleanup, *call)).or_default().push(*tx_hash);
            }
            Record::Included { step, call, cleanup, receipt } => {
                self.step(*step).included.insert((*cleanup, *call), (**receipt).clone());
            }
            Record::StepSettled { step, yielded, spent, differences } => {
                let position = self.step(*step).minted();
                let settled = Settled { yielded: yielded.clone(), spent: spent.clone(), position };
                self.step(*step).settled = Some(settled);
                self.step(*step).differences = differences.clone();
            }
            Record::StepFailed { step, reason } => self.step(*step).failed = Some(reason.clone()),
            Record::Paused => self.paused = true,
            Record::Resumed => self.paused = false,
            Record::PlanSaved { .. }
            | Record::SpeedUp { .. }
            | Record::Halted { .. }
            | Record::Unhalted
            | Record::SessionOpened
            | Record::ApprovalAdded { .. }
            | Record::ContactAdded { .. }
            | Record::ContactRemoved { .. }
            | Record::Sent { .. } => {}
        }
    }

    pub(crate) fn step(&mut self, step: usize) -> &mut StepProgress {
        self.steps.entry(step).or_default()
    }

    /// Whether anything of the plan may be out.
    pub(crate) fn broadcast(&self) -> bool {
        self.steps.values().any(|step| !step.signed.is_empty() || !step.earlier.is_empty())
    }

    /// What settled steps did.
    pub(crate) fn settled(&self) -> BTreeMap<usize, Settled> {
        let settled = self.steps.iter().filter_map(|(step, own)| Some((*step, own.settled.clone()?)));
        settled.collect()
    }

    /// What settled steps yielded.
    pub(crate) fn yields(&self) -> BTreeMap<usize, Vec<Amount>> {
        self.settled().into_iter().map(|(step, settled)| (step, settled.yielded)).collect()
    }
}

impl StepProgress {
    /// Calls that take back what this step's approvals allowed so far.
    pub(crate) fn to_take_back(&self) -> impl Iterator<Item = &Call> {
        let now = self.compiled.as_ref().filter(|_| !self.included.is_empty());
        let now = now.into_iter().flat_map(|compiled| &compiled.cleanup);
        self.left.iter().chain(now.filter(|call| !self.left.contains(call)))
    }

    /// The act was signed: the step may never be compiled again.
    pub(crate) fn act_signed(&self) -> bool {
        let Some(compiled) = &self.compiled else { return false };
        let acts = compiled.calls.iter().enumerate().filter(|(_, call)| call.role == crate::CallRole::Act);
        acts.into_iter().any(|(call, _)| self.signed.contains_key(&(false, call)))
    }

    /// The token with an id (ERC-721) that the contract of the act made.
    fn minted(&self) -> Option<U256> {
        let calls = &self.compiled.as_ref()?.calls;
        let contract = calls.iter().rfind(|call| call.role == crate::CallRole::Act)?.to;
        let made = self.act_receipt()?.logs.iter().filter(|log| log.address == contract);
        made.into_iter().find_map(|log| match log.topics.as_slice() {
            [event, from, _, id] if *event == Transfer::SIGNATURE_HASH && from.is_zero() => {
                Some(U256::from_be_bytes(id.0))
            }
            _ => None,
        })
    }

    /// The allowances that this step's approvals set may still stand: its act is not in a block.
    pub(crate) fn may_leave_allowances(&self) -> bool {
        let Some(compiled) = &self.compiled else { return false };
        let approved = self.included.iter().any(|((cleanup, call), receipt)| {
            let role = compiled.calls.get(*call).map(|call| call.role);
            !cleanup && receipt.success && role == Some(crate::CallRole::Approve)
        });
        self.settled.is_none()
            && self.failed.is_none()
            && self.act_receipt().is_none()
            && (approved || !self.left.is_empty())
    }

    /// Attempts at calls that no receipt is known of.
    pub(crate) fn open(&self) -> impl Iterator<Item = B256> + '_ {
        let open = self.signed.iter().filter(|(key, _)| !self.included.contains_key(key));
        open.flat_map(|(_, attempts)| attempts.iter().copied())
    }

    /// The receipt of the first call that reverted.
    pub(crate) fn reverted(&self) -> Option<&Receipt> {
        self.included
            .iter()
            .filter(|((cleanup, _), _)| !cleanup)
            .map(|(_, receipt)| receipt)
            .find(|receipt| !receipt.success)
    }

    /// How many calls (or cleanup calls) are in blocks.
    pub(crate) fn done(&self, cleanup: bool) -> usize {
        self.included.keys().filter(|(own, _)| *own == cleanup).count()
    }
}
