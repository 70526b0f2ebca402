//! Uniswap V3: the contracts, the recorded USDC/WETH pool on Ethereum, seeded pools elsewhere.

use std::collections::BTreeMap;

use alloy_primitives::{
    Address, B256, I256, U256,
    aliases::{I24, U24, U160},
    keccak256,
};
use alloy_sol_types::{SolValue, sol};

use super::{tokens, units};
use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
    places::Places,
    recorded::RecordedPool,
    world::ETHEREUM,
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

pub(super) struct Pools {
    pub(super) weth_usdc: Address,
    pub(super) dai_usdc: Address,
}

pub(super) fn deploy(
    evm: &mut Evm<'_>,
    places: &Places,
    recorded: &RecordedPool,
) -> Result<Pools, DevnetError> {
    let (factory, weth) = (places.uniswap_v3_factory, places.weth);
    evm.deploy(factory, "UniswapV3Factory", Vec::new())?;
    evm.send(admin(), factory, enableFeeAmountCall { fee: U24::from(100), tickSpacing: I24::ONE })?;
    evm.deploy_library("NFTDescriptor")?;
    let label = B256::right_padding_from(b"ETH");
    let descriptor = evm.deploy(
        named("position descriptor"),
        "NonfungibleTokenPositionDescriptor",
        (weth, label).abi_encode_params(),
    )?;
    let manager = places.position_manager;
    evm.deploy(manager, "NonfungiblePositionManager", (factory, weth, descriptor).abi_encode_params())?;
    evm.deploy(places.quoter_v2, "QuoterV2", (factory, weth).abi_encode_params())?;
    let router_arguments = (places.uniswap_v2_factory, factory, manager, weth).abi_encode_params();
    evm.deploy(places.swap_router02, "SwapRouter02", router_arguments)?;

    let weth_usdc = if places.chain_id == ETHEREUM {
        recorded_pool(evm, places, recorded)?
    } else {
        seeded_weth_pool(evm, places, recorded)?
    };
    Ok(Pools { weth_usdc, dai_usdc: seeded_dai_pool(evm, places)? })
}

/// A pool with its price, without liquidity.
fn new_pool(
    evm: &mut Evm<'_>,
    factory: Address,
    tokens: [Address; 2],
    fee: u16,
    sqrt_price: U256,
) -> Result<Address, DevnetError> {
    let [token_a, token_b] = tokens;
    let pool =
        evm.send(admin(), factory, createPoolCall { tokenA: token_a, tokenB: token_b, fee: U24::from(fee) })?;
    evm.send(admin(), pool, initializeCall { sqrtPriceX96: U160::saturating_from(sqrt_price) })?;
    Ok(pool)
}

/// The recorded pool: its ticks are written into the slots where `UniswapV3Pool` keeps them.
fn recorded_pool(
    evm: &mut Evm<'_>,
    places: &Places,
    recorded: &RecordedPool,
) -> Result<Address, DevnetError> {
    const FEE_GROWTH_GLOBAL: [u64; 2] = [1, 2];
    const LIQUIDITY: u64 = 4;
    const TICKS: u64 = 5;
    const TICK_BITMAP: u64 = 6;
    const TICK_SPACING: i32 = 10;
    let one = U256::from(1);
    let tokens = [places.usdc, places.weth];
    let pool = new_pool(evm, places.uniswap_v3_factory, tokens, 500, recorded.sqrt_price_x96)?;
    let tick = evm.send(admin(), pool, slot0Call {})?.tick.as_i32();
    if tick != recorded.tick {
        let reason = format!("its price is in tick {tick}, recorded is {}", recorded.tick);
        return Err(DevnetError::Deploy { step: "the recorded pool".to_owned(), reason });
    }
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
        let compressed = tick.div_euclid(TICK_SPACING);
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
    // More than the recorded liquidity can ever pay out.
    tokens::mint(evm, places.usdc, pool, units(500_000_000, 6))?;
    tokens::wrap(evm, places.weth, pool, units(100_000, 18))?;
    Ok(pool)
}

/// Slot of `mapping(intN => …)` at `slot` for `key`.
fn mapping_slot(key: i32, slot: u64) -> U256 {
    let key = I256::try_from(key).unwrap_or_default();
    keccak256((key, U256::from(slot)).abi_encode()).into()
}

/// WETH/USDC 0.05 % at the recorded price; token 0 is WETH on Base.
fn seeded_weth_pool(
    evm: &mut Evm<'_>,
    places: &Places,
    recorded: &RecordedPool,
) -> Result<Address, DevnetError> {
    let price = recorded.inverse_sqrt_price_x96;
    let pool = new_pool(evm, places.uniswap_v3_factory, [places.weth, places.usdc], 500, price)?;
    tokens::wrap(evm, places.weth, admin(), units(30_000, 18))?;
    tokens::mint(evm, places.usdc, admin(), units(80_000_000, 6))?;
    // The most of it near the price, the rest for those who trade a lot.
    let seed = Seed {
        pool,
        tokens: [places.weth, places.usdc],
        fee: 500,
        amounts: [units(5_000, 18), units(13_000_000, 6)],
    };
    seed.mint(evm, places.position_manager, 10, &[300, 1_500, 6_000])?;
    Ok(pool)
}

/// DAI/USDC 0.01 % at one to one; token 0 is DAI on both chains.
fn seeded_dai_pool(evm: &mut Evm<'_>, places: &Places) -> Result<Address, DevnetError> {
    // sqrt(10^6 / 10^18) = 10^-6.
    let price = U256::from(1).wrapping_shl(96).checked_div(U256::from(1_000_000)).unwrap_or_default();
    let pool = new_pool(evm, places.uniswap_v3_factory, [places.dai, places.usdc], 100, price)?;
    tokens::mint(evm, places.dai, admin(), units(50_000_000, 18))?;
    tokens::mint(evm, places.usdc, admin(), units(50_000_000, 6))?;
    let seed = Seed {
        pool,
        tokens: [places.dai, places.usdc],
        fee: 100,
        amounts: [units(10_000_000, 18), units(10_000_000, 6)],
    };
    seed.mint(evm, places.position_manager, 1, &[5, 50, 500])?;
    Ok(pool)
}

struct Seed {
    pool: Address,
    tokens: [Address; 2],
    fee: u16,
    /// At most, for each position.
    amounts: [U256; 2],
}

impl Seed {
    /// One position for each half width (in ticks) around the pool's price, by the position manager.
    fn mint(
        &self,
        evm: &mut Evm<'_>,
        manager: Address,
        spacing: i32,
        half_widths: &[i32],
    ) -> Result<(), DevnetError> {
        for token in self.tokens {
            tokens::approve(evm, token, admin(), manager)?;
        }
        let tick = evm.send(admin(), self.pool, slot0Call {})?.tick.as_i32();
        let at = |tick: i32| {
            let multiple = tick.div_euclid(spacing).saturating_mul(spacing);
            I24::try_from(multiple).unwrap_or_default()
        };
        let [token0, token1] = self.tokens;
        let [amount0, amount1] = self.amounts;
        for half_width in half_widths {
            let params = MintParams {
                token0,
                token1,
                fee: U24::from(self.fee),
                tickLower: at(tick.saturating_sub(*half_width)),
                tickUpper: at(tick.saturating_add(*half_width)),
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
