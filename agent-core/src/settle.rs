//! What was promised against what the chain says, after a step's calls are in blocks.

use std::time::Duration;

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolEvent, SolValue, sol};

use crate::executor::Run;
use crate::ledger::Record;
use crate::progress::StepProgress;
use crate::{Action, Amount, Asset, Event, Exit, Leg, Receipt, Refusal, Step, UnderWay};

sol! {
    /// ERC-20. ERC-721 has the same signature, with the id as a third topic.
    #[derive(Debug)]
    event Transfer(address indexed from, address indexed to, uint256 value);
}

/// How long a bridge's other side is awaited, in polls of a second.
const FILL_POLLS_MAX: u32 = 600;

impl Run<'_> {
    pub(crate) async fn settle(&mut self, leg: &Leg, step: &Step) -> Result<(), Refusal> {
        let own = self.progress.step(step.index).clone();
        let (mut differences, mut spent) = (Vec::new(), Vec::new());
        let compiled = self.compiled(step.index)?;
        for promised in &compiled.spends {
            let left = self.moved(leg, &own, promised.asset(), true).await?;
            let most = promised.raw().saturating_add(self.l1_room(leg, promised.asset(), &own)?);
            let left = promised.asset().amount(left);
            if left.raw() > most {
                differences
                    .push(format!("step {}: {left} left, at most {promised} was promised", step.index));
            }
            spent.push(left);
        }
        let mut yielded = Vec::new();
        for promised in &compiled.yields {
            let arrived = if let Action::Bridge { out, .. } = &step.action {
                self.filled(leg, step, &own, out).await?.raw()
            } else {
                self.moved(leg, &own, promised.asset(), false).await?
            };
            let room = self.l1_room(leg, promised.asset(), &own)?;
            let arrived = promised.asset().amount(arrived);
            if arrived.raw().saturating_add(room) < promised.raw() {
                differences.push(format!(
                    "step {}: {arrived} arrived, at least {promised} was promised",
                    step.index
                ));
            }
            yielded.push(arrived);
        }
        let text = match yielded.as_slice() {
            [] => "all of it is in blocks".to_owned(),
            amounts => {
                let amounts: Vec<_> = amounts.iter().map(ToString::to_string).collect();
                format!("{} arrived", amounts.join(" and "))
            }
        };
        let settled =
            Record::StepSettled { step: step.index, yielded, spent, differences: differences.clone() };
        self.write(settled).await?;
        self.tell(Event::StepSettled { plan_id: self.plan.id.clone(), step: step.index, text, differences })
            .await;
        Ok(())
    }

    /// How much of `asset` left (or arrived) in the act's block; gas is added back. Of a token no more has arrived than
    /// the act's own logs say: somebody else's payment is never what this step yielded.
    async fn moved(&self, leg: &Leg, own: &StepProgress, asset: &Asset, out: bool) -> Result<U256, Refusal> {
        let Some(act) = own.act_receipt() else { return Ok(U256::ZERO) };
        let (chain, block) = (self.core.chain(leg.network.chain_id)?, act.block.number);
        let assets = std::slice::from_ref(asset);
        let before = chain.at(block.saturating_sub(1)).await?;
        let before = chain.balances(self.plan.account, assets, &*before).await?;
        let after = chain.at(block).await?;
        let after = chain.balances(self.plan.account, assets, &*after).await?;
        let raw = |balances: &[Amount]| balances.first().map(Amount::raw).unwrap_or_default();
        let (before, mut after) = (raw(&before), raw(&after));
        if asset.is_native() {
            let there = own.included.values().filter(|receipt| receipt.block.number == block);
            after = there.fold(after, |sum, receipt| sum.saturating_add(gas_paid(receipt)));
        }
        if out {
            return Ok(before.saturating_sub(after));
        }
        let arrived = after.saturating_sub(before);
        Ok(logged(act, asset, self.plan.account).map_or(arrived, |logged| arrived.min(logged)))
    }

    /// Receipts of the OP stack may not carry the L1 data fee: native amounts have room for the simulated one, twice.
    fn l1_room(&self, leg: &Leg, asset: &Asset, own: &StepProgress) -> Result<U256, Refusal> {
        let charged = self.core.network(leg.network.chain_id)?.op_stack && asset.is_native();
        Ok(if charged { own.l1_fee.saturating_mul(U256::from(2)) } else { U256::ZERO })
    }

    /// Waits for the bridge's fill on the other chain, as long as nobody orders otherwise.
    async fn filled(
        &self,
        leg: &Leg,
        step: &Step,
        own: &StepProgress,
        out: &Asset,
    ) -> Result<Amount, Refusal> {
        let deposit = own.act_receipt().ok_or_else(|| {
            Refusal::new(Exit::Error, "pipeline.no_deposit", format!("step {} has no deposit", step.index))
        })?;
        let place = self.core.under_way(own, out)?;
        let text = format!(
            "{} awaited on {}",
            out.symbol,
            crate::under_way::name(&self.core.registry, out.chain_id)
        );
        self.tell(Event::Waiting { plan_id: self.plan.id.clone(), step: step.index, text }).await;
        self.tell_place(step, place.clone()).await;
        let chain = self.core.chain(out.chain_id)?;
        let mut last = "the other side has not filled it yet".to_owned();
        for _ in 0..FILL_POLLS_MAX {
            match chain.bridge_fill(leg.network.chain_id, deposit, out).await {
                Ok(Some(amount)) => {
                    let now = self.core.clock.now();
                    self.tell_place(step, place.map(|place| place.arrived(now, &self.core.registry))).await;
                    return Ok(amount);
                }
                Ok(None) => {}
                Err(refusal) => last = refusal.message,
            }
            self.checkpoint().await?;
            self.core.clock.sleep(Duration::from_secs(1)).await;
        }
        Err(Refusal::new(Exit::OutcomeUnknown, "bridge.not_filled", format!("step {}: {last}", step.index))
            .help("the deposit is on the origin chain; a deposit that nobody fills is refunded after its deadline"))
    }

    async fn tell_place(&self, step: &Step, place: Option<UnderWay>) {
        if let Some(place) = place.map(Box::new) {
            self.tell(Event::UnderWay { plan_id: self.plan.id.clone(), step: step.index, place }).await;
        }
    }
}

/// What the act's `Transfer` logs brought to `account`, net. None: there are none (the native coin, a wrap).
fn logged(act: &Receipt, asset: &Asset, account: Address) -> Option<U256> {
    let token = asset.token()?;
    let account = account.into_word();
    let (mut into, mut out, mut any) = (U256::ZERO, U256::ZERO, false);
    for log in act.logs.iter().filter(|log| log.address == token) {
        let [event, from, to] = log.topics.as_slice() else { continue };
        if *event != Transfer::SIGNATURE_HASH || (*from != account && *to != account) {
            continue;
        }
        any = true;
        let value = U256::abi_decode(&log.data).unwrap_or_default();
        let side = if *to == account { &mut into } else { &mut out };
        *side = side.saturating_add(value);
    }
    any.then(|| into.saturating_sub(out))
}

/// Wei, without the OP stack's L1 data fee.
pub(crate) fn gas_paid(receipt: &Receipt) -> U256 {
    U256::from(receipt.gas_used).saturating_mul(U256::from(receipt.effective_gas_price))
}
