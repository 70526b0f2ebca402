//! What is drawn, at the sizes that people have.

use agent_core::report::{ReceiptReport, SettledReport};
use agent_core::{Exit, Refusal};
use ratatui::style::Color;

use super::*;

fn has(screen: &[String], text: &str) -> bool {
    screen.iter().any(|line| line.contains(text))
}

#[test]
fn an_approval_shows_all_that_counts_at_80x24() {
    let (model, _) = opened(Verdict::NeedsApproval, 80, 24);
    let screen = screen(&model, 80, 24);
    for text in [
        "needs approval: plan p-0123456789abcdef",
        "at most 10 ETH on eip155:1",
        "at least 29862.283949 USDC on eip155:1",
        &USDC.to_string(),
        &PAYEE.to_string(),
        "5 USDC",
        &format!("stays with {ROUTER}"),
        "steward approvals approve --demo p-0123456789abcdef",
        "ask step.size: a step of 30012 USD",
        "n reject",
    ] {
        assert!(has(&screen, text), "{text} is not on\n{}", screen.join("\n"));
    }
    assert!(!has(&screen, "y execute") && !has(&screen, "more lines"), "{}", screen.join("\n"));
}

#[test]
fn a_long_sentence_does_not_push_the_figures_out() {
    let (mut model, mut long) = (model(80, 24), report(Verdict::NeedsApproval));
    long.draft = draft(&"swap 10 ETH ".repeat(500));
    model.update(Msg::Event(Box::new(Event::Planned { report: Box::new(long) })), Instant::now());
    assert!(has(&screen(&model, 80, 24), &PAYEE.to_string()));
}

#[test]
fn an_allowed_plan_at_80x24() {
    let (model, _) = opened(Verdict::Allow, 80, 24);
    let drawn = screen(&model, 80, 24);
    assert!(drawn[0].starts_with("steward  DEMO  main 0x0"), "{}", drawn[0]);
    for text in [
        "allowed: plan p-0123456789abcdef",
        "1. swap 10 ETH to USDC on ethereum (slippage at most 50 bps) [said]",
        "quote: 30012.345678 USDC, at least 29862.283949 USDC, impact 7 bps",
        "gas 184321",
        "-10 ETH on ethereum",
        "+30012.345678 USDC on ethereum",
        "5 USDC",
        "gas $1.2, L1 data $0, bridge $0, impact $21; about 12 s",
        "verdict    allowed",
        "allow step.size: a step of 30012 USD",
        "y execute  n reject",
    ] {
        assert!(has(&drawn, text), "{text} is not on\n{}", drawn.join("\n"));
    }
}

#[test]
fn a_wide_screen_has_both_side_by_side() {
    let (model, _) = opened(Verdict::Allow, 120, 40);
    let drawn = screen(&model, 120, 40);
    assert!(has(&drawn, "what should be done?"));
    assert!(drawn[1].contains("┌ allowed"), "{}", drawn[1]);
}

#[test]
fn a_denied_plan_says_why_and_what_to_do() {
    let (model, _) = opened(Verdict::Deny, 80, 24);
    let drawn = screen(&model, 80, 24);
    for text in ["no approval lifts it", "deny step.size", "steward policy explain p-0123456789abcdef"] {
        assert!(has(&drawn, text), "{text} is not on\n{}", drawn.join("\n"));
    }
}

#[test]
fn small_terminals_keep_the_verdict_and_the_answer() {
    let (model, _) = opened(Verdict::Allow, 40, 15);
    let drawn = screen(&model, 40, 15);
    assert!(
        has(&drawn, "allowed: plan") && has(&drawn, "y execute  n reject") && has(&drawn, "more lines: down")
    );
    for (width, height) in
        [(0, 0), (1, 1), (1, 40), (2, 2), (3, 5), (40, 10), (200, 1), (109, 4), (110, 5), (500, 200)]
    {
        for verdict in [Verdict::Allow, Verdict::NeedsApproval, Verdict::Deny] {
            let (mut model, now) = opened(verdict, width, height);
            model.update(Msg::Resize(Size { width, height }), now);
            for code in [KeyCode::PageUp, KeyCode::Down, KeyCode::Up, KeyCode::PageDown, KeyCode::Char('x')] {
                model.update(press(code), now + ms(700));
            }
            let drawn = screen(&model, width, height);
            assert!(width == 0 || drawn.len() == usize::from(height));
        }
    }
}

#[test]
fn a_plan_that_does_not_fit_scrolls_to_its_end_and_back() {
    let (mut model, now) = opened(Verdict::Allow, 40, 15);
    let first = screen(&model, 40, 15);
    assert!(!has(&first, "verdict"));
    for _ in 0..60 {
        model.update(press(KeyCode::Down), now + ms(700));
    }
    let end = screen(&model, 40, 15);
    assert!(has(&end, "verdict    allowed [+1]") && !has(&end, "more lines"), "{}", end.join("\n"));
    model.update(press(KeyCode::Enter), now + ms(700));
    for _ in 0..3 {
        model.update(press(KeyCode::Down), now + ms(700));
    }
    let unfolded = screen(&model, 40, 15);
    assert!(has(&unfolded, "step.size"), "{}", unfolded.join("\n"));
    for _ in 0..60 {
        model.update(press(KeyCode::Up), now + ms(700));
    }
    assert_eq!(screen(&model, 40, 15)[2..8], first[2..8]);
}

#[test]
fn new_lines_do_not_move_what_is_read() {
    let (mut model, now) = (model(80, 24), Instant::now());
    let answer = |text: String| Msg::Event(Box::new(Event::Answered { text, answer: json!(null) }));
    for line in 0..100 {
        model.update(answer(format!("line {line}.")), now);
    }
    assert!(has(&screen(&model, 80, 24), "line 99."));
    model.update(press(KeyCode::PageUp), now);
    let before = screen(&model, 80, 24);
    assert!(!has(&before, "line 99.") && has(&before, "line 79."));
    model.update(answer("line 100.".to_owned()), now);
    assert_eq!(screen(&model, 80, 24)[1..22], before[1..22]);
    model.update(press(KeyCode::PageDown), now);
    model.update(press(KeyCode::PageDown), now);
    assert!(has(&screen(&model, 80, 24), "line 100."));
}

#[test]
fn progress_refusals_and_ends_are_told() {
    let (mut model, now) = (model(80, 24), Instant::now());
    let plan_id = || "p-0123456789abcdef".to_owned();
    let mut done = report(Verdict::Allow);
    done.receipts = vec![ReceiptReport {
        leg: 0,
        chain: "eip155:1".to_owned(),
        tx_hash: B256::ZERO,
        status: "success".to_owned(),
        block: 7,
    }];
    done.settled =
        Some(SettledReport { as_promised: false, differences: vec!["1 USDC is missing".to_owned()] });
    let refusal = Refusal::new(Exit::NotPossible, "world.balance", "you have 1 ETH, the plan needs 10")
        .help("say less");
    for event in [
        Event::Started { plan_id: plan_id() },
        Event::StepStarted { plan_id: plan_id(), step: 1, text: "swap 10 ETH".to_owned() },
        Event::Sent { plan_id: plan_id(), step: 1, call: 0, tx_hash: "0x12".to_owned() },
        Event::Waiting { plan_id: plan_id(), step: 1, text: "the relayer fills".to_owned() },
        Event::Finished { report: Box::new(done) },
        Event::Question { question: "which token?".to_owned(), missing: vec!["asset".to_owned()] },
        Event::Refused { refusal },
    ] {
        model.update(Msg::Event(Box::new(event)), now);
    }
    let drawn = screen(&model, 80, 24);
    for text in [
        "executing plan p-0123456789abcdef",
        "step 1: swap 10 ETH",
        "step 1, transaction 1: sent",
        "step 1: waiting: the relayer fills",
        "not settled as promised",
        "differs: 1 USDC is missing",
        "? which token?",
        "refused: you have 1 ETH, the plan needs 10",
        "help: say less",
        "code: world.balance",
    ] {
        assert!(has(&drawn, text), "{text} is not on\n{}", drawn.join("\n"));
    }
}

#[test]
fn colours_are_of_the_sixteen_and_mono_has_none() {
    let colours = |theme: Theme| {
        let size = Size { width: 80, height: 24 };
        let mut model = Model::new(ChatSettings { theme, ..settings() }, size, Vec::new());
        model.update(planned(Verdict::Deny), Instant::now());
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| model.view(frame)).unwrap();
        let cells = terminal.backend().buffer().content().to_vec();
        let used = cells.iter().flat_map(|cell| [cell.fg, cell.bg]).filter(|colour| *colour != Color::Reset);
        used.collect::<Vec<_>>()
    };
    assert_eq!(colours(Theme::Mono), []);
    for theme in [Theme::Dark, Theme::Light] {
        let used = colours(theme);
        assert!(!used.is_empty() && !used.iter().any(|c| matches!(c, Color::Rgb(..) | Color::Indexed(_))));
    }
}

#[test]
fn each_receipt_of_a_real_network_has_a_link() {
    let mut done = report(Verdict::Allow);
    let receipt = |chain: &str| ReceiptReport {
        leg: 0,
        chain: chain.to_owned(),
        tx_hash: B256::repeat_byte(0x11),
        status: "success".to_owned(),
        block: 7,
    };
    done.receipts = vec![receipt("eip155:8453"), receipt("eip155:4242")];
    let links = |demo| super::super::explorer::links(&done, demo);
    let hash = B256::repeat_byte(0x11);
    assert!(links(false)[0].text.ends_with(&format!("https://basescan.org/tx/{hash}")));
    assert!(links(false)[1].text.contains("no explorer is known for eip155:4242"));
    assert!(!links(true).iter().any(|row| row.text.contains("https")), "a hash of the demo is not looked up");
}
