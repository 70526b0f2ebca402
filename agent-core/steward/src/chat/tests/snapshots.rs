//! Whole screens at three sizes, compared with files. `STEWARD_BLESS=1 cargo test -p steward snapshots` writes them.

use std::path::Path;

use super::scripted::ScriptedCore;
use super::*;
use agent_core::Op;

const SIZES: [(u16, u16); 3] = [(40, 15), (80, 24), (120, 40)];

fn compare(name: &str, model: &Model, (width, height): (u16, u16)) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("src/chat/tests/snapshots/{name}-{width}x{height}.txt"));
    let drawn = screen(model, width, height).join("\n") + "\n";
    if std::env::var_os("STEWARD_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &drawn).unwrap();
    }
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(drawn, known, "{} is otherwise", file.display());
}

fn feed(model: &mut Model, core: &mut ScriptedCore, op: Op, now: Instant) {
    for event in core.answer(&op) {
        assert_eq!(model.update(Msg::Event(Box::new(event)), now), None);
    }
}

fn say(text: &str) -> Op {
    Op::Say { text: text.to_owned() }
}

/// A model at a size after these operations.
fn after(size: (u16, u16), ops: &[Op]) -> Model {
    let (mut model, mut core, now) = (model(size.0, size.1), ScriptedCore::default(), Instant::now());
    ops.iter().for_each(|op| feed(&mut model, &mut core, op.clone(), now));
    model
}

/// A screen at each size.
fn at_each(name: &str, made: impl Fn((u16, u16)) -> Model) {
    for size in SIZES {
        compare(name, &made(size), size);
    }
}

#[test]
fn an_allowed_plan() {
    at_each("plan", |size| after(size, &[Op::Open, say("swap 10 ETH to USDC")]));
}

#[test]
fn an_added_step() {
    at_each("added", |size| after(size, &[say("put 400 usdc to work on aave on base")]));
}

#[test]
fn a_plan_that_needs_an_approval() {
    at_each("approval", |size| after(size, &[say("swap a million")]));
}

#[test]
fn positions() {
    at_each("positions", |size| {
        let mut model = after(size, &[Op::Open, Op::Portfolio]);
        model.update(press(KeyCode::F(4)), Instant::now());
        model
    });
}

#[test]
fn a_plan_beside_positions() {
    at_each("both", |size| after(size, &[Op::Portfolio, say("swap 10 ETH to USDC")]));
}

fn confirm() -> Op {
    Op::Confirm { plan_id: "p-1".to_owned() }
}

#[test]
fn money_under_way() {
    at_each("money", |size| after(size, &[say("bridge 200 USDC to base"), confirm()]));
}

#[test]
fn a_settled_plan() {
    at_each("settled", |size| after(size, &[say("swap 10 ETH to USDC"), confirm()]));
}

#[test]
fn an_edit() {
    at_each("edit", |size| {
        let mut model = after(size, &[say("swap 10 ETH to USDC")]);
        let later = Instant::now() + ms(1_000);
        model.update(key('e'), later);
        model.update(Msg::Tick, later + ms(30));
        model
    });
}
