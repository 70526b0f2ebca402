//! Who is paid, and whose allowance is taken back.

use agent_core::ports::PlanRequest;
use agent_core::{Exit, NetworkInfo, Refusal, Source, tame};
use alloy_primitives::Address;

pub(crate) struct Payee {
    pub(crate) address: Address,
    pub(crate) name: Option<String>,
    pub(crate) source: Option<Source>,
}

/// Somebody else who is paid, as [`named`].
pub(crate) fn payee(said: &str, step: usize, ask: &PlanRequest<'_>) -> Result<Payee, Refusal> {
    let payee = named(said, step, ask)?;
    if payee.address == ask.account {
        let message = format!("step {step}: the payee is the account itself");
        return Err(Refusal::new(Exit::RefusedInput, "input.payee", message).help("name someone else"));
    }
    Ok(payee)
}

/// An address as typed, a contact's, or one that a name of the ENS was resolved to.
pub(crate) fn named(said: &str, step: usize, ask: &PlanRequest<'_>) -> Result<Payee, Refusal> {
    let mut by_name = ask.contacts.iter().filter(|contact| contact.name.eq_ignore_ascii_case(said));
    let payee = if said.starts_with("0x") || said.starts_with("0X") {
        let address = address(said)?;
        let known = ask.contacts.iter().find(|contact| contact.address == address);
        Payee { address, name: known.map(|contact| contact.name.clone()), source: None }
    } else if let Some(contact) = by_name.next() {
        if let Some(other) = by_name.find(|other| other.address != contact.address) {
            let question =
                format!("Which `{}` is meant, {} or {}?", tame(said), contact.address, other.address);
            return Err(Refusal::new(Exit::Question, "clarify.payee", question)
                .help("give the address, or remove one of the contacts"));
        }
        let source = Some(Source::AddressBook { name: contact.name.clone() });
        Payee { address: contact.address, name: Some(contact.name.clone()), source }
    } else if let Some(found) = ask.names.iter().find(|found| found.name == said) {
        let source = Some(Source::ChainRead { block: found.block });
        Payee { address: found.address, name: Some(found.name.clone()), source }
    } else if said.contains('.') {
        let message = format!("step {step}: `{}` was not resolved to an address", tame(said));
        return Err(Refusal::new(Exit::NotPossible, "world.no_ens", message)
            .help("give the address, or a contact's name"));
    } else {
        let question = format!("Who is `{}`? No contact has that name.", tame(said));
        return Err(Refusal::new(Exit::Question, "clarify.payee", question)
            .help("give the address, or add the contact: `steward contacts add NAME ADDRESS`"));
    };
    if payee.address.is_zero() {
        let message = format!("step {step}: the payee is the zero address");
        return Err(Refusal::new(Exit::RefusedInput, "input.payee", message).help("name someone else"));
    }
    Ok(payee)
}

/// 20 bytes of hex. Mixed case must carry the right EIP-55 checksum.
pub(crate) fn address(text: &str) -> Result<Address, Refusal> {
    let ask = |code: &str, why: &str| {
        Err(Refusal::new(Exit::Question, code, format!("`{}` {why}", tame(text)))
            .help("copy the address again, whole"))
    };
    let Ok(address) = text.parse::<Address>() else {
        return ask("clarify.address", "is no address: it must be 0x and 40 hex digits");
    };
    let digits = text.chars().skip(2);
    let (mut lower, mut upper) = (false, false);
    for c in digits {
        lower |= c.is_ascii_lowercase();
        upper |= c.is_ascii_uppercase();
    }
    if lower && upper && address.to_checksum(None) != text {
        return ask("clarify.checksum", "has a wrong checksum (EIP-55): a character may be mistyped");
    }
    Ok(address)
}

/// Money sent to a contract of the registry would be lost.
pub(crate) fn not_a_contract(payee: &Payee, network: &NetworkInfo, step: usize) -> Result<(), Refusal> {
    match network.contracts.get(&payee.address) {
        Some(contract) => Err(Refusal::new(
            Exit::RefusedInput,
            "input.payee_contract",
            format!(
                "step {step}: {} is the contract {}: what is sent there is lost",
                payee.address, contract.name
            ),
        )
        .help("name a person's address")),
        None => Ok(()),
    }
}

/// A spender by address, or the contracts of a protocol by its family name.
pub(crate) fn spenders(said: &str, network: &NetworkInfo, step: usize) -> Result<Vec<Address>, Refusal> {
    if said.starts_with("0x") || said.starts_with("0X") {
        return Ok(vec![address(said)?]);
    }
    let family = network.contracts.iter().filter(|(_, contract)| contract.protocol == said);
    let family: Vec<Address> = family.map(|(address, _)| *address).collect();
    if family.is_empty() {
        let what = format!("revoking an allowance of {} on {}", tame(said), network.name);
        return Err(crate::ground::lacks(step, &what));
    }
    Ok(family)
}
