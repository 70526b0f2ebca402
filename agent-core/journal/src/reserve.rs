//! Journal first: the signed row, the nonce claim with its bytes, and the budgets, in one transaction or not at all.

use std::collections::BTreeSet;

use agent_core::BudgetDelta;
use agent_core::ledger::{Attempt, Entry, LedgerError, Orders, Record};
use alloy_primitives::{B256, U256};
use sqlx::SqliteConnection;

use crate::error::{self, Result, damaged};
use crate::open::{SqliteJournal, int};
use crate::rows::Stored;

impl SqliteJournal {
    pub(crate) async fn reserve_attempt(&self, attempt: &Attempt, budgets: &[BudgetDelta]) -> Result<Entry> {
        let mut tx = self.write().await?;
        if let Some(entry) = self.claimed(&mut tx, attempt).await? {
            return Ok(entry);
        }
        if let Some(code) = self.orders_in(&mut tx, &attempt.plan_id).await?.stops(attempt) {
            return Err(LedgerError::Stopped { code });
        }
        self.check_caps(&mut tx, attempt, budgets).await?;
        let effects = serde_json::to_string(budgets).map_err(|error| {
            error::io_error("io.failed", format!("the budgets cannot be written: {error}"))
        })?;
        let entry = self.add(&mut tx, Some(&attempt.plan_id), attempt.record(), &effects).await?;
        self.claim(&mut tx, attempt, entry.seq).await?;
        for delta in budgets {
            self.charge(&mut tx, attempt, delta, entry.at).await?;
        }
        tx.commit().await.map_err(error::database)?;
        Ok(entry)
    }

    /// What was ordered of a plan, as this connection sees it.
    pub(crate) async fn orders_in(&self, connection: &mut SqliteConnection, plan_id: &str) -> Result<Orders> {
        let sql = "SELECT * FROM entries WHERE agent = $1 AND (kind IN ('halted', 'unhalted') OR (plan_id = $2 \
                   AND kind IN ('plan_cancelled', 'paused', 'resumed', 'speed_up'))) ORDER BY seq";
        let query = sqlx::query_as(sql).bind(&self.agent).bind(plan_id);
        let rows = crate::rows::entries(query.fetch_all(connection).await.map_err(error::database)?)?;
        Ok(Orders::of(rows.iter().map(|entry| &entry.record)))
    }

    /// The row of this very transaction, if it is here already. Another one with its nonce is an error, unless this
    /// one replaces it.
    async fn claimed(&self, connection: &mut SqliteConnection, attempt: &Attempt) -> Result<Option<Entry>> {
        let claim = &attempt.claim;
        let sql =
            "SELECT tx_hash, agent, seq FROM attempts WHERE network = $1 AND sender = $2 AND nonce = $3";
        let query = sqlx::query_as(sql).bind(claim.network.to_string()).bind(claim.sender.to_string());
        let query = query.bind(int(claim.nonce)?);
        let found: Vec<(String, String, i64)> =
            query.fetch_all(&mut *connection).await.map_err(error::database)?;
        if found.is_empty() {
            return Ok(None);
        }
        let seq_of = |wanted: B256| {
            let own =
                found.iter().find(|(hash, agent, _)| *hash == wanted.to_string() && *agent == self.agent);
            own.map(|(_, _, seq)| *seq)
        };
        if let Some(seq) = seq_of(claim.tx_hash) {
            return self.row(connection, seq).await.map(Some);
        }
        let taken = || LedgerError::NonceTaken { sender: claim.sender, nonce: claim.nonce };
        let replaced = self.row(connection, attempt.replaces.and_then(seq_of).ok_or_else(taken)?).await?;
        if of_one_call(&replaced, attempt) { Ok(None) } else { Err(taken()) }
    }

    async fn row(&self, connection: &mut SqliteConnection, seq: i64) -> Result<Entry> {
        let query = sqlx::query_as("SELECT * FROM entries WHERE agent = $1 AND seq = $2");
        let query = query.bind(&self.agent).bind(seq);
        let row: Option<Stored> = query.fetch_optional(connection).await.map_err(error::database)?;
        row.ok_or_else(|| damaged(0, "a signed transaction has no row"))?.entry()
    }

    async fn check_caps(
        &self,
        connection: &mut SqliteConnection,
        attempt: &Attempt,
        budgets: &[BudgetDelta],
    ) -> Result<()> {
        let names: BTreeSet<&str> = budgets.iter().map(|delta| delta.budget.as_str()).collect();
        if names.len() != budgets.len() {
            return Err(error::io_error("journal.budget_twice", "one step charges one budget twice"));
        }
        let own = Some((attempt.plan_id.as_str(), attempt.step));
        for delta in budgets {
            let since = self.clock.now().saturating_sub(delta.window_s);
            let spent = self.sum(connection, &delta.budget, since, own).await?;
            let within = spent.checked_add(delta.micro_usd).is_some_and(|sum| sum <= delta.cap_micro_usd);
            if !within {
                return Err(LedgerError::BudgetExceeded {
                    budget: delta.budget.clone(),
                    spent,
                    wanted: delta.micro_usd,
                    cap: delta.cap_micro_usd,
                });
            }
        }
        Ok(())
    }

    async fn claim(&self, connection: &mut SqliteConnection, attempt: &Attempt, seq: u64) -> Result<()> {
        let Attempt { plan_id, step, claim, .. } = attempt;
        let (network, sender, nonce) =
            (claim.network.to_string(), claim.sender.to_string(), int(claim.nonce)?);
        // A replacement stands under the claim of what it replaces; any other second claim of a nonce fails here.
        let sql = match attempt.replaces {
            None => {
                "INSERT INTO claims (network, sender, nonce, agent, plan_id, step) VALUES ($1, $2, $3, $4, $5, $6)"
            }
            Some(_) => {
                "INSERT INTO claims (network, sender, nonce, agent, plan_id, step) VALUES ($1, $2, $3, $4, $5, $6) \
                        ON CONFLICT DO NOTHING"
            }
        };
        let insert = sqlx::query(sql).bind(&network).bind(&sender).bind(nonce);
        let insert = insert.bind(&self.agent).bind(plan_id).bind(index(*step)?);
        insert.execute(&mut *connection).await.map_err(error::database)?;
        let sql = "INSERT INTO attempts (network, sender, nonce, tx_hash, raw, agent, seq) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let insert = sqlx::query(sql).bind(&network).bind(&sender).bind(nonce);
        let insert = insert.bind(claim.tx_hash.to_string()).bind(claim.raw.to_string());
        let insert = insert.bind(&self.agent).bind(int(seq)?);
        insert.execute(&mut *connection).await.map_err(error::database)?;
        Ok(())
    }

    async fn charge(
        &self,
        connection: &mut SqliteConnection,
        attempt: &Attempt,
        delta: &BudgetDelta,
        at: u64,
    ) -> Result<()> {
        let sql = "INSERT INTO budgets (agent, plan_id, step, budget, micro_usd, at, state) \
                   VALUES ($1, $2, $3, $4, $5, $6, 'reserved') ON CONFLICT (agent, plan_id, step, budget) \
                   DO UPDATE SET micro_usd = excluded.micro_usd, at = excluded.at, state = excluded.state";
        let insert = sqlx::query(sql).bind(&self.agent).bind(&attempt.plan_id).bind(index(attempt.step)?);
        let insert = insert.bind(&delta.budget).bind(delta.micro_usd.to_string()).bind(int(at)?);
        insert.execute(connection).await.map_err(error::database)?;
        Ok(())
    }

    /// Reserved and settled value of a budget with `at > since`, but for one plan's step.
    pub(crate) async fn sum(
        &self,
        connection: &mut SqliteConnection,
        budget: &str,
        since: u64,
        except: Option<(&str, usize)>,
    ) -> Result<U256> {
        let (plan_id, step) = except.unwrap_or_default();
        let sql = "SELECT micro_usd FROM budgets WHERE agent = $1 AND budget = $2 AND at > $3 \
                   AND state <> 'released' AND NOT (plan_id = $4 AND step = $5)";
        let query = sqlx::query_as(sql).bind(&self.agent).bind(budget).bind(int(since)?);
        let query = query.bind(plan_id).bind(index(step)?);
        let rows: Vec<(String,)> = query.fetch_all(connection).await.map_err(error::database)?;
        rows.iter().try_fold(U256::ZERO, |sum, (micro_usd,)| {
            let micro_usd = U256::from_str_radix(micro_usd, 10).map_err(|_| {
                damaged(0, format!("budget `{budget}` holds `{micro_usd}`, which is no number"))
            })?;
            Ok(sum.saturating_add(micro_usd))
        })
    }
}

/// Whether a signed row is of the same call of the same plan.
fn of_one_call(row: &Entry, attempt: &Attempt) -> bool {
    let Record::Signed { step, call, cleanup, .. } = &row.record else { return false };
    row.plan_id.as_deref() == Some(&attempt.plan_id)
        && (*step, *call, *cleanup) == (attempt.step, attempt.call, attempt.cleanup)
}

pub(crate) fn index(value: usize) -> Result<i64> {
    i64::try_from(value)
        .map_err(|_| error::io_error("io.failed", format!("{value} does not fit into the journal")))
}
