//! Uniswap V3: the contracts, the recorded pools on Ethereum, seeded pools elsewhere.

use std::collections::BTreeMap;

use alloy_primitives::{
    Address, B256, I256, U256,
    aliases::{I24, U24, U160},
    keccak256,
};
use alloy_sol_types::{SolValue, sol};

use super::tokens;
use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
    prices::Prices,
    recorded::RecordedPool,
    world::{ARBITRUM, BASE, ETHEREUM, OPTIMISM},
};

sol! {
    function enableFeeAmount(uint24 fee, int24 tickSpacing);
    function createPool(address tokenA, address tokenB, uint24 fee) returns (address pool);
    function initialize(uint160 sqrtPriceX96);
    function slot0() returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8, bool);
    struct MintParams {
        address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper;
        uint256 amount0Desired; uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min;
        address recipient; uint256 deadline;
    }
    function mint(MintParams params) returns (uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1);
}

/// A pool that is filled by the position manager, at the prices of `Prices`.
struct Seeded {
    pair: [&'static str; 2],
    fee: u16,
    chains: &'static [u64],
    /// At most so much of each token goes into each of the three positions.
    dollars: u64,
}

const LAYER_2: &[u64] = &[BASE, ARBITRUM, OPTIMISM];
const BRIDGED: &[u64] = &[ARBITRUM, OPTIMISM];

const SEEDED: [Seeded; 10] = [
    Seeded { pair: ["weth", "usdc"], fee: 500, chains: LAYER_2, dollars: 13_000_000 },
    Seeded {
        pair: ["dai", "usdc"],
        fee: 100,
        chains: &[ETHEREUM, BASE, ARBITRUM, OPTIMISM],
        dollars: 10_000_000,
    },
    Seeded { pair: ["usdt", "usdc"], fee: 100, chains: &[ETHEREUM, ARBITRUM, OPTIMISM], dollars: 10_000_000 },
    Seeded { pair: ["usdce", "usdc"], fee: 100, chains: BRIDGED, dollars: 10_000_000 },
    Seeded { pair: ["wbtc", "weth"], fee: 500, chains: &[ETHEREUM, ARBITRUM, OPTIMISM], dollars: 5_000_000 },
    Seeded { pair: ["arb", "weth"], fee: 500, chains: &[ARBITRUM], dollars: 2_000_000 },
    Seeded { pair: ["op", "weth"], fee: 3_000, chains: &[OPTIMISM], dollars: 2_000_000 },
    Seeded { pair: ["uni", "weth"], fee: 3_000, chains: &[ETHEREUM], dollars: 2_000_000 },
    Seeded { pair: ["aave", "weth"], fee: 3_000, chains: &[ETHEREUM], dollars: 2_000_000 },
    Seeded { pair: ["wsteth", "weth"], fee: 100, chains: &[ETHEREUM], dollars: 5_000_000 },
];

pub(super) fn deploy(
    evm: &mut Evm<'_>,
    prices: &Prices,
    recorded: &[RecordedPool],
) -> Result<(), DevnetError> {
    let weth = evm.at("weth")?;
    let factory = evm.deploy_role("uniswap.factory", "UniswapV3Factory", Vec::new())?;
    evm.send(admin(), factory, enableFeeAmountCall { fee: U24::from(100), tickSpacing: I24::ONE })?;
    evm.deploy_library("NFTDescriptor")?;
    let label = B256::right_padding_from(b"ETH");
    let descriptor = evm.deploy(
        named("position descriptor"),
        "NonfungibleTokenPositionDescriptor",
        (weth, label).abi_encode_params(),
    )?;
    let arguments = (factory, weth, descriptor).abi_encode_params();
    let manager = evm.deploy_role("uniswap.position_manager", "NonfungiblePositionManager", arguments)?;
    evm.deploy_role("uniswap.quoter_v2", "QuoterV2", (factory, weth).abi_encode_params())?;
    let arguments = (evm.at("uniswap.v2_factory")?, factory, manager, weth).abi_encode_params();
    evm.deploy_role("uniswap.swap_router02", "SwapRouter02", arguments)?;

    if evm.chain_id == ETHEREUM {
        for pool in recorded {
            recorded_pool(evm, prices, pool)?;
        }
    }
    let here = evm.chain_id;
    for seeded in SEEDED.iter().filter(|seeded| seeded.chains.contains(&here)) {
        seeded.deploy(evm, prices)?;
    }
    Ok(())
}

/// A pool with its price, without liquidity.
fn new_pool(
    evm: &mut Evm<'_>,
    tokens: [Address; 2],
    fee: u16,
    role: &str,
    sqrt_price: U256,
) -> Result<Address, DevnetError> {
    let [token_a, token_b] = tokens;
    let factory = evm.at("uniswap.factory")?;
    let create = createPoolCall { tokenA: token_a, tokenB: token_b, fee: U24::from(fee) };
    let pool = evm.send(admin(), factory, create)?;
    evm.send(admin(), pool, initializeCall { sqrtPriceX96: U160::saturating_from(sqrt_price) })?;
    evm.set_role(&format!("uniswap.pool.{role}_{fee}"), pool);
    Ok(pool)
}

/// Ticks between two that may be used; the widths, to each side of the price, of a seeded pool's positions in ticks:
/// the most of the liquidity near the price, the rest for those who trade a lot.
fn spacing(fee: u16) -> (i32, [i32; 3]) {
    match fee {
        100 => (1, [5, 50, 500]),
        500 => (10, [300, 1_500, 6_000]),
        _ => (60, [600, 1_800, 6_000]),
    }
}

/// A recorded pool: its ticks are written into the slots where `UniswapV3Pool` keeps them.
fn recorded_pool(evm: &mut Evm<'_>, prices: &Prices, recorded: &RecordedPool) -> Result<(), DevnetError> {
    const FEE_GROWTH_GLOBAL: [u64; 2] = [1, 2];
    const LIQUIDITY: u64 = 4;
    const TICKS: u64 = 5;
    const TICK_BITMAP: u64 = 6;
    let one = U256::from(1);
    let [token0, token1] = recorded.tokens;
    let tokens = [evm.at(token0)?, evm.at(token1)?];
    let pool = new_pool(evm, tokens, recorded.fee, recorded.name, recorded.sqrt_price_x96)?;
    let tick = evm.send(admin(), pool, slot0Call {})?.tick.as_i32();
    if tick != recorded.tick {
        let reason = format!("its price is in tick {tick}, recorded is {}", recorded.tick);
        return Err(DevnetError::Deploy { step: format!("the recorded pool {}", recorded.name), reason });
    }
    let (tick_spacing, _) = spacing(recorded.fee);
    let mut bitmap: BTreeMap<i32, U256> = BTreeMap::new();
    for (tick, net) in &recorded.ticks {
        let base = mapping_slot(*tick, TICKS);
        // liquidityGross (u128) lies below liquidityNet (i128).
        let packed = [net.to_be_bytes(), net.unsigned_abs().to_be_bytes()].concat();
        evm.set_slot(pool, base, U256::from_be_slice(&packed));
        // Fee growth outside, not zero: else the first crossing pays for a fresh slot, which no old pool asks for.
        evm.set_slot(pool, base.saturating_add(one), one);
        evm.set_slot(pool, base.saturating_add(U256::from(2)), one);
        // `initialized` is the last byte of the fourth slot.
        evm.set_slot(pool, base.saturating_add(U256::from(3)), one.wrapping_shl(248));
        let compressed = tick.div_euclid(tick_spacing);
        let bit = usize::try_from(compressed.rem_euclid(256)).unwrap_or_default();
        bitmap.entry(compressed.div_euclid(256)).or_default().set_bit(bit, true);
    }
    for (word, bits) in bitmap {
        evm.set_slot(pool, mapping_slot(word, TICK_BITMAP), bits);
    }
    for slot in FEE_GROWTH_GLOBAL {
        evm.set_slot(pool, U256::from(slot), one);
    }
    evm.set_slot(pool, U256::from(LIQUIDITY), U256::from(recorded.liquidity));
    // A billion dollars of each: more than anyone here can buy.
    for role in recorded.tokens {
        tokens::give(evm, role, pool, prices.worth(role, 1_000_000_000)?)?;
    }
    Ok(())
}

/// Slot of `mapping(intN => …)` at `slot` for `key`.
fn mapping_slot(key: i32, slot: u64) -> U256 {
    let key = I256::try_from(key).unwrap_or_default();
    keccak256((key, U256::from(slot)).abi_encode()).into()
}

impl Seeded {
    /// The pool, with one position for each width around its price.
    fn deploy(&self, evm: &mut Evm<'_>, prices: &Prices) -> Result<(), DevnetError> {
        let manager = evm.at("uniswap.position_manager")?;
        let [a, b] = self.pair;
        let [role0, role1] = if evm.at(a)? < evm.at(b)? { [a, b] } else { [b, a] };
        let (token0, token1) = (evm.at(role0)?, evm.at(role1)?);
        let price = prices.sqrt_price_x96(role0, role1)?;
        let pool = new_pool(evm, [token0, token1], self.fee, &self.pair.join("_"), price)?;
        let amounts = [prices.worth(role0, self.dollars)?, prices.worth(role1, self.dollars)?];
        let (spacing, widths) = spacing(self.fee);
        for (role, amount) in [role0, role1].into_iter().zip(amounts) {
            tokens::give(evm, role, admin(), amount.saturating_mul(U256::from(widths.len())))?;
            tokens::approve(evm, role, admin(), manager)?;
        }
        let tick = evm.send(admin(), pool, slot0Call {})?.tick.as_i32();
        let at = |tick: i32| {
            let multiple = tick.div_euclid(spacing).saturating_mul(spacing);
            I24::try_from(multiple).unwrap_or_default()
        };
        let [amount0, amount1] = amounts;
        for width in widths {
            let params = MintParams {
                token0,
                token1,
                fee: U24::from(self.fee),
                tickLower: at(tick.saturating_sub(width)),
                tickUpper: at(tick.saturating_add(width)),
                amount0Desired: amount0,
                amount1Desired: amount1,
                amount0Min: U256::ZERO,
                amount1Min: U256::ZERO,
                recipient: admin(),
                deadline: U256::MAX,
            };
            evm.send(admin(), manager, mintCall { params })?;
        }
        Ok(())
    }
}
