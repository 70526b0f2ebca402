//! Two networks, a funded account, and a core that is wired to all fakes.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent_core::core::Core;
use agent_core::ports::Chain;
use agent_core::{
    Action, Approval, Asset, AssetKind, Autonomy, Bounds, ContractInfo, Fees, Leg, NetworkId, NetworkInfo,
    Origin, Plan, Quantity, Registry, Side, Step,
};
use alloy_primitives::{Address, B256, U256};

use crate::chain::FakeChain;
use crate::clock::FakeClock;
use crate::compiler::FakeCompiler;
use crate::fork::FakeSimulator;
use crate::kill::Kill;
use crate::ledger::MemoryLedger;
use crate::planner::{self, FakePlanner};
use crate::policy::{FakePolicy, signature};
use crate::signer::FakeSigner;
use crate::state::State;

pub const ETHEREUM: u64 = 1;
pub const BASE: u64 = 8_453;
pub const ACCOUNT: Address = Address::repeat_byte(0xAC);
pub const APPROVER: Address = Address::repeat_byte(0xAA);
pub const OTHER_APPROVER: Address = Address::repeat_byte(0xAB);
/// Seconds since the Unix epoch at which every scene begins.
pub const BEGINS_AT: u64 = 1_800_000_000;
/// Base's L1 data fee of every transaction, wei.
pub const L1_FEE: u64 = 7_000_000;
/// What the account has of everything on Ethereum (on Base: ETH only), whole units.
pub const FUNDS: u64 = 10_000;

/// A world that outlives the processes that work in it: [`Scene::core`] is a new process.
#[derive(Debug, Clone)]
pub struct Scene {
    pub kill: Kill,
    pub clock: FakeClock,
    pub registry: Arc<Registry>,
    pub ethereum: FakeChain,
    pub base: FakeChain,
    pub compiler: FakeCompiler,
    pub policy: FakePolicy,
    pub planner: FakePlanner,
    pub ledger: MemoryLedger,
    pub autonomy: Autonomy,
}

fn token(chain_id: u64, symbol: &str, decimals: u8, byte: u8) -> Asset {
    let kind = AssetKind::Erc20(Address::repeat_byte(byte));
    Asset { chain_id, kind, symbol: symbol.to_owned(), decimals }
}

fn network(chain_id: u64, name: &str, op_stack: bool) -> NetworkInfo {
    let genesis = B256::left_padding_from(&chain_id.to_be_bytes());
    let native = Asset { chain_id, kind: AssetKind::Native, symbol: "ETH".to_owned(), decimals: 18 };
    let roles = [("router", 0x11), ("pool", 0x12), ("bridge", 0x13), ("weth", 0x24), ("ens.registry", 0x14)];
    let roles: BTreeMap<_, _> =
        roles.into_iter().map(|(role, byte)| (role.to_owned(), Address::repeat_byte(byte))).collect();
    let contract = |(role, address): (&String, &Address)| {
        (*address, ContractInfo { protocol: "fake".to_owned(), name: role.clone() })
    };
    NetworkInfo {
        id: NetworkId { chain_id, genesis },
        name: name.to_owned(),
        endpoints: Vec::new(),
        op_stack,
        demo: true,
        assets: vec![
            native,
            token(chain_id, "USDC", 6, 0x21),
            token(chain_id, "DAI", 18, 0x22),
            token(chain_id, "WETH", 18, 0x24),
        ],
        positions: vec![token(chain_id, "aUSDC", 6, 0x31), token(chain_id, "aDAI", 18, 0x32)],
        contracts: roles.iter().map(contract).collect(),
        roles,
    }
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Scene {
    pub fn new() -> Self {
        let kill = Kill::default();
        let clock = FakeClock::new(BEGINS_AT, kill.clone());
        let networks = [network(ETHEREUM, "ethereum", false), network(BASE, "base", true)];
        let funds = |assets: &[Asset]| {
            let mut state = State::default();
            for asset in assets {
                let unit = agent_core::asset::ten_pow(asset.decimals).unwrap_or_default();
                state.credit(ACCOUNT, asset.kind, unit.saturating_mul(U256::from(FUNDS)));
            }
            state
        };
        let [ethereum, base] = &networks;
        let fees = |gwei: u128| {
            let max_fee_per_gas = gwei.saturating_mul(1_000_000_000);
            Fees { max_fee_per_gas, max_priority_fee_per_gas: 1_000_000 }
        };
        let first = base.assets.get(..1).unwrap_or_default();
        let at_base = FakeChain::new(base.clone(), fees(1), U256::from(L1_FEE), funds(first), kill.clone());
        let at_ethereum =
            FakeChain::new(ethereum.clone(), fees(20), U256::ZERO, funds(&ethereum.assets), kill.clone());
        let networks = networks.into_iter().map(|network| (network.id.chain_id, network)).collect();
        let registry = Arc::new(Registry { networks });
        let prices =
            [("ETH", 2_500_000_000), ("WETH", 2_500_000_000), ("USDC", 1_000_000), ("DAI", 1_000_000)];
        let prices = prices.into_iter().map(|(symbol, price)| (symbol.to_owned(), price)).collect();
        Self {
            compiler: FakeCompiler::new(registry.clone(), prices, kill.clone()),
            policy: FakePolicy::new(vec![APPROVER, OTHER_APPROVER], U256::from(50_000_000_000_u64)),
            planner: FakePlanner::default(),
            ledger: MemoryLedger::new(clock.clone(), kill.clone()),
            autonomy: Autonomy::Bounded,
            ethereum: at_ethereum,
            base: at_base,
            registry,
            clock,
            kill,
        }
    }

    /// A process that begins: nothing but journal and chains is remembered.
    pub fn core(&self) -> Core {
        self.ledger.restart();
        let chains = [(ETHEREUM, self.ethereum.clone()), (BASE, self.base.clone())];
        let port = |(id, chain): (u64, FakeChain)| {
            let chain: Arc<dyn Chain> = Arc::new(chain);
            (id, chain)
        };
        let signer = FakeSigner { account: ACCOUNT, clock: self.clock.clone(), kill: self.kill.clone() };
        Core {
            account: ACCOUNT,
            autonomy: self.autonomy,
            registry: self.registry.clone(),
            chains: chains.clone().into_iter().map(port).collect(),
            clock: Arc::new(self.clock.clone()),
            compiler: Arc::new(self.compiler.clone()),
            ledger: Arc::new(self.ledger.clone()),
            planner: Arc::new(self.planner.clone()),
            policy: Arc::new(self.policy.clone()),
            signer: Some(Arc::new(signer)),
            simulator: Arc::new(FakeSimulator {
                chains: chains.into_iter().collect(),
                kill: self.kill.clone(),
            }),
        }
    }

    /// An asset or a position by its symbol; an unknown one is an asset that nobody holds.
    pub fn asset(&self, chain_id: u64, symbol: &str) -> Asset {
        let network = self.registry.network(chain_id);
        let mut all = network.into_iter().flat_map(|network| network.assets.iter().chain(&network.positions));
        all.find(|asset| asset.symbol == symbol).cloned().unwrap_or_else(|| token(chain_id, symbol, 18, 0xEE))
    }

    /// A plan of steps, each on its network; what follows on the same network is one leg.
    pub fn plan(&self, id: &str, steps: Vec<(u64, Action)>) -> Plan {
        let mut legs: Vec<Leg> = Vec::new();
        for ((chain_id, action), index) in steps.into_iter().zip(1..) {
            let network = self.registry.network(chain_id).map(|network| network.id);
            let network = network.unwrap_or(NetworkId { chain_id, genesis: B256::ZERO });
            let step = Step { index, action, origin: Origin::Said, sources: BTreeMap::new() };
            match legs.last_mut().filter(|leg| leg.network == network) {
                Some(leg) => leg.steps.push(step),
                None => legs.push(Leg { index: legs.len(), network, steps: vec![step] }),
            }
        }
        Plan { id: id.to_owned(), account: ACCOUNT, created_at: BEGINS_AT, draft: planner::draft(id), legs }
    }

    /// `swap 1000 DAI to USDC on ethereum, bridge it to base and supply it there`.
    pub fn three_steps(&self) -> Vec<(u64, Action)> {
        let all = |step, asset: &Asset| {
            let asset = asset.clone();
            Quantity::Output { step, asset, numerator: U256::from(1), denominator: U256::from(1) }
        };
        let (here, there) = (self.asset(ETHEREUM, "USDC"), self.asset(BASE, "USDC"));
        let sell = self.asset(ETHEREUM, "DAI");
        let thousand = U256::from(1_000).saturating_mul(U256::from(1_000_000_000_000_000_000_u64));
        let amount = Quantity::Exact(thousand);
        vec![
            (
                ETHEREUM,
                Action::Swap { sell, buy: here.clone(), amount, side: Side::Sell, max_slippage_bps: 50 },
            ),
            (
                ETHEREUM,
                Action::Bridge { amount: all(1, &here), asset: here, out: there.clone(), side: Side::Sell },
            ),
            (BASE, Action::Supply { amount: all(2, &there), asset: there }),
        ]
    }

    /// What an approver's signature over a plan and its bounds is here.
    pub fn approval(&self, plan: &Plan, bounds: &Bounds, approver: Address, approved: bool) -> Approval {
        Approval {
            plan_id: plan.id.clone(),
            plan_hash: plan.hash(),
            bounds: bounds.clone(),
            approver,
            signature: signature(approver, plan.hash(), bounds, approved),
            approved,
            signed_at: BEGINS_AT,
        }
    }
}
