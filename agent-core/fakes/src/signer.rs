//! Signing without keys: the transaction's JSON is its signed form, its keccak256 the hash.

use agent_core::pipeline::{Authorized, Signed};
use agent_core::ports::{Clock, Signer};
use agent_core::{Exit, Refusal};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::FakeClock;
use crate::kill::Kill;

/// What [`crate::chain::FakeChain`] takes as signed bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawTx {
    pub chain_id: u64,
    pub from: Address,
    pub nonce: u64,
    pub to: Address,
    /// Wei.
    pub value: U256,
    pub data: Bytes,
    pub gas_limit: u64,
    /// Wei per gas.
    pub max_fee_per_gas: u128,
}

impl RawTx {
    pub fn encode(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    pub fn decode(raw: &[u8]) -> Option<Self> {
        serde_json::from_slice(raw).ok()
    }

    pub fn hash(raw: &[u8]) -> B256 {
        keccak256(raw)
    }
}

#[derive(Debug, Clone)]
pub struct FakeSigner {
    pub account: Address,
    pub clock: FakeClock,
    pub kill: Kill,
}

#[async_trait]
impl Signer for FakeSigner {
    fn address(&self) -> Address {
        self.account
    }

    async fn sign(&self, authorized: Authorized) -> Result<Signed, Refusal> {
        self.kill.place().await;
        let tx = authorized.tx();
        if tx.from != self.account || self.clock.now() >= authorized.expires_at() {
            return Err(Refusal::new(Exit::Denied, "signer.refused", "another account, or expired"));
        }
        let raw = RawTx {
            chain_id: tx.network.chain_id,
            from: tx.from,
            nonce: tx.nonce,
            to: tx.to,
            value: tx.value,
            data: tx.data.clone(),
            gas_limit: tx.gas_limit,
            max_fee_per_gas: tx.fees.max_fee_per_gas,
        }
        .encode();
        let hash = RawTx::hash(&raw);
        self.kill.place().await;
        Ok(authorized.signed(raw, hash))
    }
}
