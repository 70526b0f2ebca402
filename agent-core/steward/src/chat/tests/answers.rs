//! What counts as a `y`: alone, after 600 ms, on an open plan that is allowed, with an empty input line.

use agent_core::Op;

use super::*;

fn confirm() -> Option<Op> {
    Some(Op::Confirm { plan_id: "p-0123456789abcdef".to_owned() })
}

/// A key at `at`, and the tick that decides it.
fn answer(model: &mut Model, c: char, at: Instant) -> Option<Op> {
    let op = model.update(key(c), at);
    op.or_else(|| model.update(Msg::Tick, at + ms(6)))
}

#[test]
fn a_y_that_stands_alone_executes() {
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    assert_eq!(answer(&mut model, 'y', now + SETTLING), confirm());
    assert!(model.panel.is_none());
    assert_eq!(answer(&mut model, 'y', now + SETTLING + ms(100)), None, "a plan is confirmed once");
}

#[test]
fn n_rejects() {
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    let rejected = Op::Reject { plan_id: "p-0123456789abcdef".to_owned() };
    assert_eq!(answer(&mut model, 'n', now + SETTLING), Some(rejected));
}

#[test]
fn keys_within_600_ms_of_the_opening_are_dropped() {
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    assert_eq!(answer(&mut model, 'y', now + ms(100)), None);
    assert_eq!(answer(&mut model, 'n', now + ms(500)), None);
    assert_eq!(answer(&mut model, 'y', now + ms(599)), None);
    assert!(model.panel.is_some() && model.input.is_empty());
    assert_eq!(answer(&mut model, 'y', now + ms(700)), confirm());
}

#[test]
fn a_new_plan_starts_the_time_again() {
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    model.update(planned(Verdict::Allow), now + ms(590));
    assert_eq!(answer(&mut model, 'y', now + ms(700)), None);
    assert_eq!(answer(&mut model, 'y', now + ms(1190)), confirm());
}

#[test]
fn a_plan_that_opens_takes_a_held_answer_away() {
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    model.update(key('y'), now + ms(700));
    model.update(planned(Verdict::Allow), now + ms(701));
    assert_eq!(model.update(Msg::Tick, now + ms(710)), None);
    assert!(model.panel.is_some());
}

#[test]
fn pasted_answers_count_nothing() {
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    assert_eq!(model.update(Msg::Paste("y".to_owned()), now + ms(700)), None);
    assert_eq!(model.update(Msg::Tick, now + ms(710)), None);
    assert_eq!(model.input.lines(), ["y"]);

    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    for (place, c) in "yes y".chars().enumerate() {
        assert_eq!(model.update(key(c), now + ms(700) + ms(2 * place as u64)), None);
    }
    assert_eq!(model.update(Msg::Tick, now + ms(800)), None);
    assert_eq!(model.input.lines(), ["yes y"]);

    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    model.update(key('x'), now + ms(700));
    model.update(press(KeyCode::Backspace), now + ms(701));
    assert_eq!(answer(&mut model, 'y', now + ms(702)), None, "the end of a burst is pasted too");
}

#[test]
fn a_y_in_the_input_line_is_text() {
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    assert_eq!(answer(&mut model, 's', now + ms(700)), None);
    assert_eq!(answer(&mut model, 'y', now + ms(900)), None);
    assert_eq!(model.input.lines(), ["sy"]);
    assert!(model.panel.is_some());
}

#[test]
fn enter_is_no_answer() {
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    assert_eq!(model.update(press(KeyCode::Enter), now + ms(700)), None);
    assert_eq!(model.update(press(KeyCode::Char(' ')), now + ms(800)), None);
    assert_eq!(model.update(Msg::Tick, now + ms(900)), None);
    assert!(model.panel.is_some());
}

#[test]
fn y_never_approves() {
    for verdict in [Verdict::NeedsApproval, Verdict::Deny] {
        let (mut model, now) = opened(verdict, 80, 24);
        assert_eq!(answer(&mut model, 'y', now + ms(700)), None);
        assert!(model.panel.is_some());
    }
}

#[test]
fn a_plan_whose_simulation_fails_is_not_executed() {
    let (mut model, now) = (model(80, 24), Instant::now());
    let mut failing = report(Verdict::Allow);
    failing.legs[0].simulation.success = false;
    model.update(Msg::Event(Box::new(Event::Planned { report: Box::new(failing) })), now);
    assert_eq!(answer(&mut model, 'y', now + ms(700)), None);
}

fn type_in(model: &mut Model, text: &str, now: Instant) -> Option<Op> {
    for (place, c) in text.chars().enumerate() {
        assert_eq!(model.update(key(c), now + ms(20 * place as u64)), None);
    }
    model.update(press(KeyCode::Enter), now + ms(20 * text.len() as u64))
}

#[test]
fn resume_is_typed_and_goes_on_with_a_plan_that_waits() {
    let (mut model, now) = opened(Verdict::NeedsApproval, 80, 24);
    let resumed = Op::Resume { plan_id: "p-0123456789abcdef".to_owned() };
    assert_eq!(type_in(&mut model, "/resume", now + ms(700)), Some(resumed));
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    // Nothing waits: it can only mean a halt.
    assert_eq!(type_in(&mut model, "/resume", now + ms(700)), Some(Op::Unhalt));
}

#[test]
fn a_sentence_sets_the_open_plan_aside_and_plan_shows_it_again() {
    let (mut model, now) = opened(Verdict::Allow, 80, 24);
    let said = Op::Say { text: "how much?".to_owned() };
    assert_eq!(type_in(&mut model, "how much?", now + ms(700)), Some(said));
    assert!(model.panel.is_none());
    assert_eq!(type_in(&mut model, "/plan", now + ms(2000)), None);
    assert!(model.panel.is_some());
    assert_eq!(answer(&mut model, 'y', now + ms(2200)), None, "it opened anew");
}

#[test]
fn ways_out() {
    for c in ['c', 'd'] {
        let mut model = model(80, 24);
        model.update(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)), Instant::now());
        assert!(model.quit);
    }
    let mut model = model(80, 24);
    type_in(&mut model, "/quit", Instant::now());
    assert!(model.quit);
}
