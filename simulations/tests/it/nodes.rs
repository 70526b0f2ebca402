//! Live nodes: what was simulated is what happens, and what cannot be reached is refused.

use std::sync::Arc;

use agent_core::ports::{Simulator, View};
use agent_core::{Exit, NetworkId, Registry};
use alloy::network::EthereumWallet;
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy_primitives::{Address, B256, U256};
use devnet::{RunningChain, TestChains};
use simulations::ForkSimulator;

use crate::demo::{self, FEES, approve_and_swap, usdc, weth};
use crate::scene::{ether, moved};

/// Nothing listens there, and its path and user must not be shown.
const DEAD: &str = "http://someone:secret@127.0.0.1:9/v3/token123";

fn simulator(chain: &RunningChain, endpoints: &[&str], genesis: B256) -> ForkSimulator {
    ForkSimulator::new(registry(chain, endpoints, genesis))
}

pub(crate) fn registry(chain: &RunningChain, endpoints: &[&str], genesis: B256) -> Arc<Registry> {
    let id = NetworkId { chain_id: chain.chain_id, genesis };
    let endpoints = endpoints.iter().map(|url| (*url).to_owned()).collect();
    let network = demo::network(id, endpoints, &chain.roles);
    Arc::new(Registry { networks: [(chain.chain_id, network)].into() })
}

async fn execute(
    chains: &TestChains,
    chain: &RunningChain,
    call: &agent_core::Call,
    gas: u64,
) -> TransactionReceipt {
    let wallet = EthereumWallet::from(chains.keys.wallet.clone());
    let provider = ProviderBuilder::new().wallet(wallet).connect_http(chain.rpc_url.parse().unwrap());
    let request = TransactionRequest::default().to(call.to).value(call.value).input(call.data.clone().into());
    let request = request.gas_limit(gas).max_fee_per_gas(FEES.max_fee_per_gas);
    let request = request.max_priority_fee_per_gas(FEES.max_priority_fee_per_gas);
    let receipt = provider.send_transaction(request).await.unwrap().get_receipt().await.unwrap();
    assert!(receipt.status());
    receipt
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_simulated_is_what_the_node_does() {
    let chains = TestChains::start(&demo::cache_dir()).await.unwrap();
    let me = chains.running.wallet;
    for chain in &chains.running.chains {
        // The first endpoint is dead: the second one serves.
        let simulator = simulator(chain, &[DEAD, &chain.rpc_url], chain.genesis_hash);
        let (weth, usdc) = (weth(chain.chain_id, &chain.roles), usdc(chain.chain_id, &chain.roles));
        let calls = approve_and_swap(me, &chain.roles, ether(1));
        let mut fork = simulator.fork(chain.chain_id).await.unwrap();
        let before = state(fork.view(), me, &[&weth, &usdc]).await;
        let simulation = fork.run(me, &calls, FEES, &[weth.clone(), usdc.clone()], &[]).await.unwrap();
        assert_eq!(simulation.failure(), None);

        let mut paid = U256::ZERO;
        for (call, outcome) in calls.iter().zip(&simulation.calls) {
            let receipt = execute(&chains, chain, call, outcome.gas_used * 13 / 10).await;
            assert_eq!(receipt.gas_used, outcome.gas_used, "chain {}", chain.chain_id);
            assert_eq!(receipt.logs().len(), outcome.logs.len());
            paid += U256::from(receipt.gas_used) * U256::from(receipt.effective_gas_price);
        }
        let head = simulator.fork(chain.chain_id).await.unwrap();
        assert!(head.view().block().number > simulation.block.number);
        let after = state(head.view(), me, &[&weth, &usdc]).await;
        assert_eq!(moved(&simulation, me, &weth), format!("-{}", before[1] - after[1]));
        assert_eq!(moved(&simulation, me, &usdc), format!("+{}", after[2] - before[2]));
        // What the account paid beside gas is the L1 fee, to within what a few bytes cost.
        let l1_fee = before[0] - after[0] - paid;
        let difference = l1_fee.abs_diff(simulation.l1_fee());
        assert!(difference * U256::from(50) <= l1_fee, "node {l1_fee}, simulated {}", simulation.l1_fee());
    }
}

/// Native coin and tokens held.
async fn state(view: &dyn View, account: Address, tokens: &[&agent_core::Asset]) -> Vec<U256> {
    let mut all = vec![view.balance(account).await.unwrap()];
    for token in tokens {
        let ask = crate::scene::invoke(token.token().unwrap(), "balanceOf(address)", &[account.into_word()]);
        all.push(U256::from_be_slice(&view.call(account, ask.to, ask.data).await.unwrap().output));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn another_network_and_a_dead_endpoint_are_refused() {
    let chains = TestChains::start(&demo::cache_dir()).await.unwrap();
    let [ethereum, base, ..] = &chains.running.chains[..] else { panic!("four chains") };
    let refused = async |simulator: ForkSimulator| {
        let refusal = simulator.fork(ethereum.chain_id).await.unwrap_err();
        assert_eq!(refusal.exit, Exit::Unreachable);
        assert!(!format!("{refusal:?}").contains("secret") && !format!("{refusal:?}").contains("token123"));
        refusal.code
    };
    let url = ethereum.rpc_url.as_str();
    // Negative control: with the right genesis it forks.
    assert!(simulator(ethereum, &[url], ethereum.genesis_hash).fork(ethereum.chain_id).await.is_ok());
    assert_eq!(refused(simulator(ethereum, &[url], B256::repeat_byte(1))).await, "rpc.wrong_chain");
    let elsewhere = simulator(ethereum, &[&base.rpc_url, url], ethereum.genesis_hash);
    assert_eq!(refused(elsewhere).await, "rpc.wrong_chain");
    assert_eq!(refused(simulator(ethereum, &[DEAD], ethereum.genesis_hash)).await, "rpc.unreachable");
    assert_eq!(refused(simulator(ethereum, &[], ethereum.genesis_hash)).await, "rpc.unreachable");
    assert_eq!(refused(simulator(ethereum, &["not a url"], ethereum.genesis_hash)).await, "rpc.unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_under_a_fork_is_a_refusal() {
    let chains = TestChains::start(&demo::cache_dir()).await.unwrap();
    let chain = chains.running.chains[0].clone();
    let me = chains.running.wallet;
    let simulator = simulator(&chain, &[&chain.rpc_url], chain.genesis_hash);
    let mut fork = simulator.fork(chain.chain_id).await.unwrap();
    drop(chains);
    let calls = approve_and_swap(me, &chain.roles, ether(1));
    let refusal = fork.run(me, &calls, FEES, &[], &[]).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.exit), ("rpc.unreachable", Exit::Unreachable));
    assert!(simulator.fork(chain.chain_id).await.is_err());
}
