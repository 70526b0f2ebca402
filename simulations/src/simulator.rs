//! Which networks can be forked, and how: live through their endpoints, or from worlds in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use agent_core::ports::{Fork, Simulator};
use agent_core::{BlockRef, Exit, NetworkInfo, Refusal, Registry, caip2};
use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::base::{Base, Overlay, in_memory};
use crate::cache::Codes;
use crate::envelope;
use crate::evm::Env;
use crate::fork::{Ground, LocalFork};
use crate::hints::{Hints, Touched};
use crate::memory::MemoryWorld;
use crate::rpc::{Endpoint, Head, Keep, Live};

/// Seconds between blocks.
const L1_BLOCK_TIME: u64 = 12;
const OP_BLOCK_TIME: u64 = 2;
/// Of a world in memory.
const MEMORY_GAS_LIMIT: u64 = 30_000_000;

/// Forks the networks of a registry in this process. Forks of one block share what was fetched for it.
#[derive(Debug)]
pub struct ForkSimulator {
    networks: BTreeMap<u64, Network>,
}

#[derive(Debug)]
struct Network {
    info: Arc<NetworkInfo>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// The connection, once there was one, and what it keeps between blocks.
    Live(Mutex<Option<Live>>, Keep),
    Memory(Base, Head),
}

impl ForkSimulator {
    /// Reads through the endpoints of the registry's networks; the first `fork` of one checks chain id and genesis.
    /// Forks need tokio's multi-thread runtime.
    pub fn new(registry: Arc<Registry>) -> Self {
        Self::with(&registry, |_| Some(Source::Live(Mutex::new(None), Keep::default())))
    }

    /// As [`ForkSimulator::new`], and keeps in `folder` what later processes then need not find out: contracts' code,
    /// and which accounts and slots messages read, but no values. Whatever the files say, no result changes.
    pub fn caching(registry: Arc<Registry>, folder: &Path) -> Self {
        let codes = Arc::new(Codes::of(folder.join("code")));
        Self::with(&registry, |chain_id| {
            let hints = Arc::new(Hints::load(folder.join(format!("{chain_id}.reads"))));
            Some(Source::Live(Mutex::new(None), Keep { hints, codes: Arc::clone(&codes) }))
        })
    }

    /// Runs on `worlds`, by chain id. Networks of the registry without a world cannot be forked.
    pub fn in_memory(registry: Arc<Registry>, worlds: BTreeMap<u64, MemoryWorld>) -> Self {
        Self::with(&registry, |chain_id| {
            let world = worlds.get(&chain_id)?;
            let head = Head { block: world.block, base_fee: world.base_fee, gas_limit: MEMORY_GAS_LIMIT };
            Some(Source::Memory(in_memory(world.database()), head))
        })
    }

    fn with(registry: &Registry, source: impl Fn(u64) -> Option<Source>) -> Self {
        let networks = registry.networks.iter();
        let networks = networks
            .filter_map(|(chain_id, info)| {
                Some((*chain_id, Network { info: Arc::new(info.clone()), source: source(*chain_id)? }))
            })
            .collect();
        Self { networks }
    }
}

#[async_trait]
impl Simulator for ForkSimulator {
    async fn fork(&self, chain_id: u64) -> Result<Box<dyn Fork>, Refusal> {
        let Some(network) = self.networks.get(&chain_id) else {
            let message = format!("{} is not a network that can be simulated", caip2(chain_id));
            return Err(Refusal::new(Exit::NotPossible, "simulation.no_network", message));
        };
        let (base, head, endpoint) = match &network.source {
            Source::Memory(base, head) => (base.clone(), *head, None),
            Source::Live(live, keep) => {
                let live = newest(live, &network.info, keep).await?;
                (Base::Node(live.node.forked(network.always()).await), live.head, Some(live.endpoint))
            }
        };
        Ok(Box::new(network.forked(base, head, endpoint)))
    }
}

/// The connection at the newest block: the one that served before, or the first endpoint that answers.
async fn newest(connection: &Mutex<Option<Live>>, info: &NetworkInfo, keep: &Keep) -> Result<Live, Refusal> {
    let mut connection = connection.lock().await;
    if let Some(live) = connection.as_mut()
        && live.refresh(info, keep).await.is_ok()
    {
        return Ok(live.clone());
    }
    *connection = None;
    let live = Live::connect(info, keep).await?;
    *connection = Some(live.clone());
    Ok(live)
}

impl Network {
    /// What every message reads: on the OP stack the prices of its bytes, and the accounts that the fees go to.
    fn always(&self) -> Touched {
        match self.info.op_stack {
            true => envelope::reads(),
            false => Touched::new(),
        }
    }

    fn forked(&self, base: Base, head: Head, endpoint: Option<Endpoint>) -> LocalFork {
        let BlockRef { number, timestamp, .. } = head.block;
        let block_time = if self.info.op_stack { OP_BLOCK_TIME } else { L1_BLOCK_TIME };
        let env = Env {
            chain_id: self.info.id.chain_id,
            op_stack: self.info.op_stack,
            number: number.saturating_add(1),
            timestamp: timestamp.saturating_add(block_time),
            base_fee: head.base_fee,
            gas_limit: head.gas_limit,
        };
        let ground = Ground { network: Arc::clone(&self.info), block: head.block, env, endpoint };
        LocalFork { ground, state: Overlay::new(base) }
    }
}
