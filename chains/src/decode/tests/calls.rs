//! One honest call of each kind, with its words.

use alloy_primitives::aliases::{I24, U24, U48, U160};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;

use super::{BASE, Call, OWN, THIEF, on_base, role, swaps, units};
use crate::protocols::aave_liquidation::IRewardsController;
use crate::protocols::aave_v3::{IAavePool, RATE_MODE};
use crate::protocols::across::ISpokePool;
use crate::protocols::erc20::{IERC20, IVotes};
use crate::protocols::governor::IGovernor;
use crate::protocols::lido::{IStEth, IWstEth};
use crate::protocols::permit2::IPermit2;
use crate::protocols::uniswap_positions::IPositionManager;
use crate::protocols::weth::IWETH9;

pub(super) fn call(to: &str, call: &impl SolCall) -> Call {
    Call { to: role(to), value: U256::ZERO, data: call.abi_encode() }
}

pub(super) fn ether() -> U256 {
    units(1, 18)
}

/// Smallest units of USDC that are an ether's worth.
pub(super) fn dollars() -> U256 {
    units(2600, 6)
}

pub(super) const DEADLINE: U256 = U256::from_limbs([9, 0, 0, 0]);

pub(super) fn honest() -> Vec<(Call, &'static str)> {
    let sent = |to, value| Call { to, value, data: Vec::new() };
    let mut all = vec![
        (sent(THIEF, ether()), "send(1 ETH to 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB)"),
        (
            call("usdc", &IERC20::transferCall { to: THIEF, amount: dollars() }),
            "transfer(2600 USDC to 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB)",
        ),
        (approve("aave.pool", dollars()), "approve(spender Aave Pool, 2600 USDC)"),
        (approve("permit2", U256::MAX), "approve(spender Permit2, unlimited USDC)"),
        (
            permit("uniswap.universal_router", U160::from(5_000_000)),
            "approve(inside Permit2: spender UniversalRouter, 5 USDC until 9)",
        ),
        (call("weth", &IWETH9::depositCall {}).sending(ether()), "wrap(1 ETH)"),
        (call("weth", &IWETH9::withdrawCall { amount: ether() }), "unwrap(1 ETH)"),
        (call("steth", &IStEth::submitCall { referral: Address::ZERO }).sending(ether()), "stake(1 ETH)"),
        (call("wsteth", &IWstEth::wrapCall { stEthAmount: ether() }), "wrap(1 stETH)"),
        (call("wsteth", &IWstEth::unwrapCall { wstEthAmount: ether() }), "unwrap(1 wstETH)"),
        (
            call("uni", &IVotes::delegateCall { delegatee: THIEF }),
            "delegate(votes of UNI to 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB)",
        ),
        (
            call("governor.aave", &IGovernor::castVoteCall { proposalId: U256::from(3), support: 1 }),
            "vote(for proposal 3 of governor of aave)",
        ),
        (bridged(&deposit()), "deposit(1 USDC quoted at 1000, for 0.9995 USDC on base until 8200)"),
    ];
    all.extend(lending());
    all.extend(swaps::honest());
    all.extend(positions());
    all
}

pub(super) fn approve(spender: &str, amount: U256) -> Call {
    call("usdc", &IERC20::approveCall { spender: role(spender), amount })
}

pub(super) fn permit(spender: &str, amount: U160) -> Call {
    let (token, spender) = (role("usdc"), role(spender));
    call("permit2", &IPermit2::approveCall { token, spender, amount, expiration: U48::from(9) })
}

pub(super) fn deposit() -> ISpokePool::depositV3Call {
    ISpokePool::depositV3Call {
        depositor: OWN,
        recipient: OWN,
        inputToken: role("usdc"),
        outputToken: on_base("usdc"),
        inputAmount: U256::from(1_000_000),
        outputAmount: U256::from(999_500),
        destinationChainId: U256::from(BASE),
        exclusiveRelayer: Address::ZERO,
        quoteTimestamp: 1_000,
        fillDeadline: 8_200,
        exclusivityDeadline: 0,
        message: Bytes::new(),
    }
}

pub(super) fn bridged(deposit: &ISpokePool::depositV3Call) -> Call {
    call("across.spoke_pool", deposit)
}

fn lending() -> Vec<(Call, &'static str)> {
    let (asset, amount, who) = (role("usdc"), dollars(), OWN);
    let supply = IAavePool::supplyCall { asset, amount, onBehalfOf: who, referralCode: 0 };
    let withdraw = IAavePool::withdrawCall { asset, amount: U256::MAX, to: who };
    let rate = RATE_MODE;
    let borrow =
        IAavePool::borrowCall { asset, amount, interestRateMode: rate, referralCode: 0, onBehalfOf: who };
    let repay = IAavePool::repayCall { asset, amount, interestRateMode: rate, onBehalfOf: who };
    let collateral = IAavePool::setUserUseReserveAsCollateralCall { asset, useAsCollateral: true };
    let assets = vec![role("aave.a_token.usdc"), role("aave.debt_token.weth")];
    let claim = IRewardsController::claimAllRewardsToSelfCall { assets };
    vec![
        (
            call("aave.pool", &supply),
            "supply(2600 USDC with Aave for 0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa)",
        ),
        (
            call("aave.pool", &withdraw),
            "withdraw(all USDC with Aave for 0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa)",
        ),
        (
            call("aave.pool", &borrow),
            "borrow(2600 USDC with Aave for 0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa)",
        ),
        (
            call("aave.pool", &repay),
            "repay(2600 USDC with Aave for 0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa)",
        ),
        (call("aave.pool", &collateral), "collateral(USDC on with Aave)"),
        (
            liquidation(false),
            "liquidate(2600 USDC of 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB's debt with Aave for WETH)",
        ),
        (call("aave.rewards_controller", &claim), "claim(all rewards of Aave for aUSDC, debtWETH)"),
    ]
}

pub(super) fn liquidation(receive_a_token: bool) -> Call {
    call(
        "aave.pool",
        &IAavePool::liquidationCallCall {
            collateralAsset: role("weth"),
            debtAsset: role("usdc"),
            user: THIEF,
            debtToCover: dollars(),
            receiveAToken: receive_a_token,
        },
    )
}

pub(super) fn mint(least: [u64; 2]) -> Call {
    let params = IPositionManager::MintParams {
        token0: role("weth"),
        token1: role("usdc"),
        fee: U24::from(3_000),
        tickLower: I24::try_from(-120).unwrap(),
        tickUpper: I24::try_from(60).unwrap(),
        amount0Desired: ether(),
        amount1Desired: dollars(),
        amount0Min: units(least[0], 18),
        amount1Min: units(least[1], 6),
        recipient: OWN,
        deadline: DEADLINE,
    };
    call("uniswap.position_manager", &IPositionManager::mintCall { params })
}

pub(super) fn decrease(least: [u64; 2]) -> Vec<u8> {
    let params = IPositionManager::DecreaseLiquidityParams {
        tokenId: U256::from(7),
        liquidity: 5,
        amount0Min: U256::from(least[0]),
        amount1Min: U256::from(least[1]),
        deadline: DEADLINE,
    };
    IPositionManager::decreaseLiquidityCall { params }.abi_encode()
}

pub(super) fn collect(recipient: Address, most: u128) -> Vec<u8> {
    let params = IPositionManager::CollectParams {
        tokenId: U256::from(7),
        recipient,
        amount0Max: most,
        amount1Max: most,
    };
    IPositionManager::collectCall { params }.abi_encode()
}

pub(super) fn emptied(parts: Vec<Vec<u8>>) -> Call {
    let data = parts.into_iter().map(Bytes::from).collect();
    call("uniswap.position_manager", &IPositionManager::multicallCall { data })
}

fn positions() -> Vec<(Call, &'static str)> {
    let burn = IPositionManager::burnCall { tokenId: U256::from(7) }.abi_encode();
    vec![
        (
            mint([0, 2500]),
            "provide(1 WETH and 2600 USDC at most, 0 WETH and 2500 USDC at least, fee 0.3%, ticks -120 to 60, to \
             0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa until 9)",
        ),
        (
            emptied(vec![decrease([3, 0]), collect(OWN, u128::MAX), burn]),
            "take liquidity 5 out of position 7 for at least 3 and 0 smallest units until 9, then collect from \
             position 7 to 0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa, then burn position 7",
        ),
    ]
}
