//! JSON-RPC over HTTP to a list of endpoints. Each is checked to be the network it is said to be before anything that
//! it says is believed; one that gives no usable answer is passed over; time and size of every answer are bounded.
//!
//! Reads are asked again, with growing rests, as long as less time has passed than one answer may take. A transaction
//! is sent once more only if every endpoint refused to look at it.

mod answer;
mod endpoint;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use agent_core::{Exit, NetworkId, NetworkInfo, Refusal, tame};
use alloy_primitives::{B256, Bytes, U64};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) use answer::{Answer, NodeError};
use endpoint::{Endpoint, REST};
pub(crate) use endpoint::{Request, Silence};

/// Why there is no result.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No answer that could be used.
    Silent(Silence),
    /// The endpoint is not what it was said to be.
    Refused(Box<Refusal>),
}

#[derive(Debug)]
pub(crate) struct Rpc {
    network: NetworkId,
    name: String,
    endpoints: Vec<Endpoint>,
    /// The endpoint that answered last: it is asked first.
    good: AtomicUsize,
    /// How long reads are asked again.
    patience: Duration,
}

impl Rpc {
    pub(crate) fn new(network: &NetworkInfo, timeout: Duration) -> Result<Self, Refusal> {
        let endpoints =
            network.endpoints.iter().map(|url| Endpoint::new(url, timeout)).collect::<Result<_, _>>()?;
        let good = AtomicUsize::new(0);
        Ok(Self { network: network.id, name: tame(&network.name), endpoints, good, patience: timeout })
    }

    /// One read.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<T, Refusal> {
        self.get_all(&[Request { method, params }], |answers| value(answers.first()?)).await
    }

    /// Reads in one round trip. `read` makes sense of the answers, one for each request and in their order; an error
    /// among them is how a call ended, never a node's own trouble. `None`: they have another shape than asked for.
    pub(crate) async fn get_all<T>(
        &self,
        requests: &[Request],
        read: impl Fn(&[Answer]) -> Option<T> + Send + Sync,
    ) -> Result<T, Refusal> {
        let (began, mut round) = (Instant::now(), 0_u32);
        loop {
            let fault = match self.read_round(requests, &read).await {
                Ok(read) => return Ok(read),
                Err(fault) => fault,
            };
            if !self.rested(began, round, &fault).await {
                return Err(self.refusal(requests.first().map_or("", |request| request.method), fault));
            }
            round = round.saturating_add(1);
        }
    }

    /// Asks the endpoints in turn until one answers.
    async fn read_round<T>(
        &self,
        requests: &[Request],
        read: &(impl Fn(&[Answer]) -> Option<T> + Send + Sync),
    ) -> Result<T, Fault> {
        let mut none = Silence::default();
        for (index, endpoint) in self.in_turn() {
            let answers = match self.ask_verified(endpoint, requests).await {
                Ok(answers) => answers,
                Err(Fault::Silent(silence)) => {
                    none.add(endpoint, silence);
                    continue;
                }
                Err(refused) => return Err(refused),
            };
            let mut errors = answers.iter().filter_map(|answer| answer.as_ref().err());
            match errors.find(|error| error.ended().is_none()) {
                Some(error) => none.add(endpoint, Silence::node(error)),
                None => match read(&answers) {
                    Some(read) => {
                        self.good.store(index, Ordering::Relaxed);
                        return Ok(read);
                    }
                    None => {
                        none.add(endpoint, Silence::new("its answer has another shape than asked for", None))
                    }
                },
            }
        }
        Err(Fault::Silent(none))
    }

    /// Sends signed bytes. An error inside is a node's own answer, and nobody else may have taken them.
    pub(crate) async fn send(&self, raw: &Bytes) -> Result<Result<B256, NodeError>, Fault> {
        let request = [Request { method: "eth_sendRawTransaction", params: json!([raw]) }];
        let (began, mut round) = (Instant::now(), 0_u32);
        loop {
            let fault = match self.send_round(&request).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let sent = matches!(&fault, Fault::Silent(silence) if silence.sent);
            if sent || !self.rested(began, round, &fault).await {
                return Err(fault);
            }
            round = round.saturating_add(1);
        }
    }

    async fn send_round(&self, request: &[Request]) -> Result<Result<B256, NodeError>, Fault> {
        let mut none = Silence::default();
        for (index, endpoint) in self.in_turn() {
            // Nothing is sent to what is not known to be the network.
            match self.ask_verified(endpoint, &[]).await {
                Ok(_) => {}
                Err(Fault::Silent(silence)) => {
                    none.add(endpoint, Silence { sent: false, ..silence });
                    continue;
                }
                Err(refused) => return Err(refused),
            }
            match endpoint.exchange(request).await.map(|mut answers| answers.pop()) {
                Ok(Some(Err(error))) if !none.sent => return Ok(Err(error)),
                // Another endpoint may have taken it before: then this answer does not settle it.
                Ok(Some(Err(error))) => none.add(endpoint, Silence::node(&error)),
                Ok(answer) => match answer.as_ref().and_then(value) {
                    Some(hash) => {
                        self.good.store(index, Ordering::Relaxed);
                        return Ok(Ok(hash));
                    }
                    None => none.add(endpoint, Silence::new("its answer is no hash", None)),
                },
                Err(silence) => none.add(endpoint, silence),
            }
        }
        Err(Fault::Silent(none))
    }

    /// Rests before another round; `false` if there is to be none.
    async fn rested(&self, began: Instant, round: u32, fault: &Fault) -> bool {
        let Fault::Silent(Silence { again: Some(again), .. }) = fault else { return false };
        // It doubles with every round.
        let doubled = REST.saturating_mul(2_u32.saturating_pow(round.min(6)));
        // Those that were refused together do not come back together.
        let spread = began.elapsed().subsec_micros().checked_rem(50).map_or(0, u64::from);
        let rest = doubled.max(*again).saturating_add(Duration::from_millis(spread));
        if began.elapsed().saturating_add(rest) >= self.patience {
            return false;
        }
        tokio::time::sleep(rest).await;
        true
    }

    /// The endpoints, the one that answered last first.
    fn in_turn(&self) -> impl Iterator<Item = (usize, &Endpoint)> {
        let (count, first) = (self.endpoints.len(), self.good.load(Ordering::Relaxed));
        let order = (0..count).filter_map(move |turn| first.checked_add(turn)?.checked_rem(count));
        order.filter_map(|index| Some((index, self.endpoints.get(index)?)))
    }

    pub(crate) fn refusal(&self, method: &str, fault: Fault) -> Refusal {
        match fault {
            Fault::Refused(refusal) => *refusal,
            Fault::Silent(Silence { reason, .. }) => Refusal::new(
                Exit::Unreachable,
                "rpc.unreachable",
                format!("no endpoint of {} gave a usable answer to {method}: {reason}", self.name),
            )
            .help("check the connection and the endpoints, then run the command again"),
        }
    }

    /// Asks every endpoint for chain id and genesis. Dead ones are passed over as long as one is alive.
    pub(crate) async fn verify(&self) -> Result<(), Refusal> {
        let (mut none, mut alive) = (Silence::default(), false);
        for endpoint in &self.endpoints {
            endpoint.verified.store(false, Ordering::Relaxed);
            match self.ask_verified(endpoint, &[]).await {
                Ok(_) => alive = true,
                Err(Fault::Silent(silence)) => none.add(endpoint, silence),
                Err(refused) => return Err(self.refusal("eth_chainId", refused)),
            }
        }
        if alive { Ok(()) } else { Err(self.refusal("eth_chainId", Fault::Silent(none))) }
    }

    /// Asks one endpoint; who it is is asked along with the first requests, and nothing is believed before that.
    async fn ask_verified(&self, endpoint: &Endpoint, requests: &[Request]) -> Result<Vec<Answer>, Fault> {
        if endpoint.verified.load(Ordering::Relaxed) {
            return match requests {
                [] => Ok(Vec::new()),
                some => endpoint.exchange(some).await.map_err(Fault::Silent),
            };
        }
        let mut all = vec![
            Request { method: "eth_chainId", params: json!([]) },
            Request { method: "eth_getBlockByNumber", params: json!(["0x0", false]) },
        ];
        let own = all.len();
        all.extend_from_slice(requests);
        let mut answers = endpoint.exchange(&all).await.map_err(Fault::Silent)?;
        let rest = answers.split_off(own.min(answers.len()));
        self.identity(endpoint, &answers)?;
        endpoint.verified.store(true, Ordering::Relaxed);
        Ok(rest)
    }

    fn identity(&self, endpoint: &Endpoint, answers: &[Answer]) -> Result<(), Fault> {
        let trouble = answers.iter().find_map(|answer| answer.as_ref().err());
        let unread = || {
            let unnamed = || Silence::new("it does not say which network it is", None);
            Fault::Silent(trouble.map_or_else(unnamed, Silence::node))
        };
        let [chain_id, block] = answers else { return Err(unread()) };
        let chain_id: U64 = value(chain_id).ok_or_else(unread)?;
        let chain_id = u64::try_from(chain_id).unwrap_or(u64::MAX);
        if chain_id != self.network.chain_id {
            let (code, want) = ("rpc.wrong_chain", self.network.chain_id);
            return Err(self.mistaken(endpoint, code, &format!("chain id {chain_id}, not {want}")));
        }
        let genesis = value::<Block0>(block).ok_or_else(unread)?.hash;
        if genesis != self.network.genesis {
            let (code, want) = ("rpc.wrong_genesis", self.network.genesis);
            return Err(self.mistaken(endpoint, code, &format!("genesis block {genesis}, not {want}")));
        }
        Ok(())
    }

    fn mistaken(&self, endpoint: &Endpoint, code: &str, what: &str) -> Fault {
        let message = format!("{} is not {}: it has {what}", endpoint.shown, self.name);
        let help =
            "correct the endpoint, the chain id or the genesis in the configuration; nothing was sent there";
        Fault::Refused(Box::new(Refusal::new(Exit::Unreachable, code, message).help(help)))
    }
}

#[derive(Deserialize)]
struct Block0 {
    hash: B256,
}

/// A result of the wanted shape.
pub(crate) fn value<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    T::deserialize(answer.as_ref().ok()?).ok()
}
