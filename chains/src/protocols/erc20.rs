//! ERC-20 (<https://eips.ethereum.org/EIPS/eip-20>): transfers and revoked allowances. Also the native coin's transfer.

use agent_core::{Asset, CallRole, CompiledStep, Refusal};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};

use crate::ask::Ask;
use crate::read;

sol! {
    #[derive(Debug)]
    interface IERC20 {
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function transfer(address to, uint256 amount) external returns (bool);
        function approve(address spender, uint256 amount) external returns (bool);
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
    step.spends = Some(amount);
    step.payees = vec![to];
    Ok(step)
}

/// Sets every allowance that is found to 0. No asset: every token of the registry; no spender: every contract of it.
pub(crate) async fn revoke(
    ask: &Ask<'_>,
    asset: Option<&Asset>,
    spender: Option<Address>,
) -> Result<CompiledStep, Refusal> {
    let named = ask.network.assets.iter().chain(&ask.network.positions);
    let tokens: Vec<&Asset> = named.filter(|token| asset.is_none_or(|asset| asset.same(token))).collect();
    let spenders: Vec<Address> = match spender {
        Some(spender) => vec![spender],
        None => ask.network.contracts.keys().copied().collect(),
    };
    let mut pairs = Vec::new();
    for asset in tokens {
        let Some(token) = asset.token() else { continue };
        pairs.extend(spenders.iter().map(|spender| (asset, token, *spender)));
    }
    let reads: Vec<_> = pairs
        .iter()
        .map(|(_, token, spender)| (*token, IERC20::allowanceCall { owner: ask.account, spender: *spender }))
        .collect();
    let found = read::read_all(ask.network, ask.view, &reads).await?;
    let mut open = pairs.into_iter().zip(found).filter(|(_, raw)| raw.is_some_and(|raw| !raw.is_zero()));
    let revoking =
        |token, spender| ask.call(CallRole::Revoke, token, U256::ZERO, approve(spender, U256::ZERO));
    let Some(((asset, token, spender), _)) = open.next() else {
        return Err(ask.not_possible("world.nothing_to_revoke", "there is no such allowance"));
    };
    let mut step = ask.compiled(revoking(token, spender)?, Some("erc20"), vec![asset.clone()]);
    for ((asset, token, spender), _) in open {
        step.calls.push(revoking(token, spender)?);
        step.assets.push(asset.clone());
    }
    step.assets.dedup();
    Ok(step)
}
