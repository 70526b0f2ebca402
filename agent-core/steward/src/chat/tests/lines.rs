//! The chat in lines (`--plain`).

use agent_core::Op;

use super::*;
use crate::chat::plain::{Plain, Reply};

fn shown(typed: bool, verdict: Verdict) -> (Plain, Instant, Vec<String>) {
    let (mut plain, now) = (Plain::new(settings(), typed), Instant::now());
    let lines = plain.event(&Event::Planned { report: Box::new(report(verdict)) }, now);
    (plain, now, lines)
}

fn answer(plain: &mut Plain, line: &str, at: Instant) -> Reply {
    let mut reply = plain.line(line.as_bytes(), at);
    let later = plain.tick(at + ms(6));
    reply.lines.extend(later.lines);
    reply.op = reply.op.or(later.op);
    reply
}

#[test]
fn a_typed_y_executes_an_allowed_plan() {
    let (mut plain, now, lines) = shown(true, Verdict::Allow);
    assert!(lines.iter().any(|line| line == "y executes it, n rejects it"));
    assert_eq!(answer(&mut plain, "y\n", now + ms(100)).op, None, "too early");
    assert_eq!(
        answer(&mut plain, "y\n", now + ms(700)).op,
        Some(Op::Confirm { plan_id: "p-0123456789abcdef".to_owned() })
    );
    assert_eq!(answer(&mut plain, "y\n", now + ms(900)).op, None);
}

#[test]
fn a_piped_y_confirms_nothing() {
    let (mut plain, now, lines) = shown(false, Verdict::Allow);
    assert!(lines.iter().any(|line| line.contains("steward run --plan p-0123456789abcdef --demo")));
    for line in ["y\n", "/resume\n"] {
        let reply = answer(&mut plain, line, now + ms(700));
        assert_eq!(reply.op, None);
        assert!(reply.lines[0].starts_with("refused:"), "{:?}", reply.lines);
    }
}

#[test]
fn pasted_lines_confirm_nothing() {
    let (mut plain, now, _) = shown(true, Verdict::Allow);
    assert_eq!(plain.line(b"y\n", now + ms(700)).op, None);
    let next = plain.line(b"how much?\n", now + ms(701));
    assert!(next.lines[0].contains("pasted"));
    assert_eq!(plain.tick(now + ms(720)), Reply::default());
}

#[test]
fn y_approves_nothing() {
    let (mut plain, now, lines) = shown(true, Verdict::NeedsApproval);
    assert!(lines.iter().any(|line| line.contains("steward approvals approve --demo p-0123456789abcdef")));
    assert!(lines.iter().any(|line| line.contains(&PAYEE.to_string())));
    assert_eq!(answer(&mut plain, "y\n", now + ms(700)).op, None);
}

#[test]
fn sentences_go_to_the_core_and_bad_lines_do_not() {
    let (mut plain, now) = (Plain::new(settings(), false), Instant::now());
    assert_eq!(plain.line(b"how much?\r\n", now).op, Some(Op::Say { text: "how much?".to_owned() }));
    assert_eq!(plain.line(b"\n", now).op, None);
    assert!(plain.line(b"\xff\xfe\n", now).lines[0].contains("input.utf8"));
    assert!(plain.line(b"/quit\n", now).quit);
}

#[test]
fn commands_are_the_same_as_on_the_screen() {
    let (mut plain, now) = (Plain::new(settings(), true), Instant::now());
    let mut op = |line: &str| serde_json::to_value(plain.line(line.as_bytes(), now).op).unwrap();
    assert_eq!(op("/portfolio")["op"], "portfolio");
    assert_eq!(
        op("/plans"),
        json!({"op": "ask", "topic": "plans", "asset": null, "chain": null, "protocol": null})
    );
    assert_eq!(op("/halt enough"), json!({"op": "halt", "because": "enough"}));
    assert_eq!(op("/undo p-1"), json!({"op": "control", "verb": "undo", "plan_id": "p-1"}));
    assert!(plain.line(b"/fly\n", now).lines[0].contains("is no command"));
}

#[test]
fn resume_lifts_a_halt_first() {
    let (mut plain, now, _) = shown(true, Verdict::NeedsApproval);
    plain.line(b"/halt enough\n", now + ms(700));
    assert_eq!(plain.line(b"/resume\n", now + ms(1_400)).op, Some(Op::Unhalt));
    let resumed = Op::Resume { plan_id: "p-0123456789abcdef".to_owned() };
    assert_eq!(plain.line(b"/resume\n", now + ms(2_100)).op, Some(resumed));
}

#[test]
fn money_under_way_has_three_answers() {
    let (mut plain, now) = (Plain::new(settings(), true), Instant::now());
    assert!(answer(&mut plain, "w\n", now).lines[0].contains("no money is under way"));
    let (mut core, plan_id) = (super::scripted::ScriptedCore::default(), "p-1".to_owned());
    for op in [Op::Say { text: "bridge 200 USDC".to_owned() }, Op::Confirm { plan_id }] {
        for event in core.answer(&op) {
            plain.event(&event, now);
        }
    }
    let mut at = now;
    for (line, choice) in [("w\n", "wait"), ("r\n", "quote_rest"), ("b\n", "bring_back")] {
        at += ms(900);
        let op = serde_json::to_value(answer(&mut plain, line, at).op).unwrap();
        assert_eq!(op["choice"], choice);
    }
}
