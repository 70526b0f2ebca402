//! Shares by the fewest swaps.

use agent_core::{Asset, AssetKind};
use alloy_primitives::{Address, U256};
use planners::rebalance::{Holding, trades};
use proptest::prelude::*;
use serde_json::json;

use crate::world::{ARBITRUM, BASE, World};

#[test]
fn onto_swaps() {
    let world = World::new(&[(BASE, "ETH", "2.0002"), (BASE, "USDC", "100"), (ARBITRUM, "USDC", "900")]);
    let rebalance = |chain: Option<&str>| json!([{"action":"rebalance","targets":{"ETH":"50%","USDC":"50%"},"chain":chain}]);
    // 5200 and 100 USD: 2550 of ETH go, the gas reserve is not counted.
    let expected = ["swap 0.980769230769230769 ETH USDC base"];
    assert_eq!(world.said(rebalance(Some("base")), false), expected);
    assert_eq!(world.said(rebalance(None), false), expected, "where most of it is");
    assert_eq!(
        world.said(rebalance(Some("ethereum")), false),
        ["21 world.balanced"],
        "nothing is held there"
    );
    assert_eq!(World::new(&[]).said(rebalance(None), false), ["18 clarify.chain"]);
    let three =
        json!([{"action":"rebalance","targets":{"ETH":"1/3","USDC":"1/3","DAI":"1/3"},"chain":"base"}]);
    assert_eq!(world.said(three, true).len(), 2);
    let coat = json!([{"action":"rebalance","targets":{"ETH":"50%","WETH":"50%"},"chain":"base"}]);
    assert_eq!(world.said(coat, false), ["wrap 1 ETH WETH base"]);
    let unknown = json!([{"action":"rebalance","targets":{"ETH":"50%","LINK":"50%"},"chain":"base"}]);
    assert_eq!(world.said(unknown, false), ["21 world.no_asset"]);
}

#[test]
fn nothing_may_lean_on_a_rebalance() {
    let world = World::usual();
    let steps = json!([{"action":"rebalance","targets":{"ETH":"50%","USDC":"50%"},"chain":"base"},
                       {"action":"claim","chain":"base"}]);
    assert_eq!(world.said(steps, false), ["21 world.nothing_to_claim"]);
}

fn holding() -> impl Strategy<Value = (u8, u64, u64, u64)> {
    // Decimals, price in millionths, worth in cents, weight.
    (6..19u8, 10_000..100_000_000_000u64, 0..10_000_000u64, 0..100u64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// At most n - 1 trades, nothing oversold, every share within half a percent of the whole (and a dollar).
    #[test]
    fn shares_are_reached(each in prop::collection::vec(holding(), 2..8)) {
        let sum: u64 = each.iter().map(|(.., weight)| weight).sum();
        prop_assume!(sum > 0);
        let micro = |raw: U256, holding: &Holding| raw * holding.price / U256::from(10).pow(U256::from(holding.asset.decimals));
        let holdings: Vec<Holding> = each.iter().zip(1u8..).map(|((decimals, price, cents, weight), byte)| {
            let kind = AssetKind::Erc20(Address::repeat_byte(byte));
            let asset = Asset { chain_id: 1, kind, symbol: format!("T{byte}"), decimals: *decimals };
            let unit = U256::from(10).pow(U256::from(*decimals));
            let raw = U256::from(*cents) * U256::from(10_000) * unit / U256::from(*price);
            Holding { asset, raw, price: U256::from(*price), share: (U256::from(*weight), U256::from(sum)) }
        }).collect();
        let total = holdings.iter().map(|holding| micro(holding.raw, holding)).fold(U256::ZERO, |a, b| a + b);
        let trades = trades(&holdings);
        prop_assert!(trades.len() < holdings.len());
        let mut after: Vec<U256> = holdings.iter().map(|holding| micro(holding.raw, holding)).collect();
        let place = |asset: &Asset| holdings.iter().position(|holding| holding.asset == *asset).unwrap();
        let mut left: Vec<U256> = holdings.iter().map(|holding| holding.raw).collect();
        for trade in &trades {
            let (sell, buy) = (place(trade.sell), place(trade.buy));
            prop_assert!(sell != buy);
            prop_assert!(trade.raw <= left[sell], "oversold");
            left[sell] -= trade.raw;
            let worth = micro(trade.raw, &holdings[sell]);
            after[sell] = after[sell].saturating_sub(worth);
            after[buy] += worth;
        }
        // What one smallest unit is worth cannot be split.
        let grain = holdings.iter().map(|holding| micro(U256::from(1), holding)).max().unwrap();
        let room = total / U256::from(200) + U256::from(1_000_000) + grain * U256::from(8);
        for (has, holding) in after.iter().zip(&holdings) {
            let wants = total * holding.share.0 / holding.share.1;
            prop_assert!(has.abs_diff(wants) <= room, "{has} instead of {wants}, total {total}");
        }
    }
}
