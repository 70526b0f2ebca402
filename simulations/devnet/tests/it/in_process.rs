//! The deployer's state, run in revm alone.

use alloy_primitives::{
    Address, Bytes, U256, address,
    aliases::{U24, U160},
};
use alloy_sol_types::SolCall;
use devnet::{ARBITRUM, BASE, ChainWorld, DemoKeys, ETHEREUM, OPTIMISM, Progress, World, artifacts, deploy};
use revm::database::{CacheDB, EmptyDB};

use super::{
    QuoteParams, SwapParams, approveCall, balanceOfCall, borrowCall, cache_dir, exactInputSingleCall,
    getAssetPriceCall, machine, quoteExactInputSingleCall, slot0Call, supplyCall, symbolCall,
};

pub(crate) async fn world(keys: &DemoKeys) -> World {
    let artifacts = artifacts::fetch(&cache_dir(), Progress::Silent).await.unwrap();
    deploy::world(&artifacts, keys).unwrap()
}

/// A call, committed: what it returned, or what it reverted with.
pub(crate) fn send<C: SolCall>(
    db: &mut CacheDB<EmptyDB>,
    from: Address,
    to: Address,
    call: C,
) -> Result<C::Return, Bytes> {
    pay(db, from, to, U256::ZERO, call)
}

/// As [`send`], with wei.
pub(crate) fn pay<C: SolCall>(
    db: &mut CacheDB<EmptyDB>,
    from: Address,
    to: Address,
    value: U256,
    call: C,
) -> Result<C::Return, Bytes> {
    machine::pay(db, 1_800_000_000, (from, to, value), call)
}

fn quote(chain: &ChainWorld, token_in: Address, token_out: Address, fee: u16, amount: U256) -> U256 {
    let params = QuoteParams {
        tokenIn: token_in,
        tokenOut: token_out,
        amountIn: amount,
        fee: U24::from(fee),
        sqrtPriceLimitX96: U160::ZERO,
    };
    let quoter = chain.roles["uniswap.quoter_v2"];
    send(&mut chain.database(), Address::ZERO, quoter, quoteExactInputSingleCall { params })
        .unwrap()
        .amountOut
}

fn ether(n: u64) -> U256 {
    U256::from(n) * U256::from(10).pow(U256::from(18))
}

fn usdc(n: u64) -> U256 {
    U256::from(n) * U256::from(1_000_000)
}

#[tokio::test]
async fn contracts_stand_where_the_real_deployers_put_them() {
    let world = world(&DemoKeys::random()).await;
    let ethereum = world.chain(ETHEREUM).unwrap();
    let uniswap = address!("6C9FC64A53c1b71FB3f9Af64d1ae3A4931A5f4E9");
    let a = &ethereum.roles;
    assert_eq!(a["weth"], address!("4F26FfBe5F04ED43630fdC30A87638d53D0b0876").create(446));
    assert_eq!(a["uniswap.factory"], uniswap.create(0));
    assert_eq!(a["uniswap.position_manager"], uniswap.create(8));
    assert_eq!(a["uniswap.quoter_v2"], uniswap.create(13));
    assert_eq!(a["uniswap.swap_router02"], uniswap.create(14));
    // These follow from the bytecode: a factory's CREATE2, the addresses provider's first creation.
    for (chain_id, role, address) in [
        (ETHEREUM, "uniswap.pool.weth_usdc_500", address!("88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640")),
        (ETHEREUM, "uniswap.pool.weth_usdc_3000", address!("8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8")),
        (ETHEREUM, "uniswap.pool.weth_usdt_3000", address!("4e68Ccd3E89f51C3074ca5072bbAC773960dFa36")),
        (ETHEREUM, "uniswap.pool.wbtc_weth_3000", address!("CBCdF9626bC03E24f779434178A73a0B4bad62eD")),
        (ETHEREUM, "uniswap.pool.wbtc_usdc_3000", address!("99ac8cA7087fA4A2A1FB6357269965A2014ABc35")),
        (ETHEREUM, "uniswap.pool.link_weth_3000", address!("a6Cc3C2531FdaA6Ae1A3CA84c2855806728693e8")),
        (ETHEREUM, "uniswap.pool.dai_usdc_100", address!("5777d92f208679DB4b9778590Fa3CAB3aC9e2168")),
        (ETHEREUM, "uniswap.v2_pair.weth_usdc", address!("B4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc")),
        (ETHEREUM, "aave.pool", address!("87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2")),
        (BASE, "uniswap.pool.weth_usdc_500", address!("d0b53D9277642d899DF5C87A3966A349A798F224")),
        (BASE, "aave.pool", address!("A238Dd80C259a72e81d7e4664a9801593F98d1c5")),
        (ARBITRUM, "uniswap.pool.weth_usdc_500", address!("C6962004f452bE9203591991D15f6b388e09E8D0")),
        (ARBITRUM, "aave.pool", address!("794a61358D6845594F94dc1DB02A252b5b4814aD")),
        (OPTIMISM, "uniswap.pool.weth_usdc_500", address!("1fb3cf6e48F1E7B10213E7b6d87D4c073C7Fdb7b")),
        (OPTIMISM, "aave.pool", address!("794a61358D6845594F94dc1DB02A252b5b4814aD")),
    ] {
        assert_eq!(world.chain(chain_id).unwrap().roles[role], address, "{role} on {chain_id}");
    }
    for chain in &world.chains {
        let a = &chain.roles;
        for (token, name) in [(a["weth"], "WETH"), (a["usdc"], "USDC"), (a["dai"], "DAI")] {
            assert_eq!(send(&mut chain.database(), Address::ZERO, token, symbolCall {}).unwrap(), name);
        }
        for address in [a["multicall3"], a["across.spoke_pool"], a["aave.oracle"], a["aave.data_provider"]] {
            assert!(!chain.accounts[&address].code.is_empty(), "{address}");
        }
    }
}

#[tokio::test]
async fn pools_and_feeds_agree_on_the_recorded_price() {
    let world = world(&DemoKeys::random()).await;
    let ethereum = world.chain(ETHEREUM).unwrap();
    let slot0 = send(
        &mut ethereum.database(),
        Address::ZERO,
        ethereum.roles["uniswap.pool.weth_usdc_500"],
        slot0Call {},
    )
    .unwrap();
    assert_eq!(slot0.tick.as_i32(), 197_226);
    for chain in &world.chains {
        let a = &chain.roles;
        let one = quote(chain, a["weth"], a["usdc"], 500, ether(1));
        assert!(usdc(2_723) > one && one > usdc(2_715), "{one}");
        let feed = send(
            &mut chain.database(),
            Address::ZERO,
            a["aave.oracle"],
            getAssetPriceCall { asset: a["weth"] },
        )
        .unwrap();
        // The feed has 8 decimals; the pool takes 0.05 %.
        let apart = (feed / U256::from(100)).abs_diff(one);
        assert!(apart < one / U256::from(500), "feed {feed}, pool {one}");
        let dai = quote(chain, a["dai"], a["usdc"], 100, ether(1_000));
        assert!(usdc(1_000) > dai && dai > usdc(999), "{dai}");
    }
}

#[tokio::test]
async fn the_recorded_liquidity_swaps_as_it_is_quoted() {
    let keys = DemoKeys::random();
    let world = world(&keys).await;
    let chain = world.chain(ETHEREUM).unwrap();
    let (a, wallet, mut db) = (&chain.roles, keys.wallet.address(), chain.database());
    let quoted = quote(chain, a["weth"], a["usdc"], 500, ether(5));
    let before = send(&mut db, wallet, a["usdc"], balanceOfCall { account: wallet }).unwrap();
    assert_eq!(before, usdc(20_000));
    send(&mut db, wallet, a["weth"], approveCall { spender: a["uniswap.swap_router02"], value: ether(5) })
        .unwrap();
    let params = SwapParams {
        tokenIn: a["weth"],
        tokenOut: a["usdc"],
        fee: U24::from(500),
        recipient: wallet,
        amountIn: ether(5),
        amountOutMinimum: quoted,
        sqrtPriceLimitX96: U160::ZERO,
    };
    send(&mut db, wallet, a["uniswap.swap_router02"], exactInputSingleCall { params }).unwrap();
    let after = send(&mut db, wallet, a["usdc"], balanceOfCall { account: wallet }).unwrap();
    assert_eq!(after - before, quoted);
    // A thousand ether cross 110 of the recorded ticks.
    let large = quote(chain, a["weth"], a["usdc"], 500, ether(1_000));
    assert_eq!(large, U256::from(2_617_054_024_093_u64));
}

#[tokio::test]
async fn aave_lends_and_refuses_the_frozen_reserve() {
    let keys = DemoKeys::random();
    let world = world(&keys).await;
    let wallet = keys.wallet.address();
    for chain in &world.chains {
        let (a, mut db) = (&chain.roles, chain.database());
        send(&mut db, wallet, a["usdc"], approveCall { spender: a["aave.pool"], value: usdc(1_000) })
            .unwrap();
        let supply = |asset, amount| supplyCall { asset, amount, onBehalfOf: wallet, referralCode: 0 };
        send(&mut db, wallet, a["aave.pool"], supply(a["usdc"], usdc(1_000))).unwrap();
        let held = send(&mut db, wallet, a["aave.a_token.usdc"], balanceOfCall { account: wallet }).unwrap();
        assert_eq!(held, usdc(1_000));
        let borrow = |amount| borrowCall {
            asset: a["weth"],
            amount,
            rateMode: U256::from(2),
            referralCode: 0,
            onBehalfOf: wallet,
        };
        send(&mut db, wallet, a["aave.pool"], borrow(ether(1) / U256::from(10))).unwrap();
        // 1,000 USDC do not carry 1 WETH.
        assert!(send(&mut db, wallet, a["aave.pool"], borrow(ether(1))).is_err());

        // The wallet has DAI on these two.
        if chain.chain_id == ETHEREUM || chain.chain_id == BASE {
            send(&mut db, wallet, a["dai"], approveCall { spender: a["aave.pool"], value: ether(100) })
                .unwrap();
            let dai = send(&mut db, wallet, a["aave.pool"], supply(a["dai"], ether(100)));
            assert_eq!(dai.is_err(), chain.chain_id == BASE);
        }
    }
}

#[tokio::test]
async fn the_wallet_holds_what_it_was_given() {
    let keys = DemoKeys::random();
    let world = world(&keys).await;
    let thousandth = |decimals: u64| U256::from(10).pow(U256::from(decimals - 3));
    for (chain_id, role, decimals, thousandths) in [
        (ETHEREUM, "usdt", 6, 5_000_000),
        (ETHEREUM, "wbtc", 8, 500),
        (ETHEREUM, "uni", 18, 200_000),
        (ETHEREUM, "aave", 18, 50_000),
        (BASE, "usdc", 6, 20_000_000),
        (ARBITRUM, "usdce", 6, 500_000),
        (ARBITRUM, "arb", 18, 2_000_000),
        (OPTIMISM, "weth", 18, 2_000),
    ] {
        let chain = world.chain(chain_id).unwrap();
        let (account, token) = (keys.wallet.address(), chain.roles[role]);
        let held = send(&mut chain.database(), account, token, balanceOfCall { account }).unwrap();
        assert_eq!(held, thousandth(decimals) * U256::from(thousandths), "{role} on {chain_id}");
    }
    let balances: Vec<U256> =
        world.chains.iter().map(|chain| chain.accounts[&keys.wallet.address()].balance).collect();
    assert_eq!(balances, [100, 100, 20, 20].map(ether));
}

#[tokio::test]
async fn worlds_differ_in_their_people_only() {
    let (one, other) = (DemoKeys::random(), DemoKeys::random());
    let (a, b) = (world(&one).await, world(&other).await);
    assert_ne!(a.contacts, b.contacts);
    for (a, b) in a.chains.iter().zip(&b.chains) {
        assert_eq!(a.roles, b.roles);
        let strangers: Vec<_> =
            a.accounts.keys().filter(|address| !b.accounts.contains_key(*address)).collect();
        // The wallet, the relayer and alice.
        assert_eq!(strangers.len(), 3, "{strangers:?}");
    }
}
