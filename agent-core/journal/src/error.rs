//! Database and file errors as the port's own, with the codes of `contracts/cli.md`.

use std::io;
use std::path::Path;

use agent_core::ledger::LedgerError;
use sqlx::migrate::MigrateError;

pub(crate) type Result<T> = std::result::Result<T, LedgerError>;

pub(crate) fn io_error(code: &str, message: impl Into<String>) -> LedgerError {
    LedgerError::Io { code: code.to_owned(), message: message.into() }
}

pub(crate) fn damaged(seq: u64, reason: impl Into<String>) -> LedgerError {
    LedgerError::Damaged { seq, reason: reason.into() }
}

/// By SQLite's primary result code (<https://www.sqlite.org/rescode.html>).
pub(crate) fn database(error: sqlx::Error) -> LedgerError {
    let code = error.as_database_error().and_then(|inner| inner.code()?.parse::<i32>().ok());
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => locked(),
        Some(8) => io_error("io.read_only", "the journal cannot be written: its file or folder is read-only"),
        Some(13) => io_error("io.disk_full", "the journal cannot be written: the disk is full"),
        Some(11 | 26) => damaged(0, "the file is no intact SQLite database"),
        Some(_) | None => other(error),
    }
}

fn other(error: sqlx::Error) -> LedgerError {
    let text = format!("the journal: {error}");
    if matches!(error, sqlx::Error::PoolTimedOut) {
        locked()
    } else if matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) {
        damaged(0, text)
    } else {
        io_error("io.failed", text)
    }
}

pub(crate) fn locked() -> LedgerError {
    io_error("io.locked", "the journal is locked by another process")
}

pub(crate) fn migration(error: MigrateError) -> LedgerError {
    if let MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) = error {
        return database(inner);
    }
    io_error("journal.version", format!("the journal's tables are not this version's: {error}"))
}

pub(crate) fn file(path: &Path, error: &io::Error) -> LedgerError {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let code = if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) {
        "io.read_only"
    } else if matches!(error.kind(), StorageFull | QuotaExceeded) {
        "io.disk_full"
    } else {
        "io.failed"
    };
    io_error(code, format!("{}: {error}", path.display()))
}
