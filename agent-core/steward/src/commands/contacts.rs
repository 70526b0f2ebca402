//! `steward contacts`: who may be paid. Each entry is signed by the approver's key.

use agent_core::ledger::Record;
use agent_core::{Exit, Refusal};
use alloy_primitives::Address;
use serde_json::json;

use crate::cli::Contacts;
use crate::compose::App;
use crate::demo;
use crate::output::Done;

pub(crate) async fn contacts(app: &App, asked: &Contacts) -> Result<Done, Refusal> {
    let core = app.core().await?;
    match asked {
        Contacts::List => {
            let contacts = core.ledger.contacts().await?;
            let lines = contacts
                .iter()
                .map(|contact| format!("{}  {}", agent_core::tame(&contact.name), contact.address));
            let text = lines.collect::<Vec<_>>().join("\n");
            Ok(Done::new(json!({"contacts": contacts}), text))
        }
        Contacts::Remove { name } => {
            let known = core.ledger.contacts().await?.into_iter().any(|contact| contact.name == *name);
            if !known {
                return Err(Refusal::new(
                    Exit::Usage,
                    "contacts.unknown",
                    format!("no contact is named `{}`", agent_core::tame(name)),
                )
                .help("`steward contacts list` shows them"));
            }
            core.ledger.append(None, Record::ContactRemoved { name: name.clone() }).await?;
            Ok(Done::new(
                json!({"removed": name}),
                format!("{} is no contact any more", agent_core::tame(name)),
            ))
        }
        Contacts::Add { name, address } => {
            if !app.global.demo {
                return Err(Refusal::new(
                    Exit::Usage,
                    "approval.no_key",
                    "no approver's key is at hand: only the demo world keeps one",
                )
                .help("use `--demo`"));
            }
            let address = checked(address)?;
            let contact = demo::contact(&core, &app.folders, name, address, false).await?;
            core.ledger.append(None, Record::ContactAdded { contact: contact.clone() }).await?;
            let text = format!(
                "{} is a contact: {}; the first payment asks once",
                agent_core::tame(name),
                contact.address
            );
            Ok(Done::new(json!({"contact": contact}), text))
        }
    }
}

/// An address whose EIP-55 checksum holds.
fn checked(text: &str) -> Result<Address, Refusal> {
    Address::parse_checksummed(text, None).map_err(|_| {
        Refusal::new(
            Exit::Question,
            "clarify.checksum",
            format!("`{}` is no address with a right EIP-55 checksum", agent_core::tame(text)),
        )
        .help("copy the address again, whole, in mixed case")
    })
}
