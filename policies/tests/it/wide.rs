//! The rules for providing liquidity, liquidating, voting and delegating, each at its boundary.

use agent_core::draft::Support;
use agent_core::{Action, Asset, AssetKind, LiquidityRange, NftChange, Quantity, Verdict};
use alloy_primitives::{Address, U256};
use policies::CedarPolicy;

use crate::world::{ACCOUNT, CHAIN, FRIEND, ROUTER, STRANGER, Scene, contact, eth, supply, usdc};

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
            s.action = Action::RemoveLiquidity { position: U256::from(7), pair, amount, max_slippage_bps: 50 };
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
