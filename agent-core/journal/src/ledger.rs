//! The port. Every write is one transaction; every answer is a fold of the rows.

use std::collections::BTreeMap;

use agent_core::ledger::{Attempt, Entry, Ledger, NonceClaim, Orders, PlanRecord, Record};
use agent_core::{Action, Approval, BudgetDelta, Contact, NetworkId};
use alloy_primitives::{Address, B256, Bytes, U256};
use async_trait::async_trait;
use sqlx::SqliteConnection;

use crate::error::{self, Result, damaged};
use crate::open::SqliteJournal;
use crate::reserve::index;
use crate::verify;

#[async_trait]
impl Ledger for SqliteJournal {
    async fn append(&self, plan_id: Option<&str>, record: Record) -> Result<Entry> {
        if matches!(record, Record::Signed { .. }) {
            return Err(error::io_error(
                "journal.signed",
                "signed rows are written with their bytes and claim only",
            ));
        }
        let mut tx = self.write().await?;
        let entry = self.add(&mut tx, plan_id, record, "").await?;
        self.apply(&mut tx, &entry).await?;
        tx.commit().await.map_err(error::database)?;
        Ok(entry)
    }

    async fn reserve(&self, attempt: &Attempt, budgets: &[BudgetDelta]) -> Result<Entry> {
        self.reserve_attempt(attempt, budgets).await
    }

    async fn release(&self, plan_id: &str, step: usize) -> Result<()> {
        let mut tx = self.write().await?;
        self.close(&mut tx, plan_id, step, "released").await?;
        tx.commit().await.map_err(error::database)
    }

    async fn spent(&self, budget: &str, since: u64, except: Option<(&str, usize)>) -> Result<U256> {
        let mut connection = self.pool.acquire().await.map_err(error::database)?;
        self.sum(&mut connection, budget, since, except).await
    }

    async fn plan(&self, id: &str) -> Result<Option<PlanRecord>> {
        Ok(PlanRecord::of(self.of_plan(id).await?))
    }

    async fn plans(&self) -> Result<Vec<PlanRecord>> {
        let mut by_plan: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in self.entries().await? {
            if let Some(plan_id) = &entry.plan_id {
                by_plan.entry(plan_id.clone()).or_default().push(entry);
            }
        }
        let mut plans: Vec<PlanRecord> = by_plan.into_values().filter_map(PlanRecord::of).collect();
        plans.sort_by_key(|plan| std::cmp::Reverse(plan.entries.first().map(|entry| entry.seq)));
        Ok(plans)
    }

    async fn plan_of_request(&self, request_id: &str) -> Result<Option<PlanRecord>> {
        let sql = "SELECT plan_id FROM requests WHERE agent = $1 AND request_id = $2";
        let query = sqlx::query_as(sql).bind(&self.agent).bind(request_id);
        let found: Option<(String,)> = query.fetch_optional(&self.pool).await.map_err(error::database)?;
        match found {
            Some((plan_id,)) => self.plan(&plan_id).await,
            None => Ok(None),
        }
    }

    async fn attempts(&self, plan_id: &str) -> Result<Vec<Attempt>> {
        let mut attempts = Vec::new();
        for entry in self.of_plan(plan_id).await? {
            if let Record::Signed { step, call, cleanup, fees, replaces, .. } = entry.record {
                let (plan_id, claim) = (plan_id.to_owned(), self.claim_of(entry.seq).await?);
                attempts.push(Attempt { plan_id, step, call, cleanup, fees, replaces, claim });
            }
        }
        Ok(attempts)
    }

    async fn orders(&self, plan_id: &str) -> Result<Orders> {
        self.orders_in(&mut *self.pool.acquire().await.map_err(error::database)?, plan_id).await
    }

    async fn approvals(&self, plan_id: &str) -> Result<Vec<Approval>> {
        let mut approvals = Vec::new();
        for entry in self.of_plan(plan_id).await? {
            if let Record::ApprovalAdded { approval } = entry.record {
                approvals.push(*approval);
            }
        }
        Ok(approvals)
    }

    async fn contacts(&self) -> Result<Vec<Contact>> {
        let mut contacts: Vec<Contact> = Vec::new();
        for entry in self.of_kinds("contact_added", "contact_removed").await? {
            if let Record::ContactRemoved { name } = &entry.record {
                contacts.retain(|contact| contact.name != *name);
            }
            if let Record::ContactAdded { contact } = entry.record {
                contacts.retain(|other| other.name != contact.name);
                contacts.push(contact);
            }
        }
        Ok(contacts)
    }

    async fn paid(&self) -> Result<Vec<(Address, u64)>> {
        // The text is only asked for whether the plan may pay somebody: most plans need not be read.
        let sql = "SELECT * FROM entries WHERE agent = $1 AND (kind = 'step_settled' \
                   OR (kind = 'plan_saved' AND body LIKE '%\"action\":\"transfer\"%')) ORDER BY seq";
        let query = sqlx::query_as(sql).bind(&self.agent);
        let rows = query.fetch_all(&self.pool).await.map_err(error::database)?;
        let mut payees: BTreeMap<(String, usize), (Address, u64)> = BTreeMap::new();
        let mut paid: Vec<(Address, u64)> = Vec::new();
        for entry in crate::rows::entries(rows)? {
            let Some(plan_id) = entry.plan_id else { continue };
            if let Record::PlanSaved { plan, .. } = &entry.record {
                for (leg, step) in plan.steps() {
                    if let Action::Transfer { to, .. } = &step.action {
                        payees.insert((plan_id.clone(), step.index), (*to, leg.network.chain_id));
                    }
                }
            }
            if let Record::StepSettled { step, .. } = entry.record
                && let Some(payee) = payees.get(&(plan_id, step))
            {
                paid.retain(|other| other != payee);
                paid.insert(0, *payee);
            }
        }
        Ok(paid)
    }

    async fn entries(&self) -> Result<Vec<Entry>> {
        crate::rows::entries(self.all().await?)
    }

    async fn verify(&self) -> Result<u64> {
        verify::all(self).await
    }
}

impl SqliteJournal {
    /// What a row changes beside the chain.
    async fn apply(&self, connection: &mut SqliteConnection, entry: &Entry) -> Result<()> {
        let Some(plan_id) = &entry.plan_id else { return Ok(()) };
        if let Record::PlanSaved { request_id: Some(request_id), .. } = &entry.record {
            let sql = "INSERT INTO requests (agent, request_id, plan_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            let insert = sqlx::query(sql).bind(&self.agent).bind(request_id).bind(plan_id);
            let inserted = insert.execute(&mut *connection).await.map_err(error::database)?;
            if inserted.rows_affected() == 0 {
                let message = format!("request `{}` has a plan already", agent_core::tame(request_id));
                return Err(error::io_error("journal.request_taken", message));
            }
        }
        if let Record::StepSettled { step, .. } = &entry.record {
            self.close(connection, plan_id, *step, "settled").await?;
        }
        Ok(())
    }

    /// Ends a step's reservations.
    async fn close(
        &self,
        connection: &mut SqliteConnection,
        plan_id: &str,
        step: usize,
        state: &str,
    ) -> Result<()> {
        let sql = "UPDATE budgets SET state = $1 \
                   WHERE agent = $2 AND plan_id = $3 AND step = $4 AND state = 'reserved'";
        let update = sqlx::query(sql).bind(state).bind(&self.agent).bind(plan_id).bind(index(step)?);
        update.execute(connection).await.map_err(error::database)?;
        Ok(())
    }

    /// The claim and the bytes that row `seq` signed.
    pub(crate) async fn claim_of(&self, seq: u64) -> Result<NonceClaim> {
        let sql = "SELECT network, sender, nonce, tx_hash, raw FROM attempts WHERE agent = $1 AND seq = $2";
        let query = sqlx::query_as(sql).bind(&self.agent).bind(crate::open::int(seq)?);
        let row: Option<(String, String, i64, String, String)> =
            query.fetch_optional(&self.pool).await.map_err(error::database)?;
        let (network, sender, nonce, tx_hash, raw) =
            row.ok_or_else(|| damaged(seq, "its signed bytes are gone"))?;
        let claim = || {
            Some(NonceClaim {
                network: network_of(&network)?,
                sender: sender.parse().ok()?,
                nonce: u64::try_from(nonce).ok()?,
                tx_hash: tx_hash.parse().ok()?,
                raw: raw.parse::<Bytes>().ok()?,
            })
        };
        claim().ok_or_else(|| damaged(seq, "its nonce claim cannot be read"))
    }
}

/// Reads `eip155:1@0x…`.
fn network_of(text: &str) -> Option<NetworkId> {
    let (chain, genesis) = text.strip_prefix("eip155:")?.split_once('@')?;
    Some(NetworkId { chain_id: chain.parse().ok()?, genesis: genesis.parse::<B256>().ok()? })
}
