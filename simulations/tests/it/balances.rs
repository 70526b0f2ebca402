//! Changes come from balances: a token that lies in its logs is not believed.

use agent_core::{CallEnd, Simulation};
use alloy_primitives::{Address, U256};

use crate::assembler::{HONEST, LIAR, SILENT, event, token};
use crate::scene::{FEES, FRIEND, ME, Scene, erc20, invoke, moved, number};

const TOKEN: Address = Address::repeat_byte(0x70);

fn scene(habits: crate::assembler::Habits) -> Scene {
    Scene::default().with(TOKEN, token(habits)).stored(TOKEN, ME, 1_000)
}

fn transfer() -> agent_core::Call {
    invoke(TOKEN, "transfer(address,uint256)", &[FRIEND.into_word(), number(300)])
}

fn approve(raw: u64) -> agent_core::Call {
    invoke(TOKEN, "approve(address,uint256)", &[FRIEND.into_word(), number(raw)])
}

/// What a gate that believes `Transfer` logs would say that `account` received.
fn by_logs(simulation: &Simulation, account: Address) -> U256 {
    let transfer = event("Transfer(address,address,uint256)");
    let logs = simulation.calls.iter().flat_map(|call| &call.logs);
    let to_account = logs.filter(|log| log.topics[0] == transfer && log.topics[2] == account.into_word());
    to_account.map(|log| U256::from_be_slice(&log.data)).sum()
}

#[tokio::test]
async fn a_token_that_only_logs_a_transfer_moved_nothing() {
    let watched = [erc20(TOKEN, "TOK")];
    for assets in [&watched[..], &[]] {
        let simulation = scene(LIAR).run(&[transfer()], assets).await;
        assert_eq!(simulation.calls[0].end, CallEnd::Success);
        assert_eq!(moved(&simulation, FRIEND, &watched[0]), "0");
        assert_eq!(moved(&simulation, ME, &watched[0]), "0");
        // Negative control: a gate that reads logs instead of balances would let it pass.
        assert_eq!(by_logs(&simulation, FRIEND), U256::from(300));
    }
    let honest = scene(HONEST).run(&[transfer()], &watched).await;
    assert_eq!(moved(&honest, FRIEND, &watched[0]), "+300");
    assert_eq!(moved(&honest, ME, &watched[0]), "-300");
}

#[tokio::test]
async fn a_token_that_logs_nothing_is_seen_if_it_is_watched_or_in_the_registry() {
    let asset = erc20(TOKEN, "TOK");
    let watched = scene(SILENT).run(&[transfer()], std::slice::from_ref(&asset)).await;
    assert_eq!(moved(&watched, ME, &asset), "-300");
    let registered = scene(SILENT).known(asset.clone()).run(&[transfer()], &[]).await;
    assert_eq!(moved(&registered, ME, &asset), "-300");
}

#[tokio::test]
async fn an_unknown_token_is_named_by_its_address_without_decimals() {
    let simulation = scene(HONEST).run(&[transfer()], &[]).await;
    let change = simulation.change(ME, &erc20(TOKEN, "")).unwrap();
    let asset = change.amount.asset();
    assert_eq!((asset.symbol.as_str(), asset.decimals), ("0x7070…7070", 0));
}

#[tokio::test]
async fn allowances_that_are_left_are_told() {
    let asset = erc20(TOKEN, "TOK");
    let known = || scene(HONEST).known(asset.clone());
    let left = known().run(&[approve(50)], &[]).await.allowances_left;
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0].asset, left[0].spender, left[0].raw), (&asset, FRIEND, U256::from(50)));
    // Given and taken back: nothing is left.
    assert!(known().run(&[approve(50), approve(0)], &[]).await.allowances_left.is_empty());
    // A log without an allowance behind it leaves none.
    assert!(scene(LIAR).known(asset.clone()).run(&[approve(50)], &[]).await.allowances_left.is_empty());
    // An allowance from before that the run does not touch is not this run's.
    let mut fork = known().fork().await;
    fork.run(ME, &[approve(50)], FEES, &[], &[]).await.unwrap();
    let later = fork.run(ME, &[transfer()], FEES, &[], &[]).await.unwrap();
    assert!(later.allowances_left.is_empty());
    // A silent token's new allowance for a contract that is called is found all the same.
    let silent = scene(SILENT).known(asset).with(FRIEND, crate::assembler::STOP);
    let simulation = silent.run(&[approve(50), crate::scene::call(FRIEND, U256::ZERO, [])], &[]).await;
    assert_eq!(simulation.allowances_left.len(), 1);
}

/// As Aave's debt tokens: balances, but no `allowance`.
#[tokio::test]
async fn a_known_token_without_allowances_has_none() {
    let debt = crate::assembler::contract(
        &[("balanceOf(address)", alloy_primitives::hex!("6004355f5260205ff3").to_vec())],
        &alloy_primitives::hex!("5f5ffd"),
    );
    let other = Address::repeat_byte(0x71);
    let scene = Scene::default().with(TOKEN, debt).with(other, crate::assembler::STOP);
    let watched = [erc20(TOKEN, "debtTOK")];
    let simulation = scene.run(&[crate::scene::call(other, U256::ZERO, [])], &watched).await;
    assert_eq!(simulation.failure(), None);
    assert!(simulation.allowances_left.is_empty());
}

#[tokio::test]
async fn credit_adds_to_what_is_held() {
    let (coin, asset) = (crate::scene::coin(1), erc20(TOKEN, "TOK"));
    let mut fork = scene(HONEST).known(asset.clone()).fork().await;
    fork.credit(ME, &coin, U256::from(7)).await.unwrap();
    assert_eq!(fork.view().balance(ME).await.unwrap(), crate::scene::ether(10) + U256::from(7));
    fork.credit(ME, &asset, U256::from(500)).await.unwrap();
    let more = invoke(TOKEN, "transfer(address,uint256)", &[FRIEND.into_word(), number(1_500)]);
    let simulation = fork.run(ME, &[more], FEES, std::slice::from_ref(&asset), &[FRIEND]).await.unwrap();
    assert_eq!(moved(&simulation, ME, &asset), "-1500");
    assert_eq!(moved(&simulation, FRIEND, &asset), "+1500");
}
