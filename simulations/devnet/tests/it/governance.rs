//! A vote from the open proposal to the paid grant.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, sol};
use devnet::{ARBITRUM, BASE, ETHEREUM, OPTIMISM, Proposal};

use super::{
    machine::{Machine, units},
    transferCall,
};

sol! {
    function state(uint256 id) returns (uint8);
    function proposalSnapshot(uint256 id) returns (uint256);
    function proposalDeadline(uint256 id) returns (uint256);
    function proposalVotes(uint256 id) returns (uint256 against, uint256 inFavour, uint256 abstain);
    function getVotes(address account, uint256 time) returns (uint256);
    function castVote(uint256 id, uint8 support) returns (uint256 weight);
    function propose(address[] targets, uint256[] values, bytes[] calldatas, string description)
        returns (uint256 id);
    function queue(address[] targets, uint256[] values, bytes[] calldatas, bytes32 description)
        returns (uint256 id);
    function execute(address[] targets, uint256[] values, bytes[] calldatas, bytes32 description) payable
        returns (uint256 id);
    function schedule(
        address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt, uint256 delay
    );
}

const PENDING: u8 = 0;
const ACTIVE: u8 = 1;
const SUCCEEDED: u8 = 4;
const EXECUTED: u8 = 7;
const FOR: u8 = 1;
const HOUR: u64 = 3_600;

fn proposal(machine: &Machine) -> Proposal {
    machine.chain.proposals[0].clone()
}

fn state(machine: &mut Machine, id: U256) -> u8 {
    let governor = proposal(machine).governor;
    machine.read(governor, stateCall { id })
}

#[tokio::test]
async fn each_dao_has_an_open_proposal_and_only_arbitrum_counts_the_wallets_votes() {
    for (chain_id, family, votes) in
        [(ETHEREUM, "aave", U256::ZERO), (ARBITRUM, "arbitrum", units(2_000, 18))]
    {
        let mut machine = Machine::new(chain_id).await;
        let Proposal { family: found, governor, id, description } = proposal(&machine);
        assert_eq!((found.as_str(), governor), (family, machine.at(&format!("governor.{family}"))));
        assert_eq!(id, U256::from(1));
        assert!(description.contains("1000"), "{description}");
        assert_eq!(state(&mut machine, id), ACTIVE);
        let time = machine.read(governor, proposalSnapshotCall { id });
        let account = machine.wallet;
        assert_eq!(machine.read(governor, getVotesCall { account, time }), votes);
        assert_eq!(machine.send(account, governor, castVoteCall { id, support: FOR }).unwrap(), votes);
        assert_eq!(machine.read(governor, proposalVotesCall { id }).inFavour, votes);
        // Not twice.
        assert!(machine.send(account, governor, castVoteCall { id, support: FOR }).is_err());
    }
    for chain_id in [BASE, OPTIMISM] {
        assert!(Machine::new(chain_id).await.chain.proposals.is_empty());
    }
}

#[tokio::test]
async fn a_proposal_that_is_carried_pays_from_the_treasury_and_nothing_else_does() {
    let mut machine = Machine::new(ARBITRUM).await;
    let Proposal { governor, description, .. } = proposal(&machine);
    let (token, timelock) = (machine.at("arb"), machine.at("governor.arbitrum.timelock"));
    // A grant of the wallet's own, paid to a stranger.
    let (wallet, stranger) = (machine.wallet, Address::repeat_byte(7));
    let data: Bytes = transferCall { to: stranger, value: units(5, 18) }.abi_encode().into();
    let (targets, values, calldatas) = (vec![token], vec![U256::ZERO], vec![data.clone()]);
    let text = "Five for a stranger";
    let propose = proposeCall {
        targets: targets.clone(),
        values: values.clone(),
        calldatas: calldatas.clone(),
        description: text.to_owned(),
    };
    let id = machine.send(wallet, governor, propose).unwrap();
    assert_eq!(id, U256::from(2));
    assert_eq!(state(&mut machine, id), PENDING);
    machine.time += 2;
    machine.send(wallet, governor, castVoteCall { id, support: FOR }).unwrap();
    // 2,000 votes are no quorum: who made the first proposal votes, too.
    let delegate = delegate(&mut machine, &description);
    machine.send(delegate, governor, castVoteCall { id, support: FOR }).unwrap();

    let hash = keccak256(text);
    let queue = queueCall {
        targets: targets.clone(),
        values: values.clone(),
        calldatas: calldatas.clone(),
        description: hash,
    };
    let execute = executeCall { targets, values, calldatas, description: hash };
    assert!(machine.send(wallet, governor, queue.clone()).is_err(), "queued while it is open");
    let deadline = machine.read(governor, proposalDeadlineCall { id });
    assert!(deadline <= U256::from(machine.time + HOUR));
    machine.time += HOUR + 1;
    assert_eq!(state(&mut machine, id), SUCCEEDED);
    machine.send(wallet, governor, queue).unwrap();
    assert!(machine.send(wallet, governor, execute.clone()).is_err(), "executed before the delay is over");
    machine.time += HOUR;
    machine.send(wallet, governor, execute).unwrap();
    assert_eq!(state(&mut machine, id), EXECUTED);
    assert_eq!(machine.balance("arb", stranger), units(5, 18));

    let zero = B256::ZERO;
    let schedule = scheduleCall {
        target: token,
        value: U256::ZERO,
        data,
        predecessor: zero,
        salt: zero,
        delay: U256::from(HOUR),
    };
    assert!(machine.send(wallet, timelock, schedule).is_err(), "the timelock listens to the wallet");
    // The first proposal is open still.
    assert_eq!(state(&mut machine, U256::from(1)), ACTIVE);
}

/// Who proposed what the world began with.
fn delegate(machine: &mut Machine, description: &str) -> Address {
    sol! { function proposalProposer(uint256 id) returns (address); }
    assert!(description.starts_with("Pay a grant"));
    let governor = proposal(machine).governor;
    machine.read(governor, proposalProposerCall { id: U256::from(1) })
}
