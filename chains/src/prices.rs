//! Two independent readings of a price: Aave's oracle, and a Uniswap pool against USDC, which counts as a dollar there.
//! USDC itself is read against DAI.

use agent_core::asset::{mul_div, ten_pow};
use agent_core::ports::View;
use agent_core::{Asset, NetworkInfo, Price, Prices, Refusal};
use alloy_primitives::{Address, U256};

use crate::protocols::aave_v3::IAaveOracle;
use crate::protocols::uniswap_route;
use crate::{read, registry};

/// Aave's 8 decimals to millionths.
const ORACLE_TO_MICRO: u64 = 100;

pub(crate) async fn prices(
    network: &NetworkInfo,
    assets: &[Asset],
    view: &dyn View,
) -> Result<Prices, Refusal> {
    let priced: Vec<(&Asset, &Asset, Address)> = assets
        .iter()
        .filter_map(|asset| {
            let underlying = registry::underlying(network, asset)?;
            Some((asset, underlying, underlying.token()?))
        })
        .collect();
    let oracle = oracle(network, view, &priced).await?;
    let pool = pool(network, view, &priced).await?;
    let mut prices: Prices = assets.iter().map(|asset| (asset.caip19(), Price::default())).collect();
    for ((asset, ..), (oracle_micro_usd, pool_micro_usd)) in priced.iter().zip(oracle.into_iter().zip(pool)) {
        prices.insert(asset.caip19(), Price { oracle_micro_usd, pool_micro_usd });
    }
    Ok(prices)
}

async fn oracle(
    network: &NetworkInfo,
    view: &dyn View,
    priced: &[(&Asset, &Asset, Address)],
) -> Result<Vec<Option<U256>>, Refusal> {
    let Some(oracle) = network.role("aave.oracle") else { return Ok(vec![None; priced.len()]) };
    let calls: Vec<_> =
        priced.iter().map(|(.., token)| (oracle, IAaveOracle::getAssetPriceCall { asset: *token })).collect();
    let found = read::read_all(network, view, &calls).await?;
    let micro = |price: U256| price.checked_div(U256::from(ORACLE_TO_MICRO)).filter(|price| !price.is_zero());
    Ok(found.into_iter().map(|price| price.and_then(micro)).collect())
}

async fn pool(
    network: &NetworkInfo,
    view: &dyn View,
    priced: &[(&Asset, &Asset, Address)],
) -> Result<Vec<Option<U256>>, Refusal> {
    let nothing = Ok(vec![None; priced.len()]);
    let (Some(usdc), Some(dai)) = (network.asset("USDC"), network.asset("DAI")) else { return nothing };
    let (Some(usdc_token), Some(dai_token)) = (usdc.token(), dai.token()) else { return nothing };
    if network.role("uniswap.factory").is_none() {
        return nothing;
    }
    let dollar = |token: Address| if token == usdc_token { (dai, dai_token) } else { (usdc, usdc_token) };
    let pairs: Vec<_> = priced
        .iter()
        .map(|(_, underlying, token)| {
            (*token, ten_pow(underlying.decimals).unwrap_or_default(), dollar(*token).1)
        })
        .collect();
    let found = uniswap_route::pool_prices(network, view, &pairs).await?;
    let micro = |(raw, (.., token)): (Option<U256>, &(&Asset, &Asset, Address))| {
        let unit = ten_pow(dollar(*token).0.decimals)?;
        mul_div(raw?, U256::from(1_000_000), unit).filter(|price| !price.is_zero())
    };
    Ok(found.into_iter().zip(priced).map(micro).collect())
}
