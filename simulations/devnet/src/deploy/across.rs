//! Across: a SpokePool with routes to the other chain, and a relayer with inventory.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue, sol};

use super::{tokens, units};
use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
    places::{PLACES, Places},
};

sol! {
    function initialize(uint32 initialDepositId, address withdrawalRecipient);
    function setEnableRoute(address originToken, uint256 destinationChainId, bool enabled);
}

/// How old a quote may be at deposit, in seconds.
const QUOTE_BUFFER: u32 = 3_600;
/// How far ahead a fill deadline may lie, in seconds.
const FILL_BUFFER: u32 = 32_400;

pub(super) fn deploy(evm: &mut Evm<'_>, places: &Places, relayer: Address) -> Result<(), DevnetError> {
    // Base's own SpokePool takes orders from its L1 messenger only, which is not emulated: both use Ethereum's.
    let arguments = (places.weth, QUOTE_BUFFER, FILL_BUFFER).abi_encode_params();
    let implementation = evm.deploy(named("SpokePool"), "Ethereum_SpokePool", arguments)?;
    let initialize = initializeCall { initialDepositId: 0, withdrawalRecipient: admin() }.abi_encode();
    let spoke_pool = places.spoke_pool;
    evm.deploy(spoke_pool, "ERC1967Proxy", (implementation, initialize).abi_encode_params())?;

    let tokens = [places.weth, places.usdc, places.dai];
    for other in PLACES.iter().filter(|other| other.chain_id != places.chain_id) {
        for token in tokens {
            let chain = U256::from(other.chain_id);
            let call = setEnableRouteCall { originToken: token, destinationChainId: chain, enabled: true };
            evm.send(admin(), spoke_pool, call)?;
        }
    }
    evm.credit(relayer, units(1_000, 18));
    tokens::wrap(evm, places.weth, relayer, units(5_000, 18))?;
    tokens::mint(evm, places.usdc, relayer, units(10_000_000, 6))?;
    tokens::mint(evm, places.dai, relayer, units(10_000_000, 18))?;
    for token in tokens {
        tokens::approve(evm, token, relayer, spoke_pool)?;
    }
    Ok(())
}
