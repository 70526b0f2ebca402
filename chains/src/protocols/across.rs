//! Across V3 (<https://docs.across.to/reference/selected-contract-functions>): a deposit on this chain, a relayer's fill
//! on the other.

#![expect(clippy::too_many_arguments, reason = "Across's own events, as `sol!` reads them")]

use agent_core::asset::mul_div_up;
use agent_core::{Asset, CompiledStep, Log, NetworkInfo, Quote, Receipt, Refusal, Side};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolEvent, sol};

use crate::ask::Ask;
use crate::read;

sol! {
    #[derive(Debug)]
    interface ISpokePool {
        struct V3RelayExecutionEventInfo { address updatedRecipient; bytes updatedMessage; uint256 updatedOutputAmount; uint8 fillType; }
        function depositV3(
            address depositor, address recipient, address inputToken, address outputToken, uint256 inputAmount,
            uint256 outputAmount, uint256 destinationChainId, address exclusiveRelayer, uint32 quoteTimestamp,
            uint32 fillDeadline, uint32 exclusivityDeadline, bytes message
        ) external payable;
        event V3FundsDeposited(
            address inputToken, address outputToken, uint256 inputAmount, uint256 outputAmount,
            uint256 indexed destinationChainId, uint32 indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline,
            uint32 exclusivityDeadline, address indexed depositor, address recipient, address exclusiveRelayer, bytes message
        );
        event FilledV3Relay(
            address inputToken, address outputToken, uint256 inputAmount, uint256 outputAmount, uint256 repaymentChainId,
            uint256 indexed originChainId, uint32 indexed depositId, uint32 fillDeadline, uint32 exclusivityDeadline,
            address exclusiveRelayer, address indexed relayer, address depositor, address recipient, bytes message,
            V3RelayExecutionEventInfo relayExecutionInfo
        );
    }
}

/// What a relayer is offered, in millionths of the input: 0.05 %.
const RELAYER_FEE_PIPS: u64 = 500;
const PIPS_ONE: u64 = 1_000_000;
/// How long a relayer may take, seconds; a deposit that nobody fills by then is refunded.
const FILL_WITHIN_S: u64 = 7_200;

/// What the relayer leaves of `raw`.
fn after_fee(raw: U256) -> Option<U256> {
    raw.checked_sub(mul_div_up(raw, U256::from(RELAYER_FEE_PIPS), U256::from(PIPS_ONE))?)
}

/// The least input of which the relayer leaves `raw`.
fn before_fee(raw: U256) -> Option<U256> {
    let one = U256::from(PIPS_ONE);
    mul_div_up(raw, one, one.checked_sub(U256::from(RELAYER_FEE_PIPS))?)
}

fn token(network: &NetworkInfo, asset: &Asset) -> Result<Address, Refusal> {
    asset.token().map_or_else(|| read::role(network, "weth"), Ok)
}

/// WETH is unwrapped for an externally owned account: it arrives as the native coin.
fn arrives_as(asset: &Asset) -> &str {
    if asset.symbol == "WETH" { "ETH" } else { &asset.symbol }
}

/// The network that `out` is on, if `asset` can go there as `out`.
fn reached<'a>(ask: &Ask<'a>, asset: &Asset, out: &Asset) -> Result<&'a NetworkInfo, Refusal> {
    let target =
        ask.registry.network(out.chain_id).filter(|target| target.role("across.spoke_pool").is_some());
    let target = target.ok_or_else(|| {
        ask.not_possible("world.lacks", &format!("Across does not reach chain {}", out.chain_id))
    })?;
    if arrives_as(asset) != out.symbol || asset.decimals != out.decimals {
        let why = format!(
            "{} arrives on {} as {}, not as {}",
            asset.symbol,
            target.name,
            arrives_as(asset),
            out.symbol
        );
        return Err(ask.not_possible("world.lacks", &why));
    }
    Ok(target)
}

/// With [`Side::Buy`] what is asked for is what must arrive, and the input follows.
pub(crate) async fn bridge(
    ask: &Ask<'_>,
    asset: &Asset,
    out: &Asset,
    side: Side,
) -> Result<CompiledStep, Refusal> {
    let target = reached(ask, asset, out)?;
    let amounts = match side {
        Side::Sell => after_fee(ask.raw).map(|output| (ask.raw, output)),
        Side::Buy => before_fee(ask.raw).map(|input| (input, ask.raw)),
    };
    let (input, output) = amounts
        .filter(|(_, output)| !output.is_zero())
        .ok_or_else(|| ask.not_possible("world.no_liquidity", "the relayer's fee takes all of it"))?;
    let amount = asset.amount(input);
    ask.must_hold(&amount).await?;
    let (spoke_pool, input_token) = (ask.role("across.spoke_pool")?, token(ask.network, asset)?);
    // The contract holds this against its own clock, which is the chain's.
    let chain_time = ask.view.block().timestamp;
    let seconds = |time: u64| u32::try_from(time).unwrap_or(u32::MAX);
    let call = ISpokePool::depositV3Call {
        depositor: ask.account,
        recipient: ask.account,
        inputToken: input_token,
        outputToken: token(target, out)?,
        inputAmount: input,
        outputAmount: output,
        destinationChainId: U256::from(out.chain_id),
        exclusiveRelayer: Address::ZERO,
        quoteTimestamp: seconds(chain_time),
        fillDeadline: seconds(chain_time.saturating_add(FILL_WITHIN_S)),
        exclusivityDeadline: 0,
        message: Bytes::new(),
    };
    let value = if asset.is_native() { input } else { U256::ZERO };
    let mut step = ask.compiled(ask.act(spoke_pool, value, &call)?, Some("across"), vec![asset.clone()]);
    if !asset.is_native() {
        ask.allow(input_token, spoke_pool, input).await?.around(&mut step, false);
    }
    let output = out.amount(output);
    step.spends = vec![amount];
    step.yields = vec![output.clone()];
    step.quote = Some(Quote {
        expected_out: output.clone(),
        min_out: output,
        route: vec![format!("across {} {} to {}", asset.symbol, ask.network.name, target.name)],
        impact_bps: 0,
        expires_at: ask.deadline(),
    });
    Ok(step)
}

/// The deposit for chain `destination` in a receipt.
pub(crate) fn deposit_of(receipt: &Receipt, destination: u64) -> Option<ISpokePool::V3FundsDeposited> {
    let events = receipt.logs.iter().filter_map(event::<ISpokePool::V3FundsDeposited>);
    events.into_iter().find(|deposit| deposit.destinationChainId == U256::from(destination))
}

/// When a deposit of this receipt can be refunded if nobody filled it, seconds since the Unix epoch.
pub(crate) fn refund_after(receipt: &Receipt) -> Option<u64> {
    let deposit = receipt.logs.iter().find_map(event::<ISpokePool::V3FundsDeposited>)?;
    Some(u64::from(deposit.fillDeadline))
}

/// Topics of the fill that answers `deposit`, made on chain `origin`.
pub(crate) fn fill_topics(origin: u64, deposit: &ISpokePool::V3FundsDeposited) -> [B256; 3] {
    let id = B256::from(U256::from(deposit.depositId));
    [ISpokePool::FilledV3Relay::SIGNATURE_HASH, B256::from(U256::from(origin)), id]
}

/// What a log says has arrived for `deposit`, smallest units.
pub(crate) fn filled(log: &Log, deposit: &ISpokePool::V3FundsDeposited) -> Option<U256> {
    let fill = event::<ISpokePool::FilledV3Relay>(log)?;
    let same = fill.depositId == deposit.depositId
        && fill.depositor == deposit.depositor
        && fill.outputToken == deposit.outputToken;
    let info = fill.relayExecutionInfo;
    (same && info.updatedRecipient == deposit.recipient).then_some(info.updatedOutputAmount)
}

fn event<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_raw_log(log.topics.iter().copied(), &log.data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relayer_gets_at_least_its_fee() {
        for raw in [1_u64, 1_999, 2_000, 2_001, 200_000_000] {
            let kept = raw - after_fee(U256::from(raw)).unwrap().to::<u64>();
            assert!(
                kept * 1_000_000 >= raw * RELAYER_FEE_PIPS && (kept - 1) * 1_000_000 < raw * RELAYER_FEE_PIPS,
                "{raw}"
            );
            // The other way round: the least input that leaves as much.
            let input = before_fee(U256::from(raw)).unwrap();
            assert!(after_fee(input).unwrap() >= U256::from(raw), "{raw}");
            assert!(after_fee(input - U256::from(1)).unwrap() < U256::from(raw), "{raw}");
        }
    }
}
