//! ENS on Ethereum: the registry, a resolver, `alice.eth` and `bob.eth`.

use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::{SolValue, sol};

use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
};

sol! {
    function setSubnodeOwner(bytes32 node, bytes32 label, address owner) returns (bytes32 subnode);
    function setResolver(bytes32 node, address resolver);
    function setAddr(bytes32 node, address account);
}

/// Deploys ENS; `alice.eth` is `alice`, `bob.eth` an account that no one has a key for.
pub(super) fn deploy(evm: &mut Evm<'_>, alice: Address) -> Result<(), DevnetError> {
    // The present registry asks the first one about names that it does not know itself.
    let old = evm.deploy_role("ens.old_registry", "ENSRegistry", Vec::new())?;
    let registry = evm.deploy_role("ens.registry", "ENSRegistryWithFallback", old.abi_encode())?;
    let resolver = evm.deploy_role("ens.resolver", "PublicResolver", registry.abi_encode())?;
    let eth = register(evm, registry, B256::ZERO, "eth")?;
    for (label, account) in [("alice", alice), ("bob", named("bob"))] {
        let node = register(evm, registry, eth, label)?;
        evm.send(admin(), registry, setResolverCall { node, resolver })?;
        evm.send(admin(), resolver, setAddrCall { node, account })?;
    }
    Ok(())
}

/// The node of `label` below `node` (EIP-137), owned by the admin.
fn register(evm: &mut Evm<'_>, registry: Address, node: B256, label: &str) -> Result<B256, DevnetError> {
    let label = keccak256(label);
    evm.send(admin(), registry, setSubnodeOwnerCall { node, label, owner: admin() })?;
    Ok(keccak256([node, label].concat()))
}
