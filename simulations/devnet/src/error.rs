//! What can go wrong while the demo world is built or kept.

use std::path::{Path, PathBuf};

/// An error of the demo world; [`DevnetError::code`] is what scripts rely on.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// `npm` could not be started.
    #[error(
        "`npm` is not on the PATH: the demo world's contracts and anvil come from npm; install Node.js 18 or newer"
    )]
    NoNpm,
    /// `node` could not be started.
    #[error(
        "`node` is not on the PATH: it runs the Solidity compiler that the demo world's own contracts need; \
         install Node.js 18 or newer"
    )]
    NoNode,
    /// The demo world's own contracts did not compile.
    #[error("the demo world's own contracts did not compile: {0}")]
    Compile(String),
    /// npm ran and failed.
    #[error(
        "npm could not fetch `{package}`: {reason}; check that the package registry is reachable and try again"
    )]
    Fetch {
        /// Name and version.
        package: String,
        /// The end of what npm printed.
        reason: String,
    },
    /// Bytes that are not those that were pinned.
    #[error("`{what}` is damaged: its hash is {found}, pinned is {pinned}; nothing of it was used")]
    Damaged {
        /// The package, or the file.
        what: String,
        /// The hash that is expected, in hex.
        pinned: String,
        /// The hash found, in hex.
        found: String,
    },
    /// A package holds something else than expected.
    #[error("`{what}` cannot be read: {reason}")]
    Malformed {
        /// The package or the file.
        what: String,
        /// Why.
        reason: String,
    },
    /// There is no anvil for this machine.
    #[error("there is no anvil for {0}: the demo world runs on Linux and macOS, on amd64 and arm64")]
    Platform(String),
    /// A transaction of the deployment did not succeed.
    #[error("the demo world could not be built: {step} failed: {reason}")]
    Deploy {
        /// The call or the contract.
        step: String,
        /// Revert data, or what revm said.
        reason: String,
    },
    /// The node's state is not the one that was computed.
    #[error("chain {chain_id} does not hold the state that was built: {what}")]
    Differs {
        /// EIP-155.
        chain_id: u64,
        /// The first difference.
        what: String,
    },
    /// A node did not start or does not answer.
    #[error("the node of chain {chain_id} does not answer: {reason}")]
    Node {
        /// EIP-155.
        chain_id: u64,
        /// Why.
        reason: String,
    },
    /// The detached process did not come up.
    #[error("the demo world did not start: {0}")]
    Supervisor(String),
    /// Another supervisor holds the world's lock.
    #[error("another process keeps the demo world in `{0}`")]
    Busy(PathBuf),
    /// A file could not be read or written.
    #[error("`{path}`: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl DevnetError {
    /// The code printed in `errors[].code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoNpm => "artifact.no_npm",
            Self::NoNode => "artifact.no_node",
            Self::Compile(_) => "artifact.compile",
            Self::Fetch { .. } => "artifact.fetch",
            Self::Damaged { .. } => "artifact.damaged",
            Self::Malformed { .. } => "artifact.malformed",
            Self::Platform(_) => "artifact.platform",
            Self::Deploy { .. } => "devnet.deploy",
            Self::Differs { .. } => "devnet.differs",
            Self::Node { .. } => "rpc.unreachable",
            Self::Supervisor(_) => "devnet.start",
            Self::Busy(_) => "devnet.busy",
            Self::File { .. } => "io.file",
        }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { path, source }
    }
}
