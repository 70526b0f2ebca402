//! The demo world, as a registry and as worlds in memory, and an approve-and-swap in it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use agent_core::{Asset, AssetKind, BlockRef, Call, CallRole, Fees, NetworkId, NetworkInfo, Registry};
use alloy_primitives::aliases::{U24, U160};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, sol};
use devnet::{DemoKeys, Progress, Roles, World, artifacts, deploy, is_op_stack};
use simulations::{ForkSimulator, MemoryAccount, MemoryWorld};

sol! {
    struct Swap {
        address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 amountIn; uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }
    function exactInputSingle(Swap swap) returns (uint256 amountOut);
    function approve(address spender, uint256 value) returns (bool);
}

pub(crate) const FEES: Fees = Fees { max_fee_per_gas: 5_000_000_000, max_priority_fee_per_gas: 100_000_000 };

/// The program's own cache: nothing that it has is fetched.
pub(crate) fn cache_dir() -> PathBuf {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(PathBuf::from);
    of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache"))).unwrap().join("steward")
}

pub(crate) async fn world(keys: &DemoKeys) -> World {
    deploy::world(&artifacts::fetch(&cache_dir(), Progress::Silent).await.unwrap(), keys).unwrap()
}

fn token(chain_id: u64, at: Address, symbol: &str, decimals: u8) -> Asset {
    Asset { chain_id, kind: AssetKind::Erc20(at), symbol: symbol.into(), decimals }
}

pub(crate) fn weth(chain_id: u64, at: &Roles) -> Asset {
    token(chain_id, at["weth"], "WETH", 18)
}

pub(crate) fn usdc(chain_id: u64, at: &Roles) -> Asset {
    token(chain_id, at["usdc"], "USDC", 6)
}

pub(crate) fn network(id: NetworkId, endpoints: Vec<String>, at: &Roles) -> NetworkInfo {
    let coin = Asset { chain_id: id.chain_id, kind: AssetKind::Native, symbol: "ETH".into(), decimals: 18 };
    NetworkInfo {
        id,
        name: format!("demo-{}", id.chain_id),
        endpoints,
        op_stack: is_op_stack(id.chain_id),
        demo: true,
        assets: vec![coin, weth(id.chain_id, at), usdc(id.chain_id, at)],
        positions: Vec::new(),
        contracts: BTreeMap::new(),
        roles: BTreeMap::new(),
    }
}

pub(crate) fn simulator(world: &World) -> ForkSimulator {
    let networks = world.chains.iter().map(|chain| {
        let id = NetworkId { chain_id: chain.chain_id, genesis: B256::ZERO };
        (chain.chain_id, network(id, Vec::new(), &chain.roles))
    });
    let registry = Registry { networks: networks.collect() };
    let worlds = world.chains.iter().map(|chain| {
        let accounts = chain.accounts.iter().map(|(address, account)| {
            let devnet::world::Account { balance, nonce, code, storage } = account.clone();
            (*address, MemoryAccount { balance, nonce, code, storage })
        });
        let block = BlockRef { number: 0, hash: B256::ZERO, timestamp: 1_800_000_000 };
        let base_fee = if is_op_stack(chain.chain_id) { 5_000_000 } else { 1_000_000_000 };
        (chain.chain_id, MemoryWorld { accounts: accounts.collect(), block, base_fee })
    });
    ForkSimulator::in_memory(Arc::new(registry), worlds.collect())
}

/// Lets the router take `amount` WETH (wei), and sells it for USDC.
pub(crate) fn approve_and_swap(account: Address, at: &Roles, amount: U256) -> [Call; 2] {
    let call = |to: Address, data: Vec<u8>, role: CallRole| Call {
        to,
        value: U256::ZERO,
        data: data.into(),
        decoded: String::new(),
        role,
    };
    let swap = Swap {
        tokenIn: at["weth"],
        tokenOut: at["usdc"],
        fee: U24::from(500),
        recipient: account,
        amountIn: amount,
        amountOutMinimum: U256::ZERO,
        sqrtPriceLimitX96: U160::ZERO,
    };
    let approve = approveCall { spender: at["uniswap.swap_router02"], value: amount };
    [
        call(at["weth"], approve.abi_encode(), CallRole::Approve),
        call(at["uniswap.swap_router02"], exactInputSingleCall { swap }.abi_encode(), CallRole::Act),
    ]
}
