//! Who is paid, and whose allowance is taken back.

use agent_core::ports::PlanRequest;
use agent_core::{Exit, NetworkInfo, Refusal, Source, tame};
use alloy_primitives::Address;

pub(crate) struct Payee {
    pub(crate) address: Address,
    pub(crate) name: Option<String>,
    pub(crate) source: Option<Source>,
}

/// An address as typed, or a contact's. A name of the ENS is refused: this configuration carries no registry for it.
pub(crate) fn payee(said: &str, step: usize, ask: &PlanRequest<'_>) -> Result<Payee, Refusal> {
    let by_name = ask.contacts.iter().find(|contact| contact.name.eq_ignore_ascii_case(said));
    let payee = if let Some(contact) = by_name {
        let source = Some(Source::AddressBook { name: contact.name.clone() });
        Payee { address: contact.address, name: Some(contact.name.clone()), source }
    } else if said.starts_with("0x") || said.starts_with("0X") {
        let address = address(said)?;
        let known = ask.contacts.iter().find(|contact| contact.address == address);
        Payee { address, name: known.map(|contact| contact.name.clone()), source: None }
    } else if said.contains('.') {
        let message =
            format!("step {step}: `{}` is an ENS name, and names are not resolved here", tame(said));
        return Err(Refusal::new(Exit::NotPossible, "world.no_ens", message)
            .help("give the address, or a contact's name"));
    } else {
        let question = format!("Who is `{}`? No contact has that name.", tame(said));
        return Err(Refusal::new(Exit::Question, "clarify.payee", question)
            .help("give the address, or add the contact: `steward contacts add NAME ADDRESS`"));
    };
    if payee.address.is_zero() || payee.address == ask.account {
        let whose = if payee.address.is_zero() { "the zero address" } else { "the account itself" };
        return Err(Refusal::new(
            Exit::RefusedInput,
            "input.payee",
            format!("step {step}: the payee is {whose}"),
        )
        .help("name someone else"));
    }
    Ok(payee)
}

/// 20 bytes of hex. Mixed case must carry the right EIP-55 checksum.
fn address(text: &str) -> Result<Address, Refusal> {
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

/// A spender by address, or the contract of a protocol that takes allowances.
pub(crate) fn spender(said: &str, network: &NetworkInfo, step: usize) -> Result<Address, Refusal> {
    if said.starts_with("0x") || said.starts_with("0X") {
        return address(said);
    }
    let role = match said {
        "uniswap" => "uniswap.swap_router02",
        "aave" => "aave.pool",
        "across" => "across.spoke_pool",
        other => {
            return Err(crate::ground::lacks(step, &format!("revoking an allowance of {}", tame(other))));
        }
    };
    network.role(role).ok_or_else(|| {
        crate::ground::lacks(step, &format!("revoking an allowance of {said} on {}", network.name))
    })
}
