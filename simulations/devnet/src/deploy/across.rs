//! Across: a SpokePool with routes to the other chains, and a relayer with inventory.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue, sol};

use super::{tokens, units};
use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
    tokens::{BRIDGED, on},
};

sol! {
    function initialize(uint32 initialDepositId, address withdrawalRecipient);
    function setEnableRoute(address originToken, uint256 destinationChainId, bool enabled);
}

/// How old a quote may be at deposit, in seconds.
const QUOTE_BUFFER: u32 = 3_600;
/// How far ahead a fill deadline may lie, in seconds.
const FILL_BUFFER: u32 = 32_400;
/// Whole tokens of each kind: more than anyone bridges.
const INVENTORY: u64 = 10_000_000;

pub(super) fn deploy(evm: &mut Evm<'_>, relayer: Address) -> Result<(), DevnetError> {
    // A layer 2's own SpokePool takes orders from its L1 messenger only, which is not emulated: all use Ethereum's.
    let arguments = (evm.at("weth")?, QUOTE_BUFFER, FILL_BUFFER).abi_encode_params();
    let implementation = evm.deploy(named("SpokePool"), "Ethereum_SpokePool", arguments)?;
    let initialize = initializeCall { initialDepositId: 0, withdrawalRecipient: admin() }.abi_encode();
    let arguments = (implementation, initialize).abi_encode_params();
    let spoke_pool = evm.deploy_role("across.spoke_pool", "ERC1967Proxy", arguments)?;

    evm.credit(relayer, units(1_000, 18));
    let here = evm.chain_id;
    for token in on(here).filter(|token| BRIDGED.contains(&token.role)) {
        let origin = evm.at(token.role)?;
        for other in token.chains.iter().filter(|other| **other != here) {
            let chain = U256::from(*other);
            let call = setEnableRouteCall { originToken: origin, destinationChainId: chain, enabled: true };
            evm.send(admin(), spoke_pool, call)?;
        }
        tokens::give(evm, token.role, relayer, units(INVENTORY, token.decimals.into()))?;
        tokens::approve(evm, token.role, relayer, spoke_pool)?;
    }
    Ok(())
}
