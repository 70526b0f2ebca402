//! The detached process that keeps a world: its anvils, its relayer, and the files by which others find it.
//!
//! In the world's folder: `lock` (held by the living supervisor), `world.json`, `keys.json`, `heartbeat` (touched by
//! whoever uses the world), `stop` (written by [`down`]) and `supervisor.log`.

use std::{
    fs::File,
    os::unix::{fs::DirBuilderExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant, SystemTime},
};

use alloy::providers::Provider;
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    artifacts::{self, Artifacts, Progress},
    deploy,
    error::DevnetError,
    keys::{DemoKeys, write_private},
    node::{self, Node},
    relayer::Relayer,
    world::{Contact, Proposal, Roles, World, chain_name},
};

/// A world that no one touches for so long ends.
const IDLE_LIMIT: Duration = Duration::from_secs(600);
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(100);

/// A running world, as `world.json` describes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// Process id of the supervisor.
    pub supervisor_pid: u32,
    /// Ethereum, Base, Arbitrum, Optimism.
    pub chains: Vec<RunningChain>,
    /// The funded wallet.
    pub wallet: Address,
    /// Signs approvals.
    pub approver: Address,
    /// Fills bridge deposits.
    pub relayer: Address,
    /// For [`DemoKeys::load`].
    pub keys_file: PathBuf,
    /// Whom the wallet knows.
    pub contacts: Vec<Contact>,
}

/// One running chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunningChain {
    /// EIP-155.
    pub chain_id: u64,
    /// `ethereum`, `base`, `arbitrum` or `optimism`.
    pub name: String,
    /// HTTP, on the loopback interface.
    pub rpc_url: String,
    /// Tells this world from every other one with the same chain id.
    pub genesis_hash: B256,
    /// Where the protocols are.
    pub roles: Roles,
    /// Everything that has code: beside the protocols' entrances their libraries, implementations and feeds.
    pub contracts: Vec<Address>,
    /// What can be voted on.
    pub proposals: Vec<Proposal>,
}

/// Attaches to the world in `world_dir`, or starts one: artifacts first (with progress shown), then
/// `EXE devnet supervise --dir WORLD_DIR --cache CACHE_DIR`, detached.
///
/// # Errors
/// Artifacts are missing, or the supervisor does not bring the world up within 30 s.
pub async fn up(exe: &Path, world_dir: &Path, cache_dir: &Path) -> Result<Running, DevnetError> {
    if let Some(running) = status(world_dir).await? {
        touch(world_dir)?;
        return Ok(running);
    }
    artifacts::fetch(cache_dir, Progress::Shown).await?;
    create_private_dir(world_dir)?;
    touch(world_dir)?;
    let mut child = spawn_detached(exe, world_dir, cache_dir)?;
    let since = Instant::now();
    while since.elapsed() < START_LIMIT {
        if let Some(running) = status(world_dir).await? {
            return Ok(running);
        }
        // It may have ended because another supervisor was faster: then that one's world is waited for.
        if !matches!(child.try_wait(), Ok(None)) && !is_locked(world_dir)? {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let log = std::fs::read_to_string(world_dir.join("supervisor.log")).unwrap_or_default();
    let last = log.lines().last().unwrap_or("its log is empty").to_owned();
    Err(DevnetError::Supervisor(last))
}

/// The world in `world_dir`, if it lives: every chain answers with its chain id and its genesis hash.
///
/// # Errors
/// None so far: what cannot be read, or does not answer within 2 s, is no world.
pub async fn status(world_dir: &Path) -> Result<Option<Running>, DevnetError> {
    let Ok(bytes) = std::fs::read(world_dir.join("world.json")) else { return Ok(None) };
    let Ok(running) = serde_json::from_slice::<Running>(&bytes) else { return Ok(None) };
    for chain in &running.chains {
        if !matches!(tokio::time::timeout(ANSWER_LIMIT, answers(chain)).await, Ok(Ok(true))) {
            return Ok(None);
        }
    }
    Ok(Some(running))
}

async fn answers(chain: &RunningChain) -> Result<bool, DevnetError> {
    let provider = node::provider(chain.chain_id, &chain.rpc_url)?;
    let Ok(chain_id) = provider.get_chain_id().await else { return Ok(false) };
    let genesis_hash = node::genesis_hash(&provider, chain.chain_id).await?;
    Ok(chain_id == chain.chain_id && genesis_hash == chain.genesis_hash)
}

/// Ends the world in `world_dir`; false if there was none.
///
/// # Errors
/// The folder cannot be written, or the supervisor does not end within 10 s.
pub async fn down(world_dir: &Path) -> Result<bool, DevnetError> {
    if !world_dir.exists() || !is_locked(world_dir)? {
        return Ok(false);
    }
    let stop = world_dir.join("stop");
    std::fs::write(&stop, b"").map_err(DevnetError::file(&stop))?;
    let since = Instant::now();
    while is_locked(world_dir)? {
        if since.elapsed() > STOP_LIMIT {
            return Err(DevnetError::Supervisor("the supervisor did not end within 10 s".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(true)
}

/// Tells the supervisor that the world is in use; without it a world ends after ten minutes.
///
/// # Errors
/// The file cannot be written.
pub fn touch(world_dir: &Path) -> Result<(), DevnetError> {
    let path = world_dir.join("heartbeat");
    std::fs::write(&path, b"alive").map_err(DevnetError::file(&path))
}

/// The supervisor itself: builds a new world, keeps it, and returns when it is stopped, idle for ten minutes, told to
/// end by a signal, or one of its anvils has ended.
///
/// # Errors
/// [`DevnetError::Busy`] where another supervisor lives; whatever hinders the world from coming up.
pub async fn supervise(world_dir: &Path, cache_dir: &Path) -> Result<(), DevnetError> {
    supervise_until(world_dir, cache_dir, IDLE_LIMIT).await
}

/// As [`supervise`], with another idle time.
///
/// # Errors
/// As [`supervise`].
pub async fn supervise_until(
    world_dir: &Path,
    cache_dir: &Path,
    idle_limit: Duration,
) -> Result<(), DevnetError> {
    create_private_dir(world_dir)?;
    let _lock = lock(world_dir).await?;
    let signals = |kind| signal(kind).map_err(|e| DevnetError::Supervisor(e.to_string()));
    let (mut terminate, mut interrupt) =
        (signals(SignalKind::terminate())?, signals(SignalKind::interrupt())?);
    // The terminal that started the world may close: that is taken note of, and nothing else.
    let _hangup = signals(SignalKind::hangup())?;
    remove(world_dir, &["world.json", "stop"])?;

    let artifacts = artifacts::fetch(cache_dir, Progress::Silent).await?;
    let keys = DemoKeys::random();
    let (_world, mut live) = Live::start(&artifacts, &keys, world_dir).await?;
    write_private(&world_dir.join("world.json"), &live.running)?;

    let mut idle = Idle::new(idle_limit);
    while !world_dir.join("stop").exists() && !live.has_ended() && !idle.is_over(world_dir) {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = tokio::time::sleep(TICK) => {}
        }
    }
    remove(world_dir, &["world.json", "stop"])
}

/// A world that runs as long as this value lives.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) running: Running,
    nodes: Vec<Node>,
    relayer: tokio::task::JoinHandle<()>,
}

impl Live {
    /// Builds a world, starts its nodes and its relayer. Keys and genesis files go to `folder`.
    pub(crate) async fn start(
        artifacts: &Artifacts,
        keys: &DemoKeys,
        folder: &Path,
    ) -> Result<(World, Self), DevnetError> {
        let keys_file = folder.join("keys.json");
        keys.save(&keys_file)?;
        let world = deploy::world(artifacts, keys)?;
        let mut starting = Vec::new();
        for chain in &world.chains {
            starting.push(Node::start(artifacts.anvil(), folder, chain));
        }
        let nodes = futures::future::try_join_all(starting).await?;
        let chains: Vec<RunningChain> = world
            .chains
            .iter()
            .zip(&nodes)
            .map(|(chain, node)| RunningChain {
                chain_id: node.chain_id,
                name: chain_name(node.chain_id).to_owned(),
                rpc_url: node.rpc_url.clone(),
                genesis_hash: node.genesis_hash,
                roles: chain.roles.clone(),
                contracts: chain.contracts(),
                proposals: chain.proposals.clone(),
            })
            .collect();
        let relayer = tokio::spawn(Relayer::new(&chains, &keys.relayer)?.run());
        let running = Running {
            supervisor_pid: std::process::id(),
            chains,
            wallet: keys.wallet.address(),
            approver: keys.approver.address(),
            relayer: keys.relayer.address(),
            keys_file,
            contacts: world.contacts.clone(),
        };
        Ok((world, Self { running, nodes, relayer }))
    }

    fn has_ended(&mut self) -> bool {
        self.nodes.iter_mut().any(Node::has_ended)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.relayer.abort();
    }
}

/// Watches the heartbeat file by its own clock, so that no wall clock is compared.
struct Idle {
    limit: Duration,
    seen: Option<SystemTime>,
    since: Instant,
}

impl Idle {
    fn new(limit: Duration) -> Self {
        Self { limit, seen: None, since: Instant::now() }
    }

    fn is_over(&mut self, world_dir: &Path) -> bool {
        let touched = std::fs::metadata(world_dir.join("heartbeat")).and_then(|meta| meta.modified()).ok();
        if touched != self.seen {
            self.seen = touched;
            self.since = Instant::now();
        }
        self.since.elapsed() >= self.limit
    }
}

fn spawn_detached(exe: &Path, world_dir: &Path, cache_dir: &Path) -> Result<Child, DevnetError> {
    let log_path = world_dir.join("supervisor.log");
    let log = File::create(&log_path).map_err(DevnetError::file(&log_path))?;
    std::process::Command::new(exe)
        .args(["devnet", "supervise", "--dir"])
        .arg(world_dir)
        .arg("--cache")
        .arg(cache_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(DevnetError::file(exe))
}

fn create_private_dir(path: &Path) -> Result<(), DevnetError> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(DevnetError::file(path))
}

/// The world's lock, if no one holds it. The file stays: removing it would let two hold "the" lock.
fn try_lock(world_dir: &Path) -> Result<Option<File>, DevnetError> {
    let path = world_dir.join("lock");
    let file = File::create(&path).map_err(DevnetError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(DevnetError::file(&path)(error)),
    }
}

/// The world's lock; those who only ask whether it is held do so for a moment, which is waited for.
async fn lock(world_dir: &Path) -> Result<File, DevnetError> {
    for _ in 0..5 {
        if let Some(lock) = try_lock(world_dir)? {
            return Ok(lock);
        }
        tokio::time::sleep(TICK).await;
    }
    Err(DevnetError::Busy(world_dir.to_path_buf()))
}

fn is_locked(world_dir: &Path) -> Result<bool, DevnetError> {
    try_lock(world_dir).map(|lock| lock.is_none())
}

fn remove(world_dir: &Path, names: &[&str]) -> Result<(), DevnetError> {
    for path in names.iter().map(|name| world_dir.join(name)) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(DevnetError::file(&path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}
