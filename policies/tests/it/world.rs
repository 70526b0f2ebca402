//! One step on a small network, with every fact at its best. Each test makes one thing worse.

use std::collections::BTreeMap;

use agent_core::draft::{Draft, Outcome};
use agent_core::ports::{Policy, PolicyRequest};
use agent_core::{
    Action, Amount, Asset, AssetChange, AssetKind, BlockRef, Call, CallEnd, CallOutcome, CallRole, Change,
    CompiledStep, Contact, ContractInfo, Judgement, Leg, NetworkId, NetworkInfo, Origin, Plan, Price, Prices,
    Quantity, Registry, Side, Simulation, Step,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use policies::CedarPolicy;

pub(crate) const CHAIN: u64 = 8453;
pub(crate) const ACCOUNT: Address = Address::repeat_byte(0xaa);
pub(crate) const ROUTER: Address = Address::repeat_byte(0x11);
pub(crate) const TOKEN: Address = Address::repeat_byte(0x22);
pub(crate) const FRIEND: Address = Address::repeat_byte(0xf1);
pub(crate) const STRANGER: Address = Address::repeat_byte(0x57);

pub(crate) fn usdc() -> Asset {
    Asset { chain_id: CHAIN, kind: AssetKind::Erc20(TOKEN), symbol: "USDC".to_owned(), decimals: 6 }
}

pub(crate) fn eth() -> Asset {
    Asset { chain_id: CHAIN, kind: AssetKind::Native, symbol: "ETH".to_owned(), decimals: 18 }
}

pub(crate) fn a_usdc() -> Asset {
    Asset { kind: AssetKind::Erc20(Address::repeat_byte(0x33)), symbol: "aUSDC".to_owned(), ..usdc() }
}

/// Millionths of a USDC, which is a USD here.
pub(crate) fn micro(micro: u64) -> Amount {
    usdc().amount(U256::from(micro))
}

pub(crate) fn network() -> NetworkId {
    NetworkId { chain_id: CHAIN, genesis: B256::repeat_byte(7) }
}

fn registry() -> Registry {
    let info =
        |protocol: &str, name: &str| ContractInfo { protocol: protocol.to_owned(), name: name.to_owned() };
    let contracts = [(ROUTER, info("uniswap", "SwapRouter02")), (TOKEN, info("erc20", "USDC"))];
    let network = NetworkInfo {
        id: network(),
        name: "base".to_owned(),
        endpoints: Vec::new(),
        op_stack: true,
        demo: true,
        assets: vec![eth(), usdc()],
        positions: vec![a_usdc()],
        contracts: contracts.into_iter().collect(),
        roles: BTreeMap::new(),
    };
    Registry { networks: [(CHAIN, network)].into_iter().collect() }
}

pub(crate) fn price(oracle: u64, pool: u64) -> Price {
    Price { oracle_micro_usd: Some(U256::from(oracle)), pool_micro_usd: Some(U256::from(pool)) }
}

/// A request in pieces that a test may change.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) action: Action,
    pub(crate) compiled: CompiledStep,
    pub(crate) simulation: Simulation,
    pub(crate) prices: Prices,
    pub(crate) registry: Registry,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) paid: Vec<Address>,
    pub(crate) entered: U256,
    pub(crate) approvals: u32,
}

fn call(to: Address, data: &'static [u8]) -> Call {
    Call {
        to,
        value: U256::ZERO,
        data: Bytes::from_static(data),
        decoded: String::new(),
        role: CallRole::Act,
    }
}

fn scene(action: Action, spends: &Amount, to: Address, touched: Vec<Address>) -> Scene {
    let outcome = CallOutcome {
        end: CallEnd::Success,
        output: Bytes::new(),
        gas_used: 100_000,
        l1_fee: U256::ZERO,
        logs: Vec::new(),
        touched,
    };
    let left = Change { negative: true, amount: spends.clone() };
    Scene {
        action,
        compiled: CompiledStep {
            step: 1,
            calls: vec![call(to, &[1, 2, 3, 4])],
            cleanup: Vec::new(),
            spends: vec![spends.clone()],
            yields: Vec::new(),
            quote: None,
            protocol: Some("uniswap".to_owned()),
            payees: Vec::new(),
            assets: vec![usdc(), eth()],
        },
        simulation: Simulation {
            block: BlockRef { number: 1, hash: B256::ZERO, timestamp: 1 },
            calls: vec![outcome],
            changes: vec![AssetChange { account: ACCOUNT, amount: left }],
            allowances_left: Vec::new(),
            nfts: Vec::new(),
        },
        prices: [
            (usdc().caip19(), price(1_000_000, 1_000_000)),
            (eth().caip19(), price(2_000_000_000, 2_000_000_000)),
        ]
        .into_iter()
        .collect(),
        registry: registry(),
        contacts: Vec::new(),
        paid: Vec::new(),
        entered: U256::ZERO,
        approvals: 0,
    }
}

/// USDC into the registry's protocol, nothing back: a supply.
pub(crate) fn supply(micro_usd: u64) -> Scene {
    let amount = micro(micro_usd);
    let action = Action::Supply { asset: usdc(), amount: Quantity::Exact(amount.raw()) };
    scene(action, &amount, ROUTER, vec![ROUTER, TOKEN])
}

/// USDC for at least so many wei of ETH, at $2,000 each.
pub(crate) fn swap(micro_usd: u64, least_wei: u128) -> Scene {
    let amount = micro(micro_usd);
    let quantity = Quantity::Exact(amount.raw());
    let action =
        Action::Swap { sell: usdc(), buy: eth(), amount: quantity, side: Side::Sell, max_slippage_bps: 50 };
    let mut scene = scene(action, &amount, ROUTER, vec![ROUTER, TOKEN]);
    scene.compiled.yields = vec![eth().amount(U256::from(least_wei))];
    scene
}

/// USDC to somebody; `contacts` says who is known.
pub(crate) fn transfer(micro_usd: u64, to: Address) -> Scene {
    let amount = micro(micro_usd);
    let action = Action::Transfer { asset: usdc(), amount: Quantity::Exact(amount.raw()), to, payee: None };
    let mut scene = scene(action, &amount, TOKEN, vec![TOKEN]);
    scene.compiled.protocol = None;
    scene.compiled.payees = vec![to];
    let gained = Change { negative: false, amount: amount.clone() };
    scene.simulation.changes.push(AssetChange { account: to, amount: gained });
    scene
}

pub(crate) fn contact(address: Address, paid_before: bool) -> Contact {
    Contact {
        name: "friend".to_owned(),
        address,
        paid_before,
        added_at: 1,
        approver: Address::ZERO,
        signature: Bytes::new(),
    }
}

/// To a contact who was paid before.
pub(crate) fn payment(micro_usd: u64) -> Scene {
    let mut scene = transfer(micro_usd, FRIEND);
    scene.contacts = vec![contact(FRIEND, true)];
    scene
}

impl Scene {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn judge(&self, policy: &CedarPolicy) -> Judgement {
        let step =
            Step { index: 1, action: self.action.clone(), origin: Origin::Said, sources: BTreeMap::new() };
        let plan = plan(step.clone());
        policy.judge(&PolicyRequest {
            plan: &plan,
            step: &step,
            compiled: &self.compiled,
            simulation: &self.simulation,
            prices: &self.prices,
            registry: &self.registry,
            contacts: &self.contacts,
            paid: &self.paid,
            entered_micro_usd: self.entered,
            approvals: self.approvals,
            account: ACCOUNT,
            now: 1_800_000_000,
        })
    }
}

pub(crate) fn plan(step: Step) -> Plan {
    let draft = Draft {
        intent: None,
        outcome: Outcome::Plan { steps: Vec::new(), trigger: None },
        sources: BTreeMap::new(),
        read_back: String::new(),
        model: None,
        ms: 0,
        now: None,
        tz: None,
        line: None,
    };
    let leg = Leg { index: 0, network: network(), steps: vec![step] };
    Plan { id: "p1".to_owned(), account: ACCOUNT, created_at: 1, draft, legs: vec![leg] }
}
