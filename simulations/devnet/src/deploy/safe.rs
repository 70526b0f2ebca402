//! Safe 1.4.1 and 1.5.0, where they are on every chain: the packages' bytecode gives the canonical addresses.

use alloy_primitives::{Address, address};

use crate::{error::DevnetError, evm::Evm};

/// Creates Safe's contracts on every chain (safe-global/safe-singleton-factory).
const SINGLETON_FACTORY: Address = address!("914d7Fec6aaC8cd542e72Bca78B30650d45643d7");

/// Role and contract. The singleton is the one that logs what it executes.
const CONTRACTS: [(&str, &str); 4] = [
    ("singleton", "SafeL2"),
    ("proxy_factory", "SafeProxyFactory"),
    ("multi_send_call_only", "MultiSendCallOnly"),
    ("fallback_handler", "CompatibilityFallbackHandler"),
];

pub(super) fn deploy(evm: &mut Evm<'_>) -> Result<(), DevnetError> {
    for version in ["1.4.1", "1.5.0"] {
        for (role, contract) in CONTRACTS {
            let address = evm.deploy_create2(SINGLETON_FACTORY, &format!("{version} {contract}"))?;
            evm.set_role(&format!("safe.{}.{role}", version.replace('.', "_")), address);
        }
    }
    Ok(())
}
