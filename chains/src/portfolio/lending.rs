//! Aave V3: supplied, owed, how healthy, and which rewards wait
//! (<https://aave.com/docs/aave-v3/smart-contracts/view-contracts>).

use agent_core::{Amount, Asset, Claimable, Lent, NetworkInfo};
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
        function getAllUserRewards(address[] assets, address user) external view
            returns (address[] rewardsList, uint256[] unclaimedAmounts);
    }
}

#[derive(Debug)]
pub(super) struct Lending<'a> {
    network: &'a NetworkInfo,
    account: Option<Slot<IAaveUser::getUserAccountDataCall>>,
    reserves: Vec<(Asset, Slot<IAaveUser::getUserReserveDataCall>)>,
    rewards: Option<Slot<IAaveUser::getAllUserRewardsCall>>,
}

#[derive(Debug, Default)]
pub(super) struct Loans {
    pub(super) lent: Vec<Lent>,
    pub(super) owed: Vec<Amount>,
    pub(super) health_factor: Option<U256>,
    pub(super) claimable: Vec<Claimable>,
}

impl<'a> Lending<'a> {
    pub(super) fn ask(reads: &mut Reads, network: &'a NetworkInfo, user: Address) -> Self {
        let account = network.role("aave.pool");
        let account = account.map(|pool| reads.ask(pool, &IAaveUser::getUserAccountDataCall { user }));
        let mut reserves = Vec::new();
        let provider = network.role("aave.data_provider");
        for role in network.roles.keys() {
            let Some(symbol) = role.strip_prefix("aave.a_token.") else { continue };
            let underlying = network.role(symbol).and_then(|token| network.token(token));
            let (Some(asset), Some(provider)) = (underlying, provider) else { continue };
            let Some(token) = asset.token() else { continue };
            let slot = reads.ask(provider, &IAaveUser::getUserReserveDataCall { asset: token, user });
            reserves.push((asset.clone(), slot));
        }
        let rewarded = network.roles.iter().filter(|(role, _)| {
            ["aave.a_token.", "aave.debt_token."].iter().any(|prefix| role.starts_with(prefix))
        });
        let assets = rewarded.map(|(_, token)| *token).collect();
        let rewards = network
            .role("aave.rewards_controller")
            .map(|controller| reads.ask(controller, &IAaveUser::getAllUserRewardsCall { assets, user }));
        Self { network, account, reserves, rewards }
    }

    pub(super) fn read(&self, answers: &Answers, gaps: &mut Gaps) -> Loans {
        let mut loans = Loans::default();
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
}
