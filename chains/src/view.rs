//! A live network's state after one block, read-only.

use std::sync::Arc;

use agent_core::ports::View;
use agent_core::{BlockRef, CallEnd, CallOutcome, NetworkId, Refusal};
use alloy_primitives::{Address, Bytes, U256};
use async_trait::async_trait;
use serde_json::{Value, json};

use crate::rpc::{Answer, Request, Rpc, value};

/// The block is named by its hash (EIP-1898): a reorganisation gives an error, never another state.
#[derive(Debug)]
pub(crate) struct LiveView {
    pub(crate) rpc: Arc<Rpc>,
    pub(crate) network: NetworkId,
    pub(crate) block: BlockRef,
}

impl LiveView {
    fn at(&self) -> Value {
        json!({"blockHash": self.block.hash})
    }

    fn asking(&self, from: Address, to: Address, data: &Bytes) -> Request {
        let params = json!([{"from": from, "to": to, "data": data}, self.at()]);
        Request { method: "eth_call", params }
    }

    /// Calls in one round trip, each on its own.
    pub(crate) async fn call_all(
        &self,
        calls: &[(Address, Address, Bytes)],
    ) -> Result<Vec<CallOutcome>, Refusal> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let requests: Vec<Request> =
            calls.iter().map(|(from, to, data)| self.asking(*from, *to, data)).collect();
        self.rpc.get_all(&requests, |answers| answers.iter().map(outcome).collect()).await
    }
}

/// `None`: the answer has another shape than asked for.
fn outcome(answer: &Answer) -> Option<CallOutcome> {
    let (end, output) = match answer {
        Ok(_) => (CallEnd::Success, value(answer)?),
        Err(error) => error.ended()?,
    };
    Some(CallOutcome { end, output, gas_used: 0, l1_fee: U256::ZERO, logs: Vec::new(), touched: Vec::new() })
}

#[async_trait]
impl View for LiveView {
    fn network(&self) -> NetworkId {
        self.network
    }

    fn block(&self) -> BlockRef {
        self.block
    }

    async fn call(&self, from: Address, to: Address, data: Bytes) -> Result<CallOutcome, Refusal> {
        let request = self.asking(from, to, &data);
        self.rpc.get_all(&[request], |answers| outcome(answers.first()?)).await
    }

    async fn balance(&self, account: Address) -> Result<U256, Refusal> {
        self.rpc.get("eth_getBalance", json!([account, self.at()])).await
    }

    async fn code(&self, account: Address) -> Result<Bytes, Refusal> {
        self.rpc.get("eth_getCode", json!([account, self.at()])).await
    }
}
