//! Every action on anvil, its effect read from the chain.

use std::time::Duration;

use agent_core::ports::{Chain, Compiler};
use agent_core::{Action, Side};
use alloy_primitives::{Address, U256};

use crate::world::{AMOUNT, BASE, ETHEREUM, World, units};

#[tokio::test]
async fn supply_borrow_repay_withdraw() {
    let world = World::start().await;
    let (usdc, weth) = (world.asset(BASE, "USDC"), world.asset(BASE, "WETH"));
    world.run(BASE, Action::Supply { asset: usdc.clone(), amount: AMOUNT }, "1000", false).await;
    assert!(world.balance(BASE, "aUSDC").await >= units(1_000, 6));
    assert!(world.allowance(BASE, "USDC", "aave.pool").await.is_zero());
    let before = world.balance(BASE, "WETH").await;
    world.run(BASE, Action::Borrow { asset: weth.clone(), amount: AMOUNT }, "0.1", false).await;
    assert_eq!(world.balance(BASE, "WETH").await - before, units(1, 17));

    let repay = Action::Repay { asset: weth.clone(), amount: AMOUNT };
    let owed = world.held(BASE, &repay).await.unwrap();
    assert!(owed >= units(1, 17));
    world.run(BASE, repay.clone(), &weth.amount(owed).decimal(), true).await;
    assert!(world.balance(BASE, "debtWETH").await.is_zero());
    assert!(world.allowance(BASE, "WETH", "aave.pool").await.is_zero());
    assert_eq!(world.compile(BASE, repay, "0.1", false).await.unwrap_err().code, "world.nothing_owed");

    let withdraw = Action::Withdraw { asset: usdc.clone(), amount: AMOUNT };
    let refusal = world.compile(BASE, withdraw.clone(), "5000", false).await.unwrap_err();
    assert_eq!(refusal.code, "world.balance");
    world.run(BASE, withdraw, "1000", true).await;
    assert!(world.balance(BASE, "aUSDC").await.is_zero());
}

#[tokio::test]
async fn bridges_arrive_on_the_other_chain() {
    let world = World::start().await;
    for (symbol, amount, side) in
        [("USDC", "200", Side::Sell), ("ETH", "0.25", Side::Sell), ("USDC", "123.456789", Side::Buy)]
    {
        let (asset, out) = (world.asset(ETHEREUM, symbol), world.asset(BASE, symbol));
        let before = world.balance(BASE, symbol).await;
        let action = Action::Bridge { asset, out: out.clone(), amount: AMOUNT, side };
        let (compiled, receipts) = world.run(ETHEREUM, action, amount, false).await;
        let (deposit, mut filled) = (receipts.last().unwrap(), None);
        for _ in 0..150 {
            filled = world.live[&BASE].bridge_fill(ETHEREUM, deposit, &out).await.unwrap();
            if filled.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let filled = filled.expect("the relayer fills within 15 seconds");
        assert_eq!(filled, compiled.yields[0]);
        if side == Side::Buy {
            // What was asked for arrives to the last unit, for a relayer's fee of a twentieth of a percent.
            assert_eq!(filled.decimal(), amount);
            assert_eq!(compiled.spends[0].decimal(), "123.518549");
        }
        assert_eq!(world.balance(BASE, symbol).await - before, filled.raw());
        // No fill is seen for a chain that the deposit was not made on.
        assert_eq!(world.live[&BASE].bridge_fill(10, deposit, &out).await.unwrap(), None);
    }
}

#[tokio::test]
async fn transfers_wraps_and_revokes() {
    let world = World::start().await;
    let (eth, weth, usdc) = (world.asset(BASE, "ETH"), world.asset(BASE, "WETH"), world.asset(BASE, "USDC"));
    let to = Address::repeat_byte(0x77);
    for asset in [&eth, &usdc] {
        let action = Action::Transfer { asset: asset.clone(), amount: AMOUNT, to, payee: None };
        let (compiled, _) = world.run(BASE, action, "0.5", false).await;
        assert_eq!(compiled.payees, [to]);
        let live = &world.live[&BASE];
        let view = live.head().await.unwrap();
        let held = live.balances(to, std::slice::from_ref(asset), &*view).await.unwrap();
        assert_eq!(held[0], compiled.spends[0]);
    }
    let before = world.balance(BASE, "WETH").await;
    world.run(BASE, Action::Wrap { from: eth.clone(), to: weth.clone(), amount: AMOUNT }, "2", false).await;
    assert_eq!(world.balance(BASE, "WETH").await - before, units(2, 18));
    world.run(BASE, Action::Unwrap { from: weth, to: eth, amount: AMOUNT }, "2", false).await;
    assert_eq!(world.balance(BASE, "WETH").await, before);

    let everything = || Action::Revoke { asset: None, spender: None, chain_id: BASE };
    assert_eq!(
        world.compile(BASE, everything(), "0", false).await.unwrap_err().code,
        "world.nothing_to_revoke"
    );
    // An allowance is left behind on purpose: a supply without its act.
    let supply = Action::Supply { asset: usdc, amount: AMOUNT };
    let mut half = world.compile(BASE, supply.clone(), "7", false).await.unwrap();
    half.calls.truncate(1);
    world.settle(BASE, &half).await;
    assert_eq!(world.allowance(BASE, "USDC", "aave.pool").await, units(7, 6));
    // The same amount again needs no second approval.
    assert_eq!(world.compile(BASE, supply.clone(), "7", false).await.unwrap().calls.len(), 1);
    // Another one goes through zero: some tokens want that.
    let other = world.compile(BASE, supply, "8", false).await.unwrap();
    let words: Vec<&str> = other.calls.iter().map(|call| call.decoded.as_str()).take(2).collect();
    assert_eq!(words, ["approve(spender Aave Pool, 0 USDC)", "approve(spender Aave Pool, 8 USDC)"]);
    assert_eq!(other.calls.len(), 3);
    world.run(BASE, everything(), "0", false).await;
    assert!(world.allowance(BASE, "USDC", "aave.pool").await.is_zero());
}

#[tokio::test]
async fn both_price_readings_agree_within_two_percent() {
    let world = World::start().await;
    for chain in [ETHEREUM, BASE] {
        let network = world.network(chain);
        let assets: Vec<_> = network.assets.iter().chain(&network.positions).cloned().collect();
        let view = world.live[&chain].head().await.unwrap();
        let prices = world.compiler.prices(&assets, &*view).await.unwrap();
        for asset in &assets {
            let price = &prices[&asset.caip19()];
            let (oracle, pool) = (price.oracle_micro_usd.unwrap(), price.pool_micro_usd.unwrap());
            let apart = oracle.abs_diff(pool) * U256::from(100) / oracle;
            assert!(apart < U256::from(2), "{} on {chain}: oracle {oracle}, pool {pool}", asset.symbol);
        }
        let eth = prices[&world.asset(chain, "ETH").caip19()].oracle_micro_usd.unwrap();
        assert!(eth > units(2_000, 6) && eth < units(4_000, 6), "{eth}");
    }
}
