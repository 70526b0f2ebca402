//! A demo world of its own, and one step carried through compile, sign, journal, send and receipt.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent_core::asset::parse_decimal;
use agent_core::pipeline::{Authorized, Compiled, Journaled, Permit};
use agent_core::ports::{Chain, Clock, Compiler, Fork, PolicyRequest, Resolved, SendOutcome, Signer, View};
use agent_core::{
    Action, Asset, BlockRef, Call, CallEnd, CallOutcome, CompiledStep, Fees, NetworkId, NetworkInfo, Origin,
    Plan, Prices, Quantity, Receipt, Refusal, Registry, Simulation, Step,
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use async_trait::async_trait;
use chains::{LiveChain, LocalSigner, NetworkConfig, ProtocolCompiler, registry};
use devnet::{RunningChain, TestChains};
use fakes::clock::FakeClock;
use fakes::kill::Kill;
use fakes::ledger::MemoryLedger;
use fakes::policy::FakePolicy;

pub(crate) const ETHEREUM: u64 = 1;
pub(crate) const OPTIMISM: u64 = 10;
pub(crate) const BASE: u64 = 8453;
pub(crate) const ARBITRUM: u64 = 42_161;
/// An amount that the tests resolve themselves.
pub(crate) const AMOUNT: Quantity = Quantity::AllBut(U256::ZERO);

sol! {
    function allowance(address owner, address spender) returns (uint256);
}

/// So many whole units.
pub(crate) fn units(whole: u64, decimals: u8) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(decimals))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests use the program's own cache and fetch nothing that it has"
)]
fn cache_dir() -> PathBuf {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(PathBuf::from);
    of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache"))).unwrap().join("steward")
}

pub(crate) struct World {
    pub(crate) chains: TestChains,
    pub(crate) registry: Arc<Registry>,
    pub(crate) compiler: ProtocolCompiler,
    pub(crate) live: BTreeMap<u64, LiveChain>,
    pub(crate) signer: LocalSigner,
    pub(crate) clock: FakeClock,
    pub(crate) ledger: MemoryLedger,
}

pub(crate) fn config(chain: &RunningChain) -> NetworkConfig {
    NetworkConfig {
        chain_id: chain.chain_id,
        genesis: chain.genesis_hash,
        name: chain.name.clone(),
        endpoints: vec![chain.rpc_url.clone()],
        op_stack: devnet::is_op_stack(chain.chain_id),
        demo: true,
        addresses: chain.roles.clone(),
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        let chains = TestChains::start(&cache_dir()).await.unwrap();
        let configs: Vec<NetworkConfig> = chains.running.chains.iter().map(config).collect();
        let registry = Arc::new(registry(&configs).unwrap());
        let live: BTreeMap<u64, LiveChain> = registry
            .networks
            .iter()
            .map(|(id, network)| (*id, LiveChain::new(network.clone()).unwrap()))
            .collect();
        // Time is the chain's own.
        let now = live[&ETHEREUM].head().await.unwrap().block().timestamp;
        let clock = FakeClock::new(now, Kill::default());
        let signer =
            LocalSigner::new(chains.keys.wallet.clone(), Arc::clone(&registry), Arc::new(clock.clone()));
        let ledger = MemoryLedger::new(clock.clone(), Kill::default());
        let compiler = ProtocolCompiler::new(Arc::clone(&registry));
        Self { chains, registry, compiler, live, signer, clock, ledger }
    }

    pub(crate) fn account(&self) -> Address {
        self.signer.address()
    }

    pub(crate) fn network(&self, chain_id: u64) -> &NetworkInfo {
        self.registry.network(chain_id).unwrap()
    }

    pub(crate) fn asset(&self, chain_id: u64, symbol: &str) -> Asset {
        let network = self.network(chain_id);
        network.assets.iter().chain(&network.positions).find(|asset| asset.symbol == symbol).unwrap().clone()
    }

    pub(crate) async fn balance(&self, chain_id: u64, symbol: &str) -> U256 {
        let live = &self.live[&chain_id];
        let view = live.head().await.unwrap();
        live.balances(self.account(), &[self.asset(chain_id, symbol)], &*view).await.unwrap()[0].raw()
    }

    /// Compiles `action` on the newest block, for `units` whole units of what it counts.
    pub(crate) async fn compile(
        &self,
        chain_id: u64,
        action: Action,
        units: &str,
        whole: bool,
    ) -> Result<CompiledStep, Refusal> {
        let raw = action.counted().map_or(U256::ZERO, |asset| parse_decimal(units, asset.decimals).unwrap());
        let step = step(action);
        self.compile_by(&self.compiler, chain_id, Resolved { step: &step, raw, other: None, whole }).await
    }

    /// The same with another compiler, or in units that are no asset's.
    pub(crate) async fn compile_by(
        &self,
        compiler: &ProtocolCompiler,
        chain_id: u64,
        resolved: Resolved<'_>,
    ) -> Result<CompiledStep, Refusal> {
        let view = self.live[&chain_id].head().await.unwrap();
        compiler.compile(resolved, self.account(), &*view, self.clock.now()).await
    }

    /// What `all` of the step's quantity is.
    pub(crate) async fn held(&self, chain_id: u64, action: &Action) -> Result<U256, Refusal> {
        let view = self.live[&chain_id].head().await.unwrap();
        self.compiler.held(&step(action.clone()), action.counted(), self.account(), &*view).await
    }

    /// What a contract answers.
    pub(crate) async fn read<C: SolCall>(&self, chain_id: u64, to: Address, call: C) -> C::Return {
        let view = self.live[&chain_id].head().await.unwrap();
        let outcome = view.call(self.account(), to, call.abi_encode().into()).await.unwrap();
        C::abi_decode_returns(&outcome.output).unwrap()
    }

    pub(crate) async fn allowance(&self, chain_id: u64, symbol: &str, role: &str) -> U256 {
        let spender = self.network(chain_id).role(role).unwrap();
        let call = allowanceCall { owner: self.account(), spender };
        self.read(chain_id, self.asset(chain_id, symbol).token().unwrap(), call).await
    }

    /// Wei that a step's transactions cost.
    pub(crate) fn gas(receipts: &[Receipt]) -> U256 {
        receipts.iter().map(|r| U256::from(r.gas_used) * U256::from(r.effective_gas_price)).sum()
    }

    /// All calls of a step, each in a block and successful.
    pub(crate) async fn settle(&self, chain_id: u64, compiled: &CompiledStep) -> Vec<Receipt> {
        let mut receipts = Vec::new();
        for call in &compiled.calls {
            let authorized = self.authorize(chain_id, call.clone()).await;
            let journaled = self.signer.sign(authorized).await.unwrap().journal(&self.ledger).await.unwrap();
            let receipt = self.included(chain_id, &journaled).await;
            assert!(receipt.success, "{} reverted", call.decoded);
            receipts.push(receipt);
        }
        receipts
    }

    pub(crate) async fn included(&self, chain_id: u64, journaled: &Journaled) -> Receipt {
        let live = &self.live[&chain_id];
        assert_eq!(live.send(journaled).await, SendOutcome::Accepted);
        for _ in 0..100 {
            if let Some(receipt) = live.receipt(journaled.tx_hash()).await.unwrap() {
                return receipt;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no receipt for {}", journaled.tx_hash());
    }

    pub(crate) async fn run(
        &self,
        chain_id: u64,
        action: Action,
        units: &str,
        whole: bool,
    ) -> (CompiledStep, Vec<Receipt>) {
        let compiled = self.compile(chain_id, action, units, whole).await.unwrap();
        let receipts = self.settle(chain_id, &compiled).await;
        (compiled, receipts)
    }

    pub(crate) async fn authorize(&self, chain_id: u64, call: Call) -> Authorized {
        let live = &self.live[&chain_id];
        let fees = live.fees().await.unwrap();
        let nonce = live.nonce(self.account()).await.unwrap();
        authorize(self.network(chain_id).id, self.account(), call, fees, nonce, self.clock.now()).await
    }
}

pub(crate) fn step(action: Action) -> Step {
    Step { index: 1, action, origin: Origin::Said, sources: BTreeMap::new() }
}

/// Authorizes one call with a policy that allows all and a simulation that always succeeds.
pub(crate) async fn authorize(
    network: NetworkId,
    account: Address,
    call: Call,
    fees: Fees,
    nonce: u64,
    now: u64,
) -> Authorized {
    let compiled = CompiledStep {
        step: 1,
        calls: vec![call],
        cleanup: Vec::new(),
        spends: Vec::new(),
        yields: Vec::new(),
        quote: None,
        protocol: None,
        payees: Vec::new(),
        assets: Vec::new(),
    };
    let plan = Plan {
        id: "p".to_owned(),
        account,
        created_at: now,
        draft: fakes::planner::draft("x"),
        legs: Vec::new(),
    };
    let mut fork = Passing { network };
    let simulated = Compiled {
        plan_id: plan.id.clone(),
        network,
        account,
        step: compiled.clone(),
        next: 0,
        cleanup: false,
    };
    let simulated = simulated.simulate(&mut fork, fees).await.unwrap();
    let simulation = simulated.simulation().clone();
    let request = PolicyRequest {
        plan: &plan,
        step: &step(Action::Revoke { asset: None, spender: None, chain_id: network.chain_id }),
        compiled: &compiled,
        simulation: &simulation,
        prices: &Prices::new(),
        registry: &Registry::default(),
        contacts: &[],
        paid: &[],
        entered_micro_usd: U256::ZERO,
        approvals: 0,
        account,
        now,
    };
    let policy = FakePolicy::new(Vec::new(), U256::MAX);
    simulated.judge(&policy, &request).authorize(Permit::Confirmed, nonce, now).unwrap()
}

/// A simulation that always succeeds: here the chain itself is the judge.
#[derive(Debug)]
struct Passing {
    network: NetworkId,
}

fn outcome() -> CallOutcome {
    CallOutcome {
        end: CallEnd::Success,
        output: Bytes::new(),
        gas_used: 700_000,
        l1_fee: U256::ZERO,
        logs: Vec::new(),
        touched: Vec::new(),
    }
}

#[async_trait]
impl View for Passing {
    fn network(&self) -> NetworkId {
        self.network
    }
    fn block(&self) -> BlockRef {
        BlockRef { number: 0, hash: self.network.genesis, timestamp: 0 }
    }
    async fn call(&self, _from: Address, _to: Address, _data: Bytes) -> Result<CallOutcome, Refusal> {
        Ok(outcome())
    }
    async fn balance(&self, _account: Address) -> Result<U256, Refusal> {
        Ok(U256::ZERO)
    }
    async fn code(&self, _account: Address) -> Result<Bytes, Refusal> {
        Ok(Bytes::new())
    }
}

#[async_trait]
impl Fork for Passing {
    async fn run(
        &mut self,
        _: Address,
        calls: &[Call],
        _: Fees,
        _: &[Asset],
        _: &[Address],
    ) -> Result<Simulation, Refusal> {
        let calls = calls.iter().map(|_| outcome()).collect();
        Ok(Simulation {
            block: self.block(),
            calls,
            changes: Vec::new(),
            allowances_left: Vec::new(),
            nfts: Vec::new(),
        })
    }
    async fn credit(&mut self, _: Address, _: &Asset, _: U256) -> Result<(), Refusal> {
        Ok(())
    }
    fn view(&self) -> &dyn View {
        self
    }
}
