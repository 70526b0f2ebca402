//! A DAO: OpenZeppelin's Governor over a votes token, with a timelock that holds the treasury, and one open proposal.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue, sol};

use super::{tokens, units};
use crate::{
    error::DevnetError,
    evm::{Evm, named},
    world::{ARBITRUM, ETHEREUM, Proposal},
};

sol! {
    function delegate(address delegatee);
    function transfer(address to, uint256 value) returns (bool);
    function propose(address[] targets, uint256[] values, bytes[] calldatas, string description)
        returns (uint256 id);
}

/// Seconds from a proposal to the moment at which votes are counted as they then are.
const VOTING_DELAY: u64 = 1;
/// The proposal that the world starts with was made when the world was, on a fixed day: it stays open for ten years.
const FIRST_VOTING_PERIOD: u64 = 315_360_000;
/// Later proposals are open for an hour.
const VOTING_PERIOD: u64 = 3_600;
/// Seconds between queueing and execution.
const TIMELOCK_DELAY: u64 = 3_600;
/// Anyone may propose.
const PROPOSAL_THRESHOLD: u64 = 0;
/// Of the supply, in percent.
const QUORUM: u64 = 4;
/// Whole tokens in the timelock, and of the delegate who made the proposal.
const TREASURY: u64 = 1_000_000;
const DELEGATE: u64 = 10_000_000;
/// What the proposal pays, in whole tokens.
const GRANT: u64 = 1_000;

/// Chain, family (as in the role `governor.FAMILY`), the votes token's role, and whether the demo wallet delegated its
/// votes to itself before the proposal was made: if not, it has none there.
const DAOS: [(u64, &str, &str, bool); 2] =
    [(ETHEREUM, "aave", "aave", false), (ARBITRUM, "arbitrum", "arb", true)];

/// Deploys this chain's DAOs, in the roles `governor.FAMILY` and `governor.FAMILY.timelock`.
pub(super) fn deploy(evm: &mut Evm<'_>, wallet: Address) -> Result<Vec<Proposal>, DevnetError> {
    let mut proposals = Vec::new();
    let here = evm.chain_id;
    for (_, family, token, delegated) in DAOS.iter().filter(|(chain, ..)| *chain == here) {
        if *delegated {
            count_votes(evm, token, wallet)?;
        }
        proposals.push(dao(evm, family, token)?);
    }
    Ok(proposals)
}

/// The DAO of one token, with its proposal.
fn dao(evm: &mut Evm<'_>, family: &str, role: &str) -> Result<Proposal, DevnetError> {
    let token = evm.at(role)?;
    let governor_role = format!("governor.{family}");
    let governor = evm.place(&governor_role);
    // The governor alone proposes and cancels, anyone executes, and there is no admin but the timelock itself.
    let (proposers, executors) = (vec![governor], vec![Address::ZERO]);
    let arguments = (U256::from(TIMELOCK_DELAY), proposers, executors, Address::ZERO).abi_encode_params();
    let timelock = evm.deploy_role(&format!("{governor_role}.timelock"), "TimelockController", arguments)?;
    let settings = |period: u64| {
        let numbers = [VOTING_DELAY, period, PROPOSAL_THRESHOLD, QUORUM].map(U256::from);
        let [delay, period, threshold, quorum] = numbers;
        (format!("{family} demo governor"), token, timelock, delay, period, threshold, quorum)
            .abi_encode_params()
    };
    evm.deploy_role(&governor_role, "DemoGovernor", settings(FIRST_VOTING_PERIOD))?;

    let delegate = named(&format!("{family} delegate"));
    tokens::give(evm, role, timelock, units(TREASURY, 18))?;
    tokens::give(evm, role, delegate, units(DELEGATE, 18))?;
    count_votes(evm, role, delegate)?;
    let grant = transferCall { to: named(&format!("{family} grantee")), value: units(GRANT, 18) };
    let description =
        format!("Pay a grant of {GRANT} {} from the treasury to {}", role.to_uppercase(), grant.to);
    let propose = proposeCall {
        targets: vec![token],
        values: vec![U256::ZERO],
        calldatas: vec![grant.abi_encode().into()],
        description: description.clone(),
    };
    let id = evm.send(delegate, governor, propose)?;
    // The constructor once more: it writes the settings, and what was proposed before keeps its period.
    evm.deploy(governor, "DemoGovernor", settings(VOTING_PERIOD))?;
    Ok(Proposal { family: family.to_owned(), governor, id, description })
}

/// Delegates an account's votes to itself: before that they count for no one.
fn count_votes(evm: &mut Evm<'_>, role: &str, account: Address) -> Result<(), DevnetError> {
    let token = evm.at(role)?;
    evm.send(account, token, delegateCall { delegatee: account }).map(|_| ())
}
