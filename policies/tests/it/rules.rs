//! Every rule of the default policy at its boundary.

use agent_core::{
    Action, AllowanceLeft, Amount, AssetChange, CallEnd, Change, Judgement, Quantity, Side, Verdict,
};
use alloy_primitives::{Address, U256};
use policies::CedarPolicy;

use crate::world::{
    ACCOUNT, CHAIN, FRIEND, ROUTER, STRANGER, Scene, TOKEN, a_usdc, contact, eth, micro, payment, price,
    supply, swap, transfer, usdc,
};

/// A USD in millionths.
const USD: u64 = 1_000_000;
/// A cent in millionths of a USD.
const CENT: u64 = 10_000;

fn default() -> CedarPolicy {
    CedarPolicy::load_default(Vec::new()).unwrap()
}

/// The ids that decided: all that deny, or all that ask, or nothing.
fn decided(judgement: &Judgement) -> Vec<&str> {
    let wanted = match judgement.verdict {
        Verdict::Allow => return Vec::new(),
        Verdict::NeedsApproval => "ask",
        Verdict::Deny => "deny",
    };
    let hits = judgement.rules.iter().filter(|rule| rule.result == wanted);
    hits.map(|rule| rule.id.as_str()).collect()
}

/// `expected`: nothing for Allow, else the rules that decide, `ask-` or `deny-` by their names.
fn table(rows: Vec<(&str, Scene, &[&str])>) {
    let policy = default();
    for (what, scene, expected) in rows {
        let judgement = scene.judge(&policy);
        let verdict = match expected.first() {
            None => Verdict::Allow,
            Some(id) if id.starts_with("ask") => Verdict::NeedsApproval,
            Some(_) => Verdict::Deny,
        };
        assert_eq!(
            (judgement.verdict, decided(&judgement)),
            (verdict, expected.to_vec()),
            "{what}: {judgement:?}"
        );
        assert!(judgement.rules.iter().all(|rule| !rule.reason.is_empty()), "{what}");
        assert_eq!(judgement.approvals_needed, u32::from(verdict == Verdict::NeedsApproval), "{what}");
    }
}

#[test]
fn value_of_a_step() {
    let ask: &[&str] = &["ask-step-10k"];
    table(vec![
        ("nothing to fear", supply(500 * USD), &[]),
        ("exactly $10,000", supply(10_000 * USD), &[]),
        ("a millionth more rounds up to a cent more", supply(10_000 * USD + 1), ask),
        ("a cent more", supply(10_000 * USD + CENT), ask),
        ("with an approval", supply(10_000 * USD + CENT).with(|s| s.approvals = 1), &[]),
        ("more approvals than asked for", supply(20_000 * USD).with(|s| s.approvals = 400), &[]),
        ("to a contact just the same", payment(10_001 * USD), ask),
        (
            "the higher of the two prices counts",
            supply(10_000 * USD).with(|s| {
                s.prices.insert(usdc().caip19(), price(1_000_000, 1_000_001));
            }),
            ask,
        ),
        (
            "more leaves in simulation than the calls promise",
            supply(500 * USD).with(|s| s.simulation.changes[0].amount.amount = micro(10_001 * USD)),
            ask,
        ),
    ]);
}

#[test]
fn what_is_taken_out_of_a_protocol_has_a_value_too() {
    let borrow = |micro_usd: u64| {
        supply(micro_usd).with(|s| {
            s.action = Action::Borrow { asset: usdc(), amount: Quantity::Exact(U256::from(micro_usd)) };
            s.compiled.yields = std::mem::take(&mut s.compiled.spends);
            s.simulation.changes[0].amount.negative = false;
        })
    };
    let withdraw = |micro_usd: u64| {
        borrow(micro_usd).with(|s| {
            s.action = Action::Withdraw { asset: usdc(), amount: Quantity::AllBut(U256::ZERO) };
            let burnt = Change { negative: true, amount: a_usdc().amount(U256::from(micro_usd)) };
            s.simulation.changes.push(AssetChange { account: ACCOUNT, amount: burnt });
        })
    };
    table(vec![
        ("borrow $10,000", borrow(10_000 * USD), &[]),
        ("borrow more", borrow(10_000 * USD + CENT), &["ask-step-10k"]),
        ("withdraw $10,000; the position that is burnt needs no price", withdraw(10_000 * USD), &[]),
        (
            "a withdrawal enters nothing",
            withdraw(9_000 * USD).with(|s| s.entered = U256::from(50_000 * USD)),
            &[],
        ),
    ]);
    assert!(borrow(9_000 * USD).judge(&default()).budgets.is_empty());
}

#[test]
fn value_entering_in_a_day() {
    let after = |entered: u64| supply(100 * USD).with(|s| s.entered = U256::from(entered));
    let yielded = |s: &mut Scene| {
        let all =
            Quantity::Output { step: 1, asset: usdc(), numerator: U256::from(1), denominator: U256::from(1) };
        s.action = Action::Supply { asset: usdc(), amount: all };
    };
    table(vec![
        ("exactly $50,000", after(49_900 * USD), &[]),
        ("a cent more", after(49_900 * USD + CENT), &["deny-day-50k"]),
        ("an approval does not lift it", after(49_901 * USD).with(|s| s.approvals = 3), &["deny-day-50k"]),
        ("the output of an earlier step enters nothing", after(50_000 * USD).with(yielded), &[]),
        ("$60,000 at once", supply(60_000 * USD), &["deny-day-50k"]),
    ]);
    let budgets = after(0).judge(&default()).budgets;
    assert_eq!(budgets.len(), 1);
    assert_eq!((budgets[0].budget.as_str(), budgets[0].window_s), ("entering_usd", 86_400));
    assert_eq!(
        (budgets[0].micro_usd, budgets[0].cap_micro_usd),
        (U256::from(100 * USD), U256::from(50_000 * USD))
    );
    assert!(after(0).with(yielded).judge(&default()).budgets.is_empty());
}

#[test]
fn payees() {
    let imitation: Address = "0xf1f1000000000000000000000000000000f1f1f1".parse().unwrap();
    let first = |micro_usd| payment(micro_usd).with(|s| s.contacts = vec![contact(FRIEND, false)]);
    table(vec![
        ("a contact paid before", payment(500 * USD), &[]),
        ("a contact's first payment", first(5 * USD), &["ask-first-payment"]),
        ("with an approval", first(5 * USD).with(|s| s.approvals = 1), &[]),
        ("paid since, by this journal", first(5 * USD).with(|s| s.paid = vec![FRIEND]), &[]),
        (
            "a first payment of much asks once, for both reasons",
            first(10_001 * USD),
            &["ask-first-payment", "ask-step-10k"],
        ),
        ("a stranger, $100", transfer(100 * USD, STRANGER), &["ask-stranger"]),
        ("a stranger, $100, approved", transfer(100 * USD, STRANGER).with(|s| s.approvals = 1), &[]),
        ("a stranger, a cent more", transfer(100 * USD + CENT, STRANGER), &["deny-stranger-100"]),
        (
            "not even approved",
            transfer(500 * USD, STRANGER).with(|s| s.approvals = 3),
            &["deny-stranger-100"],
        ),
        (
            "paid once is no contact",
            transfer(5 * USD, STRANGER).with(|s| s.paid = vec![STRANGER]),
            &["ask-stranger"],
        ),
        ("the account itself", transfer(500 * USD, ACCOUNT), &[]),
        (
            "an imitation of a contact",
            transfer(USD, imitation).with(|s| s.contacts = vec![contact(FRIEND, true)]),
            &["deny-lookalike"],
        ),
        (
            "an imitation of somebody paid",
            transfer(USD, imitation).with(|s| s.paid = vec![FRIEND]),
            &["deny-lookalike"],
        ),
        ("the token's own contract", transfer(USD, TOKEN), &["deny-payee-contract"]),
        ("nobody", transfer(USD, Address::ZERO), &["deny-payee-contract"]),
        (
            "a second payee in simulation",
            payment(500 * USD).with(|s| {
                let gained = Change { negative: false, amount: micro(1) };
                s.simulation.changes.push(AssetChange { account: STRANGER, amount: gained });
            }),
            &["deny-stranger-100"],
        ),
        (
            "a protocol that pays somebody else",
            supply(USD).with(|s| s.compiled.payees = vec![FRIEND]),
            &["deny-pays-others"],
        ),
    ]);
}

#[test]
fn contracts_and_allowances() {
    let left = |raw: U256| {
        supply(USD).with(|s| {
            s.simulation.allowances_left = vec![AllowanceLeft { asset: usdc(), spender: ROUTER, raw }];
        })
    };
    let unknown = Address::repeat_byte(0x66);
    let native = |to_code: bool| {
        payment(USD).with(|s| {
            s.compiled.calls[0].to = FRIEND;
            s.compiled.calls[0].data = Default::default();
            s.simulation.calls[0].touched = if to_code { vec![FRIEND] } else { Vec::new() };
        })
    };
    table(vec![
        ("no allowance", left(U256::ZERO), &[]),
        ("a limited one", left(U256::MAX >> 128), &[]),
        (
            "one that no token can use up",
            left((U256::MAX >> 128) + U256::from(1)),
            &["deny-unlimited-allowance"],
        ),
        ("the unlimited one", left(U256::MAX), &["deny-unlimited-allowance"]),
        (
            "code ran that nobody knows",
            supply(USD).with(|s| s.simulation.calls[0].touched.push(unknown)),
            &["deny-unknown-contract"],
        ),
        (
            "a call to what nobody knows",
            supply(USD).with(|s| s.compiled.calls[0].to = unknown),
            &["deny-unknown-contract"],
        ),
        (
            "a precompile",
            supply(USD).with(|s| s.simulation.calls[0].touched.push(Address::with_last_byte(1))),
            &[],
        ),
        ("native coin to a payee without code", native(false), &[]),
        ("native coin to a payee with code", native(true), &["deny-unknown-contract"]),
        (
            "a protocol that the registry lacks",
            supply(USD).with(|s| s.compiled.protocol = Some("evil".into())),
            &["gate"],
        ),
        (
            "a network that the registry lacks",
            supply(USD).with(|s| {
                s.registry.networks.remove(&CHAIN);
            }),
            &["deny-unknown-contract"],
        ),
    ]);
}

#[test]
fn prices_and_losses() {
    let priced = |oracle, pool| {
        supply(500 * USD).with(|s| {
            s.prices.insert(usdc().caip19(), price(oracle, pool));
        })
    };
    let wei = 250_000_000_000_000_000; // $500 at $2,000
    let deny: &[&str] = &["deny-price-not-agreed"];
    let loss: &[&str] = &["deny-loss"];
    table(vec![
        ("2 % apart", priced(1_000_000, 1_020_000), &[]),
        ("2 % apart, the other way", priced(1_020_000, 1_000_000), &[]),
        ("a millionth more", priced(1_000_000, 1_020_001), deny),
        (
            "what arrives must be priced, too",
            swap(500 * USD, wei).with(|s| {
                s.prices.insert(eth().caip19(), price(2_000_000_000, 2_100_000_000));
            }),
            deny,
        ),
        ("a swap at the price", swap(500 * USD, wei), &[]),
        ("5 % lost", swap(500 * USD, wei / 100 * 95), &[]),
        ("more than 5 % lost", swap(500 * USD, wei / 1_000 * 949), loss),
        ("everything lost", swap(500 * USD, 0), loss),
    ]);
    // What has no price is worth the most there is: several rules speak, and the verdict is a denial.
    for missing in [usdc(), eth()] {
        let judgement = swap(500 * USD, wei)
            .with(|s| {
                s.prices.remove(&missing.caip19());
            })
            .judge(&default());
        assert_eq!(judgement.verdict, Verdict::Deny);
        assert!(decided(&judgement).contains(&"deny-price-not-agreed"), "{judgement:?}");
    }
    for (oracle, pool) in [(0, 1_000_000), (1_000_000, 0), (0, 0)] {
        assert!(decided(&priced(oracle, pool).judge(&default())).contains(&"deny-price-not-agreed"));
    }
}

#[test]
fn a_bridge_is_priced_by_what_leaves() {
    let out = agent_core::Asset { chain_id: 1, ..usdc() };
    let bridge = |arrives: u64| {
        supply(500 * USD).with(|s| {
            s.action = Action::Bridge {
                asset: usdc(),
                out: out.clone(),
                amount: Quantity::Exact(U256::from(500 * USD)),
                side: Side::Sell,
            };
            s.compiled.yields = vec![out.amount(U256::from(arrives))];
        })
    };
    table(vec![
        ("a small fee", bridge(499 * USD), &[]),
        ("half of it gone", bridge(250 * USD), &["deny-loss"]),
    ]);
}

#[test]
fn simulation() {
    let failed = supply(USD).with(|s| s.simulation.calls[0].end = CallEnd::Revert("28".into()));
    let nothing = supply(USD).with(|s| s.simulation.calls.clear());
    table(vec![
        ("a call reverts", failed, &["deny-not-simulated"]),
        ("nothing was simulated", nothing, &["deny-not-simulated"]),
    ]);
}

#[test]
fn received_assets_change_nothing() {
    let gift = Change { negative: false, amount: usdc().amount(U256::MAX) };
    let spam =
        agent_core::Asset { symbol: "FREE".into(), kind: agent_core::AssetKind::Erc20(STRANGER), ..usdc() };
    let spam = Change { negative: false, amount: spam.amount(U256::MAX) };
    let scene = supply(500 * USD).with(|s| {
        s.simulation.changes.extend([gift, spam].map(|amount| AssetChange { account: ACCOUNT, amount }));
    });
    assert_eq!(scene.judge(&default()), supply(500 * USD).judge(&default()));
}

#[test]
fn huge_amounts_saturate_and_are_denied() {
    for shift in [63, 64, 128, 255] {
        let huge: Amount = usdc().amount(U256::from(1) << shift);
        let scene = supply(1).with(|s| {
            s.compiled.spends = vec![huge.clone()];
            s.simulation.changes[0].amount.amount = huge;
            s.entered = U256::MAX;
        });
        let judgement = scene.judge(&default());
        assert_eq!(decided(&judgement), ["deny-day-50k"], "2^{shift}");
    }
}

#[test]
fn reasons_are_told_in_words() {
    let text = policies::explain(&transfer(500 * USD, STRANGER).judge(&default()));
    assert!(text.starts_with("denied"), "{text}");
    assert!(text.contains("more than $100 for a payee who is not in the contacts"), "{text}");
    assert!(text.contains("ask   ask-stranger"), "what an approval would have lifted is told, too: {text}");
}
