//! Both readings of every asset on every chain, and what they cost.

use agent_core::asset::ten_pow;
use agent_core::ports::{Chain, Compiler};
use alloy_primitives::U256;
use chains::LiveChain;

use crate::proxy::{Proxy, Weather, through};
use crate::world::World;

#[tokio::test]
async fn every_asset_has_two_readings_that_agree_within_one_percent() {
    let world = World::start().await;
    for network in world.registry.networks.values() {
        let proxy = Proxy::start(&network.endpoints[0], Weather::default()).await;
        let live = LiveChain::new(through(network, &proxy)).unwrap();
        let assets: Vec<_> = network.assets.iter().chain(&network.positions).cloned().collect();
        let view = live.head().await.unwrap();
        proxy.take();
        let prices = world.compiler.prices(&assets, &*view).await.unwrap();
        assert_eq!(proxy.take(), 1, "both readings of all assets are one request");
        let price = |symbol: &str| {
            let asset = assets.iter().find(|asset| asset.symbol == symbol);
            asset.and_then(|asset| prices[&asset.caip19()].oracle_micro_usd)
        };
        let mut missing = Vec::new();
        for asset in &assets {
            let both = &prices[&asset.caip19()];
            let (Some(oracle), Some(pool)) = (both.oracle_micro_usd, both.pool_micro_usd) else {
                missing.push((asset.symbol.as_str(), both));
                continue;
            };
            let apart = oracle.abs_diff(pool) * U256::from(100);
            assert!(apart < oracle, "{} on {}: oracle {oracle}, pool {pool}", asset.symbol, network.name);
        }
        assert!(missing.is_empty(), "{}: {missing:?}", network.name);
        let dollars = |whole: u64| U256::from(whole) * ten_pow(6).unwrap();
        let (eth, dollar) = (price("ETH").unwrap(), price("USDC").unwrap());
        assert!(eth > dollars(2_000) && eth < dollars(4_000), "{eth}");
        assert!(dollar.abs_diff(dollars(1)) < U256::from(20_000), "{dollar}");
        if let (Some(staked), Some(wrapped)) = (price("stETH"), price("wstETH")) {
            assert!(wrapped > staked, "a wstETH is more than one stETH: {wrapped}, {staked}");
        }
    }
}
