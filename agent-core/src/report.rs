//! `data` of `plan` and `run`, as `contracts/cli.md` writes it; the chat shows the same object.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

use crate::asset::{mul_div_up, ten_pow};
use crate::draft::Draft;
use crate::executor::Finished;
use crate::planning::{LegPreview, Preview, StepPreview};
use crate::{
    Action, AllowanceLeft, Amount, Asset, AssetChange, BlockRef, Bounds, Change, Prices, Quote, Registry,
    RuleHit, Verdict, caip2, caip10,
};

pub use crate::wording::step_text;

/// Blocks come about so often, seconds: Ethereum's slots, and the OP stack's.
const SLOT_S: u64 = 12;
const OP_BLOCK_S: u64 = 2;
/// A relayer of the bridge fills within so many seconds.
pub(crate) const FILL_S: u64 = 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The draft's outcome: `plan`.
    pub outcome: String,
    pub plan_id: String,
    pub plan_hash: B256,
    pub draft: Draft,
    pub legs: Vec<LegReport>,
    pub cost: Cost,
    pub bounds: Bounds,
    /// The strictest of the legs' verdicts.
    pub verdict: Verdict,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<ReceiptReport>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<SettledReport>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegReport {
    pub index: usize,
    /// CAIP-2.
    pub chain: String,
    /// `ethereum`, `base`.
    pub name: String,
    /// Who acts, CAIP-10.
    pub account: String,
    /// `preview` until the leg's turn has come, then `final`.
    pub state: String,
    pub steps: Vec<StepReport>,
    /// Gas units, worst case of all calls.
    pub gas: u64,
    pub simulation: SimulationReport,
    pub policy: PolicyReport,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    pub index: usize,
    pub action: String,
    /// `said`, or `added` with the reason.
    pub origin: serde_json::Value,
    /// In plain words, with full addresses.
    pub text: String,
    pub calls: Vec<CallReport>,
    pub quote: Option<Quote>,
    /// What the step costs in gas, L1 data and bridge fee: a decimal string.
    pub cost_usd: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallReport {
    pub to: Address,
    /// Wei, a decimal string.
    pub value: String,
    pub data: Bytes,
    pub decoded: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulationReport {
    pub success: bool,
    pub block: Option<BlockRef>,
    pub asset_changes: Vec<AssetChange>,
    pub allowances_left: Vec<AllowanceLeft>,
    /// Why it failed, tamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyReport {
    pub verdict: Verdict,
    pub rules: Vec<RuleHit>,
}

/// USD figures are decimal strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub gas_usd: String,
    pub l1_data_usd: String,
    pub bridge_usd: String,
    pub impact_usd: String,
    pub seconds: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptReport {
    pub leg: usize,
    /// CAIP-2.
    pub chain: String,
    pub tx_hash: B256,
    /// `success` or `reverted`.
    pub status: String,
    pub block: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledReport {
    pub as_promised: bool,
    pub differences: Vec<String>,
}

impl Report {
    /// A preview as it is shown; every leg is `preview`.
    pub fn of(preview: &Preview, registry: &Registry) -> Self {
        Self {
            outcome: "plan".to_owned(),
            plan_id: preview.plan.id.clone(),
            plan_hash: preview.plan.hash(),
            draft: preview.plan.draft.clone(),
            legs: preview.legs.iter().map(|leg| leg_report(leg, preview.plan.account, registry)).collect(),
            cost: cost(preview, registry),
            bounds: preview.bounds.clone(),
            verdict: preview.verdict(),
            receipts: Vec::new(),
            settled: None,
        }
    }

    /// The same after execution: legs are final, receipts and differences are known.
    #[must_use]
    pub fn finished(mut self, finished: &Finished) -> Self {
        let receipts = finished.receipts.iter().map(|(leg, receipt)| ReceiptReport {
            leg: *leg,
            chain: caip2(receipt.chain_id),
            tx_hash: receipt.tx_hash,
            status: if receipt.success { "success" } else { "reverted" }.to_owned(),
            block: receipt.block.number,
        });
        self.receipts = receipts.collect();
        for leg in &mut self.legs {
            leg.state = "final".to_owned();
        }
        let differences = finished.differences.clone();
        self.settled =
            Some(SettledReport { as_promised: finished.settled && differences.is_empty(), differences });
        self
    }
}

fn leg_report(leg: &LegPreview, account: Address, registry: &Registry) -> LegReport {
    let simulations = || leg.steps.iter().map(|step| step.judged.simulation());
    let rules = || leg.steps.iter().flat_map(|step| &step.judged.judgement().rules);
    let verdicts = leg.steps.iter().map(|step| step.judged.judgement().verdict);
    let mut seen = Vec::new();
    for rule in rules() {
        if !seen.contains(rule) {
            seen.push(rule.clone());
        }
    }
    LegReport {
        index: leg.leg.index,
        chain: caip2(leg.leg.network.chain_id),
        name: registry
            .network(leg.leg.network.chain_id)
            .map(|network| network.name.clone())
            .unwrap_or_default(),
        account: caip10(leg.leg.network.chain_id, account),
        state: "preview".to_owned(),
        steps: leg.steps.iter().map(|step| step_report(leg, step, registry)).collect(),
        gas: simulations().fold(0, |sum, simulation| sum.saturating_add(simulation.gas_used())),
        simulation: SimulationReport {
            success: simulations().all(|simulation| simulation.failure().is_none()),
            block: simulations().next().map(|simulation| simulation.block),
            asset_changes: net(simulations().flat_map(|simulation| &simulation.changes)),
            allowances_left: simulations()
                .flat_map(|simulation| simulation.allowances_left.clone())
                .collect(),
            failure: None,
        },
        policy: PolicyReport { verdict: verdicts.max().unwrap_or(Verdict::Deny), rules: seen },
    }
}

/// Changes of one account and asset as one; what came and went again is none.
fn net<'a>(changes: impl Iterator<Item = &'a AssetChange>) -> Vec<AssetChange> {
    let mut sums: Vec<(Address, Asset, U256, U256)> = Vec::new();
    for AssetChange { account, amount } in changes {
        let asset = amount.amount.asset();
        let known = sums.iter().position(|(other, of, ..)| other == account && of.same(asset));
        if known.is_none() {
            sums.push((*account, asset.clone(), U256::ZERO, U256::ZERO));
        }
        let at = known.unwrap_or(sums.len().saturating_sub(1));
        if let Some((_, _, out, into)) = sums.get_mut(at) {
            let side = if amount.negative { out } else { into };
            *side = side.saturating_add(amount.amount.raw());
        }
    }
    let netted = sums.into_iter().filter_map(|(account, asset, out, into)| {
        Change::between(&asset, out, into).map(|amount| AssetChange { account, amount })
    });
    netted.collect()
}

fn step_report(leg: &LegPreview, step: &StepPreview, registry: &Registry) -> StepReport {
    let compiled = &step.judged.compiled().step;
    let calls = compiled.calls.iter().map(|call| CallReport {
        to: call.to,
        value: call.value.to_string(),
        data: call.data.clone(),
        decoded: call.decoded.clone(),
    });
    StepReport {
        index: step.step.index,
        action: step.step.action.name().to_owned(),
        origin: serde_json::to_value(&step.step.origin).unwrap_or_default(),
        text: step_text(&step.step, registry),
        calls: calls.collect(),
        quote: compiled.quote.clone(),
        cost_usd: usd(StepCost::of(leg, step).sum()),
    }
}

/// Millionths of a USD, rounded up; 0 where there is no price.
fn worth(raw: U256, decimals: u8, micro_usd: Option<U256>) -> U256 {
    let unit = ten_pow(decimals).unwrap_or(U256::MAX);
    micro_usd.and_then(|price| mul_div_up(raw, price, unit)).unwrap_or_default()
}

fn priced(amount: &Amount, prices: &Prices) -> U256 {
    let price = prices.get(&amount.asset().caip19()).and_then(|price| price.oracle_micro_usd);
    worth(amount.raw(), amount.asset().decimals, price)
}

/// What one step costs, millionths of a USD.
#[derive(Debug, Clone, Copy, Default)]
struct StepCost {
    gas: U256,
    l1_data: U256,
    bridge: U256,
    /// What the pool's price moves against the step; part of the price, not a fee.
    impact: U256,
}

impl StepCost {
    fn of(leg: &LegPreview, step: &StepPreview) -> Self {
        let (simulation, compiled) = (step.judged.simulation(), &step.judged.compiled().step);
        let wei = U256::from(simulation.gas_used()).saturating_mul(U256::from(leg.fees.max_fee_per_gas));
        let mut cost = Self {
            gas: worth(wei, 18, leg.native_micro_usd),
            l1_data: worth(simulation.l1_fee(), 18, leg.native_micro_usd),
            ..Self::default()
        };
        let Some(spends) = compiled.spends.first() else { return cost };
        if let Some(quote) = &compiled.quote {
            let lost = priced(spends, &step.prices).saturating_mul(U256::from(quote.impact_bps));
            cost.impact = lost.checked_div(U256::from(10_000)).unwrap_or_default();
        }
        if let (Action::Bridge { .. }, Some(yields)) = (&step.step.action, compiled.yields.first()) {
            let kept = spends.raw().saturating_sub(yields.raw());
            cost.bridge = priced(&spends.asset().amount(kept), &step.prices);
        }
        cost
    }

    fn sum(self) -> U256 {
        self.gas.saturating_add(self.l1_data).saturating_add(self.bridge)
    }
}

fn cost(preview: &Preview, registry: &Registry) -> Cost {
    let (mut all, mut seconds) = (StepCost::default(), 0_u64);
    for leg in &preview.legs {
        let op_stack = registry.network(leg.leg.network.chain_id).is_some_and(|network| network.op_stack);
        let block_s = if op_stack { OP_BLOCK_S } else { SLOT_S };
        for step in &leg.steps {
            let own = StepCost::of(leg, step);
            all.gas = all.gas.saturating_add(own.gas);
            all.l1_data = all.l1_data.saturating_add(own.l1_data);
            all.bridge = all.bridge.saturating_add(own.bridge);
            all.impact = all.impact.saturating_add(own.impact);
            let calls = u64::try_from(step.judged.compiled().step.calls.len()).unwrap_or(u64::MAX);
            let fill = if matches!(step.step.action, Action::Bridge { .. }) { FILL_S } else { 0 };
            seconds = seconds.saturating_add(block_s.saturating_mul(calls)).saturating_add(fill);
        }
    }
    Cost {
        gas_usd: usd(all.gas),
        l1_data_usd: usd(all.l1_data),
        bridge_usd: usd(all.bridge),
        impact_usd: usd(all.impact),
        seconds,
    }
}

/// Millionths of a USD as a decimal string.
pub fn usd(micro: U256) -> String {
    crate::asset::decimal(micro, 6)
}
