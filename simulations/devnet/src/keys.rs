//! The throw-away keys of one world.

use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::error::DevnetError;

/// The keys of one world, made at random and never used for another. `Debug` shows addresses only.
#[derive(Debug, Clone)]
pub struct DemoKeys {
    /// Signs the demo's transactions.
    pub wallet: PrivateKeySigner,
    /// Signs approvals and contacts; holds nothing.
    pub approver: PrivateKeySigner,
    /// Fills bridge deposits.
    pub relayer: PrivateKeySigner,
}

/// The file's form: hex, 32 bytes each.
#[derive(Serialize, Deserialize)]
struct KeyFile {
    wallet: B256,
    approver: B256,
    relayer: B256,
}

impl DemoKeys {
    /// New keys from the system's randomness.
    pub fn random() -> Self {
        Self {
            wallet: PrivateKeySigner::random(),
            approver: PrivateKeySigner::random(),
            relayer: PrivateKeySigner::random(),
        }
    }

    /// Writes the keys to `path`, readable by the owner alone.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), DevnetError> {
        let keys = KeyFile {
            wallet: self.wallet.to_bytes(),
            approver: self.approver.to_bytes(),
            relayer: self.relayer.to_bytes(),
        };
        write_private(path, &keys)
    }

    /// Reads what [`DemoKeys::save`] wrote.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn load(path: &Path) -> Result<Self, DevnetError> {
        let bytes = std::fs::read(path).map_err(DevnetError::file(path))?;
        // A parse error may quote the file: it is not passed on.
        let malformed = || DevnetError::Malformed {
            what: path.display().to_string(),
            reason: "not a demo key file".to_owned(),
        };
        let keys: KeyFile = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
        let signer = |key: B256| PrivateKeySigner::from_bytes(&key).map_err(|_| malformed());
        Ok(Self {
            wallet: signer(keys.wallet)?,
            approver: signer(keys.approver)?,
            relayer: signer(keys.relayer)?,
        })
    }
}

/// Writes JSON to a file of mode 0600, whole or not at all.
pub(crate) fn write_private(path: &Path, value: &impl Serialize) -> Result<(), DevnetError> {
    let error = || DevnetError::file(path);
    let partial = path.with_extension("partial");
    let json = serde_json::to_vec_pretty(value).map_err(|e| error()(e.into()))?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)
        .map_err(error())?;
    file.write_all(&json).and_then(|()| file.sync_all()).map_err(error())?;
    std::fs::rename(&partial, path).map_err(error())
}
