//! The journal in memory. Cloning gives the same journal: it survives a killed process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use agent_core::ledger::{Attempt, Entry, Ledger, LedgerError, NonceClaim, Orders, PlanRecord, Record};
use agent_core::ports::Clock;
use agent_core::{Action, Approval, BudgetDelta, Contact};
use alloy_primitives::{Address, U256};
use async_trait::async_trait;

use crate::clock::FakeClock;
use crate::kill::Kill;
use crate::lock;

/// A bug to plant: what a journal must not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A reservation reaches the disk with the next row only: the broadcast comes before the journal.
    LateReserve,
    /// Attempts are not given back after a restart.
    ForgetsAttempts,
}

/// The failing write, from 1, and whether it took effect before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteFault {
    pub at: u64,
    pub took_effect: bool,
}

#[derive(Debug, Clone)]
struct Reservation {
    plan_id: String,
    step: usize,
    at: u64,
    delta: BudgetDelta,
}

#[derive(Debug, Clone, Default)]
struct Rows {
    entries: Vec<Entry>,
    attempts: Vec<Attempt>,
    reserved: Vec<Reservation>,
}

#[derive(Debug, Default)]
struct Inner {
    /// On disk.
    rows: Rows,
    /// Not on disk yet; only [`Bug::LateReserve`] leaves something here.
    unsaved: Option<Rows>,
    bug: Option<Bug>,
    writes: u64,
    fault: Option<WriteFault>,
}

#[derive(Debug, Clone)]
pub struct MemoryLedger {
    inner: Arc<Mutex<Inner>>,
    clock: FakeClock,
    kill: Kill,
}

impl MemoryLedger {
    pub fn new(clock: FakeClock, kill: Kill) -> Self {
        Self { inner: Arc::default(), clock, kill }
    }

    pub fn plant(&self, bug: Bug) {
        lock(&self.inner).bug = Some(bug);
    }

    /// One write from now on fails with `io.failed`.
    pub fn fail_at(&self, fault: WriteFault) {
        let mut inner = lock(&self.inner);
        inner.writes = 0;
        inner.fault = Some(fault);
    }

    /// The process died: what was not on disk is gone.
    pub fn restart(&self) {
        lock(&self.inner).unsaved = None;
    }

    /// Budgets that are reserved at present, millionths of a USD.
    pub fn reserved(&self) -> U256 {
        let inner = lock(&self.inner);
        sum(inner.rows().reserved.iter())
    }

    /// Every row so far.
    pub fn rows(&self) -> Vec<Entry> {
        lock(&self.inner).rows().entries.clone()
    }

    /// A write that may be told to fail, before or after it takes effect.
    async fn write<T>(
        &self,
        write: impl FnOnce(&mut Inner, u64) -> Result<T, LedgerError> + Send,
    ) -> Result<T, LedgerError> {
        self.kill.place().await;
        let now = self.clock.now();
        let outcome = {
            let mut inner = lock(&self.inner);
            inner.writes = inner.writes.saturating_add(1);
            let writes = inner.writes;
            match inner.fault.filter(|fault| fault.at == writes) {
                Some(WriteFault { took_effect: false, .. }) => Err(failed()),
                Some(WriteFault { took_effect: true, .. }) => write(&mut inner, now).and(Err(failed())),
                None => write(&mut inner, now),
            }
        };
        if outcome.is_ok() {
            self.kill.place().await;
        }
        outcome
    }

    async fn read<T>(&self, read: impl FnOnce(&Rows) -> T + Send) -> Result<T, LedgerError> {
        self.kill.place().await;
        let inner = lock(&self.inner);
        Ok(read(inner.rows()))
    }
}

fn failed() -> LedgerError {
    LedgerError::Io { code: "io.failed".to_owned(), message: "the disk failed".to_owned() }
}

fn sum<'a>(reserved: impl Iterator<Item = &'a Reservation>) -> U256 {
    reserved.fold(U256::ZERO, |sum, own| sum.saturating_add(own.delta.micro_usd))
}

fn hash(previous: &str, seq: u64, at: u64, plan_id: Option<&str>, record: &Record) -> String {
    let row = serde_json::to_vec(&(previous, seq, at, plan_id, record)).unwrap_or_default();
    blake3::hash(&row).to_hex().to_string()
}

impl Inner {
    /// What this process sees.
    fn rows(&self) -> &Rows {
        self.unsaved.as_ref().unwrap_or(&self.rows)
    }

    fn save(&mut self, rows: Rows, late: bool) {
        if late {
            self.unsaved = Some(rows);
        } else {
            self.rows = rows;
            self.unsaved = None;
        }
    }
}

impl Rows {
    fn push(&mut self, plan_id: Option<&str>, record: Record, at: u64) -> Entry {
        let previous = self.entries.last().map(|entry| entry.hash.clone()).unwrap_or_default();
        let seq = u64::try_from(self.entries.len()).unwrap_or(u64::MAX).saturating_add(1);
        let hash = hash(&previous, seq, at, plan_id, &record);
        let entry = Entry { seq, at, plan_id: plan_id.map(str::to_owned), record, hash };
        self.entries.push(entry.clone());
        entry
    }

    fn of_plan(&self, id: &str) -> Vec<Entry> {
        self.entries.iter().filter(|entry| entry.plan_id.as_deref() == Some(id)).cloned().collect()
    }

    fn plans(&self) -> Vec<PlanRecord> {
        let saved =
            self.entries.iter().rev().filter(|entry| matches!(entry.record, Record::PlanSaved { .. }));
        saved.filter_map(|entry| PlanRecord::of(self.of_plan(entry.plan_id.as_ref()?))).collect()
    }

    fn reserve(
        &mut self,
        attempt: &Attempt,
        budgets: &[BudgetDelta],
        now: u64,
    ) -> Result<Entry, LedgerError> {
        let Attempt { plan_id, step, claim, .. } = attempt;
        let NonceClaim { sender, nonce, tx_hash, .. } = claim;
        let key = |claim: &NonceClaim| (claim.network, claim.sender, claim.nonce);
        let mut taken = self.attempts.iter().filter(|other| key(&other.claim) == key(claim)).peekable();
        if taken.peek().is_some() {
            let signed = |entry: &&Entry| matches!(&entry.record, Record::Signed { tx_hash: own, .. } if own == tx_hash);
            if let Some(entry) = self.entries.iter().find(signed) {
                return Ok(entry.clone());
            }
            let call = |own: &Attempt| (own.plan_id.clone(), own.step, own.call, own.cleanup);
            let replaced =
                |own: &Attempt| Some(own.claim.tx_hash) == attempt.replaces && call(own) == call(attempt);
            if !taken.any(replaced) {
                return Err(LedgerError::NonceTaken { sender: *sender, nonce: *nonce });
            }
        }
        let mut reserved = self.reserved.clone();
        reserved.retain(|own| (&own.plan_id, own.step) != (plan_id, *step));
        let own = self.entries.iter().filter(|entry| entry.plan_id.as_ref().is_none_or(|id| id == plan_id));
        if let Some(code) = Orders::of(own.map(|entry| &entry.record)).stops(attempt) {
            return Err(LedgerError::Stopped { code });
        }
        for delta in budgets {
            let since = now.saturating_sub(delta.window_s);
            let spent = sum(reserved.iter().filter(|own| own.delta.budget == delta.budget && own.at > since));
            if spent.saturating_add(delta.micro_usd) > delta.cap_micro_usd {
                let (wanted, cap) = (delta.micro_usd, delta.cap_micro_usd);
                return Err(LedgerError::BudgetExceeded { budget: delta.budget.clone(), spent, wanted, cap });
            }
            let own = Reservation { plan_id: plan_id.clone(), step: *step, at: now, delta: delta.clone() };
            reserved.push(own);
        }
        self.reserved = reserved;
        self.attempts.push(attempt.clone());
        Ok(self.push(Some(plan_id), attempt.record(), now))
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn append(&self, plan_id: Option<&str>, record: Record) -> Result<Entry, LedgerError> {
        self.write(|inner, now| {
            let mut rows = inner.rows().clone();
            let entry = rows.push(plan_id, record, now);
            inner.save(rows, false);
            Ok(entry)
        })
        .await
    }

    async fn reserve(&self, attempt: &Attempt, budgets: &[BudgetDelta]) -> Result<Entry, LedgerError> {
        self.write(|inner, now| {
            let mut rows = inner.rows().clone();
            let entry = rows.reserve(attempt, budgets, now)?;
            inner.save(rows, inner.bug == Some(Bug::LateReserve));
            Ok(entry)
        })
        .await
    }

    async fn release(&self, plan_id: &str, step: usize) -> Result<(), LedgerError> {
        self.write(|inner, _| {
            let mut rows = inner.rows().clone();
            rows.reserved.retain(|own| (own.plan_id.as_str(), own.step) != (plan_id, step));
            inner.save(rows, false);
            Ok(())
        })
        .await
    }

    async fn spent(
        &self,
        budget: &str,
        since: u64,
        except: Option<(&str, usize)>,
    ) -> Result<U256, LedgerError> {
        self.read(|rows| {
            sum(rows.reserved.iter().filter(|own| {
                own.delta.budget == budget
                    && own.at > since
                    && Some((own.plan_id.as_str(), own.step)) != except
            }))
        })
        .await
    }

    async fn plan(&self, id: &str) -> Result<Option<PlanRecord>, LedgerError> {
        self.read(|rows| PlanRecord::of(rows.of_plan(id))).await
    }

    async fn plans(&self) -> Result<Vec<PlanRecord>, LedgerError> {
        self.read(Rows::plans).await
    }

    async fn plan_of_request(&self, request_id: &str) -> Result<Option<PlanRecord>, LedgerError> {
        self.read(|rows| {
            let asked = |entry: &&Entry| {
                matches!(&entry.record, Record::PlanSaved { request_id: Some(own), .. } if own == request_id)
            };
            let id = rows.entries.iter().find(asked)?.plan_id.clone()?;
            PlanRecord::of(rows.of_plan(&id))
        })
        .await
    }

    async fn attempts(&self, plan_id: &str) -> Result<Vec<Attempt>, LedgerError> {
        if lock(&self.inner).bug == Some(Bug::ForgetsAttempts) {
            return Ok(Vec::new());
        }
        self.read(|rows| rows.attempts.iter().filter(|own| own.plan_id == plan_id).cloned().collect()).await
    }

    async fn orders(&self, plan_id: &str) -> Result<Orders, LedgerError> {
        self.read(|rows| {
            let own =
                rows.entries.iter().filter(|entry| entry.plan_id.as_deref().is_none_or(|id| id == plan_id));
            Orders::of(own.map(|entry| &entry.record))
        })
        .await
    }

    async fn approvals(&self, plan_id: &str) -> Result<Vec<Approval>, LedgerError> {
        self.read(|rows| {
            let mut added = Vec::new();
            for entry in rows.of_plan(plan_id) {
                if let Record::ApprovalAdded { approval } = entry.record {
                    added.push(*approval);
                }
            }
            added
        })
        .await
    }

    async fn contacts(&self) -> Result<Vec<Contact>, LedgerError> {
        self.read(|rows| {
            let mut contacts = BTreeMap::new();
            for entry in &rows.entries {
                if let Record::ContactAdded { contact } = &entry.record {
                    contacts.insert(contact.name.clone(), contact.clone());
                } else if let Record::ContactRemoved { name } = &entry.record {
                    contacts.remove(name);
                }
            }
            contacts.into_values().collect()
        })
        .await
    }

    async fn paid(&self) -> Result<Vec<(Address, u64)>, LedgerError> {
        self.read(|rows| {
            let mut paid = Vec::new();
            for entry in rows.entries.iter().rev() {
                let Record::StepSettled { step: settled, .. } = &entry.record else { continue };
                let Some(plan) = entry.plan_id.as_ref().and_then(|id| PlanRecord::of(rows.of_plan(id)))
                else {
                    continue;
                };
                let step = plan.plan.steps().find(|(_, step)| step.index == *settled);
                if let Some((leg, Action::Transfer { to, .. })) = step.map(|(leg, step)| (leg, &step.action))
                {
                    let own = (*to, leg.network.chain_id);
                    if !paid.contains(&own) {
                        paid.push(own);
                    }
                }
            }
            paid
        })
        .await
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        self.read(|rows| rows.entries.clone()).await
    }

    async fn verify(&self) -> Result<u64, LedgerError> {
        let entries = self.entries().await?;
        let mut previous = String::new();
        for (entry, seq) in entries.iter().zip(1_u64..) {
            let expected = hash(&previous, seq, entry.at, entry.plan_id.as_deref(), &entry.record);
            if entry.seq != seq || entry.hash != expected {
                let reason = "the hash does not fit the row".to_owned();
                return Err(LedgerError::Damaged { seq, reason });
            }
            previous.clone_from(&entry.hash);
        }
        Ok(u64::try_from(entries.len()).unwrap_or(u64::MAX))
    }
}
