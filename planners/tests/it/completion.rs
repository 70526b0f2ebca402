//! What completion adds: by table, and as properties against a ledger of the test's own.

use std::collections::BTreeMap;

use agent_core::{Action, Asset, Lent, Origin, Plan, Quantity, Side};
use alloy_primitives::U256;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{ARBITRUM, BASE, ETHEREUM, OPTIMISM, World};

/// Chain, asset, whole units.
type Holdings<'a> = &'a [(u64, &'a str, &'a str)];

fn supply(amount: &str, asset: &str, chain: &str) -> Value {
    json!([{"action":"supply","asset":asset,"amount":amount,"chain":chain}])
}

/// The example of the issue: `put 400 usdc to work on aave on base`.
#[test]
fn an_asset_on_another_chain_and_no_gas() {
    let world = World::new(&[(ARBITRUM, "USDC", "5000"), (ARBITRUM, "ETH", "1")]);
    let plan = world.plan(supply("400", "USDC", "base"), true).unwrap();
    let words = world.words(&plan);
    assert_eq!(words[0], "+ bridge 400 USDC USDC arbitrum base");
    assert!(
        words[1].starts_with("+ bridge 0.0002") && words[1].ends_with(" ETH ETH arbitrum base"),
        "{words:?}"
    );
    assert_eq!(words[2..], ["supply 400 USDC base"]);
    assert_eq!(plan.legs.len(), 2, "both bridges are one leg");
    let because: Vec<_> = plan.steps().map(|(_, step)| step.origin.clone()).collect();
    let Origin::Added { because: bridge } = &because[0] else { panic!() };
    assert_eq!(bridge, "400 USDC is needed on base, 0 USDC is there; 5000 USDC on arbitrum (at most $0.26)");
    let Origin::Added { because: gas } = &because[1] else { panic!() };
    assert!(
        gas.contains("for gas, and 0 ETH is there; 0.0002 ETH is kept as its reserve (at most "),
        "{gas}"
    );
    // Nothing is added where nothing may be.
    assert_eq!(world.said(supply("400", "USDC", "base"), false), ["supply 400 USDC base"]);
    let wrapped = world.said(supply("0.5", "ETH", "arbitrum"), false);
    assert_eq!(wrapped, ["+ wrap 0.5 ETH WETH arbitrum", "supply @1 WETH arbitrum"], "the market's own need");
}

#[test]
fn ways_to_an_asset() {
    let table: [(Holdings<'_>, Value, &[&str]); 17] = [
        // There is enough: nothing is added.
        (
            &[(BASE, "USDC", "500"), (BASE, "ETH", "1")],
            supply("400", "USDC", "base"),
            &["supply 400 USDC base"],
        ),
        // The coin for its token, and the token for the coin.
        (
            &[(BASE, "ETH", "2")],
            supply("1", "WETH", "base"),
            &["+ wrap 1 ETH WETH base", "supply 1 WETH base"],
        ),
        (
            &[(ETHEREUM, "WETH", "2"), (ETHEREUM, "ETH", "0.1")],
            json!([{"action":"transfer","asset":"ETH","amount":"1","to":"alice","chain":"ethereum"}]),
            &["+ unwrap 0.90226 WETH ETH ethereum", "transfer 1 ETH ethereum"],
        ),
        (&[(BASE, "WETH", "2"), (BASE, "ETH", "0.1")], supply("1", "ETH", "base"), &["supply 1 WETH base"]),
        // Only what is missing.
        (
            &[(BASE, "USDC", "300"), (BASE, "ETH", "1"), (ARBITRUM, "USDC", "5000"), (ARBITRUM, "ETH", "1")],
            supply("400", "USDC", "base"),
            &["+ bridge 100 USDC USDC arbitrum base", "supply 400 USDC base"],
        ),
        // A swap on the same chain.
        (
            &[(BASE, "DAI", "500"), (BASE, "ETH", "0.01")],
            supply("400", "USDC", "base"),
            &["+ swap 400 USDC USDC base", "supply 400 USDC base"],
        ),
        // The cheapest chain's USDC, not Ethereum's.
        (
            &[
                (BASE, "ETH", "1"),
                (ETHEREUM, "USDC", "900"),
                (ETHEREUM, "ETH", "1"),
                (ARBITRUM, "USDC", "900"),
                (ARBITRUM, "ETH", "1"),
            ],
            supply("800", "USDC", "base"),
            &["+ bridge 800 USDC USDC arbitrum base", "supply 800 USDC base"],
        ),
        // Two sources where one is not enough.
        (
            &[
                (BASE, "ETH", "0.01"),
                (OPTIMISM, "USDC", "300"),
                (OPTIMISM, "ETH", "0.01"),
                (ARBITRUM, "USDC", "250"),
                (ARBITRUM, "ETH", "0.01"),
            ],
            supply("500", "USDC", "base"),
            &[
                "+ bridge 299.82 USDC USDC optimism base",
                "+ bridge 200.18 USDC USDC arbitrum base",
                "supply 500 USDC base",
            ],
        ),
        // What is carried costs less than what is swapped: only the rest is.
        (
            &[(BASE, "ETH", "20"), (ARBITRUM, "USDC", "3000"), (ARBITRUM, "ETH", "0.01")],
            supply("5000", "USDC", "base"),
            &[
                "+ bridge 2998.2 USDC USDC arbitrum base",
                "+ swap 2001.8 USDC USDC base",
                "supply 5000 USDC base",
            ],
        ),
        // Swapped there, then carried.
        (
            &[(BASE, "ETH", "0.01"), (ARBITRUM, "ARB", "2000"), (ARBITRUM, "ETH", "0.01")],
            supply("400", "USDC", "base"),
            &[
                "+ swap 400.240146 USDC USDC arbitrum",
                "+ bridge 400 USDC USDC arbitrum base",
                "supply 400 USDC base",
            ],
        ),
        // Carried, then swapped: Across does not carry LINK.
        (
            &[(ETHEREUM, "ETH", "0.1"), (ARBITRUM, "USDC", "5000"), (ARBITRUM, "ETH", "0.01")],
            supply("100", "LINK", "ethereum"),
            &[
                "+ bridge 1518 USDC USDC arbitrum ethereum",
                "+ swap 100 LINK LINK ethereum",
                "supply 100 LINK ethereum",
            ],
        ),
        // WETH comes as ETH.
        (
            &[(BASE, "ETH", "0.01"), (ARBITRUM, "WETH", "3"), (ARBITRUM, "ETH", "0.01")],
            supply("2", "WETH", "base"),
            &["+ bridge 2 ETH ETH arbitrum base", "+ wrap 2 ETH WETH base", "supply 2 WETH base"],
        ),
        // A payment is completed on its own chain.
        (
            &[(BASE, "ETH", "1")],
            json!([{"action":"transfer","asset":"USDC","amount":"100","to":"alice","chain":"base"}]),
            &["+ swap 100 USDC USDC base", "transfer 100 USDC base"],
        ),
        // Shares and references take what there is.
        (
            &[(BASE, "ETH", "1"), (ARBITRUM, "USDC", "500"), (ARBITRUM, "ETH", "1")],
            json!([{"action":"supply","asset":"USDC","amount":"50%","chain":"base"}]),
            &["supply 50/100 USDC base"],
        ),
        // Gas by a swap, where there is only just enough for that.
        (
            &[(OPTIMISM, "USDC", "500"), (OPTIMISM, "ETH", "0.000007")],
            supply("400", "USDC", "optimism"),
            &["+ swap 0.0002007 ETH ETH optimism", "supply 400 USDC optimism"],
        ),
        // A swap is not completed by another one.
        (
            &[(BASE, "USDC", "500"), (BASE, "DAI", "5000"), (BASE, "ETH", "1")],
            json!([{"action":"swap","sell":"USDC","buy":"ETH","amount":"600","side":"sell","chain":"base"}]),
            &["21 world.balance"],
        ),
        (&[(BASE, "USDC", "500")], supply("400", "USDC", "base"), &["21 world.gas"]),
    ];
    for (holdings, steps, expected) in table {
        let world = World::new(holdings);
        let got = world.said(steps.clone(), true);
        assert_eq!(got, expected, "{holdings:?} {steps}");
        if let Ok(plan) = world.plan(steps, true) {
            assert!(ledger(&world, &plan).is_ok(), "{got:?}: {:?}", ledger(&world, &plan));
        }
    }
}

#[test]
fn what_was_looked_for_is_said() {
    let world = World::new(&[(BASE, "ETH", "0.01"), (ARBITRUM, "USDC", "100"), (ARBITRUM, "ETH", "0.01")]);
    let refusal = world.plan(supply("400", "USDC", "base"), true).unwrap_err();
    assert_eq!(refusal.code, "world.balance");
    assert!(refusal.message.contains("needs 400 USDC on base, and 0 USDC is there"), "{}", refusal.message);
    assert!(
        refusal.message.contains("0 USDC on ethereum, 100 USDC on arbitrum, 0 USDC on optimism"),
        "{}",
        refusal.message
    );
}

#[test]
fn worth_in_usd_and_debts_are_completed() {
    let mut world =
        World::new(&[(BASE, "ETH", "0.01"), (ARBITRUM, "USDC", "1000"), (ARBITRUM, "ETH", "0.01")]);
    let words = world.said(supply("$100", "USDC", "base"), true);
    assert_eq!(words[0], "+ bridge 100.3 USDC USDC arbitrum base", "with room for the price");
    let owed = world.amount(BASE, "USDC", "200");
    world.on(BASE).owed.push(owed);
    let words = world.said(json!([{"action":"repay","asset":"USDC","amount":"all","chain":"base"}]), true);
    assert_eq!(words[0], "+ bridge 200.2 USDC USDC arbitrum base", "with room for interest");
}

#[test]
fn what_a_step_before_brings_is_there() {
    let mut world =
        World::new(&[(BASE, "ETH", "0.01"), (ARBITRUM, "USDC", "1000"), (ARBITRUM, "ETH", "0.01")]);
    let amount = world.amount(BASE, "USDC", "500");
    world.on(BASE).lent.push(Lent { amount, collateral: false });
    let steps = json!([{"action":"withdraw","asset":"USDC","amount":"400","chain":"base"},
                       {"action":"transfer","asset":"USDC","amount":"400","to":"alice","chain":"base"}]);
    assert_eq!(world.said(steps, true), ["withdraw 400 USDC USDC base", "transfer 400 USDC base"]);
}

#[test]
fn references_follow_their_steps() {
    let world = World::new(&[(BASE, "ETH", "0.01"), (ARBITRUM, "ETH", "3")]);
    let steps = json!([{"action":"swap","sell":"ETH","buy":"USDC","amount":"1","side":"sell","chain":"base"},
                       {"action":"supply","asset":"USDC","amount":"50%@1","chain":"base"},
                       {"action":"transfer","asset":"USDC","amount":"50%@1","to":"alice","chain":"base"}]);
    let plan = world.plan(steps, true).unwrap();
    let words = world.words(&plan);
    assert_eq!(words.len(), 4, "{words:?}");
    assert_eq!(words[2..], ["supply 50/100@2 USDC base", "transfer 50/100@2 USDC base"]);
    assert_eq!(references(&plan), Ok(()));
    // The control: a reference that was not moved.
    let mut planted = plan.clone();
    for step in planted.legs.iter_mut().flat_map(|leg| &mut leg.steps) {
        if let Some(Quantity::Output { asset, numerator, denominator, .. }) = step.action.quantity().cloned()
        {
            let stale = Quantity::Output { step: 1, asset, numerator, denominator };
            step.action = step.action.clone().with_quantity(stale);
        }
    }
    assert!(references(&planted).is_err());
}

/// Every `@n` names an earlier step that yields that asset; indices count from 1.
fn references(plan: &Plan) -> Result<(), String> {
    let steps: Vec<_> = plan.steps().map(|(_, step)| step.clone()).collect();
    for (at, step) in steps.iter().enumerate() {
        if step.index != at + 1 {
            return Err(format!("step {} is number {}", step.index, at + 1));
        }
        let Some(Quantity::Output { step: from, asset, .. }) = step.action.quantity() else { continue };
        let source = steps[..at].iter().find(|earlier| earlier.index == *from).ok_or("a later step")?;
        if !source.action.yields().iter().any(|own| own.same(asset))
            || source.action.chain_id() != asset.chain_id && !matches!(source.action, Action::Bridge { .. })
        {
            return Err(format!("step {} takes {} of step {from}", step.index, asset.symbol));
        }
    }
    Ok(())
}

/// Wei of one step.
fn gas_of(world: &World, chain_id: u64) -> U256 {
    let portfolio = world.portfolios.iter().find(|own| own.network.chain_id == chain_id).unwrap();
    U256::from(100_000) * U256::from(portfolio.max_fee_per_gas)
}

/// Balances by chain and symbol.
type Held = BTreeMap<(u64, String), U256>;

/// The plan on the balances: nothing may be spent that is not there. Bridges take 0.05 %, pools 0.3 %, gas is half of
/// what completion reckons with.
fn ledger(world: &World, plan: &Plan) -> Result<Held, String> {
    let mut held = Held::new();
    for amount in world.portfolios.iter().flat_map(|portfolio| &portfolio.balances) {
        held.insert((amount.asset().chain_id, amount.asset().symbol.clone()), amount.raw());
    }
    let price = |asset: &Asset| {
        let portfolio = world.portfolios.iter().find(|own| own.network.chain_id == asset.chain_id).unwrap();
        portfolio.price(asset).unwrap()
    };
    let unit = |asset: &Asset| U256::from(10).pow(U256::from(asset.decimals));
    let worth = |from: &Asset, raw: U256, to: &Asset| raw * price(from) * unit(to) / unit(from) / price(to);
    let mut yielded: BTreeMap<usize, U256> = BTreeMap::new();
    for (_, step) in plan.steps() {
        let action = &step.action;
        let chain_id = action.chain_id();
        let counted = action.counted().unwrap().clone();
        let key = |asset: &Asset| (asset.chain_id, asset.symbol.clone());
        let raw = match action.quantity().unwrap() {
            Quantity::Exact(raw) => *raw,
            Quantity::Share { numerator, denominator } => held[&key(&counted)] * numerator / denominator,
            Quantity::Output { step, numerator, denominator, .. } => yielded[step] * numerator / denominator,
            Quantity::AllBut(_) | Quantity::MicroUsd(_) => continue,
        };
        let (spent, got) = match action {
            Action::Swap { sell, buy, side: Side::Sell, .. } => {
                ((sell, raw), Some((buy, worth(sell, raw, buy) * U256::from(997) / U256::from(1000))))
            }
            Action::Swap { sell, buy, side: Side::Buy, .. } => (
                (sell, worth(buy, raw, sell) * U256::from(1003) / U256::from(1000) + U256::from(1)),
                Some((buy, raw)),
            ),
            Action::Bridge { asset, out, side: Side::Sell, .. } => {
                ((asset, raw), Some((out, raw * U256::from(9995) / U256::from(10_000))))
            }
            Action::Bridge { asset, out, side: Side::Buy, .. } => {
                ((asset, raw * U256::from(10_000) / U256::from(9995) + U256::from(1)), Some((out, raw)))
            }
            Action::Wrap { from, to, .. } | Action::Unwrap { from, to, .. } => ((from, raw), Some((to, raw))),
            Action::Supply { asset, .. } | Action::Transfer { asset, .. } => ((asset, raw), None),
            other => panic!("{other:?} is not in this ledger"),
        };
        let gas = gas_of(world, chain_id);
        for (key, raw) in [(key(spent.0), spent.1), ((chain_id, "ETH".to_owned()), gas)] {
            let own = held.get_mut(&key).unwrap();
            *own =
                own.checked_sub(raw).ok_or(format!("step {}: {raw} of {key:?}, {own} held", step.index))?;
        }
        if let Some((asset, raw)) = got {
            *held.get_mut(&key(asset)).unwrap() += raw;
            yielded.insert(step.index, raw);
        }
    }
    Ok(held)
}

#[test]
fn the_ledger_sees_what_is_not_there() {
    let world = World::new(&[(ARBITRUM, "USDC", "500"), (ARBITRUM, "ETH", "1"), (BASE, "ETH", "1")]);
    let mut plan = world.plan(supply("400", "USDC", "base"), true).unwrap();
    assert!(ledger(&world, &plan).is_ok());
    let bridge = &mut plan.legs[0].steps[0];
    let Some(Quantity::Exact(raw)) = bridge.action.quantity().cloned() else { panic!() };
    bridge.action = bridge.action.clone().with_quantity(Quantity::Exact(raw * U256::from(2)));
    assert!(ledger(&world, &plan).is_err(), "a doubled bridge");
    plan.legs.remove(0);
    assert!(ledger(&world, &plan).is_err(), "no bridge");
}

const SYMBOLS: [&str; 4] = ["ETH", "WETH", "USDC", "DAI"];
const NAMES: [&str; 4] = ["ethereum", "base", "arbitrum", "optimism"];

/// Whole units scaled to about the same worth.
fn units(symbol: &str, dollars: u32) -> String {
    let milli = match symbol {
        "ETH" | "WETH" => dollars * 1000 / 2600,
        _ => dollars * 1000,
    };
    let text = format!("{}.{:03}", milli / 1000, milli % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn holding() -> impl Strategy<Value = (usize, usize, u32)> {
    (0..4usize, 0..4usize, 0..5000u32)
}

fn step() -> impl Strategy<Value = (bool, usize, usize, u32)> {
    (any::<bool>(), 0..4usize, 0..4usize, 5..3000u32)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is held and said: a completed plan spends nothing that is not there, and its references are right.
    #[test]
    fn a_completed_plan_can_be_paid_for(
        holdings in prop::collection::vec(holding(), 0..10),
        said in prop::collection::vec(step(), 1..4),
        lean in any::<bool>(),
    ) {
        let chains = [ETHEREUM, BASE, ARBITRUM, OPTIMISM];
        let mut texts: Vec<(u64, &str, String)> = chains.iter().map(|chain| (*chain, "ETH", "0.01".to_owned())).collect();
        texts.extend(holdings.iter().map(|(chain, symbol, dollars)| (chains[*chain], SYMBOLS[*symbol], units(SYMBOLS[*symbol], *dollars))));
        let held: Vec<(u64, &str, &str)> = texts.iter().map(|(chain, symbol, units)| (*chain, *symbol, units.as_str())).collect();
        let world = World::new(&held);
        let mut steps: Vec<Value> = said.iter().map(|(pay, chain, symbol, dollars)| {
            let (symbol, chain) = (SYMBOLS[*symbol], NAMES[*chain]);
            if *pay {
                json!({"action":"transfer","asset":symbol,"amount":units(symbol, *dollars),"to":"alice","chain":chain})
            } else {
                json!({"action":"supply","asset":symbol,"amount":units(symbol, *dollars),"chain":chain})
            }
        }).collect();
        if lean {
            let chain = NAMES[said[0].1];
            steps.push(json!({"action":"swap","sell":"USDC","buy":"DAI","amount":"5","side":"sell","chain":chain}));
            let from = steps.len();
            steps.push(json!({"action":"supply","asset":"DAI","amount":format!("@{from}"),"chain":chain}));
        }
        match world.plan(json!(steps), true) {
            Ok(plan) => {
                let after = ledger(&world, &plan);
                prop_assert!(after.is_ok(), "{after:?} {:?}", world.words(&plan));
                let acts = |chain_id, said| plan.steps().any(|(_, step)| {
                    (step.origin == Origin::Said) == said && step.action.chain_id() == chain_id
                });
                for chain_id in chains.into_iter().filter(|chain_id| acts(*chain_id, false) && !acts(*chain_id, true)) {
                    let left = after.as_ref().unwrap()[&(chain_id, "ETH".to_owned())];
                    // The reserve may pay for gas, and for nothing else.
                    let gas = plan.steps().filter(|(_, step)| step.action.chain_id() == chain_id).count();
                    let gas = gas_of(&world, chain_id) * U256::from(gas);
                    let coin = world.asset(chain_id, "ETH");
                    let portfolio = world.portfolios.iter().find(|own| own.network.chain_id == chain_id).unwrap();
                    let reserve = planners::gas_reserve(chain_id).min(portfolio.held(&coin));
                    prop_assert!(left + gas >= reserve, "the reserve of {chain_id}: {left}");
                }
                prop_assert_eq!(references(&plan), Ok(()));
                let kept: Vec<_> = plan.steps().filter(|(_, step)| step.origin == Origin::Said).collect();
                prop_assert_eq!(kept.len(), steps.len(), "no said step is lost");
            }
            Err(refusal) => prop_assert_eq!(refusal.exit.code(), 21, "{}", refusal.message),
        }
    }
}
