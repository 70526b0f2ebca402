//! A process killed with SIGKILL in the middle of its writes: whatever it was told is written is there, whole.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use agent_core::ledger::{Ledger, Record};

use crate::world::{AGENT, Place, START, WORLD, attempt, entering};

/// In the child's working folder: without it the child does nothing.
const MARKER: &str = "killed-by-its-parent";
const ROWS_MAX: u64 = 5_000;

/// Not a test of its own: the process that is killed. Writes rows and says each that is written.
#[tokio::test]
#[ignore = "started and killed by `what_was_acknowledged_survives_a_kill`"]
async fn child() {
    if !std::path::Path::new(MARKER).exists() {
        return;
    }
    let clock = crate::world::StillClock(Arc::new(START.into()));
    let path = std::path::Path::new("journal.db");
    let ledger = journal::SqliteJournal::open(path, AGENT, WORLD, Arc::new(clock)).await.unwrap();
    let first = u64::try_from(ledger.entries().await.unwrap().len()).unwrap();
    let mut out = std::io::stdout();
    for number in first..ROWS_MAX {
        let plan_id = format!("p{number}");
        let own = attempt(&plan_id, 1, number, &number.to_string());
        let signed = ledger.reserve(&own, &[entering(1, u64::MAX)]).await.unwrap();
        writeln!(out, "row {} {}", signed.seq, signed.hash).unwrap();
        let started = Record::Started { because: "x".repeat(3_000) };
        let started = ledger.append(Some(&plan_id), started).await.unwrap();
        writeln!(out, "row {} {}", started.seq, started.hash).unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let place = Place::new();
    std::fs::write(place.folder.path().join(MARKER), "").unwrap();
    let mut acknowledged: Vec<(u64, String)> = Vec::new();
    for kill_after in [9, 26, 41] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "crash::child", "--nocapture"])
            .current_dir(place.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        for line in lines.map_while(Result::ok) {
            // The test harness writes to the same output, before a first row on the same line.
            let Some((_, row)) = line.split_once("row ") else { continue };
            let (seq, hash) = row.split_once(' ').unwrap();
            acknowledged.push((seq.parse().unwrap(), hash.to_owned()));
            seen += 1;
            if seen == kill_after {
                child.kill().unwrap();
            }
        }
        assert!(
            !child.wait().unwrap().success() && seen >= kill_after,
            "the child was killed at work, {seen}"
        );
        let ledger = place.open().await.unwrap();
        ledger.verify().await.unwrap();
        let entries = ledger.entries().await.unwrap();
        for (seq, hash) in &acknowledged {
            assert_eq!(&entries[usize::try_from(*seq).unwrap() - 1].hash, hash, "row {seq} was lost");
        }
        let signed = entries.iter().filter(|entry| matches!(entry.record, Record::Signed { .. }));
        for entry in signed {
            let attempts = ledger.attempts(entry.plan_id.as_deref().unwrap()).await.unwrap();
            assert_eq!(attempts.len(), 1, "row {} has its bytes", entry.seq);
        }
    }
    assert!(acknowledged.len() >= 9 + 26 + 41);
}
