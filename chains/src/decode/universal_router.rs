//! The Universal Router: one swap in a vanilla V4 pool, of which nothing stays with the router.

use agent_core::AssetKind;
use agent_core::asset::decimal;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolValue;

use super::uniswap::Swap;
use super::{Decoded, Reader, exactly, unknown};
use crate::protocols::uniswap_v4::IUniversalRouter::IUniversalRouterCalls;
use crate::protocols::uniswap_v4::{
    ExactInputSingleParams, ExactOutputSingleParams, PoolKey, SETTLE_ALL, SWAP_EXACT_IN_SINGLE,
    SWAP_EXACT_OUT_SINGLE, SWEEP, TAKE_ALL, V4_SWAP,
};

const ROUTER: &str = "UniversalRouter";

/// One swap, as its action says it.
struct V4Swap {
    key: PoolKey,
    zero_for_one: bool,
    exact_in: bool,
    most_in: u128,
    least_out: u128,
    /// Of one hop there is no more to say than the limits do.
    least_price: U256,
    hook_data: Bytes,
}

impl Reader<'_> {
    pub(super) fn universal_router(&self, data: &[u8]) -> Result<Decoded, String> {
        let IUniversalRouterCalls::execute(call) = exactly(data, ROUTER)?;
        let (swap, sweep) = match (call.commands.as_ref(), call.inputs.as_slice()) {
            ([V4_SWAP], [swap]) => (swap, None),
            ([V4_SWAP, SWEEP], [swap, sweep]) => (swap, Some(sweep)),
            _ => return Err(unknown(ROUTER)),
        };
        let mut swap = v4_swap(swap, call.deadline)?;
        // An exact input takes all coins, an exact output may leave some.
        if sweep.is_some() != (swap.most_in.0 == AssetKind::Native && !swap.exact_in) {
            return Err(
                "coins would stay with the router, where anybody could take them, or none can be swept"
                    .to_owned(),
            );
        }
        if let Some(sweep) = sweep {
            let (token, recipient, least) = parameters::<(Address, Address, U256)>(sweep)?;
            if !token.is_zero() || !least.is_zero() {
                return Err(unknown(ROUTER));
            }
            swap.recipient = Some(recipient);
        }
        self.swap(swap)
    }
}

/// A swap, what pays it and what takes its outcome, both of the caller and both by the swap's own limits.
fn v4_swap(input: &Bytes, deadline: U256) -> Result<Swap, String> {
    let (actions, inputs) = parameters::<(Bytes, Vec<Bytes>)>(input)?;
    let ([action, SETTLE_ALL, TAKE_ALL], [swap, settle, take]) = (actions.as_ref(), inputs.as_slice()) else {
        return Err(unknown(ROUTER));
    };
    let swap = v4_action(*action, swap)?;
    let key = swap.key;
    if !key.hooks.is_zero() || !swap.hook_data.is_empty() {
        return Err("a pool with hooks runs code that nobody here has read".to_owned());
    }
    let (from, to) =
        if swap.zero_for_one { (key.currency0, key.currency1) } else { (key.currency1, key.currency0) };
    let (most_in, least_out) = (U256::from(swap.most_in), U256::from(swap.least_out));
    let pays = parameters::<(Address, U256)>(settle)? == (from, most_in);
    let takes = parameters::<(Address, U256)>(take)? == (to, least_out);
    // For an exact input, zero stands for whatever is open.
    if !pays || !takes || most_in.is_zero() || key.currency0 >= key.currency1 || !swap.least_price.is_zero() {
        return Err("what is paid or taken is not what is swapped".to_owned());
    }
    Ok(Swap {
        exact_in: swap.exact_in,
        most_in: (currency(from), most_in),
        least_out: (currency(to), least_out),
        through: format!("V4 {}%, tick spacing {}", decimal(U256::from(key.fee), 4), key.tickSpacing),
        deadline,
        recipient: None,
    })
}

/// In V4 the native coin is the zero address.
fn currency(currency: Address) -> AssetKind {
    if currency.is_zero() { AssetKind::Native } else { AssetKind::Erc20(currency) }
}

fn v4_action(action: u8, bytes: &[u8]) -> Result<V4Swap, String> {
    let same = |again: Vec<u8>| if again == bytes { Ok(()) } else { Err(unknown(ROUTER)) };
    match action {
        SWAP_EXACT_IN_SINGLE => {
            let swap = ExactInputSingleParams::abi_decode(bytes).map_err(|_| unknown(ROUTER))?;
            same(swap.abi_encode())?;
            Ok(V4Swap {
                key: swap.poolKey,
                zero_for_one: swap.zeroForOne,
                exact_in: true,
                most_in: swap.amountIn,
                least_out: swap.amountOutMinimum,
                least_price: swap.minHopPriceX36,
                hook_data: swap.hookData,
            })
        }
        SWAP_EXACT_OUT_SINGLE => {
            let swap = ExactOutputSingleParams::abi_decode(bytes).map_err(|_| unknown(ROUTER))?;
            same(swap.abi_encode())?;
            Ok(V4Swap {
                key: swap.poolKey,
                zero_for_one: swap.zeroForOne,
                exact_in: false,
                most_in: swap.amountInMaximum,
                least_out: swap.amountOut,
                least_price: swap.minHopPriceX36,
                hook_data: swap.hookData,
            })
        }
        _ => Err(unknown(ROUTER)),
    }
}

/// The parameters in `bytes`, if they are those and nothing but those.
fn parameters<T>(bytes: &[u8]) -> Result<T, String>
where
    T: SolValue + From<<T::SolType as alloy_sol_types::SolType>::RustType>,
    for<'a> <T::SolType as alloy_sol_types::SolType>::Token<'a>: alloy_sol_types::abi::TokenSeq<'a>,
{
    let decoded = T::abi_decode_params(bytes).map_err(|_| unknown(ROUTER))?;
    if decoded.abi_encode_params() == bytes { Ok(decoded) } else { Err(unknown(ROUTER)) }
}
