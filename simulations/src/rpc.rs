//! A live network: which endpoint answers, whether it is the right network, and its newest block.

use std::fmt;
use std::time::Duration;

use agent_core::{BlockRef, Exit, NetworkId, NetworkInfo, Refusal, tame};
use alloy::consensus::BlockHeader;
use alloy::eips::BlockNumberOrTag;
use alloy::network::AnyNetwork;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::transports::http::reqwest::{Client, Url};
use foundry_fork_db::cache::BlockchainDbMeta;
use foundry_fork_db::{BlockchainDb, SharedBackend};
use revm::context::BlockEnv;

use crate::base::Node;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

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
    pub(crate) async fn connect(network: &NetworkInfo) -> Result<Self, Refusal> {
        let mut last = unreachable(&network.name, "it has no endpoint");
        for url in &network.endpoints {
            match Self::open(network, url).await {
                Err(refusal) if refusal.exit == Exit::Unreachable && refusal.code == "rpc.unreachable" => {
                    last = refusal
                }
                done => return done,
            }
        }
        Err(last)
    }

    async fn open(network: &NetworkInfo, url: &str) -> Result<Self, Refusal> {
        let url: Url = url.parse().map_err(|_| unreachable(&network.name, "an endpoint is not a URL"))?;
        let endpoint = Endpoint(url.clone());
        let client = Client::builder().timeout(TIMEOUT).build();
        let client = client.map_err(|error| endpoint.unreachable(&network.name, &error.to_string()))?;
        let provider = ProviderBuilder::<_, _, AnyNetwork>::default().connect_reqwest(client, url).erased();
        verify(network, &endpoint, &provider).await?;
        let head = newest(network, &endpoint, &provider).await?;
        let node = pin(&provider, head.block).await;
        Ok(Self { endpoint, provider, head, node })
    }

    /// Moves on to the newest block; everything fetched is kept while it is the same.
    pub(crate) async fn refresh(&mut self, network: &NetworkInfo) -> Result<(), Refusal> {
        let head = newest(network, &self.endpoint, &self.provider).await?;
        if head.block != self.head.block {
            self.node = pin(&self.provider, head.block).await;
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
    let failed = |error: &dyn fmt::Display| at.unreachable(&network.name, &error.to_string());
    let chain_id = provider.get_chain_id().await.map_err(|error| failed(&error))?;
    let first =
        provider.get_block_by_number(BlockNumberOrTag::Earliest).await.map_err(|error| failed(&error))?;
    let genesis = first.ok_or_else(|| failed(&"it has no first block"))?.header.hash;
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
    let failed = |error: &dyn fmt::Display| at.unreachable(&network.name, &error.to_string());
    let block =
        provider.get_block_by_number(BlockNumberOrTag::Latest).await.map_err(|error| failed(&error))?;
    let header = block.ok_or_else(|| failed(&"it has no newest block"))?.header.clone();
    let fees = provider.get_fee_history(1, BlockNumberOrTag::Number(header.number()), &[]);
    let next = fees.await.map_err(|error| failed(&error))?.next_block_base_fee();
    let base_fee =
        next.and_then(|fee| u64::try_from(fee).ok()).ok_or_else(|| failed(&"it tells no base fee"))?;
    let block = BlockRef { number: header.number(), hash: header.hash, timestamp: header.timestamp() };
    Ok(Head { block, base_fee, gas_limit: header.gas_limit() })
}

/// Pinned by hash: after a reorganisation the node answers with an error, not with another chain's state.
async fn pin(provider: &DynProvider<AnyNetwork>, block: BlockRef) -> Node {
    let meta = BlockchainDbMeta::new(BlockEnv::default(), String::new());
    let database = BlockchainDb::new(meta, None);
    Node::new(SharedBackend::spawn_backend(provider.clone(), database, Some(block.hash.into())).await)
}
