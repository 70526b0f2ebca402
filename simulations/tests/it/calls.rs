//! How calls end, what they cost, and what a failed one leaves.

use agent_core::ports::Simulator;
use agent_core::{CallEnd, Fees};
use alloy_primitives::{Address, U256, address};

use crate::assembler::{COUNT, LOOP, STOP, caller, mortal, proxy, reverter};
use crate::scene::{BASE_FEE, FEES, FRIEND, GWEI, L1, ME, OP, Scene, call, coin, ether, moved};

const COUNTER: Address = Address::repeat_byte(0xc0);
const OTHER: Address = Address::repeat_byte(0xc1);

#[tokio::test]
async fn a_transfer_moves_its_value_and_gas_is_not_a_change() {
    for chain_id in [L1, OP] {
        let mut fork = Scene::default().simulator().fork(chain_id).await.unwrap();
        let send = call(FRIEND, ether(1), []);
        let simulation = fork.run(ME, &[send], FEES, &[], &[FRIEND]).await.unwrap();
        let outcome = &simulation.calls[0];
        assert_eq!((&outcome.end, outcome.gas_used), (&CallEnd::Success, 21_000));
        assert_eq!(moved(&simulation, ME, &coin(chain_id)), format!("-{}", ether(1)));
        assert_eq!(moved(&simulation, FRIEND, &coin(chain_id)), format!("+{}", ether(1)));
        assert_eq!(simulation.changes.len(), 2);
        // Negative control: the fork did charge base fee and tip.
        let price = U256::from(BASE_FEE) + U256::from(FEES.max_priority_fee_per_gas);
        let paid = ether(10) - ether(1) - fork.view().balance(ME).await.unwrap();
        assert_eq!(paid, U256::from(21_000) * price + outcome.l1_fee);
    }
}

#[tokio::test]
async fn effects_are_kept_on_this_fork_only() {
    let simulator = Scene::default().with(COUNTER, COUNT).simulator();
    let mut fork = simulator.fork(L1).await.unwrap();
    let count = call(COUNTER, U256::ZERO, []);
    let first = fork.run(ME, &[count.clone(), count.clone()], FEES, &[], &[]).await.unwrap();
    let again = fork.run(ME, std::slice::from_ref(&count), FEES, &[], &[]).await.unwrap();
    let other = simulator.fork(L1).await.unwrap().run(ME, &[count], FEES, &[], &[]).await.unwrap();
    let gas = |simulation: &agent_core::Simulation, index: usize| simulation.calls[index].gas_used;
    // Writing a slot that is zero costs 17,100 more than one that is not (EIP-2929, EIP-3529).
    assert_eq!(gas(&first, 0) - gas(&first, 1), 17_100);
    assert_eq!(gas(&again, 0), gas(&first, 1));
    assert_eq!(gas(&other, 0), gas(&first, 0));
}

#[tokio::test]
async fn a_revert_is_a_value_with_a_tamed_reason_and_stops_the_run() {
    use alloy_sol_types::SolError;
    let reason = alloy_sol_types::Revert::from("too much\u{1b}[31m\u{202e}").abi_encode();
    let scene = Scene::default().with(COUNTER, COUNT).with(OTHER, reverter(&reason));
    let mut fork = scene.fork().await;
    let calls = [COUNTER, OTHER, COUNTER].map(|to| call(to, U256::ZERO, []));
    let simulation = fork.run(ME, &calls, FEES, &[], &[]).await.unwrap();
    assert_eq!(simulation.calls.len(), 2);
    let (index, end) = simulation.failure().unwrap();
    assert_eq!((index, end), (1, &CallEnd::Revert("too much\\u{1b}[31m\\u{202e}".into())));
    assert!(simulation.changes.is_empty(), "{:?}", simulation.changes);
}

#[tokio::test]
async fn an_endless_loop_halts_at_the_gas_cap() {
    let simulation = Scene::default().with(COUNTER, LOOP).run(&[call(COUNTER, U256::ZERO, [])], &[]).await;
    assert!(matches!(&simulation.calls[0].end, CallEnd::Halt(reason) if reason.contains("gas")));
    assert_eq!(simulation.gas_used(), 16_777_216);
}

#[tokio::test]
async fn a_poor_account_is_simulated_with_the_gas_that_it_can_pay() {
    let send =
        |gas: u64| Scene::default().holding(ME, U256::from(gas) * U256::from(3 * GWEI) + U256::from(5));
    let five = call(FRIEND, U256::from(5), []);
    let enough = send(21_000).run(std::slice::from_ref(&five), &[]).await;
    assert_eq!(enough.calls[0].end, CallEnd::Success);
    let short = send(20_999).run(&[five], &[]).await;
    assert!(
        matches!(&short.calls[0].end, CallEnd::Halt(text) if text.starts_with("insufficient funds for gas"))
    );
    assert!(short.changes.is_empty());
    // Enough to begin, not enough to end.
    let scene = send(30_000).with(COUNTER, COUNT);
    let ran_out = scene.run(&[call(COUNTER, U256::from(5), [])], &[]).await;
    assert!(
        matches!(&ran_out.calls[0].end, CallEnd::Halt(text) if text.starts_with("insufficient funds for gas"))
    );
}

#[tokio::test]
async fn a_value_above_the_balance_and_a_fee_below_the_base_fee_are_halts() {
    let mut fork = Scene::default().fork().await;
    let simulation = fork.run(ME, &[call(FRIEND, ether(11), [])], FEES, &[], &[]).await.unwrap();
    assert!(
        matches!(&simulation.calls[0].end, CallEnd::Halt(text) if text.starts_with("insufficient funds"))
    );
    let low = Fees { max_fee_per_gas: u128::from(BASE_FEE) - 1, max_priority_fee_per_gas: 0 };
    let simulation = fork.run(ME, &[call(FRIEND, ether(1), [])], low, &[], &[]).await.unwrap();
    assert!(matches!(&simulation.calls[0].end, CallEnd::Halt(_)), "{:?}", simulation.calls[0].end);
    assert_eq!(simulation.gas_used(), 0);
}

#[tokio::test]
async fn whatever_code_ran_is_told_and_nothing_else() {
    let sha256 = address!("0x0000000000000000000000000000000000000002");
    let implementation = Address::repeat_byte(0xc2);
    let scene = Scene::default()
        .with(COUNTER, caller(&[OTHER, sha256, FRIEND]))
        .with(OTHER, proxy(implementation))
        .with(implementation, STOP);
    let simulation = scene.run(&[call(COUNTER, U256::ZERO, [])], &[]).await;
    assert_eq!(simulation.calls[0].touched, [COUNTER, OTHER, implementation]);
    let plain = scene.run(&[call(FRIEND, U256::from(1), [])], &[]).await;
    assert!(plain.calls[0].touched.is_empty());
}

#[tokio::test]
async fn what_a_self_destruct_pays_out_is_seen() {
    let scene = Scene::default().with(COUNTER, mortal(ME)).holding(COUNTER, ether(2));
    let simulation = scene.run(&[call(COUNTER, U256::ZERO, [])], &[]).await;
    assert_eq!(moved(&simulation, ME, &coin(L1)), format!("+{}", ether(2)));
}
