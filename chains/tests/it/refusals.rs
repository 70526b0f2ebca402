//! What is not possible is refused with its code, before anything is signed.

use agent_core::{Action, Exit, Side};
use alloy_primitives::Address;

use crate::world::{AMOUNT, BASE, ETHEREUM, World};

#[tokio::test]
async fn more_than_is_held_and_what_nobody_offers() {
    let world = World::start().await;
    let asset = |symbol: &str| world.asset(ETHEREUM, symbol);
    let (eth, weth, usdc, dai) = (asset("ETH"), asset("WETH"), asset("USDC"), asset("DAI"));
    let to = Address::repeat_byte(0x77);
    let swap = |sell: &agent_core::Asset, buy: &agent_core::Asset, side| Action::Swap {
        sell: sell.clone(),
        buy: buy.clone(),
        amount: AMOUNT,
        side,
        max_slippage_bps: 50,
    };
    let bridge = |out: agent_core::Asset| Action::Bridge {
        asset: usdc.clone(),
        out,
        amount: AMOUNT,
        side: Side::Sell,
    };
    let foreign = agent_core::Asset { chain_id: 137, ..usdc.clone() };
    let cases = [
        (
            Action::Transfer { asset: usdc.clone(), amount: AMOUNT, to, payee: None },
            "99999999",
            "world.balance",
        ),
        (Action::Transfer { asset: eth.clone(), amount: AMOUNT, to, payee: None }, "101", "world.balance"),
        (Action::Wrap { from: eth.clone(), to: weth.clone(), amount: AMOUNT }, "1000", "world.balance"),
        (Action::Supply { asset: dai.clone(), amount: AMOUNT }, "10001", "world.balance"),
        (Action::Supply { asset: eth.clone(), amount: AMOUNT }, "1", "world.no_reserve"),
        (Action::Repay { asset: usdc.clone(), amount: AMOUNT }, "1", "world.nothing_owed"),
        (Action::Withdraw { asset: usdc.clone(), amount: AMOUNT }, "1", "world.balance"),
        (swap(&usdc, &eth, Side::Sell), "20001", "world.balance"),
        (swap(&usdc, &eth, Side::Buy), "50", "world.balance"),
        (swap(&usdc, &eth, Side::Buy), "100000000", "world.no_liquidity"),
        (swap(&eth, &weth, Side::Sell), "1", "world.no_liquidity"),
        (bridge(world.asset(BASE, "DAI")), "1", "world.lacks"),
        (bridge(foreign), "1", "world.lacks"),
    ];
    for (action, units, code) in cases {
        let words = format!("{action:?}");
        let refusal = world.compile(ETHEREUM, action, units, false).await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.exit), (code, Exit::NotPossible), "{words}: {refusal}");
        assert!(refusal.help.is_some());
    }
    // Negative control: the same steps within reach compile.
    world.compile(ETHEREUM, swap(&usdc, &eth, Side::Buy), "1", false).await.unwrap();
    world.compile(ETHEREUM, bridge(world.asset(BASE, "USDC")), "1", false).await.unwrap();
    let held = world.compile(
        ETHEREUM,
        Action::Transfer { asset: usdc.clone(), amount: AMOUNT, to, payee: None },
        "99999999",
        false,
    );
    let message = held.await.unwrap_err().message;
    assert!(
        message.contains("20000 USDC is held") && message.contains("99979999 USDC is missing"),
        "{message}"
    );
}
