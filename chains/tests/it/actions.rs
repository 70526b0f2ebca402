//! Every action on anvil, its effect read from the chain.

use std::time::Duration;

use agent_core::ports::{Chain, Compiler};
use agent_core::{Action, CallRole, Quantity, Side};
use alloy_primitives::aliases::{U24, U160};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, sol};

use crate::world::{BASE, ETHEREUM, World, step};

const AMOUNT: Quantity = Quantity::AllBut(U256::ZERO);

sol! {
    struct QuoteParams { address tokenIn; address tokenOut; uint256 amountIn; uint24 fee; uint160 sqrtPriceLimitX96; }
    function quoteExactInputSingle(QuoteParams params)
        returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 ticksCrossed, uint256 gasEstimate);
    function allowance(address owner, address spender) returns (uint256);
}

fn swap(world: &World, chain: u64, sell: &str, buy: &str, side: Side) -> Action {
    let (sell, buy) = (world.asset(chain, sell), world.asset(chain, buy));
    Action::Swap { sell, buy, amount: AMOUNT, side, max_slippage_bps: 50 }
}

fn units(whole: u64, decimals: u8) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(decimals))
}

async fn allowance(world: &World, chain: u64, symbol: &str, role: &str) -> U256 {
    let view = world.live[&chain].head().await.unwrap();
    let spender = world.network(chain).role(role).unwrap();
    let call = allowanceCall { owner: world.account(), spender };
    let token = world.asset(chain, symbol).token().unwrap();
    let outcome = view.call(world.account(), token, call.abi_encode().into()).await.unwrap();
    U256::from_be_slice(&outcome.output)
}

#[tokio::test]
async fn swaps_give_what_quoter_v2_says_to_the_wei() {
    let world = World::start().await;
    let network = world.network(ETHEREUM);
    let action = swap(&world, ETHEREUM, "ETH", "USDC", Side::Sell);
    let compiled = world.compile(ETHEREUM, action, "0.5", false).await.unwrap();
    let params = QuoteParams {
        tokenIn: network.role("weth").unwrap(),
        tokenOut: network.role("usdc").unwrap(),
        amountIn: units(5, 17),
        fee: U24::from(500),
        sqrtPriceLimitX96: U160::ZERO,
    };
    let view = world.live[&ETHEREUM].head().await.unwrap();
    let data = quoteExactInputSingleCall { params }.abi_encode();
    let outcome =
        view.call(Address::ZERO, network.role("uniswap.quoter_v2").unwrap(), data.into()).await.unwrap();
    let quoted = quoteExactInputSingleCall::abi_decode_returns(&outcome.output).unwrap().amountOut;
    let quote = compiled.quote.clone().unwrap();
    assert_eq!(quote.expected_out.raw(), quoted);
    assert_eq!(quote.min_out.raw(), quoted * U256::from(9_950) / U256::from(10_000));
    assert_eq!(quote.route, ["uniswap v3 WETH/USDC 0.05%"]);
    assert!(quote.impact_bps < 5, "{}", quote.impact_bps);
    let before = world.balance(ETHEREUM, "USDC").await;
    world.settle(ETHEREUM, &compiled).await;
    assert_eq!(world.balance(ETHEREUM, "USDC").await - before, quoted);

    // Two hops into the native coin: the router unwraps, and keeps nothing.
    let (eth, router) =
        (world.balance(ETHEREUM, "ETH").await, network.role("uniswap.swap_router02").unwrap());
    let action = swap(&world, ETHEREUM, "DAI", "ETH", Side::Sell);
    let (compiled, receipts) = world.run(ETHEREUM, action, "1000", false).await;
    assert_eq!(
        compiled.calls.iter().map(|call| call.role).collect::<Vec<_>>(),
        [CallRole::Approve, CallRole::Act]
    );
    assert_eq!(compiled.quote.unwrap().route.len(), 2);
    let gas: U256 = receipts.iter().map(|r| U256::from(r.gas_used) * U256::from(r.effective_gas_price)).sum();
    assert!(world.balance(ETHEREUM, "ETH").await + gas >= eth + compiled.yields.unwrap().raw());
    let view = world.live[&ETHEREUM].head().await.unwrap();
    assert!(view.balance(router).await.unwrap().is_zero());
    assert!(allowance(&world, ETHEREUM, "DAI", "uniswap.swap_router02").await.is_zero());
}

#[tokio::test]
async fn an_exact_output_takes_back_what_it_did_not_use() {
    let world = World::start().await;
    let action = swap(&world, BASE, "USDC", "WETH", Side::Buy);
    let before = world.balance(BASE, "WETH").await;
    let (compiled, _) = world.run(BASE, action, "0.1", false).await;
    assert_eq!(compiled.calls.last().unwrap().role, CallRole::Revoke);
    assert_eq!(world.balance(BASE, "WETH").await - before, units(1, 17));
    assert!(allowance(&world, BASE, "USDC", "uniswap.swap_router02").await.is_zero());

    // Bought with the native coin: the rest comes back.
    let action = swap(&world, BASE, "ETH", "USDC", Side::Buy);
    let (usdc, eth) = (world.balance(BASE, "USDC").await, world.balance(BASE, "ETH").await);
    let (compiled, _) = world.run(BASE, action, "100", false).await;
    assert_eq!(world.balance(BASE, "USDC").await - usdc, units(100, 6));
    assert!(eth - world.balance(BASE, "ETH").await < compiled.spends.unwrap().raw());
}

#[tokio::test]
async fn supply_borrow_repay_withdraw() {
    let world = World::start().await;
    let (usdc, weth) = (world.asset(BASE, "USDC"), world.asset(BASE, "WETH"));
    world.run(BASE, Action::Supply { asset: usdc.clone(), amount: AMOUNT }, "1000", false).await;
    assert!(world.balance(BASE, "aUSDC").await >= units(1_000, 6));
    assert!(allowance(&world, BASE, "USDC", "aave.pool").await.is_zero());
    let before = world.balance(BASE, "WETH").await;
    world.run(BASE, Action::Borrow { asset: weth.clone(), amount: AMOUNT }, "0.1", false).await;
    assert_eq!(world.balance(BASE, "WETH").await - before, units(1, 17));

    let repay = Action::Repay { asset: weth.clone(), amount: AMOUNT };
    let view = world.live[&BASE].head().await.unwrap();
    let owed = world.compiler.held(&step(repay.clone()), world.account(), &*view).await.unwrap();
    assert!(owed >= units(1, 17));
    world.run(BASE, repay.clone(), &weth.amount(owed).decimal(), true).await;
    assert!(world.balance(BASE, "debtWETH").await.is_zero());
    assert!(allowance(&world, BASE, "WETH", "aave.pool").await.is_zero());
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
    for (symbol, amount) in [("USDC", "200"), ("ETH", "0.25")] {
        let (asset, out) = (world.asset(ETHEREUM, symbol), world.asset(BASE, symbol));
        let before = world.balance(BASE, symbol).await;
        let action = Action::Bridge { asset, out: out.clone(), amount: AMOUNT };
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
        assert_eq!(filled, compiled.yields.unwrap());
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
        assert_eq!(held[0], compiled.spends.unwrap());
    }
    let before = world.balance(BASE, "WETH").await;
    world.run(BASE, Action::Wrap { from: eth.clone(), to: weth.clone(), amount: AMOUNT }, "2", false).await;
    assert_eq!(world.balance(BASE, "WETH").await - before, units(2, 18));
    world.run(BASE, Action::Unwrap { from: weth, to: eth, amount: AMOUNT }, "2", false).await;
    assert_eq!(world.balance(BASE, "WETH").await, before);

    let everything = || Action::Revoke { asset: None, spender: None };
    assert_eq!(
        world.compile(BASE, everything(), "0", false).await.unwrap_err().code,
        "world.nothing_to_revoke"
    );
    // An allowance is left behind on purpose: a supply without its act.
    let supply = Action::Supply { asset: usdc, amount: AMOUNT };
    let mut half = world.compile(BASE, supply.clone(), "7", false).await.unwrap();
    half.calls.truncate(1);
    world.settle(BASE, &half).await;
    assert_eq!(allowance(&world, BASE, "USDC", "aave.pool").await, units(7, 6));
    // The same amount again needs no second approval.
    assert_eq!(world.compile(BASE, supply, "7", false).await.unwrap().calls.len(), 1);
    world.run(BASE, everything(), "0", false).await;
    assert!(allowance(&world, BASE, "USDC", "aave.pool").await.is_zero());
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
