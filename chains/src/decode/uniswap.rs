//! Uniswap's routers of V2 and V3, and how every swap is put into words.

use agent_core::AssetKind;
use agent_core::asset::decimal;
use alloy_primitives::{Address, U256};

use super::{Decoded, Reader, exactly, unknown};
use crate::protocols::uniswap_v2::IUniswapV2Router02::IUniswapV2Router02Calls;
use crate::protocols::uniswap_v3::ISwapRouter02::ISwapRouter02Calls;
use crate::protocols::uniswap_v3::ROUTER_ITSELF;

/// Tokens of a path, both ends counted.
const PATH_MAX: usize = 4;
const ROUTER: &str = "SwapRouter02";
const V2_ROUTER: &str = "UniswapV2Router02";

/// A swap, whichever contract does it.
pub(super) struct Swap {
    pub(super) exact_in: bool,
    pub(super) most_in: (AssetKind, U256),
    pub(super) least_out: (AssetKind, U256),
    /// `V3 0.05%`.
    pub(super) through: String,
    pub(super) deadline: U256,
    pub(super) recipient: Option<Address>,
}

impl Reader<'_> {
    pub(super) fn swap(&self, swap: Swap) -> Result<Decoded, String> {
        if swap.least_out.1.is_zero() {
            return Err("the swap has no least out".to_owned());
        }
        let (sold, bought) = (self.money(swap.most_in)?, self.money(swap.least_out)?);
        let Swap { through, deadline, .. } = swap;
        let text = match swap.exact_in {
            true => format!("swap {sold} for at least {bought} through {through} until {deadline}"),
            false => format!("buy {bought} for at most {sold} through {through} until {deadline}"),
        };
        let beneficiaries = swap.recipient.into_iter().collect();
        Ok(Decoded { text, out: vec![swap.most_in], beneficiaries, ..Decoded::default() })
    }

    /// Only a multicall with a deadline; inside it one swap, and what unwraps its outcome or refunds coins.
    pub(super) fn router(&self, data: &[u8]) -> Result<Decoded, String> {
        let ISwapRouter02Calls::multicall(call) = exactly(data, ROUTER)? else { return Err(unknown(ROUTER)) };
        let (first, after) = match call.data.as_slice() {
            [swap] => (swap, None),
            [swap, after] => (swap, Some(exactly(after, ROUTER)?)),
            _ => return Err(unknown(ROUTER)),
        };
        let swap = V3Swap::of(exactly(first, ROUTER)?).ok_or_else(|| unknown(ROUTER))?;
        let most_in = self.paid(swap.from, swap.most_in)?;
        let (mut kind, mut recipient, mut refunds) = (AssetKind::Erc20(swap.to), swap.recipient, false);
        match after {
            Some(ISwapRouter02Calls::unwrapWETH9(call))
                if recipient == ROUTER_ITSELF
                    && self.is_weth(swap.to)
                    && call.amountMinimum == swap.least_out =>
            {
                (kind, recipient) = (AssetKind::Native, call.recipient);
            }
            Some(ISwapRouter02Calls::refundETH(_)) => refunds = true,
            Some(
                ISwapRouter02Calls::unwrapWETH9(_)
                | ISwapRouter02Calls::exactInput(_)
                | ISwapRouter02Calls::exactOutput(_)
                | ISwapRouter02Calls::multicall(_),
            ) => return Err(unknown(ROUTER)),
            None => {}
        }
        if recipient == ROUTER_ITSELF {
            return Err("what is bought would stay with the router, where anybody could take it".to_owned());
        }
        // An exact input takes all coins, an exact output may leave some.
        if refunds != (most_in.0 == AssetKind::Native && !swap.exact_in) {
            return Err(
                "coins would stay with the router, where anybody could take them, or none can be refunded"
                    .to_owned(),
            );
        }
        let through = self.hops(&swap.hops)?;
        let least_out = (kind, swap.least_out);
        let (exact_in, deadline, recipient) = (swap.exact_in, call.deadline, Some(recipient));
        self.swap(Swap { exact_in, most_in, least_out, through, deadline, recipient })
    }

    /// `V3 0.05% DAI 0.01%`: each pool's fee, and the tokens between them.
    fn hops(&self, hops: &[(u32, Address)]) -> Result<String, String> {
        let (last, between) = hops.split_last().ok_or_else(|| unknown(ROUTER))?;
        let percent = |fee: u32| decimal(U256::from(fee), 4);
        let mut text = "V3".to_owned();
        for (fee, token) in between {
            text = format!("{text} {}% {}", percent(*fee), self.symbol(*token)?);
        }
        Ok(format!("{text} {}%", percent(last.0)))
    }

    pub(super) fn v2_router(&self, data: &[u8]) -> Result<Decoded, String> {
        let swap = v2_swap(exactly(data, V2_ROUTER)?, self.value).ok_or_else(|| unknown(V2_ROUTER))?;
        let ([from, between @ .., to], true) = (swap.path.as_slice(), swap.path.len() <= PATH_MAX) else {
            return Err(unknown(V2_ROUTER));
        };
        let kind = |token: Address, coins: bool| match (coins, self.is_weth(token)) {
            (false, _) => Ok(AssetKind::Erc20(token)),
            (true, true) => Ok(AssetKind::Native),
            (true, false) => Err("coins are swapped as WETH".to_owned()),
        };
        let mut through = "V2".to_owned();
        for token in between {
            through = format!("{through} {}", self.symbol(*token)?);
        }
        self.swap(Swap {
            exact_in: swap.exact_in,
            most_in: (kind(*from, swap.takes_coins)?, swap.most_in),
            least_out: (kind(*to, swap.gives_coins)?, swap.least_out),
            through,
            deadline: swap.deadline,
            recipient: Some(swap.to),
        })
    }
}

/// A swap through V3's router, its hops in the order of the path.
struct V3Swap {
    exact_in: bool,
    from: Address,
    to: Address,
    /// A pool's fee in millionths, and the token behind it.
    hops: Vec<(u32, Address)>,
    most_in: U256,
    least_out: U256,
    recipient: Address,
}

impl V3Swap {
    fn of(call: ISwapRouter02Calls) -> Option<Self> {
        match call {
            ISwapRouter02Calls::exactInput(call) => {
                let swap = call.params;
                let (from, hops) = path(&swap.path)?;
                let (to, recipient) = (hops.last()?.1, swap.recipient);
                let (most_in, least_out) = (swap.amountIn, swap.amountOutMinimum);
                Some(Self { exact_in: true, from, to, hops, most_in, least_out, recipient })
            }
            // Its path goes backwards.
            ISwapRouter02Calls::exactOutput(call) => {
                let swap = call.params;
                let (to, hops) = path(&swap.path)?;
                let (from, recipient) = (hops.last()?.1, swap.recipient);
                let (most_in, least_out) = (swap.amountInMaximum, swap.amountOut);
                Some(Self { exact_in: false, from, to, hops, most_in, least_out, recipient })
            }
            ISwapRouter02Calls::unwrapWETH9(_)
            | ISwapRouter02Calls::refundETH(_)
            | ISwapRouter02Calls::multicall(_) => None,
        }
    }
}

/// A packed path: its first token, then each pool's fee and the token behind it.
fn path(path: &[u8]) -> Option<(Address, Vec<(u32, Address)>)> {
    let (first, rest) = path.split_first_chunk::<20>()?;
    let hops = rest.chunks(23).map(|hop| {
        let ([a, b, c], token) = hop.split_first_chunk::<3>()?;
        Some((u32::from_be_bytes([0, *a, *b, *c]), Address::try_from(token).ok()?))
    });
    let hops: Vec<(u32, Address)> = hops.collect::<Option<_>>()?;
    (hops.len() < PATH_MAX).then(|| (Address::from(*first), hops))
}

/// A swap through V2's router, whichever of its functions does it.
struct V2Swap {
    exact_in: bool,
    takes_coins: bool,
    gives_coins: bool,
    most_in: U256,
    least_out: U256,
    path: Vec<Address>,
    to: Address,
    deadline: U256,
}

/// `None`: it only reads. Where it takes coins, all that are sent along are what is sold at most.
fn v2_swap(call: IUniswapV2Router02Calls, value: U256) -> Option<V2Swap> {
    use IUniswapV2Router02Calls as Call;
    let (exact_in, takes_coins, gives_coins) = match &call {
        Call::swapExactTokensForTokens(_) => (true, false, false),
        Call::swapExactTokensForETH(_) => (true, false, true),
        Call::swapExactETHForTokens(_) => (true, true, false),
        Call::swapTokensForExactTokens(_) => (false, false, false),
        Call::swapTokensForExactETH(_) => (false, false, true),
        Call::swapETHForExactTokens(_) => (false, true, false),
        Call::getAmountsOut(_) | Call::getAmountsIn(_) => return None,
    };
    let (most_in, least_out, path, to, deadline) = match call {
        Call::swapExactTokensForTokens(c) => (c.amountIn, c.amountOutMin, c.path, c.to, c.deadline),
        Call::swapExactTokensForETH(c) => (c.amountIn, c.amountOutMin, c.path, c.to, c.deadline),
        Call::swapExactETHForTokens(c) => (value, c.amountOutMin, c.path, c.to, c.deadline),
        Call::swapTokensForExactTokens(c) => (c.amountInMax, c.amountOut, c.path, c.to, c.deadline),
        Call::swapTokensForExactETH(c) => (c.amountInMax, c.amountOut, c.path, c.to, c.deadline),
        Call::swapETHForExactTokens(c) => (value, c.amountOut, c.path, c.to, c.deadline),
        Call::getAmountsOut(_) | Call::getAmountsIn(_) => return None,
    };
    Some(V2Swap { exact_in, takes_coins, gives_coins, most_in, least_out, path, to, deadline })
}
