//! `steward devnet`: the emulated chains alone.

use agent_core::{Exit, Refusal};
use serde_json::json;

use crate::cli::Devnet;
use crate::compose::App;
use crate::demo;
use crate::output::Done;

pub(crate) async fn devnet(app: &App, asked: &Devnet) -> Result<Done, Refusal> {
    match asked {
        Devnet::Up => demo::up(&app.folders).await.map(|running| described(&running)),
        Devnet::Status => match demo::status(&app.folders).await? {
            Some(running) => Ok(described(&running)),
            None => Ok(Done::new(json!({"running": false}), "the demo world does not run")),
        },
        Devnet::Down => {
            let was_running = ::devnet::down(&app.folders.world()).await.map_err(demo::refusal)?;
            let text = if was_running { "the demo world is down" } else { "the demo world did not run" };
            Ok(Done::new(json!({"running": false, "was_running": was_running}), text))
        }
        Devnet::Supervise { dir, cache } => {
            ::devnet::supervise(dir, cache).await.map_err(demo::refusal)?;
            Ok(Done::new(serde_json::Value::Null, ""))
        }
    }
}

fn described(running: &::devnet::Running) -> Done {
    let chains: Vec<_> = running
        .chains
        .iter()
        .map(|chain| {
            json!({
                "chain": agent_core::caip2(chain.chain_id), "name": chain.name, "rpc_url": chain.rpc_url,
                "genesis": chain.genesis_hash, "addresses": chain.roles,
                "proposals": chain.proposals.iter().map(proposal).collect::<Vec<_>>(),
            })
        })
        .collect();
    let contacts: Vec<_> = running
        .contacts
        .iter()
        .map(|contact| json!({"name": contact.name, "address": contact.address}))
        .collect();
    let lines = running.chains.iter().map(|chain| format!("{:<9} {}", chain.name, chain.rpc_url));
    let text = lines.chain([format!("wallet    {}", running.wallet)]).collect::<Vec<_>>().join("\n");
    let data = json!({
        "running": true, "chains": chains, "wallet": running.wallet, "approver": running.approver, "contacts": contacts,
    });
    Done { exit: Exit::Done, ..Done::new(data, text) }
}

/// What can be voted on.
fn proposal(proposal: &::devnet::Proposal) -> serde_json::Value {
    json!({
        "governor": proposal.governor, "family": proposal.family, "id": proposal.id.to_string(),
        "description": proposal.description,
    })
}
