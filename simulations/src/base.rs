//! Where state comes from that a fork has not changed: a node, read lazily and kept, or memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;
use foundry_fork_db::SharedBackend;
use foundry_fork_db::cache::MemDb;
use revm::database::{CacheDB, DBErrorMarker, EmptyDB};
use revm::state::{AccountInfo, Bytecode};
use revm::{DatabaseRef, database::InMemoryDB};
use tokio::runtime::Handle;

use crate::evm::Message;
use crate::hints::{self, FIRST, Hints, Touched};
use crate::prefetch::Prefetch;

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
    prefetch: Prefetch,
    trail: Arc<Trail>,
}

impl Node {
    pub(crate) fn new(backend: SharedBackend, prefetch: Prefetch, hints: Arc<Hints>) -> Self {
        Self { fetched: backend.data(), backend, prefetch, trail: Arc::new(Trail::new(hints)) }
    }

    /// The same state for a new fork, with `always` and what forks read first.
    pub(crate) async fn forked(&self, always: Touched) -> Self {
        let trail = Trail::new(Arc::clone(&self.trail.hints));
        let mut first = trail.hints.of(FIRST).unwrap_or_default();
        first.extend(always);
        self.prefetch.fetch(self.prefetch.missing(first), false).await;
        Self { trail: Arc::new(trail), ..self.clone() }
    }

    /// Fetches what `message` will read and, if anything of it is missing, what messages after it will.
    pub(crate) fn prepare(&self, message: &Message) {
        let (prefetch, hints) = (&self.prefetch, &self.trail.hints);
        let (key, known) = self.trail.turn(hints::key(message.to, &message.data));
        if known.as_ref().is_some_and(|reads| prefetch.missing(reads.clone()).is_empty()) {
            return;
        }
        let work = async {
            match known {
                Some(_) => prefetch.fetch(prefetch.missing(hints.path(key)), false).await,
                None => prefetch.fetch(prefetch.missing(prefetch.ask(message).await), true).await,
            }
        };
        if let Ok(runtime) = Handle::try_current() {
            tokio::task::block_in_place(|| runtime.block_on(work));
        }
    }
}

/// What one fork reads: from one message until the next one.
#[derive(Debug)]
struct Trail {
    hints: Arc<Hints>,
    now: Mutex<Step>,
}

#[derive(Debug, Default)]
struct Step {
    key: B256,
    reads: Touched,
    /// How often each message came.
    came: BTreeMap<B256, u64>,
}

impl Trail {
    fn new(hints: Arc<Hints>) -> Self {
        Self { hints, now: Mutex::new(Step { key: FIRST, ..Step::default() }) }
    }

    /// Goes on to a message; what was read since the last one is learned. What is known of it, and under which key: the
    /// second time on one fork it is another message, for others come after it.
    fn turn(&self, message: B256) -> (B256, Option<Touched>) {
        let mut now = self.now();
        let came = now.came.entry(message).or_default();
        let key = if *came == 0 { message } else { keccak256((message, U256::from(*came)).abi_encode()) };
        *came = came.saturating_add(1);
        let (before, reads) = (std::mem::replace(&mut now.key, key), std::mem::take(&mut now.reads));
        // A fork on which nothing ran teaches nothing.
        if before != FIRST || !reads.is_empty() {
            self.hints.learn(before, reads, key);
        }
        (key, self.hints.of(key))
    }

    fn now(&self) -> MutexGuard<'_, Step> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, account: Address) {
        self.now().reads.entry(account).or_default();
    }

    fn read_slot(&self, account: Address, slot: U256) {
        self.now().reads.entry(account).or_default().insert(slot);
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        self.turn(FIRST);
        self.hints.save();
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
                node.trail.read(address);
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
                node.trail.read_slot(address, slot);
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
