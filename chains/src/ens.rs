//! ENS (<https://eips.ethereum.org/EIPS/eip-137>): a name to the address that its owner set. Only names of ASCII letters,
//! digits, hyphens and underscores are read: among those none looks like another.

use agent_core::ports::View;
use agent_core::{Exit, NetworkInfo, Refusal, tame};
use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::sol;

use crate::read;

sol! {
    #[derive(Debug)]
    interface IEnsRegistry {
        function resolver(bytes32 node) external view returns (address);
    }

    #[derive(Debug)]
    interface IEnsResolver {
        function addr(bytes32 node) external view returns (address);
    }
}

/// Longer names do not exist (DNS).
const BYTES_MAX: usize = 255;

/// The node of a name in lower case; `None`: it is not one that is read here.
fn node(name: &str) -> Option<B256> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let mut labels = name.rsplit('.');
    let whole =
        name.len() <= BYTES_MAX && labels.clone().all(|label| !label.is_empty() && label.bytes().all(plain));
    let hash = labels.try_fold(B256::ZERO, |node, label| Some(keccak256([node, keccak256(label)].concat())));
    hash.filter(|_| whole && name.contains('.'))
}

/// Who is behind a name such as `alice.eth`, on the network that carries the registry.
///
/// # Errors
/// `world.no_ens`: this network has no registry. `clarify.to`: it is no such name, or nobody is behind it; names that a
/// resolver only knows off the chain (ENSIP-10) count as that.
pub(crate) async fn resolve_name(
    network: &NetworkInfo,
    view: &dyn View,
    name: &str,
) -> Result<Address, Refusal> {
    let registry = network.role("ens.registry").ok_or_else(|| {
        let message =
            format!("{} has no registry of names: `{}` cannot be resolved there", network.name, tame(name));
        Refusal::new(Exit::NotPossible, "world.no_ens", message).help("say the address")
    })?;
    let unknown = |why: &str| {
        Refusal::new(Exit::Question, "clarify.to", format!("`{}` {why}", tame(name)))
            .help("say the address, or another name")
    };
    let node = node(&name.to_ascii_lowercase())
        .ok_or_else(|| unknown("is no name of letters, digits and hyphens that could be resolved"))?;
    let resolver = read::read_all(network, view, &[(registry, IEnsRegistry::resolverCall { node })]).await?;
    let resolver = resolver.into_iter().flatten().next().filter(|resolver| !resolver.is_zero());
    let resolver = resolver.ok_or_else(|| unknown("is not registered, or names nobody"))?;
    let found = read::read_all(network, view, &[(resolver, IEnsResolver::addrCall { node })]).await?;
    let found = found.into_iter().flatten().next().filter(|address| !address.is_zero());
    found.ok_or_else(|| unknown("names nobody"))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::b256;

    use super::*;

    #[test]
    fn nodes_are_those_of_the_standard() {
        let foo = b256!("de9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f");
        assert_eq!(node("foo.eth"), Some(foo));
        let long = format!("{}.eth", "a".repeat(252));
        for wrong in
            ["", "eth", ".eth", "foo..eth", "foo.eth.", "fоо.eth", "foo bar.eth", "foo\u{200d}.eth", &long]
        {
            assert_eq!(node(wrong), None, "{wrong}");
        }
    }
}
