//! A live network's state after one block, read-only.

use std::sync::Arc;

use agent_core::ports::View;
use agent_core::{BlockRef, CallEnd, CallOutcome, NetworkId, Refusal, tame};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::decode_revert_reason;
use async_trait::async_trait;
use serde_json::{Value, json};

use crate::rpc::{Fault, NodeError, Rpc};

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
        let params = json!([{"from": from, "to": to, "data": data}, self.at()]);
        let (end, output) = match self.rpc.ask::<Bytes>("eth_call", params).await {
            Ok(output) => (CallEnd::Success, output),
            Err(Fault::Node(error)) => match ended(&error) {
                Some(ended) => ended,
                None => return Err(self.rpc.refusal("eth_call", Fault::Node(error))),
            },
            Err(fault) => return Err(self.rpc.refusal("eth_call", fault)),
        };
        Ok(CallOutcome {
            end,
            output,
            gas_used: 0,
            l1_fee: U256::ZERO,
            logs: Vec::new(),
            touched: Vec::new(),
        })
    }

    async fn balance(&self, account: Address) -> Result<U256, Refusal> {
        self.rpc.get("eth_getBalance", json!([account, self.at()])).await
    }

    async fn code(&self, account: Address) -> Result<Bytes, Refusal> {
        self.rpc.get("eth_getCode", json!([account, self.at()])).await
    }
}

/// How a call ended, if the node's error is about the call and not about the node.
fn ended(error: &NodeError) -> Option<(CallEnd, Bytes)> {
    let output: Bytes = error.data.as_deref().and_then(|data| data.parse().ok()).unwrap_or_default();
    let message = error.message.to_lowercase();
    // 3: "execution error" of geth and of those who follow it.
    if error.code == 3 || message.contains("revert") {
        let reason = decode_revert_reason(&output).unwrap_or_else(|| error.message.clone());
        return Some((CallEnd::Revert(tame(&reason)), output));
    }
    let halted =
        ["out of gas", "invalid opcode", "stack underflow", "stack overflow", "invalid jump", "evm error"];
    halted.iter().any(|text| message.contains(text)).then(|| (CallEnd::Halt(error.message.clone()), output))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: i64, message: &str, data: Option<&str>) -> NodeError {
        NodeError { code, message: message.to_owned(), data: data.map(str::to_owned) }
    }

    #[test]
    fn reverts_are_values_and_a_nodes_own_errors_are_not() {
        // Error("28")
        let data = "0x08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000023238000000000000000000000000000000000000000000000000000000000000";
        let Some((CallEnd::Revert(reason), output)) = ended(&error(3, "execution reverted", Some(data)))
        else {
            panic!("it is a revert")
        };
        assert!(reason.contains("28"), "{reason}");
        assert_eq!(output.len(), 100);
        assert!(matches!(ended(&error(-32000, "out of gas", None)), Some((CallEnd::Halt(_), _))));
        assert_eq!(ended(&error(-32000, "header not found", None)), None);
    }
}
