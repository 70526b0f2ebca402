//! What comes back from a node: results, its own errors, and how a call ended on it.

use std::collections::BTreeMap;

use agent_core::{CallEnd, tame};
use alloy_primitives::Bytes;
use alloy_sol_types::decode_revert_reason;
use serde::Deserialize;
use serde_json::{Map, Value};

/// "Limit exceeded" (EIP-1474).
const LIMIT_EXCEEDED: i64 = -32005;

/// What a node says instead of a result.
#[derive(Debug, Clone)]
pub(crate) struct NodeError {
    pub(crate) code: i64,
    pub(crate) message: String,
    /// Bytes that a revert returned, hex.
    pub(crate) data: Option<String>,
}

/// A node's answer to one request.
pub(crate) type Answer = Result<Value, NodeError>;

impl NodeError {
    /// How a call ended, if the error is about the call and not about the node.
    pub(crate) fn ended(&self) -> Option<(CallEnd, Bytes)> {
        let output: Bytes = self.data.as_deref().and_then(|data| data.parse().ok()).unwrap_or_default();
        let message = self.message.to_lowercase();
        // 3: "execution error" of geth and of those who follow it.
        if self.code == 3 || message.contains("revert") {
            let reason = decode_revert_reason(&output).unwrap_or_else(|| self.message.clone());
            return Some((CallEnd::Revert(tame(&reason)), output));
        }
        let halted = [
            "out of gas",
            "invalid opcode",
            "stack underflow",
            "stack overflow",
            "invalid jump",
            "evm error",
        ];
        let halt = halted.iter().any(|text| message.contains(text));
        halt.then(|| (CallEnd::Halt(self.message.clone()), output))
    }

    /// Whether the node may well answer a little later: it is busy, or behind the block that was asked for.
    pub(crate) fn passes(&self) -> bool {
        let message = self.message.to_lowercase();
        let passing =
            ["header not found", "limit", "too many", "timeout", "timed out", "unavailable", "try again"];
        self.code == LIMIT_EXCEEDED || passing.iter().any(|text| message.contains(text))
    }
}

/// Why a body holds no answers.
#[derive(Debug)]
pub(super) enum Unusable {
    Text(&'static str),
    /// One error for a whole batch.
    Whole(NodeError),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Several(Vec<Map<String, Value>>),
    One(Map<String, Value>),
}

/// The answers to the requests `ids`, in their order; a node may answer a batch in any order (JSON-RPC 2.0).
pub(super) fn parse(body: &[u8], ids: &[u64]) -> Result<Vec<Answer>, Unusable> {
    let body: Body = serde_json::from_slice(body).map_err(|_| Unusable::Text("its answer is no JSON-RPC"))?;
    let given = match body {
        Body::Several(given) => given,
        Body::One(given) => vec![given],
    };
    let mut answers = BTreeMap::new();
    for answer in given {
        let id = answer.get("id").filter(|id| !id.is_null()).cloned();
        match (id, one(answer)?, ids) {
            (Some(id), answer, _) => {
                let id = id.as_u64().ok_or(Unusable::Text("it answered another request"))?;
                answers.insert(id, answer);
            }
            // A node that could not even read the request says `"id": null` (JSON-RPC 2.0).
            (None, Err(error), [id]) => {
                answers.insert(*id, Err(error));
            }
            (None, Err(error), _) => return Err(Unusable::Whole(error)),
            (None, Ok(_), _) => return Err(Unusable::Text("it answered another request")),
        }
    }
    let answer = |id| answers.remove(id).ok_or(Unusable::Text("it answered another request"));
    ids.iter().map(answer).collect()
}

fn one(mut answer: Map<String, Value>) -> Result<Answer, Unusable> {
    match answer.get("error").filter(|error| !error.is_null()) {
        Some(error) => Ok(Err(node_error(error))),
        None => answer.remove("result").map(Ok).ok_or(Unusable::Text("its answer has no result")),
    }
}

fn node_error(error: &Value) -> NodeError {
    let message = error.get("message").and_then(Value::as_str).unwrap_or("no reason given");
    let data = error.get("data").and_then(Value::as_str);
    let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
    NodeError { code, message: tame(message), data: data.map(str::to_owned) }
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
        let Some((CallEnd::Revert(reason), output)) = error(3, "execution reverted", Some(data)).ended()
        else {
            panic!("it is a revert")
        };
        assert!(reason.contains("28"), "{reason}");
        assert_eq!(output.len(), 100);
        assert!(matches!(error(-32000, "out of gas", None).ended(), Some((CallEnd::Halt(_), _))));
        assert_eq!(error(-32000, "header not found", None).ended(), None);
    }

    #[test]
    fn batches_are_matched_by_id_and_must_be_whole() {
        let ok = |id: u64| format!(r#"{{"id":{id},"result":"r{id}"}}"#);
        let shuffled = format!("[{},{}]", ok(8), ok(7));
        let answers = parse(shuffled.as_bytes(), &[7, 8]).unwrap();
        assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), ["r7", "r8"]);
        let nameless = r#"{"id":null,"error":{"code":-32600,"message":"no batches"}}"#;
        assert!(matches!(parse(nameless.as_bytes(), &[7, 8]), Err(Unusable::Whole(_))));
        assert_eq!(parse(nameless.as_bytes(), &[7]).unwrap()[0].as_ref().unwrap_err().code, -32600);
        let bad = [
            format!("[{}]", ok(7)),
            ok(9),
            "[]".to_owned(),
            "7".to_owned(),
            r#"[{"id":7},{"id":8}]"#.to_owned(),
        ];
        for body in bad {
            assert!(matches!(parse(body.as_bytes(), &[7, 8]), Err(Unusable::Text(_))), "{body}");
        }
        let string_id = r#"{"id":"7","result":1}"#;
        assert!(matches!(parse(string_id.as_bytes(), &[7]), Err(Unusable::Text(_))));
    }
}
