//! Test: SQLite's own limit of pages stands for a disk that is full (the same `SQLITE_FULL`).

use std::sync::Arc;
use std::time::Duration;

use agent_core::NetworkId;
use agent_core::ledger::{Attempt, Ledger, LedgerError, NonceClaim, Record};
use agent_core::ports::Clock;
use alloy_primitives::{Address, B256, Bytes};
use async_trait::async_trait;

use crate::SqliteJournal;

#[derive(Debug)]
struct Noon;

#[async_trait]
impl Clock for Noon {
    fn now(&self) -> u64 {
        1_800_000_000
    }

    async fn sleep(&self, _: Duration) {}
}

fn is_full(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Io { code, .. } if code == "io.disk_full")
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let open = async || SqliteJournal::open(&path, "agent", "world", Arc::new(Noon)).await.unwrap();
    let row = || Record::Started { because: "x".repeat(10_000) };
    let ledger = open().await;
    // The limit is the connection's, and a connection that met it is replaced.
    let fill = async || sqlx::query("PRAGMA max_page_count = 60").execute(&ledger.pool).await.unwrap();
    fill().await;
    let mut written = 0;
    let error = loop {
        match ledger.append(None, row()).await {
            Ok(entry) => written = entry.seq,
            Err(error) => break error,
        }
        assert!(written < 100, "60 pages never filled up");
    };
    assert!(is_full(&error) && written > 0, "{error}");
    let claim = NonceClaim {
        network: NetworkId { chain_id: 1, genesis: B256::ZERO },
        sender: Address::ZERO,
        nonce: 0,
        tx_hash: B256::ZERO,
        raw: Bytes::from(vec![0; 20_000]),
    };
    let fees = agent_core::Fees { max_fee_per_gas: 10, max_priority_fee_per_gas: 1 };
    let attempt =
        Attempt { plan_id: "p".to_owned(), step: 1, call: 0, cleanup: false, fees, replaces: None, claim };
    fill().await;
    let error = ledger.reserve(&attempt, &[]).await.unwrap_err();
    assert!(is_full(&error), "{error}");
    assert_eq!(ledger.verify().await.unwrap(), written);
    drop(ledger);
    let roomy = open().await;
    assert!(roomy.attempts("p").await.unwrap().is_empty(), "no half of a reservation is left");
    assert_eq!(roomy.append(None, row()).await.unwrap().seq, written.saturating_add(1));
}
