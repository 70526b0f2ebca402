//! Aave V3: another account's debt paid for its collateral with a bonus, and the rewards of the own account.
//! Rules: `LiquidationLogic` of aave-v3-core.

use agent_core::asset::{decimal, mul_div, ten_pow};
use agent_core::ports::View;
use agent_core::{Asset, CompiledStep, NetworkInfo, Refusal};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;

use crate::ask::{self, Ask};
use crate::protocols::aave_v3::{self, IAaveAccount, IAaveDataProvider, IAaveOracle, IAavePool};
use crate::read;

sol! {
    /// <https://aave.com/docs/aave-v3/smart-contracts/incentives>
    #[derive(Debug)]
    interface IRewardsController {
        function getAllUserRewards(address[] assets, address user) external view
            returns (address[] rewardsList, uint256[] unclaimedAmounts);
        function claimAllRewardsToSelf(address[] assets) external
            returns (address[] rewardsList, uint256[] claimedAmounts);
    }
}

/// Decimals of a health factor, which is 1 where liquidation begins.
const FACTOR_DECIMALS: u8 = 18;
/// Below this health factor all of a debt may be paid, else half (`CLOSE_FACTOR_HF_THRESHOLD`).
const WHOLE_BELOW: u64 = 950_000_000_000_000_000;
/// What may be missing of the computed collateral: the protocol's part of the bonus, and interest. In percent.
const SLACK_PERCENT: u64 = 1;
const WHOLE_BPS: u64 = 10_000;

/// Another account's loan, as far as it can be liquidated.
struct Loan {
    health_factor: U256,
    /// Smallest units of the debt that the pool lets anybody pay.
    coverable: U256,
}

async fn loan(
    network: &NetworkInfo,
    view: &dyn View,
    debtor: Address,
    debt: &Asset,
) -> Result<Loan, Refusal> {
    let pool = read::role(network, "aave.pool")?;
    let call = IAaveAccount::getUserAccountDataCall { user: debtor };
    let health_factor = read::read(view, Address::ZERO, pool, &call).await?.healthFactor;
    let owed = aave_v3::position(network, view, debtor, debt, true).await?;
    let part = if health_factor < U256::from(WHOLE_BELOW) { 1 } else { 2 };
    let coverable = owed.checked_div(U256::from(part)).unwrap_or_default();
    Ok(Loan { health_factor, coverable })
}

/// The most of the debt that the pool lets be paid and the account holds.
pub(crate) async fn held(
    network: &NetworkInfo,
    view: &dyn View,
    account: Address,
    debtor: Address,
    debt: &Asset,
) -> Result<U256, Refusal> {
    let loan = loan(network, view, debtor, debt).await?;
    Ok(loan.coverable.min(ask::balance(view, account, debt).await?))
}

pub(crate) async fn liquidate(
    ask: &Ask<'_>,
    debtor: Address,
    debt: &Asset,
    collateral: &Asset,
) -> Result<CompiledStep, Refusal> {
    let pool = ask.role("aave.pool")?;
    let (owed, taken) = (ask.reserve(debt).await?, ask.reserve(collateral).await?);
    let loan = loan(ask.network, ask.view, debtor, debt).await?;
    let one = ten_pow(FACTOR_DECIMALS).unwrap_or(U256::MAX);
    if loan.health_factor >= one {
        let why = match loan.health_factor {
            U256::MAX => format!("{debtor} owes nothing to Aave"),
            factor => {
                format!("the health factor of {debtor} is {}, not below 1", decimal(factor, FACTOR_DECIMALS))
            }
        };
        return Err(ask.not_possible("world.healthy", &why));
    }
    let pays = debt.amount(ask.raw);
    if ask.raw > loan.coverable {
        return Err(ask.too_little(&pays, &debt.amount(loan.coverable), "what may be paid"));
    }
    ask.must_hold(&pays).await?;
    let least = least_collateral(ask, debtor, debt, collateral).await?.filter(|least| !least.is_zero());
    let least = least.ok_or_else(|| {
        ask.not_possible("world.no_collateral", &format!("{debtor} has no {} for it", collateral.symbol))
    })?;
    let call = IAavePool::liquidationCallCall {
        collateralAsset: taken.asset,
        debtAsset: owed.asset,
        user: debtor,
        debtToCover: ask.raw,
        receiveAToken: false,
    };
    let assets = vec![debt.clone(), collateral.clone()];
    let mut step = ask.compiled(ask.act(pool, U256::ZERO, &call)?, Some("aave"), assets);
    // The pool takes less where the collateral does not reach.
    ask.allow(owed.asset, pool, ask.raw).await?.around(&mut step, true);
    step.spends = vec![pays];
    step.yields = vec![collateral.amount(least)];
    Ok(step)
}

/// What the payment is worth in collateral by the oracle, with the bonus, as far as there is collateral; a little less.
async fn least_collateral(
    ask: &Ask<'_>,
    debtor: Address,
    debt: &Asset,
    collateral: &Asset,
) -> Result<Option<U256>, Refusal> {
    let (Some(paid), Some(taken)) = (debt.token(), collateral.token()) else { return Ok(None) };
    let (oracle, provider) = (ask.role("aave.oracle")?, ask.role("aave.data_provider")?);
    let paid_price = ask.read(oracle, &IAaveOracle::getAssetPriceCall { asset: paid }).await?;
    let taken_price = ask.read(oracle, &IAaveOracle::getAssetPriceCall { asset: taken }).await?;
    let config =
        ask.read(provider, &IAaveDataProvider::getReserveConfigurationDataCall { asset: taken }).await?;
    let supplied = aave_v3::position(ask.network, ask.view, debtor, collateral, false).await?;
    let worth = || {
        let value = mul_div(ask.raw, paid_price, ten_pow(debt.decimals)?)?;
        let plain = mul_div(value, ten_pow(collateral.decimals)?, taken_price)?;
        let gets = mul_div(plain, config.liquidationBonus, U256::from(WHOLE_BPS))?.min(supplied);
        mul_div(gets, U256::from(100_u64.checked_sub(SLACK_PERCENT)?), U256::from(100))
    };
    Ok(worth())
}

/// Claims the rewards of everything lent and owed.
pub(crate) async fn claim(ask: &Ask<'_>) -> Result<CompiledStep, Refusal> {
    let controller = ask.role("aave.rewards_controller")?;
    let positions = ask.network.roles.iter().filter(|(role, _)| {
        ["aave.a_token.", "aave.debt_token."].iter().any(|prefix| role.starts_with(prefix))
    });
    let assets: Vec<Address> = positions.map(|(_, token)| *token).collect();
    let call = IRewardsController::getAllUserRewardsCall { assets: assets.clone(), user: ask.account };
    let found = ask.read(controller, &call).await?;
    let owed = found.rewardsList.iter().zip(&found.unclaimedAmounts).filter(|(_, raw)| !raw.is_zero());
    let tokens: Vec<Address> = owed.map(|(token, _)| *token).collect();
    if tokens.is_empty() {
        return Err(ask.not_possible("world.nothing_to_claim", "Aave owes no rewards"));
    }
    let act = ask.act(controller, U256::ZERO, &IRewardsController::claimAllRewardsToSelfCall { assets })?;
    let rewards = tokens.iter().filter_map(|token| ask.network.token(*token).cloned()).collect();
    Ok(ask.compiled(act, Some("aave"), rewards))
}
