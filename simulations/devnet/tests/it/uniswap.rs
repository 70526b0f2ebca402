//! Every pool of the world gives what its quoter says, at a price that agrees with the feeds.

use alloy_primitives::{
    Address, Bytes, U256,
    aliases::{I24, U24, U160},
};
use alloy_sol_types::{SolValue, sol};
use devnet::{ChainWorld, DemoKeys, TOKENS};
use revm::{
    database::{CacheDB, EmptyDB},
    state::AccountInfo,
};

use super::{
    QuoteParams, SwapParams, approveCall, balanceOfCall, exactInputSingleCall, getAssetPriceCall,
    in_process::{pay, send, world},
    quoteExactInputSingleCall, symbolCall, transferCall,
};

sol! {
    function decimals() returns (uint8);
    function sync();
    function getAmountsOut(uint256 amountIn, address[] path) returns (uint256[] amounts);
    function swapExactTokensForTokens(
        uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline
    ) returns (uint256[] amounts);
    function execute(bytes commands, bytes[] inputs, uint256 deadline) payable;
}

/// Names that V3 has, too.
mod v4 {
    alloy_sol_types::sol! {
        struct PoolKey { address currency0; address currency1; uint24 fee; int24 tickSpacing; address hooks; }
        struct QuoteParams { PoolKey key; bool zeroForOne; uint128 exactAmount; bytes hookData; }
        function quoteExactInputSingle(QuoteParams params) returns (uint256 amountOut, uint256 gasEstimate);
    }
}

const TRADER: Address = Address::repeat_byte(0x77);

/// The pools under this prefix: both tokens, the fee if the role has one, and the pool.
fn pools(chain: &ChainWorld, prefix: &str) -> Vec<([Address; 2], u16, Address)> {
    let pool = |(role, address): (&String, &Address)| {
        let parts: Vec<&str> = role.strip_prefix(prefix)?.split('_').collect();
        let fee = parts.get(2).map_or(0, |fee| fee.parse().unwrap());
        Some(([chain.roles[parts[0]], chain.roles[parts[1]]], fee, *address))
    };
    chain.roles.iter().filter_map(pool).collect()
}

/// A contract gives some of its tokens to the trader; for that moment it is an account without code.
fn take(db: &mut CacheDB<EmptyDB>, from: Address, token: Address, value: U256) {
    let info = db.load_account(from).unwrap().info.clone();
    db.insert_account_info(from, AccountInfo::from_balance(info.balance));
    send(db, from, token, transferCall { to: TRADER, value }).unwrap();
    db.insert_account_info(from, info);
}

/// Dollars with 8 decimals by Aave's feeds, where there is one.
fn dollars(chain: &ChainWorld, asset: Address, amount: U256) -> Option<U256> {
    let mut db = chain.database();
    let price = send(&mut db, TRADER, chain.roles["aave.oracle"], getAssetPriceCall { asset }).ok()?;
    let decimals = send(&mut db, TRADER, asset, decimalsCall {}).unwrap();
    Some(price * amount / U256::from(10).pow(U256::from(decimals)))
}

#[tokio::test]
async fn tokens_are_what_the_table_says() {
    let world = world(&DemoKeys::random()).await;
    for token in &TOKENS {
        for chain_id in token.chains {
            let chain = world.chain(*chain_id).unwrap();
            let (at, mut db) = (chain.roles[token.role], chain.database());
            assert_eq!(send(&mut db, TRADER, at, symbolCall {}).unwrap(), token.symbol);
            assert_eq!(send(&mut db, TRADER, at, decimalsCall {}).unwrap(), token.decimals, "{}", token.role);
        }
    }
}

#[tokio::test]
async fn each_v3_pool_swaps_as_quoted_near_the_feeds_price() {
    let world = world(&DemoKeys::random()).await;
    let mut priced = 0;
    for chain in &world.chains {
        let router = chain.roles["uniswap.swap_router02"];
        for ([a, b], fee, pool) in pools(chain, "uniswap.pool.") {
            for (token_in, token_out) in [(a, b), (b, a)] {
                let mut db = chain.database();
                let held = send(&mut db, TRADER, token_in, balanceOfCall { account: pool }).unwrap();
                let amount = held / U256::from(100_000);
                let (fee, limit) = (U24::from(fee), U160::ZERO);
                let params = QuoteParams {
                    tokenIn: token_in,
                    tokenOut: token_out,
                    amountIn: amount,
                    fee,
                    sqrtPriceLimitX96: limit,
                };
                let quoter = chain.roles["uniswap.quoter_v2"];
                let quoted =
                    send(&mut db, TRADER, quoter, quoteExactInputSingleCall { params }).unwrap().amountOut;
                take(&mut db, pool, token_in, amount);
                send(&mut db, TRADER, token_in, approveCall { spender: router, value: amount }).unwrap();
                let params = SwapParams {
                    tokenIn: token_in,
                    tokenOut: token_out,
                    fee,
                    recipient: TRADER,
                    amountIn: amount,
                    amountOutMinimum: quoted,
                    sqrtPriceLimitX96: limit,
                };
                let got = send(&mut db, TRADER, router, exactInputSingleCall { params }).unwrap();
                assert_eq!(got, quoted);
                assert_eq!(send(&mut db, TRADER, token_out, balanceOfCall { account: TRADER }).unwrap(), got);
                let values = dollars(chain, token_in, amount).zip(dollars(chain, token_out, got));
                if let Some((paid, received)) = values {
                    priced += 1;
                    // Half a per cent beside the pool's fee.
                    let bound = paid / U256::from(200) + paid * U256::from(fee) / U256::from(1_000_000);
                    assert!(paid.abs_diff(received) < bound, "{pool}: {paid} for {received}");
                }
            }
        }
    }
    assert!(priced >= 16, "{priced}");
}

#[tokio::test]
async fn each_v2_pair_swaps_as_quoted() {
    let world = world(&DemoKeys::random()).await;
    for chain in &world.chains {
        let router = chain.roles["uniswap.v2_router02"];
        let pairs = pools(chain, "uniswap.v2_pair.");
        assert!(!pairs.is_empty());
        for ([a, b], _, pair) in pairs {
            let mut db = chain.database();
            let held = send(&mut db, TRADER, a, balanceOfCall { account: pair }).unwrap();
            let amount = held / U256::from(10_000);
            take(&mut db, pair, a, amount);
            send(&mut db, TRADER, pair, syncCall {}).unwrap();
            let path = vec![a, b];
            let quoted =
                send(&mut db, TRADER, router, getAmountsOutCall { amountIn: amount, path: path.clone() })
                    .unwrap();
            send(&mut db, TRADER, a, approveCall { spender: router, value: amount }).unwrap();
            let swap = swapExactTokensForTokensCall {
                amountIn: amount,
                amountOutMin: quoted[1],
                path,
                to: TRADER,
                deadline: U256::MAX,
            };
            send(&mut db, TRADER, router, swap).unwrap();
            assert_eq!(send(&mut db, TRADER, b, balanceOfCall { account: TRADER }).unwrap(), quoted[1]);
        }
    }
}

#[tokio::test]
async fn the_v4_pool_swaps_as_quoted_through_the_universal_router() {
    let keys = DemoKeys::random();
    let (world, wallet) = (world(&keys).await, keys.wallet.address());
    for chain in &world.chains {
        let (mut db, usdc) = (chain.database(), chain.roles["usdc"]);
        let key = v4::PoolKey {
            currency0: Address::ZERO,
            currency1: usdc,
            fee: U24::from(500),
            tickSpacing: I24::try_from(10).unwrap(),
            hooks: Address::ZERO,
        };
        let amount = 10_u128.pow(18);
        let params = v4::QuoteParams {
            key: key.clone(),
            zeroForOne: true,
            exactAmount: amount,
            hookData: Bytes::new(),
        };
        let quoted =
            send(&mut db, wallet, chain.roles["uniswap.v4_quoter"], v4::quoteExactInputSingleCall { params })
                .unwrap()
                .amountOut;
        let least = U256::from(2_715_000_000_u64);
        assert!(least < quoted && quoted < U256::from(2_723_000_000_u64), "{quoted}");

        let router = chain.roles["uniswap.universal_router"];
        // SWAP_EXACT_IN_SINGLE (a dynamic tuple), SETTLE_ALL, TAKE_ALL; the command is V4_SWAP.
        let swap = |least: U256| {
            let swap = (key.clone(), true, amount, least.to::<u128>(), U256::ZERO, Bytes::new());
            let parameters: Vec<Bytes> = vec![
                swap.abi_encode().into(),
                (Address::ZERO, U256::from(amount)).abi_encode_params().into(),
                (usdc, least).abi_encode_params().into(),
            ];
            let input = (Bytes::from_static(&[0x06, 0x0c, 0x0f]), parameters).abi_encode_params();
            executeCall {
                commands: Bytes::from_static(&[0x10]),
                inputs: vec![input.into()],
                deadline: U256::MAX,
            }
        };
        let before = send(&mut db, wallet, usdc, balanceOfCall { account: wallet }).unwrap();
        let (value, one) = (U256::from(amount), U256::from(1));
        assert!(pay(&mut db, wallet, router, value, swap(quoted + one)).is_err());
        pay(&mut db, wallet, router, value, swap(quoted)).unwrap();
        let after = send(&mut db, wallet, usdc, balanceOfCall { account: wallet }).unwrap();
        assert_eq!(after - before, quoted);
    }
}
