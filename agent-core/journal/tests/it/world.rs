//! A journal in a folder of its own, a clock that stands still, and small plans.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agent_core::draft::{Draft, Outcome};
use agent_core::ledger::{Attempt, LedgerError, NonceClaim, Record};
use agent_core::ports::Clock;
use agent_core::report::{Cost, Report};
use agent_core::{
    Action, Asset, AssetKind, Bounds, BudgetDelta, Fees, Leg, NetworkId, Origin, Plan, Quantity, Step,
    Verdict,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use async_trait::async_trait;
use journal::SqliteJournal;

pub(crate) const AGENT: &str = "0xa11ce@demo";
pub(crate) const WORLD: &str = "eip155:1@0x01";
pub(crate) const START: u64 = 1_800_000_000;

#[derive(Debug, Clone)]
pub(crate) struct StillClock(pub(crate) Arc<AtomicU64>);

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    async fn sleep(&self, duration: Duration) {
        self.0.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }
}

#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) clock: StillClock,
}

impl Place {
    pub(crate) fn new() -> Self {
        let clock = StillClock(Arc::new(AtomicU64::new(START)));
        Self { folder: tempfile::tempdir().unwrap(), clock }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    pub(crate) async fn open(&self) -> Result<SqliteJournal, LedgerError> {
        SqliteJournal::open(&self.path(), AGENT, WORLD, Arc::new(self.clock.clone())).await
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

pub(crate) fn network() -> NetworkId {
    NetworkId { chain_id: 8453, genesis: B256::repeat_byte(7) }
}

/// One transfer to `to`.
pub(crate) fn plan(id: &str, to: Address) -> Plan {
    let asset = Asset { chain_id: 8453, kind: AssetKind::Native, symbol: "ETH".to_owned(), decimals: 18 };
    let action = Action::Transfer { asset, amount: Quantity::Exact(U256::from(1)), to, payee: None };
    let step = Step { index: 1, action, origin: Origin::Said, sources: Default::default() };
    let draft = Draft {
        intent: Some("send 0.000000000000000001 ETH".to_owned()),
        outcome: Outcome::Plan { steps: Vec::new(), trigger: None },
        sources: Default::default(),
        read_back: String::new(),
        model: None,
        ms: 0,
        now: None,
        tz: None,
        line: None,
    };
    let leg = Leg { index: 0, network: network(), steps: vec![step] };
    Plan { id: id.to_owned(), account: Address::repeat_byte(1), created_at: START, draft, legs: vec![leg] }
}

pub(crate) fn saved(plan: &Plan, request_id: Option<&str>) -> Record {
    let bounds = Bounds {
        most_in: Vec::new(),
        least_out: Vec::new(),
        payees: Vec::new(),
        contracts: Vec::new(),
        networks: vec![network()],
        fees_most: Vec::new(),
        expires_at: START,
    };
    let report = Report {
        outcome: "plan".to_owned(),
        plan_id: plan.id.clone(),
        plan_hash: plan.hash(),
        draft: plan.draft.clone(),
        legs: Vec::new(),
        cost: Cost::default(),
        bounds,
        verdict: Verdict::Allow,
        receipts: Vec::new(),
        settled: None,
    };
    Record::PlanSaved {
        plan: Box::new(plan.clone()),
        report: Box::new(report),
        policy_hash: "00".to_owned(),
        request_id: request_id.map(str::to_owned),
    }
}

/// A signed call: its bytes are made of `salt`, its hash is theirs.
pub(crate) fn attempt(plan_id: &str, step: usize, nonce: u64, salt: &str) -> Attempt {
    let raw = Bytes::from(format!("signed {salt}").into_bytes());
    let claim = NonceClaim {
        network: network(),
        sender: Address::repeat_byte(1),
        nonce,
        tx_hash: keccak256(&raw),
        raw,
    };
    let fees = Fees { max_fee_per_gas: 10, max_priority_fee_per_gas: 1 };
    Attempt { plan_id: plan_id.to_owned(), step, call: 0, cleanup: false, fees, replaces: None, claim }
}

pub(crate) fn entering(micro_usd: u64, cap: u64) -> BudgetDelta {
    BudgetDelta {
        budget: "entering_usd".to_owned(),
        micro_usd: U256::from(micro_usd),
        window_s: 86_400,
        cap_micro_usd: U256::from(cap),
    }
}

pub(crate) fn code(error: &LedgerError) -> &str {
    match error {
        LedgerError::Io { code, .. } => code,
        LedgerError::Damaged { .. } => "journal.damaged",
        LedgerError::Stopped { code } => code,
        LedgerError::NonceTaken { .. } => "nonce",
        LedgerError::BudgetExceeded { .. } => "budget",
    }
}
