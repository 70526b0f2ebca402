//! Across: a deposit that arrives on another network of the registry, as the same asset.

use agent_core::asset::mul_div_up;
use alloy_primitives::{Address, U256};

use super::{Decoded, Reader, exactly};
use crate::protocols::across::ISpokePool::{ISpokePoolCalls, depositV3Call};

/// What must arrive of a deposit at least.
const LEAST_BRIDGED_PERCENT: u64 = 95;
/// The longest that Across lets a relayer take (`fillDeadlineBuffer`), seconds.
const FILL_WITHIN_MAX_S: u32 = 21_600;

impl Reader<'_> {
    pub(super) fn spoke_pool(&self, data: &[u8]) -> Result<Decoded, String> {
        let ISpokePoolCalls::depositV3(call) = exactly(data, "Across")?;
        if !call.message.is_empty() {
            return Err("a deposit with a message runs code on the other side".to_owned());
        }
        if !call.exclusiveRelayer.is_zero() || call.exclusivityDeadline != 0 {
            return Err("a deposit for one relayer alone is never made".to_owned());
        }
        let within = call.fillDeadline.checked_sub(call.quoteTimestamp);
        if within.is_none_or(|within| within == 0 || within > FILL_WITHIN_MAX_S) {
            return Err("a deposit is filled within six hours of its quote, or never".to_owned());
        }
        let least = mul_div_up(call.inputAmount, U256::from(LEAST_BRIDGED_PERCENT), U256::from(100));
        if call.outputAmount.is_zero() || least.is_none_or(|least| call.outputAmount < least) {
            return Err("the relayer would keep more than 5 % of the deposit".to_owned());
        }
        let paid = self.paid(call.inputToken, call.inputAmount)?;
        let text = format!(
            "deposit({} quoted at {}, for {} until {})",
            self.money(paid)?,
            call.quoteTimestamp,
            self.arrives(&call)?,
            call.fillDeadline
        );
        let beneficiaries = vec![call.depositor, call.recipient];
        Ok(Decoded { text, out: vec![paid], beneficiaries, ..Decoded::default() })
    }

    /// `199.9 USDC on base`: the asset of the same symbol and decimals there.
    fn arrives(&self, call: &depositV3Call) -> Result<String, String> {
        let chain = u64::try_from(call.destinationChainId).ok();
        let target = chain.filter(|chain| *chain != self.network.id.chain_id);
        let target = target.and_then(|chain| self.registry.network(chain));
        let target = target
            .filter(|target| target.role("across.spoke_pool").is_some_and(|pool| pool != Address::ZERO))
            .ok_or_else(|| format!("Across does not reach chain {}", call.destinationChainId))?;
        let input = self.token(call.inputToken)?;
        let same = target.token(call.outputToken);
        let same = same.filter(|asset| asset.symbol == input.symbol && asset.decimals == input.decimals);
        let same =
            same.ok_or_else(|| format!("{} is not {} on {}", call.outputToken, input.symbol, target.name))?;
        Ok(format!("{} on {}", same.amount(call.outputAmount), target.name))
    }
}
