//! Aave V3: the market, lent to by a third account so that borrowing works, and one debtor near its limit.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolValue, sol};

use super::{aave_reserves, aave_rewards, tokens, units};
use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
    prices::Prices,
    tokens::on,
    world::ETHEREUM,
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
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode);
    function borrow(address asset, uint256 amount, uint256 rateMode, uint16 referralCode, address onBehalfOf);
}

/// The variable rate; the stable one is off.
const VARIABLE: u64 = 2;
/// What the third account lends of each asset.
const LENT_DOLLARS: u64 = 20_000_000;
/// Of the debtor, who supplied 1 WETH: 79 % of it, at a loan-to-value limit of 80 % and a threshold of 82.5 %.
const DEBT_USDC: u64 = 2_150;

pub(super) fn deploy(evm: &mut Evm<'_>, prices: &Prices) -> Result<(), DevnetError> {
    let configurator = market(evm)?;
    oracle(evm, prices)?;
    let rewards = if evm.chain_id == ETHEREUM { aave_rewards::controller(evm)? } else { Address::ZERO };
    aave_reserves::list(evm, configurator, rewards)?;
    let lender = named("Aave lender");
    for reserve in aave_reserves::on_chain(evm.chain_id) {
        supply(evm, reserve.role, lender, prices.worth(reserve.role, LENT_DOLLARS)?)?;
    }
    debtor(evm)?;
    if evm.chain_id == ETHEREUM {
        aave_rewards::start(evm)?;
    }
    aave_reserves::freeze(evm, configurator)
}

/// The addresses provider, the pool and its configurator behind their proxies, and who may configure them. Returns
/// the configurator.
fn market(evm: &mut Evm<'_>) -> Result<Address, DevnetError> {
    let arguments = ("Aave demo market", admin()).abi_encode_params();
    let provider = evm.deploy_role("aave.addresses_provider", "PoolAddressesProvider", arguments)?;
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
    let data_provider =
        evm.deploy_role("aave.data_provider", "AaveProtocolDataProvider", provider.abi_encode())?;
    evm.send(admin(), provider, setPoolDataProviderCall { provider: data_provider })?;
    let pool = evm.send(admin(), provider, getPoolCall {})?;
    evm.set_role("aave.pool", pool);
    evm.send(admin(), provider, getPoolConfiguratorCall {})
}

/// Aave's own oracle over one mock aggregator (role `feed.TOKEN`) for every token of the chain, lent or not.
fn oracle(evm: &mut Evm<'_>, prices: &Prices) -> Result<(), DevnetError> {
    let provider = evm.at("aave.addresses_provider")?;
    let (mut tokens, mut feeds) = (Vec::new(), Vec::new());
    for token in on(evm.chain_id) {
        let price = prices.usd_e8(token.role)?.abi_encode();
        tokens.push(evm.at(token.role)?);
        feeds.push(evm.deploy_role(&format!("feed.{}", token.role), "MockAggregator", price)?);
    }
    let arguments = (provider, tokens, feeds, Address::ZERO, Address::ZERO, units(1, 8)).abi_encode_params();
    let oracle = evm.deploy_role("aave.oracle", "AaveOracle", arguments)?;
    evm.send(admin(), provider, setPriceOracleCall { oracle }).map(|_| ())
}

/// The role `demo.debtor`: 1 WETH against USDC, healthy until ether falls by a twentieth.
fn debtor(evm: &mut Evm<'_>) -> Result<(), DevnetError> {
    let debtor = evm.place("demo.debtor");
    evm.set_role("demo.debtor", debtor);
    supply(evm, "weth", debtor, units(1, 18))?;
    let borrow = borrowCall {
        asset: evm.at("usdc")?,
        amount: units(DEBT_USDC, 6),
        rateMode: U256::from(VARIABLE),
        referralCode: 0,
        onBehalfOf: debtor,
    };
    let pool = evm.at("aave.pool")?;
    evm.send(debtor, pool, borrow).map(|_| ())
}

/// New tokens, lent by `account`.
fn supply(evm: &mut Evm<'_>, role: &str, account: Address, amount: U256) -> Result<(), DevnetError> {
    let (asset, pool) = (evm.at(role)?, evm.at("aave.pool")?);
    tokens::give(evm, role, account, amount)?;
    tokens::approve(evm, role, account, pool)?;
    let call = supplyCall { asset, amount, onBehalfOf: account, referralCode: 0 };
    evm.send(account, pool, call).map(|_| ())
}
