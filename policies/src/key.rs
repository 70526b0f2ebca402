//! An approver's key. It lives as long as one signature needs it, and is wiped then.

use std::fmt;

use agent_core::{Approval, Contact, Exit, Refusal};
use alloy_primitives::{Address, B256, Bytes, Signature};
use k256::ecdsa::SigningKey;

use crate::approval::{approval_hash, contact_hash};

/// The private key of an approver, who need not hold the agent's.
pub struct ApproverKey {
    key: SigningKey,
}

impl fmt::Debug for ApproverKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApproverKey({})", self.address())
    }
}

impl ApproverKey {
    /// 32 bytes, big-endian. Error: `approval.bad_key`.
    pub fn from_bytes(secret: &[u8; 32]) -> Result<Self, Refusal> {
        let key = SigningKey::from_bytes(secret.into()).map_err(|_| {
            Refusal::new(Exit::Usage, "approval.bad_key", "these 32 bytes are no secp256k1 private key")
        })?;
        Ok(Self { key })
    }

    pub fn address(&self) -> Address {
        Address::from_private_key(&self.key)
    }

    /// Signs a yes, or a no where `approved` is false. Approver and signature are filled in.
    pub fn approve(&self, unsigned: Approval) -> Result<Approval, Refusal> {
        let signature = self.sign(approval_hash(&unsigned)?)?;
        Ok(Approval { approver: self.address(), signature, ..unsigned })
    }

    /// Signs a contact. Approver and signature are filled in.
    pub fn contact(&self, unsigned: Contact) -> Result<Contact, Refusal> {
        let signature = self.sign(contact_hash(&unsigned))?;
        Ok(Contact { approver: self.address(), signature, ..unsigned })
    }

    fn sign(&self, hash: B256) -> Result<Bytes, Refusal> {
        let (signature, recovery) = self.key.sign_prehash_recoverable(hash.as_slice()).map_err(|error| {
            Refusal::new(Exit::Error, "approval.signing", format!("the key could not sign: {error}"))
        })?;
        Ok(Signature::from((signature, recovery)).as_bytes().into())
    }
}
