//! Votes are cast where there are some, once, on what is open; delegations move votes and nothing else.

use agent_core::draft::Support;
use agent_core::{Action, Exit};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;

use crate::world::{ARBITRUM, ETHEREUM, World};

sol! {
    function proposalVotes(uint256 proposalId) returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes);
    function delegates(address account) returns (address);
}

/// The governor of a family, and the proposal that the world starts with.
fn open(world: &World, chain: u64, family: &str) -> (Address, U256) {
    let running = world.chains.running.chains.iter().find(|running| running.chain_id == chain).unwrap();
    let proposal = running.proposals.iter().find(|proposal| proposal.family == family).unwrap();
    (proposal.governor, proposal.id)
}

fn vote(chain_id: u64, (governor, proposal): (Address, U256), support: Support) -> Action {
    Action::Vote { governor, chain_id, proposal, support }
}

#[tokio::test]
async fn a_vote_counts_once_on_an_open_proposal() {
    let world = World::start().await;
    let (governor, proposal) = open(&world, ARBITRUM, "arbitrum");
    let refused = async |chain, action| {
        let refusal = world.compile(chain, action, "0", false).await.unwrap_err();
        assert_eq!(refusal.exit, Exit::NotPossible);
        (refusal.code.clone(), refusal.message)
    };
    let unknown = vote(ARBITRUM, (governor, U256::from(77)), Support::For);
    let (code, message) = refused(ARBITRUM, unknown).await;
    assert!(code == "world.proposal" && message.contains("does not exist"), "{message}");
    let stranger = vote(ARBITRUM, (world.network(ARBITRUM).role("arb").unwrap(), proposal), Support::For);
    assert_eq!(refused(ARBITRUM, stranger).await.0, "world.lacks");
    let none = vote(ETHEREUM, open(&world, ETHEREUM, "aave"), Support::For);
    assert_eq!(refused(ETHEREUM, none).await.0, "world.no_votes");

    let own = vote(ARBITRUM, (governor, proposal), Support::Against);
    let (compiled, _) = world.run(ARBITRUM, own.clone(), "0", false).await;
    assert_eq!(
        compiled.calls[0].decoded,
        format!("vote(against proposal {proposal} of governor of arbitrum)")
    );
    let votes = world.read(ARBITRUM, governor, proposalVotesCall { proposalId: proposal }).await;
    assert_eq!((votes.againstVotes, votes.forVotes), (world.balance(ARBITRUM, "ARB").await, U256::ZERO));
    let (code, message) = refused(ARBITRUM, own).await;
    assert!(code == "world.proposal" && message.contains("already"), "{message}");
}

#[tokio::test]
async fn votes_are_delegated_and_the_token_stays() {
    let world = World::start().await;
    let (aave, to) = (world.asset(ETHEREUM, "AAVE"), Address::repeat_byte(0x77));
    let delegate = |asset, to| Action::Delegate { asset, to, payee: None };
    let before = world.balance(ETHEREUM, "AAVE").await;
    world.run(ETHEREUM, delegate(aave.clone(), to), "0", false).await;
    let token = aave.token().unwrap();
    assert_eq!(world.read(ETHEREUM, token, delegatesCall { account: world.account() }).await, to);
    assert_eq!(world.balance(ETHEREUM, "AAVE").await, before);
    let code = async |action| world.compile(ETHEREUM, action, "0", false).await.unwrap_err().code;
    assert_eq!(code(delegate(aave, to)).await, "world.nothing_to_do");
    assert_eq!(code(delegate(world.asset(ETHEREUM, "USDC"), to)).await, "world.no_votes");
    assert_eq!(code(delegate(world.asset(ETHEREUM, "ETH"), to)).await, "world.no_votes");
}
