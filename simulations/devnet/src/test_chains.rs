//! Both chains for an integration test, without a supervisor.

use std::path::Path;

use crate::{
    artifacts::{self, Progress},
    error::DevnetError,
    keys::DemoKeys,
    node,
    supervisor::{Live, Running},
    world::World,
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
