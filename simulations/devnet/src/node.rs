//! One anvil: started from a built chain, and checked to hold exactly that.

use std::{collections::BTreeMap, io::Read, net::TcpListener, path::Path, process::Stdio, time::Duration};

use alloy::{
    eips::BlockNumberOrTag,
    providers::{DynProvider, Provider, ProviderBuilder},
};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use serde::Deserialize;
use serde_json::json;
use tokio::process::{Child, Command};

use crate::{
    error::DevnetError,
    world::{ARBITRUM, Account, ChainWorld, is_op_stack},
};

/// Seconds between blocks when nothing is sent; a transaction is mined at once.
const BLOCK_TIME: &str = "12";
/// anvil adds the history contract of EIP-2935 by itself.
const HISTORY: Address = address!("0000F90827F1C53a10cb7A02335B175320002935");
const START_LIMIT: Duration = Duration::from_secs(20);

/// How often a node is started on a new port before it is an error.
const TRIES: u32 = 3;

/// A running anvil. It ends when this is dropped, and when this process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) chain_id: u64,
    pub(crate) rpc_url: String,
    pub(crate) genesis_hash: B256,
    child: Child,
}

impl Node {
    /// Starts anvil on a free port with the chain's state; `folder` takes its genesis file. Another process may take
    /// the port in between: then it is tried again on another one.
    pub(crate) async fn start(anvil: &Path, folder: &Path, chain: &ChainWorld) -> Result<Self, DevnetError> {
        let chain_id = chain.chain_id;
        let path = folder.join(format!("genesis-{chain_id}.json"));
        let json = serde_json::to_vec(&genesis(chain))
            .map_err(|e| DevnetError::Node { chain_id, reason: e.to_string() })?;
        std::fs::write(&path, json).map_err(DevnetError::file(&path))?;
        let mut tries = 1_u32;
        loop {
            match Self::on_free_port(anvil, &path, chain).await {
                Err(DevnetError::Node { .. }) if tries < TRIES => tries = tries.saturating_add(1),
                outcome => return outcome,
            }
        }
    }

    async fn on_free_port(anvil: &Path, genesis: &Path, chain: &ChainWorld) -> Result<Self, DevnetError> {
        let chain_id = chain.chain_id;
        let failed = |reason: String| DevnetError::Node { chain_id, reason };
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|e| failed(e.to_string()))?
            .port();
        let gas_limit = gas_limit(chain_id);
        let mut child =
            command(anvil, chain_id, port, genesis, gas_limit).spawn().map_err(|e| failed(e.to_string()))?;
        let rpc_url = format!("http://127.0.0.1:{port}");
        let provider = provider(chain_id, &rpc_url)?;
        let ready = async {
            while provider.get_chain_id().await.is_err() {
                if let Ok(Some(status)) = child.try_wait() {
                    return Err(failed(format!("anvil ended with {status}")));
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        };
        tokio::time::timeout(START_LIMIT, ready)
            .await
            .map_err(|_| failed("no answer in 20 s".to_owned()))??;
        let first = provider.get_block_by_number(0.into()).await.map_err(|e| failed(e.to_string()))?;
        if first.is_none_or(|block| block.header.gas_limit != gas_limit) {
            return Err(failed(format!("another process answers on port {port}")));
        }
        check_state(&provider, chain).await?;
        let genesis_hash = genesis_hash(&provider, chain_id).await?;
        Ok(Self { chain_id, rpc_url, genesis_hash, child })
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

/// The genesis hash covers neither the accounts nor the extra data: the gas limit's low bits tell worlds apart.
fn gas_limit(chain_id: u64) -> u64 {
    let usual: u64 = if chain_id == ARBITRUM { 1 << 50 } else { 60_000_000 };
    usual.saturating_add(rand::random_range(0..1 << 20))
}

/// anvil, under a shell that waits for the end of its input: the pipe closes when this process ends, even by SIGKILL,
/// and takes anvil with it.
fn command(anvil: &Path, chain_id: u64, port: u16, genesis: &Path, gas_limit: u64) -> Command {
    const WRAPPER: &str = r#"exec 3<&0; "$@" 3<&- & node=$!; (read -r _ <&3; kill $node) 2>&- & wait $node"#;
    let mut command = Command::new("sh");
    command.args(["-c", WRAPPER, "sh"]).arg(anvil).arg("--init").arg(genesis);
    command.args(["--port", &port.to_string(), "--chain-id", &chain_id.to_string()]);
    command.args(["--gas-limit", &gas_limit.to_string(), "--block-time", BLOCK_TIME, "--mixed-mining"]);
    command.args(["--accounts", "0", "--disable-default-create2-deployer", "--quiet"]);
    if is_op_stack(chain_id) {
        command.args(["--network", "optimism", "--block-base-fee-per-gas", "5000000"]);
    } else if chain_id == ARBITRUM {
        // Its precompiles are not emulated: what it charges for data on L1 is not either.
        command.args(["--block-base-fee-per-gas", "10000000"]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own: an interrupt typed at the terminal is for the program, not for the chain.
    command.process_group(0);
    command
}

/// A genesis file (geth's form) with the whole state.
fn genesis(chain: &ChainWorld) -> serde_json::Value {
    let alloc: BTreeMap<Address, serde_json::Value> = chain
        .accounts
        .iter()
        .map(|(address, account)| {
            let storage: BTreeMap<B256, B256> =
                account.storage.iter().map(|(slot, value)| (B256::from(*slot), B256::from(*value))).collect();
            let nonce = U256::from(account.nonce);
            (
                *address,
                json!({"balance": account.balance, "nonce": nonce, "code": account.code, "storage": storage}),
            )
        })
        .collect();
    json!({
        "config": {"chainId": chain.chain_id},
        "timestamp": U256::from(now()),
        "gasLimit": "0x3938700",
        "difficulty": "0x0",
        "alloc": alloc,
    })
}

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the genesis time is the wall clock's; nothing is decided by it"
)]
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map(|elapsed| elapsed.as_secs()).unwrap_or_default()
}

/// A provider of one of the world's chains.
pub(crate) fn provider(chain_id: u64, rpc_url: &str) -> Result<DynProvider, DevnetError> {
    let url =
        rpc_url.parse().map_err(|e| DevnetError::Node { chain_id, reason: format!("`{rpc_url}`: {e}") })?;
    Ok(ProviderBuilder::new().connect_http(url).erased())
}

/// The hash of block 0.
pub(crate) async fn genesis_hash(provider: &DynProvider, chain_id: u64) -> Result<B256, DevnetError> {
    let failed = |reason: String| DevnetError::Node { chain_id, reason };
    let block =
        provider.get_block_by_number(BlockNumberOrTag::Earliest).await.map_err(|e| failed(e.to_string()))?;
    block.map(|block| block.header.hash).ok_or_else(|| failed("it has no block 0".to_owned()))
}

/// anvil's own form of an account in a state dump.
#[derive(Deserialize)]
struct Dumped {
    nonce: u64,
    balance: U256,
    code: Bytes,
    storage: BTreeMap<U256, U256>,
}

/// Compares every account, with its balance, nonce, code and slots, in both directions.
pub(crate) async fn check_state(provider: &DynProvider, chain: &ChainWorld) -> Result<(), DevnetError> {
    #[derive(Deserialize)]
    struct Dump {
        accounts: BTreeMap<Address, Dumped>,
    }
    let chain_id = chain.chain_id;
    let failed = |reason: String| DevnetError::Node { chain_id, reason };
    let zipped: Bytes =
        provider.raw_request("anvil_dumpState".into(), ()).await.map_err(|e| failed(e.to_string()))?;
    let mut dump = Vec::new();
    flate2::read::GzDecoder::new(zipped.as_ref())
        .read_to_end(&mut dump)
        .map_err(|e| failed(e.to_string()))?;
    let dump: Dump = serde_json::from_slice(&dump).map_err(|e| failed(e.to_string()))?;
    let held: BTreeMap<Address, Account> = dump
        .accounts
        .into_iter()
        .filter(|(address, _)| *address != HISTORY)
        .map(|(address, Dumped { nonce, balance, code, storage })| {
            (address, Account { balance, nonce, code, storage })
        })
        .collect();
    let differs = |what: String| DevnetError::Differs { chain_id, what };
    for (address, account) in &chain.accounts {
        let found = held.get(address).ok_or_else(|| differs(format!("{address} is missing")))?;
        if let Some(part) = difference(account, found) {
            return Err(differs(format!("{address} has another {part}")));
        }
    }
    match held.keys().find(|address| !chain.accounts.contains_key(*address)) {
        Some(extra) => Err(differs(format!("{extra} should not exist"))),
        None => Ok(()),
    }
}

fn difference(built: &Account, held: &Account) -> Option<&'static str> {
    let parts = [
        (built.balance == held.balance, "balance"),
        (built.nonce == held.nonce, "nonce"),
        (built.code == held.code, "code"),
        (built.storage == held.storage, "storage"),
    ];
    parts.into_iter().find(|(equal, _)| !equal).map(|(_, part)| part)
}
