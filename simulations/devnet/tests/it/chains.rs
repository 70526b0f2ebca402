//! The same world as two nodes.

use std::time::{Duration, Instant};

use alloy::{
    network::EthereumWallet,
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{TransactionReceipt, TransactionRequest},
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use devnet::{BASE, ETHEREUM, RELAYER_FEE_PIPS, RunningChain, TestChains};

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
    let pool = ethereum.addresses.weth_usdc_pool;
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
async fn base_charges_for_its_data_on_l1_and_ethereum_does_not() {
    let chains = start().await;
    for (chain_id, charges) in [(ETHEREUM, false), (BASE, true)] {
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

#[tokio::test]
async fn the_relayer_fills_a_deposit_that_pays_it() {
    let chains = start().await;
    let (from, origin) = chain(&chains, ETHEREUM);
    let (to, destination) = chain(&chains, BASE);
    let (paid, unpaid) = (Address::repeat_byte(0xA1), Address::repeat_byte(0xA2));
    let input = U256::from(200_000_000);
    let fair = input - input * U256::from(RELAYER_FEE_PIPS) / U256::from(1_000_000);
    let spoke = from.addresses.spoke_pool;
    send(
        &origin,
        from.addresses.usdc,
        approveCall { spender: spoke, value: input * U256::from(2) }.abi_encode(),
    )
    .await;
    for (recipient, output) in [(unpaid, fair + U256::from(1)), (paid, fair)] {
        let deposit = depositV3NowCall {
            depositor: chains.running.wallet,
            recipient,
            inputToken: from.addresses.usdc,
            outputToken: to.addresses.usdc,
            inputAmount: input,
            outputAmount: output,
            destinationChainId: U256::from(BASE),
            exclusiveRelayer: Address::ZERO,
            fillDeadlineOffset: 3_600,
            exclusivityPeriod: 0,
            message: Bytes::new(),
        };
        send(&origin, spoke, deposit.abi_encode()).await;
    }
    let since = Instant::now();
    while balance(&destination, to.addresses.usdc, paid).await.is_zero() {
        assert!(since.elapsed() < Duration::from_secs(20), "not filled");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(since.elapsed() > Duration::from_secs(2), "filled after {:?}", since.elapsed());
    assert_eq!(balance(&destination, to.addresses.usdc, paid).await, fair);
    // The other one was deposited first: it would have been filled by now.
    assert_eq!(balance(&destination, to.addresses.usdc, unpaid).await, U256::ZERO);
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
