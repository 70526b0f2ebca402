//! The chat's own files, readable by their owner only: a session's transcript and the input history, a JSON value a
//! line. They are memory for a person; nothing is decided by them.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::history;
use super::row::Row;

/// So many entries of a session are shown again.
const RESTORED: usize = 2_000;
/// A larger file is not ours.
const BYTES_MAX: u64 = 64 << 20;
/// So many exports of one session are told apart by their number.
const EXPORTS_MAX: u32 = 1_000;

#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
}

impl Store {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn history_file(&self) -> PathBuf {
        self.folder.join("history.jsonl")
    }

    fn session_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("session-{name}.jsonl"))
    }

    /// What was typed before, oldest first; nothing where it cannot be read.
    pub(crate) fn history(&self) -> Vec<String> {
        read(&self.history_file(), history::KEPT).unwrap_or_default()
    }

    pub(crate) fn remember(&self, line: &str) -> Result<(), String> {
        append(&self.history_file(), &serde_json::to_string(line).unwrap_or_default())
    }

    /// A session's last entries; none of a new one.
    pub(crate) fn session(&self, name: &str) -> Result<Vec<Vec<Row>>, String> {
        let entries: Vec<Vec<Row>> = read(&self.session_file(name), RESTORED)?;
        Ok(entries.into_iter().map(|rows| rows.into_iter().map(Row::restored).collect()).collect())
    }

    pub(crate) fn keep(&self, name: &str, rows: &[Row]) -> Result<(), String> {
        append(&self.session_file(name), &serde_json::to_string(rows).unwrap_or_default())
    }
}

/// The last values of a file; lines that are none are passed over. A file that has outgrown them is cut to them.
fn read<T: DeserializeOwned>(path: &Path, most: usize) -> Result<Vec<T>, String> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    if file.metadata().map_err(failed)?.len() > BYTES_MAX {
        return Err(format!("{} is larger than a session gets: move it away", path.display()));
    }
    let mut bytes = Vec::new();
    file.take(BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let older = lines.len().saturating_sub(most);
    if older > most {
        let rest: String = lines.iter().skip(older).flat_map(|line| [line, "\n"]).collect();
        let cut = path.with_extension("cut");
        let _ = std::fs::remove_file(&cut);
        append(&cut, rest.trim_end())?;
        std::fs::rename(&cut, path).map_err(failed)?;
    }
    Ok(lines.into_iter().skip(older).filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn append(path: &Path, line: &str) -> Result<(), String> {
    let written = private()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    written.map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// A new file; one that is there is never written over.
pub(crate) fn export(folder: &Path, stem: &str, extension: &str, text: &str) -> Result<PathBuf, String> {
    for number in 1..=EXPORTS_MAX {
        let path = folder.join(format!("{stem}-{number}.{extension}"));
        match private().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(text.as_bytes());
                return match written {
                    Ok(()) => Ok(path),
                    Err(error) => Err(format!("{} is not complete: {error}", path.display())),
                };
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("{} cannot be written: {error}", path.display())),
        }
    }
    Err(format!("there are {EXPORTS_MAX} exports named {stem} here already: move some away"))
}
