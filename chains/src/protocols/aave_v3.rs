//! Aave V3 (<https://aave.com/docs/aave-v3/smart-contracts/pool>): supply, withdraw, borrow at the variable rate, repay,
//! and whether what is supplied backs loans.

use agent_core::ports::View;
use agent_core::{Asset, CompiledStep, NetworkInfo, Refusal};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;

use crate::ask::Ask;
use crate::protocols::erc20::IERC20;
use crate::read;

sol! {
    #[derive(Debug)]
    interface IAavePool {
        function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode) external;
        function withdraw(address asset, uint256 amount, address to) external returns (uint256);
        function borrow(address asset, uint256 amount, uint256 interestRateMode, uint16 referralCode, address onBehalfOf) external;
        function repay(address asset, uint256 amount, uint256 interestRateMode, address onBehalfOf) external returns (uint256);
        function setUserUseReserveAsCollateral(address asset, bool useAsCollateral) external;
        function liquidationCall(address collateralAsset, address debtAsset, address user, uint256 debtToCover, bool receiveAToken) external;
    }

    #[derive(Debug)]
    interface IAaveAccount {
        function getUserAccountData(address user) external view returns (
            uint256 totalCollateralBase, uint256 totalDebtBase, uint256 availableBorrowsBase,
            uint256 currentLiquidationThreshold, uint256 ltv, uint256 healthFactor
        );
    }

    #[derive(Debug)]
    interface IAaveDataProvider {
        function getReserveTokensAddresses(address asset) external view
            returns (address aTokenAddress, address stableDebtTokenAddress, address variableDebtTokenAddress);
        function getReserveConfigurationData(address asset) external view returns (
            uint256 decimals, uint256 ltv, uint256 liquidationThreshold, uint256 liquidationBonus, uint256 reserveFactor,
            bool usageAsCollateralEnabled, bool borrowingEnabled, bool stableBorrowRateEnabled, bool isActive, bool isFrozen
        );
        function getUserReserveData(address asset, address user) external view returns (
            uint256 currentATokenBalance, uint256 currentStableDebt, uint256 currentVariableDebt,
            uint256 principalStableDebt, uint256 scaledVariableDebt, uint256 stableBorrowRate,
            uint256 liquidityRate, uint40 stableRateLastUpdated, bool usageAsCollateralEnabled
        );
    }

    #[derive(Debug)]
    interface IAaveOracle {
        /// USD with 8 decimals.
        function getAssetPrice(address asset) external view returns (uint256);
    }
}

/// Interest that accrues until a whole debt is repaid: a ten-thousandth is far more than ten minutes' worth.
const MARGIN_DIVISOR: u64 = 10_000;
/// The variable rate.
pub(crate) const RATE_MODE: U256 = U256::from_limbs([2, 0, 0, 0]);

/// A reserve's underlying and the tokens that stand for positions in it.
pub(crate) struct Reserve {
    pub(crate) asset: Address,
    pub(crate) a_token: Address,
    pub(crate) debt_token: Address,
}

async fn reserve(network: &NetworkInfo, view: &dyn View, asset: &Asset) -> Result<Option<Reserve>, Refusal> {
    let Some(token) = asset.token() else { return Ok(None) };
    let provider = read::role(network, "aave.data_provider")?;
    let call = IAaveDataProvider::getReserveTokensAddressesCall { asset: token };
    let found = read::read(view, Address::ZERO, provider, &call).await?;
    let reserve =
        Reserve { asset: token, a_token: found.aTokenAddress, debt_token: found.variableDebtTokenAddress };
    Ok(Some(reserve).filter(|reserve| !reserve.a_token.is_zero()))
}

/// What `account` has supplied (or owes, if `debt`), smallest units of the asset, with interest up to the view's block.
pub(crate) async fn position(
    network: &NetworkInfo,
    view: &dyn View,
    account: Address,
    asset: &Asset,
    debt: bool,
) -> Result<U256, Refusal> {
    let Some(reserve) = reserve(network, view, asset).await? else { return Ok(U256::ZERO) };
    let token = if debt { reserve.debt_token } else { reserve.a_token };
    // Not asked by the account itself: it need not have any coins, and some nodes want them for a call.
    read::read(view, Address::ZERO, token, &IERC20::balanceOfCall { account }).await
}

impl Ask<'_> {
    pub(crate) async fn reserve(&self, asset: &Asset) -> Result<Reserve, Refusal> {
        reserve(self.network, self.view, asset).await?.ok_or_else(|| {
            self.not_possible("world.no_reserve", &format!("{} is no reserve of Aave", asset.symbol))
        })
    }

    /// The asset, and the registry's own words for the position.
    fn with_position(&self, asset: &Asset, position: Address) -> Vec<Asset> {
        std::iter::once(asset).chain(self.network.token(position)).cloned().collect()
    }
}

pub(crate) async fn supply(ask: &Ask<'_>, asset: &Asset) -> Result<CompiledStep, Refusal> {
    let (pool, reserve) = (ask.role("aave.pool")?, ask.reserve(asset).await?);
    let amount = asset.amount(ask.raw);
    ask.must_hold(&amount).await?;
    let call = IAavePool::supplyCall {
        asset: reserve.asset,
        amount: ask.raw,
        onBehalfOf: ask.account,
        referralCode: 0,
    };
    let assets = ask.with_position(asset, reserve.a_token);
    let mut step = ask.compiled(ask.act(pool, U256::ZERO, &call)?, Some("aave"), assets);
    ask.allow(reserve.asset, pool, ask.raw).await?.around(&mut step, false);
    step.spends = vec![amount];
    Ok(step)
}

pub(crate) async fn withdraw(ask: &Ask<'_>, asset: &Asset) -> Result<CompiledStep, Refusal> {
    let (pool, reserve) = (ask.role("aave.pool")?, ask.reserve(asset).await?);
    let amount = asset.amount(ask.raw);
    let supplied = asset.amount(position(ask.network, ask.view, ask.account, asset, false).await?);
    if supplied.raw() < ask.raw {
        return Err(ask.too_little(&amount, &supplied, "supplied"));
    }
    // The pool reads the maximum as "all of it", with the interest until then.
    let raw = if ask.whole { U256::MAX } else { ask.raw };
    let call = IAavePool::withdrawCall { asset: reserve.asset, amount: raw, to: ask.account };
    let assets = ask.with_position(asset, reserve.a_token);
    let mut step = ask.compiled(ask.act(pool, U256::ZERO, &call)?, Some("aave"), assets);
    step.yields = vec![amount];
    Ok(step)
}

pub(crate) async fn borrow(ask: &Ask<'_>, asset: &Asset) -> Result<CompiledStep, Refusal> {
    let (pool, reserve) = (ask.role("aave.pool")?, ask.reserve(asset).await?);
    let call = IAavePool::borrowCall {
        asset: reserve.asset,
        amount: ask.raw,
        interestRateMode: RATE_MODE,
        referralCode: 0,
        onBehalfOf: ask.account,
    };
    let assets = ask.with_position(asset, reserve.debt_token);
    let mut step = ask.compiled(ask.act(pool, U256::ZERO, &call)?, Some("aave"), assets);
    step.yields = vec![asset.amount(ask.raw)];
    Ok(step)
}

pub(crate) async fn repay(ask: &Ask<'_>, asset: &Asset) -> Result<CompiledStep, Refusal> {
    let (pool, reserve) = (ask.role("aave.pool")?, ask.reserve(asset).await?);
    let owed = position(ask.network, ask.view, ask.account, asset, true).await?;
    if owed.is_zero() {
        return Err(ask.not_possible("world.nothing_owed", &format!("no {} is owed to Aave", asset.symbol)));
    }
    ask.must_hold(&asset.amount(ask.raw)).await?;
    let all = ask.whole || ask.raw >= owed;
    let most = if all {
        let margin =
            owed.checked_div(U256::from(MARGIN_DIVISOR)).unwrap_or_default().saturating_add(U256::from(1));
        owed.saturating_add(margin).min(ask.balance(asset).await?)
    } else {
        ask.raw
    };
    // The pool reads the maximum as "all that is owed"; the allowance bounds it.
    let amount = if all { U256::MAX } else { ask.raw };
    let call = IAavePool::repayCall {
        asset: reserve.asset,
        amount,
        interestRateMode: RATE_MODE,
        onBehalfOf: ask.account,
    };
    let assets = ask.with_position(asset, reserve.debt_token);
    let mut step = ask.compiled(ask.act(pool, U256::ZERO, &call)?, Some("aave"), assets);
    ask.allow(reserve.asset, pool, most).await?.around(&mut step, all);
    step.spends = vec![asset.amount(most)];
    Ok(step)
}

pub(crate) async fn collateral(ask: &Ask<'_>, asset: &Asset, enabled: bool) -> Result<CompiledStep, Refusal> {
    let (pool, reserve) = (ask.role("aave.pool")?, ask.reserve(asset).await?);
    let call = IAaveDataProvider::getUserReserveDataCall { asset: reserve.asset, user: ask.account };
    let own = ask.read(ask.role("aave.data_provider")?, &call).await?;
    if own.currentATokenBalance.is_zero() {
        let why = format!("no {} is supplied to Aave", asset.symbol);
        return Err(ask.not_possible("world.nothing_supplied", &why));
    }
    if own.usageAsCollateralEnabled == enabled {
        let state = if enabled { "is collateral already" } else { "is no collateral as it is" };
        return Err(ask.not_possible("world.nothing_to_do", &format!("{} at Aave {state}", asset.symbol)));
    }
    let call =
        IAavePool::setUserUseReserveAsCollateralCall { asset: reserve.asset, useAsCollateral: enabled };
    let assets = ask.with_position(asset, reserve.a_token);
    Ok(ask.compiled(ask.act(pool, U256::ZERO, &call)?, Some("aave"), assets))
}
