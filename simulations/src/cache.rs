//! Files that only save time: contracts' code by its hash, and the way that all such files are read and written.

use std::io::Read;
use std::path::{Path, PathBuf};

use alloy_primitives::{B256, Bytes, keccak256};

/// Of one contract; networks allow less (EIP-170: 24,576).
const MOST_BYTES: u64 = 1 << 17;
/// Contracts that are kept.
const MOST_FILES: usize = 4_096;

/// A file of at most `most` bytes.
pub(crate) fn read(file: &Path, most: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file).ok()?.take(most.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    u64::try_from(bytes.len()).is_ok_and(|length| length <= most).then_some(bytes)
}

/// Replaces a file as a whole: a reader sees the old or the new one.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    let new = file.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&new, bytes)?;
    std::fs::rename(new, file)
}

/// Contracts' code by its hash. A file that is not what its name says is as if it were missing.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    folder: Option<PathBuf>,
}

impl Codes {
    pub(crate) fn of(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    pub(crate) fn get(&self, hash: B256) -> Option<Bytes> {
        let code = read(&self.folder.as_ref()?.join(hash.to_string()), MOST_BYTES)?;
        (keccak256(&code) == hash).then(|| code.into())
    }

    /// A failure only costs time later.
    pub(crate) fn keep(&self, hash: B256, code: &[u8]) {
        let Some(folder) = &self.folder else { return };
        let kept = std::fs::read_dir(folder).map_or(0, Iterator::count);
        if kept < MOST_FILES {
            let _ = write(&folder.join(hash.to_string()), code);
        }
    }
}
