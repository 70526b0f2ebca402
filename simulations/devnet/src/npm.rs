//! One pinned npm package: fetched, checked against its sha512, and read as a tar. Nothing of it is ever run by npm.

use std::{
    ffi::OsStr,
    io::Read,
    path::{Component, Path, PathBuf},
    process::Stdio,
};

use sha2::{Digest, Sha512};
use tokio::process::Command;

use crate::error::DevnetError;

/// What a registry must hand out for one name and version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pin<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// Of the tarball, in hex.
    pub(crate) sha512: &'a str,
}

/// Fetches the tarball with the `npm` client and checks its hash.
pub(crate) async fn fetch(npm: &OsStr, scratch: &Path, pin: Pin<'_>) -> Result<Vec<u8>, DevnetError> {
    let package = format!("{}@{}", pin.name, pin.version);
    let folder = tempfile::tempdir_in(scratch).map_err(DevnetError::file(scratch))?;
    let output = Command::new(npm)
        .args(["pack", "--silent", "--ignore-scripts", &package, "--pack-destination"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                return DevnetError::NoNpm;
            }
            DevnetError::Fetch { package: package.clone(), reason: error.to_string() }
        })?;
    if !output.status.success() {
        return Err(DevnetError::Fetch { package, reason: tail(&output.stderr) });
    }
    let tarball = std::fs::read_dir(folder.path())
        .map_err(DevnetError::file(folder.path()))?
        .find_map(|entry| entry.ok().map(|entry| entry.path()))
        .ok_or_else(|| DevnetError::Fetch {
            package: package.clone(),
            reason: "npm wrote no tarball".to_owned(),
        })?;
    let bytes = std::fs::read(&tarball).map_err(DevnetError::file(&tarball))?;
    check(&package, &bytes, pin.sha512)?;
    Ok(bytes)
}

/// Refuses bytes whose sha512 is not the pinned one.
pub(crate) fn check(package: &str, bytes: &[u8], sha512: &str) -> Result<(), DevnetError> {
    let found = hex::encode(Sha512::digest(bytes));
    if found == sha512 {
        return Ok(());
    }
    Err(DevnetError::Damaged { what: package.to_owned(), pinned: sha512.to_owned(), found })
}

/// The named files of a tarball, in the order asked for. Paths are relative to the package's root.
pub(crate) fn unpack(package: &str, tarball: &[u8], paths: &[String]) -> Result<Vec<Vec<u8>>, DevnetError> {
    let malformed = |reason: String| DevnetError::Malformed { what: package.to_owned(), reason };
    let mut found: Vec<Option<Vec<u8>>> = vec![None; paths.len()];
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(tarball));
    for entry in archive.entries().map_err(|e| malformed(e.to_string()))? {
        let mut entry = entry.map_err(|e| malformed(e.to_string()))?;
        let path = entry.path().map_err(|e| malformed(e.to_string()))?;
        let inside: PathBuf = path.components().skip(1).collect();
        let Some(slot) =
            paths.iter().position(|wanted| Path::new(wanted) == inside).and_then(|i| found.get_mut(i))
        else {
            continue;
        };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|e| malformed(e.to_string()))?;
        *slot = Some(bytes);
    }
    paths
        .iter()
        .zip(found)
        .map(|(path, bytes)| bytes.ok_or_else(|| malformed(format!("it has no `{path}`"))))
        .collect()
}

/// Writes the wanted files of a tarball below `folder`, by their paths from the package's root.
pub(crate) fn extract(
    package: &str,
    tarball: &[u8],
    folder: &Path,
    wanted: impl Fn(&Path) -> bool,
) -> Result<(), DevnetError> {
    let malformed = |reason: String| DevnetError::Malformed { what: package.to_owned(), reason };
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(tarball));
    for entry in archive.entries().map_err(|e| malformed(e.to_string()))? {
        let mut entry = entry.map_err(|e| malformed(e.to_string()))?;
        let path = entry.path().map_err(|e| malformed(e.to_string()))?;
        let inside: PathBuf = path.components().skip(1).collect();
        let stays_below = inside.components().all(|part| matches!(part, Component::Normal(_)));
        if !stays_below || !wanted(&inside) {
            continue;
        }
        let target = folder.join(inside);
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|e| malformed(e.to_string()))?;
        std::fs::create_dir_all(target.parent().unwrap_or(folder)).map_err(DevnetError::file(&target))?;
        std::fs::write(&target, bytes).map_err(DevnetError::file(&target))?;
    }
    Ok(())
}

/// The last 400 characters of what a program printed, without control characters.
pub(crate) fn tail(output: &[u8]) -> String {
    let text: String =
        String::from_utf8_lossy(output).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let skip = text.chars().count().saturating_sub(400);
    text.chars().skip(skip).collect::<String>().trim().to_owned()
}
