//! Aave beside lending itself: collateral, a liquidation, rewards.

use std::time::Duration;

use agent_core::{Action, Exit};
use alloy_primitives::{Address, U256};

use crate::world::{AMOUNT, BASE, ETHEREUM, World, units};

#[tokio::test]
async fn collateral_is_switched_and_only_where_something_is_supplied() {
    let world = World::start().await;
    let usdc = world.asset(BASE, "USDC");
    let switch = |enabled| Action::Collateral { asset: usdc.clone(), enabled };
    let code = async |action| world.compile(BASE, action, "0", false).await.unwrap_err().code;
    assert_eq!(code(switch(true)).await, "world.nothing_supplied");
    world.run(BASE, Action::Supply { asset: usdc.clone(), amount: AMOUNT }, "100", false).await;
    // The pool switches the first supply on by itself.
    assert_eq!(code(switch(true)).await, "world.nothing_to_do");
    world.run(BASE, switch(false), "0", false).await;
    assert_eq!(code(switch(false)).await, "world.nothing_to_do");
    let (compiled, _) = world.run(BASE, switch(true), "0", false).await;
    assert_eq!(compiled.calls[0].decoded, "collateral(USDC on with Aave)");
}

#[tokio::test]
async fn a_healthy_account_is_not_liquidated_and_a_fallen_one_pays_the_bonus() {
    let world = World::start().await;
    let debtor = world.network(BASE).role("demo.debtor").unwrap();
    let (debt, collateral) = (world.asset(BASE, "USDC"), world.asset(BASE, "WETH"));
    let liquidate = |account| Action::Liquidate {
        account,
        debt: debt.clone(),
        collateral: collateral.clone(),
        amount: AMOUNT,
    };
    let refusal = world.compile(BASE, liquidate(debtor), "100", false).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.exit), ("world.healthy", Exit::NotPossible), "{refusal}");
    assert!(refusal.message.contains("is 1.04"), "{refusal}");
    let refusal = world.compile(BASE, liquidate(Address::repeat_byte(1)), "100", false).await.unwrap_err();
    assert!(refusal.code == "world.healthy" && refusal.message.contains("owes nothing"), "{refusal}");

    world.chains.set_price(BASE, "weth", units(2_500, 8)).await.unwrap();
    let before = (world.balance(BASE, "USDC").await, world.balance(BASE, "WETH").await);
    let (compiled, _) = world.run(BASE, liquidate(debtor), "100", false).await;
    let paid = before.0 - world.balance(BASE, "USDC").await;
    let got = world.balance(BASE, "WETH").await - before.1;
    // 100 dollars and 5 % more at 2,500 an ether.
    assert_eq!((paid, got), (units(100, 6), units(42, 15)));
    let least = compiled.yields[0].raw();
    assert!(least <= got && least * U256::from(100) >= got * U256::from(98), "{least}");
    assert!(world.allowance(BASE, "USDC", "aave.pool").await.is_zero());

    // All of it is what the pool lets be paid; more is refused.
    let most = world.held(BASE, &liquidate(debtor)).await.unwrap();
    let more = debt.amount(most + units(1, 6)).decimal();
    let refusal = world.compile(BASE, liquidate(debtor), &more, false).await.unwrap_err();
    assert_eq!(refusal.code, "world.balance", "{refusal}");
    let (compiled, _) = world.run(BASE, liquidate(debtor), &debt.amount(most).decimal(), true).await;
    assert_eq!(compiled.spends[0].raw(), most);
}

#[tokio::test]
async fn rewards_are_claimed_once_they_are_there() {
    let world = World::start().await;
    let claim = |protocol: &str| Action::Claim { protocol: protocol.to_owned(), chain_id: ETHEREUM };
    let code = async |protocol| world.compile(ETHEREUM, claim(protocol), "0", false).await.unwrap_err().code;
    assert_eq!(code("aave").await, "world.nothing_to_claim");
    assert_eq!(code("curve").await, "world.lacks");
    let (usdc, eth) = (world.asset(ETHEREUM, "USDC"), world.asset(ETHEREUM, "ETH"));
    world.run(ETHEREUM, Action::Supply { asset: usdc, amount: AMOUNT }, "10000", false).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    // A block, so that time passes on the chain.
    let to = Address::repeat_byte(0x77);
    world.run(ETHEREUM, Action::Transfer { asset: eth, amount: AMOUNT, to, payee: None }, "0.1", false).await;
    let before = world.balance(ETHEREUM, "AAVE").await;
    let (compiled, _) = world.run(ETHEREUM, claim("aave"), "0", false).await;
    assert!(world.balance(ETHEREUM, "AAVE").await > before);
    assert_eq!(compiled.assets[0].symbol, "AAVE");
}
