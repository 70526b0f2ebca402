//! Broadcasting, waiting and taking up again: by hash and nonce, never blind.

use std::time::Duration;

use crate::executor::Run;
use crate::ledger::{Attempt, Record};
use crate::pipeline::Journaled;
use crate::ports::SendOutcome;
use crate::{Event, Exit, Receipt, Refusal};

/// Polls for a receipt before the outcome is called unknown.
const POLLS_MAX: u32 = 240;
const POLL_EVERY: Duration = Duration::from_millis(250);
/// Polls in a row that find the nonce used and no receipt, before it is believed: nodes count a block's transactions
/// before they show its receipts, and endpoints are not equally far.
const FOREIGN_POLLS: u32 = 40;

impl Run<'_> {
    /// Every signed transaction that has no receipt in the journal is looked up, and sent again with the same bytes
    /// if its nonce is still free. The attempts at one call are looked up together: a block takes one of them.
    pub(crate) async fn reconcile(&mut self) -> Result<(), Refusal> {
        let mut calls: Vec<Vec<Journaled>> = Vec::new();
        for journaled in Journaled::recover(&*self.core.ledger, &self.plan.id).await? {
            let own = self.progress.steps.get(&journaled.attempt().step);
            if !own.is_some_and(|own| own.open().any(|hash| hash == journaled.tx_hash())) {
                continue;
            }
            let nonce = |other: &Journaled| (other.network(), other.attempt().claim.nonce);
            let same = calls.iter_mut().find(|call| call.first().map(nonce) == Some(nonce(&journaled)));
            match same {
                Some(call) => call.push(journaled),
                None => calls.push(vec![journaled]),
            }
        }
        for attempts in calls {
            self.send_and_wait(attempts).await?;
        }
        Ok(())
    }

    /// Sends journaled bytes unless a block has them already, and waits until one does. `attempts`: all at one call,
    /// under one nonce, the oldest first.
    pub(crate) async fn send_and_wait(&mut self, mut attempts: Vec<Journaled>) -> Result<(), Refusal> {
        if let Some((journaled, receipt)) = self.find(&attempts).await? {
            return self.included(&journaled, receipt).await;
        }
        let mut last = self.broadcast(&attempts).await?;
        let mut foreign = 0_u32;
        for _ in 0..POLLS_MAX {
            // An endpoint that fails now may answer later: the transaction is out, or may be.
            match self.find(&attempts).await {
                Ok(Some((journaled, receipt))) => return self.included(&journaled, receipt).await,
                Ok(None) => {}
                Err(refusal) => last = Some(refusal.message),
            }
            let never = self.never(&attempts).await;
            foreign = if never.is_some() { foreign.saturating_add(1) } else { 0 };
            if let Some(reason) = never.filter(|_| foreign >= FOREIGN_POLLS) {
                return Err(reason);
            }
            if let Some(faster) = self.faster(&attempts).await? {
                attempts.push(faster);
                last = self.broadcast(&attempts).await?.or(last);
            }
            self.core.clock.sleep(POLL_EVERY).await;
        }
        Err(unknown(&attempts, last.as_deref().unwrap_or("no block has it yet")))
    }

    /// The attempt that a block took.
    async fn find(&self, attempts: &[Journaled]) -> Result<Option<(Journaled, Receipt)>, Refusal> {
        for journaled in attempts {
            let chain = self.core.chain(journaled.network().chain_id)?;
            if let Some(receipt) = chain.receipt(journaled.tx_hash()).await? {
                return Ok(Some((journaled.clone(), receipt)));
            }
        }
        Ok(None)
    }

    /// Sends the newest attempt; an older one only where the node takes no newer. What was said if none was taken.
    async fn broadcast(&mut self, attempts: &[Journaled]) -> Result<Option<String>, Refusal> {
        let mut said = None;
        for journaled in attempts.iter().rev() {
            let chain = self.core.chain(journaled.network().chain_id)?;
            let (step, call) = (journaled.attempt().step, journaled.attempt().call);
            match chain.send(journaled).await {
                SendOutcome::Accepted | SendOutcome::AlreadyKnown => {
                    self.write(Record::Sent { step, call, tx_hash: journaled.tx_hash() }).await?;
                    let (plan_id, tx_hash) = (self.plan.id.clone(), journaled.tx_hash().to_string());
                    self.tell(Event::Sent { plan_id, step, call, tx_hash }).await;
                    return Ok(None);
                }
                SendOutcome::Rejected(reason) => said = Some(reason),
                SendOutcome::Unknown(reason) => return Ok(Some(reason)),
            }
        }
        Ok(said)
    }

    /// A replacement of the newest attempt, if a person ordered one: the same call under the same nonce with higher
    /// fees, journaled. Where it may not be, that is said once and the wait goes on.
    async fn faster(&mut self, attempts: &[Journaled]) -> Result<Option<Journaled>, Refusal> {
        let Some(newest) = attempts.last().map(|journaled| journaled.attempt().clone()) else {
            return Ok(None);
        };
        let hash = newest.claim.tx_hash;
        let orders = self.core.ledger.orders(&self.plan.id).await?;
        if !orders.speed_up.contains(&hash) || self.given_up.contains(&hash) {
            return Ok(None);
        }
        let plan_id = Some(self.plan.id.clone());
        match self.replacement(&newest).await {
            Ok(journaled) => {
                let text = format!("{hash} is replaced by {} with higher fees", journaled.tx_hash());
                self.tell(Event::Controlled { plan_id, text }).await;
                Ok(Some(journaled))
            }
            // The journal may hold a replacement that this process knows nothing of: start again from it.
            Err(refusal) if matches!(refusal.exit, Exit::Error | Exit::JournalDamaged) => Err(refusal),
            Err(refusal) => {
                self.given_up.insert(hash);
                let text = format!("{hash} was not replaced and still waits: {}", refusal.message);
                self.tell(Event::Controlled { plan_id, text }).await;
                Ok(None)
            }
        }
    }

    async fn replacement(&mut self, waiting: &Attempt) -> Result<Journaled, Refusal> {
        let own = self.plan.steps().find(|(_, step)| step.index == waiting.step);
        let (leg, step) = own.map(|(leg, step)| (leg.clone(), step.clone())).ok_or_else(|| {
            Refusal::new(Exit::Error, "pipeline.no_step", format!("the plan has no step {}", waiting.step))
        })?;
        let compiled = self.compiled(waiting.step)?;
        let place = (waiting.call, waiting.cleanup);
        let judged = self.judged(&leg, &step, &compiled, place, |now| waiting.fees.raised(now)).await?;
        self.may_sign().await?;
        let authorized = judged.replace(self.permit, waiting, self.core.clock.now())?;
        self.sign(authorized).await
    }

    /// Set when the nonce went to another transaction: these bytes can never be included.
    async fn never(&self, attempts: &[Journaled]) -> Option<Refusal> {
        let claim = &attempts.last()?.attempt().claim;
        let chain = self.core.chain(claim.network.chain_id).ok()?;
        let used = chain.nonce(claim.sender).await.ok()?;
        if used <= claim.nonce || self.find(attempts).await.ok()?.is_some() {
            return None;
        }
        let message = format!(
            "nonce {} of {} was used by a transaction that is not in this journal; {} can never be included",
            claim.nonce, claim.sender, claim.tx_hash
        );
        Some(
            Refusal::new(Exit::PartlyExecuted, "journal.nonce_foreign", message)
                .help("something else signs with this key: find out what, then state the intent again"),
        )
    }

    async fn included(&mut self, journaled: &Journaled, receipt: Receipt) -> Result<(), Refusal> {
        let attempt = journaled.attempt();
        let (step, call, cleanup) = (attempt.step, attempt.call, attempt.cleanup);
        self.write(Record::Included { step, call, cleanup, receipt: Box::new(receipt.clone()) }).await?;
        self.tell(Event::Included { plan_id: self.plan.id.clone(), step, call, receipt: Box::new(receipt) })
            .await;
        Ok(())
    }
}

fn unknown(attempts: &[Journaled], reason: &str) -> Refusal {
    let hashes: Vec<String> = attempts.iter().map(|journaled| journaled.tx_hash().to_string()).collect();
    Refusal::new(
        Exit::OutcomeUnknown,
        "rpc.outcome_unknown",
        format!(
            "transaction {} was signed and may be out; whether a block has it is not known: {reason}",
            hashes.join(" or ")
        ),
    )
    .help("never send it again by hand")
}
