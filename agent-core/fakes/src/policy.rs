//! A policy that says what the test wants, and counts what enters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use agent_core::asset::{mul_div_up, ten_pow};
use agent_core::planning::{DAY_S, ENTERING};
use agent_core::ports::{Policy, PolicyRequest};
use agent_core::{
    Approval, Bounds, BudgetDelta, Contact, Exit, Judgement, Refusal, RuleHit, Verdict, bounds,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use crate::lock;

/// What it says of a step; where nothing is scripted: allow.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub denied: Vec<usize>,
    /// Step to the approvals that it needs.
    pub asks: BTreeMap<usize, u32>,
}

impl Script {
    /// From now on this step needs so many approvals.
    pub fn ask(&mut self, step: usize, approvals: u32) {
        self.asks.insert(step, approvals);
    }
}

#[derive(Debug, Clone)]
pub struct FakePolicy {
    script: Arc<Mutex<Script>>,
    pub approvers: Vec<Address>,
    /// Cap of what may enter in a rolling day, millionths of a USD.
    pub cap_micro_usd: U256,
}

impl FakePolicy {
    pub fn new(approvers: Vec<Address>, cap_micro_usd: U256) -> Self {
        Self { script: Arc::default(), approvers, cap_micro_usd }
    }

    /// Changes what it says from now on.
    pub fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut lock(&self.script));
    }

    fn entering(&self, request: &PolicyRequest<'_>) -> Option<BudgetDelta> {
        let spends =
            request.compiled.spends.first().filter(|_| bounds::enters(request.plan, request.step))?;
        let price = request.prices.get(&spends.asset().caip19())?.oracle_micro_usd?;
        let micro_usd = mul_div_up(spends.raw(), price, ten_pow(spends.asset().decimals)?)?;
        Some(self.budget(micro_usd))
    }

    fn budget(&self, micro_usd: U256) -> BudgetDelta {
        let cap_micro_usd = self.cap_micro_usd;
        BudgetDelta { budget: ENTERING.to_owned(), micro_usd, window_s: DAY_S, cap_micro_usd }
    }
}

/// What stands for an EIP-712 signature here: a hash over everything that is signed.
pub fn signature(approver: Address, plan_hash: B256, bounds: &Bounds, approved: bool) -> Bytes {
    let all = serde_json::to_vec(&(approver, plan_hash, bounds, approved)).unwrap_or_default();
    keccak256(all).to_vec().into()
}

impl Policy for FakePolicy {
    fn judge(&self, request: &PolicyRequest<'_>) -> Judgement {
        let script = lock(&self.script);
        let step = request.step.index;
        let needed = script.asks.get(&step).copied().unwrap_or_default();
        let (verdict, result) = if script.denied.contains(&step) {
            (Verdict::Deny, "deny")
        } else if request.approvals < needed {
            (Verdict::NeedsApproval, "ask")
        } else {
            (Verdict::Allow, "allow")
        };
        let reason = format!("scripted for step {step}");
        let rule = RuleHit { id: "fake".to_owned(), result: result.to_owned(), reason };
        Judgement {
            verdict,
            approvals_needed: needed,
            rules: vec![rule],
            budgets: self.entering(request).into_iter().collect(),
            policy_hash: self.hash(),
        }
    }

    fn hash(&self) -> String {
        "fake".to_owned()
    }

    fn budgets(&self) -> Vec<BudgetDelta> {
        vec![self.budget(U256::ZERO)]
    }

    fn verify_approval(&self, approval: &Approval, _agent: Address) -> Result<(), Refusal> {
        let signed = signature(approval.approver, approval.plan_hash, &approval.bounds, approval.approved);
        if self.approvers.contains(&approval.approver) && approval.signature == signed {
            return Ok(());
        }
        Err(Refusal::new(Exit::Denied, "policy.approver", "no configured approver signed exactly this"))
    }

    fn verify_contact(&self, contact: &Contact) -> Result<(), Refusal> {
        let known = self.approvers.contains(&contact.approver);
        known
            .then_some(())
            .ok_or_else(|| Refusal::new(Exit::Denied, "policy.approver", "no approver signed this"))
    }
}
