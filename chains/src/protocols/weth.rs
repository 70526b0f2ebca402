//! WETH9: the native coin as a token, one for one.

use agent_core::{Asset, CompiledStep, Refusal};
use alloy_primitives::U256;
use alloy_sol_types::sol;

use crate::ask::Ask;

sol! {
    #[derive(Debug)]
    interface IWETH9 {
        function deposit() external payable;
        function withdraw(uint256 amount) external;
    }
}

/// Wraps if `from` is the native coin, else unwraps.
pub(crate) async fn exchange(ask: &Ask<'_>, from: &Asset, to: &Asset) -> Result<CompiledStep, Refusal> {
    let amount = from.amount(ask.raw);
    ask.must_hold(&amount).await?;
    let weth = ask.role("weth")?;
    let act = match from.token() {
        None => ask.act(weth, ask.raw, &IWETH9::depositCall {})?,
        Some(_) => ask.act(weth, U256::ZERO, &IWETH9::withdrawCall { amount: ask.raw })?,
    };
    let mut step = ask.compiled(act, Some("weth"), vec![from.clone(), to.clone()]);
    step.spends = vec![amount];
    step.yields = vec![to.amount(ask.raw)];
    Ok(step)
}
