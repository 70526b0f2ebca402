//! What Aave lends in the demo world, and how far.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolValue, sol};

use super::units;
use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
    tokens::token,
    world::BASE,
};

sol! {
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
}

/// An asset that is lent, with its limits in hundredths of a percent.
pub(super) struct Reserve {
    pub(super) role: &'static str,
    /// At most this part of the collateral may be borrowed.
    loan_to_value: u64,
    /// A debt above this part may be liquidated.
    threshold: u64,
    /// What a liquidator gets for 100 % of the debt.
    bonus: u64,
}

/// Much as on Ethereum; no caps.
const RESERVES: [Reserve; 5] = [
    Reserve { role: "weth", loan_to_value: 8_000, threshold: 8_250, bonus: 10_500 },
    Reserve { role: "usdc", loan_to_value: 7_500, threshold: 7_800, bonus: 10_450 },
    Reserve { role: "dai", loan_to_value: 6_300, threshold: 7_700, bonus: 10_500 },
    Reserve { role: "wbtc", loan_to_value: 7_300, threshold: 7_800, bonus: 10_500 },
    Reserve { role: "wsteth", loan_to_value: 7_850, threshold: 8_100, bonus: 10_600 },
];
/// Aave's share of the interest, in hundredths of a percent.
const RESERVE_FACTOR: u64 = 1_000;

/// The reserves of this chain.
pub(super) fn on_chain(chain_id: u64) -> impl Iterator<Item = &'static Reserve> {
    RESERVES
        .iter()
        .filter(move |reserve| token(reserve.role).is_some_and(|token| token.chains.contains(&chain_id)))
}

/// Lists the reserves as collateral and for borrowing at the variable rate, in the roles `aave.a_token.TOKEN` and
/// `aave.debt_token.TOKEN`.
pub(super) fn list(
    evm: &mut Evm<'_>,
    configurator: Address,
    incentives_controller: Address,
) -> Result<(), DevnetError> {
    let pool = evm.at("aave.pool")?;
    let [a_token, stable, variable] = ["AToken", "StableDebtToken", "VariableDebtToken"];
    for name in [a_token, stable, variable] {
        evm.deploy(named(name), name, pool.abi_encode())?;
    }
    let strategy = interest_rates(evm)?;
    let mut input = Vec::new();
    for Reserve { role, .. } in on_chain(evm.chain_id) {
        let (symbol, decimals) = token(role).map(|token| (token.symbol, token.decimals)).unwrap_or_default();
        input.push(ReserveInput {
            aTokenImpl: named(a_token),
            stableDebtTokenImpl: named(stable),
            variableDebtTokenImpl: named(variable),
            underlyingAssetDecimals: decimals,
            interestRateStrategyAddress: strategy,
            underlyingAsset: evm.at(role)?,
            treasury: named("Aave treasury"),
            incentivesController: incentives_controller,
            aTokenName: format!("Aave demo {symbol}"),
            aTokenSymbol: format!("a{symbol}"),
            variableDebtTokenName: format!("Aave demo variable debt {symbol}"),
            variableDebtTokenSymbol: format!("variableDebt{symbol}"),
            stableDebtTokenName: format!("Aave demo stable debt {symbol}"),
            stableDebtTokenSymbol: format!("stableDebt{symbol}"),
            // Any byte: an empty one is refused by the token's initializer in this version.
            params: Bytes::from_static(&[0x10]),
        });
    }
    evm.send(admin(), configurator, initReservesCall { input })?;
    for reserve in on_chain(evm.chain_id) {
        configure(evm, configurator, reserve)?;
    }
    Ok(())
}

/// Optimal usage 80 %, variable slopes 4 % and 75 %, then the stable rate's six (it stays off).
fn interest_rates(evm: &mut Evm<'_>) -> Result<Address, DevnetError> {
    // In ray, 27 decimals.
    let percent = |percent: u64| units(percent, 25);
    let arguments = (
        evm.at("aave.addresses_provider")?,
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
    let place = named("interest rates");
    evm.deploy(place, "DefaultReserveInterestRateStrategy", arguments.abi_encode_params())
}

/// Limits and roles of one reserve.
fn configure(evm: &mut Evm<'_>, configurator: Address, reserve: &Reserve) -> Result<(), DevnetError> {
    let Reserve { role, loan_to_value, threshold, bonus } = *reserve;
    let asset = evm.at(role)?;
    let limits = configureReserveAsCollateralCall {
        asset,
        ltv: U256::from(loan_to_value),
        threshold: U256::from(threshold),
        bonus: U256::from(bonus),
    };
    evm.send(admin(), configurator, limits)?;
    evm.send(admin(), configurator, setReserveBorrowingCall { asset, enabled: true })?;
    let factor = U256::from(RESERVE_FACTOR);
    evm.send(admin(), configurator, setReserveFactorCall { asset, factor })?;
    let data_provider = evm.at("aave.data_provider")?;
    let tokens = evm.send(admin(), data_provider, getReserveTokensAddressesCall { asset })?;
    evm.set_role(&format!("aave.a_token.{role}"), tokens.a);
    evm.set_role(&format!("aave.debt_token.{role}"), tokens.variableDebt);
    Ok(())
}

/// DAI on Base is neither supplied nor borrowed any more, so that a refusal can be shown.
pub(super) fn freeze(evm: &mut Evm<'_>, configurator: Address) -> Result<(), DevnetError> {
    if evm.chain_id == BASE {
        let asset = evm.at("dai")?;
        evm.send(admin(), configurator, setReserveFreezeCall { asset, freeze: true })?;
    }
    Ok(())
}
