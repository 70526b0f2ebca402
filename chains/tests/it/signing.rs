//! The signer's own look at the calldata: planted calls are refused though they were authorized, and true ones pass.

use std::time::Duration;

use agent_core::ports::{Chain, SendOutcome, Signer};
use agent_core::{Action, Call, CallRole, Exit, Quantity, Side};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};

use crate::world::{ETHEREUM, World};

const AMOUNT: Quantity = Quantity::AllBut(U256::ZERO);
const THIEF: Address = Address::repeat_byte(0xbb);

sol! {
    function approve(address spender, uint256 amount);
    function transfer(address to, uint256 amount);
    function transferFrom(address from, address to, uint256 amount);
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
    let swap = Action::Swap {
        sell: world.asset(ETHEREUM, "ETH"),
        buy: world.asset(ETHEREUM, "USDC"),
        amount: AMOUNT,
        side: Side::Sell,
        max_slippage_bps: 50,
    };
    let swap = world.compile(ETHEREUM, swap, "0.1", false).await.unwrap().calls[0].clone();
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
