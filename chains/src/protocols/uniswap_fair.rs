//! Whether a pool's price is a fair one. What goes into a pool, or comes out of it, is divided by the pool's own price:
//! whoever moves that just before takes the difference, and no minimum that was made at the moved price stops it.

use agent_core::asset::{mul_div, ten_pow};
use agent_core::{AGREE_PERCENT, Price, Refusal};
use alloy_primitives::aliases::U160;
use alloy_primitives::{U256, U512};

use crate::ask::Ask;
use crate::prices;
use crate::protocols::uniswap_route::at_price;

impl Ask<'_> {
    /// Refuses a pool of two of the registry's tokens (by their addresses, the lower first) whose price, a square root in
    /// 2^96, is not the oracle's.
    pub(crate) async fn fair_price(
        &self,
        sqrt_price: U256,
        tokens: [alloy_primitives::Address; 2],
    ) -> Result<(), Refusal> {
        let unknown =
            || self.not_possible("world.pool_price", "a token of this pool has no price by the oracle");
        let assets = tokens.map(|token| self.network.token(token).cloned());
        let [Some(asset0), Some(asset1)] = assets else { return Err(unknown()) };
        let both = [asset0.clone(), asset1.clone()];
        let prices = prices::prices(self.network, &both, self.view).await?;
        let price = |asset: &agent_core::Asset| prices.get(&asset.caip19())?.oracle_micro_usd;
        let (Some(price0), Some(price1)) = (price(&asset0), price(&asset1)) else { return Err(unknown()) };
        let (whole0, whole1) = (ten_pow(asset0.decimals), ten_pow(asset1.decimals));
        let worth = whole0.zip(whole1).and_then(|(whole0, whole1)| {
            let [token0, token1] = tokens;
            let sqrt_price = U160::checked_from_limbs_slice(sqrt_price.as_limbs())?;
            let raw1 = at_price(U512::from(whole0), sqrt_price, token0, token1)?;
            mul_div(U256::checked_from_limbs_slice(raw1.as_limbs())?, price1, whole1)
        });
        let readings = Price { oracle_micro_usd: Some(price0), pool_micro_usd: worth };
        if readings.agree() {
            return Ok(());
        }
        let why = format!(
            "this pool's price of {} in {} is more than {AGREE_PERCENT} % away from the oracle's: whoever moved it would \
             take the difference",
            asset0.symbol, asset1.symbol
        );
        Err(self
            .not_possible("world.pool_price", &why)
            .help("wait until it is back, or choose another fee tier"))
    }
}
