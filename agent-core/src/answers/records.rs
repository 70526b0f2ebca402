//! Answers from the journal and the policy.

use serde_json::{Value, json};

use crate::core::Core;
use crate::ledger::PlanRecord;
use crate::report::usd;
use crate::{Exit, Origin, PlanState, Refusal, tame};

/// How far back `history` tells.
const PLANS_MAX: usize = 10;

impl Core {
    /// The newest plans with what became of them.
    pub(super) async fn history(&self) -> Result<(String, Value), Refusal> {
        self.listed(|_| true, "nothing was planned yet").await
    }

    /// What waits or runs.
    pub(super) async fn open_plans(&self) -> Result<(String, Value), Refusal> {
        self.listed(
            |state| !state.ended() && !matches!(state, PlanState::Denied | PlanState::Expired),
            "nothing waits or runs",
        )
        .await
    }

    async fn listed(&self, wanted: fn(PlanState) -> bool, none: &str) -> Result<(String, Value), Refusal> {
        let now = self.clock.now();
        let plans = self.ledger.plans().await?;
        let shown = plans.iter().filter(|record| wanted(record.state(now))).take(PLANS_MAX);
        let (lines, rows): (Vec<String>, Vec<Value>) = shown
            .map(|record| {
                let (id, state) = (&record.plan.id, record.state(now));
                let words = tame(&record.plan.draft.read_back);
                let row = json!({"plan_id": id, "state": state, "created_at": record.plan.created_at, "read_back": words});
                (format!("{id} {}: {words}", state.words()), row)
            })
            .unzip();
        let text = if lines.is_empty() { none.to_owned() } else { lines.join("\n") };
        Ok((text, json!({"plans": rows})))
    }

    /// What may still enter, by the policy's caps and the journal's sums.
    pub(super) async fn limits(&self) -> Result<(String, Value), Refusal> {
        let (mut lines, mut rows) = (Vec::new(), Vec::new());
        for cap in self.policy.budgets() {
            let since = self.clock.now().saturating_sub(cap.window_s);
            let used = self.ledger.spent(&cap.budget, since, None).await?;
            let left = cap.cap_micro_usd.saturating_sub(used);
            let hours = cap.window_s.checked_div(3_600).unwrap_or_default();
            lines.push(format!(
                "{} USD of {} may still be put to use; {} were within the last {hours} hours",
                usd(left),
                usd(cap.cap_micro_usd),
                usd(used)
            ));
            rows.push(
                json!({"budget": cap.budget, "window_s": cap.window_s, "cap_usd": usd(cap.cap_micro_usd),
                             "used_usd": usd(used), "left_usd": usd(left)}),
            );
        }
        let autonomy = json!(self.autonomy);
        lines.push(format!("autonomy: {}", autonomy.as_str().unwrap_or_default()));
        let halted = self.halted().await?;
        lines.extend(halted.iter().map(|because| format!("halted: {because}; nothing is signed")));
        Ok((lines.join("\n"), json!({"budgets": rows, "autonomy": autonomy, "halted": halted})))
    }

    /// Why the last plan is as it is: what the policy said, and why steps were added.
    pub(super) async fn explain(&self) -> Result<(String, Value), Refusal> {
        let plans = self.ledger.plans().await?;
        let record = plans.first().ok_or_else(|| {
            Refusal::new(Exit::NotPossible, "plan.none", "there is no plan to explain")
                .help("state an intent first")
        })?;
        Ok(self.why(record))
    }

    /// The rules and facts of one plan.
    pub fn why(&self, record: &PlanRecord) -> (String, Value) {
        let state = record.state(self.clock.now());
        let mut lines = vec![format!(
            "plan {} {}: {}",
            record.plan.id,
            state.words(),
            tame(&record.plan.draft.read_back)
        )];
        let legs = &record.report.legs;
        for rule in legs.iter().flat_map(|leg| &leg.policy.rules) {
            let line = format!("{} by {}: {}", rule.result, rule.id, rule.reason);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        for (_, step) in record.plan.steps() {
            if let Origin::Added { because } = &step.origin {
                lines.push(format!("step {} was added: {}", step.index, tame(because)));
            }
        }
        lines.extend(record.report.settled.iter().flat_map(|settled| settled.differences.clone()));
        let rules: Vec<_> =
            legs.iter().map(|leg| json!({"chain": leg.chain, "policy": leg.policy})).collect();
        let steps = record.plan.steps().map(|(_, step)| {
            json!({"index": step.index, "action": step.action.name(), "origin": step.origin, "sources": step.sources})
        });
        let steps: Vec<Value> = steps.collect();
        let answer = json!({"plan_id": record.plan.id, "state": state, "verdict": record.report.verdict,
                            "legs": rules, "steps": steps, "cost": record.report.cost, "bounds": record.report.bounds});
        (lines.join("\n"), answer)
    }
}

/// What can be said.
pub(super) fn help() -> (String, Value) {
    let lines = [
        "intents: send, swap, bridge, wrap, supply, withdraw, borrow, repay, stake, claim, add or remove liquidity, revoke, rebalance, vote, delegate",
        "  `swap half my ETH on Base to USDC and lend it on Aave`",
        "questions: balance, price, positions, gas, health, approvals, history, plans, limits, explain",
        "  `how much USDC do I have?`, `what is my health factor?`, `why was that denied?`",
        "orders: cancel, pause, resume, speed up, undo, repeat",
    ];
    (lines.join("\n"), json!({"lines": lines}))
}
