//! Uniswap V3 positions: what they would give if they were taken out now, and the fees that wait in them
//! (<https://docs.uniswap.org/contracts/v3/reference/periphery/NonfungiblePositionManager>).

use std::collections::BTreeMap;

use agent_core::{Asset, CallEnd, Claimable, LiquidityPosition, NetworkInfo, Refusal};
use alloy_primitives::aliases::U24;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, sol};

use super::Gaps;
use crate::prices::pools::{Pool, PoolRead, PoolState};
use crate::protocols::uniswap_route::{FEES, IUniswapV3Factory};
use crate::read::{Answers, Reads, Slot};
use crate::ticks;
use crate::view::LiveView;

sol! {
    #[derive(Debug)]
    interface IPositions {
        function balanceOf(address owner) external view returns (uint256);
        function tokenOfOwnerByIndex(address owner, uint256 index) external view returns (uint256);
        function positions(uint256 tokenId) external view returns (
            uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower,
            int24 tickUpper, uint128 liquidity, uint256 feeGrowthInside0LastX128,
            uint256 feeGrowthInside1LastX128, uint128 tokensOwed0, uint128 tokensOwed1
        );
        struct CollectParams { uint256 tokenId; address recipient; uint128 amount0Max; uint128 amount1Max; }
        function collect(CollectParams params) external payable returns (uint256 amount0, uint256 amount1);
    }
}

/// Positions that are read; anybody may send somebody more of them.
const POSITIONS_MAX: u64 = 32;

type PositionSlot = Slot<IPositions::positionsCall>;

/// Collected reads of which positions there are, and of the pools that they may be in.
#[derive(Debug)]
pub(super) struct Positions<'a> {
    network: &'a NetworkInfo,
    account: Address,
    manager: Option<Address>,
    count: Option<Slot<IPositions::balanceOfCall>>,
    ids: Vec<Slot<IPositions::tokenOfOwnerByIndexCall>>,
    pools: Vec<([Address; 2], u16, Slot<IUniswapV3Factory::getPoolCall>)>,
}

impl<'a> Positions<'a> {
    /// Which ids there are is not known yet: the first ones are asked for by index, in vain if there are fewer.
    pub(super) fn ask(reads: &mut Reads, network: &'a NetworkInfo, account: Address) -> Self {
        let manager = network.role("uniswap.position_manager");
        let mut own = Self { network, account, manager, count: None, ids: Vec::new(), pools: Vec::new() };
        let (Some(manager), Some(factory)) = (manager, network.role("uniswap.factory")) else { return own };
        own.count = Some(reads.ask(manager, &IPositions::balanceOfCall { owner: account }));
        for index in (0..POSITIONS_MAX).map(U256::from) {
            let call = IPositions::tokenOfOwnerByIndexCall { owner: account, index };
            own.ids.push(reads.ask(manager, &call));
        }
        let mut tokens: Vec<Address> = network.assets.iter().filter_map(Asset::token).collect();
        tokens.sort_unstable();
        for (place, token0) in tokens.iter().enumerate() {
            for token1 in tokens.iter().skip(place.saturating_add(1)) {
                for fee in FEES {
                    let call = IUniswapV3Factory::getPoolCall {
                        tokenA: *token0,
                        tokenB: *token1,
                        fee: U24::from(fee),
                    };
                    own.pools.push(([*token0, *token1], fee, reads.ask(factory, &call)));
                }
            }
        }
        own
    }

    /// The positions that hold something, in one further round trip if there are any.
    pub(super) async fn read(
        &self,
        answers: &Answers,
        view: &LiveView,
        gaps: &mut Gaps,
    ) -> Result<Vec<LiquidityPosition>, Refusal> {
        let (Some(manager), Some(count)) = (self.manager, &self.count) else { return Ok(Vec::new()) };
        let Some(count) = gaps.take("the positions of Uniswap", answers.get(count)) else {
            return Ok(Vec::new());
        };
        if count > U256::from(POSITIONS_MAX) {
            let why = format!("there are {count}, and the first {POSITIONS_MAX} are read");
            gaps.note("further positions of Uniswap", why);
        }
        let (mut reads, mut asked, mut calls) = (Reads::default(), Vec::new(), Vec::new());
        for (index, slot) in self.ids.iter().enumerate().take(count.saturating_to()) {
            let what = format_args!("position {} of Uniswap by its place", index.saturating_add(1));
            let Some(id) = gaps.take(what, answers.get(slot)) else { continue };
            asked.push((id, reads.ask(manager, &IPositions::positionsCall { tokenId: id })));
            calls.push((self.account, manager, collect(id, self.account).into()));
        }
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let pools = self.pools.iter().filter_map(|(tokens, fee, slot)| {
            let address = answers.get(slot).ok().filter(|pool| !pool.is_zero())?;
            Some(Pool { tokens: *tokens, fee: u32::from(*fee), address })
        });
        let pools: Vec<PoolRead> = pools.map(|pool| PoolRead::ask(&mut reads, pool)).collect();
        let (multicall, data) = reads.call(self.network)?;
        calls.push((Address::ZERO, multicall, data));
        let mut outcomes = view.call_all(&calls).await?;
        let answers = match outcomes.pop() {
            Some(outcome) => reads.answers(multicall, &outcome)?,
            None => return Ok(Vec::new()),
        };
        let pools: Vec<PoolState> = pools.iter().filter_map(|pool| pool.state(&answers)).collect();
        let fees = outcomes.into_iter().map(|outcome| match outcome.end {
            CallEnd::Success => IPositions::collectCall::abi_decode_returns(&outcome.output)
                .map(|fees| [fees.amount0, fees.amount1])
                .map_err(|_| "it does not say what it collects".to_owned()),
            CallEnd::Revert(reason) | CallEnd::Halt(reason) => Err(reason),
        });
        let positions = asked.iter().zip(fees).filter_map(|((id, slot), fees)| {
            let what = format!("position {id} of Uniswap");
            let fees = gaps.take(format_args!("the fees of {what}"), fees).unwrap_or_default();
            gaps.take(what, self.position(*id, slot, fees, &answers, &pools))?
        });
        Ok(positions.collect())
    }

    /// `None`: it is empty.
    fn position(
        &self,
        id: U256,
        slot: &PositionSlot,
        fees: [U256; 2],
        answers: &Answers,
        pools: &[PoolState],
    ) -> Result<Option<LiquidityPosition>, String> {
        let found = answers.get(slot)?;
        let liquidity = U256::from(found.liquidity);
        if liquidity.is_zero() && fees.iter().all(U256::is_zero) {
            return Ok(None);
        }
        let tokens = [found.token0, found.token1];
        let asset = |token| {
            let known = self.network.token(token).cloned();
            known.ok_or_else(|| format!("it holds {token}, which the registry does not know"))
        };
        let pair = [asset(found.token0)?, asset(found.token1)?];
        let fee_pips = found.fee.to::<u32>();
        let (tick_lower, tick_upper) = (found.tickLower.as_i32(), found.tickUpper.as_i32());
        let pool = pools.iter().find(|state| state.pool.tokens == tokens && state.pool.fee == fee_pips);
        let pool = pool.ok_or("its pool does not answer")?;
        let sqrt_price = U256::from(pool.sqrt_price);
        let (raw0, raw1) = ticks::amounts(liquidity, sqrt_price, (tick_lower, tick_upper))
            .ok_or("its range is none that a pool can have")?;
        let [asset0, asset1] = &pair;
        let [fee0, fee1] = fees;
        Ok(Some(LiquidityPosition {
            id,
            protocol: "uniswap v3".to_owned(),
            fee_pips,
            tick_lower,
            tick_upper,
            liquidity,
            amounts: [asset0.amount(raw0), asset1.amount(raw1)],
            fees: [asset0.amount(fee0), asset1.amount(fee1)],
            in_range: tick_lower <= pool.tick && pool.tick < tick_upper,
            pair,
        }))
    }
}

/// Run as the owner and thrown away, it tells the fees to the wei.
fn collect(id: U256, owner: Address) -> Vec<u8> {
    let params = IPositions::CollectParams {
        tokenId: id,
        recipient: owner,
        amount0Max: u128::MAX,
        amount1Max: u128::MAX,
    };
    IPositions::collectCall { params }.abi_encode()
}

/// The fees of all positions, asset by asset.
pub(super) fn claimable(positions: &[LiquidityPosition]) -> Vec<Claimable> {
    let mut sums: BTreeMap<&Asset, U256> = BTreeMap::new();
    for fee in positions.iter().flat_map(|position| &position.fees).filter(|fee| !fee.is_zero()) {
        let sum = sums.entry(fee.asset()).or_default();
        *sum = sum.saturating_add(fee.raw());
    }
    let claim = |(asset, raw): (&Asset, U256)| Claimable {
        protocol: "uniswap".to_owned(),
        amount: asset.amount(raw),
    };
    sums.into_iter().map(claim).collect()
}
