//! The journal's port: hash-chained records, nonce claims and budgets, one database transaction each.
//! Signed bytes are in here before they are broadcast.

use std::fmt::Debug;

use alloy_primitives::{Address, B256, Bytes, U256};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::report::Report;
use crate::{Amount, Approval, BudgetDelta, CompiledStep, Contact, Fees, NetworkId, Plan, Receipt};

/// A transition. The executor's state is the fold of these rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    PlanSaved {
        plan: Box<Plan>,
        report: Box<Report>,
        policy_hash: String,
        request_id: Option<String>,
    },
    /// A person's order: nothing more of the plan runs; exact allowances are taken back.
    PlanCancelled,
    /// A person's order: a running plan stops before its next call.
    Paused,
    /// The paused plan goes on.
    Resumed,
    /// A person's order: the waiting transaction of this hash is replaced by the same one with higher fees.
    SpeedUp {
        tx_hash: B256,
    },
    /// A person's order: nothing is signed until [`Record::Unhalted`].
    Halted {
        because: String,
    },
    Unhalted,
    /// A front end opened: what comes after it is new at the next one.
    SessionOpened,
    ApprovalAdded {
        approval: Box<Approval>,
    },
    ContactAdded {
        contact: Contact,
    },
    ContactRemoved {
        name: String,
    },
    /// Execution of the plan begins: a person's `y`, `bounded` autonomy, or an approval allowed it.
    Started {
        because: String,
    },
    /// A step was compiled, simulated and judged; its calls are what will be signed.
    /// `l1_fee`: the OP stack's data fee as simulated, wei.
    StepStarted {
        step: usize,
        raw: U256,
        other: Option<U256>,
        compiled: Box<CompiledStep>,
        l1_fee: U256,
    },
    /// One call of a step was signed. Written by [`Ledger::reserve`] only.
    Signed {
        step: usize,
        call: usize,
        cleanup: bool,
        nonce: u64,
        tx_hash: B256,
        chain_id: u64,
        fees: Fees,
        /// The waiting transaction that this one stands in for, under the same nonce.
        replaces: Option<B256>,
    },
    /// The node took it, or says that it has it.
    Sent {
        step: usize,
        call: usize,
        tx_hash: B256,
    },
    Included {
        step: usize,
        call: usize,
        cleanup: bool,
        receipt: Box<Receipt>,
    },
    /// The step's calls are all in blocks. `yielded`: what `@n` is worth to later steps; `spent`: what left.
    StepSettled {
        step: usize,
        yielded: Vec<Amount>,
        #[serde(default)]
        spent: Vec<Amount>,
        differences: Vec<String>,
    },
    /// The step failed on chain; nothing after it runs.
    StepFailed {
        step: usize,
        reason: String,
    },
    /// All steps settled.
    Settled,
}

/// A row of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub seq: u64,
    /// Seconds since the Unix epoch.
    pub at: u64,
    /// None for what belongs to no plan (contacts, halts, sessions).
    pub plan_id: Option<String>,
    pub record: Record,
    /// blake3 over the previous hash and this row, hex.
    pub hash: String,
}

/// The one transaction that may use a nonce, with its attempts under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonceClaim {
    pub network: NetworkId,
    pub sender: Address,
    pub nonce: u64,
    pub tx_hash: B256,
    /// The signed bytes (EIP-2718). Left out of every export.
    pub raw: Bytes,
}

/// A signed transaction of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub plan_id: String,
    pub step: usize,
    pub call: usize,
    pub cleanup: bool,
    pub fees: Fees,
    /// The attempt that this one replaces: same call, same nonce, higher fees.
    pub replaces: Option<B256>,
    pub claim: NonceClaim,
}

impl Attempt {
    /// The row that journals it.
    pub fn record(&self) -> Record {
        Record::Signed {
            step: self.step,
            call: self.call,
            cleanup: self.cleanup,
            nonce: self.claim.nonce,
            tx_hash: self.claim.tx_hash,
            chain_id: self.claim.network.chain_id,
            fees: self.fees,
            replaces: self.replaces,
        }
    }
}

/// What persons ordered of one plan, and of the whole agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orders {
    pub cancelled: bool,
    pub paused: bool,
    /// Transactions that are to be replaced.
    pub speed_up: Vec<B256>,
    /// Why nothing is signed.
    pub halted: Option<String>,
}

fn stop_words(code: &str) -> &'static str {
    match code {
        "plan.cancelled" => "the plan was cancelled before its next transaction was signed",
        "plan.paused" => "the plan was paused before its next transaction was signed",
        _ => "the agent is halted; nothing is signed",
    }
}

impl Orders {
    /// Why an attempt may not be signed any more. Taking allowances back goes on after a cancellation, and what is
    /// under way already may be replaced.
    pub fn stops(&self, attempt: &Attempt) -> Option<&'static str> {
        if self.halted.is_some() {
            Some("halted")
        } else if attempt.cleanup || attempt.replaces.is_some() {
            None
        } else if self.cancelled {
            Some("plan.cancelled")
        } else {
            self.paused.then_some("plan.paused")
        }
    }

    /// The fold of such rows, oldest first; other rows are passed over.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut orders = Self::default();
        for record in records {
            orders.apply(record);
        }
        orders
    }

    fn apply(&mut self, record: &Record) {
        match record {
            Record::PlanCancelled => self.cancelled = true,
            Record::Paused => self.paused = true,
            Record::Resumed => self.paused = false,
            Record::SpeedUp { tx_hash } => self.speed_up.push(*tx_hash),
            Record::Halted { because } => self.halted = Some(because.clone()),
            Record::Unhalted => self.halted = None,
            Record::PlanSaved { .. }
            | Record::SessionOpened
            | Record::ApprovalAdded { .. }
            | Record::ContactAdded { .. }
            | Record::ContactRemoved { .. }
            | Record::Started { .. }
            | Record::StepStarted { .. }
            | Record::Signed { .. }
            | Record::Sent { .. }
            | Record::Included { .. }
            | Record::StepSettled { .. }
            | Record::StepFailed { .. }
            | Record::Settled => {}
        }
    }
}

/// Why the journal said no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Nonce already claimed by another transaction: nothing was written.
    #[error("nonce {nonce} of {sender} is claimed by another transaction")]
    NonceTaken { sender: Address, nonce: u64 },
    /// A budget's cap would be passed: nothing was written.
    #[error("budget `{budget}` would be passed: {spent} + {wanted} > {cap} millionths of a USD")]
    BudgetExceeded { budget: String, spent: U256, wanted: U256, cap: U256 },
    /// A person stopped it (`plan.cancelled`, `plan.paused`, `halted`): nothing was written, nothing may be signed.
    #[error("{}", stop_words(code))]
    Stopped { code: &'static str },
    /// The hash chain does not hold.
    #[error("the journal is damaged at row {seq}: {reason}")]
    Damaged { seq: u64, reason: String },
    /// `io.locked`, `io.read_only`, `io.disk_full`, `io.failed`.
    #[error("{message}")]
    Io { code: String, message: String },
}

/// A saved plan and what happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRecord {
    pub plan: Plan,
    /// As it was previewed and shown; its bounds are the plan's.
    pub report: Report,
    /// All rows of the plan, oldest first.
    pub entries: Vec<Entry>,
}

impl PlanRecord {
    /// From all rows of one plan; `None` if none of them saved it.
    pub fn of(entries: Vec<Entry>) -> Option<Self> {
        let (plan, report) = entries.iter().find_map(|entry| match &entry.record {
            Record::PlanSaved { plan, report, .. } => Some(((**plan).clone(), (**report).clone())),
            Record::PlanCancelled
            | Record::Paused
            | Record::Resumed
            | Record::SpeedUp { .. }
            | Record::Halted { .. }
            | Record::Unhalted
            | Record::SessionOpened
            | Record::ApprovalAdded { .. }
            | Record::ContactAdded { .. }
            | Record::ContactRemoved { .. }
            | Record::Started { .. }
            | Record::StepStarted { .. }
            | Record::Signed { .. }
            | Record::Sent { .. }
            | Record::Included { .. }
            | Record::StepSettled { .. }
            | Record::StepFailed { .. }
            | Record::Settled => None,
        })?;
        Some(Self { plan, report, entries })
    }
}

#[async_trait]
pub trait Ledger: Send + Sync + Debug {
    /// Appends a record to the chain. Never [`Record::Signed`]: that is `reserve`'s.
    async fn append(&self, plan_id: Option<&str>, record: Record) -> Result<Entry, LedgerError>;
    /// One database transaction: the orders are looked at ([`Orders::stops`]), then the [`Record::Signed`] row, the claim with its bytes, the budget deltas.
    /// The same claim (same hash) again is no error and changes nothing. Another transaction may take a claimed nonce
    /// only if it replaces one of that very call's attempts ([`Attempt::replaces`]). A budget of the same plan and step
    /// replaces that step's earlier reservation (an approval and its act are two calls of one step), and the cap is
    /// checked without it.
    async fn reserve(&self, attempt: &Attempt, budgets: &[BudgetDelta]) -> Result<Entry, LedgerError>;
    /// Gives a step's reserved budgets back (its act never happened).
    async fn release(&self, plan_id: &str, step: usize) -> Result<(), LedgerError>;
    /// Reserved and settled value with `at > since`, millionths of a USD, but for one plan's step.
    async fn spent(
        &self,
        budget: &str,
        since: u64,
        except: Option<(&str, usize)>,
    ) -> Result<U256, LedgerError>;
    async fn plan(&self, id: &str) -> Result<Option<PlanRecord>, LedgerError>;
    /// The newest first.
    async fn plans(&self) -> Result<Vec<PlanRecord>, LedgerError>;
    async fn plan_of_request(&self, request_id: &str) -> Result<Option<PlanRecord>, LedgerError>;
    /// Attempts of a plan, oldest first.
    async fn attempts(&self, plan_id: &str) -> Result<Vec<Attempt>, LedgerError>;
    /// What persons ordered of a plan and of the whole agent: asked before every signature.
    async fn orders(&self, plan_id: &str) -> Result<Orders, LedgerError>;
    async fn approvals(&self, plan_id: &str) -> Result<Vec<Approval>, LedgerError>;
    async fn contacts(&self) -> Result<Vec<Contact>, LedgerError>;
    /// Payees of settled transfers with the chain, the last used first.
    async fn paid(&self) -> Result<Vec<(Address, u64)>, LedgerError>;
    /// Everything, oldest first.
    async fn entries(&self) -> Result<Vec<Entry>, LedgerError>;
    /// Re-computes the hash chain; the number of rows.
    async fn verify(&self) -> Result<u64, LedgerError>;
}
