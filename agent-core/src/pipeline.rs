//! The typestate of one transaction: each arrow consumes one type and returns the next.
//!
//! [`Compiled`] → [`Simulated`] → [`Judged`] → [`Authorized`] → [`Signed`] → [`Journaled`] → broadcast.
//!
//! `Authorized` has private fields and one constructor, [`Judged::authorize`]; a signer takes nothing else, and a
//! chain sends nothing but [`Journaled`], which only the journal's own transaction makes. Both can be named and read:
//!
//! ```
//! use agent_core::pipeline::{Authorized, Journaled, TxRequest};
//! use agent_core::ledger::Attempt;
//! fn tx(authorized: &Authorized) -> &TxRequest { authorized.tx() }
//! fn attempt(journaled: &Journaled) -> &Attempt { journaled.attempt() }
//! ```
//!
//! and neither can be made elsewhere:
//!
//! ```compile_fail,E0451
//! use agent_core::pipeline::{Authorized, TxRequest};
//! fn forge(tx: TxRequest) -> Authorized { Authorized { tx, expires_at: 0, budgets: Vec::new() } }
//! ```
//!
//! ```compile_fail,E0451
//! use agent_core::{ledger::Attempt, pipeline::Journaled};
//! fn forge(attempt: Attempt) -> Journaled { Journaled { attempt } }
//! ```

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::ledger::{Attempt, Ledger, LedgerError, NonceClaim};
use crate::ports::{Fork, Policy, PolicyRequest};
use crate::{
    Asset, Autonomy, BudgetDelta, Call, CallRole, CompiledStep, Exit, Fees, Judgement, NetworkId, Refusal,
    Simulation, Verdict,
};

/// Seconds for which an authorization is good.
const AUTHORIZED_FOR_S: u64 = 60;

/// What is left to be sent of one step: `calls[next..]`, or of its cleanup.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub plan_id: String,
    pub network: NetworkId,
    pub account: Address,
    pub step: CompiledStep,
    pub next: usize,
    pub cleanup: bool,
}

impl Compiled {
    /// The calls that are left, the next first.
    pub fn calls(&self) -> &[Call] {
        let all = if self.cleanup { &self.step.cleanup } else { &self.step.calls };
        all.get(self.next..).unwrap_or_default()
    }

    /// The step as far as it is still to come: where only allowances are taken back nothing is spent and nothing
    /// yielded any more, and no rule about value may stand in the way.
    fn left(&self) -> CompiledStep {
        let calls = self.calls();
        let only_revokes = !calls.is_empty() && calls.iter().all(|call| call.role == CallRole::Revoke);
        if !only_revokes {
            return self.step.clone();
        }
        CompiledStep { spends: Vec::new(), yields: Vec::new(), quote: None, ..self.step.clone() }
    }

    /// Runs the calls that are left on a fork. A revert is in the result, not an error.
    pub async fn simulate(self, fork: &mut dyn Fork, fees: Fees) -> Result<Simulated, Refusal> {
        let assets: &[Asset] = &self.step.assets;
        let simulation = fork.run(self.account, self.calls(), fees, assets, &self.step.payees).await?;
        Ok(Simulated { compiled: self, simulation, fees })
    }
}

/// Calls with what they would do.
#[derive(Debug, Clone)]
pub struct Simulated {
    compiled: Compiled,
    simulation: Simulation,
    fees: Fees,
}

impl Simulated {
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    pub fn simulation(&self) -> &Simulation {
        &self.simulation
    }

    /// Asks the policy. `request` is completed with this step's own simulation: no other can be judged.
    pub fn judge(self, policy: &dyn Policy, request: &PolicyRequest<'_>) -> Judged {
        let step = self.compiled.left();
        let own = PolicyRequest { simulation: &self.simulation, compiled: &step, ..*request };
        let judgement = policy.judge(&own);
        Judged { simulated: self, judgement }
    }
}

/// Why something may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// The configured autonomy alone.
    Unattended(Autonomy),
    /// A person pressed `y` on this plan. Allows what is allowed; approves nothing.
    Confirmed,
}

impl Permit {
    fn runs_allowed(self) -> bool {
        matches!(self, Self::Confirmed | Self::Unattended(Autonomy::Bounded | Autonomy::FullWithinPolicy))
    }
}

/// Calls with what they would do and what the policy says of it.
#[derive(Debug, Clone)]
pub struct Judged {
    simulated: Simulated,
    judgement: Judgement,
}

impl Judged {
    pub fn simulation(&self) -> &Simulation {
        &self.simulated.simulation
    }

    pub fn judgement(&self) -> &Judgement {
        &self.judgement
    }

    pub fn compiled(&self) -> &Compiled {
        &self.simulated.compiled
    }

    /// The only way to an [`Authorized`]: the whole remainder of the step simulates, the policy allows it (with the
    /// approvals that it was told of), and somebody permits it.
    pub fn authorize(self, permit: Permit, nonce: u64, now: u64) -> Result<Authorized, Refusal> {
        let step = self.simulated.compiled.step.step;
        if let Some((call, end)) = self.simulation().failure() {
            return Err(simulation_failed(step, call, end));
        }
        match self.judgement.verdict {
            Verdict::Deny => return Err(denied(step, &self.judgement)),
            Verdict::NeedsApproval => {
                return Err(approval_required(&self.simulated.compiled.plan_id, step, &self.judgement));
            }
            Verdict::Allow => {}
        }
        if !permit.runs_allowed() {
            return Err(Refusal::new(
                Exit::ApprovalRequired,
                "policy.confirmation",
                "the policy allows this plan, but this configuration runs nothing without a person's `y`",
            )
            .help("confirm it in the chat, or set `autonomy = \"bounded\"` in the configuration"));
        }
        let Simulated { compiled, simulation, fees } = self.simulated;
        let (Some(call), Some(outcome)) = (compiled.calls().first(), simulation.calls.first()) else {
            return Err(Refusal::new(
                Exit::Error,
                "pipeline.nothing_left",
                "no call of this step is left to sign",
            ));
        };
        let tx = TxRequest {
            network: compiled.network,
            from: compiled.account,
            nonce,
            to: call.to,
            value: call.value,
            data: call.data.clone(),
            gas_limit: gas_limit(outcome.gas_used),
            fees,
            plan_id: compiled.plan_id.clone(),
            step,
            call: compiled.next,
            cleanup: compiled.cleanup,
            replaces: None,
        };
        Ok(Authorized {
            tx,
            expires_at: now.saturating_add(AUTHORIZED_FOR_S),
            budgets: self.judgement.budgets,
        })
    }

    /// As [`Judged::authorize`], for the same call again in the place of an attempt that waits: its nonce, higher
    /// fees. Whichever of the two a block takes, the other can never follow.
    pub fn replace(self, permit: Permit, waiting: &Attempt, now: u64) -> Result<Authorized, Refusal> {
        let mut authorized = self.authorize(permit, waiting.claim.nonce, now)?;
        let tx = &mut authorized.tx;
        let own = (tx.network, tx.from, &tx.plan_id, tx.step, tx.call, tx.cleanup);
        let claim = &waiting.claim;
        let same = own
            == (claim.network, claim.sender, &waiting.plan_id, waiting.step, waiting.call, waiting.cleanup);
        if !same || tx.fees.max_fee_per_gas <= waiting.fees.max_fee_per_gas {
            let message = format!("{} can only be replaced by the same call with higher fees", claim.tx_hash);
            return Err(Refusal::new(Exit::Error, "pipeline.not_a_replacement", message));
        }
        tx.replaces = Some(claim.tx_hash);
        Ok(authorized)
    }
}

/// Simulated gas with room for state that moves before inclusion and for refunds (EIP-3529) that come last.
pub fn gas_limit(gas_used: u64) -> u64 {
    gas_used.saturating_mul(3).checked_div(2).unwrap_or(gas_used).saturating_add(30_000)
}

/// One transaction, unsigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxRequest {
    pub network: NetworkId,
    pub from: Address,
    pub nonce: u64,
    pub to: Address,
    /// Wei.
    pub value: U256,
    pub data: Bytes,
    pub gas_limit: u64,
    pub fees: Fees,
    pub plan_id: String,
    pub step: usize,
    pub call: usize,
    pub cleanup: bool,
    /// The waiting transaction whose place it takes.
    pub replaces: Option<B256>,
}

/// May be signed until it expires.
#[derive(Debug)]
pub struct Authorized {
    tx: TxRequest,
    expires_at: u64,
    budgets: Vec<BudgetDelta>,
}

impl Authorized {
    pub fn tx(&self) -> &TxRequest {
        &self.tx
    }

    /// Seconds since the Unix epoch.
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// For a signer: the signed bytes (EIP-2718) and their hash.
    pub fn signed(self, raw: Bytes, tx_hash: B256) -> Signed {
        Signed { tx: self.tx, budgets: self.budgets, raw, tx_hash }
    }
}

/// Signed, nowhere but in memory.
#[derive(Debug)]
pub struct Signed {
    tx: TxRequest,
    budgets: Vec<BudgetDelta>,
    raw: Bytes,
    tx_hash: B256,
}

impl Signed {
    /// Journal first: bytes, nonce claim and budgets in one database transaction.
    pub async fn journal(self, ledger: &dyn Ledger) -> Result<Journaled, LedgerError> {
        let TxRequest { network, from, nonce, fees, plan_id, step, call, cleanup, replaces, .. } = self.tx;
        let claim = NonceClaim { network, sender: from, nonce, tx_hash: self.tx_hash, raw: self.raw };
        let attempt = Attempt { plan_id, step, call, cleanup, fees, replaces, claim };
        ledger.reserve(&attempt, &self.budgets).await?;
        Ok(Journaled { attempt })
    }
}

/// Signed bytes that are in the journal: what may be broadcast, any number of times.
#[derive(Debug, Clone)]
pub struct Journaled {
    attempt: Attempt,
}

impl Journaled {
    /// What the journal holds of a plan, oldest first.
    pub async fn recover(ledger: &dyn Ledger, plan_id: &str) -> Result<Vec<Self>, LedgerError> {
        let attempts = ledger.attempts(plan_id).await?;
        Ok(attempts.into_iter().map(|attempt| Self { attempt }).collect())
    }

    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    pub fn network(&self) -> NetworkId {
        self.attempt.claim.network
    }

    pub fn tx_hash(&self) -> B256 {
        self.attempt.claim.tx_hash
    }

    /// The signed bytes.
    pub fn raw(&self) -> &Bytes {
        &self.attempt.claim.raw
    }
}

pub(crate) fn simulation_failed(step: usize, call: usize, end: &crate::CallEnd) -> Refusal {
    let why = match end {
        crate::CallEnd::Revert(reason) => format!("it would revert: {reason}"),
        crate::CallEnd::Halt(reason) => format!("it would halt: {reason}"),
        crate::CallEnd::Success => "it succeeded".to_owned(),
    };
    Refusal::new(Exit::SimulationFailed, "simulation.failed", format!("step {step} was not signed: {why}"))
        .help("nothing was sent; change the intent, or try again when the state of the chain has changed")
        .details(serde_json::json!({"step": step, "call": call, "end": end}))
}

pub(crate) fn reasons(judgement: &Judgement, result: &str) -> String {
    let spoke = judgement.rules.iter().filter(|rule| rule.result == result);
    let texts: Vec<String> = spoke.map(|rule| format!("{} ({})", rule.reason, rule.id)).collect();
    texts.join("; ")
}

pub(crate) fn denied(step: usize, judgement: &Judgement) -> Refusal {
    let why = reasons(judgement, "deny");
    Refusal::new(Exit::Denied, "policy.denied", format!("step {step} is denied by the policy: {why}"))
        .help("`steward policy explain` shows every rule and fact; only a change of the policy or of the intent helps")
        .details(serde_json::json!({"step": step, "rules": judgement.rules}))
}

pub(crate) fn approval_required(plan_id: &str, step: usize, judgement: &Judgement) -> Refusal {
    let why = reasons(judgement, "ask");
    Refusal::new(Exit::ApprovalRequired, "policy.approval_required", format!("step {step} needs an approval: {why}"))
        .help(format!("`steward approvals approve {plan_id}`, then `steward run --plan {plan_id}`"))
        .details(serde_json::json!({"step": step, "plan_id": plan_id, "approvals": judgement.approvals_needed, "rules": judgement.rules}))
}
