//! Aave's rewards on Ethereum: whoever lends USDC earns AAVE by the second, and claims it.

use alloy_primitives::{Address, U256, aliases::U88};
use alloy_sol_types::{SolValue, sol};

use super::{tokens, units};
use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
};

sol! {
    function initialize(address emissionManager);
    function setEmissionAdmin(address reward, address admin);
    struct RewardsConfig {
        uint88 emissionPerSecond; uint256 totalSupply; uint32 distributionEnd; address asset; address reward;
        address transferStrategy; address rewardOracle;
    }
    function configureAssets(RewardsConfig[] config);
}

/// For all who lend USDC together, in units of 18 decimals: 6,307 AAVE a year on 20 million dollars, about 5 %.
const AAVE_PER_SECOND: u64 = 200_000_000_000_000;
/// Whole AAVE in the vault that pays.
const VAULT: u64 = 100_000;

/// The controller, which the reserves' tokens tell of every change.
pub(super) fn controller(evm: &mut Evm<'_>) -> Result<Address, DevnetError> {
    let controller = evm.deploy_role("aave.rewards_controller", "RewardsController", Vec::new())?;
    let arguments = (controller, admin()).abi_encode_params();
    let manager = evm.deploy(named("EmissionManager"), "EmissionManager", arguments)?;
    evm.send(admin(), controller, initializeCall { emissionManager: manager })?;
    Ok(controller)
}

/// Starts the emission; the vault pays through the strategy that Aave uses for tokens it holds elsewhere.
pub(super) fn start(evm: &mut Evm<'_>) -> Result<(), DevnetError> {
    let (controller, reward) = (evm.at("aave.rewards_controller")?, evm.at("aave")?);
    let (manager, vault) = (named("EmissionManager"), named("rewards vault"));
    let arguments = (controller, admin(), vault).abi_encode_params();
    let strategy = evm.deploy(named("rewards strategy"), "PullRewardsTransferStrategy", arguments)?;
    tokens::give(evm, "aave", vault, units(VAULT, 18))?;
    tokens::approve(evm, "aave", vault, strategy)?;
    evm.send(admin(), manager, setEmissionAdminCall { reward, admin: admin() })?;
    let emission = RewardsConfig {
        emissionPerSecond: U88::from(AAVE_PER_SECOND),
        // Read from the token by the controller.
        totalSupply: U256::ZERO,
        distributionEnd: u32::MAX,
        asset: evm.at("aave.a_token.usdc")?,
        reward,
        transferStrategy: strategy,
        rewardOracle: evm.at("feed.aave")?,
    };
    evm.send(admin(), manager, configureAssetsCall { config: vec![emission] }).map(|_| ())
}
