//! What an approver signs ([EIP-712](https://eips.ethereum.org/EIPS/eip-712)): a plan's hash with its bounds, or a
//! contact. The approver's key is never the agent's.

use std::borrow::Cow;

use agent_core::{Amount, Approval, Contact, Exit, Refusal};
use alloy_primitives::{Address, B256, Bytes, Signature, U256};
use alloy_sol_types::{Eip712Domain, SolStruct};

mod typed {
    alloy_sol_types::sol! {
        #[derive(Debug)]
        struct Amount { string asset; uint256 raw; }
        #[derive(Debug)]
        struct Network { uint256 chainId; bytes32 genesis; }
        #[derive(Debug)]
        struct Approval {
            string planId;
            bytes32 planHash;
            bool approved;
            Amount[] mostIn;
            Amount[] leastOut;
            address[] payees;
            address[] contracts;
            Network[] networks;
            Amount[] feesMost;
            uint256 expiresAt;
            uint256 signedAt;
        }
        #[derive(Debug)]
        struct Contact { string name; address account; bool paidBefore; uint256 addedAt; }
    }
}

fn domain(chain_id: Option<u64>, genesis: Option<B256>) -> Eip712Domain {
    let (name, version) = (Cow::Borrowed("Steward"), Cow::Borrowed("1"));
    Eip712Domain::new(Some(name), Some(version), chain_id.map(U256::from), None, genesis)
}

/// The hash that an approval's signature is over. The domain is the plan's first network: its chain id, and its
/// genesis as the salt, so that a yes for an emulated chain is none for the real one.
pub(crate) fn approval_hash(approval: &Approval) -> Result<B256, Refusal> {
    let bounds = &approval.bounds;
    let first = bounds.networks.first().ok_or_else(|| refuse("its bounds name no network"))?;
    let amounts = |all: &[Amount]| {
        let typed = |amount: &Amount| typed::Amount { asset: amount.asset().caip19(), raw: amount.raw() };
        all.iter().map(typed).collect::<Vec<_>>()
    };
    let network = |network: &agent_core::NetworkId| typed::Network {
        chainId: U256::from(network.chain_id),
        genesis: network.genesis,
    };
    let typed = typed::Approval {
        planId: approval.plan_id.clone(),
        planHash: approval.plan_hash,
        approved: approval.approved,
        mostIn: amounts(&bounds.most_in),
        leastOut: amounts(&bounds.least_out),
        payees: bounds.payees.clone(),
        contracts: bounds.contracts.clone(),
        networks: bounds.networks.iter().map(network).collect(),
        feesMost: amounts(&bounds.fees_most),
        expiresAt: U256::from(bounds.expires_at),
        signedAt: U256::from(approval.signed_at),
    };
    Ok(typed.eip712_signing_hash(&domain(Some(first.chain_id), Some(first.genesis))))
}

/// A contact is a person, not of one network.
pub(crate) fn contact_hash(contact: &Contact) -> B256 {
    let typed = typed::Contact {
        name: contact.name.clone(),
        account: contact.address,
        paidBefore: contact.paid_before,
        addedAt: U256::from(contact.added_at),
    };
    typed.eip712_signing_hash(&domain(None, None))
}

pub(crate) fn verify(approval: &Approval, approvers: &[Address], agent: Address) -> Result<(), Refusal> {
    if approval.approver == agent {
        return Err(refuse("the agent's own key approves nothing"));
    }
    let hash = approval_hash(approval)?;
    signed_by(&approval.signature, hash, approval.approver, approvers).map_err(refuse)
}

pub(crate) fn verify_contact(contact: &Contact, approvers: &[Address]) -> Result<(), Refusal> {
    signed_by(&contact.signature, contact_hash(contact), contact.approver, approvers).map_err(|why| {
        let name = agent_core::tame(&contact.name);
        Refusal::new(Exit::Denied, "contacts.signature", format!("contact `{name}` does not count: {why}"))
            .help("`steward contacts add` signs a contact with the approver's key")
    })
}

fn signed_by(
    signature: &Bytes,
    hash: B256,
    approver: Address,
    approvers: &[Address],
) -> Result<(), &'static str> {
    if !approvers.contains(&approver) {
        return Err("its signer is not a configured approver");
    }
    let signature = Signature::from_raw(signature).map_err(|_| "its signature is malformed")?;
    if signature.normalize_s().is_some() {
        return Err("its signature is malleable (a high s)");
    }
    match signature.recover_address_from_prehash(&hash) {
        Ok(signer) if signer == approver => Ok(()),
        Ok(_) | Err(_) => Err("its signature is not by this approver over exactly this"),
    }
}

fn refuse(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(Exit::Denied, "approval.invalid", format!("the approval does not count: {why}"))
        .help("`steward approvals approve` signs the plan as it was shown, with an approver's key")
}
