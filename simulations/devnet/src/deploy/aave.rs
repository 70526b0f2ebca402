//! Aave V3 with WETH, USDC and DAI, lent to by a third account so that borrowing works.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolValue, sol};

use super::{tokens, units};
use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
    places::Places,
    recorded::RecordedPool,
    world::{BASE, Reserve},
};

sol! {
    function setPoolImpl(address implementation);
    function setPoolConfiguratorImpl(address implementation);
    function setPriceOracle(address oracle);
    function setPoolDataProvider(address provider);
    function setACLAdmin(address account);
    function setACLManager(address manager);
    function getPool() returns (address);
    function getPoolConfigurator() returns (address);
    function initialize(address provider);
    function addPoolAdmin(address account);
    function addEmergencyAdmin(address account);
    function addRiskAdmin(address account);
    function addAssetListingAdmin(address account);
    struct ReserveInput {
        address aTokenImpl; address stableDebtTokenImpl; address variableDebtTokenImpl;
        uint8 underlyingAssetDecimals; address interestRateStrategyAddress; address underlyingAsset;
        address treasury; address incentivesController;
        string aTokenName; string aTokenSymbol; string variableDebtTokenName; string variableDebtTokenSymbol;
        string stableDebtTokenName; string stableDebtTokenSymbol; bytes params;
    }
    function initReserves(ReserveInput[] input);
    function configureReserveAsCollateral(address asset, uint256 ltv, uint256 threshold, uint256 bonus);
    function setReserveBorrowing(address asset, bool enabled);
    function setReserveFactor(address asset, uint256 factor);
    function setReserveFreeze(address asset, bool freeze);
    function getReserveTokensAddresses(address asset) returns (address a, address stableDebt, address variableDebt);
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode);
}

pub(super) struct Aave {
    pub(super) pool: Address,
    pub(super) reserves: Vec<Reserve>,
}

struct Asset {
    symbol: &'static str,
    token: Address,
    decimals: u8,
    /// USD with 8 decimals.
    price: U256,
    /// Supplied by the third account.
    liquidity: U256,
}

pub(super) fn deploy(
    evm: &mut Evm<'_>,
    places: &Places,
    recorded: &RecordedPool,
) -> Result<Aave, DevnetError> {
    let dollar = units(1, 8);
    let eth_price = recorded.eth_price_usd_e8;
    let assets = [
        Asset {
            symbol: "WETH",
            token: places.weth,
            decimals: 18,
            price: eth_price,
            liquidity: units(5_000, 18),
        },
        Asset {
            symbol: "USDC",
            token: places.usdc,
            decimals: 6,
            price: dollar,
            liquidity: units(20_000_000, 6),
        },
        Asset {
            symbol: "DAI",
            token: places.dai,
            decimals: 18,
            price: dollar,
            liquidity: units(20_000_000, 18),
        },
    ];
    let (pool, configurator) = market(evm, places)?;
    oracle(evm, places, &assets)?;
    list(evm, places, pool, configurator, &assets)?;
    lend(evm, places, pool, &assets)?;
    if places.chain_id == BASE {
        evm.send(admin(), configurator, setReserveFreezeCall { asset: places.dai, freeze: true })?;
    }
    let reserves = assets
        .iter()
        .map(|asset| {
            let call = getReserveTokensAddressesCall { asset: asset.token };
            let tokens = evm.send(admin(), places.aave_data_provider, call)?;
            Ok(Reserve {
                symbol: asset.symbol.to_owned(),
                asset: asset.token,
                a_token: tokens.a,
                variable_debt_token: tokens.variableDebt,
                frozen: places.chain_id == BASE && asset.token == places.dai,
            })
        })
        .collect::<Result<_, DevnetError>>()?;
    Ok(Aave { pool, reserves })
}

/// The addresses provider, the pool and its configurator behind their proxies, and who may configure them.
fn market(evm: &mut Evm<'_>, places: &Places) -> Result<(Address, Address), DevnetError> {
    let provider = places.aave_addresses_provider;
    evm.deploy(provider, "PoolAddressesProvider", ("Aave demo market", admin()).abi_encode_params())?;
    // FlashLoanLogic links BorrowLogic.
    for library in [
        "BorrowLogic",
        "SupplyLogic",
        "LiquidationLogic",
        "EModeLogic",
        "BridgeLogic",
        "PoolLogic",
        "ConfiguratorLogic",
        "FlashLoanLogic",
    ] {
        evm.deploy_library(library)?;
    }
    let pool = evm.deploy(named("Pool"), "Pool", provider.abi_encode())?;
    evm.send(admin(), pool, initializeCall { provider })?;
    let configurator = evm.deploy(named("PoolConfigurator"), "PoolConfigurator", Vec::new())?;
    evm.send(admin(), configurator, initializeCall { provider })?;

    // The pool's proxy is the provider's first creation, as on the real chains.
    evm.send(admin(), provider, setPoolImplCall { implementation: pool })?;
    evm.send(admin(), provider, setACLAdminCall { account: admin() })?;
    let acl = evm.deploy(named("ACLManager"), "ACLManager", provider.abi_encode())?;
    evm.send(admin(), provider, setACLManagerCall { manager: acl })?;
    evm.send(admin(), acl, addPoolAdminCall { account: admin() })?;
    evm.send(admin(), acl, addEmergencyAdminCall { account: admin() })?;
    evm.send(admin(), acl, addRiskAdminCall { account: admin() })?;
    evm.send(admin(), acl, addAssetListingAdminCall { account: admin() })?;
    evm.send(admin(), provider, setPoolConfiguratorImplCall { implementation: configurator })?;
    evm.deploy(places.aave_data_provider, "AaveProtocolDataProvider", provider.abi_encode())?;
    evm.send(admin(), provider, setPoolDataProviderCall { provider: places.aave_data_provider })?;
    let pool = evm.send(admin(), provider, getPoolCall {})?;
    Ok((pool, evm.send(admin(), provider, getPoolConfiguratorCall {})?))
}

/// Aave's own oracle over one mock aggregator for each asset.
fn oracle(evm: &mut Evm<'_>, places: &Places, assets: &[Asset]) -> Result<(), DevnetError> {
    let feeds = assets
        .iter()
        .map(|asset| {
            let label = format!("{} / USD", asset.symbol);
            evm.deploy(named(&label), "MockAggregator", asset.price.abi_encode())
        })
        .collect::<Result<Vec<Address>, _>>()?;
    let tokens: Vec<Address> = assets.iter().map(|asset| asset.token).collect();
    let provider = places.aave_addresses_provider;
    let arguments = (provider, tokens, feeds, Address::ZERO, Address::ZERO, units(1, 8)).abi_encode_params();
    evm.deploy(places.aave_oracle, "AaveOracle", arguments)?;
    evm.send(admin(), provider, setPriceOracleCall { oracle: places.aave_oracle }).map(|_| ())
}

/// Lists the reserves as collateral and for borrowing at the variable rate.
fn list(
    evm: &mut Evm<'_>,
    places: &Places,
    pool: Address,
    configurator: Address,
    assets: &[Asset],
) -> Result<(), DevnetError> {
    let [a_token, stable, variable] = ["AToken", "StableDebtToken", "VariableDebtToken"];
    for name in [a_token, stable, variable] {
        evm.deploy(named(name), name, pool.abi_encode())?;
    }
    // Optimal usage 80 %, variable slopes 4 % and 75 %, then the stable rate's six (it stays off), in ray.
    let percent = |p: u64| units(p, 25);
    let provider = places.aave_addresses_provider;
    let rates = (
        provider,
        percent(80),
        percent(0),
        percent(4),
        percent(75),
        percent(2),
        percent(75),
        percent(2),
        percent(5),
        percent(20),
    );
    let strategy =
        evm.deploy(named("interest rates"), "DefaultReserveInterestRateStrategy", rates.abi_encode_params())?;
    let input = assets
        .iter()
        .map(|Asset { symbol, token, decimals, .. }| ReserveInput {
            aTokenImpl: named(a_token),
            stableDebtTokenImpl: named(stable),
            variableDebtTokenImpl: named(variable),
            underlyingAssetDecimals: *decimals,
            interestRateStrategyAddress: strategy,
            underlyingAsset: *token,
            treasury: named("Aave treasury"),
            incentivesController: Address::ZERO,
            aTokenName: format!("Aave demo {symbol}"),
            aTokenSymbol: format!("a{symbol}"),
            variableDebtTokenName: format!("Aave demo variable debt {symbol}"),
            variableDebtTokenSymbol: format!("variableDebt{symbol}"),
            stableDebtTokenName: format!("Aave demo stable debt {symbol}"),
            stableDebtTokenSymbol: format!("stableDebt{symbol}"),
            // Any byte: an empty one is refused by the token's initializer in this version.
            params: Bytes::from_static(&[0x10]),
        })
        .collect();
    evm.send(admin(), configurator, initReservesCall { input })?;
    for asset in assets.iter().map(|asset| asset.token) {
        let basis_points = |bps: u64| U256::from(bps);
        let (ltv, threshold, bonus) = (basis_points(8_000), basis_points(8_250), basis_points(10_500));
        evm.send(admin(), configurator, configureReserveAsCollateralCall { asset, ltv, threshold, bonus })?;
        evm.send(admin(), configurator, setReserveBorrowingCall { asset, enabled: true })?;
        evm.send(admin(), configurator, setReserveFactorCall { asset, factor: basis_points(1_000) })?;
    }
    Ok(())
}

/// What can be borrowed.
fn lend(evm: &mut Evm<'_>, places: &Places, pool: Address, assets: &[Asset]) -> Result<(), DevnetError> {
    let lender = named("Aave lender");
    for Asset { token, liquidity, .. } in assets {
        if *token == places.weth {
            tokens::wrap(evm, *token, lender, *liquidity)?;
        } else {
            tokens::mint(evm, *token, lender, *liquidity)?;
        }
        tokens::approve(evm, *token, lender, pool)?;
        evm.send(
            lender,
            pool,
            supplyCall { asset: *token, amount: *liquidity, onBehalfOf: lender, referralCode: 0 },
        )?;
    }
    Ok(())
}
