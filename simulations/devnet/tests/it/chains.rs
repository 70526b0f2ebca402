//! The same world as four nodes.

use std::time::{Duration, Instant};

use alloy::{
    network::EthereumWallet,
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{TransactionReceipt, TransactionRequest},
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use devnet::{ARBITRUM, BASE, ETHEREUM, OPTIMISM, RELAYER_FEE_PIPS, RunningChain, TestChains};

use super::{approveCall, balanceOfCall, cache_dir, depositV3NowCall};

async fn start() -> TestChains {
    TestChains::start(&cache_dir()).await.unwrap()
}

fn chain(chains: &TestChains, chain_id: u64) -> (&RunningChain, DynProvider) {
    let chain = chains.running.chains.iter().find(|chain| chain.chain_id == chain_id).unwrap();
    let wallet = EthereumWallet::from(chains.keys.wallet.clone());
    (chain, ProviderBuilder::new().wallet(wallet).connect_http(chain.rpc_url.parse().unwrap()).erased())
}

async fn send(provider: &DynProvider, to: Address, data: Vec<u8>) -> TransactionReceipt {
    let request = TransactionRequest::default().to(to).input(Bytes::from(data).into());
    let receipt = provider.send_transaction(request).await.unwrap().get_receipt().await.unwrap();
    assert!(receipt.status(), "{}", receipt.transaction_hash);
    receipt
}

async fn balance(provider: &DynProvider, token: Address, account: Address) -> U256 {
    let call = balanceOfCall { account }.abi_encode();
    let request = TransactionRequest::default().to(token).input(Bytes::from(call).into());
    balanceOfCall::abi_decode_returns(&provider.call(request).await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_nodes_hold_what_was_built_and_a_difference_is_noticed() {
    let chains = start().await;
    chains.compare().await.unwrap();
    let (ethereum, provider) = chain(&chains, ETHEREUM);
    let (slot, zero) = (U256::from(4), U256::ZERO);
    let pool = ethereum.roles["uniswap.pool.weth_usdc_500"];
    let liquidity = provider.get_storage_at(pool, slot).await.unwrap();
    let write = |value: U256| {
        let parameters = (pool, format!("{slot:#066x}"), format!("{value:#066x}"));
        provider.raw_request::<_, bool>("anvil_setStorageAt".into(), parameters)
    };
    write(liquidity + U256::from(1)).await.unwrap();
    assert_eq!(chains.compare().await.unwrap_err().code(), "devnet.differs");
    write(liquidity).await.unwrap();
    chains.compare().await.unwrap();
    let stranger = Address::repeat_byte(7);
    let give = |wei: U256| provider.raw_request::<_, ()>("anvil_setBalance".into(), (stranger, wei));
    give(U256::from(1)).await.unwrap();
    assert_eq!(chains.compare().await.unwrap_err().code(), "devnet.differs");
    assert_ne!(zero, liquidity);
}

#[tokio::test]
async fn the_op_stack_charges_for_data_on_l1_and_the_others_do_not() {
    let chains = start().await;
    for (chain_id, charges) in [(ETHEREUM, false), (BASE, true), (ARBITRUM, false), (OPTIMISM, true)] {
        let (_, provider) = chain(&chains, chain_id);
        let wallet = chains.running.wallet;
        let before = provider.get_balance(wallet).await.unwrap();
        let receipt = send(&provider, chains.running.contacts[0].address, Vec::new()).await;
        let after = provider.get_balance(wallet).await.unwrap();
        let execution = U256::from(receipt.gas_used) * U256::from(receipt.effective_gas_price);
        assert_eq!(
            before - after > execution,
            charges,
            "chain {chain_id}: {} of {execution}",
            before - after
        );
    }
}

/// Deposits `input` of a token for the recipient on another chain.
async fn deposit(chains: &TestChains, role: &str, route: [u64; 2], recipient: Address, amounts: [u64; 2]) {
    let ((from, origin), (to, _)) = (chain(chains, route[0]), chain(chains, route[1]));
    let (spoke, token) = (from.roles["across.spoke_pool"], from.roles[role]);
    let [input, output] = amounts.map(U256::from);
    send(&origin, token, approveCall { spender: spoke, value: input }.abi_encode()).await;
    let deposit = depositV3NowCall {
        depositor: chains.running.wallet,
        recipient,
        inputToken: token,
        outputToken: to.roles[role],
        inputAmount: input,
        outputAmount: output,
        destinationChainId: U256::from(route[1]),
        exclusiveRelayer: Address::ZERO,
        fillDeadlineOffset: 3_600,
        exclusivityPeriod: 0,
        message: Bytes::new(),
    };
    send(&origin, spoke, deposit.abi_encode()).await;
}

#[tokio::test]
async fn the_relayer_fills_deposits_that_pay_it_between_all_chains() {
    let chains = start().await;
    let (paid, unpaid) = (Address::repeat_byte(0xA1), Address::repeat_byte(0xA2));
    let input = 10_000_000;
    let fair = input - input * RELAYER_FEE_PIPS / 1_000_000;
    deposit(&chains, "usdc", [ETHEREUM, BASE], unpaid, [input, fair + 1]).await;
    let routes = [
        ("usdc", [ETHEREUM, BASE]),
        ("wbtc", [ETHEREUM, ARBITRUM]),
        ("usdt", [ETHEREUM, OPTIMISM]),
        ("dai", [BASE, ARBITRUM]),
        ("weth", [ARBITRUM, OPTIMISM]),
        ("usdc", [OPTIMISM, ETHEREUM]),
    ];
    let since = Instant::now();
    for (role, route) in routes {
        deposit(&chains, role, route, paid, [input, fair]).await;
    }
    for (role, [_, to]) in routes {
        let (to, destination) = chain(&chains, to);
        // The SpokePool pays WETH out as ether.
        let held = async || match role {
            "weth" => destination.get_balance(paid).await.unwrap(),
            _ => balance(&destination, to.roles[role], paid).await,
        };
        while held().await.is_zero() {
            assert!(since.elapsed() < Duration::from_secs(30), "{role} not filled");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(held().await, U256::from(fair), "{role}");
    }
    assert!(since.elapsed() > Duration::from_secs(2), "filled after {:?}", since.elapsed());
    // This one was deposited first: it would have been filled by now.
    let (to, destination) = chain(&chains, BASE);
    assert_eq!(balance(&destination, to.roles["usdc"], unpaid).await, U256::ZERO);
}

#[tokio::test]
async fn worlds_have_their_own_genesis_and_end_when_dropped() {
    let (one, other) = tokio::join!(start(), start());
    for (a, b) in one.running.chains.iter().zip(&other.running.chains) {
        assert_ne!(a.genesis_hash, b.genesis_hash);
    }
    let (_, provider) = chain(&one, BASE);
    provider.get_block_number().await.unwrap();
    drop(one);
    let since = Instant::now();
    while provider.get_block_number().await.is_ok() {
        assert!(since.elapsed() < Duration::from_secs(5), "anvil outlived its world");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    chain(&other, BASE).1.get_block_number().await.unwrap();
}
