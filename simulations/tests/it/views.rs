//! Reading on a fork.

use agent_core::ports::Simulator;
use agent_core::{CallEnd, Exit};
use alloy_primitives::{Address, Bytes, U256, hex};

use crate::assembler::{COUNT, STOP, reverter};
use crate::scene::{FEES, L1, ME, Scene, call};

const COUNTER: Address = Address::repeat_byte(0xc0);
const TELLER: Address = Address::repeat_byte(0x7e);

#[tokio::test]
async fn a_view_sees_what_was_run_and_changes_nothing() {
    // Returns slot 0 if there is calldata, else counts.
    let code = [&hex!("3615600d575f545f5260205ff35b")[..], COUNT].concat();
    let mut fork = Scene::default().with(COUNTER, code).fork().await;
    let count = call(COUNTER, U256::ZERO, []);
    fork.run(ME, std::slice::from_ref(&count), FEES, &[], &[]).await.unwrap();
    let view = fork.view();
    // A call that counts is not kept.
    assert_eq!(view.call(ME, COUNTER, Bytes::new()).await.unwrap().end, CallEnd::Success);
    let read = view.call(ME, COUNTER, Bytes::from_static(&[1])).await.unwrap();
    assert_eq!(U256::from_be_slice(&read.output), U256::from(1));
    assert_eq!(view.block().number, 100);
}

#[tokio::test]
async fn anyone_may_call_a_view_without_money() {
    // NUMBER, TIMESTAMP and GASPRICE to memory 0, 32 and 64; returns 96 bytes.
    let tell = hex!("435f52426020523a60405260605ff3");
    let scene = Scene::default().with(COUNTER, STOP).with(TELLER, tell);
    let fork = scene.fork().await;
    for from in [Address::ZERO, Address::repeat_byte(0x99), COUNTER] {
        let told = fork.view().call(from, TELLER, Bytes::new()).await.unwrap();
        assert_eq!(told.end, CallEnd::Success);
        let words: Vec<_> = told.output.chunks(32).map(U256::from_be_slice).collect();
        assert_eq!(words, [U256::from(101), U256::from(1_700_000_012_u64), U256::ZERO]);
    }
}

#[tokio::test]
async fn a_reverting_view_is_a_value_and_code_is_given_back() {
    let code = reverter(&[0xde, 0xad, 0xbe, 0xef]);
    let fork = Scene::default().with(COUNTER, code.clone()).fork().await;
    let outcome = fork.view().call(ME, COUNTER, Bytes::new()).await.unwrap();
    assert_eq!(outcome.end, CallEnd::Revert("custom error 0xdeadbeef".into()));
    assert_eq!(fork.view().code(COUNTER).await.unwrap(), code);
    assert!(fork.view().code(ME).await.unwrap().is_empty());
    assert_eq!(fork.view().balance(COUNTER).await.unwrap(), U256::ZERO);
}

#[tokio::test]
async fn a_network_without_a_world_is_refused() {
    let refusal = Scene::default().simulator().fork(10).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.exit), ("simulation.no_network", Exit::NotPossible));
    assert!(Scene::default().simulator().fork(L1).await.is_ok());
}
