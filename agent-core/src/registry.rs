//! What is known about each network: its assets and its contracts. Data only; `chains` fills it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};

use crate::{Asset, AssetKind, NetworkId};

/// What a contract of the registry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractInfo {
    /// Family name: `uniswap`, `aave`, `across`, `weth`, `erc20`.
    pub protocol: String,
    /// Its own name: `SwapRouter02`.
    pub name: String,
}

/// One network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInfo {
    pub id: NetworkId,
    /// `ethereum`, `base`.
    pub name: String,
    /// Endpoints, in the order in which they are tried.
    pub endpoints: Vec<String>,
    /// Whether it charges the OP stack's L1 data fee.
    pub op_stack: bool,
    /// Whether it is a network of the emulated demo world.
    pub demo: bool,
    /// What a person may name: the native coin first.
    pub assets: Vec<Asset>,
    /// Tokens that stand for a position (Aave's a- and debt tokens); never named in an intent.
    pub positions: Vec<Asset>,
    pub contracts: BTreeMap<Address, ContractInfo>,
    /// Addresses by role, e.g. `uniswap.quoter_v2`, `aave.pool`, `across.spoke_pool`, `multicall3`, `weth`.
    pub roles: BTreeMap<String, Address>,
}

impl NetworkInfo {
    pub fn native(&self) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.is_native())
    }

    pub fn asset(&self, symbol: &str) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.symbol == symbol)
    }

    /// The asset of a token address, positions included.
    pub fn token(&self, token: Address) -> Option<&Asset> {
        let kind = AssetKind::Erc20(token);
        self.assets.iter().chain(&self.positions).find(|asset| asset.kind == kind)
    }

    pub fn role(&self, role: &str) -> Option<Address> {
        self.roles.get(role).copied()
    }

    pub fn has_protocol(&self, family: &str) -> bool {
        self.contracts.values().any(|contract| contract.protocol == family)
    }
}

/// All networks of this process, by chain id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    pub networks: BTreeMap<u64, NetworkInfo>,
}

impl Registry {
    pub fn network(&self, chain_id: u64) -> Option<&NetworkInfo> {
        self.networks.get(&chain_id)
    }

    pub fn named(&self, name: &str) -> Option<&NetworkInfo> {
        self.networks.values().find(|network| network.name == name)
    }
}

/// Someone who may be paid. `signature` is the approver's, over the EIP-712 `Contact`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub address: Address,
    /// The approver attests that this contact was paid before; else the first payment asks.
    pub paid_before: bool,
    /// Seconds since the Unix epoch.
    pub added_at: u64,
    pub approver: Address,
    pub signature: Bytes,
}
