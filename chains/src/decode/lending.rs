//! Aave: the pool and its rewards.

use agent_core::AssetKind;
use alloy_primitives::U256;

use super::{Decoded, Reader, exactly, unknown};
use crate::protocols::aave_liquidation::IRewardsController::IRewardsControllerCalls;
use crate::protocols::aave_v3::IAavePool::IAavePoolCalls;
use crate::protocols::aave_v3::RATE_MODE;

const POOL: &str = "Aave's pool";
const REWARDS: &str = "Aave's rewards";
/// Nobody is paid for having referred a loan.
const NO_REFERRAL: u16 = 0;

impl Reader<'_> {
    pub(super) fn aave(&self, data: &[u8]) -> Result<Decoded, String> {
        use IAavePoolCalls as Call;
        let (text, asset, amount, who, gives) = match exactly(data, POOL)? {
            Call::supply(call) if call.referralCode == NO_REFERRAL => {
                ("supply", call.asset, call.amount, call.onBehalfOf, true)
            }
            Call::withdraw(call) => ("withdraw", call.asset, call.amount, call.to, false),
            Call::borrow(call) if call.referralCode == NO_REFERRAL && call.interestRateMode == RATE_MODE => {
                ("borrow", call.asset, call.amount, call.onBehalfOf, false)
            }
            // The maximum means "all that is owed" there, which the allowance bounds.
            Call::repay(call) if call.interestRateMode == RATE_MODE => {
                ("repay", call.asset, call.amount, call.onBehalfOf, call.amount != U256::MAX)
            }
            Call::setUserUseReserveAsCollateral(call) => {
                let state = if call.useAsCollateral { "on" } else { "off" };
                let text = format!("collateral({} {state} with Aave)", self.symbol(call.asset)?);
                return Ok(Decoded { text, ..Decoded::default() });
            }
            Call::liquidationCall(call) if !call.receiveAToken => {
                let text = format!(
                    "liquidate({} of {}'s debt with Aave for {})",
                    self.amount(call.debtAsset, call.debtToCover)?,
                    call.user,
                    self.symbol(call.collateralAsset)?
                );
                let out = vec![(AssetKind::Erc20(call.debtAsset), call.debtToCover)];
                return Ok(Decoded { text, out, ..Decoded::default() });
            }
            Call::supply(_) | Call::borrow(_) | Call::repay(_) | Call::liquidationCall(_) => {
                return Err(unknown(POOL));
            }
        };
        let out = if gives { vec![(AssetKind::Erc20(asset), amount)] } else { Vec::new() };
        let text = format!("{text}({} with Aave for {who})", self.amount(asset, amount)?);
        Ok(Decoded { text, out, beneficiaries: vec![who], ..Decoded::default() })
    }

    /// Only to the account itself, and only for what is lent or owed here.
    pub(super) fn rewards(&self, data: &[u8]) -> Result<Decoded, String> {
        let IRewardsControllerCalls::claimAllRewardsToSelf(call) = exactly(data, REWARDS)? else {
            return Err(unknown(REWARDS));
        };
        let symbols: Result<Vec<&str>, String> =
            call.assets.iter().map(|token| self.symbol(*token)).collect();
        let text = format!("claim(all rewards of Aave for {})", symbols?.join(", "));
        Ok(Decoded { text, ..Decoded::default() })
    }
}
