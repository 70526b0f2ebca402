//! A live network: which endpoint answers, whether it is the right network, and its newest block.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use agent_core::{BlockRef, Exit, NetworkId, NetworkInfo, Refusal, tame};
use alloy::consensus::BlockHeader;
use alloy::eips::BlockNumberOrTag;
use alloy::network::AnyNetwork;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::client::ClientBuilder;
use alloy::transports::TransportError;
use alloy::transports::http::reqwest::{Client, Url};
use alloy::transports::layers::{RateLimitRetryPolicy, RetryBackoffLayer, RetryPolicy};
use foundry_fork_db::cache::BlockchainDbMeta;
use foundry_fork_db::{BlockchainDb, SharedBackend};
use revm::context::BlockEnv;

use crate::base::Node;
use crate::cache::Codes;
use crate::hints::Hints;
use crate::prefetch::Prefetch;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a node that has too much to do is asked again, and how long is waited before: at most, and (ms) if it
/// does not say.
const RETRIES: u32 = 5;
const MOST_REST: Duration = Duration::from_secs(3);
const REST_MS: u64 = 250;

/// Asks again when a node says that it is asked too often, after the time that it names.
#[derive(Debug, Clone)]
struct Patience;

impl RetryPolicy for Patience {
    fn should_retry(&self, error: &TransportError) -> bool {
        RateLimitRetryPolicy::default().should_retry(error)
    }

    fn backoff_hint(&self, error: &TransportError) -> Option<Duration> {
        RateLimitRetryPolicy::default().backoff_hint(error).map(|rest| rest.min(MOST_REST))
    }
}

/// What is kept of a network from block to block.
#[derive(Debug, Default)]
pub(crate) struct Keep {
    pub(crate) hints: Arc<Hints>,
    pub(crate) codes: Arc<Codes>,
}

/// An endpoint. It shows as scheme and host only: the rest of a URL is often a secret.
#[derive(Clone)]
pub(crate) struct Endpoint(Url);

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl Endpoint {
    pub(crate) fn unreachable(&self, network: &str, text: &str) -> Refusal {
        let mut text = text.replace(self.0.as_str(), &format!("{self:?}"));
        for secret in [self.0.path(), self.0.query().unwrap_or_default()] {
            if secret.len() > 1 {
                text = text.replace(secret, "…");
            }
        }
        unreachable(network, &format!("{self:?}: {text}"))
    }
}

fn unreachable(network: &str, text: &str) -> Refusal {
    let message = format!("`{network}` could not be read: {}", tame(text));
    Refusal::new(Exit::Unreachable, "rpc.unreachable", message)
        .help("check the network's endpoints in the configuration")
}

/// The newest block, and what is fixed for the next one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) block: BlockRef,
    /// Of the next block, wei per gas.
    pub(crate) base_fee: u64,
    pub(crate) gas_limit: u64,
}

/// A verified connection, and what is known of its newest block.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) endpoint: Endpoint,
    provider: DynProvider<AnyNetwork>,
    pub(crate) head: Head,
    pub(crate) node: Node,
}

impl Live {
    /// Connects to the first endpoint that answers. One that serves another network is an error, not passed over.
    pub(crate) async fn connect(network: &NetworkInfo, keep: &Keep) -> Result<Self, Refusal> {
        let mut last = unreachable(&network.name, "it has no endpoint");
        for url in &network.endpoints {
            match Self::open(network, url, keep).await {
                Err(refusal) if refusal.exit == Exit::Unreachable && refusal.code == "rpc.unreachable" => {
                    last = refusal
                }
                done => return done,
            }
        }
        Err(last)
    }

    async fn open(network: &NetworkInfo, url: &str, keep: &Keep) -> Result<Self, Refusal> {
        let url: Url = url.parse().map_err(|_| unreachable(&network.name, "an endpoint is not a URL"))?;
        let endpoint = Endpoint(url.clone());
        let client = Client::builder().timeout(TIMEOUT).build();
        let client = client.map_err(|error| endpoint.unreachable(&network.name, &error.to_string()))?;
        // Nothing is counted here: the node says itself when it is asked too often.
        let patient = RetryBackoffLayer::new_with_policy(RETRIES, REST_MS, u64::MAX, Patience);
        let client = ClientBuilder::default().layer(patient).http_with_client(client, url);
        let provider = ProviderBuilder::<_, _, AnyNetwork>::default().connect_client(client).erased();
        let verified = verify(network, &endpoint, &provider);
        // In one round trip; whether it is the right network is said first.
        let (verified, head) = tokio::join!(verified, newest(network, &endpoint, &provider));
        verified?;
        let head = head?;
        let node = pin(&provider, head.block, keep).await;
        Ok(Self { endpoint, provider, head, node })
    }

    /// Moves on to the newest block; everything fetched is kept while it is the same.
    pub(crate) async fn refresh(&mut self, network: &NetworkInfo, keep: &Keep) -> Result<(), Refusal> {
        let head = newest(network, &self.endpoint, &self.provider).await?;
        if head.block != self.head.block {
            self.node = pin(&self.provider, head.block, keep).await;
        }
        self.head = head;
        Ok(())
    }
}

async fn verify(
    network: &NetworkInfo,
    at: &Endpoint,
    provider: &DynProvider<AnyNetwork>,
) -> Result<(), Refusal> {
    let failed = |error: TransportError| at.unreachable(&network.name, &error.to_string());
    let first = provider.get_block_by_number(BlockNumberOrTag::Earliest).into_future();
    let (chain_id, first) = tokio::try_join!(provider.get_chain_id().into_future(), first).map_err(failed)?;
    let genesis = first.ok_or_else(|| at.unreachable(&network.name, "it has no first block"))?.header.hash;
    let found = NetworkId { chain_id, genesis };
    if found == network.id {
        return Ok(());
    }
    let message = format!("the endpoint {at:?} of `{}` serves {found}, not {}", network.name, network.id);
    Err(Refusal::new(Exit::Unreachable, "rpc.wrong_chain", message)
        .help("give an endpoint of that very network"))
}

async fn newest(
    network: &NetworkInfo,
    at: &Endpoint,
    provider: &DynProvider<AnyNetwork>,
) -> Result<Head, Refusal> {
    let nothing = |text: &str| at.unreachable(&network.name, text);
    let failed = |error: TransportError| nothing(&error.to_string());
    let newest = provider.get_block_by_number(BlockNumberOrTag::Latest).into_future();
    let fees = provider.get_fee_history(1, BlockNumberOrTag::Latest, &[]);
    let (block, mut fees) = tokio::try_join!(newest, fees).map_err(failed)?;
    let header = block.ok_or_else(|| nothing("it has no newest block"))?.header.clone();
    if fees.oldest_block != header.number() {
        // A block came in between.
        let of_that = BlockNumberOrTag::Number(header.number());
        fees = provider.get_fee_history(1, of_that, &[]).await.map_err(failed)?;
    }
    let base_fee = fees.next_block_base_fee().and_then(|fee| u64::try_from(fee).ok());
    let base_fee = base_fee.ok_or_else(|| nothing("it tells no base fee"))?;
    let block = BlockRef { number: header.number(), hash: header.hash, timestamp: header.timestamp() };
    Ok(Head { block, base_fee, gas_limit: header.gas_limit() })
}

/// Pinned by hash: after a reorganisation the node answers with an error, not with another chain's state.
async fn pin(provider: &DynProvider<AnyNetwork>, block: BlockRef, keep: &Keep) -> Node {
    let meta = BlockchainDbMeta::new(BlockEnv::default(), String::new());
    let (database, at) = (BlockchainDb::new(meta, None), block.hash.into());
    let backend = SharedBackend::spawn_backend(provider.clone(), database, Some(at)).await;
    let prefetch = Prefetch::new(provider.clone(), at, backend.data(), Arc::clone(&keep.codes));
    Node::new(backend, prefetch, Arc::clone(&keep.hints))
}
