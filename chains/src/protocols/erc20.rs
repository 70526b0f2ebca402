//! ERC-20 (<https://eips.ethereum.org/EIPS/eip-20>): transfers, revoked allowances, delegated votes. Also the native
//! coin's transfer.

use agent_core::{Asset, CallRole, CompiledStep, Refusal};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};

use crate::ask::Ask;
use crate::protocols::permit2::{self, IPermit2};
use crate::read::{self, Reads};

sol! {
    #[derive(Debug)]
    interface IERC20 {
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function transfer(address to, uint256 amount) external returns (bool);
        function approve(address spender, uint256 amount) external returns (bool);
    }

    /// ERC-5805: a token whose balances vote.
    #[derive(Debug)]
    interface IVotes {
        function delegates(address account) external view returns (address);
        function delegate(address delegatee) external;
    }
}

pub(crate) fn approve(spender: Address, amount: U256) -> Bytes {
    IERC20::approveCall { spender, amount }.abi_encode().into()
}

pub(crate) async fn transfer(ask: &Ask<'_>, asset: &Asset, to: Address) -> Result<CompiledStep, Refusal> {
    let amount = asset.amount(ask.raw);
    ask.must_hold(&amount).await?;
    let act = match asset.token() {
        None => ask.call(CallRole::Act, to, ask.raw, Bytes::new())?,
        Some(token) => ask.act(token, U256::ZERO, &IERC20::transferCall { to, amount: ask.raw })?,
    };
    let mut step = ask.compiled(act, None, vec![asset.clone()]);
    step.spends = vec![amount];
    step.payees = vec![to];
    Ok(step)
}

/// Sets every allowance that is found to 0, also those that Permit2 keeps. No asset: every token of the registry; no
/// spender: every contract of it.
pub(crate) async fn revoke(
    ask: &Ask<'_>,
    asset: Option<&Asset>,
    spender: Option<Address>,
) -> Result<CompiledStep, Refusal> {
    let named = ask.network.assets.iter().chain(&ask.network.positions);
    let tokens = named.filter(|token| asset.is_none_or(|asset| asset.same(token)));
    let spenders: Vec<Address> = match spender {
        Some(spender) => vec![spender],
        None => ask.network.contracts.keys().copied().collect(),
    };
    let router = ask.network.role(permit2::SPENDER).filter(|router| spenders.contains(router));
    let inside = ask.network.role("permit2").zip(router);
    let (mut reads, mut of_tokens, mut of_permit2) = (Reads::default(), Vec::new(), Vec::new());
    for asset in tokens {
        let Some(token) = asset.token() else { continue };
        for spender in &spenders {
            let call = IERC20::allowanceCall { owner: ask.account, spender: *spender };
            of_tokens.push((asset, token, *spender, reads.ask(token, &call)));
        }
        if let Some((permit2, spender)) = inside {
            let call = IPermit2::allowanceCall { owner: ask.account, token, spender };
            of_permit2.push((asset, token, spender, reads.ask(permit2, &call)));
        }
    }
    let answers = reads.run(ask.network, ask.view).await?;
    let mut open = Vec::new();
    for (asset, token, spender, slot) in of_tokens {
        if answers.get(&slot).is_ok_and(|raw| !raw.is_zero()) {
            let data = approve(spender, U256::ZERO);
            open.push((asset, ask.call(CallRole::Revoke, token, U256::ZERO, data)?));
        }
    }
    for (asset, token, spender, slot) in of_permit2 {
        if answers.get(&slot).is_ok_and(|found| !found.amount.is_zero()) {
            open.push((asset, permit2::revoke(ask, token, spender)?));
        }
    }
    let mut open = open.into_iter();
    let Some((asset, call)) = open.next() else {
        return Err(ask.not_possible("world.nothing_to_revoke", "there is no such allowance"));
    };
    let mut step = ask.compiled(call, Some("erc20"), vec![asset.clone()]);
    for (asset, call) in open {
        step.calls.push(call);
        step.assets.push(asset.clone());
    }
    step.assets.dedup();
    Ok(step)
}

/// Gives the votes of the account's tokens to `to`; the tokens stay.
pub(crate) async fn delegate(ask: &Ask<'_>, asset: &Asset, to: Address) -> Result<CompiledStep, Refusal> {
    let no_votes =
        || ask.not_possible("world.no_votes", &format!("{} has no votes to delegate", asset.symbol));
    let token = asset.token().ok_or_else(no_votes)?;
    let calls = [(token, IVotes::delegatesCall { account: ask.account })];
    let current = read::read_all(ask.network, ask.view, &calls).await?;
    let current = current.into_iter().flatten().next().ok_or_else(no_votes)?;
    if current == to {
        let why = format!("the votes of {} are with {to} already", asset.symbol);
        return Err(ask.not_possible("world.nothing_to_do", &why));
    }
    let act = ask.act(token, U256::ZERO, &IVotes::delegateCall { delegatee: to })?;
    Ok(ask.compiled(act, Some("governor"), vec![asset.clone()]))
}
