//! Permit2 (<https://docs.uniswap.org/contracts/permit2/reference/allowance-transfer>): keeps allowances of its own,
//! which end. The token allows Permit2, and Permit2 allows the router, both exactly as much as the act takes.

use agent_core::{Call, CallRole, CompiledStep, Refusal};
use alloy_primitives::aliases::{U48, U160};
use alloy_primitives::ruint::UintTryFrom;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, sol};

use crate::ask::{Allowance, Ask};

sol! {
    #[derive(Debug)]
    interface IPermit2 {
        function approve(address token, address spender, uint160 amount, uint48 expiration) external;
        function allowance(address owner, address token, address spender) external view
            returns (uint160 amount, uint48 expiration, uint48 nonce);
    }
}

/// Whom Permit2 is told to let take tokens.
pub(crate) const SPENDER: &str = "uniswap.universal_router";

/// The calls that take a router's allowance inside Permit2 back.
pub(crate) fn revoke(ask: &Ask<'_>, token: Address, spender: Address) -> Result<Call, Refusal> {
    let call = IPermit2::approveCall { token, spender, amount: U160::ZERO, expiration: U48::ZERO };
    ask.call(CallRole::Revoke, ask.role("permit2")?, U256::ZERO, call.abi_encode().into())
}

/// Puts both allowances around an act that takes at most `raw` of `token`; `rest`: it may take less.
pub(crate) async fn allow(
    ask: &Ask<'_>,
    step: &mut CompiledStep,
    token: Address,
    raw: U256,
    rest: bool,
) -> Result<(), Refusal> {
    let (permit2, spender) = (ask.role("permit2")?, ask.role(SPENDER)?);
    let amount = U160::uint_try_from(raw)
        .map_err(|_| ask.not_possible("world.no_liquidity", "it is more than Permit2 can pass on (2^160)"))?;
    let current = ask.read(permit2, &IPermit2::allowanceCall { owner: ask.account, token, spender }).await?;
    let expiration = U48::saturating_from(ask.deadline());
    let mut give = Vec::new();
    if current.amount != amount || current.expiration < expiration {
        let call = IPermit2::approveCall { token, spender, amount, expiration };
        give.push(ask.call(CallRole::Approve, permit2, U256::ZERO, call.abi_encode().into())?);
    }
    Allowance::new(give, revoke(ask, token, spender)?).around(step, rest);
    ask.allow(token, permit2, raw).await?.around(step, rest);
    Ok(())
}
