//! Where state comes from that a fork has not changed: a node, read lazily and kept, or memory.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use foundry_fork_db::SharedBackend;
use foundry_fork_db::cache::MemDb;
use revm::database::{CacheDB, DBErrorMarker, EmptyDB};
use revm::state::{AccountInfo, Bytecode};
use revm::{DatabaseRef, database::InMemoryDB};

/// State at the pinned block.
#[derive(Debug, Clone)]
pub(crate) enum Base {
    Node(Node),
    Memory(Arc<InMemoryDB>),
}

/// The state of a fork: what it changed, over the base.
pub(crate) type Overlay = CacheDB<Base>;

/// A node's state at one block; what was fetched once is shared by all forks of that block.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    backend: SharedBackend,
    /// The backend's own cache. Read directly: a round trip through the backend's channel costs more than a lookup.
    fetched: Arc<MemDb>,
}

impl Node {
    pub(crate) fn new(backend: SharedBackend) -> Self {
        Self { fetched: backend.data(), backend }
    }
}

/// State that could not be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct StateError(String);

impl DBErrorMarker for StateError {}

fn unread(error: impl ToString) -> StateError {
    StateError(error.to_string())
}

impl DatabaseRef for Base {
    type Error = StateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        match self {
            Self::Node(node) => {
                // Bound first: in a `match` on it the read lock would be held while the backend waits to write.
                let fetched = node.fetched.accounts.read().get(&address).cloned();
                match fetched {
                    Some(info) => Ok(Some(info)),
                    None => node.backend.basic_ref(address).map_err(unread),
                }
            }
            Self::Memory(world) => world.basic_ref(address).map_err(unread),
        }
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, StateError> {
        match self {
            Self::Node(node) => node.backend.code_by_hash_ref(hash).map_err(unread),
            Self::Memory(world) => world.code_by_hash_ref(hash).map_err(unread),
        }
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        match self {
            Self::Node(node) => {
                let fetched =
                    node.fetched.storage.read().get(&address).and_then(|slots| slots.get(&slot).copied());
                match fetched {
                    Some(value) => Ok(value),
                    None => node.backend.storage_ref(address, slot).map_err(unread),
                }
            }
            Self::Memory(world) => world.storage_ref(address, slot).map_err(unread),
        }
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StateError> {
        match self {
            Self::Node(node) => node.backend.block_hash_ref(number).map_err(unread),
            Self::Memory(world) => world.block_hash_ref(number).map_err(unread),
        }
    }
}

/// A base in memory.
pub(crate) fn in_memory(database: CacheDB<EmptyDB>) -> Base {
    Base::Memory(Arc::new(database))
}
