//! Positions on Uniswap V3: made where it was said, emptied, their fees collected.

use agent_core::asset::parse_decimal;
use agent_core::draft::{Decimal, Share};
use agent_core::ports::Resolved;
use agent_core::{Action, Asset, CallRole, CompiledStep, Exit, LiquidityRange, Refusal, Side};
use alloy_primitives::U256;
use alloy_primitives::aliases::I24;
use alloy_sol_types::sol;

use crate::swaps::{compile_by_version, swap};
use crate::world::{AMOUNT, BASE, ETHEREUM, World, step, units};

sol! {
    function balanceOf(address owner) returns (uint256);
    function tokenOfOwnerByIndex(address owner, uint256 index) returns (uint256);
    function positions(uint256 tokenId) returns (
        uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower, int24 tickUpper,
        uint128 liquidity, uint256 growth0, uint256 growth1, uint128 tokensOwed0, uint128 tokensOwed1
    );
}

fn provide(world: &World, chain: u64, (asset, other): (&str, &str), range: LiquidityRange) -> Action {
    Action::AddLiquidity {
        asset: world.asset(chain, asset),
        amount: AMOUNT,
        other: world.asset(chain, other),
        other_amount: None,
        fee_pips: Some(500),
        range,
        max_slippage_bps: 50,
    }
}

fn between(low: &str, high: &str, quoted_in: Asset) -> LiquidityRange {
    let decimal = |whole| Decimal::from_digits(whole, "").unwrap();
    LiquidityRange::Between { low: decimal(low), high: decimal(high), quoted_in }
}

fn percent(whole: &str) -> LiquidityRange {
    LiquidityRange::Around(Share::Percent(Decimal::from_digits(whole, "").unwrap()))
}

async fn count(world: &World, chain: u64) -> U256 {
    let manager = world.network(chain).role("uniswap.position_manager").unwrap();
    world.read(chain, manager, balanceOfCall { owner: world.account() }).await
}

/// The account's position of this place, and what the manager says of it.
async fn position(world: &World, chain: u64, index: u64) -> (U256, positionsReturn) {
    let manager = world.network(chain).role("uniswap.position_manager").unwrap();
    let call = tokenOfOwnerByIndexCall { owner: world.account(), index: U256::from(index) };
    let id = world.read(chain, manager, call).await;
    (id, world.read(chain, manager, positionsCall { tokenId: id }).await)
}

async fn remove(world: &World, id: U256, raw: U256) -> Result<CompiledStep, Refusal> {
    let pair = [world.asset(ETHEREUM, "WETH"), world.asset(ETHEREUM, "USDC")];
    let step = step(Action::RemoveLiquidity { position: id, pair, amount: AMOUNT, max_slippage_bps: 50 });
    let resolved = Resolved { step: &step, raw, other: None, whole: false };
    world.compile_by(&world.compiler, ETHEREUM, resolved).await
}

/// Balances of WETH and USDC.
async fn both(world: &World, chain: u64) -> [U256; 2] {
    [world.balance(chain, "WETH").await, world.balance(chain, "USDC").await]
}

#[tokio::test]
async fn a_range_is_where_it_was_said_whichever_token_comes_first() {
    let world = World::start().await;
    // By logarithm: 2000 dollars an ether are tick 200311.2 where USDC is token 0, and 3500 are 194714.8.
    let cases = [(ETHEREUM, (194_710, 200_320)), (BASE, (-200_320, -194_710))];
    for (chain, ticks) in cases {
        let range = between("2000", "3500", world.asset(chain, "USDC"));
        for (index, first, second, amount) in [(0, "USDC", "WETH", "1000"), (1, "WETH", "USDC", "0.3")] {
            let before = both(&world, chain).await;
            let action = provide(&world, chain, (first, second), range.clone());
            let (compiled, _) = world.run(chain, action, amount, false).await;
            let roles: Vec<CallRole> = compiled.calls.iter().map(|call| call.role).collect();
            use CallRole::{Act, Approve, Revoke};
            assert_eq!(roles, [Approve, Approve, Act, Revoke, Revoke]);
            let (_, made) = position(&world, chain, index).await;
            let tick = |tick: I24| tick.as_i32();
            assert_eq!((tick(made.tickLower), tick(made.tickUpper)), ticks, "{chain}");
            let after = both(&world, chain).await;
            let spent = |symbol: &str| {
                compiled.spends.iter().find(|spent| spent.asset().symbol == symbol).unwrap().raw()
            };
            let gone = [before[0] - after[0], before[1] - after[1]];
            for (gone, symbol) in gone.into_iter().zip(["WETH", "USDC"]) {
                // All that was allowed is taken, but for rounding.
                assert!(
                    gone <= spent(symbol) && gone + units(1, 6) > spent(symbol),
                    "{symbol}: {gone} of {}",
                    spent(symbol)
                );
                assert!(world.allowance(chain, symbol, "uniswap.position_manager").await.is_zero());
            }
            let said = parse_decimal(amount, compiled.spends[0].asset().decimals).unwrap();
            assert!(said - compiled.spends[0].raw() < units(1, 6), "{}", compiled.spends[0]);
        }
    }
}

#[tokio::test]
async fn liquidity_goes_in_earns_and_comes_out() {
    let world = World::start().await;
    let claim = || Action::Claim { protocol: "uniswap".to_owned(), chain_id: ETHEREUM };
    let nothing = world.compile(ETHEREUM, claim(), "0", false).await.unwrap_err();
    assert_eq!((nothing.code.as_str(), nothing.exit), ("world.nothing_to_claim", Exit::NotPossible));
    let start = both(&world, ETHEREUM).await;
    for range in [LiquidityRange::Full, percent("1")] {
        world.run(ETHEREUM, provide(&world, ETHEREUM, ("USDC", "WETH"), range), "1000", false).await;
    }
    let (_, full) = position(&world, ETHEREUM, 0).await;
    assert_eq!((full.tickLower.as_i32(), full.tickUpper.as_i32()), (-887_270, 887_270));
    let (id, narrow) = position(&world, ETHEREUM, 1).await;
    let width = narrow.tickUpper.as_i32() - narrow.tickLower.as_i32();
    // 1 % on each side are 99.5 and 100.5 ticks.
    assert!((200..=220).contains(&width) && narrow.liquidity > full.liquidity * 50, "{width}");

    // Somebody trades in that pool: ether in, so the fees are in WETH.
    let trade = swap(&world, ETHEREUM, "ETH", "USDC", Side::Sell);
    let trade = compile_by_version(&world, "v3", ETHEREUM, trade, units(3, 18)).await;
    world.settle(ETHEREUM, &trade).await;
    let before = both(&world, ETHEREUM).await;
    let claimed = world.compile(ETHEREUM, claim(), "0", false).await.unwrap();
    assert!(claimed.spends.is_empty() && claimed.yields.is_empty() && claimed.assets.len() == 2);
    world.settle(ETHEREUM, &claimed).await;
    let after = both(&world, ETHEREUM).await;
    assert!(after[0] > before[0] && after[1] == before[1]);
    assert_eq!(
        world.compile(ETHEREUM, claim(), "0", false).await.unwrap_err().code,
        "world.nothing_to_claim"
    );

    // Half, then the rest: at least what was promised arrives, and the empty position is gone.
    let action = Action::RemoveLiquidity {
        position: id,
        pair: [world.asset(ETHEREUM, "WETH"), world.asset(ETHEREUM, "USDC")],
        amount: AMOUNT,
        max_slippage_bps: 50,
    };
    let whole = world.held(ETHEREUM, &action).await.unwrap();
    assert_eq!(whole, U256::from(narrow.liquidity));
    let half = whole / U256::from(2);
    for part in [half, whole - half] {
        let before = both(&world, ETHEREUM).await;
        let compiled = remove(&world, id, part).await.unwrap();
        world.settle(ETHEREUM, &compiled).await;
        let after = both(&world, ETHEREUM).await;
        for (at, least) in compiled.yields.iter().enumerate() {
            assert!(after[at] - before[at] >= least.raw(), "{least}");
        }
        assert!(compiled.yields.iter().any(|least| !least.is_zero()));
    }
    assert_eq!(count(&world, ETHEREUM).await, U256::from(1));
    assert_eq!(world.held(ETHEREUM, &action).await.unwrap_err().code, "world.no_position");
    let (id, full) = position(&world, ETHEREUM, 0).await;
    let last = remove(&world, id, U256::from(full.liquidity)).await.unwrap();
    world.settle(ETHEREUM, &last).await;
    // The trade cost three ether, not these tokens: both sides are back but for what the price moved.
    let end = both(&world, ETHEREUM).await;
    assert!(count(&world, ETHEREUM).await.is_zero());
    assert!(end[0] > start[0] && end[1] > start[1]);
}

#[tokio::test]
async fn what_no_pool_takes_and_what_is_not_yours_is_refused() {
    let world = World::start().await;
    let usdc = world.asset(ETHEREUM, "USDC");
    let mut odd_fee = provide(&world, ETHEREUM, ("USDC", "WETH"), LiquidityRange::Full);
    if let Action::AddLiquidity { fee_pips, .. } = &mut odd_fee {
        *fee_pips = Some(10_000);
    }
    let cases = [
        (provide(&world, ETHEREUM, ("ETH", "USDC"), LiquidityRange::Full), "1", "world.lacks"),
        (odd_fee, "10", "world.no_pool"),
        (provide(&world, ETHEREUM, ("LINK", "AAVE"), LiquidityRange::Full), "10", "world.no_pool"),
        // Ether above its price: only WETH is taken.
        (
            provide(&world, ETHEREUM, ("USDC", "WETH"), between("5000", "6000", usdc.clone())),
            "10",
            "world.range",
        ),
        (provide(&world, ETHEREUM, ("USDC", "WETH"), LiquidityRange::Full), "20001", "world.balance"),
        (provide(&world, ETHEREUM, ("USDC", "WETH"), LiquidityRange::Full), "19999", "world.balance"),
    ];
    for (action, amount, code) in cases {
        let words = format!("{action:?}");
        let refusal = world.compile(ETHEREUM, action, amount, false).await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.exit), (code, Exit::NotPossible), "{words}: {refusal}");
    }
    // The first position belongs to those who filled the pools.
    for (id, code) in [(1_u64, "world.not_yours"), (1_000_000, "world.no_position")] {
        let refusal = remove(&world, U256::from(id), U256::from(1)).await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.exit), (code, Exit::NotPossible), "{refusal}");
    }
    // Negative control: the same beside its price, where WETH alone is taken.
    let above = provide(&world, ETHEREUM, ("WETH", "USDC"), between("5000", "6000", usdc));
    let compiled = world.compile(ETHEREUM, above, "1", false).await.unwrap();
    assert!(compiled.spends[1].is_zero() && compiled.calls.len() == 3);
}

#[tokio::test]
async fn a_pool_whose_price_is_not_the_oracles_takes_and_gives_nothing() {
    let world = World::start().await;
    let deposit = || provide(&world, ETHEREUM, ("USDC", "WETH"), LiquidityRange::Full);
    world.run(ETHEREUM, deposit(), "100", false).await;
    let (id, position) = position(&world, ETHEREUM, 0).await;
    world.chains.set_price(ETHEREUM, "weth", units(2_000, 8)).await.unwrap();
    let refusal = world.compile(ETHEREUM, deposit(), "100", false).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.exit), ("world.pool_price", Exit::NotPossible));
    let refusal = remove(&world, id, U256::from(position.liquidity)).await.unwrap_err();
    assert_eq!(refusal.code, "world.pool_price");
}
