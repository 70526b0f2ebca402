//! Calls of one account as EIP-1559 transactions, one after the other, with real fees.

use agent_core::{Call, CallEnd, CallOutcome, Fees, Refusal};
use alloy_primitives::{Address, Bytes, U256};
use revm::context::result::{ExecutionResult, HaltReason};
use revm::{DatabaseCommit, DatabaseRef};

use crate::envelope::{ByteFee, envelope};
use crate::evm::{Executed, Message, SignedParts};
use crate::fork::{LocalFork, halted, outcome};

/// The most gas that a transaction may have (EIP-7825).
const MOST_GAS: u64 = 16_777_216;
/// The least gas that a transaction costs.
const LEAST_GAS: u64 = 21_000;

/// What running some calls gave.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    pub(crate) outcomes: Vec<CallOutcome>,
    /// Wei, for gas and for bytes.
    pub(crate) fees_paid: U256,
}

impl LocalFork {
    /// Runs `calls` until one fails, and keeps what they did.
    pub(crate) fn run_calls(&mut self, account: Address, calls: &[Call], fees: Fees) -> Result<Ran, Refusal> {
        let mut ran = Ran::default();
        for call in calls {
            let (outcome, paid) = self.transact(account, call, fees)?;
            let failed = outcome.end != CallEnd::Success;
            ran.outcomes.push(outcome);
            ran.fees_paid = ran.fees_paid.saturating_add(paid);
            if failed {
                break;
            }
        }
        Ok(ran)
    }

    /// One transaction; with its outcome the wei that it cost beside its value.
    fn transact(&mut self, from: Address, call: &Call, fees: Fees) -> Result<(CallOutcome, U256), Refusal> {
        let ground = &self.ground;
        let unread = |error| ground.unread(&error);
        let sender = self.state.basic_ref(from).map_err(unread)?.unwrap_or_default();
        let byte_fee = ByteFee::read(&self.state, &ground.env).map_err(unread)?;
        let envelope = envelope(ground.env.chain_id, call, sender.nonce, fees);

        // A node asks for the whole limit in advance: no higher one is taken than the account can pay.
        let most = MOST_GAS.min(ground.env.gas_limit);
        let left = sender.balance.checked_sub(call.value);
        let left = left.and_then(|left| left.checked_sub(byte_fee.wei(&envelope, most)));
        let payable = left.map_or(0, |left| payable_gas(left, fees));
        let gas_limit = payable.min(most);
        if gas_limit < LEAST_GAS {
            return Ok((halted(short_of_gas(sender.balance, call.value)), U256::ZERO));
        }
        let signed = SignedParts { nonce: sender.nonce, fees, envelope: envelope.clone() };
        let message = Message {
            from,
            to: call.to,
            value: call.value,
            data: call.data.clone(),
            gas_limit,
            signed: Some(signed),
        };
        let executed = match ground.execute(&self.state, message)? {
            Ok(executed) => executed,
            Err(reason) => return Ok((halted(reason), U256::ZERO)),
        };
        let (mut outcome, paid) = self.priced(&executed, &byte_fee, &envelope, fees);
        if payable < most && out_of_gas(&executed) {
            outcome.end = CallEnd::Halt(short_of_gas(sender.balance, call.value));
        }
        self.state.commit(executed.state);
        Ok((outcome, paid))
    }

    fn priced(
        &self,
        executed: &Executed,
        bytes: &ByteFee,
        envelope: &Bytes,
        fees: Fees,
    ) -> (CallOutcome, U256) {
        let l1_fee = bytes.wei(envelope, executed.result.tx_gas_used());
        let outcome = outcome(executed, l1_fee);
        let base_fee = u128::from(self.ground.env.base_fee);
        let price = fees.max_fee_per_gas.min(base_fee.saturating_add(fees.max_priority_fee_per_gas));
        let gas = U256::from(outcome.gas_used).saturating_mul(U256::from(price));
        (outcome, gas.saturating_add(l1_fee))
    }
}

/// How much gas `wei` pays for at the highest fee.
fn payable_gas(wei: U256, fees: Fees) -> u64 {
    wei.checked_div(U256::from(fees.max_fee_per_gas)).map_or(u64::MAX, |gas| gas.saturating_to())
}

fn short_of_gas(balance: U256, value: U256) -> String {
    format!("insufficient funds for gas: the account holds {balance} wei, and the call moves {value} wei")
}

fn out_of_gas(executed: &Executed) -> bool {
    matches!(executed.result, ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. })
}
