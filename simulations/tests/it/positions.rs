//! Tokens with ids: that one came or went, and that an operator may move them all, is told.

use agent_core::{NftChange, Simulation};
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};

use crate::scene::{FRIEND, ME, Scene, call};

const POSITIONS: Address = Address::repeat_byte(0x42);

fn push32(word: B256) -> Vec<u8> {
    [&[0x7f][..], word.as_slice()].concat()
}

/// `Transfer(from, to, 7)` of ERC-721, and nothing else.
fn moves(from: Address, to: Address) -> Bytes {
    let event = push32(keccak256("Transfer(address,address,uint256)"));
    let (from, to) = (push32(from.into_word()), push32(to.into_word()));
    [&hex!("6007")[..], &to, &from, &event, &hex!("5f5fa400")].concat().into()
}

/// `ApprovalForAll(me, friend, yes)`.
fn operates(yes: bool) -> Bytes {
    let event = push32(keccak256("ApprovalForAll(address,address,bool)"));
    let (owner, operator) = (push32(ME.into_word()), push32(FRIEND.into_word()));
    [&[0x60, u8::from(yes)][..], &hex!("5f52"), &operator, &owner, &event, &hex!("60205fa300")]
        .concat()
        .into()
}

async fn run(code: Bytes) -> Simulation {
    Scene::default().with(POSITIONS, code).run(&[call(POSITIONS, U256::ZERO, Bytes::new())], &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_comes_or_goes_is_told() {
    let nft = |with, received| NftChange { contract: POSITIONS, id: U256::from(7), with, received };
    assert_eq!(run(moves(Address::ZERO, ME)).await.nfts, [nft(Address::ZERO, true)]);
    assert_eq!(run(moves(ME, FRIEND)).await.nfts, [nft(FRIEND, false)]);
    assert_eq!(run(moves(FRIEND, Address::ZERO)).await.nfts, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_an_allowance_without_an_end() {
    let left = run(operates(true)).await.allowances_left;
    assert_eq!(left.iter().map(|left| (left.spender, left.raw)).collect::<Vec<_>>(), [(FRIEND, U256::MAX)]);
    assert_eq!(run(operates(false)).await.allowances_left, []);
}
