//! One honest swap of each kind, with its words.

use alloy_primitives::aliases::{I24, U24};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};

use super::calls::{DEADLINE, call, dollars, ether};
use super::{Call, OWN, role};
use crate::protocols::uniswap_v2::IUniswapV2Router02;
use crate::protocols::uniswap_v3::{ISwapRouter02, ROUTER_ITSELF};
use crate::protocols::uniswap_v4::{
    ExactInputSingleParams, ExactOutputSingleParams, IUniversalRouter, PoolKey,
};

pub(super) fn honest() -> Vec<(Call, &'static str)> {
    [v3_swaps(), v2_swaps(), v4_swaps()].concat()
}

/// A packed path of pools of 0.05 %.
fn path(tokens: &[&str]) -> Bytes {
    let tokens: Vec<[u8; 20]> = tokens.iter().map(|token| role(token).into_array()).collect();
    tokens.join(&[0, 1, 0xf4][..]).into()
}

pub(super) fn exact_input(tokens: &[&str], amounts: [U256; 2], recipient: Address) -> Vec<u8> {
    let [amount_in, least] = amounts;
    let path = path(tokens);
    let params =
        ISwapRouter02::ExactInputParams { path, recipient, amountIn: amount_in, amountOutMinimum: least };
    ISwapRouter02::exactInputCall { params }.abi_encode()
}

pub(super) fn exact_output(tokens: &[&str], amounts: [U256; 2], recipient: Address) -> Vec<u8> {
    let [most, amount_out] = amounts;
    let path = path(tokens);
    let params =
        ISwapRouter02::ExactOutputParams { path, recipient, amountOut: amount_out, amountInMaximum: most };
    ISwapRouter02::exactOutputCall { params }.abi_encode()
}

pub(super) fn unwrap(least: U256, recipient: Address) -> Vec<u8> {
    ISwapRouter02::unwrapWETH9Call { amountMinimum: least, recipient }.abi_encode()
}

pub(super) fn refund() -> Vec<u8> {
    ISwapRouter02::refundETHCall {}.abi_encode()
}

pub(super) fn multicall(parts: Vec<Vec<u8>>) -> Call {
    let data = parts.into_iter().map(Bytes::from).collect();
    call("uniswap.swap_router02", &ISwapRouter02::multicallCall { deadline: DEADLINE, data })
}

fn v3_swaps() -> Vec<(Call, &'static str)> {
    let (buys, sells) = ([ether(), dollars()], [dollars(), ether()]);
    let over = exact_input(&["usdc", "dai", "weth"], sells, OWN);
    let from_coins = multicall(vec![exact_input(&["weth", "usdc"], buys, OWN)]).sending(ether());
    let to_coins = exact_input(&["usdc", "weth"], sells, ROUTER_ITSELF);
    let rest = exact_output(&["usdc", "weth"], buys, OWN);
    let to_coins_out = exact_output(&["weth", "usdc"], sells, ROUTER_ITSELF);
    vec![
        (multicall(vec![over]), "swap 2600 USDC for at least 1 WETH through V3 0.05% DAI 0.05% until 9"),
        (from_coins, "swap 1 ETH for at least 2600 USDC through V3 0.05% until 9"),
        (
            multicall(vec![to_coins, unwrap(ether(), OWN)]),
            "swap 2600 USDC for at least 1 ETH through V3 0.05% until 9",
        ),
        (
            multicall(vec![rest, refund()]).sending(ether()),
            "buy 2600 USDC for at most 1 ETH through V3 0.05% until 9",
        ),
        (
            multicall(vec![to_coins_out, unwrap(ether(), OWN)]),
            "buy 1 ETH for at most 2600 USDC through V3 0.05% until 9",
        ),
    ]
}

fn v2_swaps() -> Vec<(Call, &'static str)> {
    use IUniswapV2Router02 as Router;
    let router = "uniswap.v2_router02";
    let (ether, dollars, to, deadline) = (ether(), dollars(), OWN, DEADLINE);
    let from_weth = || vec![role("weth"), role("usdc")];
    let path = || vec![role("usdc"), role("dai"), role("weth")];
    let tokens = Router::swapExactTokensForTokensCall {
        amountIn: dollars,
        amountOutMin: ether,
        path: path(),
        to,
        deadline,
    };
    let to_coins = Router::swapExactTokensForETHCall {
        amountIn: dollars,
        amountOutMin: ether,
        path: path(),
        to,
        deadline,
    };
    let buys = Router::swapTokensForExactTokensCall {
        amountOut: ether,
        amountInMax: dollars,
        path: path(),
        to,
        deadline,
    };
    let buys_coins = Router::swapTokensForExactETHCall {
        amountOut: ether,
        amountInMax: dollars,
        path: path(),
        to,
        deadline,
    };
    let pays = Router::swapETHForExactTokensCall { amountOut: dollars, path: from_weth(), to, deadline };
    vec![
        (call(router, &tokens), "swap 2600 USDC for at least 1 WETH through V2 DAI until 9"),
        (call(router, &to_coins), "swap 2600 USDC for at least 1 ETH through V2 DAI until 9"),
        (call(router, &buys), "buy 1 WETH for at most 2600 USDC through V2 DAI until 9"),
        (call(router, &buys_coins), "buy 1 ETH for at most 2600 USDC through V2 DAI until 9"),
        (call(router, &pays).sending(ether), "buy 2600 USDC for at most 1 ETH through V2 until 9"),
        (v2_from_coins(dollars, from_weth()), "swap 1 ETH for at least 2600 USDC through V2 until 9"),
    ]
}

pub(super) fn v2_from_coins(least: U256, path: Vec<Address>) -> Call {
    let swap = IUniswapV2Router02::swapExactETHForTokensCall {
        amountOutMin: least,
        path,
        to: OWN,
        deadline: DEADLINE,
    };
    call("uniswap.v2_router02", &swap).sending(ether())
}

/// A V4 swap and everything about it that could be wrong.
#[derive(Debug, Clone)]
pub(super) struct V4 {
    pub(super) currencies: [Address; 2],
    pub(super) zero_for_one: bool,
    pub(super) exact_in: bool,
    pub(super) hooks: Address,
    pub(super) most_in: u128,
    pub(super) least_out: u128,
    pub(super) least_price: u64,
    pub(super) settle: (Address, U256),
    pub(super) take: (Address, U256),
    pub(super) actions: Vec<u8>,
    pub(super) commands: Vec<u8>,
    pub(super) sweep: Option<(Address, Address, U256)>,
}

impl V4 {
    /// An ether in coins, and USDC.
    pub(super) fn new(sells_coins: bool, exact_in: bool) -> Self {
        let (coins, tokens) = ((Address::ZERO, ether()), (role("usdc"), dollars()));
        let (settle, take) = if sells_coins { (coins, tokens) } else { (tokens, coins) };
        let swept = sells_coins && !exact_in;
        Self {
            currencies: [Address::ZERO, role("usdc")],
            zero_for_one: sells_coins,
            exact_in,
            hooks: Address::ZERO,
            most_in: settle.1.to::<u128>(),
            least_out: take.1.to::<u128>(),
            least_price: 0,
            settle,
            take,
            actions: vec![if exact_in { 0x06 } else { 0x08 }, 0x0c, 0x0f],
            commands: if swept { vec![0x10, 0x04] } else { vec![0x10] },
            sweep: swept.then_some((Address::ZERO, OWN, U256::ZERO)),
        }
    }

    pub(super) fn call(&self) -> Call {
        let [currency0, currency1] = self.currencies;
        let (fee, tick_spacing) = (U24::from(500), I24::try_from(10).unwrap());
        let hooks = self.hooks;
        let key = PoolKey { currency0, currency1, fee, tickSpacing: tick_spacing, hooks };
        let least_price = U256::from(self.least_price);
        let swap = match self.exact_in {
            true => ExactInputSingleParams {
                poolKey: key,
                zeroForOne: self.zero_for_one,
                amountIn: self.most_in,
                amountOutMinimum: self.least_out,
                minHopPriceX36: least_price,
                hookData: Bytes::new(),
            }
            .abi_encode(),
            false => ExactOutputSingleParams {
                poolKey: key,
                zeroForOne: self.zero_for_one,
                amountOut: self.least_out,
                amountInMaximum: self.most_in,
                minHopPriceX36: least_price,
                hookData: Bytes::new(),
            }
            .abi_encode(),
        };
        let parameters: Vec<Bytes> =
            vec![swap.into(), self.settle.abi_encode_params().into(), self.take.abi_encode_params().into()];
        let actions = Bytes::from(self.actions.clone());
        let mut inputs = vec![Bytes::from((actions, parameters).abi_encode_params())];
        inputs.extend(self.sweep.map(|sweep| Bytes::from(sweep.abi_encode_params())));
        let commands = self.commands.clone().into();
        let execute = IUniversalRouter::executeCall { commands, inputs, deadline: DEADLINE };
        let value = if self.settle.0.is_zero() { U256::from(self.most_in) } else { U256::ZERO };
        call("uniswap.universal_router", &execute).sending(value)
    }
}

fn v4_swaps() -> Vec<(Call, &'static str)> {
    vec![
        (
            V4::new(true, true).call(),
            "swap 1 ETH for at least 2600 USDC through V4 0.05%, tick spacing 10 until 9",
        ),
        (
            V4::new(true, false).call(),
            "buy 2600 USDC for at most 1 ETH through V4 0.05%, tick spacing 10 until 9",
        ),
        (
            V4::new(false, true).call(),
            "swap 2600 USDC for at least 1 ETH through V4 0.05%, tick spacing 10 until 9",
        ),
        (
            V4::new(false, false).call(),
            "buy 1 ETH for at most 2600 USDC through V4 0.05%, tick spacing 10 until 9",
        ),
    ]
}
