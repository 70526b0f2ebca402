//! JSON-RPC over HTTP to a list of endpoints. Each is checked to be the network it is said to be before its first use;
//! one that gives no usable answer is passed over; time and size of every answer are bounded.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use agent_core::{Exit, NetworkId, NetworkInfo, Refusal, tame};
use alloy::transports::http::reqwest::{Client, Response, Url, redirect};
use alloy_primitives::{B256, U64};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The largest answer that is read, bytes.
const ANSWER_BYTES_MAX: usize = 16 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// "Limit exceeded" (EIP-1474): another endpoint may still answer.
const LIMIT_EXCEEDED: i64 = -32005;

/// What a node says instead of a result.
#[derive(Debug, Clone)]
pub(crate) struct NodeError {
    pub(crate) code: i64,
    pub(crate) message: String,
    /// Bytes that a revert returned, hex.
    pub(crate) data: Option<String>,
}

/// Why there is no result.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The node's own answer.
    Node(NodeError),
    /// No answer that could be used. `sent`: the request may have reached the node.
    Silent { sent: bool, reason: String },
    /// The endpoint is not what it was said to be.
    Refused(Box<Refusal>),
}

#[derive(Debug)]
struct Endpoint {
    url: Url,
    /// Without path and credentials: they may hold a key.
    shown: String,
    client: Client,
    verified: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct Rpc {
    network: NetworkId,
    name: String,
    endpoints: Vec<Endpoint>,
    /// The endpoint that answered last: it is asked first.
    good: AtomicUsize,
    next_id: AtomicU64,
}

impl Rpc {
    pub(crate) fn new(network: &NetworkInfo, timeout: Duration) -> Result<Self, Refusal> {
        let endpoints =
            network.endpoints.iter().map(|url| endpoint(url, timeout)).collect::<Result<_, _>>()?;
        let (good, next_id) = (AtomicUsize::new(0), AtomicU64::new(1));
        Ok(Self { network: network.id, name: tame(&network.name), endpoints, good, next_id })
    }

    /// Asks the endpoints in turn until one answers.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, Fault> {
        let count = self.endpoints.len();
        let first = self.good.load(Ordering::Relaxed);
        let (mut sent_any, mut reasons) = (false, Vec::new());
        let order = (0..count).map(|turn| (first.wrapping_add(turn)).checked_rem(count).unwrap_or(0));
        for (index, endpoint) in order.filter_map(|index| Some((index, self.endpoints.get(index)?))) {
            match self.ask_one(endpoint, method, &params).await {
                Ok(value) => {
                    self.good.store(index, Ordering::Relaxed);
                    return Ok(value);
                }
                Err(Fault::Silent { sent, reason }) => {
                    sent_any |= sent;
                    reasons.push(format!("{}: {reason}", endpoint.shown));
                }
                // Another endpoint may have taken it before: then this answer does not settle it.
                Err(Fault::Node(error)) if sent_any && method == "eth_sendRawTransaction" => {
                    reasons.push(format!("{}: {}", endpoint.shown, error.message));
                }
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::Silent { sent: sent_any, reason: reasons.join("; ") })
    }

    /// As [`Self::ask`], for what a node has no reason to refuse.
    pub(crate) async fn get<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, Refusal> {
        self.ask(method, params).await.map_err(|fault| self.refusal(method, fault))
    }

    pub(crate) fn refusal(&self, method: &str, fault: Fault) -> Refusal {
        match fault {
            Fault::Refused(refusal) => *refusal,
            Fault::Silent { reason, .. } => Refusal::new(
                Exit::Unreachable,
                "rpc.unreachable",
                format!("no endpoint of {} gave a usable answer to {method}: {reason}", self.name),
            )
            .help("check the connection and the endpoints, then run the command again"),
            Fault::Node(error) => Refusal::new(
                Exit::Unreachable,
                "rpc.error",
                format!("the node of {} refused {method}: {} ({})", self.name, error.message, error.code),
            )
            .help("try another endpoint, or run the command again"),
        }
    }

    /// Asks every endpoint for chain id and genesis. Dead ones are passed over as long as one is alive.
    pub(crate) async fn verify(&self) -> Result<(), Refusal> {
        for endpoint in &self.endpoints {
            endpoint.verified.store(false, Ordering::Relaxed);
        }
        let mut reasons = Vec::new();
        for endpoint in &self.endpoints {
            match self.verify_one(endpoint).await {
                Ok(()) => {}
                Err(Fault::Silent { reason, .. }) => reasons.push(format!("{}: {reason}", endpoint.shown)),
                Err(fault) => return Err(self.refusal("eth_chainId", fault)),
            }
        }
        if reasons.len() < self.endpoints.len() {
            return Ok(());
        }
        Err(self.refusal("eth_chainId", Fault::Silent { sent: false, reason: reasons.join("; ") }))
    }

    async fn verify_one(&self, endpoint: &Endpoint) -> Result<(), Fault> {
        if endpoint.verified.load(Ordering::Relaxed) {
            return Ok(());
        }
        let chain_id: U64 = self.exchange(endpoint, "eth_chainId", &json!([])).await.map_err(unsent)?;
        let chain_id = u64::try_from(chain_id).unwrap_or(u64::MAX);
        if chain_id != self.network.chain_id {
            let (code, want) = ("rpc.wrong_chain", self.network.chain_id);
            return Err(self.mistaken(endpoint, code, &format!("chain id {chain_id}, not {want}")));
        }
        let block: Block0 =
            self.exchange(endpoint, "eth_getBlockByNumber", &json!(["0x0", false])).await.map_err(unsent)?;
        if block.hash != self.network.genesis {
            let (code, want) = ("rpc.wrong_genesis", self.network.genesis);
            return Err(self.mistaken(endpoint, code, &format!("genesis block {}, not {want}", block.hash)));
        }
        endpoint.verified.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn mistaken(&self, endpoint: &Endpoint, code: &str, what: &str) -> Fault {
        let message = format!("{} is not {}: it has {what}", endpoint.shown, self.name);
        let help =
            "correct the endpoint, the chain id or the genesis in the configuration; nothing was sent there";
        Fault::Refused(Box::new(Refusal::new(Exit::Unreachable, code, message).help(help)))
    }

    async fn ask_one<T: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        method: &str,
        params: &Value,
    ) -> Result<T, Fault> {
        self.verify_one(endpoint).await?;
        self.exchange(endpoint, method, params).await
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        method: &str,
        params: &Value,
    ) -> Result<T, Fault> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        let posting = endpoint
            .client
            .post(endpoint.url.clone())
            .header("content-type", "application/json")
            .body(request);
        let response = posting.send().await.map_err(|error| {
            let reason = if error.is_timeout() {
                "it did not answer in time"
            } else if error.is_connect() {
                "nothing listens there"
            } else {
                "the connection broke"
            };
            Fault::Silent { sent: !error.is_connect(), reason: reason.to_owned() }
        })?;
        let status = response.status();
        let answer = parse(&body(response).await?, id).map_err(|unusable| match unusable {
            Unusable::Node(error) if error.code == LIMIT_EXCEEDED => silent(&error.message),
            Unusable::Node(error) => Fault::Node(error),
            Unusable::Text(what) if status.is_success() => silent(what),
            Unusable::Text(_) => silent(&format!("HTTP {status}")),
        })?;
        serde_json::from_value(answer).map_err(|_| silent("its answer has another shape than asked for"))
    }
}

#[derive(Deserialize)]
struct Block0 {
    hash: B256,
}

/// A fault before the request itself was made.
fn unsent(fault: Fault) -> Fault {
    match fault {
        Fault::Silent { reason, .. } => Fault::Silent { sent: false, reason },
        Fault::Node(error) => Fault::Silent { sent: false, reason: error.message },
        Fault::Refused(refusal) => Fault::Refused(refusal),
    }
}

fn silent(reason: &str) -> Fault {
    Fault::Silent { sent: true, reason: reason.to_owned() }
}

enum Unusable {
    Text(&'static str),
    Node(NodeError),
}

/// The result of the answer to request `id`.
fn parse(body: &[u8], id: u64) -> Result<Value, Unusable> {
    let mut answer: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| Unusable::Text("its answer is no JSON-RPC"))?;
    let error = answer.get("error").filter(|error| !error.is_null());
    let answered = answer.get("id");
    // A node that could not even read the request says `"id": null` (JSON-RPC 2.0).
    let nameless = error.is_some() && answered.is_none_or(Value::is_null);
    if !nameless && answered.and_then(Value::as_u64) != Some(id) {
        return Err(Unusable::Text("it answered another request"));
    }
    if let Some(error) = error {
        return Err(Unusable::Node(node_error(error)));
    }
    answer.remove("result").ok_or(Unusable::Text("its answer has no result"))
}

fn node_error(error: &Value) -> NodeError {
    let message = error.get("message").and_then(Value::as_str).unwrap_or("no reason given");
    let data = error.get("data").and_then(Value::as_str);
    let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
    NodeError { code, message: tame(message), data: data.map(str::to_owned) }
}

async fn body(mut response: Response) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| silent("its answer broke off"))? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(silent("its answer is larger than 16 MiB"));
        }
    }
    Ok(body)
}

fn endpoint(text: &str, timeout: Duration) -> Result<Endpoint, Refusal> {
    let invalid = |why: &str| {
        Refusal::new(Exit::Usage, "config.network", format!("an endpoint cannot be used: {why}"))
            .help("an endpoint is an http:// or https:// URL")
    };
    let url: Url = text.parse().map_err(|_| invalid("it is no URL"))?;
    let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
    if !matches!(scheme, "http" | "https") || host.is_empty() {
        return Err(invalid("it is no http:// or https:// URL"));
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let shown = tame(&format!("{scheme}://{host}{port}"));
    let mut client = Client::builder()
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirect::Policy::none());
    if matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
        client = client.no_proxy();
    }
    let client = client.build().map_err(|error| invalid(&tame(&error.to_string())))?;
    Ok(Endpoint { url, shown, client, verified: AtomicBool::new(false) })
}
