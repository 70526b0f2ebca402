//! Opening: the file and its mode, the settings that durability rests on, the world, the chain's newest rows.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agent_core::ledger::LedgerError;
use agent_core::ports::Clock;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool, Transaction};

use crate::error::{self, Result};
use crate::{chain, verify};

/// How long a write waits for another process's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(3);

/// One agent's journal in one SQLite file.
#[derive(Debug)]
pub struct SqliteJournal {
    pub(crate) pool: SqlitePool,
    pub(crate) agent: String,
    /// What stands before the chain's first row.
    pub(crate) genesis: String,
    pub(crate) clock: Arc<dyn Clock>,
    path: PathBuf,
}

/// While it lives no other process executes with this journal; it ends with the process, however that ends.
#[derive(Debug)]
pub struct ExecutorLock {
    _file: File,
}

impl SqliteJournal {
    /// Opens the journal of `agent` (its account and world) at `path`, or makes it, readable by its owner only.
    /// `belongs_to` names the world (the genesis hashes of its networks); a file belongs to one for ever.
    ///
    /// Errors: `io.locked`, `io.read_only`, `io.disk_full`, `io.failed`, `journal.other_world`, `journal.version`, or
    /// [`LedgerError::Damaged`] when the chain's newest rows do not hold ([`agent_core::ledger::Ledger::verify`]
    /// checks all of them).
    pub async fn open(path: &Path, agent: &str, belongs_to: &str, clock: Arc<dyn Clock>) -> Result<Self> {
        private_file(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(|connection, _| Box::pin(assert_durable(connection)))
            // SQLite rolls back by itself when the disk is full, and sqlx then counts on a transaction that is gone.
            .after_release(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_with(options)
            .await
            .map_err(error::database)?;
        sqlx::migrate!("./migrations").run(&pool).await.map_err(error::migration)?;
        let genesis = chain::genesis(agent, belongs_to);
        let journal = Self { pool, agent: agent.to_owned(), genesis, clock, path: path.to_owned() };
        journal.begin_chain(belongs_to).await?;
        verify::tail(&journal).await?;
        Ok(journal)
    }

    async fn begin_chain(&self, belongs_to: &str) -> Result<()> {
        let mut tx = self.write().await?;
        let other: Option<(String,)> =
            sqlx::query_as("SELECT belongs_to FROM chains WHERE belongs_to <> $1 LIMIT 1")
                .bind(belongs_to)
                .fetch_optional(&mut *tx)
                .await
                .map_err(error::database)?;
        if let Some((other,)) = other {
            let message = format!("this journal belongs to the world {other}, not to {belongs_to}");
            return Err(error::io_error("journal.other_world", message));
        }
        let sql =
            "INSERT INTO chains (agent, belongs_to, seq, hash) VALUES ($1, $2, 0, $3) ON CONFLICT DO NOTHING";
        let insert = sqlx::query(sql).bind(&self.agent).bind(belongs_to).bind(&self.genesis);
        insert.execute(&mut *tx).await.map_err(error::database)?;
        tx.commit().await.map_err(error::database)
    }

    /// A transaction that holds the file's write lock from its start: what it reads stays true until it commits.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, sqlx::Sqlite>> {
        self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(error::database)
    }

    /// Two processes must never execute at once; the second gets `io.locked`.
    pub fn lock_executor(&self) -> Result<ExecutorLock> {
        let mut path = self.path.clone().into_os_string();
        path.push(".executor");
        let path = PathBuf::from(path);
        let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = open.map_err(|error| error::file(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(ExecutorLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(error::io_error(
                "io.locked",
                "another process executes with this journal, and only one may at a time",
            )),
            Err(TryLockError::Error(error)) => Err(error::file(&path, &error)),
        }
    }
}

/// Makes the file with mode 0600, or narrows the mode that it has. SQLite gives its side files the same mode.
fn private_file(path: &Path) -> Result<()> {
    let failed = |error: std::io::Error| error::file(path, &error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for place in [folder, path] {
        // Asked by the mode, so that it holds for root, too.
        let read_only = fs::metadata(place).is_ok_and(|meta| meta.permissions().readonly());
        if read_only {
            return Err(error::io_error("io.read_only", format!("{} is read-only", place.display())));
        }
    }
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    }
    Ok(())
}

/// Reads the settings back: SQLite ignores a pragma that it cannot apply.
async fn assert_durable(connection: &mut SqliteConnection) -> std::result::Result<(), sqlx::Error> {
    let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(&mut *connection).await?;
    let (mode,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut *connection).await?;
    let (foreign_keys,): (i64,) = sqlx::query_as("PRAGMA foreign_keys").fetch_one(&mut *connection).await?;
    let (full, wal) = (synchronous == 2, mode.eq_ignore_ascii_case("wal"));
    if full && wal && foreign_keys == 1 {
        return Ok(());
    }
    let found = format!("synchronous={synchronous} journal_mode={mode} foreign_keys={foreign_keys}");
    Err(sqlx::Error::Configuration(format!("SQLite does not write durably here: {found}").into()))
}

/// `u64` as the database's only integer.
pub(crate) fn int(value: u64) -> Result<i64> {
    i64::try_from(value)
        .map_err(|_| error::io_error("io.failed", format!("{value} does not fit into the journal")))
}

/// A count from the database, which never holds a negative one.
pub(crate) fn uint(value: i64) -> std::result::Result<u64, LedgerError> {
    u64::try_from(value).map_err(|_| error::damaged(0, format!("the negative number {value}")))
}
