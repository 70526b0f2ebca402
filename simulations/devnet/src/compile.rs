//! Our own contracts, where no package carries a concrete one: compiled at set-up by the pinned solc, which node runs.

use std::{ffi::OsStr, path::Path, process::Stdio, time::Duration};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::{
    artifacts::{Contract, Contracts},
    error::DevnetError,
    npm::{self, Pin},
};

const SCRIPT: &str = include_str!("../contracts/compile.cjs");
const SOURCES: [(&str, &str); 4] = [
    ("DemoGovernor.sol", include_str!("../contracts/DemoGovernor.sol")),
    ("DemoStakedEther.sol", include_str!("../contracts/DemoStakedEther.sol")),
    ("DemoWrappedStakedEther.sol", include_str!("../contracts/DemoWrappedStakedEther.sol")),
    ("VotesToken.sol", include_str!("../contracts/VotesToken.sol")),
];
/// Where the sources import OpenZeppelin's from.
const OPENZEPPELIN: &str = "@openzeppelin/contracts";
/// Of OpenZeppelin's own, what is deployed as it is.
const TIMELOCK: &str = "@openzeppelin/contracts/governance/TimelockController.sol";
/// It takes four seconds where it has a core for itself.
const LIMIT: Duration = Duration::from_secs(180);

/// The packages of the compiler and of the sources that ours import.
#[derive(Debug, Deserialize)]
pub(crate) struct Compiler {
    solc: Package,
    openzeppelin: Package,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    sha512: String,
}

impl Package {
    fn pin(&self) -> Pin<'_> {
        Pin { name: &self.name, version: &self.version, sha512: &self.sha512 }
    }
}

impl Compiler {
    /// Names what the output follows from, in hex.
    pub(crate) fn version(&self) -> String {
        let mut hash = Sha256::new();
        let sources = SOURCES.iter().flat_map(|(path, source)| [*path, *source]);
        for part in [&self.solc.sha512, &self.openzeppelin.sha512, SCRIPT].into_iter().chain(sources) {
            hash.update(Sha256::digest(part));
        }
        hex::encode(hash.finalize()).chars().take(16).collect()
    }

    /// Fetches solc and OpenZeppelin and compiles; `scratch` takes a folder that is gone afterwards.
    pub(crate) async fn compile(&self, npm: &OsStr, scratch: &Path) -> Result<Contracts, DevnetError> {
        let (solc, openzeppelin) = futures::try_join!(
            npm::fetch(npm, scratch, self.solc.pin()),
            npm::fetch(npm, scratch, self.openzeppelin.pin())
        )?;
        let folder = tempfile::tempdir_in(scratch).map_err(DevnetError::file(scratch))?;
        let sources = folder.path().join("sources");
        npm::extract(&self.solc.name, &solc, folder.path(), |path| path == Path::new("soljson.js"))?;
        npm::extract(&self.openzeppelin.name, &openzeppelin, &sources.join(OPENZEPPELIN), |path| {
            path.extension().is_some_and(|extension| extension == "sol")
        })?;
        let script = folder.path().join("compile.cjs");
        std::fs::write(&script, SCRIPT).map_err(DevnetError::file(&script))?;
        for (path, source) in SOURCES {
            let path = sources.join(path);
            std::fs::write(&path, source).map_err(DevnetError::file(&path))?;
        }
        let run = Command::new("node")
            .arg(script)
            .arg(folder.path().join("soljson.js"))
            .arg(&sources)
            .args(SOURCES.map(|(path, _)| path))
            .arg(TIMELOCK)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(LIMIT, run)
            .await
            .map_err(|_| DevnetError::Compile(format!("not done after {} s", LIMIT.as_secs())))?
            .map_err(|error| {
                if error.kind() == std::io::ErrorKind::NotFound {
                    return DevnetError::NoNode;
                }
                DevnetError::Compile(error.to_string())
            })?;
        if !output.status.success() {
            return Err(DevnetError::Compile(npm::tail(&output.stderr)));
        }
        read(&output.stdout)
    }
}

/// The contracts out of solc's standard JSON output, or its first error.
fn read(json: &[u8]) -> Result<Contracts, DevnetError> {
    use std::collections::BTreeMap;
    #[derive(Deserialize)]
    struct Output {
        #[serde(default)]
        errors: Vec<Diagnostic>,
        #[serde(default)]
        contracts: BTreeMap<String, BTreeMap<String, Compiled>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Diagnostic {
        severity: String,
        formatted_message: String,
    }
    #[derive(Deserialize)]
    struct Compiled {
        evm: Code,
    }
    #[derive(Deserialize)]
    struct Code {
        bytecode: Object,
    }
    #[derive(Deserialize)]
    struct Object {
        object: String,
    }
    let failed = |reason: String| DevnetError::Compile(reason);
    let output: Output = serde_json::from_slice(json).map_err(|e| failed(e.to_string()))?;
    if let Some(error) = output.errors.into_iter().find(|error| error.severity == "error") {
        return Err(failed(error.formatted_message));
    }
    let contract = |(name, compiled): (String, Compiled)| {
        let creation =
            hex::decode(compiled.evm.bytecode.object).map_err(|e| failed(format!("{name}: {e}")))?;
        Ok((name, Contract { creation: creation.into(), links: BTreeMap::new() }))
    };
    output.contracts.into_values().flatten().map(contract).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_compiler_is_an_error_and_a_warning_is_not() {
        let output = |severity: &str| {
            let json = format!(
                r#"{{"errors":[{{"severity":"{severity}","formattedMessage":"A.sol:1: no"}}],
                "contracts":{{"A.sol":{{"A":{{"evm":{{"bytecode":{{"object":"6001"}}}}}}}}}}}}"#
            );
            read(json.as_bytes())
        };
        assert_eq!(output("warning").unwrap()["A"].creation.to_vec(), [0x60, 0x01]);
        let error = output("error").unwrap_err();
        assert_eq!(error.code(), "artifact.compile");
        assert!(error.to_string().contains("A.sol:1: no"));
        // A library left unlinked would be placeholders, not hex.
        let unlinked = r#"{"contracts":{"A.sol":{"A":{"evm":{"bytecode":{"object":"60__$ab$__"}}}}}}"#;
        assert_eq!(read(unlinked.as_bytes()).unwrap_err().code(), "artifact.compile");
    }
}
