//! Damage is found: by opening where it is recent, by `verify` wherever it is.

use agent_core::ledger::{Ledger, LedgerError, Record};
use alloy_primitives::Address;
use sqlx::{ConnectOptions, Connection};

use crate::world::{Place, attempt, code, entering, plan, saved};

/// 3 + `more` rows: a plan, a signed call with its budget, a settlement, and contacts removed.
async fn written(more: usize) -> Place {
    let place = Place::new();
    let ledger = place.open().await.unwrap();
    ledger.append(Some("p1"), saved(&plan("p1", Address::repeat_byte(2)), Some("r1"))).await.unwrap();
    ledger.reserve(&attempt("p1", 1, 0, "a"), &[entering(600, 1_000)]).await.unwrap();
    let settled =
        Record::StepSettled { step: 1, yielded: Vec::new(), spent: Vec::new(), differences: Vec::new() };
    ledger.append(Some("p1"), settled).await.unwrap();
    for number in 0..more {
        ledger.append(None, Record::ContactRemoved { name: number.to_string() }).await.unwrap();
    }
    place
}

/// What somebody with an SQLite shell could do.
async fn tamper(place: &Place, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path()).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    let done = sqlx::query(sql).execute(&mut connection).await.unwrap();
    assert!(done.rows_affected() > 0, "`{sql}` changed nothing");
    connection.close().await.unwrap();
}

#[tokio::test]
async fn an_untouched_journal_verifies() {
    let place = written(40).await;
    assert_eq!(place.open().await.unwrap().verify().await.unwrap(), 43);
}

#[tokio::test]
async fn every_change_of_a_row_is_found() {
    let changes = [
        "UPDATE entries SET at = at + 1 WHERE seq = 1",
        "UPDATE entries SET plan_id = 'p2' WHERE seq = 3",
        "UPDATE entries SET plan_id = NULL WHERE seq = 3",
        "UPDATE entries SET kind = 'settled' WHERE seq = 3",
        "UPDATE entries SET body = replace(body, '8453', '8454') WHERE seq = 1",
        "UPDATE entries SET body = body || ' ' WHERE seq = 2",
        "UPDATE entries SET effects = replace(effects, '258', '1') WHERE seq = 2",
        "UPDATE entries SET prev = hash WHERE seq = 2",
        "UPDATE entries SET hash = prev WHERE seq = 3",
        "DELETE FROM entries WHERE seq = 1",
        "DELETE FROM entries WHERE seq = 3",
        "UPDATE entries SET seq = seq + 1 WHERE seq = 3",
        "UPDATE chains SET seq = 2, hash = (SELECT hash FROM entries WHERE seq = 2)",
        "UPDATE chains SET hash = 'x'",
        "DELETE FROM chains",
    ];
    for sql in changes {
        let place = written(0).await;
        tamper(&place, sql).await;
        let error = match place.open().await {
            Ok(ledger) => ledger.verify().await.expect_err(sql),
            Err(error) => error,
        };
        assert!(matches!(error, LedgerError::Damaged { .. }), "{sql}: {error}");
    }
}

#[tokio::test]
async fn signed_bytes_and_budgets_are_held_against_the_chain() {
    let changes = [
        "UPDATE attempts SET raw = '0x1234'",
        "UPDATE attempts SET tx_hash = '0x0000000000000000000000000000000000000000000000000000000000000001'",
        "UPDATE attempts SET nonce = 4",
        "DELETE FROM attempts",
        "UPDATE budgets SET micro_usd = '6'",
        "UPDATE budgets SET at = at - 100000",
        "DELETE FROM budgets",
        "INSERT INTO budgets VALUES ('0xa11ce@demo', 'p9', 1, 'entering_usd', '1', 1, 'reserved')",
    ];
    for sql in changes {
        let place = written(0).await;
        tamper(&place, sql).await;
        let error = place.open().await.unwrap().verify().await.expect_err(sql);
        assert!(matches!(error, LedgerError::Damaged { .. }), "{sql}: {error}");
    }
}

#[tokio::test]
async fn an_old_change_is_found_by_verify_and_a_new_one_by_opening() {
    let place = written(60).await;
    tamper(&place, "UPDATE entries SET at = at + 1 WHERE seq = 2").await;
    let ledger = place.open().await.unwrap();
    assert!(matches!(ledger.verify().await.unwrap_err(), LedgerError::Damaged { seq: 2, .. }));
    drop(ledger);
    tamper(&place, "UPDATE entries SET at = at + 1 WHERE seq = 60").await;
    assert!(matches!(place.open().await.unwrap_err(), LedgerError::Damaged { seq: 60, .. }));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged() {
    let place = Place::new();
    std::fs::write(place.path(), vec![0x5a; 8_192]).unwrap();
    assert_eq!(code(&place.open().await.unwrap_err()), "journal.damaged");
    assert_eq!(std::fs::read(place.path()).unwrap(), vec![0x5a; 8_192], "nothing was overwritten");
}
