//! A network that is only data: worlds for tests, benchmarks and scenarios, run by the same code as a live fork.

use std::collections::BTreeMap;

use agent_core::BlockRef;
use alloy_primitives::{Address, Bytes, U256};
use revm::database::{CacheDB, EmptyDB};
use revm::state::{AccountInfo, Bytecode};

/// The state of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryAccount {
    /// Wei.
    pub balance: U256,
    pub nonce: u64,
    pub code: Bytes,
    pub storage: BTreeMap<U256, U256>,
}

/// The state of one network after `block`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryWorld {
    pub accounts: BTreeMap<Address, MemoryAccount>,
    pub block: BlockRef,
    /// Of the next block, wei per gas.
    pub base_fee: u64,
}

impl MemoryWorld {
    pub(crate) fn database(&self) -> CacheDB<EmptyDB> {
        let mut database = CacheDB::new(EmptyDB::default());
        for (address, account) in &self.accounts {
            let info =
                AccountInfo { balance: account.balance, nonce: account.nonce, ..AccountInfo::default() };
            let code = Bytecode::new_raw(account.code.clone());
            database.insert_account_info(*address, info.with_code(code));
            let entry = database.cache.accounts.entry(*address).or_default();
            entry.storage.extend(account.storage.iter().map(|(slot, value)| (*slot, *value)));
        }
        database
    }
}
