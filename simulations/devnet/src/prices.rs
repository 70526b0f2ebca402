//! What everything is worth in the demo world: feeds and seeded pools all take their prices from here.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use crate::{error::DevnetError, recorded::RecordedPool, tokens::token};

/// Dollars of these tokens, in hundredths: no recorded pool has them.
const CHOSEN: [(&str, u64); 8] = [
    ("usdc", 100),
    ("usdce", 100),
    ("usdt", 100),
    ("dai", 100),
    ("uni", 650),
    ("aave", 16_000),
    ("arb", 35),
    ("op", 75),
];

/// By token role, US dollars per whole token with 8 decimals.
pub(crate) struct Prices(BTreeMap<&'static str, U256>);

impl Prices {
    /// WETH, WBTC and LINK by the recorded pools, a USDC being a dollar; wstETH is 1.2 stETH, and that is an ether.
    pub(crate) fn new(recorded: &[RecordedPool]) -> Option<Self> {
        let cents = |(role, cents): &(&'static str, u64)| {
            Some((*role, U256::from(*cents).checked_mul(U256::from(1_000_000))?))
        };
        let mut prices: BTreeMap<&'static str, U256> = CHOSEN.iter().map(cents).collect::<Option<_>>()?;
        let usdc_in_weth = price_e18(recorded, ["usdc", "weth"], 500)?;
        let dollars_e26 = U256::from(10).checked_pow(U256::from(26))?;
        let weth = dollars_e26.checked_div(usdc_in_weth)?;
        for role in ["wbtc", "link"] {
            let in_weth = price_e18(recorded, [role, "weth"], 3_000)?;
            prices.insert(role, in_weth.checked_mul(weth)?.checked_div(power_of_ten(18))?);
        }
        prices.insert("weth", weth);
        prices.insert("steth", weth);
        prices.insert("wsteth", weth.checked_mul(U256::from(6))?.checked_div(U256::from(5))?);
        Some(Self(prices))
    }

    /// US dollars per whole token, with 8 decimals.
    pub(crate) fn usd_e8(&self, role: &str) -> Result<U256, DevnetError> {
        self.0.get(role).copied().ok_or_else(|| unknown(role))
    }

    /// So much of the token, in its smallest unit, as is worth these dollars.
    pub(crate) fn worth(&self, role: &str, dollars: u64) -> Result<U256, DevnetError> {
        let decimals = token(role).ok_or_else(|| unknown(role))?.decimals.saturating_add(8);
        let scaled = U256::from(dollars).checked_mul(power_of_ten(decimals));
        scaled.and_then(|scaled| scaled.checked_div(self.usd_e8(role).ok()?)).ok_or_else(|| unknown(role))
    }

    /// Square root of units of token 1 per unit of token 0, times 2^96.
    pub(crate) fn sqrt_price_x96(&self, token0: &str, token1: &str) -> Result<U256, DevnetError> {
        // The units that make a million dollars of each: their ratio is the price.
        let (of_0, of_1) = (self.worth(token0, 1_000_000)?, self.worth(token1, 1_000_000)?);
        let ratio_x128 = of_1.checked_shl(128).and_then(|shifted| shifted.checked_div(of_0));
        ratio_x128.and_then(|ratio| ratio.root(2).checked_shl(32)).ok_or_else(|| unknown(token0))
    }
}

/// What a whole token 0 costs in a recorded pool, in whole tokens 1 with 18 decimals.
fn price_e18(recorded: &[RecordedPool], tokens: [&str; 2], fee: u16) -> Option<U256> {
    let pool = recorded.iter().find(|pool| pool.tokens == tokens && pool.fee == fee)?;
    let [decimals0, decimals1] = [token(tokens.first()?)?.decimals, token(tokens.last()?)?.decimals];
    let units_x96 = pool.sqrt_price_x96.checked_mul(pool.sqrt_price_x96)?.wrapping_shr(96);
    let scale = power_of_ten(18_u8.checked_add(decimals0)?.checked_sub(decimals1)?);
    Some(units_x96.checked_mul(scale)?.wrapping_shr(96))
}

fn power_of_ten(exponent: u8) -> U256 {
    U256::from(10).saturating_pow(U256::from(exponent))
}

fn unknown(role: &str) -> DevnetError {
    DevnetError::Deploy { step: format!("the price of `{role}`"), reason: "it is not known".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_those_of_the_recorded_pools() {
        let recorded = crate::recorded::pools().unwrap();
        let prices = Prices::new(&recorded).unwrap();
        let cents = |role: &str| prices.usd_e8(role).unwrap().to::<u64>() / 1_000_000;
        assert_eq!(cents("weth"), 272_273);
        assert_eq!(cents("wbtc"), 8_221_298);
        assert_eq!(cents("link"), 1_065);
        assert_eq!(cents("wsteth"), 326_727);
        assert!(prices.usd_e8("doge").is_err());
        // A thousand dollars of WBTC, which has 8 decimals.
        assert_eq!(prices.worth("wbtc", 1_000).unwrap(), U256::from(1_216_352));
        // The recorded pools' own price from the dollars: a relative difference of less than a millionth.
        for pool in recorded.iter().filter(|pool| pool.name != "wbtc_usdc" && pool.name != "weth_usdt") {
            let [token0, token1] = pool.tokens;
            let computed = prices.sqrt_price_x96(token0, token1).unwrap();
            let apart = computed.abs_diff(pool.sqrt_price_x96);
            let bound = if pool.fee == 3_000 && pool.name == "weth_usdc" { 500 } else { 1_000_000 };
            assert!(apart < computed / U256::from(bound), "{}", pool.name);
        }
    }
}
