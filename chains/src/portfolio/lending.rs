//! Aave V3: supplied, owed, how healthy, which rewards wait, and the rates
//! (<https://aave.com/docs/aave-v3/smart-contracts/view-contracts>).

use agent_core::{Amount, Asset, Claimable, Lent, NetworkInfo, Rate};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;

use super::Gaps;
use crate::read::{Answers, Reads, Slot};

sol! {
    #[derive(Debug)]
    interface IAaveUser {
        function getUserAccountData(address user) external view returns (
            uint256 totalCollateralBase, uint256 totalDebtBase, uint256 availableBorrowsBase,
            uint256 currentLiquidationThreshold, uint256 ltv, uint256 healthFactor
        );
        function getUserReserveData(address asset, address user) external view returns (
            uint256 currentATokenBalance, uint256 currentStableDebt, uint256 currentVariableDebt,
            uint256 principalStableDebt, uint256 scaledVariableDebt, uint256 stableBorrowRate,
            uint256 liquidityRate, uint40 stableRateLastUpdated, bool usageAsCollateralEnabled
        );
        /// Rates a year without compounding, in units of 1e-27.
        function getReserveData(address asset) external view returns (
            uint256 unbacked, uint256 accruedToTreasuryScaled, uint256 totalAToken, uint256 totalStableDebt,
            uint256 totalVariableDebt, uint256 liquidityRate, uint256 variableBorrowRate, uint256 stableBorrowRate,
            uint256 averageStableBorrowRate, uint256 liquidityIndex, uint256 variableBorrowIndex,
            uint40 lastUpdateTimestamp
        );
        function getAllUserRewards(address[] assets, address user) external view
            returns (address[] rewardsList, uint256[] unclaimedAmounts);
    }
}

/// Aave's unit of rates, 1e27.
const RAY: U256 = U256::from_limbs([0x9fd0803ce8000000, 0x33b2e3c, 0, 0]);
const SECONDS_A_YEAR: U256 = U256::from_limbs([31_536_000, 0, 0, 0]);

#[derive(Debug)]
pub(super) struct Lending<'a> {
    network: &'a NetworkInfo,
    account: Option<Slot<IAaveUser::getUserAccountDataCall>>,
    reserves: Vec<(Asset, Slot<IAaveUser::getUserReserveDataCall>)>,
    rates: Vec<(Asset, Slot<IAaveUser::getReserveDataCall>)>,
    rewards: Option<Slot<IAaveUser::getAllUserRewardsCall>>,
}

#[derive(Debug, Default)]
pub(super) struct Loans {
    pub(super) lent: Vec<Lent>,
    pub(super) owed: Vec<Amount>,
    pub(super) health_factor: Option<U256>,
    pub(super) rates: Vec<Rate>,
    pub(super) claimable: Vec<Claimable>,
}

impl<'a> Lending<'a> {
    pub(super) fn ask(reads: &mut Reads, network: &'a NetworkInfo, user: Address) -> Self {
        let account = network.role("aave.pool");
        let account = account.map(|pool| reads.ask(pool, &IAaveUser::getUserAccountDataCall { user }));
        let (mut reserves, mut rates) = (Vec::new(), Vec::new());
        let provider = network.role("aave.data_provider");
        for role in network.roles.keys() {
            let Some(symbol) = role.strip_prefix("aave.a_token.") else { continue };
            let underlying = network.role(symbol).and_then(|token| network.token(token));
            let (Some(asset), Some(provider)) = (underlying, provider) else { continue };
            let Some(token) = asset.token() else { continue };
            let slot = reads.ask(provider, &IAaveUser::getUserReserveDataCall { asset: token, user });
            reserves.push((asset.clone(), slot));
            let slot = reads.ask(provider, &IAaveUser::getReserveDataCall { asset: token });
            rates.push((asset.clone(), slot));
        }
        let rewarded = network.roles.iter().filter(|(role, _)| {
            ["aave.a_token.", "aave.debt_token."].iter().any(|prefix| role.starts_with(prefix))
        });
        let assets = rewarded.map(|(_, token)| *token).collect();
        let rewards = network
            .role("aave.rewards_controller")
            .map(|controller| reads.ask(controller, &IAaveUser::getAllUserRewardsCall { assets, user }));
        Self { network, account, reserves, rates, rewards }
    }

    pub(super) fn read(&self, answers: &Answers, gaps: &mut Gaps) -> Loans {
        let mut loans = Loans { rates: self.rates(answers, gaps), ..Loans::default() };
        for (asset, slot) in &self.reserves {
            let what = format_args!("what is lent and owed in {} at Aave", asset.symbol);
            let Some(found) = gaps.take(what, answers.get(slot)) else { continue };
            if !found.currentATokenBalance.is_zero() {
                let amount = asset.amount(found.currentATokenBalance);
                loans.lent.push(Lent { amount, collateral: found.usageAsCollateralEnabled });
            }
            let debt = found.currentVariableDebt.saturating_add(found.currentStableDebt);
            if !debt.is_zero() {
                loans.owed.push(asset.amount(debt));
            }
        }
        let account = self.account.as_ref().map(|slot| answers.get(slot));
        if let Some(account) = account.and_then(|account| gaps.take("the health factor at Aave", account))
            && !account.totalDebtBase.is_zero()
        {
            loans.health_factor = Some(account.healthFactor);
        }
        let rewards = self.rewards.as_ref().map(|slot| answers.get(slot));
        if let Some(rewards) = rewards.and_then(|rewards| gaps.take("the rewards of Aave", rewards)) {
            for (token, raw) in rewards.rewardsList.into_iter().zip(rewards.unclaimedAmounts) {
                if raw.is_zero() {
                    continue;
                }
                match self.network.token(token) {
                    Some(asset) => loans
                        .claimable
                        .push(Claimable { protocol: "aave".to_owned(), amount: asset.amount(raw) }),
                    None => gaps.note(
                        format_args!("a reward of Aave in {token}"),
                        "the registry does not know this token".to_owned(),
                    ),
                }
            }
        }
        loans
    }
    fn rates(&self, answers: &Answers, gaps: &mut Gaps) -> Vec<Rate> {
        let mut rates = Vec::new();
        for (asset, slot) in &self.rates {
            let found = answers.get(slot).and_then(|found| {
                let yields = yearly_bps(found.liquidityRate).zip(yearly_bps(found.variableBorrowRate));
                yields.ok_or_else(|| "a rate is beyond measure".to_owned())
            });
            let what = format_args!("the rates of {} at Aave", asset.symbol);
            let Some((supply_bps, borrow_bps)) = gaps.take(what, found) else { continue };
            rates.push(Rate { asset: asset.clone(), supply_bps, borrow_bps });
        }
        rates
    }
}

/// What a yearly rate comes to when it compounds every second, in hundredths of a percent: `(1 + rate / year) ^ year`,
/// by squaring.
fn yearly_bps(rate: U256) -> Option<u64> {
    let times = |a: U256, b: U256| a.checked_mul(b)?.checked_div(RAY);
    let (mut base, mut grown) = (RAY.checked_add(rate.checked_div(SECONDS_A_YEAR)?)?, RAY);
    for bit in 0..SECONDS_A_YEAR.bit_len() {
        if SECONDS_A_YEAR.bit(bit) {
            grown = times(grown, base)?;
        }
        base = times(base, base)?;
    }
    let bps = grown.checked_sub(RAY)?.checked_mul(U256::from(10_000))?.checked_div(RAY)?;
    u64::try_from(bps).ok()
}
