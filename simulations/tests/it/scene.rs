//! A small world in memory, and words to act in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent_core::ports::{Fork, Simulator};
use agent_core::{
    Asset, AssetKind, BlockRef, Call, CallRole, Fees, NetworkId, NetworkInfo, Registry, Simulation,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use simulations::{ForkSimulator, MemoryAccount, MemoryWorld};

pub(crate) const L1: u64 = 1;
pub(crate) const OP: u64 = 8453;
pub(crate) const ME: Address = Address::repeat_byte(0xaa);
pub(crate) const FRIEND: Address = Address::repeat_byte(0xbb);
pub(crate) const GWEI: u64 = 1_000_000_000;
pub(crate) const BASE_FEE: u64 = GWEI;
pub(crate) const FEES: Fees =
    Fees { max_fee_per_gas: 3_000_000_000, max_priority_fee_per_gas: 1_000_000_000 };

pub(crate) fn ether(whole: u64) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(18))
}

pub(crate) fn coin(chain_id: u64) -> Asset {
    Asset { chain_id, kind: AssetKind::Native, symbol: "ETH".into(), decimals: 18 }
}

pub(crate) fn erc20(token: Address, symbol: &str) -> Asset {
    Asset { chain_id: L1, kind: AssetKind::Erc20(token), symbol: symbol.into(), decimals: 6 }
}

pub(crate) fn network(chain_id: u64, tokens: &[Asset]) -> NetworkInfo {
    let mut assets = vec![coin(chain_id)];
    assets.extend_from_slice(tokens);
    NetworkInfo {
        id: NetworkId { chain_id, genesis: B256::repeat_byte(7) },
        name: format!("network-{chain_id}"),
        endpoints: Vec::new(),
        op_stack: chain_id == OP,
        demo: true,
        assets,
        positions: Vec::new(),
        contracts: BTreeMap::new(),
        roles: BTreeMap::new(),
    }
}

/// What is in the world beside me with 10 ETH, and what of it the registry knows.
#[derive(Debug, Default, Clone)]
pub(crate) struct Scene {
    pub(crate) accounts: BTreeMap<Address, MemoryAccount>,
    pub(crate) tokens: Vec<Asset>,
}

impl Scene {
    pub(crate) fn with(mut self, address: Address, code: impl Into<Bytes>) -> Self {
        self.accounts.entry(address).or_default().code = code.into();
        self
    }

    pub(crate) fn holding(mut self, address: Address, wei: U256) -> Self {
        self.accounts.entry(address).or_default().balance = wei;
        self
    }

    pub(crate) fn stored(mut self, address: Address, slot: Address, value: u64) -> Self {
        let slot = U256::from_be_bytes(slot.into_word().0);
        self.accounts.entry(address).or_default().storage.insert(slot, U256::from(value));
        self
    }

    pub(crate) fn known(mut self, token: Asset) -> Self {
        self.tokens.push(token);
        self
    }

    pub(crate) fn simulator(&self) -> ForkSimulator {
        let mut accounts = self.accounts.clone();
        accounts
            .entry(ME)
            .or_insert_with(|| MemoryAccount { balance: ether(10), ..MemoryAccount::default() });
        let block = BlockRef { number: 100, hash: B256::repeat_byte(1), timestamp: 1_700_000_000 };
        let world = MemoryWorld { accounts, block, base_fee: BASE_FEE };
        let networks = [(L1, network(L1, &self.tokens)), (OP, network(OP, &[]))];
        let registry = Registry { networks: networks.into() };
        ForkSimulator::in_memory(Arc::new(registry), [(L1, world.clone()), (OP, world)].into())
    }

    pub(crate) async fn fork(&self) -> Box<dyn Fork> {
        self.simulator().fork(L1).await.unwrap()
    }

    /// One run on a fresh fork, with `assets` watched and `FRIEND` beside me.
    pub(crate) async fn run(&self, calls: &[Call], assets: &[Asset]) -> Simulation {
        self.fork().await.run(ME, calls, FEES, assets, &[FRIEND]).await.unwrap()
    }
}

pub(crate) fn call(to: Address, value: U256, data: impl Into<Bytes>) -> Call {
    Call { to, value, data: data.into(), decoded: String::new(), role: CallRole::Act }
}

/// A call of a function with words.
pub(crate) fn invoke(to: Address, signature: &str, words: &[B256]) -> Call {
    let words = words.iter().flat_map(|word| word.0);
    call(to, U256::ZERO, crate::assembler::selector(signature).into_iter().chain(words).collect::<Vec<u8>>())
}

pub(crate) fn number(value: u64) -> B256 {
    U256::from(value).into()
}

/// `-5` or `+5` smallest units, or nothing.
pub(crate) fn moved(simulation: &Simulation, account: Address, asset: &Asset) -> String {
    let change = simulation.change(account, asset);
    change.map_or("0".to_owned(), |it| format!("{}{}", if it.negative { '-' } else { '+' }, it.amount.raw()))
}
