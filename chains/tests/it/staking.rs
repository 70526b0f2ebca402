//! Staking: ETH to stETH, its wrapper and back. At least what was promised arrives, and never two wei more.

use agent_core::{Action, Exit};
use alloy_primitives::U256;

use crate::world::{AMOUNT, BASE, ETHEREUM, World, units};

#[tokio::test]
async fn ether_is_staked_wrapped_and_unwrapped() {
    let world = World::start().await;
    let asset = |symbol: &str| world.asset(ETHEREUM, symbol);
    let (eth, steth, wsteth) = (asset("ETH"), asset("stETH"), asset("wstETH"));
    let stake = Action::Stake { from: eth.clone(), to: steth.clone(), amount: AMOUNT };
    let wrap = Action::Wrap { from: steth.clone(), to: wsteth.clone(), amount: AMOUNT };
    let unwrap = Action::Unwrap { from: wsteth.clone(), to: steth.clone(), amount: AMOUNT };
    for (action, to, amount) in
        [(stake.clone(), "stETH", "3"), (wrap.clone(), "wstETH", "1.2"), (unwrap, "stETH", "0.5")]
    {
        let before = world.balance(ETHEREUM, to).await;
        let (compiled, _) = world.run(ETHEREUM, action, amount, false).await;
        let arrived = world.balance(ETHEREUM, to).await - before;
        let least = compiled.yields[0].raw();
        assert!(arrived >= least && arrived <= least + U256::from(3), "{to}: {arrived}, promised {least}");
        assert_eq!(compiled.protocol.as_deref(), Some("lido"));
    }
    // A wstETH is 1.2 ETH.
    let wrapped = world.balance(ETHEREUM, "wstETH").await;
    assert!(wrapped.abs_diff(units(5, 17)) < U256::from(5), "{wrapped}");
    assert!(world.allowance(ETHEREUM, "stETH", "wsteth").await.is_zero());
    // All that is held, to the wei.
    let all = steth.amount(world.held(ETHEREUM, &wrap).await.unwrap()).decimal();
    world.run(ETHEREUM, wrap.clone(), &all, true).await;
    assert!(world.balance(ETHEREUM, "stETH").await <= U256::from(2));

    for (action, amount, code) in [
        (stake, "1000", "world.balance"),
        (wrap, "10", "world.balance"),
        (Action::Stake { from: eth, to: wsteth, amount: AMOUNT }, "1", "world.lacks"),
        (Action::Wrap { from: asset("USDC"), to: steth, amount: AMOUNT }, "1", "world.lacks"),
    ] {
        let refusal = world.compile(ETHEREUM, action, amount, false).await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.exit), (code, Exit::NotPossible), "{refusal}");
    }
    let (eth, weth) = (world.asset(BASE, "ETH"), world.asset(BASE, "WETH"));
    let elsewhere = Action::Stake { from: eth, to: weth, amount: AMOUNT };
    assert_eq!(world.compile(BASE, elsewhere, "1", false).await.unwrap_err().code, "world.lacks");
}
