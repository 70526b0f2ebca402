//! Contracts that want to mislead or to wear out whoever simulates them.

use agent_core::Exit;
use alloy_primitives::{Address, U256, hex};

use crate::assembler::{NAME_ORIGIN, caller, contract};
use crate::scene::{FEES, FRIEND, ME, Scene, call, erc20, number};

const TOKEN: Address = Address::repeat_byte(0x70);

fn many(count: u64) -> (Scene, Address) {
    let front = Address::repeat_byte(0xf0);
    let emitters: Vec<_> = (0..count).map(|index| Address::from_word(number(0x1_0000 + index))).collect();
    let scene = emitters.iter().fold(Scene::default(), |scene, at| scene.with(*at, NAME_ORIGIN));
    (scene.with(front, caller(&emitters)), front)
}

#[tokio::test]
async fn a_flood_of_unknown_tokens_is_refused() {
    let (scene, front) = many(64);
    assert!(scene.run(&[call(front, U256::ZERO, [])], &[]).await.changes.is_empty());
    let (scene, front) = many(65);
    let mut fork = scene.fork().await;
    let refusal = fork.run(ME, &[call(front, U256::ZERO, [])], FEES, &[], &[]).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.exit), ("simulation.too_many_tokens", Exit::SimulationFailed));
}

/// A token whose `balanceOf` never ends: unknown it is passed over, watched it is refused.
#[tokio::test]
async fn a_watched_token_that_cannot_be_read_is_refused() {
    let spin = contract(&[("act()", NAME_ORIGIN.to_vec())], &hex!("5b601056"));
    let scene = Scene::default().with(TOKEN, spin);
    let act = crate::scene::invoke(TOKEN, "act()", &[]);
    assert!(scene.run(std::slice::from_ref(&act), &[]).await.changes.is_empty());
    let mut fork = scene.fork().await;
    let watched = [erc20(TOKEN, "TOK")];
    let refusal = fork.run(ME, std::slice::from_ref(&act), FEES, &watched, &[]).await.unwrap_err();
    assert_eq!(
        (refusal.code.as_str(), refusal.exit),
        ("simulation.unreadable_token", Exit::SimulationFailed)
    );
    // What was refused left nothing on the fork.
    assert_eq!(fork.view().balance(ME).await.unwrap(), crate::scene::ether(10));
    let refusal = fork.credit(ME, &watched[0], U256::from(1)).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.exit), ("simulation.cannot_credit", Exit::NotPossible));
}

/// `balanceOf` that answers more than a word, or nothing at all.
#[tokio::test]
async fn odd_answers_are_no_balances() {
    let mute = contract(&[("act()", NAME_ORIGIN.to_vec())], &hex!("00"));
    let scene = Scene::default().with(TOKEN, mute);
    let simulation = scene.run(&[crate::scene::invoke(TOKEN, "act()", &[])], &[]).await;
    assert!(simulation.changes.is_empty());
    assert!(simulation.change(FRIEND, &erc20(TOKEN, "")).is_none());
}
