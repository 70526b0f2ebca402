//! The demo world's part of the composition: its networks, its key, its journal.

use std::path::Path;
use std::sync::Arc;

use agent_core::core::Core;
use agent_core::ledger::Record;
use agent_core::{Autonomy, Contact, ContractInfo, Exit, Refusal};
use alloy_primitives::{Address, Bytes};
use chains::{LocalSigner, NetworkConfig};
use devnet::{DemoKeys, DevnetError, Running};
use policies::ApproverKey;

use crate::clock::SystemClock;
use crate::compose::Setting;
use crate::folders::{self, Folders};
use crate::networks;

pub(crate) fn refusal(error: DevnetError) -> Refusal {
    let help = match error.code() {
        "artifact.no_npm" => "install Node.js with npm and run the command again",
        "artifact.damaged" => "run the command again: damaged files are fetched anew",
        _ => "run the command again; `steward devnet down` ends a world that does not answer",
    };
    let exit = if error.code().starts_with("rpc.") { Exit::Unreachable } else { Exit::Error };
    Refusal::new(exit, error.code(), agent_core::tame(&error.to_string())).help(help)
}

/// Attaches to the running world or starts one that outlives this command.
pub(crate) async fn up(folders: &Folders) -> Result<Running, Refusal> {
    folders::make(&folders.world())?;
    folders::make(&folders.cache)?;
    let own = std::env::current_exe().map_err(|error| {
        Refusal::new(Exit::Error, "io.executable", format!("this program's own file is not known: {error}"))
    })?;
    devnet::up(&own, &folders.world(), &folders.cache).await.map_err(refusal)
}

pub(crate) async fn status(folders: &Folders) -> Result<Option<Running>, Refusal> {
    devnet::status(&folders.world()).await.map_err(refusal)
}

/// The demo's networks, its throw-away key and its journal. Starts the world if it does not run.
pub(crate) async fn setting(folders: &Folders) -> Result<Setting, Refusal> {
    let running = up(folders).await?;
    let configs = running.chains.iter().map(|chain| NetworkConfig {
        chain_id: chain.chain_id,
        genesis: chain.genesis_hash,
        name: chain.name.clone(),
        endpoints: vec![chain.rpc_url.clone()],
        op_stack: devnet::is_op_stack(chain.chain_id),
        demo: true,
        addresses: chain.roles.clone(),
    });
    let mut registry = networks::registry(configs.collect())?;
    for chain in &running.chains {
        let Some(network) = registry.networks.get_mut(&chain.chain_id) else { continue };
        for contract in &chain.contracts {
            let part = || ContractInfo { protocol: "demo".to_owned(), name: "part of a protocol".to_owned() };
            network.contracts.entry(*contract).or_insert_with(part);
        }
    }
    // A journal belongs to one world: another genesis, another file.
    let genesis: Vec<String> = registry.networks.values().map(|network| network.id.to_string()).collect();
    let belongs_to = genesis.join("+");
    let name = running
        .chains
        .iter()
        .map(|chain| hex_head(chain.genesis_hash.as_slice()))
        .collect::<Vec<_>>()
        .join("-");
    let registry_for_signer = Arc::new(registry.clone());
    let signer =
        LocalSigner::new(keys(&running.keys_file)?.wallet, registry_for_signer, Arc::new(SystemClock));
    Ok(Setting {
        registry,
        account: running.wallet,
        autonomy: Autonomy::Bounded,
        approvers: vec![running.approver],
        signer: Some(Arc::new(signer)),
        journal: folders.world().join(format!("journal-{name}.db")),
        belongs_to,
    })
}

fn hex_head(bytes: &[u8]) -> String {
    bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn keys(path: &Path) -> Result<DemoKeys, Refusal> {
    DemoKeys::load(path).map_err(refusal)
}

/// The demo's approver; its key is not the agent's.
pub(crate) async fn approver(folders: &Folders) -> Result<ApproverKey, Refusal> {
    let running = up(folders).await?;
    let key = keys(&running.keys_file)?.approver.to_bytes();
    ApproverKey::from_bytes(&key.0)
}

/// A contact, signed by the demo's approver.
pub(crate) async fn contact(
    core: &Core,
    folders: &Folders,
    name: &str,
    address: Address,
    paid_before: bool,
) -> Result<Contact, Refusal> {
    let key = approver(folders).await?;
    key.contact(Contact {
        name: name.to_owned(),
        address,
        paid_before,
        added_at: core.clock.now(),
        approver: key.address(),
        signature: Bytes::new(),
    })
}

/// On a new journal: the world's own contacts, whom its wallet has paid before.
pub(crate) async fn introduce(core: &Core, folders: &Folders) -> Result<(), Refusal> {
    if !core.ledger.entries().await?.is_empty() {
        return Ok(());
    }
    for known in up(folders).await?.contacts {
        let contact = contact(core, folders, &known.name, known.address, true).await?;
        core.ledger.append(None, Record::ContactAdded { contact }).await?;
    }
    Ok(())
}
