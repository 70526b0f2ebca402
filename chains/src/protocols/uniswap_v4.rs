//! Uniswap V4 through the Universal Router: one vanilla pool (no hooks), in which the native coin is currency 0.
//! Commands and actions: <https://docs.uniswap.org/contracts/universal-router/technical-reference>, v4-periphery's
//! `Actions`.

use agent_core::{CompiledStep, Refusal, Side};
use alloy_primitives::aliases::{I24, U24};
use alloy_primitives::{Address, B256, Bytes, U256, U512, keccak256};
use alloy_sol_types::{SolValue, sol};

use crate::ask::Ask;
use crate::protocols::permit2;
use crate::protocols::uniswap::{Limits, Offer, Trade, Venue, after_fee, better};
use crate::protocols::uniswap_route::at_price;
use crate::read;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    struct PoolKey { address currency0; address currency1; uint24 fee; int24 tickSpacing; address hooks; }
    #[derive(Debug)]
    struct ExactInputSingleParams {
        PoolKey poolKey; bool zeroForOne; uint128 amountIn; uint128 amountOutMinimum; uint256 minHopPriceX36; bytes hookData;
    }
    #[derive(Debug)]
    struct ExactOutputSingleParams {
        PoolKey poolKey; bool zeroForOne; uint128 amountOut; uint128 amountInMaximum; uint256 minHopPriceX36; bytes hookData;
    }

    #[derive(Debug)]
    interface IV4Quoter {
        struct QuoteExactSingleParams { PoolKey poolKey; bool zeroForOne; uint128 exactAmount; bytes hookData; }
        function quoteExactInputSingle(QuoteExactSingleParams params) external returns (uint256 amountOut, uint256 gasEstimate);
        function quoteExactOutputSingle(QuoteExactSingleParams params) external returns (uint256 amountIn, uint256 gasEstimate);
    }

    #[derive(Debug)]
    interface IStateView {
        function getSlot0(bytes32 poolId) external view
            returns (uint160 sqrtPriceX96, int24 tick, uint24 protocolFee, uint24 lpFee);
    }

    #[derive(Debug)]
    interface IUniversalRouter {
        function execute(bytes commands, bytes[] inputs, uint256 deadline) external payable;
    }
}

/// Commands of the router.
pub(crate) const V4_SWAP: u8 = 0x10;
pub(crate) const SWEEP: u8 = 0x04;
/// Actions inside V4_SWAP.
pub(crate) const SWAP_EXACT_IN_SINGLE: u8 = 0x06;
pub(crate) const SWAP_EXACT_OUT_SINGLE: u8 = 0x08;
pub(crate) const SETTLE_ALL: u8 = 0x0c;
pub(crate) const TAKE_ALL: u8 = 0x0f;

/// Fees that are in use, millionths, with the ticks between two that may be used.
const FEES: [(u16, u8); 4] = [(100, 1), (500, 10), (3_000, 60), (10_000, 200)];

/// A vanilla pool, and which way through it.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    /// Millionths.
    pub(crate) fee: u16,
    pub(crate) tick_spacing: u8,
    /// The native coin is the zero address.
    pub(crate) from: Address,
    pub(crate) to: Address,
}

impl Pool {
    pub(crate) fn ends(&self) -> (Address, Address) {
        (self.from, self.to)
    }

    fn zero_for_one(&self) -> bool {
        self.from < self.to
    }

    pub(crate) fn key(&self) -> PoolKey {
        PoolKey {
            currency0: self.from.min(self.to),
            currency1: self.from.max(self.to),
            fee: U24::from(self.fee),
            tickSpacing: I24::try_from(self.tick_spacing).unwrap_or_default(),
            hooks: Address::ZERO,
        }
    }

    fn id(&self) -> B256 {
        keccak256(self.key().abi_encode())
    }
}

/// The best pool by V4Quoter; one hop only.
pub(crate) async fn best(ask: &Ask<'_>, trade: &Trade<'_>) -> Result<Option<Offer>, Refusal> {
    let quoter =
        ask.network.role("uniswap.v4_quoter").filter(|_| ask.network.role(permit2::SPENDER).is_some());
    let (Some(quoter), Ok(exact)) = (quoter, u128::try_from(ask.raw)) else { return Ok(None) };
    let (from, to) = (trade.sell.token().unwrap_or_default(), trade.buy.token().unwrap_or_default());
    let pools = FEES.map(|(fee, tick_spacing)| Pool { fee, tick_spacing, from, to });
    let params = |pool: &Pool| IV4Quoter::QuoteExactSingleParams {
        poolKey: pool.key(),
        zeroForOne: pool.zero_for_one(),
        exactAmount: exact,
        hookData: Bytes::new(),
    };
    let amounts: Vec<Option<(U256, U256)>> = match trade.side {
        Side::Sell => {
            let call = |pool: &Pool| (quoter, IV4Quoter::quoteExactInputSingleCall { params: params(pool) });
            let calls: Vec<_> = pools.iter().map(call).collect();
            let quotes = read::read_all(ask.network, ask.view, &calls).await?.into_iter();
            quotes.map(|quote| Some((ask.raw, quote?.amountOut))).collect()
        }
        Side::Buy => {
            let call = |pool: &Pool| (quoter, IV4Quoter::quoteExactOutputSingleCall { params: params(pool) });
            let calls: Vec<_> = pools.iter().map(call).collect();
            let quotes = read::read_all(ask.network, ask.view, &calls).await?.into_iter();
            quotes.map(|quote| Some((quote?.amountIn, ask.raw))).collect()
        }
    };
    let offers = pools.into_iter().zip(amounts).filter_map(|(pool, amounts)| {
        let (amount_in, amount_out) = amounts?;
        Some(Offer { amount_in, amount_out, venue: Venue::V4(pool) })
    });
    Ok(better(offers, trade.side))
}

/// Swaps, pays at most what was said, takes at least what was promised. What an exact output leaves of the coins is
/// swept back.
pub(crate) async fn compile(
    ask: &Ask<'_>,
    trade: &Trade<'_>,
    pool: &Pool,
    limits: Limits,
) -> Result<CompiledStep, Refusal> {
    let Limits { most_in, least_out } = limits;
    let small = |raw: U256| {
        u128::try_from(raw).map_err(|_| ask.not_possible("world.no_liquidity", "a V4 pool counts to 2^128"))
    };
    let (most, least) = (small(most_in)?, small(least_out)?);
    let (action, swap) = match trade.side {
        Side::Sell => {
            let swap = ExactInputSingleParams {
                poolKey: pool.key(),
                zeroForOne: pool.zero_for_one(),
                amountIn: most,
                amountOutMinimum: least,
                minHopPriceX36: U256::ZERO,
                hookData: Bytes::new(),
            };
            (SWAP_EXACT_IN_SINGLE, swap.abi_encode())
        }
        Side::Buy => {
            let swap = ExactOutputSingleParams {
                poolKey: pool.key(),
                zeroForOne: pool.zero_for_one(),
                amountOut: least,
                amountInMaximum: most,
                minHopPriceX36: U256::ZERO,
                hookData: Bytes::new(),
            };
            (SWAP_EXACT_OUT_SINGLE, swap.abi_encode())
        }
    };
    let actions = Bytes::from(vec![action, SETTLE_ALL, TAKE_ALL]);
    let parameters: Vec<Bytes> = vec![
        swap.into(),
        (pool.from, most_in).abi_encode_params().into(),
        (pool.to, least_out).abi_encode_params().into(),
    ];
    let (mut commands, mut inputs) =
        (vec![V4_SWAP], vec![Bytes::from((actions, parameters).abi_encode_params())]);
    let (native, buys) = (trade.sell.is_native(), trade.side == Side::Buy);
    if native && buys {
        commands.push(SWEEP);
        inputs.push((Address::ZERO, ask.account, U256::ZERO).abi_encode_params().into());
    }
    let deadline = U256::from(ask.deadline());
    let call = IUniversalRouter::executeCall { commands: commands.into(), inputs, deadline };
    let value = if native { most_in } else { U256::ZERO };
    let act = ask.act(ask.role(permit2::SPENDER)?, value, &call)?;
    let mut step = ask.compiled(act, Some("uniswap"), vec![trade.sell.clone(), trade.buy.clone()]);
    if !native {
        permit2::allow(ask, &mut step, pool.from, most_in, buys).await?;
    }
    Ok(step)
}

/// What the pool gives at its price, without its impact.
pub(crate) async fn ideal(ask: &Ask<'_>, pool: &Pool, amount_in: U256) -> Result<Option<U512>, Refusal> {
    let slot =
        ask.read(ask.role("uniswap.state_view")?, &IStateView::getSlot0Call { poolId: pool.id() }).await?;
    Ok(after_fee(U512::from(amount_in), u32::from(pool.fee))
        .and_then(|amount| at_price(amount, slot.sqrtPriceX96, pool.from, pool.to)))
}
