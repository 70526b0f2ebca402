//! Uniswap V3 positions of the account: liquidity taken out, fees collected
//! (<https://docs.uniswap.org/contracts/v3/reference/periphery/NonfungiblePositionManager>).

use agent_core::ports::View;
use agent_core::{Asset, CallEnd, CompiledStep, Exit, NetworkInfo, Refusal, Step};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};

use crate::ask::Ask;
use crate::protocols::uniswap_route::{IUniswapV3Factory, IUniswapV3Pool};
use crate::read::{self, Reads};
use crate::{range, ticks};

sol! {
    #[derive(Debug)]
    interface IPositionManager {
        struct MintParams {
            address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper; uint256 amount0Desired;
            uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min; address recipient; uint256 deadline;
        }
        struct DecreaseLiquidityParams {
            uint256 tokenId; uint128 liquidity; uint256 amount0Min; uint256 amount1Min; uint256 deadline;
        }
        struct CollectParams { uint256 tokenId; address recipient; uint128 amount0Max; uint128 amount1Max; }
        function mint(MintParams params) external payable
            returns (uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1);
        function decreaseLiquidity(DecreaseLiquidityParams params) external payable
            returns (uint256 amount0, uint256 amount1);
        function collect(CollectParams params) external payable returns (uint256 amount0, uint256 amount1);
        function burn(uint256 tokenId) external payable;
        function multicall(bytes[] data) external payable returns (bytes[] results);
    }

    #[derive(Debug)]
    interface IPositionReads {
        function ownerOf(uint256 tokenId) external view returns (address owner);
        function balanceOf(address owner) external view returns (uint256);
        function tokenOfOwnerByIndex(address owner, uint256 index) external view returns (uint256);
        function positions(uint256 tokenId) external view returns (
            uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower,
            int24 tickUpper, uint128 liquidity, uint256 feeGrowthInside0LastX128,
            uint256 feeGrowthInside1LastX128, uint128 tokensOwed0, uint128 tokensOwed1
        );
    }
}

/// Positions whose fees are collected in one transaction.
pub(crate) const CLAIMS_MAX: u64 = 32;
/// Calls that take liquidity out.
const MANAGER: &str = "uniswap.position_manager";

/// One position, which is the account's.
async fn owned(
    network: &NetworkInfo,
    view: &dyn View,
    account: Address,
    step: &Step,
    id: U256,
) -> Result<IPositionReads::positionsReturn, Refusal> {
    let manager = read::role(network, MANAGER)?;
    let mut reads = Reads::default();
    let owner = reads.ask(manager, &IPositionReads::ownerOfCall { tokenId: id });
    let position = reads.ask(manager, &IPositionReads::positionsCall { tokenId: id });
    let answers = reads.run(network, view).await?;
    let refused = |code: &str, why: &str| {
        let message = format!("step {}: position {id} of Uniswap on {} {why}", step.index, network.name);
        Refusal::new(Exit::NotPossible, code, message)
            .help("`steward portfolio` lists the positions with their ids")
    };
    match (answers.get(&owner), answers.get(&position)) {
        (Ok(owner), Ok(position)) if owner == account => Ok(position),
        (Ok(owner), Ok(_)) => Err(refused("world.not_yours", &format!("belongs to {owner}"))),
        (Err(_), _) | (_, Err(_)) => Err(refused("world.no_position", "does not exist")),
    }
}

/// The position's liquidity, in the pool's own unit.
pub(crate) async fn held(
    network: &NetworkInfo,
    view: &dyn View,
    account: Address,
    step: &Step,
    id: U256,
) -> Result<U256, Refusal> {
    Ok(U256::from(owned(network, view, account, step, id).await?.liquidity))
}

/// Takes liquidity out and collects it with all fees, in one call; an empty position is burnt.
pub(crate) async fn remove(
    ask: &Ask<'_>,
    id: U256,
    pair: &[Asset; 2],
    slippage_bps: u32,
) -> Result<CompiledStep, Refusal> {
    let manager = ask.role(MANAGER)?;
    let position = owned(ask.network, ask.view, ask.account, ask.step, id).await?;
    let liquidity = u128::try_from(ask.raw).ok().filter(|raw| *raw <= position.liquidity && *raw > 0);
    let liquidity = liquidity.ok_or_else(|| {
        ask.not_possible(
            "world.balance",
            &format!("position {id} has less liquidity, or none is to be taken out"),
        )
    })?;
    let [first, second] = pair;
    let tokens = [first.token(), second.token()];
    let sorted = tokens == [Some(position.token0), Some(position.token1)];
    if !sorted && tokens != [Some(position.token1), Some(position.token0)] {
        let why = format!("position {id} does not hold {} and {}", first.symbol, second.symbol);
        return Err(ask.not_possible("world.no_position", &why));
    }
    let [least0, least1] = least(ask, &position, slippage_bps).await?;
    let params = IPositionManager::DecreaseLiquidityParams {
        tokenId: id,
        liquidity,
        amount0Min: least0,
        amount1Min: least1,
        deadline: U256::from(ask.deadline()),
    };
    let mut data = vec![IPositionManager::decreaseLiquidityCall { params }.abi_encode(), collect(ask, id)];
    if liquidity == position.liquidity {
        data.push(IPositionManager::burnCall { tokenId: id }.abi_encode());
    }
    let mut step = ask.compiled(act(ask, manager, data)?, Some("uniswap"), pair.to_vec());
    let [least_first, least_second] = if sorted { [least0, least1] } else { [least1, least0] };
    step.yields = vec![first.amount(least_first), second.amount(least_second)];
    Ok(step)
}

fn act(ask: &Ask<'_>, manager: Address, data: Vec<Vec<u8>>) -> Result<agent_core::Call, Refusal> {
    let data = data.into_iter().map(Bytes::from).collect();
    ask.act(manager, U256::ZERO, &IPositionManager::multicallCall { data })
}

/// Everything that the position owes its owner.
fn collect(ask: &Ask<'_>, id: U256) -> Vec<u8> {
    let params = IPositionManager::CollectParams {
        tokenId: id,
        recipient: ask.account,
        amount0Max: u128::MAX,
        amount1Max: u128::MAX,
    };
    IPositionManager::collectCall { params }.abi_encode()
}

/// What must come of each token if the price moves by no more than the slippage: of token 0 after it rose, of token 1
/// after it fell.
async fn least(
    ask: &Ask<'_>,
    position: &IPositionReads::positionsReturn,
    slippage_bps: u32,
) -> Result<[U256; 2], Refusal> {
    let call = IUniswapV3Factory::getPoolCall {
        tokenA: position.token0,
        tokenB: position.token1,
        fee: position.fee,
    };
    let pool = ask.read(ask.role("uniswap.factory")?, &call).await?;
    let sqrt_price = U256::from(ask.read(pool, &IUniswapV3Pool::slot0Call {}).await?.sqrtPriceX96);
    ask.fair_price(sqrt_price, [position.token0, position.token1]).await?;
    let ticks = (position.tickLower.as_i32(), position.tickUpper.as_i32());
    let least = range::moved(sqrt_price, slippage_bps).and_then(|(fallen, risen)| {
        let ((least0, _), (_, least1)) =
            (ticks::amounts(ask.raw, risen, ticks)?, ticks::amounts(ask.raw, fallen, ticks)?);
        Some([least0, least1])
    });
    least.ok_or_else(|| {
        let why = format!("a slippage of {slippage_bps} basis points is no limit");
        ask.not_possible("world.no_liquidity", &why)
    })
}

/// Collects the fees of all positions that have some, in one call. What they have is found by running the collection
/// without its effects.
pub(crate) async fn claim(ask: &Ask<'_>) -> Result<CompiledStep, Refusal> {
    let manager = ask.role(MANAGER)?;
    let count = ask.read(manager, &IPositionReads::balanceOfCall { owner: ask.account }).await?;
    let indices = (0..count.saturating_to::<u64>().min(CLAIMS_MAX)).map(U256::from);
    let call = |index| (manager, IPositionReads::tokenOfOwnerByIndexCall { owner: ask.account, index });
    let ids = read::read_all(ask.network, ask.view, &indices.map(call).collect::<Vec<_>>()).await?;
    let ids: Vec<U256> = ids.into_iter().flatten().collect();
    let collects = ids.iter().map(|id| Bytes::from(collect(ask, *id))).collect();
    let trial = IPositionManager::multicallCall { data: collects }.abi_encode();
    let outcome = ask.view.call(ask.account, manager, trial.into()).await?;
    let results = match &outcome.end {
        CallEnd::Success => {
            IPositionManager::multicallCall::abi_decode_returns(&outcome.output).unwrap_or_default()
        }
        CallEnd::Revert(_) | CallEnd::Halt(_) => Vec::new(),
    };
    let owing = ids.into_iter().zip(results).filter(|(_, result)| {
        let fees = IPositionManager::collectCall::abi_decode_returns(result);
        fees.is_ok_and(|fees| !fees.amount0.is_zero() || !fees.amount1.is_zero())
    });
    let owing: Vec<U256> = owing.map(|(id, _)| id).collect();
    if owing.is_empty() {
        return Err(ask.not_possible("world.nothing_to_claim", "no position of Uniswap has fees to collect"));
    }
    let call = |id: &U256| (manager, IPositionReads::positionsCall { tokenId: *id });
    let found = read::read_all(ask.network, ask.view, &owing.iter().map(call).collect::<Vec<_>>()).await?;
    let tokens = found.iter().flatten().flat_map(|position| [position.token0, position.token1]);
    let mut assets: Vec<Asset> = tokens.filter_map(|token| ask.network.token(token).cloned()).collect();
    assets.sort();
    assets.dedup();
    let data = owing.iter().map(|id| collect(ask, *id)).collect();
    Ok(ask.compiled(act(ask, manager, data)?, Some("uniswap"), assets))
}
