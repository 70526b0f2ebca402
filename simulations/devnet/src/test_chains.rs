//! All chains for an integration test, without a supervisor.

use std::path::Path;

use alloy::providers::Provider;
use alloy_primitives::{B256, U256};

use crate::{
    artifacts::{self, Progress},
    error::DevnetError,
    keys::DemoKeys,
    node,
    supervisor::{Live, Running},
    world::{FEED_ANSWER, World},
};

/// A world of its own for one test: its anvils and its relayer end when this is dropped, or with the process.
#[derive(Debug)]
pub struct TestChains {
    /// Where the nodes listen.
    pub running: Running,
    /// The world's keys.
    pub keys: DemoKeys,
    /// The state that the nodes started from.
    pub world: World,
    _live: Live,
    _folder: tempfile::TempDir,
}

impl TestChains {
    /// Builds and starts a world; artifacts come from the cache below `cache_dir`, or from npm.
    ///
    /// # Errors
    /// Artifacts are missing, or a node does not start.
    pub async fn start(cache_dir: &Path) -> Result<Self, DevnetError> {
        let artifacts = artifacts::fetch(cache_dir, Progress::Silent).await?;
        let folder = tempfile::tempdir().map_err(DevnetError::file(&std::env::temp_dir()))?;
        let keys = DemoKeys::random();
        let (world, live) = Live::start(&artifacts, &keys, folder.path()).await?;
        Ok(Self { running: live.running.clone(), keys, world, _live: live, _folder: folder })
    }

    /// Lets the feed of this token's role say another price, in US dollars with 8 decimals.
    ///
    /// # Errors
    /// The chain or the feed does not exist, or its node does not answer.
    pub async fn set_price(&self, chain_id: u64, role: &str, usd_e8: U256) -> Result<(), DevnetError> {
        let failed = |reason: String| DevnetError::Node { chain_id, reason };
        let chain = self.running.chains.iter().find(|chain| chain.chain_id == chain_id);
        let chain = chain.ok_or_else(|| failed("the world has no such chain".to_owned()))?;
        let feed = chain.roles.get(&format!("feed.{role}"));
        let feed = feed.ok_or_else(|| failed(format!("it has no price of `{role}`")))?;
        let write = (feed, B256::from(FEED_ANSWER), B256::from(usd_e8));
        node::provider(chain_id, &chain.rpc_url)?
            .raw_request::<_, bool>("anvil_setStorageAt".into(), write)
            .await
            .map(drop)
            .map_err(|e| failed(e.to_string()))
    }

    /// Compares what the nodes hold now with what they started from: every account, both ways.
    ///
    /// # Errors
    /// [`DevnetError::Differs`] with the first difference.
    pub async fn compare(&self) -> Result<(), DevnetError> {
        for (running, built) in self.running.chains.iter().zip(&self.world.chains) {
            node::check_state(&node::provider(running.chain_id, &running.rpc_url)?, built).await?;
        }
        Ok(())
    }
}
