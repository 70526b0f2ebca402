//! A network in memory: blocks, nonces, a pool of waiting transactions, and faults.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use agent_core::pipeline::Journaled;
use agent_core::ports::{Chain, SendOutcome, View};
use agent_core::{
    AllowanceLeft, Amount, Asset, AssetKind, BlockRef, Call, CallEnd, CallRole, Exit, Fees, Lent, Log,
    NetworkId, NetworkInfo, Portfolio, Price, Rate, Receipt, Refusal,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use async_trait::async_trait;

use crate::fork::FakeView;
use crate::kill::Kill;
use crate::lock;
use crate::signer::RawTx;
use crate::state::{Crossing, Effect, State};

/// How long a relayer of the bridge may take, seconds.
pub const REFUND_AFTER_S: u64 = 7_200;
/// Gas of every call.
pub const GAS: u64 = 50_000;

/// What becomes of one broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendFault {
    None,
    /// The node has it, the answer is lost.
    TimedOut,
    /// It never reached the node, the answer is lost.
    Lost,
    /// Another transaction of the account came just before it.
    ForeignFirst,
}

#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// What becomes of the next broadcasts, one each; then nothing more goes wrong.
    pub sends: VecDeque<SendFault>,
    /// Whether each of the next reads fails.
    pub reads: VecDeque<bool>,
    /// A replacement is acknowledged, and a block takes what it should have replaced.
    pub takes_the_older: bool,
    /// Receipt polls until a block takes a new transaction.
    pub mined_after: u32,
    /// Receipt polls that find nothing although a block has it.
    pub receipt_hidden: u32,
    /// Polls until a bridge's fill is there.
    pub fill_after: u32,
    /// How much less than promised a bridge brings, basis points.
    pub fill_short_bps: u32,
    /// Steps whose act reverts on chain, whatever the simulation said.
    pub reverts: BTreeSet<usize>,
}

/// A transaction that is in a block.
#[derive(Debug, Clone)]
pub struct Included {
    pub tx: RawTx,
    pub receipt: Receipt,
    hidden: u32,
}

/// A broadcast that the agent made, whatever became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broadcast {
    pub sender: Address,
    pub nonce: u64,
    pub tx_hash: B256,
}

#[derive(Debug)]
struct Inner {
    info: NetworkInfo,
    fees: Fees,
    l1_fee: U256,
    faults: Faults,
    /// The state after each block, from block 0.
    states: Vec<State>,
    nonces: BTreeMap<Address, u64>,
    included: Vec<Included>,
    /// Waiting, with the polls that are left until a block takes it.
    pool: BTreeMap<(Address, u64), (RawTx, B256, u32)>,
    broadcasts: Vec<Broadcast>,
    filled: BTreeMap<B256, Amount>,
}

/// Cloning gives the same chain: it survives a killed process.
#[derive(Debug, Clone)]
pub struct FakeChain {
    inner: Arc<Mutex<Inner>>,
    kill: Kill,
}

impl FakeChain {
    /// `l1_fee`: the OP stack's data fee of every transaction, wei.
    pub fn new(info: NetworkInfo, fees: Fees, l1_fee: U256, genesis: State, kill: Kill) -> Self {
        let inner = Inner {
            info,
            fees,
            l1_fee,
            faults: Faults::default(),
            states: vec![genesis],
            nonces: BTreeMap::new(),
            included: Vec::new(),
            pool: BTreeMap::new(),
            broadcasts: Vec::new(),
            filled: BTreeMap::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)), kill }
    }

    /// Changes what goes wrong from now on.
    pub fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut lock(&self.inner).faults);
    }

    pub fn set_fees(&self, fees: Fees) {
        lock(&self.inner).fees = fees;
    }

    /// A transaction of `account` that this journal knows nothing of.
    pub fn foreign(&self, account: Address) {
        lock(&self.inner).foreign(account);
    }

    /// Steps whose act succeeded, in the order of the blocks.
    pub fn acts(&self) -> Vec<usize> {
        let inner = lock(&self.inner);
        let good = inner.included.iter().filter(|included| included.receipt.success);
        good.filter_map(|included| Effect::of(&included.tx.data)?.act()).collect()
    }

    pub fn included(&self) -> Vec<Included> {
        lock(&self.inner).included.clone()
    }

    pub fn broadcasts(&self) -> Vec<Broadcast> {
        lock(&self.inner).broadcasts.clone()
    }

    pub fn state(&self) -> State {
        self.newest().state
    }

    pub fn balance(&self, account: Address, asset: &Asset) -> U256 {
        self.state().balance(account, asset.kind)
    }

    pub(crate) fn newest(&self) -> FakeView {
        let inner = lock(&self.inner);
        inner.view(inner.head())
    }

    pub(crate) fn l1_fee(&self) -> U256 {
        lock(&self.inner).l1_fee
    }

    pub(crate) fn assets(&self) -> Vec<Asset> {
        let inner = lock(&self.inner);
        inner.info.assets.iter().chain(&inner.info.positions).cloned().collect()
    }

    /// Takes the next scripted answer of a read.
    pub(crate) fn readable(&self) -> Result<(), Refusal> {
        match lock(&self.inner).faults.reads.pop_front() {
            Some(true) => Err(Refusal::new(Exit::Unreachable, "rpc.unreachable", "connection refused")),
            Some(false) | None => Ok(()),
        }
    }

    async fn read<T>(&self, answer: impl FnOnce(&mut Inner) -> T + Send) -> Result<T, Refusal> {
        self.kill.place().await;
        self.readable()?;
        let answer = answer(&mut lock(&self.inner));
        Ok(answer)
    }
}

impl Inner {
    fn head(&self) -> u64 {
        u64::try_from(self.states.len()).unwrap_or_default().saturating_sub(1)
    }

    fn block(&self, number: u64) -> BlockRef {
        let hash = keccak256([self.info.id.chain_id.to_be_bytes(), number.to_be_bytes()].concat());
        BlockRef { number, hash, timestamp: number.saturating_mul(12) }
    }

    fn view(&self, number: u64) -> FakeView {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let state = self.states.get(place).cloned().unwrap_or_default();
        FakeView { network: self.info.id, block: self.block(number), state }
    }

    fn nonce(&self, account: Address) -> u64 {
        self.nonces.get(&account).copied().unwrap_or_default()
    }

    fn foreign(&mut self, account: Address) {
        *self.nonces.entry(account).or_default() = self.nonce(account).saturating_add(1);
        self.states.extend(self.states.last().cloned());
    }

    /// What a node says of new bytes.
    fn accept(&mut self, raw: &Bytes) -> SendOutcome {
        let hash = RawTx::hash(raw);
        let Some(tx) = RawTx::decode(raw).filter(|tx| tx.chain_id == self.info.id.chain_id) else {
            return SendOutcome::Rejected("not a transaction of this chain".to_owned());
        };
        let key = (tx.from, tx.nonce);
        if let Some((other, waiting, _)) = self.pool.get(&key) {
            // Nodes ask a tenth more of a replacement.
            let enough = other.max_fee_per_gas.saturating_mul(11) <= tx.max_fee_per_gas.saturating_mul(10);
            if *waiting == hash {
                return SendOutcome::AlreadyKnown;
            } else if !enough {
                return SendOutcome::Rejected("replacement transaction underpriced".to_owned());
            } else if self.faults.takes_the_older {
                return SendOutcome::Accepted;
            }
        }
        if tx.nonce < self.nonce(tx.from) {
            return SendOutcome::Rejected("nonce too low".to_owned());
        }
        let fee = U256::from(tx.gas_limit).saturating_mul(U256::from(tx.max_fee_per_gas));
        let needed = tx.value.saturating_add(fee).saturating_add(self.l1_fee);
        let held = self.states.last().map(|state| state.balance(tx.from, AssetKind::Native));
        if held.unwrap_or_default() < needed {
            return SendOutcome::Rejected("insufficient funds for gas and value".to_owned());
        }
        self.pool.insert(key, (tx, hash, self.faults.mined_after));
        self.mine();
        SendOutcome::Accepted
    }

    /// One poll goes by.
    fn tick(&mut self) {
        for (_, _, left) in self.pool.values_mut() {
            *left = left.saturating_sub(1);
        }
        self.mine();
    }

    /// Puts every waiting transaction whose time and nonce have come into a block of its own.
    fn mine(&mut self) {
        self.pool.retain(|(sender, nonce), _| self.nonces.get(sender).is_none_or(|used| nonce >= used));
        loop {
            let ready = self.pool.iter().find(|((sender, nonce), (_, _, left))| {
                *left == 0 && *nonce == self.nonces.get(sender).copied().unwrap_or_default()
            });
            let Some(key) = ready.map(|(key, _)| *key) else { break };
            if let Some((tx, hash, _)) = self.pool.remove(&key) {
                self.include(tx, hash);
            }
        }
    }

    fn include(&mut self, tx: RawTx, tx_hash: B256) {
        let mut state = self.states.last().cloned().unwrap_or_default();
        let price = self.fees.max_fee_per_gas.checked_div(2).unwrap_or_default();
        let gas = U256::from(GAS).saturating_mul(U256::from(price)).saturating_add(self.l1_fee);
        let _paid = state.take(tx.from, AssetKind::Native, gas);
        let act = Effect::of(&tx.data).and_then(|effect| effect.act());
        let planted = act.is_some_and(|step| self.faults.reverts.contains(&step));
        let (to, value, data) = (tx.to, tx.value, tx.data.clone());
        let call = Call { to, value, data, decoded: String::new(), role: CallRole::Act };
        let ran = (!planted).then(|| state.run(tx.from, &call));
        let success = ran.as_ref().is_some_and(|ran| ran.end == CallEnd::Success);
        self.states.push(state);
        self.nonces.insert(tx.from, tx.nonce.saturating_add(1));
        let receipt = Receipt {
            chain_id: self.info.id.chain_id,
            tx_hash,
            success,
            block: self.block(self.head()),
            gas_used: GAS,
            effective_gas_price: price,
            logs: ran.map(|ran| ran.logs).unwrap_or_default(),
        };
        self.included.push(Included { tx, receipt, hidden: self.faults.receipt_hidden });
    }

    fn find(&mut self, hash: B256) -> Option<Receipt> {
        let included = self.included.iter_mut().find(|included| included.receipt.tx_hash == hash)?;
        if included.hidden > 0 {
            included.hidden = included.hidden.saturating_sub(1);
            return None;
        }
        Some(included.receipt.clone())
    }

    fn portfolio(&self, account: Address) -> Portfolio {
        let state = self.states.last().cloned().unwrap_or_default();
        let held = |asset: &Asset| asset.amount(state.balance(account, asset.kind));
        let lent = self.info.positions.iter().map(held).filter(|amount| !amount.is_zero());
        let price = |asset: &Asset| {
            let whole = if asset.symbol.ends_with("ETH") { 2_500_000_000_u64 } else { 1_000_000 };
            let micro_usd = Some(U256::from(whole));
            (asset.caip19(), Price { oracle_micro_usd: micro_usd, pool_micro_usd: micro_usd })
        };
        let allowances = state.allowances(account).into_iter().filter_map(|(token, spender, raw)| {
            Some(AllowanceLeft { asset: self.info.token(token)?.clone(), spender, raw })
        });
        // One market for all tokens, whose rates nobody moves.
        let lends = self.info.assets.iter().filter(|asset| !asset.is_native());
        let rates = lends.map(|asset| Rate { asset: asset.clone(), supply_bps: 325, borrow_bps: 410 });
        Portfolio {
            network: self.info.id,
            name: self.info.name.clone(),
            block: self.block(self.head()),
            balances: self.info.assets.iter().map(held).collect(),
            lent: lent.map(|amount| Lent { amount, collateral: true }).collect(),
            owed: Vec::new(),
            health_factor: None,
            rates: rates.collect(),
            liquidity: Vec::new(),
            claimable: Vec::new(),
            allowances: allowances.collect(),
            prices: self.info.assets.iter().map(price).collect(),
            max_fee_per_gas: self.fees.max_fee_per_gas,
            unknown: Vec::new(),
        }
    }

    fn fill(&mut self, deposit: &Receipt, out: &Asset) -> Option<Amount> {
        if let Some(amount) = self.filled.get(&deposit.tx_hash) {
            return Some(amount.clone());
        }
        if self.faults.fill_after > 0 {
            self.faults.fill_after = self.faults.fill_after.saturating_sub(1);
            return None;
        }
        let crossing = deposit.logs.iter().find_map(crossing)?;
        if !crossing.amount.asset().same(out) {
            return None;
        }
        let bps = 10_000_u32.saturating_sub(self.faults.fill_short_bps);
        let amount = crossing.amount.fraction(U256::from(bps), U256::from(10_000))?;
        let mut state = self.states.last().cloned().unwrap_or_default();
        state.credit(crossing.account, out.kind, amount.raw());
        self.states.push(state);
        self.filled.insert(deposit.tx_hash, amount.clone());
        Some(amount)
    }
}

/// What a log says will be paid on the other chain.
fn crossing(log: &Log) -> Option<Box<Crossing>> {
    match Effect::of(&log.data)? {
        Effect::Act { crosses, .. } => crosses,
        Effect::Approve { .. } | Effect::BalanceOf { .. } => None,
    }
}

#[async_trait]
impl Chain for FakeChain {
    fn network(&self) -> NetworkId {
        lock(&self.inner).info.id
    }

    async fn verify(&self) -> Result<(), Refusal> {
        self.read(|_| ()).await
    }

    async fn head(&self) -> Result<Box<dyn View>, Refusal> {
        self.read(|inner| inner.head()).await?;
        Ok(Box::new(self.newest()))
    }

    async fn at(&self, number: u64) -> Result<Box<dyn View>, Refusal> {
        Ok(Box::new(self.read(|inner| inner.view(number)).await?))
    }

    async fn nonce(&self, account: Address) -> Result<u64, Refusal> {
        self.read(|inner| inner.nonce(account)).await
    }

    async fn fees(&self) -> Result<Fees, Refusal> {
        self.read(|inner| inner.fees).await
    }

    async fn balances(
        &self,
        account: Address,
        assets: &[Asset],
        view: &dyn View,
    ) -> Result<Vec<Amount>, Refusal> {
        let mut amounts = Vec::new();
        for asset in assets {
            amounts.push(asset.amount(crate::compiler::balance(view, account, asset).await?));
        }
        Ok(amounts)
    }

    async fn portfolio(&self, account: Address) -> Result<Portfolio, Refusal> {
        self.read(|inner| inner.portfolio(account)).await
    }

    async fn send(&self, tx: &Journaled) -> SendOutcome {
        self.kill.place().await;
        let claim = &tx.attempt().claim;
        let outcome = {
            let mut inner = lock(&self.inner);
            let (sender, nonce, tx_hash) = (claim.sender, claim.nonce, claim.tx_hash);
            inner.broadcasts.push(Broadcast { sender, nonce, tx_hash });
            match inner.faults.sends.pop_front().unwrap_or(SendFault::None) {
                SendFault::None => inner.accept(tx.raw()),
                SendFault::TimedOut => {
                    inner.accept(tx.raw());
                    SendOutcome::Unknown("timed out".to_owned())
                }
                SendFault::Lost => SendOutcome::Unknown("connection lost".to_owned()),
                SendFault::ForeignFirst => {
                    inner.foreign(claim.sender);
                    inner.accept(tx.raw())
                }
            }
        };
        self.kill.place().await;
        outcome
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Refusal> {
        self.read(|inner| {
            inner.tick();
            inner.find(hash)
        })
        .await
    }

    async fn bridge_fill(
        &self,
        _origin: u64,
        deposit: &Receipt,
        out: &Asset,
    ) -> Result<Option<Amount>, Refusal> {
        let fill = self.read(|inner| inner.fill(deposit, out)).await?;
        self.kill.place().await;
        Ok(fill)
    }

    fn refund_after(&self, deposit: &Receipt) -> Option<u64> {
        deposit.logs.iter().find_map(crossing)?;
        Some(deposit.block.timestamp.saturating_add(REFUND_AFTER_S))
    }
}
