//! Networks, blocks and accounts, and how they print (CAIP-2, CAIP-10).

use std::fmt;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

/// A network is its chain id **and** its genesis block: an emulated Base is not Base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NetworkId {
    pub chain_id: u64,
    pub genesis: B256,
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", caip2(self.chain_id), self.genesis)
    }
}

/// A block that something was read at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRef {
    pub number: u64,
    pub hash: B256,
    /// Seconds since the Unix epoch, by the chain's own clock.
    pub timestamp: u64,
}

/// `eip155:8453` ([CAIP-2](https://chainagnostic.org/CAIPs/caip-2)).
pub fn caip2(chain_id: u64) -> String {
    format!("eip155:{chain_id}")
}

/// `eip155:8453:0x…` ([CAIP-10](https://chainagnostic.org/CAIPs/caip-10)), EIP-55 checksummed.
pub fn caip10(chain_id: u64, account: Address) -> String {
    format!("eip155:{chain_id}:{account}")
}

/// What kind of account acts. An externally owned one sends one transaction at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    Eoa,
}
