//! Configured networks as `chains` wants them.

use agent_core::{Refusal, Registry};
use chains::NetworkConfig;

use crate::config::Network;

pub(crate) fn configured(network: &Network) -> NetworkConfig {
    NetworkConfig {
        chain_id: network.chain_id,
        genesis: network.genesis,
        name: network.name.clone(),
        endpoints: network.endpoints.clone(),
        op_stack: network.op_stack,
        demo: false,
        addresses: network.addresses.clone(),
    }
}

pub(crate) fn registry(configs: Vec<NetworkConfig>) -> Result<Registry, Refusal> {
    chains::registry(&configs)
}
