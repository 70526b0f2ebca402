//! Locked, read-only, full, of another world: a clear code, and nothing lost.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use agent_core::ledger::{Ledger, Record};
use journal::SqliteJournal;
use sqlx::{ConnectOptions, Connection};

use crate::world::{AGENT, Place, WORLD, code};

fn row(length: usize) -> Record {
    Record::Started { because: "x".repeat(length) }
}

#[tokio::test]
async fn the_file_is_its_owners_only() {
    let place = Place::new();
    fs::write(place.path(), "").unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o644)).unwrap();
    let ledger = place.open().await.unwrap();
    ledger.append(None, row(1)).await.unwrap();
    for file in fs::read_dir(place.folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn another_worlds_journal_is_refused() {
    let place = Place::new();
    drop(place.open().await.unwrap());
    let clock = Arc::new(place.clock.clone());
    let other = SqliteJournal::open(&place.path(), "another agent", "eip155:1@0x02", clock.clone()).await;
    assert_eq!(code(&other.unwrap_err()), "journal.other_world");
    SqliteJournal::open(&place.path(), "another agent", WORLD, clock).await.unwrap();
}

#[tokio::test]
async fn two_agents_of_one_world_have_a_chain_each() {
    let place = Place::new();
    let one = place.open().await.unwrap();
    let clock = Arc::new(place.clock.clone());
    let two = SqliteJournal::open(&place.path(), "another agent", WORLD, clock).await.unwrap();
    one.append(None, row(1)).await.unwrap();
    two.append(None, row(2)).await.unwrap();
    assert_eq!((one.verify().await.unwrap(), two.verify().await.unwrap()), (1, 1));
    assert_ne!(one.entries().await.unwrap()[0].hash, two.entries().await.unwrap()[0].hash);
    // One key, two agents: the nonce is claimed once.
    one.reserve(&crate::world::attempt("p", 1, 0, "a"), &[]).await.unwrap();
    let again = two.reserve(&crate::world::attempt("p", 1, 0, "a"), &[]).await.unwrap_err();
    assert_eq!(code(&again), "nonce");
}

#[tokio::test]
async fn a_locked_journal_is_said_to_be_locked() {
    let place = Place::new();
    let ledger = place.open().await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path());
    let mut other = options.connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_eq!(code(&ledger.append(None, row(1)).await.unwrap_err()), "io.locked");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert_eq!(ledger.append(None, row(1)).await.unwrap().seq, 1, "it goes on afterwards");
}

#[tokio::test]
async fn one_process_executes_at_a_time() {
    let place = Place::new();
    let (one, two) = (place.open().await.unwrap(), place.open().await.unwrap());
    let lock = one.lock_executor().unwrap();
    assert_eq!(code(&two.lock_executor().unwrap_err()), "io.locked");
    drop(lock);
    two.lock_executor().unwrap();
}

#[tokio::test]
async fn a_read_only_journal_is_refused_and_left_alone() {
    let place = Place::new();
    let ledger = place.open().await.unwrap();
    ledger.append(None, row(1)).await.unwrap();
    drop(ledger);
    for (path, narrow, wide) in [(place.path(), 0o400, 0o600), (place.folder.path().to_owned(), 0o500, 0o700)]
    {
        fs::set_permissions(&path, Permissions::from_mode(narrow)).unwrap();
        let refused = place.open().await;
        fs::set_permissions(&path, Permissions::from_mode(wide)).unwrap();
        assert_eq!(code(&refused.unwrap_err()), "io.read_only", "{path:?}");
    }
    assert_eq!(place.open().await.unwrap().verify().await.unwrap(), 1);
}

#[test]
fn opening_needs_a_folder() {
    let place = Place::new();
    let path = place.folder.path().join("nowhere").join("journal.db");
    let clock = Arc::new(place.clock.clone());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(SqliteJournal::open(&path, AGENT, WORLD, clock)).unwrap_err();
    assert_eq!(code(&error), "io.failed");
}
