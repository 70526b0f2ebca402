//! Builds a core: which networks, which key, which journal, which policy.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use agent_core::core::Core;
use agent_core::ports::{Chain, Clock, Signer};
use agent_core::{Autonomy, Exit, Refusal, Registry};
use alloy_primitives::Address;
use chains::{LiveChain, ProtocolCompiler};
use journal::SqliteJournal;
use policies::CedarPolicy;
use simulations::ForkSimulator;

use crate::cli::Global;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::folders::{self, Folders};
use crate::reading::Reading;
use crate::{demo, networks};

/// What every command starts from.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) global: Global,
    pub(crate) folders: Folders,
}

/// A core, with the adapters that some commands need as what they are.
pub(crate) struct Composed {
    pub(crate) core: Core,
    pub(crate) reading: Arc<Reading>,
    pub(crate) journal: Arc<SqliteJournal>,
}

/// What differs between the demo world and configured networks.
pub(crate) struct Setting {
    pub(crate) registry: Registry,
    pub(crate) account: Address,
    pub(crate) autonomy: Autonomy,
    pub(crate) approvers: Vec<Address>,
    pub(crate) signer: Option<Arc<dyn Signer>>,
    /// The journal's file, and the world that it belongs to.
    pub(crate) journal: PathBuf,
    pub(crate) belongs_to: String,
}

impl App {
    pub(crate) fn new(global: Global) -> Result<Self, Refusal> {
        if global.demo && global.account.is_some() {
            return Err(Refusal::new(
                Exit::Usage,
                "usage.account",
                "the demo world signs with its own throw-away key only",
            )
            .help("leave `--account` out"));
        }
        Ok(Self { global, folders: Folders::of_environment()? })
    }

    pub(crate) fn on_demo(&self) -> Self {
        let mut app = self.clone();
        app.global.demo = true;
        app
    }

    pub(crate) fn config(&self) -> Result<Config, Refusal> {
        Config::load(&self.folders.config)
    }

    pub(crate) async fn core(&self) -> Result<Core, Refusal> {
        Ok(self.compose().await?.core)
    }

    pub(crate) async fn compose(&self) -> Result<Composed, Refusal> {
        let setting = if self.global.demo { demo::setting(&self.folders).await? } else { self.configured()? };
        let reading = Arc::new(Reading::new(&self.folders, None, "UTC")?);
        let registry = Arc::new(setting.registry);
        let mut live: BTreeMap<u64, Arc<dyn Chain>> = BTreeMap::new();
        for network in registry.networks.values() {
            live.insert(network.id.chain_id, Arc::new(LiveChain::new(network.clone())?));
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let agent = format!("{}@{}", setting.account, setting.belongs_to);
        let journal =
            SqliteJournal::open(&setting.journal, &agent, &setting.belongs_to, clock.clone()).await?;
        let journal = Arc::new(journal);
        let core = Core {
            account: setting.account,
            autonomy: setting.autonomy,
            chains: live,
            clock,
            compiler: Arc::new(ProtocolCompiler::new(registry.clone())),
            ledger: journal.clone(),
            planner: reading.clone(),
            policy: Arc::new(CedarPolicy::load_default(setting.approvers)?),
            signer: setting.signer,
            simulator: Arc::new(ForkSimulator::caching(registry.clone(), &self.folders.cache.join("rpc"))),
            registry,
        };
        if self.global.demo {
            demo::introduce(&core, &self.folders).await?;
        }
        Ok(Composed { core, reading, journal })
    }

    /// Networks of the user's file: read-only.
    fn configured(&self) -> Result<Setting, Refusal> {
        let config = self.config()?;
        let (false, Some(account)) = (config.networks.is_empty(), config.account) else {
            return Err(Refusal::new(Exit::Usage, "config.nothing", "no networks and no account are configured")
                .help("`--demo` uses the emulated demo world; else put `account` and `[[networks]]` into config.toml (`steward config path`)"));
        };
        folders::make(&self.folders.data)?;
        let registry = networks::registry(config.networks.iter().map(networks::configured).collect())?;
        let genesis: Vec<String> = registry.networks.values().map(|network| network.id.to_string()).collect();
        Ok(Setting {
            registry,
            account,
            autonomy: config.autonomy,
            approvers: config.approvers,
            signer: None,
            journal: self.folders.data.join("journal.db"),
            belongs_to: genesis.join("+"),
        })
    }
}

/// A new plan's name: 64 random bits.
pub(crate) fn new_plan_id() -> String {
    format!("p-{:016x}", rand::random::<u64>())
}
