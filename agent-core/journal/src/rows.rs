//! Rows of the chain: read, decoded, appended.

use agent_core::ledger::{Entry, Record};
use serde::Deserialize;
use sqlx::SqliteConnection;

use crate::chain::Link;
use crate::error::{self, Result, damaged};
use crate::open::{SqliteJournal, int, uint};

/// A row of `entries` as it is stored.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Stored {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) plan_id: Option<String>,
    pub(crate) kind: String,
    pub(crate) body: String,
    pub(crate) effects: String,
    pub(crate) prev: String,
    pub(crate) hash: String,
}

impl Stored {
    pub(crate) fn seq(&self) -> Result<u64> {
        uint(self.seq)
    }

    /// The row's hash by its own content.
    pub(crate) fn recomputed(&self, agent: &str) -> Result<String> {
        let (seq, at) = (uint(self.seq)?, uint(self.at)?);
        let plan_id = self.plan_id.as_deref();
        let link =
            Link { agent, seq, at, plan_id, kind: &self.kind, body: &self.body, effects: &self.effects };
        Ok(link.hash(&self.prev))
    }

    pub(crate) fn entry(self) -> Result<Entry> {
        let seq = uint(self.seq)?;
        let record = serde_json::from_str(&self.body)
            .map_err(|error| damaged(seq, format!("its record cannot be read: {error}")))?;
        Ok(Entry { seq, at: uint(self.at)?, plan_id: self.plan_id, record, hash: self.hash })
    }
}

pub(crate) fn entries(rows: Vec<Stored>) -> Result<Vec<Entry>> {
    rows.into_iter().map(Stored::entry).collect()
}

/// The chain's head: the newest row's place and hash.
pub(crate) async fn head(connection: &mut SqliteConnection, agent: &str) -> Result<(u64, String)> {
    let sql = "SELECT seq, hash FROM chains WHERE agent = $1";
    let row: Option<(i64, String)> =
        sqlx::query_as(sql).bind(agent).fetch_optional(connection).await.map_err(error::database)?;
    let (seq, hash) = row.ok_or_else(|| damaged(0, "the chain's head is gone"))?;
    Ok((uint(seq)?, hash))
}

/// The tag that serde writes.
#[derive(Deserialize)]
struct Tagged {
    kind: String,
}

impl SqliteJournal {
    /// Adds a row and moves the head, inside the caller's transaction.
    pub(crate) async fn add(
        &self,
        connection: &mut SqliteConnection,
        plan_id: Option<&str>,
        record: Record,
        effects: &str,
    ) -> Result<Entry> {
        let unwritable =
            |error| error::io_error("io.failed", format!("the record cannot be written: {error}"));
        let body = serde_json::to_string(&record).map_err(unwritable)?;
        let Tagged { kind } = serde_json::from_str(&body).map_err(unwritable)?;
        let (last, prev) = head(connection, &self.agent).await?;
        let (seq, at) = (last.saturating_add(1), self.clock.now());
        let link = Link { agent: &self.agent, seq, at, plan_id, kind: &kind, body: &body, effects };
        let hash = link.hash(&prev);
        let sql = "INSERT INTO entries (agent, seq, at, plan_id, kind, body, effects, prev, hash) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let insert =
            sqlx::query(sql).bind(&self.agent).bind(int(seq)?).bind(int(at)?).bind(plan_id).bind(&kind);
        let insert = insert.bind(&body).bind(effects).bind(&prev).bind(&hash);
        insert.execute(&mut *connection).await.map_err(error::database)?;
        let moved = sqlx::query("UPDATE chains SET seq = $1, hash = $2 WHERE agent = $3");
        let moved = moved.bind(int(seq)?).bind(&hash).bind(&self.agent);
        moved.execute(&mut *connection).await.map_err(error::database)?;
        Ok(Entry { seq, at, plan_id: plan_id.map(str::to_owned), record, hash })
    }

    /// All rows of one plan, oldest first.
    pub(crate) async fn of_plan(&self, plan_id: &str) -> Result<Vec<Entry>> {
        let sql = "SELECT * FROM entries WHERE agent = $1 AND plan_id = $2 ORDER BY seq";
        let query = sqlx::query_as(sql).bind(&self.agent).bind(plan_id);
        entries(query.fetch_all(&self.pool).await.map_err(error::database)?)
    }

    /// All rows of two kinds, oldest first.
    pub(crate) async fn of_kinds(&self, one: &str, other: &str) -> Result<Vec<Entry>> {
        let sql = "SELECT * FROM entries WHERE agent = $1 AND kind IN ($2, $3) ORDER BY seq";
        let query = sqlx::query_as(sql).bind(&self.agent).bind(one).bind(other);
        entries(query.fetch_all(&self.pool).await.map_err(error::database)?)
    }

    pub(crate) async fn all(&self) -> Result<Vec<Stored>> {
        let query = sqlx::query_as("SELECT * FROM entries WHERE agent = $1 ORDER BY seq").bind(&self.agent);
        query.fetch_all(&self.pool).await.map_err(error::database)
    }

    /// Everything, one object a row, oldest first. The signed bytes stay in the file.
    pub async fn export(&self) -> Result<Vec<serde_json::Value>> {
        let shown = |row: Stored| {
            let (prev, hash) = (row.prev.clone(), row.hash.clone());
            let entry = row.entry()?;
            let value = serde_json::json!({
                "seq": entry.seq, "at": entry.at, "plan_id": entry.plan_id, "record": entry.record,
                "prev": prev, "hash": hash,
            });
            Ok(value)
        };
        self.all().await?.into_iter().map(shown).collect()
    }
}
