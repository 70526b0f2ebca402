//! Swaps through each version of Uniswap: what was quoted is what arrives, to the wei.

use std::sync::Arc;

use agent_core::ports::{Chain, Resolved};
use agent_core::{Action, CallRole, CompiledStep, Side};
use alloy_primitives::aliases::{U24, U160};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;
use chains::ProtocolCompiler;

use crate::world::{AMOUNT, ARBITRUM, BASE, ETHEREUM, OPTIMISM, World, step, units};

sol! {
    struct QuoteParams { address tokenIn; address tokenOut; uint256 amountIn; uint24 fee; uint160 sqrtPriceLimitX96; }
    function quoteExactInputSingle(QuoteParams params)
        returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 ticksCrossed, uint256 gasEstimate);
    function getAmountsOut(uint256 amountIn, address[] path) returns (uint256[] amounts);
    interface permit2 {
        function allowance(address owner, address token, address spender)
            returns (uint160 amount, uint48 expiration, uint48 nonce);
    }
}

pub(crate) fn swap(world: &World, chain: u64, sell: &str, buy: &str, side: Side) -> Action {
    let (sell, buy) = (world.asset(chain, sell), world.asset(chain, buy));
    Action::Swap { sell, buy, amount: AMOUNT, side, max_slippage_bps: 50 }
}

/// A compiler that finds pools of one version only.
fn only(world: &World, version: &str) -> ProtocolCompiler {
    let mut registry = (*world.registry).clone();
    for network in registry.networks.values_mut() {
        let nobody = Address::repeat_byte(0x0f);
        for (role, of) in
            [("uniswap.v2_router02", "v2"), ("uniswap.quoter_v2", "v3"), ("uniswap.v4_quoter", "v4")]
        {
            if of != version {
                network.roles.insert(role.to_owned(), nobody);
            }
        }
    }
    ProtocolCompiler::new(Arc::new(registry))
}

async fn compile(
    world: &World,
    compiler: &ProtocolCompiler,
    chain: u64,
    action: Action,
    amount: U256,
) -> CompiledStep {
    let step = step(action);
    let resolved = Resolved { step: &step, raw: amount, other: None, whole: false };
    world.compile_by(compiler, chain, resolved).await.unwrap()
}

pub(crate) async fn compile_by_version(
    world: &World,
    version: &str,
    chain: u64,
    action: Action,
    amount: U256,
) -> CompiledStep {
    compile(world, &only(world, version), chain, action, amount).await
}

/// Runs a swap and holds both sides of it against its quote.
async fn settles_as_quoted(world: &World, chain: u64, compiled: &CompiledStep, side: Side) {
    let (spends, quote) = (&compiled.spends[0], compiled.quote.as_ref().unwrap());
    let (sold, bought) = (spends.asset().symbol.clone(), quote.expected_out.asset().symbol.clone());
    let (had, got) = (world.balance(chain, &sold).await, world.balance(chain, &bought).await);
    let receipts = world.settle(chain, compiled).await;
    // On the OP stack the coins also pay for data, which no receipt tells.
    let native = |symbol: &str| symbol == "ETH";
    let gas = |symbol: &str| if native(symbol) { World::gas(&receipts) } else { U256::ZERO };
    let arrived = world.balance(chain, &bought).await + gas(&bought) - got;
    let left = had - gas(&sold) - world.balance(chain, &sold).await;
    let words = format!("{:?} on {chain}", quote.route);
    assert_eq!(arrived, quote.expected_out.raw(), "{words}");
    match side {
        Side::Sell => assert_eq!(left, spends.raw(), "{words}"),
        Side::Buy => assert!(
            left < spends.raw() && left * U256::from(1_006) > spends.raw() * U256::from(1_000),
            "{words}"
        ),
    }
    for role in ["uniswap.swap_router02", "uniswap.v2_router02", "permit2"] {
        if !native(&sold) {
            assert!(world.allowance(chain, &sold, role).await.is_zero(), "{words}");
        }
        let view = world.live[&chain].head().await.unwrap();
        let contract = world.network(chain).role(role).unwrap();
        assert!(view.balance(contract).await.unwrap().is_zero(), "{role} keeps coins: {words}");
    }
}

#[tokio::test]
async fn every_version_gives_what_it_quotes() {
    let world = World::start().await;
    let cases = [
        ("v2", [("ETH", "USDC"), ("USDC", "ETH"), ("UNI", "USDC")]),
        ("v3", [("ETH", "USDC"), ("DAI", "ETH"), ("WBTC", "LINK")]),
        ("v4", [("ETH", "USDC"), ("USDC", "ETH"), ("USDC", "ETH")]),
    ];
    for (version, pairs) in cases {
        let compiler = only(&world, version);
        for (sell, buy) in pairs {
            for side in [Side::Sell, Side::Buy] {
                let action = swap(&world, ETHEREUM, sell, buy, side);
                let asset = action.counted().unwrap().clone();
                // A tenth of a bitcoin is what the account has to spare; else about 50 to 270 dollars' worth.
                let amount = match asset.symbol.as_str() {
                    "ETH" => units(1, 17),
                    "WBTC" => units(1, 5),
                    _ => units(50, asset.decimals),
                };
                let compiled = compile(&world, &compiler, ETHEREUM, action, amount).await;
                let quote = compiled.quote.as_ref().unwrap();
                assert!(quote.route.iter().all(|hop| hop.starts_with(&format!("uniswap {version} "))));
                assert!(quote.impact_bps < 20, "{quote:?}");
                settles_as_quoted(&world, ETHEREUM, &compiled, side).await;
            }
        }
    }
}

#[tokio::test]
async fn the_best_version_is_taken_and_is_what_the_contracts_quote() {
    let world = World::start().await;
    let network = world.network(ETHEREUM);
    let (weth, usdc) = (network.role("weth").unwrap(), network.role("usdc").unwrap());
    for milli_ether in [1_u64, 500, 40_000] {
        let amount = U256::from(milli_ether) * units(1, 15);
        let action = || swap(&world, ETHEREUM, "ETH", "USDC", Side::Sell);
        let mut outs = Vec::new();
        for version in ["v2", "v3", "v4"] {
            let compiled = compile(&world, &only(&world, version), ETHEREUM, action(), amount).await;
            outs.push(compiled.quote.unwrap().expected_out.raw());
        }
        let pair = getAmountsOutCall { amountIn: amount, path: vec![weth, usdc] };
        let by_pair = world.read(ETHEREUM, network.role("uniswap.v2_router02").unwrap(), pair).await;
        assert_eq!(outs[0], by_pair[1]);
        let mut by_pools = Vec::new();
        for fee in [500_u16, 3_000] {
            let params = QuoteParams {
                tokenIn: weth,
                tokenOut: usdc,
                amountIn: amount,
                fee: U24::from(fee),
                sqrtPriceLimitX96: U160::ZERO,
            };
            let quoter = network.role("uniswap.quoter_v2").unwrap();
            by_pools.push(world.read(ETHEREUM, quoter, quoteExactInputSingleCall { params }).await.amountOut);
        }
        assert!(outs[1] >= by_pools.into_iter().max().unwrap());
        let best = compile(&world, &world.compiler, ETHEREUM, action(), amount).await.quote.unwrap();
        assert_eq!(best.expected_out.raw(), outs.into_iter().max().unwrap(), "{:?}", best.route);
        assert_eq!(best.min_out.raw(), best.expected_out.raw() * U256::from(9_950) / U256::from(10_000));
    }
}

#[tokio::test]
async fn layer_two_swaps_take_back_what_they_did_not_use() {
    let world = World::start().await;
    for chain in [BASE, ARBITRUM, OPTIMISM] {
        let action = swap(&world, chain, "USDC", "WETH", Side::Buy);
        let before = world.balance(chain, "WETH").await;
        let (compiled, _) = world.run(chain, action, "0.1", false).await;
        assert_eq!(compiled.calls.last().unwrap().role, CallRole::Revoke);
        assert_eq!(world.balance(chain, "WETH").await - before, units(1, 17));
        assert!(world.allowance(chain, "USDC", "uniswap.swap_router02").await.is_zero());
    }
    for (chain, sell, buy) in [(ARBITRUM, "ARB", "USDC.e"), (OPTIMISM, "OP", "USDT")] {
        let action = swap(&world, chain, sell, buy, Side::Sell);
        let compiled = world.compile(chain, action, "20", false).await.unwrap();
        settles_as_quoted(&world, chain, &compiled, Side::Sell).await;
    }
}

#[tokio::test]
async fn what_permit2_was_told_is_taken_back() {
    let world = World::start().await;
    let network = world.network(ETHEREUM);
    let [permit2, router] = ["permit2", "uniswap.universal_router"].map(|role| network.role(role).unwrap());
    let usdc = network.role("usdc").unwrap();
    let inside = async || {
        let call = permit2::allowanceCall { owner: world.account(), token: usdc, spender: router };
        world.read(ETHEREUM, permit2, call).await.amount
    };
    let action = swap(&world, ETHEREUM, "USDC", "ETH", Side::Sell);
    let mut half = compile_by_version(&world, "v4", ETHEREUM, action.clone(), units(50, 6)).await;
    let roles: Vec<CallRole> = half.calls.iter().map(|call| call.role).collect();
    assert_eq!(roles, [CallRole::Approve, CallRole::Approve, CallRole::Act]);
    assert_eq!(half.cleanup.len(), 2);
    // Left behind on purpose: a swap without its act.
    half.calls.truncate(2);
    world.settle(ETHEREUM, &half).await;
    assert_eq!(inside().await, U160::from(50_000_000));
    let revoke = Action::Revoke { asset: None, spender: None, chain_id: ETHEREUM };
    let (revoked, _) = world.run(ETHEREUM, revoke, "0", false).await;
    assert_eq!(revoked.calls.len(), 2);
    assert!(inside().await.is_zero() && world.allowance(ETHEREUM, "USDC", "permit2").await.is_zero());

    // The same by the step's own cleanup, which runs when the act fails.
    world.settle(ETHEREUM, &half).await;
    let cleanup = CompiledStep { calls: half.cleanup.clone(), ..half };
    world.settle(ETHEREUM, &cleanup).await;
    assert!(inside().await.is_zero() && world.allowance(ETHEREUM, "USDC", "permit2").await.is_zero());
}
