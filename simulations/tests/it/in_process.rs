//! The real protocols, without a node.

use agent_core::CallEnd;
use agent_core::ports::Simulator;
use alloy::consensus::TxEip1559;
use alloy::eips::Encodable2718;
use alloy::network::TxSignerSync;
use alloy_primitives::{TxKind, U256, address};
use alloy_sol_types::{SolCall, sol};
use devnet::{BASE, DemoKeys, ETHEREUM};

use crate::demo::{self, FEES, approve_and_swap, exactInputSingleCall, usdc, weth};
use crate::scene::{ether, moved};

sol! {
    function getL1Fee(bytes data) returns (uint256);
}

#[tokio::test]
async fn a_swap_gives_what_the_router_returns_and_names_who_took_part() {
    let keys = DemoKeys::random();
    let (world, me) = (demo::world(&keys).await, keys.wallet.address());
    let simulator = demo::simulator(&world);
    for chain_id in [ETHEREUM, BASE] {
        let at = &world.chain(chain_id).unwrap().roles;
        let (weth, usdc) = (weth(chain_id, at), usdc(chain_id, at));
        let mut fork = simulator.fork(chain_id).await.unwrap();
        let calls = approve_and_swap(me, at, ether(2));
        let simulation = fork.run(me, &calls, FEES, &[weth.clone(), usdc.clone()], &[]).await.unwrap();
        assert_eq!(simulation.failure(), None);
        let out = exactInputSingleCall::abi_decode_returns(&simulation.calls[1].output).unwrap();
        assert_eq!(moved(&simulation, me, &weth), format!("-{}", ether(2)));
        assert_eq!(moved(&simulation, me, &usdc), format!("+{out}"));
        assert!(out > U256::from(5_000_000_000_u64), "{out}");
        assert!(simulation.allowances_left.is_empty(), "{:?}", simulation.allowances_left);
        assert_eq!(simulation.changes.len(), 2);
        for contract in
            ["uniswap.swap_router02", "uniswap.pool.weth_usdc_500", "weth", "usdc"].map(|role| at[role])
        {
            assert!(simulation.calls[1].touched.contains(&contract));
        }
        // Without the approval it is a revert with the library's own reason.
        let failed =
            simulator.fork(chain_id).await.unwrap().run(me, &calls[1..], FEES, &[], &[]).await.unwrap();
        assert_eq!(failed.calls[0].end, CallEnd::Revert("STF".into()));
        assert!(failed.changes.is_empty());
    }
}

/// The network's own oracle, asked about the really signed bytes, agrees within the few bytes that a signature differs.
#[tokio::test]
async fn the_l1_fee_is_what_the_networks_oracle_says() {
    let keys = DemoKeys::random();
    let (world, me) = (demo::world(&keys).await, keys.wallet.address());
    let simulator = demo::simulator(&world);
    let at = &world.chain(BASE).unwrap().roles;
    let mut fork = simulator.fork(BASE).await.unwrap();
    let calls = approve_and_swap(me, at, ether(1));
    let simulation = fork.run(me, &calls, FEES, &[], &[]).await.unwrap();
    for (nonce, (call, outcome)) in (0..).zip(calls.iter().zip(&simulation.calls)) {
        let mut tx = TxEip1559 {
            chain_id: BASE,
            nonce,
            gas_limit: outcome.gas_used * 13 / 10,
            max_fee_per_gas: FEES.max_fee_per_gas,
            max_priority_fee_per_gas: FEES.max_priority_fee_per_gas,
            to: TxKind::Call(call.to),
            input: call.data.clone(),
            ..TxEip1559::default()
        };
        let signature = keys.wallet.sign_transaction_sync(&mut tx).unwrap();
        let signed = alloy::consensus::SignableTransaction::into_signed(tx, signature).encoded_2718();
        // The oracle adds 68 bytes for a signature that its argument should not have.
        let unsigned = signed[..signed.len() - 68].to_vec();
        let oracle = address!("0x420000000000000000000000000000000000000F");
        let ask = getL1FeeCall { data: unsigned.into() }.abi_encode();
        let told = fork.view().call(me, oracle, ask.into()).await.unwrap();
        assert_eq!(told.end, CallEnd::Success);
        let told = getL1FeeCall::abi_decode_returns(&told.output).unwrap();
        let difference = told.abs_diff(outcome.l1_fee);
        assert!(!outcome.l1_fee.is_zero());
        assert!(difference * U256::from(25) <= told, "oracle {told}, simulated {}", outcome.l1_fee);
    }
    // Ethereum charges none.
    let at = &world.chain(ETHEREUM).unwrap().roles;
    let mut fork = simulator.fork(ETHEREUM).await.unwrap();
    let simulation = fork.run(me, &approve_and_swap(me, at, ether(1)), FEES, &[], &[]).await.unwrap();
    assert_eq!(simulation.l1_fee(), U256::ZERO);
}

#[tokio::test]
async fn the_demo_worlds_tokens_can_be_credited() {
    let keys = DemoKeys::random();
    let (world, me) = (demo::world(&keys).await, keys.wallet.address());
    let simulator = demo::simulator(&world);
    let at = &world.chain(BASE).unwrap().roles;
    let mut fork = simulator.fork(BASE).await.unwrap();
    // The wallet has 5 WETH: selling 7 works only with 2 more.
    let calls = approve_and_swap(me, at, ether(7));
    let poor = simulator.fork(BASE).await.unwrap().run(me, &calls, FEES, &[], &[]).await.unwrap();
    assert!(poor.failure().is_some());
    fork.credit(me, &weth(BASE, at), ether(2)).await.unwrap();
    fork.credit(me, &usdc(BASE, at), U256::from(1)).await.unwrap();
    let rich = fork.run(me, &calls, FEES, &[], &[]).await.unwrap();
    assert_eq!(rich.failure(), None);
}
