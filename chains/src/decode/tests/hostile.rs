//! Calls that are nearly honest.

use alloy_primitives::aliases::U160;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};

use super::calls::{self, bridged, call, collect, decrease, deposit, dollars, emptied, ether, mint};
use super::swaps::{V4, exact_input, exact_output, multicall, refund, unwrap, v2_from_coins};
use super::{Call, OWN, THIEF, on_base, role};
use crate::protocols::aave_liquidation::IRewardsController;
use crate::protocols::aave_v3::IAavePool;
use crate::protocols::across::ISpokePool::depositV3Call;
use crate::protocols::erc20::IERC20;
use crate::protocols::governor::IGovernor;
use crate::protocols::lido::IStEth;
use crate::protocols::uniswap_v3::ROUTER_ITSELF;

sol! {
    function transferFrom(address from, address to, uint256 amount);
    function increaseAllowance(address spender, uint256 added);
    function claimAllRewards(address[] assets, address to);
    function setApprovalForAll(address operator, bool approved);
    function sweepToken(address token, uint256 amountMinimum, address recipient);
}

fn refused(calls: impl IntoIterator<Item = Call>) {
    for (index, call) in calls.into_iter().enumerate() {
        let words = call.words();
        assert!(words.is_err(), "number {index}: {words:?}");
    }
}

#[test]
fn functions_that_are_never_used() {
    let amount = U256::from(1);
    refused([
        call("usdc", &transferFromCall { from: OWN, to: THIEF, amount }),
        call("usdc", &increaseAllowanceCall { spender: role("aave.pool"), added: amount }),
        call("usdc", &IERC20::balanceOfCall { account: OWN }),
        call("aave.rewards_controller", &claimAllRewardsCall { assets: Vec::new(), to: THIEF }),
        call("uniswap.position_manager", &setApprovalForAllCall { operator: THIEF, approved: true }),
        call("governor.aave", &IGovernor::castVoteCall { proposalId: amount, support: 3 }),
        call("steth", &IStEth::submitCall { referral: THIEF }).sending(ether()),
        calls::permit("uniswap.swap_router02", U160::from(1)),
    ]);
}

#[test]
fn a_v3_swap_leaves_nothing_with_the_router() {
    let (to_usdc, to_weth) = (["weth", "usdc"], ["usdc", "weth"]);
    let (buys, sells) = ([ether(), dollars()], [dollars(), ether()]);
    let swap = || exact_input(&to_usdc, buys, OWN);
    let kept = |tokens: &[&str], amounts| exact_input(tokens, amounts, ROUTER_ITSELF);
    let sweep = sweepTokenCall { token: role("usdc"), amountMinimum: U256::ZERO, recipient: OWN };
    let bought = || exact_output(&to_weth, buys, OWN);
    let less = ether() - U256::from(1);
    refused([
        Call { data: swap(), ..multicall(Vec::new()) },
        multicall(Vec::new()),
        multicall(vec![swap(), swap()]),
        multicall(vec![[swap(), vec![0; 32]].concat()]),
        multicall(vec![kept(&to_weth, sells), [unwrap(ether(), OWN), vec![0]].concat()]),
        multicall(vec![multicall(vec![swap()]).data]),
        multicall(vec![exact_input(&to_usdc, [ether(), U256::ZERO], OWN)]),
        multicall(vec![exact_output(&to_weth, [ether(), U256::ZERO], OWN)]),
        multicall(vec![exact_input(&["usdc"], sells, OWN)]),
        multicall(vec![exact_input(&["usdc", "dai", "uni", "dai", "weth"], sells, OWN)]),
        multicall(vec![exact_input(&["usdc", "multicall3"], sells, OWN)]),
        multicall(vec![exact_input(&["usdc", "multicall3", "weth"], sells, OWN)]),
        multicall(vec![swap(), sweep.abi_encode()]),
        // What is bought stays, is not coins, or is unwrapped for less or for somebody else.
        multicall(vec![kept(&to_weth, sells)]),
        multicall(vec![kept(&to_weth, sells), refund()]),
        multicall(vec![kept(&to_weth, sells), unwrap(U256::ZERO, OWN)]),
        multicall(vec![kept(&to_weth, sells), unwrap(less, OWN)]),
        multicall(vec![kept(&to_weth, sells), unwrap(ether(), THIEF)]),
        multicall(vec![kept(&to_weth, sells), unwrap(ether(), ROUTER_ITSELF)]),
        multicall(vec![unwrap(ether(), OWN), kept(&to_weth, sells)]),
        multicall(vec![kept(&to_usdc, buys), unwrap(dollars(), OWN)]),
        multicall(vec![swap(), unwrap(dollars(), OWN)]),
        // Coins that are more or less than what is sold, or of which a rest stays.
        multicall(vec![swap()]).sending(less),
        multicall(vec![exact_input(&to_weth, sells, OWN)]).sending(dollars()),
        multicall(vec![swap(), refund()]).sending(ether()),
        multicall(vec![bought()]).sending(ether()),
        multicall(vec![bought(), refund()]).sending(less),
        multicall(vec![bought(), refund()]),
    ]);
}

#[test]
fn a_v2_swap_has_a_least_out_and_takes_coins_as_weth() {
    let (weth, usdc, dai, nobody) = (role("weth"), role("usdc"), role("dai"), role("multicall3"));
    let swap = v2_from_coins;
    refused([
        swap(U256::ZERO, vec![weth, usdc]),
        swap(dollars(), Vec::new()),
        swap(dollars(), vec![weth]),
        swap(dollars(), vec![dai, usdc]),
        swap(dollars(), vec![weth, nobody]),
        swap(dollars(), vec![weth, nobody, usdc]),
        swap(dollars(), vec![weth, dai, weth, dai, usdc]),
    ]);
}

#[test]
fn a_v4_swap_pays_and_takes_what_it_swaps() {
    let (sells, buys) = (V4::new(true, true), V4::new(true, false));
    let (more, less) = (ether() + U256::from(1), dollars() - U256::from(1));
    let wrong = |change: &dyn Fn(&mut V4)| {
        let mut swap = sells.clone();
        change(&mut swap);
        swap.call()
    };
    let wrong_rest = |change: &dyn Fn(&mut V4)| {
        let mut swap = buys.clone();
        change(&mut swap);
        swap.call()
    };
    let mine = (Address::ZERO, OWN, U256::ZERO);
    refused([
        wrong(&|swap| swap.settle.1 = more),
        wrong(&|swap| swap.settle.0 = role("weth")),
        wrong(&|swap| swap.take.1 = less),
        wrong(&|swap| swap.take.0 = role("weth")),
        wrong(&|swap| (swap.least_out, swap.take.1) = (0, U256::ZERO)),
        wrong(&|swap| (swap.most_in, swap.settle.1) = (0, U256::ZERO)),
        wrong(&|swap| swap.least_out = 1),
        wrong(&|swap| swap.zero_for_one = false),
        wrong(&|swap| swap.currencies = [role("usdc"), Address::ZERO]),
        wrong(&|swap| swap.hooks = THIEF),
        wrong(&|swap| swap.least_price = 1),
        // TAKE and TAKE_PORTION name a recipient; SWAP_EXACT_IN has a path.
        wrong(&|swap| swap.actions = vec![0x06, 0x0c, 0x0e]),
        wrong(&|swap| swap.actions = vec![0x06, 0x0c, 0x10]),
        wrong(&|swap| swap.actions = vec![0x07, 0x0c, 0x0f]),
        wrong(&|swap| swap.actions = vec![0x08, 0x0c, 0x0f]),
        wrong(&|swap| swap.actions = vec![0x06, 0x0c]),
        wrong(&|swap| swap.actions = vec![0x06, 0x0c, 0x0f, 0x0f]),
        // The flag that lets a command fail, a command that wraps, a second swap, none.
        wrong(&|swap| swap.commands = vec![0x90]),
        wrong(&|swap| swap.commands = vec![0x0b]),
        wrong(&|swap| swap.commands = vec![0x10, 0x10]),
        wrong(&|swap| swap.commands = Vec::new()),
        wrong(&|swap| (swap.commands, swap.sweep) = (vec![0x10, 0x04], Some(mine))),
        wrong_rest(&|swap| (swap.commands, swap.sweep) = (vec![0x10], None)),
        wrong_rest(&|swap| swap.sweep = Some((Address::ZERO, THIEF, U256::ZERO))),
        wrong_rest(&|swap| swap.sweep = Some((role("usdc"), OWN, U256::ZERO))),
        wrong_rest(&|swap| swap.commands = vec![0x10, 0x05]),
        sells.call().sending(U256::ZERO),
        sells.call().sending(ether() - U256::from(1)),
        V4::new(false, true).call().sending(ether()),
    ]);
}

#[test]
fn positions_are_made_and_emptied_with_a_least() {
    let all = u128::MAX;
    refused([
        mint([0, 0]),
        emptied(vec![decrease([0, 0]), collect(OWN, all)]),
        emptied(vec![decrease([1, 0]), collect(OWN, 1)]),
        emptied(vec![decrease([1, 0]), [collect(OWN, all), vec![0; 32]].concat()]),
        // The manager itself, where anybody could take it.
        emptied(vec![decrease([1, 0]), collect(Address::ZERO, all)]),
        emptied(vec![collect(OWN, all), collect(THIEF, all)]),
        emptied(vec![emptied(vec![collect(OWN, all)]).data]),
        emptied(vec![mint([1, 1]).data]),
        emptied(Vec::new()),
        emptied(vec![collect(OWN, all); 33]),
        Call { data: collect(OWN, all), ..emptied(Vec::new()) },
    ]);
}

#[test]
fn loans_have_the_variable_rate_and_no_referrer() {
    let (asset, amount) = (role("usdc"), dollars());
    let supply = |asset, referral_code| {
        let supply = IAavePool::supplyCall { asset, amount, onBehalfOf: OWN, referralCode: referral_code };
        call("aave.pool", &supply)
    };
    let borrow = |mode, referral_code| {
        let borrow = IAavePool::borrowCall {
            asset,
            amount,
            interestRateMode: U256::from(mode),
            referralCode: referral_code,
            onBehalfOf: OWN,
        };
        call("aave.pool", &borrow)
    };
    let stable = IAavePool::repayCall { asset, amount, interestRateMode: U256::from(1), onBehalfOf: OWN };
    let rewards = IRewardsController::claimAllRewardsToSelfCall { assets: vec![THIEF] };
    refused([
        supply(asset, 7),
        supply(THIEF, 0),
        borrow(1, 0),
        borrow(2, 7),
        call("aave.pool", &stable),
        calls::liquidation(true),
        call("aave.rewards_controller", &rewards),
    ]);
}

#[test]
fn a_deposit_arrives_as_the_same_asset_on_a_known_chain() {
    let wrong = |change: &dyn Fn(&mut depositV3Call)| {
        let mut deposit = deposit();
        change(&mut deposit);
        bridged(&deposit)
    };
    refused([
        wrong(&|deposit| deposit.depositor = THIEF),
        wrong(&|deposit| deposit.recipient = THIEF),
        wrong(&|deposit| deposit.recipient = Address::ZERO),
        wrong(&|deposit| deposit.outputToken = on_base("dai")),
        wrong(&|deposit| deposit.outputToken = role("usdc")),
        wrong(&|deposit| deposit.outputToken = Address::ZERO),
        wrong(&|deposit| deposit.inputToken = THIEF),
        wrong(&|deposit| deposit.outputAmount = U256::from(949_999)),
        wrong(&|deposit| (deposit.inputAmount, deposit.outputAmount) = (U256::ZERO, U256::ZERO)),
        wrong(&|deposit| deposit.inputAmount = U256::MAX),
        wrong(&|deposit| deposit.destinationChainId = U256::from(10)),
        wrong(&|deposit| (deposit.destinationChainId, deposit.outputToken) = (U256::from(1), role("usdc"))),
        wrong(&|deposit| deposit.destinationChainId = U256::MAX),
        wrong(&|deposit| deposit.exclusiveRelayer = THIEF),
        wrong(&|deposit| deposit.exclusivityDeadline = 1),
        wrong(&|deposit| deposit.fillDeadline = deposit.quoteTimestamp),
        wrong(&|deposit| deposit.fillDeadline = 0),
        wrong(&|deposit| deposit.fillDeadline = u32::MAX),
        wrong(&|deposit| deposit.message = Bytes::from_static(b"code")),
        bridged(&deposit()).sending(U256::from(1_000_000)),
    ]);
    // Coins go as WETH and arrive as such, all of them.
    let mut coins = deposit();
    (coins.inputToken, coins.outputToken) = (role("weth"), on_base("weth"));
    let value = coins.inputAmount;
    assert!(bridged(&coins).sending(value).words().unwrap().starts_with("deposit(0.000000000001 ETH"));
    refused([bridged(&coins).sending(value + U256::from(1)), bridged(&coins).sending(U256::from(1))]);
}
