//! Damage and absence are noticed, and named.

use std::{ffi::OsStr, os::unix::fs::PermissionsExt, path::Path};

use devnet::{DevnetError, Progress, artifacts};

use super::cache_dir;

const NOWHERE: &str = "/nonexistent/npm";

/// A cache of its own, filled from the program's.
async fn copied_cache() -> tempfile::TempDir {
    artifacts::fetch(&cache_dir(), Progress::Silent).await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    let folder = copy.path().join("devnet");
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(cache_dir().join("devnet")).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
    copy
}

fn code(result: Result<devnet::Artifacts, DevnetError>) -> &'static str {
    result.err().map_or("none", |error| error.code())
}

async fn fetch(npm: &str, cache: &Path) -> &'static str {
    code(artifacts::fetch_with(OsStr::new(npm), cache, Progress::Silent).await)
}

/// Changes one byte in the middle of each file of this kind: a cache keeps those of older versions.
fn damage(cache: &Path, prefix: &str) {
    for entry in std::fs::read_dir(cache.join("devnet")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with(prefix) || name.ends_with(".sha256") {
            continue;
        }
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
}

#[tokio::test]
async fn a_whole_cache_needs_no_npm_and_a_damaged_one_is_fetched_again() {
    let cache = copied_cache().await;
    assert_eq!(fetch(NOWHERE, cache.path()).await, "none");
    for file in ["contracts-", "compiled-", "anvil-"] {
        let cache = copied_cache().await;
        damage(cache.path(), file);
        assert_eq!(fetch(NOWHERE, cache.path()).await, "artifact.no_npm", "{file}");
    }
}

/// An npm that does what the shell line says; `$FOLDER` is where the tarball belongs.
fn false_npm(folder: &Path, line: &str) -> String {
    let path = folder.join("npm");
    std::fs::write(&path, format!("#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\nFOLDER=$1\n{line}\n"))
        .unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_npm_hands_out_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    for (line, expected) in [
        ("echo not the package > $FOLDER/x.tgz", "artifact.damaged"),
        ("true", "artifact.fetch"),
        ("echo no such host >&2; exit 1", "artifact.fetch"),
    ] {
        let npm = false_npm(folder.path(), line);
        assert_eq!(fetch(&npm, folder.path()).await, expected, "{line}");
    }
    assert_eq!(fetch(NOWHERE, folder.path()).await, "artifact.no_npm");
}
