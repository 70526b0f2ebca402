//! The ports: what the core asks of the world. Adapters live in the other rooms, fakes in `fakes`.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::draft::{Draft, Outcome};
use crate::pipeline::{Authorized, Journaled, Signed};
use crate::{
    Amount, Approval, Asset, BlockRef, BudgetDelta, Call, CallOutcome, CompiledStep, Contact, Fees,
    Judgement, NetworkId, Plan, Portfolio, Prices, Refusal, Registry, Settled, Simulation, Step,
};

/// Time, as the operator's machine tells it.
#[async_trait]
pub trait Clock: Send + Sync + Debug {
    /// Seconds since the Unix epoch.
    fn now(&self) -> u64;
    async fn sleep(&self, duration: Duration);
}

/// Which model answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    pub name: String,
    pub sha256: String,
}

/// A local language model: marked sentence and grammar in, lines of that grammar out.
#[async_trait]
pub trait Model: Send + Sync + Debug {
    fn id(&self) -> ModelId;
    /// `grammar` is Lark text as llguidance reads it.
    async fn complete(&self, prompt: &str, grammar: &str) -> Result<String, ModelError>;
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// `model.missing`, `model.damaged`, `model.failed`.
    pub code: String,
    pub message: String,
}

/// State at one block, read-only. A fork's view includes what was run on it.
#[async_trait]
pub trait View: Send + Sync + Debug {
    fn network(&self) -> NetworkId;
    fn block(&self) -> BlockRef;
    /// `eth_call`, without gas price. A revert is a value.
    async fn call(&self, from: Address, to: Address, data: Bytes) -> Result<CallOutcome, Refusal>;
    /// Wei.
    async fn balance(&self, account: Address) -> Result<U256, Refusal>;
    async fn code(&self, account: Address) -> Result<Bytes, Refusal>;
}

/// A private copy of a network at a pinned block.
#[async_trait]
pub trait Fork: View {
    /// Runs `calls` of `account` one after the other and keeps their effects, until one fails.
    /// `assets` are watched for changes beside what the logs name; `also` are further accounts to watch.
    async fn run(
        &mut self,
        account: Address,
        calls: &[Call],
        fees: Fees,
        assets: &[Asset],
        also: &[Address],
    ) -> Result<Simulation, Refusal>;
    /// For a preview only: puts what a bridge will have brought into the account, on this private copy.
    async fn credit(&mut self, account: Address, asset: &Asset, raw: U256) -> Result<(), Refusal>;
    /// The same state as a `View`.
    fn view(&self) -> &dyn View;
}

#[async_trait]
pub trait Simulator: Send + Sync + Debug {
    /// Forks the network's newest block.
    async fn fork(&self, chain_id: u64) -> Result<Box<dyn Fork>, Refusal>;
}

/// A step whose amount is known, in smallest units of [`crate::Action::counted`].
#[derive(Debug, Clone)]
pub struct Resolved<'a> {
    pub step: &'a Step,
    /// For a liquidity position's removal in the pool's own unit of liquidity.
    pub raw: U256,
    /// For [`crate::Action::AddLiquidity`]: the most of the pair's other asset, if that was said.
    pub other: Option<U256>,
    /// Everything of it that is held, or owed: `all` was said.
    pub whole: bool,
}

/// Legs into calls: quotes, routes, exact approvals. Implemented by `chains`.
#[async_trait]
pub trait Compiler: Send + Sync + Debug {
    /// What a quantity of `counted` that is a share of what is held counts on: the balance; for withdraw the supplied,
    /// for repay the owed amount, for a removal of liquidity (`counted` is none) the position's liquidity.
    async fn held(
        &self,
        step: &Step,
        counted: Option<&Asset>,
        account: Address,
        view: &dyn View,
    ) -> Result<U256, Refusal>;
    async fn compile(
        &self,
        resolved: Resolved<'_>,
        account: Address,
        view: &dyn View,
        now: u64,
    ) -> Result<CompiledStep, Refusal>;
    /// Who is behind a name (ENS), by a view of the network whose registry has the role `ens.registry`.
    async fn resolve_name(&self, name: &str, view: &dyn View) -> Result<Address, Refusal>;
    /// Both price readings of each asset at the view's block.
    async fn prices(&self, assets: &[Asset], view: &dyn View) -> Result<Prices, Refusal>;
}

/// A network, live. Implemented by `chains`.
#[async_trait]
pub trait Chain: Send + Sync + Debug {
    fn network(&self) -> NetworkId;
    /// Fails with `rpc.wrong_chain` if chain id or genesis are not the registry's.
    async fn verify(&self) -> Result<(), Refusal>;
    /// The newest block, as a view.
    async fn head(&self) -> Result<Box<dyn View>, Refusal>;
    /// The state after block `number`, as a view.
    async fn at(&self, number: u64) -> Result<Box<dyn View>, Refusal>;
    /// Transactions of `account` that are in blocks.
    async fn nonce(&self, account: Address) -> Result<u64, Refusal>;
    async fn fees(&self) -> Result<Fees, Refusal>;
    /// Several balances in one round trip.
    async fn balances(
        &self,
        account: Address,
        assets: &[Asset],
        view: &dyn View,
    ) -> Result<Vec<Amount>, Refusal>;
    /// Everything that the registry's tokens and protocols know of `account`, at the newest block, in few round trips.
    /// What cannot be read is in [`Portfolio::unknown`]; an error is a network that does not answer.
    async fn portfolio(&self, account: Address) -> Result<Portfolio, Refusal>;
    /// Nothing but journaled bytes can be sent.
    async fn send(&self, tx: &Journaled) -> SendOutcome;
    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Refusal>;
    /// For a bridge: what arrived on this chain for the deposit in `receipt` of `origin`. `None`: nothing yet.
    async fn bridge_fill(
        &self,
        origin: u64,
        deposit: &Receipt,
        out: &Asset,
    ) -> Result<Option<Amount>, Refusal>;
    /// For a bridge's deposit on this chain: when it can be refunded here if nobody filled it, by its own logs.
    /// Seconds since the Unix epoch; `None`: the receipt holds no deposit.
    fn refund_after(&self, deposit: &Receipt) -> Option<u64>;
}

/// What is known after a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    Accepted,
    /// The node has this very transaction already.
    AlreadyKnown,
    /// The node says that it will never be included as it is (e.g. nonce too low).
    Rejected(String),
    /// Time-out, connection lost: it may or may not be out.
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub chain_id: u64,
    pub tx_hash: B256,
    pub success: bool,
    pub block: BlockRef,
    pub gas_used: u64,
    /// Wei per gas; a decimal string in JSON.
    #[serde(with = "wei_text")]
    pub effective_gas_price: u128,
    pub logs: Vec<crate::Log>,
}

/// serde cannot buffer 128-bit integers inside a tagged record.
pub(crate) mod wei_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(wei: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(wei)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What the policy is told about one step. Facts come from the simulation, not from the arguments.
#[derive(Debug, Clone, Copy)]
pub struct PolicyRequest<'a> {
    pub plan: &'a Plan,
    pub step: &'a Step,
    pub compiled: &'a CompiledStep,
    pub simulation: &'a Simulation,
    pub prices: &'a Prices,
    pub registry: &'a Registry,
    pub contacts: &'a [Contact],
    /// Payees that this journal shows as paid.
    pub paid: &'a [Address],
    /// Entering value in the rolling day before this plan's open steps, millionths of a USD.
    pub entered_micro_usd: U256,
    /// Verified approvals of this plan whose bounds hold.
    pub approvals: u32,
    pub account: Address,
    pub now: u64,
}

pub trait Policy: Send + Sync + Debug {
    fn judge(&self, request: &PolicyRequest<'_>) -> Judgement;
    /// blake3 of schema and policies, hex.
    fn hash(&self) -> String;
    /// Every budget with its window and its cap; nothing is charged.
    fn budgets(&self) -> Vec<BudgetDelta>;
    /// Whether the approval's signature is by one of the configured approvers, over exactly this.
    fn verify_approval(&self, approval: &Approval, agent: Address) -> Result<(), Refusal>;
    fn verify_contact(&self, contact: &Contact) -> Result<(), Refusal>;
}

/// Signs for one account. Decodes the calldata itself and keeps a cap of its own.
#[async_trait]
pub trait Signer: Send + Sync + Debug {
    fn address(&self) -> Address;
    async fn sign(&self, tx: Authorized) -> Result<Signed, Refusal>;
}

/// Words to a draft, a draft to a plan. Implemented by `planners`.
#[async_trait]
pub trait Planner: Send + Sync + Debug {
    async fn draft(&self, sentence: &[u8], contacts: &[Contact]) -> Result<Draft, Refusal>;
    /// Grounds a checked draft: tokens, chains, payees, quantities. Sends and signs nothing.
    async fn plan(&self, draft: Draft, ask: PlanRequest<'_>) -> Result<Plan, Refusal>;
    /// The way back from what settled, as a draft without sources. `settled`: what each settled step did, by its
    /// index in the plan. What cannot be taken back (a payment, a vote) is a refusal that says so.
    fn reverse(&self, plan: &Plan, settled: &BTreeMap<usize, Settled>) -> Result<Draft, Refusal>;
    /// A draft in plain words, by code from its outcome.
    fn read_back(&self, outcome: &Outcome) -> String;
}

/// A name, who was behind it, and at which block that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedName {
    pub name: String,
    pub address: Address,
    pub block: u64,
}

/// What grounding and completion may look at.
#[derive(Debug, Clone, Copy)]
pub struct PlanRequest<'a> {
    pub id: &'a str,
    pub account: Address,
    pub now: u64,
    pub registry: &'a Registry,
    pub contacts: &'a [Contact],
    /// One for each network that answers.
    pub portfolios: &'a [Portfolio],
    /// The chain last used with a payee.
    pub last_chain: &'a [(Address, u64)],
    /// Names of the draft (`alice.eth`) that were resolved for it.
    pub names: &'a [ResolvedName],
    /// Whether steps may be added that were not said: a bridge, a swap into the missing asset, gas. What the protocol
    /// itself needs (WETH for ETH) is added all the same.
    pub complete: bool,
}
