//! The core with its ports plugged in. The composition root builds one; planning, execution and sessions use it.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::Address;

use crate::ledger::{Ledger, LedgerError};
use crate::ports::{Chain, Clock, Compiler, Planner, Policy, Signer, Simulator};
use crate::{Autonomy, Exit, NetworkInfo, Refusal, Registry};

#[derive(Debug, Clone)]
pub struct Core {
    pub account: Address,
    pub autonomy: Autonomy,
    pub registry: Arc<Registry>,
    pub chains: BTreeMap<u64, Arc<dyn Chain>>,
    pub clock: Arc<dyn Clock>,
    pub compiler: Arc<dyn Compiler>,
    pub ledger: Arc<dyn Ledger>,
    pub planner: Arc<dyn Planner>,
    pub policy: Arc<dyn Policy>,
    /// None where this process may only look: nothing can be executed.
    pub signer: Option<Arc<dyn Signer>>,
    pub simulator: Arc<dyn Simulator>,
}

impl Core {
    pub fn chain(&self, chain_id: u64) -> Result<&Arc<dyn Chain>, Refusal> {
        self.chains.get(&chain_id).ok_or_else(|| unknown_chain(chain_id))
    }

    pub fn network(&self, chain_id: u64) -> Result<&NetworkInfo, Refusal> {
        self.registry.network(chain_id).ok_or_else(|| unknown_chain(chain_id))
    }
}

fn unknown_chain(chain_id: u64) -> Refusal {
    Refusal::new(
        Exit::Usage,
        "config.unknown_chain",
        format!("chain {chain_id} is not in this configuration"),
    )
    .help("`steward config show` lists the networks")
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        let message = error.to_string();
        match error {
            LedgerError::NonceTaken { .. } => Self::new(Exit::Stale, "journal.nonce_taken", message)
                .help("a plan that was started holds this nonce: `steward plans list` names it, `steward run --plan ID` goes on with it"),
            LedgerError::Stopped { code } => {
                let exit = if code == "plan.cancelled" { Exit::Rejected } else { Exit::Halted };
                Self::new(exit, code, message)
            }
            LedgerError::BudgetExceeded { .. } => Self::new(Exit::Denied, "policy.budget", message)
                .help("nothing was signed away; wait until the rolling window has room, or change the policy"),
            LedgerError::Damaged { .. } => Self::new(Exit::JournalDamaged, "journal.damaged", message)
                .help("nothing more is sent; `steward journal verify` shows where; restore the file from a copy"),
            LedgerError::Io { code, .. } => Self::new(Exit::Error, code, message)
                .help("free the file or the disk and run the command again: it goes on from the journal"),
        }
    }
}
