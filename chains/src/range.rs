//! Prices to ticks, and amounts to liquidity: integers only, rounded as Uniswap V3's LiquidityAmounts and SqrtPriceMath
//! do (v3-periphery, v3-core).

use agent_core::asset::{mul_div, mul_div_up, ten_pow};
use agent_core::draft::Decimal;
use alloy_primitives::ruint::UintTryFrom;
use alloy_primitives::{U256, U512};

use crate::ticks::{ONE, TICK_MAX, sqrt_price_at, tick_at};

/// The most decimals that are read of a price; its ratio with 2^192 stays below 2^512.
const PRICE_PLACES: u8 = 36;
const WHOLE_BPS: u32 = 10_000;

/// The square root of `numerator / denominator`, times 2^96, rounded down.
fn sqrt_ratio(numerator: U512, denominator: U512) -> Option<U256> {
    let square = numerator.checked_mul(U512::from(1).checked_shl(192)?)?.checked_div(denominator)?;
    U256::uint_try_from(square.root(2)).ok()
}

/// The square root of a price of token 1 per token 0, times 2^96. `price` is in whole units of the quoting token, whose
/// decimals come first; `inverse`: the quoting token is token 0.
pub(crate) fn sqrt_price_of(price: &Decimal, decimals: (u8, u8), inverse: bool) -> Option<U256> {
    let (quoting, other) = (U512::from(ten_pow(decimals.0)?), U512::from(ten_pow(decimals.1)?));
    let numerator = U512::from(price.to_raw(PRICE_PLACES)?).checked_mul(quoting)?;
    let denominator = U512::from(ten_pow(PRICE_PLACES)?).checked_mul(other)?;
    if inverse { sqrt_ratio(denominator, numerator) } else { sqrt_ratio(numerator, denominator) }
}

/// The square root of a price that is `numerator / denominator` of the one at `sqrt_price`.
pub(crate) fn scaled(sqrt_price: U256, (numerator, denominator): (U256, U256)) -> Option<U256> {
    // The root of the ratio first, with 96 bits behind the point: the price itself has up to 320 bits.
    let root = sqrt_ratio(U512::from(numerator), U512::from(denominator))?;
    mul_div(sqrt_price, root, ONE)
}

/// The usable ticks around two prices: the low one rounded down, the high one up. `None`: there is nothing between them.
pub(crate) fn ticks_around(low: U256, high: U256, spacing: i32) -> Option<(i32, i32)> {
    let (first, last) = full(spacing)?;
    let lowest = sqrt_price_at(TICK_MAX.checked_neg()?)?;
    let floor = |sqrt_price: U256| tick_at(sqrt_price.max(lowest));
    let down = |tick: i32| tick.div_euclid(spacing).checked_mul(spacing);
    let above = floor(high)?;
    // A price between two ticks lies above the one found.
    let above = if sqrt_price_at(above)? < high { above.checked_add(1)? } else { above };
    let upper = down(above.checked_add(spacing.checked_sub(1)?)?)?.min(last);
    let lower = down(floor(low)?)?.max(first);
    (lower < upper).then_some((lower, upper))
}

/// The first and the last usable tick.
pub(crate) fn full(spacing: i32) -> Option<(i32, i32)> {
    let last = TICK_MAX.checked_div(spacing)?.checked_mul(spacing)?;
    Some((last.checked_neg()?, last))
}

/// The prices' square roots at both ends, and the pool's price kept between them.
fn ends(sqrt_price: U256, ticks: (i32, i32)) -> Option<(U256, U256, U256)> {
    let (low, high) = (sqrt_price_at(ticks.0)?, sqrt_price_at(ticks.1)?);
    (low < high).then(|| (low, sqrt_price.clamp(low, high), high))
}

/// The most liquidity that two amounts make between two ticks; `None` for one: as much as the other allows. A side that
/// the range does not take at this price bounds nothing; if that is the only one given there is no answer.
pub(crate) fn liquidity(amounts: [Option<U256>; 2], sqrt_price: U256, ticks: (i32, i32)) -> Option<U256> {
    let (low, at, high) = ends(sqrt_price, ticks)?;
    let [amount0, amount1] = amounts;
    let of_0 = amount0
        .filter(|_| at < high)
        .map(|amount| mul_div(amount, mul_div(at, high, ONE)?, high.checked_sub(at)?));
    let of_1 = amount1.filter(|_| at > low).map(|amount| mul_div(amount, ONE, at.checked_sub(low)?));
    match (of_0, of_1) {
        (Some(of_0), Some(of_1)) => Some(of_0?.min(of_1?)),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => None,
    }
}

/// What a pool takes of token 0 and token 1 for so much liquidity: rounded up.
pub(crate) fn taken(liquidity: U256, sqrt_price: U256, ticks: (i32, i32)) -> Option<[U256; 2]> {
    let (low, at, high) = ends(sqrt_price, ticks)?;
    let of_0 = mul_div_up(liquidity.checked_mul(ONE)?, high.checked_sub(at)?, high)?;
    let amount0 = mul_div_up(of_0, U256::from(1), at)?;
    Some([amount0, mul_div_up(liquidity, at.checked_sub(low)?, ONE)?])
}

/// The square roots of the prices at the ends of what a price may move: so many basis points down and up.
pub(crate) fn moved(sqrt_price: U256, slippage_bps: u32) -> Option<(U256, U256)> {
    let part = |bps: u32| scaled(sqrt_price, (U256::from(bps), U256::from(WHOLE_BPS)));
    Some((part(WHOLE_BPS.checked_sub(slippage_bps)?)?, part(WHOLE_BPS.checked_add(slippage_bps)?)?))
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a property that overflows fails, as it should")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ticks::amounts;

    fn decimal(whole: u64, fraction: &str) -> Decimal {
        Decimal::from_digits(&whole.to_string(), fraction).unwrap()
    }

    #[test]
    fn a_price_is_the_same_from_both_sides() {
        // 2500 USDC (6) per WETH (18): USDC is token 0 on Ethereum, token 1 on Base.
        let on_base = sqrt_price_of(&decimal(2_500, ""), (6, 18), false).unwrap();
        let on_ethereum = sqrt_price_of(&decimal(2_500, ""), (6, 18), true).unwrap();
        // sqrt(2500e6 / 1e18) = 5e-5, and its inverse.
        assert_eq!(on_base, ONE * U256::from(5) / U256::from(100_000));
        assert_eq!(on_ethereum, ONE * U256::from(20_000));
        assert_eq!(tick_at(on_ethereum), Some(198_079));
        assert!(sqrt_price_of(&decimal(0, ""), (6, 18), true).is_none());
    }

    #[test]
    fn the_full_range_is_what_the_pools_take() {
        assert_eq!(
            (full(1), full(60), full(200)),
            (Some((-887_272, 887_272)), Some((-887_220, 887_220)), Some((-887_200, 887_200)))
        );
    }

    proptest! {
        #[test]
        fn a_range_holds_its_prices_and_no_tick_too_many(
            low in -800_000_i32..800_000, width in 1_i32..50_000, spacing in prop::sample::select(vec![1, 10, 60, 200]),
            part in 0_u64..1_000,
        ) {
            // Prices between two ticks, too.
            let between = |tick: i32| {
                let (here, next) = (sqrt_price_at(tick).unwrap(), sqrt_price_at(tick + 1).unwrap());
                here + (next - here) * U256::from(part) / U256::from(1_000)
            };
            let (below, above) = (between(low), between(low + width));
            let (lower, upper) = ticks_around(below, above, spacing).unwrap();
            prop_assert!(lower % spacing == 0 && upper % spacing == 0);
            prop_assert!(sqrt_price_at(lower).unwrap() <= below && above <= sqrt_price_at(upper).unwrap());
            // One step further in, a price would be outside.
            prop_assert!(sqrt_price_at(lower + spacing).unwrap() > below);
            prop_assert!(sqrt_price_at(upper - spacing).unwrap() < above);
        }

        #[test]
        fn no_more_is_taken_than_given_and_no_more_comes_back_than_was_taken(
            given in (1_u64.., 1_u64..), low in -300_000_i32..300_000, width in 1_i32..50_000, price in -400_000_i32..400_000,
        ) {
            let (ticks, sqrt_price) = ((low, low + width), sqrt_price_at(price).unwrap());
            let given = [U256::from(given.0), U256::from(given.1)];
            let liquidity = liquidity(given.map(Some), sqrt_price, ticks).unwrap();
            let [taken0, taken1] = taken(liquidity, sqrt_price, ticks).unwrap();
            prop_assert!(taken0 <= given[0] && taken1 <= given[1], "{taken0} {taken1}");
            let (back0, back1) = amounts(liquidity, sqrt_price, ticks).unwrap();
            prop_assert!(back0 <= taken0 && taken0 - back0 <= U256::from(2), "{taken0} {back0}");
            prop_assert!(back1 <= taken1 && taken1 - back1 <= U256::from(2), "{taken1} {back1}");
        }

        #[test]
        fn roots_are_whole(number in any::<[u64; 6]>()) {
            let mut limbs = [0; 8];
            limbs[..6].copy_from_slice(&number);
            let number = U512::from_limbs(limbs);
            let root = number.root(2);
            prop_assert!(root * root <= number && (root + U512::from(1)) * (root + U512::from(1)) > number);
        }
    }
}
