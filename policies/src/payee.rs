//! Who is paid: known, new, or somebody who made an address that looks like a known one.

use agent_core::Action;
use agent_core::ports::PolicyRequest;
use alloy_primitives::Address;

/// Hex characters at each end by which people recognise an address, and by which it is imitated.
const SEEN_HEX: usize = 4;

/// Facts over all payees of a step: the worst of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PayeeFacts {
    pub(crate) own: bool,
    pub(crate) known: bool,
    pub(crate) first_payment: bool,
    pub(crate) resembles: bool,
    pub(crate) is_contract: bool,
}

/// Everybody who receives value, or votes: by the action, by what was compiled, and by what the simulation saw arrive.
pub(crate) fn payees(request: &PolicyRequest<'_>) -> Vec<Address> {
    let mut payees = request.compiled.payees.clone();
    if let Action::Transfer { to, .. } | Action::Delegate { to, .. } = &request.step.action {
        payees.push(*to);
    }
    let gained = request.simulation.changes.iter().filter(|change| !change.amount.negative);
    payees.extend(gained.map(|change| change.account).filter(|account| *account != request.account));
    payees.sort();
    payees.dedup();
    payees
}

pub(crate) fn facts(request: &PolicyRequest<'_>, chain_id: u64) -> PayeeFacts {
    let payees = payees(request);
    let contact = |payee: &Address| request.contacts.iter().find(|contact| contact.address == *payee);
    let known = |payee: &Address| contact(payee).is_some();
    let first = |payee: &Address| {
        contact(payee).is_some_and(|contact| !contact.paid_before) && !request.paid.contains(payee)
    };
    let mut familiar: Vec<Address> = request.contacts.iter().map(|contact| contact.address).collect();
    familiar.extend(request.paid);
    familiar.push(request.account);
    let contracts = request.registry.network(chain_id).map(|network| &network.contracts);
    let lost =
        |payee: &Address| payee.is_zero() || contracts.is_none_or(|contracts| contracts.contains_key(payee));
    PayeeFacts {
        own: payees.iter().all(|payee| *payee == request.account),
        known: payees.iter().all(|payee| known(payee) || *payee == request.account),
        first_payment: payees.iter().any(first),
        resembles: payees.iter().any(|payee| imitates(payee, &familiar)),
        is_contract: payees.iter().any(lost),
    }
}

/// Not a familiar address, but it begins and ends like one.
fn imitates(payee: &Address, familiar: &[Address]) -> bool {
    !familiar.contains(payee) && familiar.iter().any(|known| ends(known) == ends(payee))
}

/// The first and last hex characters, in one case.
fn ends(address: &Address) -> (String, String) {
    let hex: Vec<char> = format!("{address:x}").trim_start_matches("0x").chars().collect();
    let first = hex.iter().take(SEEN_HEX).collect();
    let last = hex.iter().rev().take(SEEN_HEX).collect();
    (first, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imitation_begins_and_ends_alike_and_is_another_address() {
        let known: Address = "0xabcd000000000000000000000000000000001234".parse().unwrap();
        let imitation: Address = "0xABCD111111111111111111111111111111111234".parse().unwrap();
        let half: Address = "0xabcd111111111111111111111111111111111235".parse().unwrap();
        let zeros: Address = "0x0bcd000000000000000000000000000000001234".parse().unwrap();
        assert!(imitates(&imitation, &[known]));
        assert!(!imitates(&half, &[known]));
        assert!(!imitates(&zeros, &[known]));
        assert!(!imitates(&known, &[known, imitation]));
    }
}
