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

/// Chain id of Arbitrum One (EIP-155).
pub const ARBITRUM: u64 = 42_161;
/// Chain id of OP Mainnet (EIP-155).
pub const OPTIMISM: u64 = 10;

/// Contracts by role, at the addresses that they have on the real chains: tokens by their symbol in lower case
/// (`weth`, `usdce`), else `<protocol>.<contract>` (`uniswap.quoter_v2`, `aave.pool`), pools with their tokens and
/// their fee in millionths (`uniswap.pool.weth_usdc_500`).
pub type Roles = BTreeMap<String, Address>;

/// `ethereum`, `base`, `arbitrum` or `optimism`.
pub(crate) fn chain_name(chain_id: u64) -> &'static str {
    match chain_id {
        BASE => "base",
        ARBITRUM => "arbitrum",
        OPTIMISM => "optimism",
        _ => "ethereum",
    }
}

/// Slot in which a price feed (role `feed.TOKEN`) keeps its answer, in US dollars with 8 decimals.
pub(crate) const FEED_ANSWER: U256 = U256::ZERO;

/// Whether the chain is of the OP stack, which charges for data on L1.
pub fn is_op_stack(chain_id: u64) -> bool {
    chain_id == BASE || chain_id == OPTIMISM
}

/// All chains as they are before the first block, and whom the demo wallet knows.
#[derive(Debug, Clone)]
pub struct World {
    /// Ethereum, Base, Arbitrum, Optimism.
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
    pub roles: Roles,
    /// What can be voted on.
    pub proposals: Vec<Proposal>,
}

impl ChainWorld {
    /// The contract of this role.
    pub fn role(&self, role: &str) -> Option<Address> {
        self.roles.get(role).copied()
    }

    /// Lets the feed of this token's role say another price, in US dollars with 8 decimals; `None` if it has no feed.
    /// On a node that runs already, [`TestChains::set_price`](crate::TestChains::set_price) does it.
    pub fn set_price(&mut self, role: &str, usd_e8: U256) -> Option<()> {
        let feed = self.accounts.get_mut(&self.roles.get(&format!("feed.{role}")).copied()?)?;
        feed.storage.insert(FEED_ANSWER, usd_e8);
        Some(())
    }

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

/// A proposal that is open when the world begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The governor is in the role `governor.FAMILY`.
    pub family: String,
    /// The same governor's address.
    pub governor: Address,
    /// As the governor counts them.
    pub id: U256,
    /// What it would do.
    pub description: String,
}

/// A name in the demo's address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// As the user says it.
    pub name: String,
    /// On every chain.
    pub address: Address,
}
