//! The bytecode and the anvil that the world is made of: from pinned npm packages into a compact cache.
//!
//! `pins.json` lists the packages with the sha512 of their tarballs. What is needed of them is kept in
//! `CACHE/devnet`, each file beside its sha256: a damaged cache file is noticed and fetched again, a damaged tarball
//! is an error.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::File,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use alloy_primitives::Bytes;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use crate::progress::Progress;
use crate::{
    compile::Compiler,
    error::DevnetError,
    npm::{self, Pin},
    progress::Display,
};

const PINS: &str = include_str!("../pins.json");
/// npm processes at a time.
const PARALLEL: usize = 4;

#[derive(Deserialize)]
struct Pins {
    packages: Vec<Package>,
    compiler: Compiler,
    anvil: Anvil,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    sha512: String,
    /// Goes before the contracts' names, where two packages have contracts of the same name.
    #[serde(default)]
    prefix: String,
    contracts: Vec<String>,
}

#[derive(Deserialize)]
struct Anvil {
    version: String,
    /// `os-arch` to the sha512 of its tarball.
    platforms: BTreeMap<String, String>,
}

/// Contracts by name.
pub(crate) type Contracts = BTreeMap<String, Contract>;

/// Creation bytecode by contract name, and the anvil program.
#[derive(Debug, Clone)]
pub struct Artifacts {
    contracts: Contracts,
    anvil: PathBuf,
}

/// One contract before its constructor has run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Contract {
    /// Creation bytecode; zeros where a library's address belongs.
    pub(crate) creation: Bytes,
    /// Library name to the offsets of its address, in bytes.
    pub(crate) links: BTreeMap<String, Vec<usize>>,
}

impl Artifacts {
    /// The contract of this name.
    pub(crate) fn contract(&self, name: &str) -> Result<&Contract, DevnetError> {
        self.contracts.get(name).ok_or_else(|| DevnetError::Malformed {
            what: name.to_owned(),
            reason: "no pinned package holds this contract".to_owned(),
        })
    }

    /// The anvil program.
    pub(crate) fn anvil(&self) -> &Path {
        &self.anvil
    }
}

/// Takes the artifacts from the cache below `cache_dir`, and from npm what is missing or damaged there.
///
/// # Errors
/// npm is missing or fails, a tarball's hash is not the pinned one, or the cache cannot be written.
pub async fn fetch(cache_dir: &Path, progress: Progress) -> Result<Artifacts, DevnetError> {
    fetch_with(OsStr::new("npm"), cache_dir, progress).await
}

/// As [`fetch`], with another npm program.
///
/// # Errors
/// As [`fetch`].
pub async fn fetch_with(npm: &OsStr, cache_dir: &Path, progress: Progress) -> Result<Artifacts, DevnetError> {
    let pins: Pins = serde_json::from_str(PINS)
        .map_err(|e| DevnetError::Malformed { what: "pins.json".to_owned(), reason: e.to_string() })?;
    let folder = cache_dir.join("devnet");
    std::fs::create_dir_all(&folder).map_err(DevnetError::file(&folder))?;
    let _lock = lock(folder.join("lock")).await?;
    let store = Store { npm, folder: &folder };

    let version: String = hex::encode(Sha256::digest(PINS)).chars().take(16).collect();
    let contracts_path = folder.join(format!("contracts-{version}.json"));
    let cached = read_contracts(&contracts_path);
    let compiled_path = folder.join(format!("compiled-{}.json", pins.compiler.version()));
    let cached_compiled = read_contracts(&compiled_path);
    let anvil = store.anvil_path(&pins.anvil)?;
    let anvil_is_cached = read_checked(&anvil.path).is_some();

    let steps = if cached.is_some() { 0 } else { pins.packages.len() };
    let steps = steps.saturating_add(usize::from(cached_compiled.is_none()));
    let steps = steps.saturating_add(usize::from(!anvil_is_cached));
    let display = Display::start(progress, u64::try_from(steps).unwrap_or(u64::MAX));
    let contracts = async {
        match cached {
            Some(contracts) => Ok(contracts),
            None => store.contracts(&pins.packages, &contracts_path, &display).await,
        }
    };
    let compiled = async {
        match cached_compiled {
            Some(contracts) => Ok(contracts),
            None => store.compiled(&pins.compiler, &compiled_path, &display).await,
        }
    };
    let program = async {
        if anvil_is_cached { Ok(()) } else { store.anvil(&anvil, &pins.anvil.version, &display).await }
    };
    let (mut contracts, compiled, ()) = futures::try_join!(contracts, compiled, program)?;
    contracts.extend(compiled);
    Ok(Artifacts { contracts, anvil: anvil.path })
}

/// Where an anvil lies and where it comes from.
struct AnvilFile {
    path: PathBuf,
    package: String,
    sha512: String,
}

struct Store<'a> {
    npm: &'a OsStr,
    folder: &'a Path,
}

impl Store<'_> {
    /// Every pinned contract, written to the cache.
    async fn contracts(
        &self,
        packages: &[Package],
        path: &Path,
        display: &Display,
    ) -> Result<Contracts, DevnetError> {
        let mut fetching = Vec::new();
        for package in packages {
            fetching.push(self.package(package, display));
        }
        let all: Vec<Vec<(String, Contract)>> =
            futures::stream::iter(fetching).buffer_unordered(PARALLEL).try_collect().await?;
        let contracts: Contracts = all.into_iter().flatten().collect();
        write_contracts(path, &contracts)?;
        Ok(contracts)
    }

    /// Our own contracts, compiled and written to the cache.
    async fn compiled(
        &self,
        compiler: &Compiler,
        path: &Path,
        display: &Display,
    ) -> Result<Contracts, DevnetError> {
        let contracts = compiler.compile(self.npm, self.folder).await?;
        write_contracts(path, &contracts)?;
        display.done("the compiler, and what it made");
        Ok(contracts)
    }

    async fn package(
        &self,
        package: &Package,
        display: &Display,
    ) -> Result<Vec<(String, Contract)>, DevnetError> {
        let pin = Pin { name: &package.name, version: &package.version, sha512: &package.sha512 };
        let tarball = npm::fetch(self.npm, self.folder, pin).await?;
        let files = npm::unpack(&package.name, &tarball, &package.contracts)?;
        display.done(&package.name);
        let named = package.contracts.iter().zip(files).map(|(path, json)| {
            let (name, contract) = contract(path, &json)?;
            Ok((format!("{}{name}", package.prefix), contract))
        });
        named.collect()
    }

    fn anvil_path(&self, anvil: &Anvil) -> Result<AnvilFile, DevnetError> {
        let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let platform = format!("{os}-{arch}");
        let sha512 = anvil.platforms.get(&platform).ok_or_else(|| DevnetError::Platform(platform.clone()))?;
        Ok(AnvilFile {
            path: self.folder.join(format!("anvil-{}-{platform}", anvil.version)),
            package: format!("@foundry-rs/anvil-{platform}"),
            sha512: sha512.clone(),
        })
    }

    /// The anvil program, written to the cache.
    async fn anvil(&self, anvil: &AnvilFile, version: &str, display: &Display) -> Result<(), DevnetError> {
        let pin = Pin { name: &anvil.package, version, sha512: &anvil.sha512 };
        let tarball = npm::fetch(self.npm, self.folder, pin).await?;
        for program in npm::unpack(&anvil.package, &tarball, &["bin/anvil".to_owned()])? {
            write_checked(&anvil.path, &program)?;
        }
        display.done(&anvil.package);
        Ok(())
    }
}

/// Creation bytecode and link offsets out of a compiler's artifact (Truffle, Hardhat or Foundry).
fn contract(path: &str, json: &[u8]) -> Result<(String, Contract), DevnetError> {
    type Links = BTreeMap<String, BTreeMap<String, Vec<Link>>>;
    #[derive(Deserialize)]
    struct Link {
        start: usize,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Code {
        Hex(String),
        Foundry { object: String },
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Artifact {
        bytecode: Code,
        #[serde(default)]
        link_references: Links,
    }
    let malformed = |reason: String| DevnetError::Malformed { what: path.to_owned(), reason };
    let name = Path::new(path).file_stem().and_then(OsStr::to_str).unwrap_or(path).to_owned();
    if Path::new(path).extension() == Some(OsStr::new("sol")) {
        let creation =
            creation_in_source(json).ok_or_else(|| malformed("it holds no bytecode".to_owned()))?;
        return Ok((name, Contract { creation, links: BTreeMap::new() }));
    }
    let artifact: Artifact = serde_json::from_slice(json).map_err(|e| malformed(e.to_string()))?;
    let (Code::Hex(text) | Code::Foundry { object: text }) = artifact.bytecode;
    // An unlinked library shows as `__$…$__`: the address is written there at deployment.
    let digits: String =
        text.trim_start_matches("0x").chars().map(|c| if c.is_ascii_hexdigit() { c } else { '0' }).collect();
    let creation = hex::decode(digits).map_err(|e| malformed(e.to_string()))?;
    let links = artifact
        .link_references
        .into_values()
        .flatten()
        .map(|(library, places)| (library, places.into_iter().map(|link| link.start).collect()))
        .collect();
    Ok((name, Contract { creation: creation.into(), links }))
}

/// Permit2's runtime bytecode is published inside a Solidity source, as a `hex"…"`: here behind a few instructions that
/// return it, as creation code does.
fn creation_in_source(source: &[u8]) -> Option<Bytes> {
    let (_, after) = std::str::from_utf8(source).ok()?.split_once("hex\"")?;
    let (digits, _) = after.split_once('"')?;
    let runtime = hex::decode(digits).ok()?;
    let [high, low] = u16::try_from(runtime.len()).ok()?.to_be_bytes();
    // PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN.
    let mut creation = vec![0x61, high, low, 0x80, 0x60, 0x0a, 0x3d, 0x39, 0x3d, 0xf3];
    creation.extend(runtime);
    Some(creation.into())
}

/// The contracts in a cache file, if it is there and whole.
fn read_contracts(path: &Path) -> Option<Contracts> {
    serde_json::from_slice(&read_checked(path)?).ok()
}

fn write_contracts(path: &Path, contracts: &Contracts) -> Result<(), DevnetError> {
    let json = serde_json::to_vec(contracts)
        .map_err(|e| DevnetError::Malformed { what: "contracts".to_owned(), reason: e.to_string() })?;
    write_checked(path, &json)
}

/// The file's bytes, if it is there and whole.
fn read_checked(path: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(path).ok()?;
    let hash = std::fs::read_to_string(hash_path(path)).ok()?;
    (hash.trim() == hex::encode(Sha256::digest(&bytes))).then_some(bytes)
}

/// Writes an executable-or-data file and its hash, each whole or not at all.
fn write_checked(path: &Path, bytes: &[u8]) -> Result<(), DevnetError> {
    let write = |path: &Path, bytes: &[u8]| {
        let partial = path.with_extension("partial");
        std::fs::write(&partial, bytes)?;
        std::fs::set_permissions(&partial, std::fs::Permissions::from_mode(0o755))?;
        std::fs::rename(&partial, path)
    };
    write(path, bytes).map_err(DevnetError::file(path))?;
    write(&hash_path(path), hex::encode(Sha256::digest(bytes)).as_bytes()).map_err(DevnetError::file(path))
}

fn hash_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sha256");
    name.into()
}

/// Waits until no other process fills the same cache.
async fn lock(path: PathBuf) -> Result<File, DevnetError> {
    let shown = path.clone();
    tokio::task::spawn_blocking(move || {
        let file = File::create(&path)?;
        file.lock()?;
        Ok(file)
    })
    .await
    .unwrap_or_else(|e| Err(std::io::Error::other(e)))
    .map_err(DevnetError::file(&shown))
}
