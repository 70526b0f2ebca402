//! Broadcasting, waiting and taking up again: by hash and nonce, never blind.

use std::time::Duration;

use crate::executor::Run;
use crate::ledger::Record;
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
    /// if its nonce is still free.
    pub(crate) async fn reconcile(&mut self) -> Result<(), Refusal> {
        for journaled in Journaled::recover(&*self.core.ledger, &self.plan.id).await? {
            let attempt = journaled.attempt();
            let own = self.progress.steps.get(&attempt.step);
            let key = (attempt.cleanup, attempt.call);
            let open = own.is_some_and(|own| {
                own.signed.get(&key) == Some(&journaled.tx_hash()) && !own.included.contains_key(&key)
            });
            if open {
                self.send_and_wait(&journaled).await?;
            }
        }
        Ok(())
    }

    /// Sends journaled bytes unless they are in a block already, and waits until they are.
    pub(crate) async fn send_and_wait(&mut self, journaled: &Journaled) -> Result<(), Refusal> {
        let chain = self.core.chain(journaled.network().chain_id)?;
        let (step, call) = (journaled.attempt().step, journaled.attempt().call);
        let mut last = None;
        if let Some(receipt) = chain.receipt(journaled.tx_hash()).await? {
            return self.included(journaled, receipt).await;
        }
        match chain.send(journaled).await {
            SendOutcome::Accepted | SendOutcome::AlreadyKnown => {
                self.write(Record::Sent { step, call, tx_hash: journaled.tx_hash() }).await?;
                let tx_hash = journaled.tx_hash().to_string();
                self.tell(Event::Sent { plan_id: self.plan.id.clone(), step, call, tx_hash }).await;
            }
            SendOutcome::Rejected(reason) | SendOutcome::Unknown(reason) => last = Some(reason),
        }
        let mut foreign = 0_u32;
        for _ in 0..POLLS_MAX {
            // An endpoint that fails now may answer later: the transaction is out, or may be.
            match chain.receipt(journaled.tx_hash()).await {
                Ok(Some(receipt)) => return self.included(journaled, receipt).await,
                Ok(None) => {}
                Err(refusal) => last = Some(refusal.message),
            }
            let never = self.never(journaled).await;
            foreign = if never.is_some() { foreign.saturating_add(1) } else { 0 };
            if let Some(reason) = never.filter(|_| foreign >= FOREIGN_POLLS) {
                return Err(reason);
            }
            self.core.clock.sleep(POLL_EVERY).await;
        }
        Err(unknown(journaled, last.as_deref().unwrap_or("no block has it yet")))
    }

    /// Set when the nonce went to another transaction: these bytes can never be included.
    async fn never(&self, journaled: &Journaled) -> Option<Refusal> {
        let chain = self.core.chain(journaled.network().chain_id).ok()?;
        let claim = &journaled.attempt().claim;
        let used = chain.nonce(claim.sender).await.ok()?;
        if used <= claim.nonce || chain.receipt(claim.tx_hash).await.ok()?.is_some() {
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

fn unknown(journaled: &Journaled, reason: &str) -> Refusal {
    Refusal::new(
        Exit::OutcomeUnknown,
        "rpc.outcome_unknown",
        format!(
            "transaction {} was signed and may be out; whether a block has it is not known: {reason}",
            journaled.tx_hash()
        ),
    )
    .help("never send it again by hand")
}
