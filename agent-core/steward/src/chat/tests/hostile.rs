//! Text from outside that would write on the terminal, or read otherwise than it is.

use agent_core::{Exit, Refusal};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};

use super::*;
use crate::chat::terminal::{copy, enter, leave, notify};
use crate::chat::text;

const HOSTILE: &[&str] = &[
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]52;c;b3duZWQ=\u{1b}\\",
    "\u{9b}31m",
    "safe\rverdict allowed",
    "\u{202e}0xDEAD\u{202c}",
    "\u{2066}x\u{2069}",
    "a\u{200b}b\u{feff}",
    "\u{8}\u{8}\u{8}",
    "\u{e0041}",
    "\0",
];

fn raw(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xE0000..=0xE0FFF)
}

/// A report with the string wherever text can be.
fn filled(verdict: Verdict, hostile: &str) -> Report {
    let mut report = report(verdict);
    let text = || hostile.to_owned();
    (report.plan_id, report.draft) = (text(), draft(hostile));
    let leg = &mut report.legs[0];
    (leg.chain, leg.state) = (text(), text());
    (leg.steps[0].text, leg.steps[0].origin) = (text(), json!({"added": {"because": hostile}}));
    leg.steps[0].quote.as_mut().unwrap().route = vec![text()];
    (leg.simulation.success, leg.simulation.failure) = (false, Some(text()));
    leg.simulation.allowances_left[0].asset.symbol = text();
    let result = leg.policy.rules[0].result.clone();
    leg.policy.rules = vec![RuleHit { id: text(), result, reason: text() }];
    report.bounds.most_in = vec![Asset { symbol: text(), ..usdc() }.amount(U256::ONE)];
    report.cost.gas_usd = text();
    report
}

fn events(hostile: &str) -> Vec<Event> {
    let text = || hostile.to_owned();
    let refusal = Refusal::new(Exit::Error, text(), text()).help(text());
    vec![
        Event::Heard { text: text() },
        Event::Drafted { draft: Box::new(draft(hostile)) },
        Event::Answered { text: text(), answer: json!(null) },
        Event::Question { question: text(), missing: vec![text()] },
        Event::Started { plan_id: text() },
        Event::StepStarted { plan_id: text(), step: 1, text: text() },
        Event::Signed { plan_id: text(), step: 1, call: 0, tx_hash: text() },
        Event::Waiting { plan_id: text(), step: 1, text: text() },
        Event::StepSettled { plan_id: text(), step: 1, text: text(), differences: vec![text()] },
        Event::Refused { refusal },
        Event::Opened { text: text() },
        Event::Controlled { plan_id: Some(text()), text: text() },
        portfolio(hostile),
        under_way(hostile),
        Event::Planned { report: Box::new(filled(Verdict::Allow, hostile)) },
        Event::Finished { report: Box::new(filled(Verdict::Allow, hostile)) },
        Event::Planned { report: Box::new(filled(Verdict::Deny, hostile)) },
        Event::Planned { report: Box::new(filled(Verdict::NeedsApproval, hostile)) },
    ]
}

/// A portfolio and a bridge with the string wherever text can be.
fn portfolio(hostile: &str) -> Event {
    let text = || hostile.to_owned();
    let Event::Portfolio { mut portfolios, mut unknown } = super::scripted::portfolio() else {
        unreachable!()
    };
    let own = &mut portfolios[0];
    own.name = text();
    own.balances = vec![Asset { symbol: text(), ..usdc() }.amount(U256::ONE)];
    own.liquidity[0].protocol = text();
    own.liquidity[0].pair[0].symbol = text();
    own.claimable[0].protocol = text();
    own.allowances[0].asset.symbol = text();
    (own.unknown[0].what, own.unknown[0].why) = (text(), text());
    (unknown[0].what, unknown[0].why) = (text(), text());
    Event::Portfolio { portfolios, unknown }
}

fn under_way(hostile: &str) -> Event {
    let mut place = super::scripted::under_way();
    place.text = hostile.to_owned();
    place.amount = Asset { symbol: hostile.to_owned(), ..usdc() }.amount(U256::ONE);
    Event::UnderWay { plan_id: hostile.to_owned(), step: 1, place: Box::new(place) }
}

#[test]
fn nothing_raw_reaches_a_line_or_the_buffer() {
    for hostile in HOSTILE {
        assert!(hostile.contains(raw), "the list is hostile");
        let mut model = model(120, 40);
        model.settings.account = (*hostile).to_owned();
        for event in events(hostile) {
            assert!(!text::event(&event).concat().contains(raw), "{hostile:?} in {event:?}");
            model.update(Msg::Event(Box::new(event)), Instant::now());
            model.update(Msg::Paste((*hostile).to_owned()), Instant::now());
            assert!(!screen(&model, 120, 40).concat().contains(raw), "{hostile:?}");
        }
        assert!(!model.input.lines().concat().contains(raw), "{hostile:?} in the input line");
    }
}

/// What a terminal makes of our bytes: the screen that we drew, and no sequence that is not ours.
#[test]
fn the_bytes_draw_only_what_was_drawn() {
    for hostile in HOSTILE {
        let (mut model, mut bytes) = (model(80, 24), Vec::new());
        for event in events(hostile) {
            model.update(Msg::Event(Box::new(event)), Instant::now());
        }
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, 80, 24)) };
        let mut terminal = Terminal::with_options(CrosstermBackend::new(&mut bytes), options).unwrap();
        terminal.draw(|frame| model.view(frame)).unwrap();
        drop(terminal);
        let mut parser = vt100::Parser::new(24, 80, 0);
        parser.process(&bytes);
        let seen: Vec<String> = parser.screen().rows(0, 80).map(|row| row.trim_end().to_owned()).collect();
        assert_eq!(seen, screen(&model, 80, 24), "{hostile:?}");
        let bytes = String::from_utf8(bytes).unwrap();
        assert!(
            !bytes.contains("\u{1b}]") && !bytes.contains("\u{1b}[2J") && !bytes.contains('\r'),
            "{hostile:?}"
        );
    }
}

#[test]
fn what_was_entered_is_left() {
    let mut parser = vt100::Parser::new(24, 80, 0);
    let mut bytes = Vec::new();
    enter(&mut bytes, false).unwrap();
    parser.process(&bytes);
    assert!(parser.screen().alternate_screen() && parser.screen().bracketed_paste());
    bytes.clear();
    leave(&mut bytes).unwrap();
    parser.process(&bytes);
    let screen = parser.screen();
    assert!(!screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor());
}

#[test]
fn the_mouse_is_taken_only_when_asked_for() {
    for mouse in [false, true] {
        let mut parser = vt100::Parser::new(24, 80, 0);
        let mut bytes = Vec::new();
        enter(&mut bytes, mouse).unwrap();
        parser.process(&bytes);
        assert_eq!(parser.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None, mouse);
        bytes.clear();
        leave(&mut bytes).unwrap();
        parser.process(&bytes);
        assert_eq!(parser.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }
}

/// What goes to the clipboard and into a notification ends where we end it.
#[test]
fn clipboard_and_notifications_carry_no_sequence_of_others() {
    for hostile in HOSTILE {
        let mut bytes = Vec::new();
        notify(&mut bytes, &crate::chat::row::clean(hostile)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let inner =
            text.strip_prefix("\u{7}\u{1b}]9;").and_then(|text| text.strip_suffix("\u{1b}\\")).unwrap();
        assert!(!inner.contains(raw), "{hostile:?}");

        let mut bytes = Vec::new();
        copy(&mut bytes, hostile).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let inner = text.strip_prefix("\u{1b}]52;c;").unwrap().trim_end_matches(['\u{1b}', '\\', '\u{7}']);
        let base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
        assert!(inner.chars().all(base64), "{inner:?}");
    }
}
