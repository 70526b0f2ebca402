//! Aave's reserves, its debtor and its rewards.

use alloy::{
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use devnet::{ARBITRUM, BASE, ETHEREUM, OPTIMISM, TOKENS, TestChains};

use super::{
    borrowCall, cache_dir, getAssetPriceCall,
    machine::{Machine, units},
    supplyCall,
};

sol! {
    function liquidationCall(
        address collateral, address debt, address user, uint256 debtToCover, bool receiveAToken
    );
    function getUserAccountData(address user) returns (
        uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 healthFactor
    );
    function getUserRewards(address[] assets, address user, address reward) returns (uint256);
    function claimAllRewardsToSelf(address[] assets) returns (address[] rewards, uint256[] amounts);
}

const RESERVES: [(u64, &[&str]); 4] = [
    (ETHEREUM, &["weth", "usdc", "dai", "wbtc", "wsteth"]),
    (BASE, &["weth", "usdc", "dai"]),
    (ARBITRUM, &["weth", "usdc", "dai", "wbtc"]),
    (OPTIMISM, &["weth", "usdc", "dai", "wbtc"]),
];

fn supply(machine: &mut Machine, token: &str, amount: U256) {
    let (wallet, pool) = (machine.wallet, machine.at("aave.pool"));
    machine.approve(token, pool);
    let call = supplyCall { asset: machine.at(token), amount, onBehalfOf: wallet, referralCode: 0 };
    machine.send(wallet, pool, call).unwrap();
}

#[tokio::test]
async fn every_reserve_can_be_borrowed_and_every_token_has_a_price() {
    for (chain_id, reserves) in RESERVES {
        let mut machine = Machine::new(chain_id).await;
        let (wallet, pool, oracle) = (machine.wallet, machine.at("aave.pool"), machine.at("aave.oracle"));
        for token in TOKENS.iter().filter(|token| token.chains.contains(&chain_id)) {
            let asset = machine.at(token.role);
            let price = machine.read(oracle, getAssetPriceCall { asset });
            assert!(price > U256::ZERO, "{}", token.role);
            let lent = machine.chain.roles.contains_key(&format!("aave.a_token.{}", token.role));
            assert_eq!(lent, reserves.contains(&token.role), "{} on {chain_id}", token.role);
        }
        supply(&mut machine, "weth", units(1, 18));
        // Ten dollars of each.
        for role in reserves {
            let asset = machine.at(role);
            let price = machine.read(oracle, getAssetPriceCall { asset });
            let decimals = TOKENS.iter().find(|token| token.role == *role).unwrap().decimals;
            let amount = units(10, decimals + 8) / price;
            let call =
                borrowCall { asset, amount, rateMode: U256::from(2), referralCode: 0, onBehalfOf: wallet };
            let frozen = chain_id == BASE && *role == "dai";
            assert_eq!(machine.send(wallet, pool, call).is_err(), frozen, "{role} on {chain_id}");
            let debt = machine.balance(&format!("aave.debt_token.{role}"), wallet);
            assert_eq!(debt, if frozen { U256::ZERO } else { amount }, "{role} on {chain_id}");
        }
    }
}

/// The debtor's position is sold to a liquidator who pays a thousand USDC: what the liquidator gets.
fn liquidate(machine: &mut Machine) -> Option<U256> {
    let (wallet, pool, debtor) = (machine.wallet, machine.at("aave.pool"), machine.at("demo.debtor"));
    machine.approve("usdc", pool);
    let call = liquidationCallCall {
        collateral: machine.at("weth"),
        debt: machine.at("usdc"),
        user: debtor,
        debtToCover: units(1_000, 6),
        receiveAToken: false,
    };
    let before = machine.balance("weth", wallet);
    machine.send(wallet, pool, call).ok()?;
    Some(machine.balance("weth", wallet) - before)
}

#[tokio::test]
async fn the_debtor_is_healthy_until_ether_falls_and_then_liquidated_with_a_bonus() {
    for chain_id in [ETHEREUM, BASE, ARBITRUM, OPTIMISM] {
        let mut healthy = Machine::new(chain_id).await;
        let (pool, user) = (healthy.at("aave.pool"), healthy.at("demo.debtor"));
        let factor = healthy.read(pool, getUserAccountDataCall { user }).healthFactor;
        assert!(factor > units(104, 16) && factor < units(105, 16), "{factor}");
        assert!(liquidate(&mut healthy).is_none());

        let price = units(2_500, 8);
        let mut fallen = Machine::changed(chain_id, |chain| chain.set_price("weth", price).unwrap()).await;
        let factor = fallen.read(pool, getUserAccountDataCall { user }).healthFactor;
        assert!(factor < units(1, 18), "{factor}");
        // 1,000 dollars and 5 % more at 2,500 an ether.
        assert_eq!(liquidate(&mut fallen), Some(units(42, 16)));
        assert!(fallen.chain.set_price("doge", price).is_none());
    }
}

#[tokio::test]
async fn a_price_can_be_changed_while_the_node_runs() {
    let chains = TestChains::start(&cache_dir()).await.unwrap();
    let running = chains.running.chains.iter().find(|chain| chain.chain_id == BASE).unwrap();
    let provider = ProviderBuilder::new().connect_http(running.rpc_url.parse().unwrap());
    let call = getAssetPriceCall { asset: running.roles["weth"] }.abi_encode();
    let request =
        TransactionRequest::default().to(running.roles["aave.oracle"]).input(Bytes::from(call).into());
    let price = async || U256::from_be_slice(&provider.call(request.clone()).await.unwrap());
    assert!(price().await > units(2_700, 8));
    chains.set_price(BASE, "weth", units(2_500, 8)).await.unwrap();
    assert_eq!(price().await, units(2_500, 8));
    assert_eq!(chains.set_price(BASE, "doge", units(1, 8)).await.unwrap_err().code(), "rpc.unreachable");
}

#[tokio::test]
async fn lending_usdc_earns_aave_with_time() {
    let mut machine = Machine::new(ETHEREUM).await;
    let (wallet, controller) = (machine.wallet, machine.at("aave.rewards_controller"));
    let assets = vec![machine.at("aave.a_token.usdc")];
    supply(&mut machine, "usdc", units(10_000, 6));
    let rewards = |machine: &mut Machine, user: Address| {
        let (reward, assets) = (machine.at("aave"), assets.clone());
        machine.read(controller, getUserRewardsCall { assets, user, reward })
    };
    assert_eq!(rewards(&mut machine, wallet), U256::ZERO);
    machine.time += 30 * 86_400;
    // 0.0002 AAVE a second to 20 million dollars, of which the wallet's are ten thousand.
    let expected = units(5_184, 17) * U256::from(10_000) / U256::from(20_010_000);
    let earned = rewards(&mut machine, wallet);
    assert!(earned.abs_diff(expected) < expected / U256::from(100), "{earned}, not {expected}");
    assert_eq!(rewards(&mut machine, Address::repeat_byte(7)), U256::ZERO);
    let before = machine.balance("aave", wallet);
    machine.send(wallet, controller, claimAllRewardsToSelfCall { assets: assets.clone() }).unwrap();
    assert_eq!(machine.balance("aave", wallet) - before, earned);
    assert_eq!(rewards(&mut machine, wallet), U256::ZERO);
}
