//! Uniswap V3's prices by tick, and what liquidity between two ticks is worth: integers only, rounded as the pools do
//! (TickMath and SqrtPriceMath of v3-core; whitepaper, sections 6.1 and 6.2).

use agent_core::asset::mul_div;
use alloy_primitives::U256;

/// The last tick on either side.
pub(crate) const TICK_MAX: i32 = 887_272;
/// 2^96: one in a square root of a price.
pub(crate) const ONE: U256 = U256::from_limbs([0, 1 << 32, 0, 0]);
/// `2^128 / sqrt(1.0001)^(2^i)`, as TickMath rounds it.
const STEPS: [u128; 20] = [
    0xfffcb933bd6fad37aa2d162d1a594001,
    0xfff97272373d413259a46990580e213a,
    0xfff2e50f5f656932ef12357cf3c7fdcc,
    0xffe5caca7e10e4e61c3624eaa0941cd0,
    0xffcb9843d60f6159c9db58835c926644,
    0xff973b41fa98c081472e6896dfb254c0,
    0xff2ea16466c96a3843ec78b326b52861,
    0xfe5dee046a99a2a811c461f1969c3053,
    0xfcbe86c7900a88aedcffc83b479aa3a4,
    0xf987a7253ac413176f2b074cf7815e54,
    0xf3392b0822b70005940c7a398e4b70f3,
    0xe7159475a2c29b7443b29c7fa6e889d9,
    0xd097f3bdfd2022b8845ad8f792aa5825,
    0xa9f746462d870fdf8a65dc1f90e061e5,
    0x70d869a156d2a1b890bb3df62baf32f7,
    0x31be135f97d08fd981231505542fcfa6,
    0x9aa508b5b7a84e1c677de54f3e99bc9,
    0x5d6af8dedb81196699c329225ee604,
    0x2216e584f5fa1ea926041bedfe98,
    0x48a170391f7dc42444e8fa2,
];

/// The square root of the price at `tick`, times 2^96; `None` beyond the last tick.
pub(crate) fn sqrt_price_at(tick: i32) -> Option<U256> {
    let distance = tick.unsigned_abs();
    if tick < TICK_MAX.checked_neg()? || tick > TICK_MAX {
        return None;
    }
    let mut ratio = U256::from_limbs([0, 0, 1, 0]);
    for (bit, step) in (0_u32..).zip(STEPS) {
        if distance.checked_shr(bit)? & 1 == 1 {
            ratio = ratio.checked_mul(U256::from(step))?.wrapping_shr(128);
        }
    }
    if tick > 0 {
        ratio = U256::MAX.checked_div(ratio)?;
    }
    let low = U256::from(u32::MAX);
    ratio.wrapping_shr(32).checked_add(U256::from(u8::from(!(ratio & low).is_zero())))
}

/// The highest tick whose price is not above `sqrt_price` (times 2^96); `None` below the first one.
pub(crate) fn tick_at(sqrt_price: U256) -> Option<i32> {
    let (mut low, mut high) = (TICK_MAX.checked_neg()?, TICK_MAX);
    if sqrt_price < sqrt_price_at(low)? {
        return None;
    }
    while low < high {
        // Rounded up, so that it moves on when the two are neighbours.
        let middle = low.checked_add(high.checked_sub(low)?.checked_add(1)?.checked_div(2)?)?;
        if sqrt_price_at(middle)? <= sqrt_price { low = middle } else { high = middle.checked_sub(1)? }
    }
    Some(low)
}

/// What `liquidity` between two ticks gives when it is taken out at `sqrt_price` (times 2^96): smallest units of token 0
/// and token 1.
pub(crate) fn amounts(liquidity: U256, sqrt_price: U256, ticks: (i32, i32)) -> Option<(U256, U256)> {
    let (low, high) = (sqrt_price_at(ticks.0)?, sqrt_price_at(ticks.1)?);
    let at = sqrt_price.clamp(low, high);
    let amount0 = mul_div(liquidity.checked_mul(ONE)?, high.checked_sub(at)?, high)?.checked_div(at)?;
    let amount1 = mul_div(liquidity, at.checked_sub(low)?, ONE)?;
    Some((amount0, amount1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_those_of_tick_math() {
        assert_eq!(sqrt_price_at(-TICK_MAX), Some(U256::from(4_295_128_739_u64)));
        let max: U256 = "1461446703485210103287273052203988822378723970342".parse().unwrap();
        assert_eq!(sqrt_price_at(TICK_MAX), Some(max));
        assert_eq!(sqrt_price_at(0), Some(ONE));
        assert_eq!((sqrt_price_at(TICK_MAX + 1), sqrt_price_at(i32::MIN)), (None, None));
        assert_eq!((tick_at(U256::from(4_295_128_738_u64)), tick_at(U256::MAX)), (None, Some(TICK_MAX)));
    }

    #[test]
    fn a_tick_is_a_ten_thousandth_of_the_price_and_is_found_again() {
        let edges = (0..20).flat_map(|bit| [(1 << bit) - 1, 1 << bit]).filter(|tick| *tick < 800_000);
        for tick in edges.flat_map(|tick| [tick, -tick, tick / 3]) {
            let (here, next) = (sqrt_price_at(tick).unwrap(), sqrt_price_at(tick + 1).unwrap());
            // (next / here)^2 is 1.0001 to 18 digits, or to the last digit where the root has fewer.
            let precision = U256::from(10).pow(U256::from(18));
            let ratio = mul_div(next, precision, here).unwrap();
            let square = mul_div(ratio, ratio, precision).unwrap();
            let want = U256::from(1_000_100_000_000_000_000_u64);
            let slack = U256::from(8) + U256::from(4) * precision / here;
            assert!(square.abs_diff(want) <= slack, "{tick}: {square}");
            assert_eq!((tick_at(here), tick_at(next - U256::from(1))), (Some(tick), Some(tick)));
        }
    }

    #[test]
    fn liquidity_is_one_token_outside_its_range_and_both_inside() {
        let liquidity = U256::from(10).pow(U256::from(18));
        let at = |tick| amounts(liquidity, sqrt_price_at(tick).unwrap(), (-600, 600)).unwrap();
        let (low, inside, high) = (at(-700), at(0), at(700));
        assert_eq!((low.1, high.0), (U256::ZERO, U256::ZERO));
        assert_eq!((at(-600), at(600)), (low, high));
        assert!(!inside.0.is_zero() && inside.0 < low.0 && inside.1 < high.1);
        // Symmetric around a price of 1.
        assert!(low.0.abs_diff(high.1) <= U256::from(1) && inside.0.abs_diff(inside.1) <= U256::from(1));
    }
}
