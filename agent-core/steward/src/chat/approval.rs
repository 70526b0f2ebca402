//! What a panel holds. For an approval, whatever a principal answers for comes first and in full: what leaves, what
//! must arrive, token addresses, chains, payees, allowances, and the command that approves.

use agent_core::report::Report;
use agent_core::{Amount, Verdict};
use jiff::Timestamp;

use super::report::{allowance_rows, read_back, report_rows, rule_row, rules};
use super::row::{Row, Tone, clip};

/// A long sentence must not push the figures out of sight.
const READ_BACK: usize = 120;

/// The panel's rows, by verdict.
pub(crate) fn panel_rows(report: &Report, approve_command: &str) -> Vec<Row> {
    match report.verdict {
        Verdict::Allow => report_rows(report),
        Verdict::NeedsApproval => approval_rows(report, approve_command),
        Verdict::Deny => deny_rows(report),
    }
}

/// Whether a `y` can execute it.
pub(crate) fn executable(report: &Report) -> bool {
    report.verdict == Verdict::Allow && report.legs.iter().all(|leg| leg.simulation.success)
}

/// How a plan that asks is approved.
pub(crate) fn approve_with(report: &Report, approve_command: &str) -> String {
    format!("{approve_command} {}", report.plan_id)
}

fn approval_rows(report: &Report, approve_command: &str) -> Vec<Row> {
    let bounds = &report.bounds;
    let mut rows = vec![Row::new(Tone::Strong, clip(read_back(report), READ_BACK))];
    rows.extend(
        bounds
            .most_in
            .iter()
            .map(|amount| Row::labelled(Tone::Plain, "leaves", format!("at most {}", located(amount)))),
    );
    rows.extend(
        bounds
            .least_out
            .iter()
            .map(|amount| Row::labelled(Tone::Plain, "arrives", format!("at least {}", located(amount)))),
    );
    if bounds.payees.is_empty() {
        rows.push(Row::labelled(Tone::Plain, "payee", "none: nothing is paid to another account"));
    }
    rows.extend(bounds.payees.iter().map(|payee| Row::labelled(Tone::Strong, "payee", payee.to_string())));
    rows.extend(allowance_rows(report));
    rows.push(Row::labelled(Tone::Strong, "approve", approve_with(report, approve_command)));
    rows.push(Row::labelled(Tone::Plain, "", "in another terminal, by the approver; then /resume here"));
    rows.extend(rules(report).into_iter().filter(|rule| rule.result != "allow").map(rule_row));
    let gas = |amount: &Amount| format!("at most {amount} on {}", agent_core::caip2(amount.asset().chain_id));
    rows.extend(bounds.fees_most.iter().map(|amount| Row::labelled(Tone::Faint, "gas", gas(amount))));
    rows.push(Row::labelled(Tone::Faint, "expires", expiry(bounds.expires_at)));
    rows.extend(
        bounds.contracts.iter().map(|contract| Row::labelled(Tone::Faint, "calls", contract.to_string())),
    );
    rows
}

/// `30000 USDC on eip155:1, token 0x…`.
fn located(amount: &Amount) -> String {
    let asset = amount.asset();
    let token = asset.token().map_or_else(|| "the native coin".to_owned(), |token| format!("token {token}"));
    format!("{amount} on {}, {token}", agent_core::caip2(asset.chain_id))
}

fn expiry(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.map_or_else(|| "never".to_owned(), |at| at.to_string())
}

fn deny_rows(report: &Report) -> Vec<Row> {
    let mut rows =
        vec![Row::new(Tone::Bad, "the policy denies this plan: nothing is sent, and no approval lifts it")];
    rows.extend(rules(report).into_iter().filter(|rule| rule.result == "deny").map(rule_row));
    rows.push(Row::new(Tone::Plain, "say it differently, or ask whoever owns the policy to change it"));
    rows.push(Row::new(Tone::Plain, format!("why in full: steward policy explain {}", report.plan_id)));
    rows.extend(report_rows(report));
    rows
}
