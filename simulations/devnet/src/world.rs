//! The nouns: what a chain of the demo world holds, and where.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};
use revm::{
    database::{CacheDB, EmptyDB},
    state::{AccountInfo, Bytecode},
};
use serde::{Deserialize, Serialize};

/// Chain id of Ethereum (EIP-155).
pub const ETHEREUM: u64 = 1;
/// Chain id of Base (EIP-155).
pub const BASE: u64 = 8453;

/// Both chains as they are before the first block, and whom the demo wallet knows.
#[derive(Debug, Clone)]
pub struct World {
    /// Ethereum, then Base.
    pub chains: Vec<ChainWorld>,
    /// People whom the wallet knows; at least `alice`, who has 1 ETH on each chain.
    pub contacts: Vec<Contact>,
}

impl World {
    /// The chain with this id.
    pub fn chain(&self, chain_id: u64) -> Option<&ChainWorld> {
        self.chains.iter().find(|chain| chain.chain_id == chain_id)
    }
}

/// One chain's whole state.
#[derive(Debug, Clone)]
pub struct ChainWorld {
    /// EIP-155.
    pub chain_id: u64,
    /// Every account that is not empty.
    pub accounts: BTreeMap<Address, Account>,
    /// Where the protocols are.
    pub addresses: WorldAddresses,
}

impl ChainWorld {
    /// Every account that has code.
    pub fn contracts(&self) -> Vec<Address> {
        let with_code = self.accounts.iter().filter(|(_, account)| !account.code.is_empty());
        with_code.map(|(address, _)| *address).collect()
    }

    /// The state as a revm database, to run transactions against without a node.
    pub fn database(&self) -> CacheDB<EmptyDB> {
        let mut db = CacheDB::new(EmptyDB::default());
        for (address, account) in &self.accounts {
            let mut info =
                AccountInfo { balance: account.balance, nonce: account.nonce, ..AccountInfo::default() };
            if !account.code.is_empty() {
                info = info.with_code(Bytecode::new_raw(account.code.clone()));
            }
            db.insert_account_info(*address, info);
            if let Some(entry) = db.cache.accounts.get_mut(address) {
                entry.storage.extend(account.storage.iter().map(|(slot, value)| (*slot, *value)));
            }
        }
        db
    }
}

/// One account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Wei.
    pub balance: U256,
    /// Transactions sent, or contracts created (EIP-161).
    pub nonce: u64,
    /// Runtime bytecode.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<U256, U256>,
}

/// Where things are on one chain: the addresses they have on the real one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldAddresses {
    /// WETH9, 18 decimals.
    pub weth: Address,
    /// USDC, 6 decimals.
    pub usdc: Address,
    /// DAI, 18 decimals.
    pub dai: Address,
    /// Multicall3.
    pub multicall3: Address,
    /// Uniswap V3 factory.
    pub uniswap_v3_factory: Address,
    /// Uniswap V3 QuoterV2.
    pub quoter_v2: Address,
    /// Uniswap SwapRouter02.
    pub swap_router02: Address,
    /// Uniswap V3 NonfungiblePositionManager.
    pub position_manager: Address,
    /// The WETH/USDC pool, fee 500 (0.05 %).
    pub weth_usdc_pool: Address,
    /// The DAI/USDC pool, fee 100 (0.01 %).
    pub dai_usdc_pool: Address,
    /// Aave V3 Pool (the proxy).
    pub aave_pool: Address,
    /// Aave V3 PoolAddressesProvider.
    pub aave_addresses_provider: Address,
    /// Aave V3 oracle; prices in USD with 8 decimals.
    pub aave_oracle: Address,
    /// Aave V3 AaveProtocolDataProvider.
    pub aave_data_provider: Address,
    /// Aave's reserves: WETH, USDC, DAI.
    pub reserves: Vec<Reserve>,
    /// Across SpokePool (the proxy).
    pub spoke_pool: Address,
}

/// A reserve of Aave V3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserve {
    /// The asset's symbol.
    pub symbol: String,
    /// The underlying token.
    pub asset: Address,
    /// What a supplier holds.
    pub a_token: Address,
    /// What a borrower owes (variable rate; the stable rate is off).
    pub variable_debt_token: Address,
    /// Neither supplied nor borrowed: DAI on Base, so that a refusal can be shown.
    pub frozen: bool,
}

/// A name in the demo's address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// As the user says it.
    pub name: String,
    /// On every chain.
    pub address: Address,
}
