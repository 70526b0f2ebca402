//! A core that answers as the real one does, at once and from a script: what it says depends on the operation alone.

use agent_core::draft::{Topic, Verb};
use agent_core::report::{ReceiptReport, SettledReport};
use agent_core::{
    BlockRef, Claimable, Exit, Lent, LiquidityPosition, Op, Portfolio, Price, Receipt, Refusal, StuckChoice,
    UnderWay, Unknown,
};

use super::*;

/// The operations that it got, and what stands.
#[derive(Debug, Default)]
pub(super) struct ScriptedCore {
    plans: u64,
    last: Option<Box<Report>>,
    halted: bool,
    approved: bool,
}

impl ScriptedCore {
    pub(super) fn answer(&mut self, op: &Op) -> Vec<Event> {
        match op {
            Op::Say { text } => self.say(text),
            Op::Confirm { plan_id } | Op::Resume { plan_id } => self.run(plan_id),
            Op::Reject { plan_id } => vec![controlled(Some(plan_id), "is cancelled; nothing of it was sent")],
            Op::DropAdded { .. } => vec![self.plan(|_| {})],
            Op::Revise { change, .. } if change.value == "atlantis" => {
                vec![refused(
                    Exit::Question,
                    "clarify.chain",
                    "`atlantis` is no network of this configuration",
                )]
            }
            Op::Revise { change, .. } => {
                let words = format!("swap with {} {}", change.field, change.value);
                vec![self.plan(|report| report.draft = draft(&words))]
            }
            Op::Ask { topic, .. } => vec![answered(*topic)],
            Op::Portfolio => vec![portfolio()],
            Op::Control { verb: Verb::Undo, .. } => {
                vec![self.plan(|report| report.draft = draft("swap the USDC back to ETH"))]
            }
            Op::Control { verb: Verb::Repeat, .. } => vec![self.plan(|_| {})],
            Op::Control { verb, plan_id } => {
                let verb = serde_json::to_value(verb).unwrap();
                vec![controlled(plan_id.as_deref(), &format!("{} was ordered", verb.as_str().unwrap()))]
            }
            Op::Halt { because } => {
                self.halted = true;
                vec![controlled(None, &format!("the agent is halted: {because}"))]
            }
            Op::Unhalt => {
                let text = if self.halted { "the agent may sign again" } else { "the agent was not halted" };
                self.halted = false;
                vec![controlled(None, text)]
            }
            Op::Open => vec![Event::Opened { text: "Since yesterday 18:02 UTC: 1 plan settled.".to_owned() }],
            Op::Stuck { choice: StuckChoice::Wait, plan_id } => self.settle(plan_id),
            Op::Stuck { choice: StuckChoice::QuoteRest, .. } => {
                vec![self.plan(|report| report.draft = draft("the rest of the plan"))]
            }
            Op::Stuck { choice: StuckChoice::BringBack, .. } => {
                vec![self.plan(|report| report.draft = draft("bring it back"))]
            }
        }
    }

    /// An event that nobody asked for.
    pub(super) fn approve(&mut self) {
        self.approved = true;
    }

    fn plan(&mut self, change: impl FnOnce(&mut Report)) -> Event {
        self.plans += 1;
        let mut report = report(Verdict::Allow);
        report.plan_id = format!("p-{}", self.plans);
        change(&mut report);
        self.last = Some(Box::new(report.clone()));
        Event::Planned { report: Box::new(report) }
    }

    fn say(&mut self, text: &str) -> Vec<Event> {
        let heard = Event::Heard { text: text.to_owned() };
        let drafted = Event::Drafted { draft: Box::new(draft(text)) };
        let words = |word: &str| text.contains(word);
        let verdict = match () {
            () if words("stranger") => Verdict::Deny,
            () if words("million") => Verdict::NeedsApproval,
            () => Verdict::Allow,
        };
        let planned = match () {
            () if words("how much") => answered(Topic::Balance),
            () if words("something") => {
                Event::Question { question: "which token?".to_owned(), missing: vec!["asset".to_owned()] }
            }
            () if words("poem") => refused(Exit::RefusedInput, "input.scope", "that is not about assets"),
            () if words("pause") => controlled(Some("p-1"), "stops before its next call"),
            () => self.plan(|report| {
                let id = report.plan_id.clone();
                *report = super::report(verdict);
                (report.plan_id, report.draft) = (id, draft(text));
                if words("aave") {
                    report.legs[0].steps.insert(0, added());
                }
                report.legs[0].simulation.success = !words("fails");
            }),
        };
        if matches!(planned, Event::Planned { .. }) {
            vec![heard, drafted, planned]
        } else {
            vec![heard, planned]
        }
    }

    fn run(&mut self, plan_id: &str) -> Vec<Event> {
        let report = self.last.clone().expect("a plan was made");
        if self.halted {
            return vec![refused(Exit::Halted, "halted", "the agent is halted; nothing is signed")];
        }
        if report.verdict == Verdict::NeedsApproval && !self.approved {
            return vec![refused(
                Exit::ApprovalRequired,
                "policy.approval_required",
                "an approval is needed",
            )];
        }
        let plan = || plan_id.to_owned();
        let hash = B256::repeat_byte(0x11).to_string();
        let mut events = vec![
            Event::Started { plan_id: plan() },
            Event::StepStarted { plan_id: plan(), step: 1, text: "swap 10 ETH".to_owned() },
            Event::Signed { plan_id: plan(), step: 1, call: 0, tx_hash: hash.clone() },
            Event::Sent { plan_id: plan(), step: 1, call: 0, tx_hash: hash },
            Event::Included { plan_id: plan(), step: 1, call: 0, receipt: Box::new(receipt()) },
        ];
        if report.draft.read_back.contains("bridge") {
            events.push(Event::UnderWay { plan_id: plan(), step: 1, place: Box::new(under_way()) });
        } else {
            events.extend(self.settle(plan_id));
        }
        events
    }

    fn settle(&mut self, plan_id: &str) -> Vec<Event> {
        let mut report = self.last.clone().expect("a plan was made");
        let reverted = report.draft.read_back.contains("reverts");
        let status = if reverted { "reverted" } else { "success" };
        report.receipts = vec![ReceiptReport {
            leg: 0,
            chain: "eip155:1".to_owned(),
            tx_hash: B256::repeat_byte(0x11),
            status: status.to_owned(),
            block: 7,
        }];
        let differences: Vec<String> = reverted.then(|| "step 1 reverted".to_owned()).into_iter().collect();
        report.settled = Some(SettledReport { as_promised: !reverted, differences: differences.clone() });
        let text = "swap 10 ETH".to_owned();
        vec![
            Event::StepSettled { plan_id: plan_id.to_owned(), step: 1, text, differences },
            Event::Finished { report },
        ]
    }
}

fn refused(exit: Exit, code: &str, message: &str) -> Event {
    Event::Refused { refusal: Refusal::new(exit, code, message).help("say it differently") }
}

fn controlled(plan_id: Option<&str>, text: &str) -> Event {
    let whole = plan_id.map_or_else(|| text.to_owned(), |id| format!("plan {id} {text}"));
    Event::Controlled { plan_id: plan_id.map(str::to_owned), text: whole }
}

fn answered(topic: Topic) -> Event {
    let topic = serde_json::to_value(topic).unwrap();
    Event::Answered { text: format!("an answer about {}", topic.as_str().unwrap()), answer: json!(null) }
}

/// A bridge that the planner put before the step that was said.
fn added() -> StepReport {
    let mut step = leg(Verdict::Allow).steps.remove(0);
    step.text = "bridge 400 USDC from arbitrum to base".to_owned();
    step.origin = json!({"added": {"because": "the USDC is on arbitrum"}});
    step
}

fn block() -> BlockRef {
    BlockRef { number: 7, hash: B256::ZERO, timestamp: 1_800_000_000 }
}

fn receipt() -> Receipt {
    Receipt {
        chain_id: 1,
        tx_hash: B256::repeat_byte(0x11),
        success: true,
        block: block(),
        gas_used: 184_321,
        effective_gas_price: 1,
        logs: Vec::new(),
    }
}

pub(super) fn under_way() -> UnderWay {
    UnderWay {
        amount: usdc().amount(U256::from(200_000_000_u64)),
        from: 1,
        to: 8453,
        left_at: 1_800_000_000,
        expected_at: 1_800_000_010,
        arrived_at: None,
        refund_after: 1_800_007_200,
        text: "left Ethereum 12:03 · not on Base yet · expected 12:05 · refund possible after 14:03 UTC"
            .to_owned(),
    }
}

/// Something of everything, on one network; another one does not answer.
pub(super) fn portfolio() -> Event {
    let price =
        |usd: u64| Price { oracle_micro_usd: Some(U256::from(usd * 1_000_000)), pool_micro_usd: None };
    let link = Asset { chain_id: 1, kind: AssetKind::Erc20(ROUTER), symbol: "LINK".to_owned(), decimals: 18 };
    let portfolio = Portfolio {
        network: NetworkId { chain_id: 1, genesis: B256::ZERO },
        name: "ethereum".to_owned(),
        block: block(),
        balances: vec![ten_eth(), usdc().amount(U256::ZERO), link.amount(U256::from(10_u64.pow(18)))],
        lent: vec![Lent { amount: least(), collateral: true }],
        owed: vec![eth().amount(U256::from(10_u64.pow(18)))],
        health_factor: Some(U256::from(1_180_000_000_000_000_000_u64)),
        rates: Vec::new(),
        liquidity: vec![LiquidityPosition {
            id: U256::from(42),
            protocol: "uniswap v3".to_owned(),
            pair: [eth(), usdc()],
            fee_pips: 500,
            tick_lower: -10,
            tick_upper: 10,
            liquidity: U256::ONE,
            amounts: [ten_eth(), least()],
            fees: [eth().amount(U256::ZERO), usdc().amount(U256::from(5_000_000))],
            in_range: false,
        }],
        claimable: vec![Claimable {
            protocol: "aave".to_owned(),
            amount: link.amount(U256::from(10_u64.pow(17))),
        }],
        allowances: vec![AllowanceLeft { asset: usdc(), spender: ROUTER, raw: U256::MAX }],
        prices: [(eth().caip19(), price(3_000)), (usdc().caip19(), price(1))].into(),
        max_fee_per_gas: 1,
        unknown: vec![Unknown {
            what: "rewards".to_owned(),
            why: "the controller did not answer".to_owned(),
        }],
    };
    let unknown = vec![Unknown { what: "base".to_owned(), why: "it does not answer".to_owned() }];
    Event::Portfolio { portfolios: vec![portfolio], unknown }
}
