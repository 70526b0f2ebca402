//! The two queues between the front ends and the core: [`Op`] in, [`Event`] out.
//! Events are a versioned schema: keys may be added.

use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::report::Report;
use crate::{Receipt, Refusal};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    /// A sentence of the user's.
    Say { text: String },
    /// The user's `y`: executes a plan that is already allowed. Approves nothing.
    Confirm { plan_id: String },
    /// The user's `n`.
    Reject { plan_id: String },
    /// An approval was recorded; look again.
    Resume { plan_id: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Work on an intent began.
    Heard {
        text: String,
    },
    Drafted {
        draft: Box<Draft>,
    },
    /// Compiled, simulated, judged and saved.
    Planned {
        report: Box<Report>,
    },
    /// A question back.
    Question {
        question: String,
        missing: Vec<String>,
    },
    Answered {
        text: String,
        answer: serde_json::Value,
    },
    Started {
        plan_id: String,
    },
    StepStarted {
        plan_id: String,
        step: usize,
        text: String,
    },
    Signed {
        plan_id: String,
        step: usize,
        call: usize,
        tx_hash: String,
    },
    Sent {
        plan_id: String,
        step: usize,
        call: usize,
        tx_hash: String,
    },
    Included {
        plan_id: String,
        step: usize,
        call: usize,
        receipt: Box<Receipt>,
    },
    /// A bridge's other side is awaited.
    Waiting {
        plan_id: String,
        step: usize,
        text: String,
    },
    StepSettled {
        plan_id: String,
        step: usize,
        text: String,
        differences: Vec<String>,
    },
    Finished {
        report: Box<Report>,
    },
    Refused {
        refusal: Refusal,
    },
}
