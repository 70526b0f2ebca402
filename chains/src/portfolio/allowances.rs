//! What the registry's contracts may still take: allowances of tokens, and those that Permit2 keeps of its own
//! (<https://docs.uniswap.org/contracts/permit2/reference/allowance-transfer>).

use std::collections::BTreeSet;

use agent_core::{AllowanceLeft, Asset, NetworkInfo};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;

use super::Gaps;
use crate::protocols::erc20::IERC20;
use crate::read::{Answers, Reads, Slot};

sol! {
    #[derive(Debug)]
    interface IPermit2Allowance {
        function allowance(address owner, address token, address spender) external view
            returns (uint160 amount, uint48 expiration, uint48 nonce);
    }
}

type OfToken = Slot<IERC20::allowanceCall>;
type OfPermit2 = Slot<IPermit2Allowance::allowanceCall>;

#[derive(Debug)]
pub(super) struct Allowances {
    tokens: Vec<(Asset, Address, OfToken)>,
    permit2: Vec<(Asset, Address, OfPermit2)>,
}

/// Contracts that tokens may have been allowed to: all of the registry but pools and tokens. A wrapper is both.
fn spenders(network: &NetworkInfo) -> BTreeSet<Address> {
    let passive =
        |role: &str| ["uniswap.pool.", "uniswap.v2_pair."].iter().any(|prefix| role.starts_with(prefix));
    let active = network.roles.iter().filter(|(role, address)| {
        !passive(role) && (network.token(**address).is_none() || role.as_str() == "wsteth")
    });
    active.map(|(_, address)| *address).collect()
}

/// Tokens that can be allowed to somebody: debts cannot.
fn tokens(network: &NetworkInfo) -> impl Iterator<Item = (&Asset, Address)> {
    let debt = |token: Address| {
        let mut debts = network.roles.iter().filter(|(role, _)| role.starts_with("aave.debt_token."));
        debts.any(|(_, debt)| *debt == token)
    };
    let all = network.assets.iter().chain(&network.positions);
    all.filter_map(move |asset| Some((asset, asset.token().filter(|token| !debt(*token))?)))
}

impl Allowances {
    pub(super) fn ask(reads: &mut Reads, network: &NetworkInfo, owner: Address) -> Self {
        let permit2 = network.role("permit2").zip(network.role("uniswap.universal_router"));
        let (spenders, mut own) = (spenders(network), Self { tokens: Vec::new(), permit2: Vec::new() });
        for (asset, token) in tokens(network) {
            for spender in &spenders {
                let slot = reads.ask(token, &IERC20::allowanceCall { owner, spender: *spender });
                own.tokens.push((asset.clone(), *spender, slot));
            }
            if let Some((permit2, spender)) = permit2 {
                let slot = reads.ask(permit2, &IPermit2Allowance::allowanceCall { owner, token, spender });
                own.permit2.push((asset.clone(), spender, slot));
            }
        }
        own
    }

    /// Those that are not zero and, for Permit2's, not expired at `now`, seconds since the Unix epoch.
    pub(super) fn read(&self, answers: &Answers, now: u64, gaps: &mut Gaps) -> Vec<AllowanceLeft> {
        let mut left = Vec::new();
        let mut silent: Option<(&Asset, String)> = None;
        let mut push = |asset: &Asset, spender, raw: U256| {
            if !raw.is_zero() {
                left.push(AllowanceLeft { asset: asset.clone(), spender, raw });
            }
        };
        for (asset, spender, slot) in &self.tokens {
            match answers.get(slot) {
                Ok(raw) => push(asset, *spender, raw),
                // One note a token: it is the token that does not answer, not the spender.
                Err(_) if silent.as_ref().is_some_and(|(token, _)| token.same(asset)) => {}
                Err(why) => {
                    gaps.note(format_args!("the allowances of {}", asset.symbol), why.clone());
                    silent = Some((asset, why));
                }
            }
        }
        for (asset, spender, slot) in &self.permit2 {
            let what = format_args!("the allowance of {} inside Permit2", asset.symbol);
            if let Some(found) = gaps.take(what, answers.get(slot))
                && found.expiration.to::<u64>() >= now
            {
                push(asset, *spender, U256::from(found.amount));
            }
        }
        left
    }
}
