//! Every action onto the plan, by what four chains hold: a table of steps and what becomes of them.

use agent_core::{
    Action, AllowanceLeft, Claimable, Lent, LiquidityPosition, LiquidityRange, Quantity, Source,
    draft::Support,
};
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use crate::world::{ARBITRUM, BASE, ETHEREUM, OPTIMISM, World};

/// The usual world with positions: lent and owed on Base and Arbitrum, liquidity on Base and Optimism, open allowances.
fn settled() -> World {
    let mut world = World::usual();
    let lent = |amount| Lent { amount, collateral: true };
    let (usdc, weth) = (world.amount(BASE, "USDC", "800"), world.amount(ARBITRUM, "WETH", "1.5"));
    world.on(BASE).lent.push(lent(usdc));
    world.on(ARBITRUM).lent.push(lent(weth));
    let owed = world.amount(ARBITRUM, "DAI", "200");
    world.on(ARBITRUM).owed.push(owed);
    for (chain_id, id, other) in [(BASE, 7_u64, "USDC"), (OPTIMISM, 9, "USDC"), (OPTIMISM, 11, "DAI")] {
        let amounts = [world.amount(chain_id, "WETH", "1"), world.amount(chain_id, other, "2600")];
        let fees = amounts.each_ref().map(|amount| amount.asset().amount(U256::ZERO));
        let pair = amounts.each_ref().map(|amount| amount.asset().clone());
        world.on(chain_id).liquidity.push(LiquidityPosition {
            id: U256::from(id),
            protocol: "uniswap v3".to_owned(),
            pair,
            fee_pips: 500,
            tick_lower: -10,
            tick_upper: 10,
            liquidity: U256::from(1_000_000),
            amounts,
            fees,
            in_range: true,
        });
    }
    for (chain_id, protocol, symbol) in [(ARBITRUM, "aave", "ARB"), (BASE, "uniswap", "USDC")] {
        let amount = world.amount(chain_id, symbol, "3");
        world.on(chain_id).claimable.push(Claimable { protocol: protocol.to_owned(), amount });
    }
    let spender = world.registry.networks[&ARBITRUM].role("uniswap.swap_router02").unwrap();
    let asset = world.asset(ARBITRUM, "USDC");
    world.on(ARBITRUM).allowances.push(AllowanceLeft { asset, spender, raw: U256::from(5) });
    world
}

fn check(world: &World, steps: Value, expected: &[&str]) {
    assert_eq!(world.said(steps.clone(), false), expected, "{steps}");
}

#[test]
fn lending() {
    let world = settled();
    let table = [
        (
            json!([{"action":"supply","asset":"USDC","amount":"100","chain":"base"}]),
            vec!["supply 100 USDC base"],
        ),
        (json!([{"action":"supply","asset":"USDC","amount":"2000"}]), vec!["supply 2000 USDC arbitrum"]),
        (
            json!([{"action":"supply","asset":"ETH","amount":"1.5"}]),
            vec!["+ wrap 1.5 ETH WETH arbitrum", "supply @1 WETH arbitrum"],
        ),
        (json!([{"action":"withdraw","asset":"USDC","amount":"all"}]), vec!["withdraw all-0 USDC USDC base"]),
        (
            json!([{"action":"withdraw","asset":"ETH","amount":"1"}]),
            vec!["withdraw 1 WETH WETH arbitrum", "+ unwrap @1 WETH ETH arbitrum"],
        ),
        (json!([{"action":"repay","asset":"DAI","amount":"all"}]), vec!["repay all-0 DAI arbitrum"]),
        (json!([{"action":"borrow","asset":"USDC","amount":"50"}]), vec!["borrow 50 USDC USDC base"]),
        (json!([{"action":"collateral","asset":"ETH","use":false}]), vec!["collateral arbitrum"]),
        (
            json!([{"action":"collateral","asset":"USDC","use":true,"chain":"optimism"}]),
            vec!["collateral optimism"],
        ),
        (
            json!([{"action":"liquidate","account":Address::repeat_byte(7).to_string(),"debt":"USDC","collateral":"ETH","amount":"100","chain":"arbitrum"}]),
            vec!["liquidate 100 USDC WETH arbitrum"],
        ),
        (
            json!([{"action":"liquidate","account":Address::repeat_byte(7).to_string(),"debt":"ETH","collateral":"USDC","amount":"1","chain":"base"}]),
            vec!["+ wrap 1 ETH WETH base", "liquidate @1 WETH USDC base"],
        ),
        (
            json!([{"action":"liquidate","account":Address::repeat_byte(7).to_string(),"debt":"USDC","collateral":"ETH","amount":"1"}]),
            vec!["18 clarify.chain"],
        ),
        (
            json!([{"action":"supply","asset":"USDC","amount":"1","protocol":"compound"}]),
            vec!["21 world.lacks"],
        ),
        (
            json!([{"action":"collateral","asset":"LINK","use":true,"chain":"base"}]),
            vec!["21 world.no_asset"],
        ),
    ];
    for (steps, expected) in table {
        check(&world, steps, &expected);
    }
}

#[test]
fn moves_and_stakes() {
    let world = settled();
    let table = [
        (json!([{"action":"stake","asset":"ETH","amount":"1"}]), vec!["stake 1 ETH stETH ethereum"]),
        (
            json!([{"action":"stake","asset":"ETH","amount":"1","protocol":"lido"}]),
            vec!["stake 1 ETH stETH ethereum"],
        ),
        (
            json!([{"action":"stake","asset":"WETH","amount":"1"}]),
            vec!["+ unwrap 1 WETH ETH ethereum", "stake @1 ETH stETH ethereum"],
        ),
        (json!([{"action":"stake","asset":"AAVE","amount":"1"}]), vec!["21 world.lacks"]),
        (
            json!([{"action":"stake","asset":"ETH","amount":"1","protocol":"rocketpool"}]),
            vec!["21 world.lacks"],
        ),
        (json!([{"action":"stake","asset":"ETH","amount":"1","chain":"base"}]), vec!["21 world.no_asset"]),
        (json!([{"action":"unstake","asset":"stETH","amount":"1"}]), vec!["21 world.lacks"]),
        (json!([{"action":"wrap","amount":"1","asset":"stETH"}]), vec!["wrap 1 stETH wstETH ethereum"]),
        (
            json!([{"action":"unwrap","amount":"all","asset":"wstETH"}]),
            vec!["unwrap all-0 wstETH stETH ethereum"],
        ),
        (json!([{"action":"wrap","amount":"1.5"}]), vec!["wrap 1.5 ETH WETH arbitrum"]),
        (json!([{"action":"wrap","amount":"1","asset":"DAI"}]), vec!["21 world.lacks"]),
        (
            json!([{"action":"swap","sell":"stETH","buy":"wstETH","amount":"1","side":"sell"}]),
            vec!["wrap 1 stETH wstETH ethereum"],
        ),
        (
            json!([{"action":"swap","sell":"USDC","buy":"ARB","amount":"100","side":"sell"}]),
            vec!["swap 100 USDC ARB arbitrum"],
        ),
        (
            json!([{"action":"swap","sell":"ETH","buy":"USDC","amount":"3","side":"sell"}]),
            vec!["swap 3 ETH USDC ethereum"],
        ),
        (
            json!([{"action":"bridge","asset":"USDC","amount":"2000","to":"base"}]),
            vec!["bridge 2000 USDC USDC arbitrum base"],
        ),
        (
            json!([{"action":"bridge","asset":"WETH","amount":"1","from":"arbitrum","to":"optimism"},
                {"action":"supply","asset":"WETH","amount":"@1","chain":"optimism"}]),
            vec![
                "bridge 1 WETH ETH arbitrum optimism",
                "+ wrap @1 ETH WETH optimism",
                "supply @2 WETH optimism",
            ],
        ),
        (
            json!([{"action":"bridge","asset":"LINK","amount":"1","from":"ethereum","to":"base"}]),
            vec!["21 world.no_asset"],
        ),
        (
            json!([{"action":"transfer","asset":"USDC","amount":"1","to":"alice","chain":"base"}]),
            vec!["transfer 1 USDC base"],
        ),
        (json!([{"action":"transfer","asset":"USDC","amount":"1","to":"alice"}]), vec!["18 clarify.chain"]),
        (
            json!([{"action":"transfer","asset":"USDC","amount":"1","to":"vitalik.eth","chain":"base"}]),
            vec!["21 world.no_ens"],
        ),
        (
            json!([{"action":"transfer","asset":"USDC","amount":"1","to":"carol.eth","chain":"base"}]),
            vec!["transfer 1 USDC base"],
        ),
    ];
    for (steps, expected) in table {
        check(&world, steps, &expected);
    }
}

#[test]
fn liquidity() {
    let world = settled();
    let table = [
        (
            json!([{"action":"add_liquidity","pair":["ETH","USDC"],"amounts":["1","2600"],"fee_bps":5,"chain":"base"}]),
            vec!["+ wrap 1 ETH WETH base", "add_liquidity @1 WETH base"],
        ),
        (
            json!([{"action":"add_liquidity","pair":["USDC","DAI"],"amounts":[null,"100"],"chain":"base"}]),
            vec!["add_liquidity 100 DAI base"],
        ),
        // 2600 USDC are worth 1 ETH, and a hundredth more is wrapped.
        (
            json!([{"action":"add_liquidity","pair":["ETH","USDC"],"amounts":[null,"2600"],"chain":"arbitrum"}]),
            vec!["+ wrap 1.01 ETH WETH arbitrum", "add_liquidity 2600 USDC arbitrum"],
        ),
        (
            json!([{"action":"add_liquidity","pair":["ETH","USDC"],"amounts":[null,"2600"],"range":["2000","3000"],"chain":"base"}]),
            vec!["18 clarify.amount"],
        ),
        (
            json!([{"action":"add_liquidity","pair":["ETH","WETH"],"amounts":["1",null],"chain":"base"}]),
            vec!["20 input.same_asset"],
        ),
        (
            json!([{"action":"add_liquidity","pair":["WETH","USDC"],"amounts":["1",null],"range":["3000","3000"],"chain":"base"}]),
            vec!["20 input.range"],
        ),
        (
            json!([{"action":"add_liquidity","pair":["WETH","USDC"],"amounts":["1",null],"protocol":"curve","chain":"base"}]),
            vec!["21 world.lacks"],
        ),
        (
            json!([{"action":"remove_liquidity","pair":null,"amount":"50%","position":"7"}]),
            vec!["remove_liquidity 50/100 WETH base"],
        ),
        (
            json!([{"action":"remove_liquidity","pair":["USDC","WETH"],"amount":"all","chain":"base"}]),
            vec!["remove_liquidity all-0 WETH base"],
        ),
        (
            json!([{"action":"remove_liquidity","pair":["ETH","USDC"],"amount":"all","chain":"base"},
                {"action":"swap","sell":"ETH","buy":"USDC","amount":"@1:ETH","side":"sell","chain":"base"},
                {"action":"supply","asset":"USDC","amount":"@1:USDC","chain":"base"}]),
            vec![
                "remove_liquidity all-0 WETH base",
                "+ unwrap @1 WETH ETH base",
                "swap @2 ETH USDC base",
                "supply @1 USDC base",
            ],
        ),
        (
            json!([{"action":"remove_liquidity","pair":["ETH","USDC"],"amount":"all"}]),
            vec!["18 clarify.position"],
        ),
        (
            json!([{"action":"remove_liquidity","pair":null,"amount":"all","position":"8"}]),
            vec!["21 world.no_position"],
        ),
        (json!([{"action":"remove_liquidity","pair":["ETH","DAI"],"amount":"5"}]), vec!["20 input.amount"]),
        (
            json!([{"action":"remove_liquidity","pair":["ETH","DAI"],"amount":"all","chain":"ethereum"}]),
            vec!["21 world.no_position"],
        ),
    ];
    for (steps, expected) in table {
        check(&world, steps, &expected);
    }
}

#[test]
fn a_range_is_in_the_pairs_second_asset() {
    let world = settled();
    let steps = json!([{"action":"add_liquidity","pair":["ETH","USDC"],"amounts":[null,"2600"],"chain":"base",
                        "range":["3600","2600"],"fee_bps":5}]);
    assert_eq!(world.said(steps, false), ["18 clarify.amount"], "how much ETH belongs to it, no price says");
    let steps = json!([{"action":"add_liquidity","pair":["WETH","USDC"],"amounts":[null,"2600"],"chain":"base",
                        "range":["3600","2600"],"fee_bps":5}]);
    let plan = world.plan(steps, false).unwrap();
    let (_, step) = plan.steps().next().unwrap();
    let Action::AddLiquidity { asset, other, other_amount, fee_pips, range, .. } = &step.action else {
        panic!()
    };
    assert_eq!((asset.symbol.as_str(), other.symbol.as_str()), ("USDC", "WETH"));
    assert_eq!((other_amount, fee_pips), (&None, &Some(500)));
    let LiquidityRange::Between { low, high, quoted_in } = range else { panic!("{range:?}") };
    assert_eq!((low.as_str(), high.as_str(), quoted_in.symbol.as_str()), ("2600", "3600", "USDC"));
}

#[test]
fn rights() {
    let world = settled();
    let table = [
        (json!([{"action":"claim"}]), vec!["claim base", "claim arbitrum"]),
        (json!([{"action":"claim","chain":"arbitrum"}]), vec!["claim arbitrum"]),
        (json!([{"action":"claim","protocol":"uniswap"}]), vec!["claim base"]),
        (json!([{"action":"claim","protocol":"compound"}]), vec!["21 world.nothing_to_claim"]),
        (json!([{"action":"claim","chain":"ethereum"}]), vec!["21 world.nothing_to_claim"]),
        (
            json!([{"action":"vote","proposal":"12","support":"for","governor":"arbitrum"}]),
            vec!["vote arbitrum"],
        ),
        (
            json!([{"action":"vote","proposal":"12","support":"abstain","governor":"aave"}]),
            vec!["vote ethereum"],
        ),
        (
            json!([{"action":"vote","proposal":"12","support":"for","governor":"aave","chain":"base"}]),
            vec!["21 world.lacks"],
        ),
        (
            json!([{"action":"vote","proposal":"12","support":"for","governor":"compound"}]),
            vec!["21 world.lacks"],
        ),
        (
            json!([{"action":"vote","proposal":"twelve","support":"for","governor":"aave"}]),
            vec!["20 input.proposal"],
        ),
        (
            json!([{"action":"vote","proposal":"1","support":"for","governor":Address::repeat_byte(9).to_string()}]),
            vec!["21 world.lacks"],
        ),
        (json!([{"action":"delegate","asset":"ARB","to":"alice"}]), vec!["delegate arbitrum"]),
        (
            json!([{"action":"delegate","asset":"AAVE","to":crate::world::ACCOUNT.to_string()}]),
            vec!["delegate ethereum"],
        ),
        (json!([{"action":"delegate","asset":"ETH","to":"alice"}]), vec!["21 world.lacks"]),
        (json!([{"action":"delegate","asset":"ARB","to":"bob"}]), vec!["18 clarify.payee"]),
        (json!([{"action":"revoke"}]), vec!["revoke arbitrum"]),
        (json!([{"action":"revoke","asset":"USDC","spender":"uniswap"}]), vec!["revoke arbitrum"]),
        (json!([{"action":"revoke","asset":"DAI"}]), vec!["18 clarify.chain"]),
        (json!([{"action":"revoke","asset":"DAI","chain":"base"}]), vec!["revoke base"]),
        (json!([{"action":"revoke","spender":"uniswap","chain":"base"}]), vec!["21 world.no_allowance"]),
        (json!([{"action":"revoke","spender":"compound","chain":"base"}]), vec!["21 world.lacks"]),
    ];
    for (steps, expected) in table {
        check(&world, steps, &expected);
    }
    let plan = world.plan(json!([{"action":"revoke","spender":"uniswap"}]), false).unwrap();
    let router = world.registry.networks[&ARBITRUM].role("uniswap.swap_router02");
    let (_, step) = plan.steps().next().unwrap();
    assert!(matches!(&step.action, Action::Revoke { spender, asset: None, .. } if *spender == router));
    let vote = json!([{"action":"vote","proposal":"12","support":"against","governor":"arbitrum"}]);
    let plan = world.plan(vote, false).unwrap();
    let (_, step) = plan.steps().next().unwrap();
    assert!(
        matches!(&step.action, Action::Vote { support: Support::Against, proposal, .. } if *proposal == U256::from(12))
    );
    assert_eq!(step.sources.get("protocol"), Some(&Source::Registry));
}

#[test]
fn a_governor_by_its_address_and_never_its_timelock() {
    let world = settled();
    let network = &world.registry.networks[&ETHEREUM];
    let vote = |address: Address| json!([{"action":"vote","proposal":"1","support":"for","governor":address.to_string()}]);
    check(&world, vote(network.role("governor.aave").unwrap()), &["vote ethereum"]);
    check(&world, vote(network.role("governor.aave.timelock").unwrap()), &["21 world.lacks"]);
}

#[test]
fn a_reference_fits_what_the_step_yields() {
    let world = settled();
    let swap = json!({"action":"swap","sell":"ETH","buy":"USDC","amount":"0.1","side":"sell","chain":"base"});
    check(
        &world,
        json!([swap, {"action":"supply","asset":"DAI","amount":"@1","chain":"base"}]),
        &["18 clarify.asset"],
    );
    check(
        &world,
        json!([swap, {"action":"supply","asset":"USDC","amount":"@1","chain":"arbitrum"}]),
        &["18 clarify.asset"],
    );
    let plan = world.plan(json!([swap, {"action":"supply","asset":"USDC","amount":"50%@1"}]), false).unwrap();
    let (_, step) = plan.steps().nth(1).unwrap();
    let Some(Quantity::Output { step: from, asset, numerator, denominator }) = step.action.quantity() else {
        panic!()
    };
    assert_eq!((*from, asset.symbol.as_str()), (1, "USDC"));
    assert_eq!(numerator * U256::from(2), *denominator);
}
