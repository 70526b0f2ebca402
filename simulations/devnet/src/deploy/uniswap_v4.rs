//! Uniswap V4 with a pool of ether and USDC, Permit2, and the Universal Router over all three versions.

use alloy_primitives::{
    Address, B256, Bytes, U256,
    aliases::{I24, U24, U48, U160},
    b256,
};
use alloy_sol_types::{SolCall, SolValue, sol};

use super::tokens;
use crate::{
    error::DevnetError,
    evm::{Evm, admin, named},
    prices::Prices,
};

sol! {
    #[derive(Debug)]
    struct PoolKey { address currency0; address currency1; uint24 fee; int24 tickSpacing; address hooks; }
    function initialize(PoolKey key, uint160 sqrtPriceX96) returns (int24 tick);
    function modifyLiquidities(bytes unlockData, uint256 deadline) payable;
    function approve(address token, address spender, uint160 amount, uint48 expiration);
}

/// Hashes of the creation code of a V2 pair and of a V3 pool, by which the router finds them.
const PAIR_CODE: B256 = b256!("96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f");
const POOL_CODE: B256 = b256!("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54");

/// The pool's fee in millionths (0.05 %), and the ticks between two that may be used.
const FEE: u16 = 500;
const TICK_SPACING: i32 = 10;
/// Dollars of USDC in each position; of ether about as many.
const DOLLARS: u64 = 5_000_000;
/// The positions: ticks to each side of the price, and 1 - 1.0001^(-ticks / 2) in millionths, the share of the price's
/// square root that lies between the price and the lower end.
const WIDTHS: [(i32, u64); 2] = [(300, 14_888), (6_000, 259_182)];

pub(super) fn deploy(evm: &mut Evm<'_>, prices: &Prices) -> Result<(), DevnetError> {
    let (weth, v2, v3) = (evm.at("weth")?, evm.at("uniswap.v2_factory")?, evm.at("uniswap.factory")?);
    let permit2 = evm.deploy_role("permit2", "DeployPermit2", Vec::new())?;
    let manager = evm.deploy_role("uniswap.pool_manager", "PoolManager.default", admin().abi_encode())?;
    evm.deploy_role("uniswap.v4_quoter", "V4Quoter", manager.abi_encode())?;
    evm.deploy_role("uniswap.state_view", "StateView", manager.abi_encode())?;
    let arguments = (manager, weth, B256::right_padding_from(b"ETH")).abi_encode_params();
    let descriptor = evm.deploy(named("v4 position descriptor"), "PositionDescriptor", arguments)?;
    // What a position's subscriber may use of gas when it is left: as on the real chains.
    let unsubscribe_gas = U256::from(300_000);
    let arguments = (manager, permit2, unsubscribe_gas, descriptor, weth).abi_encode_params();
    let positions = evm.deploy_role("uniswap.v4_position_manager", "PositionManager", arguments)?;
    let v3_positions = evm.at("uniswap.position_manager")?;
    let spoke_pool = evm.place("across.spoke_pool");
    let swapping = (v2, v3, PAIR_CODE, POOL_CODE, manager);
    let arguments = (permit2, weth, swapping, v3_positions, positions, spoke_pool).abi_encode_params();
    // Version 2.1.0: not the one whose address on the real chains is known, so it has an address of its own.
    evm.deploy_role("uniswap.universal_router", "UniversalRouter", arguments)?;
    pool(evm, prices, manager, positions)
}

/// The vanilla pool, without hooks: ether, which V4 knows as the zero address, and USDC.
fn pool(evm: &mut Evm<'_>, prices: &Prices, manager: Address, positions: Address) -> Result<(), DevnetError> {
    let (permit2, usdc) = (evm.at("permit2")?, evm.at("usdc")?);
    let key = PoolKey {
        currency0: Address::ZERO,
        currency1: usdc,
        fee: U24::from(FEE),
        tickSpacing: I24::try_from(TICK_SPACING).unwrap_or_default(),
        hooks: Address::ZERO,
    };
    let price = prices.sqrt_price_x96("weth", "usdc")?;
    let start = initializeCall { key: key.clone(), sqrtPriceX96: U160::saturating_from(price) };
    let tick = evm.send(admin(), manager, start)?.as_i32();

    let amount = prices.worth("usdc", DOLLARS)?;
    tokens::give(evm, "usdc", admin(), amount.saturating_mul(U256::from(4)))?;
    tokens::approve(evm, "usdc", admin(), permit2)?;
    let allowance = approveCall { token: usdc, spender: positions, amount: U160::MAX, expiration: U48::MAX };
    evm.send(admin(), permit2, allowance)?;
    // Twice what should be needed; the rest comes back.
    let ether = prices.worth("weth", DOLLARS)?.saturating_mul(U256::from(2));
    for (width, share) in WIDTHS {
        let liquidity = amount
            .saturating_mul(U256::from(1_000_000))
            .checked_shl(96)
            .and_then(|scaled| scaled.checked_div(price.saturating_mul(U256::from(share))))
            .unwrap_or_default();
        let at = |tick: i32| {
            let multiple = tick.div_euclid(TICK_SPACING).saturating_mul(TICK_SPACING);
            I24::try_from(multiple).unwrap_or_default()
        };
        let (lower, upper) = (at(tick.saturating_sub(width)), at(tick.saturating_add(width)));
        let owner = admin();
        let mint = (key.clone(), lower, upper, liquidity, u128::MAX, u128::MAX, owner, Bytes::new());
        // MINT_POSITION, SETTLE_PAIR, SWEEP.
        let actions = Bytes::from_static(&[0x02, 0x0d, 0x14]);
        let parameters: Vec<Bytes> = vec![
            mint.abi_encode_params().into(),
            (key.currency0, key.currency1).abi_encode_params().into(),
            (key.currency0, owner).abi_encode_params().into(),
        ];
        let call = modifyLiquiditiesCall {
            unlockData: (actions, parameters).abi_encode_params().into(),
            deadline: U256::MAX,
        };
        evm.credit(owner, ether);
        evm.call(owner, positions, ether, call.abi_encode().into(), "modifyLiquidities")?;
    }
    Ok(())
}
