//! The rules for providing liquidity, liquidating, voting and delegating, each at its boundary.

use std::collections::BTreeMap;

use agent_core::draft::Support;
use agent_core::{
    Action, Asset, AssetKind, LiquidityRange, NftChange, Origin, Plan, Quantity, Side, Step, Verdict, bounds,
};
use alloy_primitives::{Address, U256};
use policies::CedarPolicy;

use crate::world::{ACCOUNT, CHAIN, FRIEND, ROUTER, STRANGER, Scene, contact, eth, plan, supply, usdc};

const USD: u64 = 1_000_000;

fn judged(scene: &Scene) -> (Verdict, Vec<String>) {
    let judgement = scene.judge(&CedarPolicy::load_default(Vec::new()).unwrap());
    let spoke = judgement.rules.into_iter().filter(|rule| rule.result != "allow").map(|rule| rule.id);
    (judgement.verdict, spoke.collect())
}

fn check(scene: &Scene, verdict: Verdict, rules: &[&str]) {
    assert_eq!(judged(scene), (verdict, rules.iter().map(ToString::to_string).collect()));
}

fn minted() -> NftChange {
    NftChange { contract: ROUTER, id: U256::from(7), with: Address::ZERO, received: true }
}

/// 500 USDC and a quarter ETH into a pool.
fn provide() -> Scene {
    supply(500 * USD).with(|s| {
        s.action = Action::AddLiquidity {
            asset: usdc(),
            amount: Quantity::Exact(U256::from(500 * USD)),
            other: eth(),
            other_amount: None,
            fee_pips: Some(500),
            range: LiquidityRange::Full,
            max_slippage_bps: 50,
        };
        s.compiled.spends.push(eth().amount(U256::from(250_000_000_000_000_000_u64)));
        s.simulation.nfts = vec![minted()];
    })
}

#[test]
fn providing_brings_the_position_to_the_account_that_pays() {
    check(&provide(), Verdict::Allow, &[]);
    check(&provide().with(|s| s.simulation.nfts.clear()), Verdict::Deny, &["deny-position-moved"]);
    let elsewhere = provide().with(|s| s.simulation.nfts[0].contract = STRANGER);
    check(&elsewhere, Verdict::Deny, &["deny-position-moved"]);
    let two = provide().with(|s| s.simulation.nfts.push(minted()));
    check(&two, Verdict::Deny, &["deny-position-moved"]);
    let revoked = provide().with(|s| {
        s.simulation.nfts.clear();
        s.simulation.changes.clear();
    });
    check(&revoked, Verdict::Allow, &[]);
}

#[test]
fn both_assets_of_a_pair_count() {
    let budgets = provide().judge(&CedarPolicy::load_default(Vec::new()).unwrap()).budgets;
    assert_eq!(budgets[0].micro_usd, U256::from(1_000 * USD));
    let large = provide().with(|s| s.compiled.spends[1] = eth().amount(U256::from(10).pow(U256::from(19))));
    check(&large, Verdict::NeedsApproval, &["ask-step-10k"]);
    let unpriced = provide().with(|s| {
        s.prices.remove(&eth().caip19());
    });
    assert_eq!(judged(&unpriced).0, Verdict::Deny);
}

#[test]
fn no_other_action_moves_a_position() {
    let gone = NftChange { received: false, ..minted() };
    let sold = supply(USD).with(|s| s.simulation.nfts = vec![gone.clone()]);
    check(&sold, Verdict::Deny, &["deny-position-moved"]);
    let remove = |nft: NftChange| {
        supply(USD).with(|s| {
            let amount = Quantity::AllBut(U256::ZERO);
            let pair = [usdc(), eth()];
            s.action =
                Action::RemoveLiquidity { position: U256::from(7), pair, amount, max_slippage_bps: 50 };
            s.compiled.yields = std::mem::take(&mut s.compiled.spends);
            s.simulation.changes.clear();
            s.simulation.nfts = vec![nft];
        })
    };
    check(&remove(gone.clone()), Verdict::Allow, &[]);
    let another = remove(NftChange { id: U256::from(8), ..gone.clone() });
    check(&another, Verdict::Deny, &["deny-position-moved"]);
    let given = remove(NftChange { with: STRANGER, ..gone });
    check(&given, Verdict::Deny, &["deny-position-moved"]);
}

#[test]
fn a_liquidation_must_bring_what_it_costs() {
    let liquidate = |wei: u64| {
        supply(500 * USD).with(|s| {
            let amount = Quantity::Exact(U256::from(500 * USD));
            s.action = Action::Liquidate { account: STRANGER, debt: usdc(), collateral: eth(), amount };
            s.compiled.yields = vec![eth().amount(U256::from(wei))];
        })
    };
    check(&liquidate(260_000_000_000_000_000), Verdict::Allow, &[]);
    check(&liquidate(230_000_000_000_000_000), Verdict::Deny, &["deny-loss"]);
}

fn moves_nothing(action: Action) -> Scene {
    supply(USD).with(|s| {
        s.action = action;
        s.compiled.spends.clear();
        s.simulation.changes.clear();
        s.prices.clear();
    })
}

#[test]
fn a_vote_needs_a_governor_of_the_registry_and_no_price() {
    let action =
        Action::Vote { governor: ROUTER, chain_id: CHAIN, proposal: U256::from(1), support: Support::For };
    check(&moves_nothing(action.clone()), Verdict::Allow, &[]);
    let strange = moves_nothing(action).with(|s| s.compiled.calls[0].to = STRANGER);
    check(&strange, Verdict::Deny, &["deny-unknown-contract"]);
}

#[test]
fn votes_are_given_to_known_people_or_asked_about() {
    let delegate = |to| moves_nothing(Action::Delegate { asset: usdc(), to, payee: None });
    check(&delegate(ACCOUNT), Verdict::Allow, &[]);
    check(&delegate(STRANGER), Verdict::NeedsApproval, &["ask-stranger"]);
    let friend = delegate(FRIEND).with(|s| s.contacts = vec![contact(FRIEND, false)]);
    check(&friend, Verdict::Allow, &[]);
    let mut twin = FRIEND;
    twin.0[9] ^= 0xff;
    let imitation = delegate(twin).with(|s| s.contacts = vec![contact(FRIEND, true)]);
    assert_eq!(judged(&imitation).0, Verdict::Deny);
    check(&delegate(ROUTER), Verdict::Deny, &["deny-payee-contract", "ask-stranger"]);
}

#[test]
fn staking_for_too_little_is_a_loss() {
    let staked = Asset { symbol: "stETH".into(), kind: AssetKind::Erc20(STRANGER), ..eth() };
    let stake = |wei: u64| {
        supply(500 * USD).with(|s| {
            let amount = Quantity::Exact(U256::from(250_000_000_000_000_000_u64));
            s.action = Action::Stake { from: eth(), to: staked.clone(), amount };
            s.compiled.spends = vec![eth().amount(U256::from(250_000_000_000_000_000_u64))];
            s.compiled.yields = vec![staked.amount(U256::from(wei))];
            s.prices.insert(staked.caip19(), crate::world::price(2_000_000_000, 2_000_000_000));
        })
    };
    check(&stake(249_999_999_999_999_999), Verdict::Allow, &[]);
    check(&stake(200_000_000_000_000_000), Verdict::Deny, &["deny-loss"]);
}

fn numbered(index: usize, action: Action) -> Step {
    Step { index, action, origin: Origin::Said, sources: BTreeMap::new() }
}

/// All of what step `step` yields, or half of it.
fn output(step: usize, denominator: u64) -> Quantity {
    Quantity::Output { step, asset: usdc(), numerator: U256::from(1), denominator: U256::from(denominator) }
}

fn pay(index: usize, amount: Quantity) -> Step {
    numbered(index, Action::Transfer { asset: usdc(), amount, to: FRIEND, payee: None })
}

fn plan_of(steps: Vec<Step>) -> Plan {
    let mut plan = plan(steps[0].clone());
    plan.legs[0].steps = steps;
    plan
}

#[test]
fn what_came_out_of_a_protocol_counts_when_somebody_is_paid_with_it() {
    let exact = || Quantity::Exact(U256::from(9_000 * USD));
    let withdraw = numbered(1, Action::Withdraw { asset: usdc(), amount: exact() });
    let lend = |index| numbered(index, Action::Supply { asset: usdc(), amount: output(1, 1) });
    let paid = plan_of(vec![withdraw.clone(), pay(2, output(1, 1))]);
    let lent = plan_of(vec![withdraw, lend(2)]);
    assert!(!bounds::enters(&paid, &paid.legs[0].steps[0]));
    assert!(bounds::enters(&paid, &paid.legs[0].steps[1]), "money that leaves for good is counted once");
    assert!(!bounds::enters(&lent, &lent.legs[0].steps[1]), "from one protocol to another");
    let (sell, buy, amount) = (eth(), usdc(), exact());
    let swap = numbered(1, Action::Swap { sell, buy, amount, side: Side::Sell, max_slippage_bps: 50 });
    let swapped = plan_of(vec![swap, pay(2, output(1, 1))]);
    assert!(bounds::enters(&swapped, &swapped.legs[0].steps[0]));
    assert!(!bounds::enters(&swapped, &swapped.legs[0].steps[1]), "it was counted when it entered");
}

#[test]
fn a_yield_is_not_spent_twice() {
    let withdraw = numbered(1, Action::Withdraw { asset: usdc(), amount: Quantity::AllBut(U256::ZERO) });
    let overdrawn = |rest: Vec<Step>| {
        let steps = std::iter::once(withdraw.clone()).chain(rest).collect();
        plan_of(steps).overdrawn()
    };
    assert_eq!(overdrawn(vec![pay(2, output(1, 1))]), None);
    assert_eq!(overdrawn(vec![pay(2, output(1, 2)), pay(3, output(1, 2))]), None);
    assert_eq!(overdrawn(vec![pay(2, output(1, 1)), pay(3, output(1, 1))]), Some(3));
    assert_eq!(overdrawn(vec![pay(2, output(1, 2)), pay(3, output(1, 3)), pay(4, output(1, 5))]), Some(4));
    assert_eq!(overdrawn(vec![pay(2, output(2, 1))]), Some(2), "a step does not feed itself");
}

#[test]
fn taking_an_allowance_back_needs_no_price() {
    let swap = || crate::world::swap(500 * USD, 250_000_000_000_000_000).with(|s| s.prices.clear());
    assert_eq!(judged(&swap()).0, Verdict::Deny, "the control: the whole step");
    let rest = swap().with(|s| {
        s.compiled.spends.clear();
        s.compiled.yields.clear();
        s.simulation.changes.clear();
    });
    check(&rest, Verdict::Allow, &[]);
    let leaks = swap().with(|s| {
        s.compiled.spends.clear();
        s.compiled.yields.clear();
    });
    assert_eq!(judged(&leaks).0, Verdict::Deny, "something leaves after all");
}
