//! The recorded mainnet pools: their prices, their liquidity and every initialised tick.

use alloy_primitives::U256;

use crate::error::DevnetError;

/// A pool of Uniswap V3 on Ethereum.
pub(crate) struct RecordedPool {
    /// Roles of token 0 and token 1.
    pub(crate) tokens: [&'static str; 2],
    /// The two tokens as the pool's role names them.
    pub(crate) name: &'static str,
    /// In millionths.
    pub(crate) fee: u16,
    /// Square root of units of token 1 per unit of token 0, times 2^96.
    pub(crate) sqrt_price_x96: U256,
    /// The tick of that price.
    pub(crate) tick: i32,
    /// In range.
    pub(crate) liquidity: u128,
    /// Tick and the liquidity that is added when it is crossed upwards.
    pub(crate) ticks: Vec<(i32, i128)>,
}

type Recording = ([&'static str; 2], &'static str, u16, &'static str);

const RECORDINGS: [Recording; 6] = [
    (["usdc", "weth"], "weth_usdc", 500, include_str!("../pools/usdc-weth-500.csv")),
    (["usdc", "weth"], "weth_usdc", 3_000, include_str!("../pools/usdc-weth-3000.csv")),
    (["weth", "usdt"], "weth_usdt", 3_000, include_str!("../pools/weth-usdt-3000.csv")),
    (["wbtc", "weth"], "wbtc_weth", 3_000, include_str!("../pools/wbtc-weth-3000.csv")),
    (["wbtc", "usdc"], "wbtc_usdc", 3_000, include_str!("../pools/wbtc-usdc-3000.csv")),
    (["link", "weth"], "link_weth", 3_000, include_str!("../pools/link-weth-3000.csv")),
];

/// Reads all recordings.
pub(crate) fn pools() -> Result<Vec<RecordedPool>, DevnetError> {
    let read = |recording: &Recording| {
        parse(recording).ok_or_else(|| DevnetError::Malformed {
            what: format!("the recorded pool {} {}", recording.1, recording.2),
            reason: "a line is not what was expected".to_owned(),
        })
    };
    RECORDINGS.iter().map(read).collect()
}

fn parse((tokens, name, fee, text): &Recording) -> Option<RecordedPool> {
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
    Some(RecordedPool {
        tokens: *tokens,
        name,
        fee: *fee,
        sqrt_price_x96: sqrt_price.filter(|price: &U256| !price.is_zero())?,
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
        let pools = pools().unwrap();
        let ticks: Vec<usize> = pools.iter().map(|pool| pool.ticks.len()).collect();
        assert_eq!(ticks, [1_415, 693, 555, 451, 318, 420]);
        for pool in &pools {
            assert_eq!(pool.ticks.iter().map(|(_, net)| net).sum::<i128>(), 0, "{}", pool.name);
            let in_range: i128 =
                pool.ticks.iter().filter(|(tick, _)| *tick <= pool.tick).map(|(_, net)| net).sum();
            assert_eq!(in_range.unsigned_abs(), pool.liquidity, "{}", pool.name);
        }
    }

    #[test]
    fn a_damaged_line_is_refused() {
        let of = |text: &'static str| parse(&(["usdc", "weth"], "weth_usdc", 500, text));
        assert_eq!(of("sqrt_price_x96=9\ntick=1\nliquidity=7\n10,5\n").unwrap().ticks, [(10, 5)]);
        for bad in [
            "sqrt_price_x96=9\ntick=x\nliquidity=7\n",
            "sqrt_price_x96=9\ntick=1\nliquidity=7\ncolour=5\n",
            "sqrt_price_x96=9\ntick=1\nliquidity=7\n10\n",
            "sqrt_price_x96=9\ntick=1\nliquidity=7\n10,5,6\n",
            "sqrt_price_x96=0\ntick=1\nliquidity=7\n",
            "tick=1\nliquidity=7\n",
        ] {
            assert!(of(bad).is_none(), "{bad}");
        }
    }
}
