//! Fetches what a message will read in few requests, before it runs: a whole account with all its slots by one
//! `eth_getProof`, several at once. What does not come this way is read by the fork itself, slot by slot: nothing here
//! can change a result, and everything is the node's at the pinned block.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alloy::eips::BlockId;
use alloy::network::AnyNetwork;
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::client::BatchRequest;
use alloy::rpc::types::{AccessList, AccessListResult, EIP1186AccountProofResponse, TransactionRequest};
use alloy::transports::TransportError;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex, keccak256};
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
/// Bytes of calldata: a selector and two words.
const SHORT: usize = 68;

/// What a node says that a message touches.
#[derive(Debug)]
enum Listed {
    All(AccessList),
    Reverts,
    Nothing,
}

impl Listed {
    fn all(self) -> AccessList {
        match self {
            Self::All(list) => list,
            Self::Reverts | Self::Nothing => AccessList::default(),
        }
    }
}

/// Code of a contract's creation that makes the message's call and does not mind how it ends:
/// `codecopy(0, 38, length)`, `call(gas, to, 0, 0, length, 0, 0)`, `stop`, and the calldata behind it.
fn wrapped(message: &Message) -> Option<Bytes> {
    let length = u16::try_from(message.data.len()).ok()?.to_be_bytes();
    let (to, data) = (message.to.as_slice(), &message.data[..]);
    let parts: [&[u8]; 8] =
        [&hex!("61"), &length, &hex!("60265f395f5f61"), &length, &hex!("5f5f73"), to, &hex!("5af100"), data];
    Some(parts.concat().into())
}

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

    /// What a message that never ran before would read, as the node says, which knows nothing of what the fork did.
    pub(crate) async fn ask(&self, message: &Message) -> Touched {
        let mut touched: Touched =
            [message.from, message.to].map(|account| (account, BTreeSet::new())).into();
        // Of a known contract a short reading takes a slot or two: to ask which is no faster than to read them.
        let short = message.data.len() <= SHORT && self.fetched.accounts.read().contains_key(&message.to);
        if short || self.no_proofs.load(Ordering::Relaxed) {
            return touched;
        }
        let request = TransactionRequest::default().from(message.from);
        let plain = request.clone().to(message.to).value(message.value).input(message.data.clone().into());
        let list = match self.list(plain).await {
            Listed::All(list) => list,
            Listed::Nothing => return touched,
            // The node gives no list of what reverts, and this may revert only because the fork's own changes are not
            // there. What it reads until then is listed if a contract that is being created makes the call.
            Listed::Reverts => match wrapped(message).map(|code| request.input(code.into())) {
                Some(request) => self.list(request).await.all(),
                None => return touched,
            },
        };
        for item in list.0 {
            let slots = item.storage_keys.into_iter().map(|key| U256::from_be_bytes(key.0));
            touched.entry(item.address).or_default().extend(slots);
        }
        touched
    }

    async fn list(&self, mut request: TransactionRequest) -> Listed {
        if self.no_lists.load(Ordering::Relaxed) {
            return Listed::Nothing;
        }
        request.to.get_or_insert(TxKind::Create);
        let listed: Result<AccessListResult, TransportError> =
            self.provider.client().request("eth_createAccessList", (request, self.block)).await;
        match listed {
            Ok(list) => Listed::All(list.access_list),
            Err(error) if error.as_error_resp().is_some_and(|answer| answer.message.contains("revert")) => {
                Listed::Reverts
            }
            Err(error) => {
                self.no_lists.fetch_or(error.is_error_resp(), Ordering::Relaxed);
                Listed::Nothing
            }
        }
    }

    /// Fetches what is missing; `fresh`: the code of its contracts is likely not known. What fails stays missing.
    pub(crate) async fn fetch(&self, missing: Touched, fresh: bool) {
        let accounts: Vec<_> = missing.into_iter().take(MOST_ACCOUNTS).collect();
        let batches = accounts.chunks(BATCH).map(|batch| self.accounts(batch, fresh));
        futures::stream::iter(batches).for_each_concurrent(AT_ONCE, |batch| batch).await;
    }

    async fn accounts(&self, wanted: &[(Address, BTreeSet<U256>)], fresh: bool) {
        let asked = wanted.iter().map(|(account, slots)| {
            let slots: Vec<_> = slots.iter().map(|slot| B256::from(*slot)).collect();
            (*account, slots, self.block)
        });
        let new: Vec<_> = {
            let known = self.fetched.accounts.read();
            let new = wanted.iter().filter(|(account, _)| fresh && !known.contains_key(account));
            new.map(|(account, _)| *account).collect()
        };
        let (proofs, mut codes) = tokio::join!(self.batch("eth_getProof", asked.collect()), self.codes(new));
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
        let mut unknown = BTreeMap::new();
        for proof in &found {
            if let Entry::Vacant(code) = codes.entry(proof.code_hash) {
                match self.codes.get(proof.code_hash) {
                    Some(kept) => drop(code.insert(kept)),
                    None => drop(unknown.insert(proof.code_hash, proof.address)),
                }
            }
        }
        codes.extend(self.codes(unknown.into_values().collect()).await);
        self.keep_accounts(found, &codes);
    }

    /// The code of contracts, by its hash.
    async fn codes(&self, of: Vec<Address>) -> BTreeMap<B256, Bytes> {
        let asked = of.into_iter().map(|account| (account, self.block)).collect();
        let fetched: Vec<Bytes> = self.batch("eth_getCode", asked).await.unwrap_or_default();
        let mut codes = BTreeMap::from([(KECCAK_EMPTY, Bytes::new()), (B256::ZERO, Bytes::new())]);
        for code in fetched.into_iter().filter(|code| !code.is_empty()) {
            let hash = keccak256(&code);
            self.codes.keep(hash, &code);
            codes.insert(hash, code);
        }
        codes
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

    /// Keeps the accounts whose code is at hand.
    fn keep_accounts(&self, found: Vec<EIP1186AccountProofResponse>, codes: &BTreeMap<B256, Bytes>) {
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
