//! The two queues between the front ends and the core: [`Op`] in, [`Event`] out.
//! Events are a versioned schema: keys may be added.

use serde::{Deserialize, Serialize};

use crate::draft::{Draft, Topic, Verb};
use crate::report::Report;
use crate::{Amount, Portfolio, Receipt, Refusal, Unknown};

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
    /// Plans the same draft anew without the steps that were added.
    DropAdded { plan_id: String },
    /// Plans the same draft anew with one value changed by the user.
    Revise { plan_id: String, change: Revision },
    /// A question about the state of things, asked by key or command.
    Ask { topic: Topic, asset: Option<String>, chain: Option<String>, protocol: Option<String> },
    /// Everything held, lent, owed and provided, on every network.
    Portfolio,
    /// An order about what the agent already does; no plan: the last one.
    Control { verb: Verb, plan_id: Option<String> },
    /// Nothing is signed until a person resumes. It survives a restart.
    Halt { because: String },
    /// A person's act: signing may go on.
    Unhalt,
    /// What ran, waits and changed since the last time.
    Open,
    /// What to do with a plan whose money is under way.
    Stuck { plan_id: String, choice: StuckChoice },
}

/// One field of one step of a plan's draft, as the user typed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The draft's step, from 1.
    pub step: usize,
    /// `amount`, `chain` or `max_slippage_bps`.
    pub field: String,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StuckChoice {
    /// Looks again, and goes on when it has arrived.
    Wait,
    /// Plans what is left of the draft anew, with what arrived.
    QuoteRest,
    /// Plans the way back to where the money came from.
    BringBack,
}

/// Where money is that left one network for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    pub amount: Amount,
    /// Chain ids.
    pub from: u64,
    pub to: u64,
    /// Seconds since the Unix epoch, all of them.
    pub left_at: u64,
    pub expected_at: u64,
    pub arrived_at: Option<u64>,
    /// When the deposit can be refunded on the origin, if nobody fills it.
    pub refund_after: u64,
    /// `left Ethereum 12:03 · not on Base yet · expected 12:05 · refund possible after 14:03` (UTC).
    pub text: String,
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
    /// A bridge's other side is awaited: where the money is.
    UnderWay {
        plan_id: String,
        step: usize,
        place: Box<UnderWay>,
    },
    Portfolio {
        portfolios: Vec<Portfolio>,
        /// Networks that did not answer.
        unknown: Vec<Unknown>,
    },
    /// What became of a control, a halt or its end.
    Controlled {
        plan_id: Option<String>,
        text: String,
    },
    Opened {
        text: String,
    },
    Refused {
        refusal: Refusal,
    },
}
