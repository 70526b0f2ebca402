//! What must hold of the file: each row's hash, the links, the head, the signed bytes and the budgets.

use std::collections::BTreeMap;

use agent_core::BudgetDelta;
use agent_core::ledger::Record;
use alloy_primitives::keccak256;

use crate::error::{self, Result, damaged};
use crate::open::SqliteJournal;
use crate::rows::{Stored, head};

/// Rows that opening looks at.
const TAIL_ROWS: i64 = 32;

/// Re-computes the newest rows and holds them against the head.
pub(crate) async fn tail(journal: &SqliteJournal) -> Result<()> {
    let sql = "SELECT * FROM entries WHERE agent = $1 ORDER BY seq DESC LIMIT $2";
    let query = sqlx::query_as(sql).bind(&journal.agent).bind(TAIL_ROWS);
    let mut rows: Vec<Stored> = query.fetch_all(&journal.pool).await.map_err(error::database)?;
    rows.reverse();
    let whole = rows.first().is_none_or(|row| row.seq == 1);
    links(journal, &rows, whole).await
}

/// Re-computes everything; the number of rows.
pub(crate) async fn all(journal: &SqliteJournal) -> Result<u64> {
    let rows = journal.all().await?;
    links(journal, &rows, true).await?;
    let count = rows.last().map_or(Ok(0), Stored::seq)?;
    let mut expected = BTreeMap::new();
    for row in rows {
        let effects = row.effects.clone();
        let entry = row.entry()?;
        let Record::Signed { step, nonce, tx_hash, chain_id, .. } = entry.record else { continue };
        let claim = journal.claim_of(entry.seq).await?;
        let same = claim.nonce == nonce && claim.tx_hash == tx_hash && claim.network.chain_id == chain_id;
        if !same || keccak256(&claim.raw) != tx_hash {
            return Err(damaged(entry.seq, "its signed bytes are not the ones that were journaled"));
        }
        let deltas: Vec<BudgetDelta> =
            serde_json::from_str(&effects).map_err(|_| damaged(entry.seq, "its budgets cannot be read"))?;
        for delta in deltas {
            let key = (entry.plan_id.clone().unwrap_or_default(), step, delta.budget);
            expected.insert(key, (delta.micro_usd.to_string(), entry.at, entry.seq));
        }
    }
    budgets(journal, expected).await?;
    Ok(count)
}

/// `rows` follow one another up to the head; `whole`: the first is the chain's first.
async fn links(journal: &SqliteJournal, rows: &[Stored], whole: bool) -> Result<()> {
    let mut last = whole.then(|| (0, journal.genesis.clone()));
    for row in rows {
        let seq = row.seq()?;
        if let Some((before, hash)) = &last {
            if seq != u64::saturating_add(*before, 1) {
                return Err(damaged(seq, format!("it follows row {before}: rows are missing")));
            }
            if row.prev != *hash {
                return Err(damaged(seq, "it does not follow from the row before"));
            }
        }
        if row.recomputed(&journal.agent)? != row.hash {
            return Err(damaged(seq, "its content is not what was hashed"));
        }
        last = Some((seq, row.hash.clone()));
    }
    let mut connection = journal.pool.acquire().await.map_err(error::database)?;
    let (seq, hash) = head(&mut connection, &journal.agent).await?;
    match last {
        Some((newest, own)) if newest == seq && own == hash => Ok(()),
        Some((newest, _)) => {
            Err(damaged(newest, format!("the chain's head is row {seq}: rows were cut off or changed")))
        }
        None => Err(damaged(0, "no rows")),
    }
}

type Key = (String, usize, String);

/// The budgets' table against what the rows did to it.
async fn budgets(journal: &SqliteJournal, mut expected: BTreeMap<Key, (String, u64, u64)>) -> Result<()> {
    let sql = "SELECT plan_id, step, budget, micro_usd, at FROM budgets WHERE agent = $1";
    let query = sqlx::query_as(sql).bind(&journal.agent);
    let rows: Vec<(String, i64, String, String, i64)> =
        query.fetch_all(&journal.pool).await.map_err(error::database)?;
    for (plan_id, step, budget, micro_usd, at) in rows {
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        let found = expected.remove(&(plan_id, step, budget.clone()));
        let same = found
            .as_ref()
            .is_some_and(|(own, own_at, _)| *own == micro_usd && i64::try_from(*own_at) == Ok(at));
        if !same {
            let seq = found.map_or(0, |(_, _, seq)| seq);
            return Err(damaged(seq, format!("budget `{budget}` of step {step} is not what was reserved")));
        }
    }
    match expected.into_iter().next() {
        Some(((_, _, budget), (_, _, seq))) => {
            Err(damaged(seq, format!("its reservation of `{budget}` is gone")))
        }
        None => Ok(()),
    }
}
