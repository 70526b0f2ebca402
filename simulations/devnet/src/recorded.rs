//! The recorded mainnet pool: its price, its liquidity and every initialised tick.

use alloy_primitives::U256;

use crate::error::DevnetError;

const CSV: &str = include_str!("../pools/usdc-weth-500.csv");

/// USDC/WETH 0.05 % of Ethereum; token 0 is USDC.
pub(crate) struct RecordedPool {
    /// Square root of WETH-wei per USDC-unit, times 2^96.
    pub(crate) sqrt_price_x96: U256,
    /// The same price where WETH is token 0.
    pub(crate) inverse_sqrt_price_x96: U256,
    /// US dollars per ETH with 8 decimals.
    pub(crate) eth_price_usd_e8: U256,
    /// The tick of that price.
    pub(crate) tick: i32,
    /// In range.
    pub(crate) liquidity: u128,
    /// Tick and the liquidity that is added when it is crossed upwards.
    pub(crate) ticks: Vec<(i32, i128)>,
}

impl RecordedPool {
    pub(crate) fn read() -> Result<Self, DevnetError> {
        parse(CSV).ok_or_else(|| DevnetError::Malformed {
            what: "pools/usdc-weth-500.csv".to_owned(),
            reason: "a line is not what was expected".to_owned(),
        })
    }
}

/// The same price where WETH is token 0.
fn inverse(sqrt_price_x96: U256) -> Option<U256> {
    U256::from(1).checked_shl(192)?.checked_div(sqrt_price_x96)
}

/// US dollars per ETH with 8 decimals, a USDC being a dollar.
fn usd_e8(sqrt_price_x96: U256) -> Option<U256> {
    // The price is 2^192 / sqrt^2 USDC-units per wei; 12 decimals lie between the two and 8 are wanted.
    let wei_per_unit_x96 = sqrt_price_x96.checked_mul(sqrt_price_x96)?.wrapping_shr(96);
    let scale = U256::from(10).checked_pow(U256::from(20))?;
    scale.checked_shl(96)?.checked_div(wei_per_unit_x96)
}

fn parse(text: &str) -> Option<RecordedPool> {
    let (mut sqrt_price, mut current, mut liquidity, mut ticks) = (None, None, None, Vec::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once('=') {
            Some(("sqrt_price_x96", value)) => sqrt_price = Some(value.parse().ok()?),
            Some(("tick", value)) => current = Some(value.parse().ok()?),
            Some(("liquidity", value)) => liquidity = Some(value.parse().ok()?),
            Some(_) => return None,
            None => {
                let (tick, net) = line.split_once(',')?;
                ticks.push((tick.parse().ok()?, net.parse().ok()?));
            }
        }
    }
    let sqrt_price_x96 = sqrt_price?;
    Some(RecordedPool {
        sqrt_price_x96,
        inverse_sqrt_price_x96: inverse(sqrt_price_x96)?,
        eth_price_usd_e8: usd_e8(sqrt_price_x96)?,
        tick: current?,
        liquidity: liquidity?,
        ticks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_ticks_add_up() {
        let pool = RecordedPool::read().unwrap();
        assert_eq!(pool.ticks.len(), 1_415);
        assert_eq!(pool.ticks.iter().map(|(_, net)| net).sum::<i128>(), 0);
        let in_range: i128 =
            pool.ticks.iter().filter(|(tick, _)| *tick <= pool.tick).map(|(_, net)| net).sum();
        assert_eq!(in_range.unsigned_abs(), pool.liquidity);
    }

    #[test]
    fn a_damaged_line_is_refused() {
        let good = "sqrt_price_x96=1518368594377544400875949971272464\ntick=197226\nliquidity=7\n10,5\n";
        // 2,722 dollars and 73 cents.
        assert_eq!(parse(good).unwrap().eth_price_usd_e8.to::<u64>() / 1_000_000, 272_273);
        for bad in ["tick=x\n", "colour=5\n", "10\n", "10,5,6\n", "sqrt_price_x96=0\n"] {
            assert!(parse(&format!("{good}{bad}")).is_none(), "{bad}");
        }
        assert!(parse("tick=197226\nliquidity=7\n").is_none());
    }
}
