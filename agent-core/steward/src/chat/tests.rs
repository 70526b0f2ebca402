//! The chat without a terminal: what is drawn, and what counts as an answer.

#![expect(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "tests")]

mod answers;
mod conversations;
mod files;
mod frames;
mod hostile;
mod lines;
mod screens;
mod scripted;
mod snapshots;

use std::time::{Duration, Instant};

use agent_core::draft::Draft;
use agent_core::report::{Cost, LegReport, PolicyReport, Report, SimulationReport, StepReport};
use agent_core::{
    AllowanceLeft, Amount, Asset, AssetChange, AssetKind, Bounds, Change, Event, NetworkId, Quote, RuleHit,
    Verdict,
};
use alloy_primitives::{Address, B256, U256, address};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use serde_json::json;

use super::confirm::SETTLING;
use super::model::{Model, Msg};
use super::{ChatSettings, Theme};

const ACCOUNT: Address = address!("00000000000000000000000000000000000A11cE");
const PAYEE: Address = address!("C0ffee254729296a45a3885639AC7E10F9d54979");
const ROUTER: Address = address!("68b3465833fb72A70ecDF485E0e4C7bD8665Fc45");
const USDC: Address = address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");

fn settings() -> ChatSettings {
    ChatSettings {
        demo: true,
        plain: false,
        theme: Theme::Dark,
        reduced_motion: false,
        mouse: false,
        session: "main".to_owned(),
        folder: std::path::PathBuf::new(),
        approve_command: "steward approvals approve --demo".to_owned(),
        account: ACCOUNT.to_string(),
        networks: vec!["ethereum".to_owned(), "base".to_owned()],
    }
}

fn eth() -> Asset {
    Asset { chain_id: 1, kind: AssetKind::Native, symbol: "ETH".to_owned(), decimals: 18 }
}

fn usdc() -> Asset {
    Asset { chain_id: 1, kind: AssetKind::Erc20(USDC), symbol: "USDC".to_owned(), decimals: 6 }
}

fn draft(read_back: &str) -> Draft {
    let steps = json!([{"action": "swap", "sell": "ETH", "buy": "USDC", "amount": "10", "side": "sell",
        "chain": "ethereum", "max_slippage_bps": null, "protocol": null}]);
    let draft = json!({"intent": read_back, "outcome": "plan", "steps": steps, "read_back": read_back});
    serde_json::from_value(draft).unwrap()
}

fn ten_eth() -> Amount {
    eth().amount(U256::from(10_u64.pow(19)))
}

fn least() -> Amount {
    usdc().amount(U256::from(29_862_283_949_u64))
}

fn leg(verdict: Verdict) -> LegReport {
    let result = match verdict {
        Verdict::Allow => "allow",
        Verdict::NeedsApproval => "ask",
        Verdict::Deny => "deny",
    };
    let most = usdc().amount(U256::from(30_012_345_678_u64));
    let changes = [(true, ten_eth()), (false, most.clone())];
    LegReport {
        index: 0,
        chain: "eip155:1".to_owned(),
        name: "ethereum".to_owned(),
        account: agent_core::caip10(1, ACCOUNT),
        state: "preview".to_owned(),
        steps: vec![StepReport {
            index: 1,
            action: "swap".to_owned(),
            origin: json!("said"),
            text: "swap 10 ETH to USDC on ethereum (slippage at most 50 bps)".to_owned(),
            calls: Vec::new(),
            cost_usd: "0.8".to_owned(),
            quote: Some(Quote {
                expected_out: most,
                min_out: least(),
                route: vec!["uniswap v3 WETH/USDC 0.05%".to_owned()],
                impact_bps: 7,
                expires_at: 1_800_000_000,
            }),
        }],
        gas: 184_321,
        simulation: SimulationReport {
            success: true,
            block: None,
            asset_changes: changes
                .map(|(negative, amount)| AssetChange {
                    account: ACCOUNT,
                    amount: Change { negative, amount },
                })
                .into(),
            allowances_left: vec![AllowanceLeft {
                asset: usdc(),
                spender: ROUTER,
                raw: U256::from(5_000_000),
            }],
            failure: None,
        },
        policy: PolicyReport {
            verdict,
            rules: vec![RuleHit {
                id: "step.size".to_owned(),
                result: result.to_owned(),
                reason: "a step of 30012 USD".to_owned(),
            }],
        },
    }
}

/// `swap 10 ETH to USDC on ethereum`, judged so.
fn report(verdict: Verdict) -> Report {
    Report {
        outcome: "plan".to_owned(),
        plan_id: "p-0123456789abcdef".to_owned(),
        plan_hash: B256::ZERO,
        draft: draft("swap 10 ETH to USDC on ethereum"),
        legs: vec![leg(verdict)],
        cost: Cost {
            gas_usd: "1.2".to_owned(),
            l1_data_usd: "0".to_owned(),
            bridge_usd: "0".to_owned(),
            impact_usd: "21".to_owned(),
            seconds: 12,
        },
        bounds: Bounds {
            most_in: vec![ten_eth()],
            least_out: vec![least()],
            payees: vec![PAYEE],
            contracts: vec![ROUTER],
            networks: vec![NetworkId { chain_id: 1, genesis: B256::ZERO }],
            fees_most: Vec::new(),
            expires_at: 1_800_000_000,
        },
        verdict,
        receipts: Vec::new(),
        settled: None,
    }
}

fn planned(verdict: Verdict) -> Msg {
    Msg::Event(Box::new(Event::Planned { report: Box::new(report(verdict)) }))
}

fn model(width: u16, height: u16) -> Model {
    Model::new(settings(), Size { width, height }, Vec::new())
}

/// A model whose panel opened at the time that is returned.
fn opened(verdict: Verdict, width: u16, height: u16) -> (Model, Instant) {
    let (mut model, now) = (model(width, height), Instant::now());
    assert_eq!(model.update(planned(verdict), now), None);
    (model, now)
}

fn key(c: char) -> Msg {
    Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))
}

fn press(code: KeyCode) -> Msg {
    Msg::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What is on the screen, line by line.
fn screen(model: &Model, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| model.view(frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let cells = buffer.content().chunks(usize::from(width.max(1)));
    cells.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned()).collect()
}
