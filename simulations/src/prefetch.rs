//! Fetches what a message will read in few requests, before it runs: a whole account with all its slots by one
//! `eth_getProof`, several at once. What does not come this way is read by the fork itself, slot by slot: nothing here
//! can change a result, and everything is the node's at the pinned block.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alloy::eips::BlockId;
use alloy::network::AnyNetwork;
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::client::BatchRequest;
use alloy::rpc::types::{AccessListResult, EIP1186AccountProofResponse, TransactionRequest};
use alloy::transports::TransportError;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use foundry_fork_db::cache::MemDb;
use futures::StreamExt;
use revm::primitives::KECCAK_EMPTY;
use revm::state::{AccountInfo, Bytecode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::Codes;
use crate::evm::Message;
use crate::hints::Touched;

/// Reads in one request, and requests at once.
const BATCH: usize = 8;
const AT_ONCE: usize = 4;
/// Accounts that are fetched for one message.
const MOST_ACCOUNTS: usize = 64;

/// Fills the cache of all forks of one block.
#[derive(Debug, Clone)]
pub(crate) struct Prefetch {
    provider: DynProvider<AnyNetwork>,
    block: BlockId,
    fetched: Arc<MemDb>,
    codes: Arc<Codes>,
    /// The node refused a method: it is not asked again for this block.
    no_proofs: Arc<AtomicBool>,
    no_lists: Arc<AtomicBool>,
}

impl Prefetch {
    pub(crate) fn new(
        provider: DynProvider<AnyNetwork>,
        block: BlockId,
        fetched: Arc<MemDb>,
        codes: Arc<Codes>,
    ) -> Self {
        let (no_proofs, no_lists) = Default::default();
        Self { provider, block, fetched, codes, no_proofs, no_lists }
    }

    /// What of `wanted` is not there yet.
    pub(crate) fn missing(&self, mut wanted: Touched) -> Touched {
        if self.no_proofs.load(Ordering::Relaxed) {
            return Touched::new();
        }
        let (accounts, storage) = (self.fetched.accounts.read(), self.fetched.storage.read());
        wanted.retain(|account, slots| {
            if let Some(known) = storage.get(account) {
                slots.retain(|slot| !known.contains_key(slot));
            }
            !slots.is_empty() || !accounts.contains_key(account)
        });
        wanted
    }

    /// What a message that never ran before would read, as the node says: the node knows nothing of what the fork did.
    pub(crate) async fn ask(&self, message: &Message) -> Touched {
        let mut touched: Touched =
            [message.from, message.to].map(|account| (account, BTreeSet::new())).into();
        if self.no_proofs.load(Ordering::Relaxed) || self.no_lists.load(Ordering::Relaxed) {
            return touched;
        }
        let request = TransactionRequest::default().from(message.from).to(message.to).value(message.value);
        let request = request.input(message.data.clone().into());
        let asked = self.provider.client().request("eth_createAccessList", (request, self.block));
        match asked.await as Result<AccessListResult, TransportError> {
            Ok(list) => {
                for item in list.access_list.0 {
                    let slots = item.storage_keys.into_iter().map(|key| U256::from_be_bytes(key.0));
                    touched.entry(item.address).or_default().extend(slots);
                }
            }
            Err(error) => {
                let reverts = error.as_error_resp().is_some_and(|answer| answer.message.contains("revert"));
                self.no_lists.fetch_or(!reverts, Ordering::Relaxed);
            }
        }
        touched
    }

    /// Fetches what is missing. What fails stays missing.
    pub(crate) async fn fetch(&self, missing: Touched) {
        let accounts: Vec<_> = missing.into_iter().take(MOST_ACCOUNTS).collect();
        let batches = accounts.chunks(BATCH).map(|batch| self.accounts(batch));
        futures::stream::iter(batches).for_each_concurrent(AT_ONCE, |batch| batch).await;
    }

    async fn accounts(&self, wanted: &[(Address, BTreeSet<U256>)]) {
        let asked = wanted.iter().map(|(account, slots)| {
            let slots: Vec<_> = slots.iter().map(|slot| B256::from(*slot)).collect();
            (*account, slots, self.block)
        });
        let proofs = self.batch("eth_getProof", asked.collect()).await;
        let proofs: Vec<EIP1186AccountProofResponse> = match proofs {
            Ok(proofs) => proofs,
            Err(error) => return self.no_proofs.store(error.is_error_resp(), Ordering::Relaxed),
        };
        let mut found = Vec::new();
        for ((account, slots), proof) in wanted.iter().zip(proofs) {
            if proof.address == *account {
                self.keep_slots(*account, slots, &proof);
                found.push(proof);
            }
        }
        self.keep_accounts(found).await;
    }

    fn keep_slots(&self, account: Address, wanted: &BTreeSet<U256>, proof: &EIP1186AccountProofResponse) {
        let mut storage = self.fetched.storage.write();
        let known = storage.entry(account).or_default();
        for slot in &proof.storage_proof {
            let key = slot.key.as_b256().into();
            if wanted.contains(&key) {
                known.insert(key, slot.value);
            }
        }
    }

    /// Keeps the accounts whose code can be had.
    async fn keep_accounts(&self, found: Vec<EIP1186AccountProofResponse>) {
        let mut codes = BTreeMap::from([(KECCAK_EMPTY, Bytes::new()), (B256::ZERO, Bytes::new())]);
        let mut unknown = BTreeMap::new();
        for proof in &found {
            let hash = proof.code_hash;
            if !codes.contains_key(&hash) {
                match self.codes.get(hash) {
                    Some(code) => drop(codes.insert(hash, code)),
                    None => drop(unknown.insert(hash, (proof.address, self.block))),
                }
            }
        }
        let fetched: Vec<Bytes> =
            self.batch("eth_getCode", unknown.values().copied().collect()).await.unwrap_or_default();
        for (hash, code) in unknown.into_keys().zip(fetched) {
            if keccak256(&code) == hash {
                self.codes.keep(hash, &code);
                codes.insert(hash, code);
            }
        }
        let mut accounts = self.fetched.accounts.write();
        for EIP1186AccountProofResponse { address, balance, nonce, code_hash, .. } in found {
            let code = codes.get(&code_hash).and_then(|code| Bytecode::new_raw_checked(code.clone()).ok());
            let Some(code) = code else { continue };
            // Some nodes give no hash at all to an account that is not there.
            let code_hash = if code_hash.is_zero() { KECCAK_EMPTY } else { code_hash };
            let info = AccountInfo { balance, nonce, code_hash, code: Some(code), account_id: None };
            accounts.entry(address).or_insert(info);
        }
    }

    /// Reads in one request; all of them are answered, or it fails.
    async fn batch<P, T>(&self, method: &'static str, params: Vec<P>) -> Result<Vec<T>, TransportError>
    where
        P: Serialize + Clone + Debug + Send + Sync + Unpin,
        T: DeserializeOwned + Debug + Send + Sync + Unpin + 'static,
    {
        if params.is_empty() {
            return Ok(Vec::new());
        }
        let mut batch = BatchRequest::new(self.provider.client());
        let waiting: Vec<_> =
            params.iter().map(|params| batch.add_call::<P, T>(method, params)).collect::<Result<_, _>>()?;
        batch.send().await?;
        futures::future::try_join_all(waiting).await
    }
}
