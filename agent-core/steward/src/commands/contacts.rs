//! `steward contacts`: who may be paid. Each entry is signed by the approver's key.

use agent_core::ledger::Record;
use agent_core::{Contact, Exit, Refusal};
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
            named(name, &core.ledger.contacts().await?)?;
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

/// The longest name of a contact, characters.
const NAME_CHARS_MAX: usize = 32;

/// A name that cannot be taken for an address, an ENS name or another contact.
fn named(name: &str, known: &[Contact]) -> Result<(), Refusal> {
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if !plain || !begins || name.len() > NAME_CHARS_MAX {
        return Err(Refusal::new(
            Exit::Usage,
            "contacts.name",
            format!("`{}` is no name for a contact", agent_core::tame(name)),
        )
        .help(format!("use up to {NAME_CHARS_MAX} letters, digits, `-` and `_`, a letter first")));
    }
    match known.iter().find(|contact| contact.name.eq_ignore_ascii_case(name)) {
        None => Ok(()),
        Some(contact) => Err(Refusal::new(
            Exit::Usage,
            "contacts.taken",
            format!("`{}` is {} already", agent_core::tame(&contact.name), contact.address),
        )
        .help(format!("`steward contacts remove {}` first", agent_core::tame(&contact.name)))),
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
