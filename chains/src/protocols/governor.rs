//! OpenZeppelin's Governor (<https://docs.openzeppelin.com/contracts/5.x/api/governance>): a vote on an open proposal.

use agent_core::draft::Support;
use agent_core::{CompiledStep, Exit, Refusal};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;

use crate::ask::Ask;
use crate::read::Reads;
use crate::registry;

sol! {
    #[derive(Debug)]
    interface IGovernor {
        function castVote(uint256 proposalId, uint8 support) external returns (uint256 weight);
    }

    #[derive(Debug)]
    interface IGovernorReads {
        function state(uint256 proposalId) external view returns (uint8);
        function hasVoted(uint256 proposalId, address account) external view returns (bool);
        function proposalSnapshot(uint256 proposalId) external view returns (uint256);
        function getVotes(address account, uint256 timepoint) external view returns (uint256);
    }
}

/// `IGovernor.ProposalState`, in its order.
const STATES: [&str; 8] =
    ["pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed"];
const ACTIVE: u8 = 1;

/// `GovernorCountingSimple.VoteType`.
fn vote_type(support: Support) -> u8 {
    match support {
        Support::Against => 0,
        Support::For => 1,
        Support::Abstain => 2,
    }
}

pub(crate) async fn vote(
    ask: &Ask<'_>,
    governor: Address,
    proposal: U256,
    support: Support,
) -> Result<CompiledStep, Refusal> {
    if !registry::is_governor(ask.network, governor) {
        return Err(ask.not_possible("world.lacks", &format!("{governor} is no governor of the registry")));
    }
    let mut reads = Reads::default();
    let state = reads.ask(governor, &IGovernorReads::stateCall { proposalId: proposal });
    let voted = IGovernorReads::hasVotedCall { proposalId: proposal, account: ask.account };
    let voted = reads.ask(governor, &voted);
    let snapshot = reads.ask(governor, &IGovernorReads::proposalSnapshotCall { proposalId: proposal });
    let answers = reads.run(ask.network, ask.view).await?;
    let refused = |why: &str| Err(ask.not_possible("world.proposal", &format!("proposal {proposal} {why}")));
    match answers.get(&state) {
        Ok(ACTIVE) => {}
        Ok(state) => {
            let state = STATES.get(usize::from(state)).copied().unwrap_or("in an unknown state");
            return refused(&format!("is {state}: votes are cast while it is active"));
        }
        Err(_) => return refused("does not exist there"),
    }
    let (Ok(voted), Ok(snapshot)) = (answers.get(&voted), answers.get(&snapshot)) else {
        let message = format!("{governor} does not answer as a governor does");
        return Err(Refusal::new(Exit::Unreachable, "rpc.bad_answer", message)
            .help("check the network's addresses in the configuration"));
    };
    if voted {
        return refused("has the account's vote already");
    }
    let call = IGovernorReads::getVotesCall { account: ask.account, timepoint: snapshot };
    if ask.read(governor, &call).await?.is_zero() {
        let why = format!("the account had no votes when proposal {proposal} counted them");
        return Err(ask
            .not_possible("world.no_votes", &why)
            .help("delegate the token's votes to yourself: later proposals count them"));
    }
    let call = IGovernor::castVoteCall { proposalId: proposal, support: vote_type(support) };
    Ok(ask.compiled(ask.act(governor, U256::ZERO, &call)?, Some("governor"), Vec::new()))
}
