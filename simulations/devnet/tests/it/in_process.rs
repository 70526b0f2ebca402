//! The deployer's state, run in revm alone.

use alloy_primitives::{
    Address, Bytes, U256, address,
    aliases::{U24, U160},
};
use alloy_sol_types::SolCall;
use devnet::{BASE, ChainWorld, DemoKeys, ETHEREUM, Progress, World, artifacts, deploy};
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    context::{TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    primitives::{TxKind, hardfork::SpecId},
};

use super::{
    QuoteParams, SwapParams, approveCall, balanceOfCall, borrowCall, cache_dir, exactInputSingleCall,
    getAssetPriceCall, quoteExactInputSingleCall, slot0Call, supplyCall, symbolCall,
};

async fn world(keys: &DemoKeys) -> World {
    let artifacts = artifacts::fetch(&cache_dir(), Progress::Silent).await.unwrap();
    deploy::world(&artifacts, keys).unwrap()
}

/// A call, committed: what it returned, or what it reverted with.
fn send<C: SolCall>(
    db: &mut CacheDB<EmptyDB>,
    from: Address,
    to: Address,
    call: C,
) -> Result<C::Return, Bytes> {
    let mut evm = Context::mainnet()
        .with_db(db)
        .modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SpecId::PRAGUE);
            cfg.disable_nonce_check = true;
        })
        .modify_block_chained(|block| block.timestamp = U256::from(1_800_000_000))
        .build_mainnet();
    let tx = TxEnv::builder()
        .caller(from)
        .kind(TxKind::Call(to))
        .data(call.abi_encode().into())
        .gas_limit(16_000_000);
    match evm.transact_commit(tx.gas_price(0).build().unwrap()).unwrap() {
        ExecutionResult::Success { output, .. } => Ok(C::abi_decode_returns(output.data()).unwrap()),
        ExecutionResult::Revert { output, .. } => Err(output),
        halt @ ExecutionResult::Halt { .. } => panic!("{halt:?}"),
    }
}

fn quote(chain: &ChainWorld, token_in: Address, token_out: Address, fee: u16, amount: U256) -> U256 {
    let params = QuoteParams {
        tokenIn: token_in,
        tokenOut: token_out,
        amountIn: amount,
        fee: U24::from(fee),
        sqrtPriceLimitX96: U160::ZERO,
    };
    let quoter = chain.addresses.quoter_v2;
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
    let (ethereum, base) = (world.chain(ETHEREUM).unwrap(), world.chain(BASE).unwrap());
    let uniswap = address!("6C9FC64A53c1b71FB3f9Af64d1ae3A4931A5f4E9");
    let a = &ethereum.addresses;
    assert_eq!(a.weth, address!("4F26FfBe5F04ED43630fdC30A87638d53D0b0876").create(446));
    assert_eq!(a.uniswap_v3_factory, uniswap.create(0));
    assert_eq!(a.position_manager, uniswap.create(8));
    assert_eq!(a.quoter_v2, uniswap.create(13));
    assert_eq!(a.swap_router02, uniswap.create(14));
    // These follow from the bytecode: the factory's CREATE2, the addresses provider's first creation.
    assert_eq!(a.weth_usdc_pool, address!("88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"));
    assert_eq!(a.dai_usdc_pool, address!("5777d92f208679DB4b9778590Fa3CAB3aC9e2168"));
    assert_eq!(a.aave_pool, address!("87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2"));
    assert_eq!(base.addresses.weth_usdc_pool, address!("d0b53D9277642d899DF5C87A3966A349A798F224"));
    assert_eq!(base.addresses.aave_pool, address!("A238Dd80C259a72e81d7e4664a9801593F98d1c5"));
    for chain in &world.chains {
        let a = &chain.addresses;
        for (token, name) in [(a.weth, "WETH"), (a.usdc, "USDC"), (a.dai, "DAI")] {
            assert_eq!(send(&mut chain.database(), Address::ZERO, token, symbolCall {}).unwrap(), name);
        }
        for address in [a.multicall3, a.spoke_pool, a.aave_oracle, a.aave_data_provider] {
            assert!(!chain.accounts[&address].code.is_empty(), "{address}");
        }
    }
}

#[tokio::test]
async fn pools_and_feeds_agree_on_the_recorded_price() {
    let world = world(&DemoKeys::random()).await;
    let ethereum = world.chain(ETHEREUM).unwrap();
    let slot0 =
        send(&mut ethereum.database(), Address::ZERO, ethereum.addresses.weth_usdc_pool, slot0Call {})
            .unwrap();
    assert_eq!(slot0.tick.as_i32(), 197_226);
    for chain in &world.chains {
        let a = &chain.addresses;
        let one = quote(chain, a.weth, a.usdc, 500, ether(1));
        assert!(usdc(2_723) > one && one > usdc(2_715), "{one}");
        let feed =
            send(&mut chain.database(), Address::ZERO, a.aave_oracle, getAssetPriceCall { asset: a.weth })
                .unwrap();
        // The feed has 8 decimals; the pool takes 0.05 %.
        let apart = (feed / U256::from(100)).abs_diff(one);
        assert!(apart < one / U256::from(500), "feed {feed}, pool {one}");
        let dai = quote(chain, a.dai, a.usdc, 100, ether(1_000));
        assert!(usdc(1_000) > dai && dai > usdc(999), "{dai}");
    }
}

#[tokio::test]
async fn the_recorded_liquidity_swaps_as_it_is_quoted() {
    let keys = DemoKeys::random();
    let world = world(&keys).await;
    let chain = world.chain(ETHEREUM).unwrap();
    let (a, wallet, mut db) = (&chain.addresses, keys.wallet.address(), chain.database());
    let quoted = quote(chain, a.weth, a.usdc, 500, ether(5));
    let before = send(&mut db, wallet, a.usdc, balanceOfCall { account: wallet }).unwrap();
    assert_eq!(before, usdc(20_000));
    send(&mut db, wallet, a.weth, approveCall { spender: a.swap_router02, value: ether(5) }).unwrap();
    let params = SwapParams {
        tokenIn: a.weth,
        tokenOut: a.usdc,
        fee: U24::from(500),
        recipient: wallet,
        amountIn: ether(5),
        amountOutMinimum: quoted,
        sqrtPriceLimitX96: U160::ZERO,
    };
    send(&mut db, wallet, a.swap_router02, exactInputSingleCall { params }).unwrap();
    let after = send(&mut db, wallet, a.usdc, balanceOfCall { account: wallet }).unwrap();
    assert_eq!(after - before, quoted);
    // A thousand ether cross 110 of the recorded ticks.
    let large = quote(chain, a.weth, a.usdc, 500, ether(1_000));
    assert_eq!(large, U256::from(2_617_054_024_093_u64));
}

#[tokio::test]
async fn aave_lends_and_refuses_the_frozen_reserve() {
    let keys = DemoKeys::random();
    let world = world(&keys).await;
    let wallet = keys.wallet.address();
    for chain in &world.chains {
        let (a, mut db) = (&chain.addresses, chain.database());
        send(&mut db, wallet, a.usdc, approveCall { spender: a.aave_pool, value: usdc(1_000) }).unwrap();
        let supply = |asset, amount| supplyCall { asset, amount, onBehalfOf: wallet, referralCode: 0 };
        send(&mut db, wallet, a.aave_pool, supply(a.usdc, usdc(1_000))).unwrap();
        let held = send(&mut db, wallet, a.reserves[1].a_token, balanceOfCall { account: wallet }).unwrap();
        assert_eq!(held, usdc(1_000));
        let borrow = |amount| borrowCall {
            asset: a.weth,
            amount,
            rateMode: U256::from(2),
            referralCode: 0,
            onBehalfOf: wallet,
        };
        send(&mut db, wallet, a.aave_pool, borrow(ether(1) / U256::from(10))).unwrap();
        // 1,000 USDC do not carry 1 WETH.
        assert!(send(&mut db, wallet, a.aave_pool, borrow(ether(1))).is_err());

        send(&mut db, wallet, a.dai, approveCall { spender: a.aave_pool, value: ether(100) }).unwrap();
        let dai = send(&mut db, wallet, a.aave_pool, supply(a.dai, ether(100)));
        assert_eq!(dai.is_err(), a.reserves[2].frozen);
        assert_eq!(a.reserves[2].frozen, chain.chain_id == BASE);
    }
}

#[tokio::test]
async fn worlds_differ_in_their_people_only() {
    let (one, other) = (DemoKeys::random(), DemoKeys::random());
    let (a, b) = (world(&one).await, world(&other).await);
    assert_ne!(a.contacts, b.contacts);
    for (a, b) in a.chains.iter().zip(&b.chains) {
        assert_eq!(a.addresses, b.addresses);
        let strangers: Vec<_> =
            a.accounts.keys().filter(|address| !b.accounts.contains_key(*address)).collect();
        // The wallet, the relayer and alice.
        assert_eq!(strangers.len(), 3, "{strangers:?}");
    }
}
