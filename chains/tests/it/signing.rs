//! The signer's own look at the calldata: planted calls are refused though they were authorized, and true ones pass.

use std::time::Duration;

use agent_core::ports::{Chain, Resolved, SendOutcome, Signer};
use agent_core::{Action, Call, CallRole, CompiledStep, Exit, LiquidityRange, Side};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use chains::decode::decode;

use crate::swaps::{compile_by_version, swap};
use crate::world::{AMOUNT, BASE, ETHEREUM, World, step};

const THIEF: Address = Address::repeat_byte(0xbb);

sol! {
    function approve(address spender, uint256 amount);
    function transfer(address to, uint256 amount);
    function transferFrom(address from, address to, uint256 amount);
    function tokenOfOwnerByIndex(address owner, uint256 index) returns (uint256);
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode);
}

fn call(to: Address, value: U256, data: impl Into<Bytes>) -> Call {
    Call { to, value, data: data.into(), decoded: "harmless".to_owned(), role: CallRole::Act }
}

#[tokio::test]
async fn planted_calls_are_not_signed() {
    let world = World::start().await;
    let role = |role: &str| world.network(ETHEREUM).role(role).unwrap();
    let (usdc, pool, router) = (role("usdc"), role("aave.pool"), role("uniswap.swap_router02"));
    let approve = |spender, amount| call(usdc, U256::ZERO, approveCall { spender, amount }.abi_encode());
    let supply = |on_behalf_of| {
        let supply =
            supplyCall { asset: usdc, amount: U256::from(1), onBehalfOf: on_behalf_of, referralCode: 0 };
        call(pool, U256::ZERO, supply.abi_encode())
    };
    let own = world.account();
    let stolen = transferFromCall { from: own, to: THIEF, amount: U256::from(1) };
    let sent = |to, amount| call(usdc, U256::ZERO, transferCall { to, amount }.abi_encode());
    let million = U256::from(1_000_000_000_000_u64);
    let bought = Action::Swap {
        sell: world.asset(ETHEREUM, "ETH"),
        buy: world.asset(ETHEREUM, "DAI"),
        amount: AMOUNT,
        side: Side::Sell,
        max_slippage_bps: 50,
    };
    let swap = world.compile(ETHEREUM, bought, "0.1", false).await.unwrap().calls[0].clone();
    let redirected = swap.data.windows(20).position(|window| window == own.as_slice()).unwrap();
    let mut to_thief = swap.data.to_vec();
    to_thief[redirected..redirected + 20].copy_from_slice(THIEF.as_slice());
    let planted = [
        (approve(pool, U256::MAX), "signer.cap"),
        (approve(pool, million), "signer.cap"),
        (approve(THIEF, U256::from(1)), "signer.spender"),
        (approve(usdc, U256::from(1)), "signer.spender"),
        (supply(THIEF), "signer.beneficiary"),
        (call(router, swap.value, to_thief), "signer.beneficiary"),
        (call(usdc, U256::ZERO, stolen.abi_encode()), "signer.calldata"),
        (call(THIEF, U256::ZERO, vec![1, 2, 3, 4]), "signer.calldata"),
        (call(router, U256::ZERO, vec![0xff; 36]), "signer.calldata"),
        (sent(THIEF, million), "signer.cap"),
        (sent(usdc, U256::from(1)), "signer.payee"),
        (call(pool, U256::from(1), Vec::new()), "signer.payee"),
        (call(THIEF, U256::from(101) * U256::from(10).pow(U256::from(18)), Vec::new()), "signer.cap"),
    ];
    for (planted, code) in planted {
        let words = format!("{planted:?}");
        let refusal = world.signer.sign(world.authorize(ETHEREUM, planted).await).await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.exit), (code, Exit::Denied), "{words}: {refusal}");
    }
    // Negative control: what is theirs to do is signed.
    for honest in [
        approve(pool, U256::from(1)),
        approve(THIEF, U256::ZERO),
        supply(own),
        sent(THIEF, U256::from(1)),
        swap,
    ] {
        world.signer.sign(world.authorize(ETHEREUM, honest).await).await.unwrap();
    }
}

#[tokio::test]
async fn an_authorization_ends_and_bytes_go_out_once() {
    let world = World::start().await;
    let transfer =
        Action::Transfer { asset: world.asset(ETHEREUM, "ETH"), amount: AMOUNT, to: THIEF, payee: None };
    let compiled = world.compile(ETHEREUM, transfer, "0.1", false).await.unwrap();
    let late = world.authorize(ETHEREUM, compiled.calls[0].clone()).await;
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.signer.sign(late).await.unwrap_err().code, "signer.expired");

    let authorized = world.authorize(ETHEREUM, compiled.calls[0].clone()).await;
    let journaled = world.signer.sign(authorized).await.unwrap().journal(&world.ledger).await.unwrap();
    let receipt = world.included(ETHEREUM, &journaled).await;
    assert!(receipt.success && receipt.gas_used == 21_000);
    let again = world.live[&ETHEREUM].send(&journaled).await;
    assert!(matches!(again, SendOutcome::AlreadyKnown | SendOutcome::Rejected(_)), "{again:?}");
    let elsewhere = world.live[&crate::world::BASE].send(&journaled).await;
    assert!(matches!(elsewhere, SendOutcome::Rejected(_)), "{elsewhere:?}");
}

/// The same call, with the thief wherever the account stood.
fn redirected(call: &Call, own: Address) -> Call {
    let mut data = call.data.to_vec();
    let at: Vec<usize> =
        (0..data.len().saturating_sub(19)).filter(|at| data[*at..at + 20] == *own.as_slice()).collect();
    assert!(!at.is_empty(), "{} names no account", call.decoded);
    for at in at {
        data[at..at + 20].copy_from_slice(THIEF.as_slice());
    }
    Call { data: data.into(), ..call.clone() }
}

fn act(compiled: &CompiledStep) -> Call {
    compiled.calls.iter().find(|call| call.role == CallRole::Act).unwrap().clone()
}

#[tokio::test]
async fn nobody_else_receives_what_a_protocol_gives() {
    let world = World::start().await;
    let own = world.account();
    let asset = |symbol: &str| world.asset(ETHEREUM, symbol);
    let ether = U256::from(10).pow(U256::from(17));
    let trade = |sell: &str, buy: &str, side| swap(&world, ETHEREUM, sell, buy, side);
    let v2 = compile_by_version(&world, "v2", ETHEREUM, trade("ETH", "USDC", Side::Sell), ether).await;
    let v3 = compile_by_version(&world, "v3", ETHEREUM, trade("DAI", "ETH", Side::Buy), ether).await;
    let usdc = U256::from(50_000_000);
    let v4 = compile_by_version(&world, "v4", ETHEREUM, trade("ETH", "USDC", Side::Buy), usdc).await;
    let provide = Action::AddLiquidity {
        asset: asset("USDC"),
        amount: AMOUNT,
        other: asset("WETH"),
        other_amount: None,
        fee_pips: None,
        range: LiquidityRange::Full,
        max_slippage_bps: 50,
    };
    let (provided, _) = world.run(ETHEREUM, provide, "100", false).await;
    let manager = world.network(ETHEREUM).role("uniswap.position_manager").unwrap();
    let first = tokenOfOwnerByIndexCall { owner: own, index: U256::ZERO };
    let position = world.read(ETHEREUM, manager, first).await;
    let pair = [asset("USDC"), asset("WETH")];
    let action = Action::RemoveLiquidity { position, pair, amount: AMOUNT, max_slippage_bps: 50 };
    let raw = world.held(ETHEREUM, &action).await.unwrap();
    let step = step(action);
    let resolved = Resolved { step: &step, raw, other: None, whole: true };
    let removed = world.compile_by(&world.compiler, ETHEREUM, resolved).await.unwrap();
    for compiled in [&v2, &v3, &v4, &provided, &removed] {
        let honest = act(compiled);
        let stolen = redirected(&honest, own);
        let refusal = world.signer.sign(world.authorize(ETHEREUM, stolen).await).await.unwrap_err();
        assert_eq!(refusal.code, "signer.beneficiary", "{}: {refusal}", honest.decoded);
        // Negative control.
        world.signer.sign(world.authorize(ETHEREUM, honest).await).await.unwrap();
    }
}

#[tokio::test]
async fn the_universal_router_is_read_to_the_last_byte() {
    let world = World::start().await;
    let network = world.network(ETHEREUM);
    let usdc = U256::from(50_000_000);
    let action = swap(&world, ETHEREUM, "USDC", "ETH", Side::Sell);
    let compiled = compile_by_version(&world, "v4", ETHEREUM, action, usdc).await;
    let permit = compiled.calls.iter().find(|call| network.role("permit2") == Some(call.to)).unwrap();
    let router = network.role("uniswap.universal_router").unwrap();
    let swapping = act(&compiled);
    let replaced = |call: &Call, from: &[u8], to: &[u8]| {
        let mut data = call.data.to_vec();
        let at = data.windows(from.len()).position(|window| window == from).unwrap();
        data[at..at + to.len()].copy_from_slice(to);
        Call { data: data.into(), ..call.clone() }
    };
    let longer = Call { data: [swapping.data.to_vec(), vec![0; 32]].concat().into(), ..swapping.clone() };
    let actions = [0x06, 0x0c, 0x0f];
    let mut hooked = swapping.data.to_vec();
    // The key's last word, the hooks, stands four words behind the second currency's.
    let usdc_at = hooked.windows(20).position(|w| w == network.role("usdc").unwrap().as_slice()).unwrap();
    hooked[usdc_at + 96..usdc_at + 116].copy_from_slice(THIEF.as_slice());
    let planted = [
        (replaced(permit, router.as_slice(), THIEF.as_slice()), "signer.calldata"),
        (longer, "signer.calldata"),
        // TAKE_PORTION, which names a recipient, instead of TAKE_ALL.
        (replaced(&swapping, &actions, &[0x06, 0x0c, 0x10]), "signer.calldata"),
        (Call { data: hooked.into(), ..swapping.clone() }, "signer.calldata"),
        // Coins that nothing takes.
        (Call { value: U256::from(1), ..swapping.clone() }, "signer.calldata"),
    ];
    for (planted, code) in planted {
        let refusal = world.signer.sign(world.authorize(ETHEREUM, planted).await).await.unwrap_err();
        assert_eq!(refusal.code, code, "{refusal}");
    }
    for honest in [permit, &swapping] {
        world.signer.sign(world.authorize(ETHEREUM, honest.clone()).await).await.unwrap();
    }
}

/// What a call says, if all that it gives goes to the account.
fn words(world: &World, call: &Call, data: &[u8]) -> Result<String, String> {
    let decoded = decode(&world.registry, world.network(ETHEREUM), call.to, call.value, data)?;
    match decoded.beneficiaries.iter().find(|address| **address != world.account()) {
        Some(other) => Err(format!("benefits {other}")),
        None => Ok(decoded.text),
    }
}

#[tokio::test]
async fn no_bit_of_what_is_compiled_goes_unread() {
    let world = World::start().await;
    let asset = |symbol: &str| world.asset(ETHEREUM, symbol);
    let mut compiled = Vec::new();
    for (version, sell, buy, side) in [
        ("v2", "UNI", "USDC", Side::Sell),
        ("v3", "WBTC", "ETH", Side::Sell),
        ("v4", "USDC", "ETH", Side::Buy),
    ] {
        let action = swap(&world, ETHEREUM, sell, buy, side);
        let raw = U256::from(10).pow(U256::from(action.counted().unwrap().decimals - 3));
        compiled.push(compile_by_version(&world, version, ETHEREUM, action, raw).await);
    }
    for action in [
        Action::Supply { asset: asset("USDC"), amount: AMOUNT },
        Action::Bridge {
            asset: asset("ETH"),
            out: world.asset(BASE, "ETH"),
            amount: AMOUNT,
            side: Side::Sell,
        },
        Action::Stake { from: asset("ETH"), to: asset("stETH"), amount: AMOUNT },
        Action::Wrap { from: asset("ETH"), to: asset("WETH"), amount: AMOUNT },
    ] {
        compiled.push(world.compile(ETHEREUM, action, "0.1", false).await.unwrap());
    }
    let calls: Vec<&Call> = compiled.iter().flat_map(|step| &step.calls).collect();
    assert!(calls.len() > 12, "{}", calls.len());
    for call in calls {
        assert_eq!(words(&world, call, &call.data).as_ref(), Ok(&call.decoded));
        words(&world, call, &[call.data.to_vec(), vec![0; 32]].concat()).unwrap_err();
        for bit in 0..call.data.len() * 8 {
            let mut data = call.data.to_vec();
            data[bit / 8] ^= 1 << (bit % 8);
            let changed = words(&world, call, &data);
            assert_ne!(changed.as_ref(), Ok(&call.decoded), "bit {bit}");
        }
    }
}
