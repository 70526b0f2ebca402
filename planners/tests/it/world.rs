//! Four networks with fake portfolios, and drafts by their steps.

use std::collections::BTreeMap;

use agent_core::draft::{Decimal, Draft};
use agent_core::ports::{PlanRequest, ResolvedName};
use agent_core::{
    Action, Amount, Asset, AssetKind, BlockRef, Contact, ContractInfo, NetworkId, NetworkInfo, Plan,
    Portfolio, Price, Quantity, Refusal, Registry,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

pub(crate) const ETHEREUM: u64 = 1;
pub(crate) const BASE: u64 = 8_453;
pub(crate) const ARBITRUM: u64 = 42_161;
pub(crate) const OPTIMISM: u64 = 10;
/// Behind `carol.eth`.
pub(crate) const CAROL: Address = Address::repeat_byte(0xca);
pub(crate) const ACCOUNT: Address = Address::repeat_byte(0xAC);
pub(crate) const PAYEE: Address = Address::repeat_byte(0xBB);

/// Symbol, decimals, price in millionths of a USD, chains.
const TOKENS: [(&str, u8, u64, &[u64]); 13] = [
    ("WETH", 18, 2_600_000_000, &[ETHEREUM, BASE, ARBITRUM, OPTIMISM]),
    ("USDC", 6, 1_000_000, &[ETHEREUM, BASE, ARBITRUM, OPTIMISM]),
    ("USDC.e", 6, 1_000_000, &[ARBITRUM, OPTIMISM]),
    ("USDT", 6, 1_000_000, &[ETHEREUM, ARBITRUM, OPTIMISM]),
    ("DAI", 18, 1_000_000, &[ETHEREUM, BASE, ARBITRUM, OPTIMISM]),
    ("WBTC", 8, 95_000_000_000, &[ETHEREUM, ARBITRUM, OPTIMISM]),
    ("LINK", 18, 15_000_000, &[ETHEREUM]),
    ("UNI", 18, 8_000_000, &[ETHEREUM]),
    ("AAVE", 18, 150_000_000, &[ETHEREUM]),
    ("ARB", 18, 500_000, &[ARBITRUM]),
    ("OP", 18, 1_200_000, &[OPTIMISM]),
    ("stETH", 18, 2_600_000_000, &[ETHEREUM]),
    ("wstETH", 18, 3_120_000_000, &[ETHEREUM]),
];

const CHAINS: [(u64, &str, u128); 4] = [
    (ETHEREUM, "ethereum", 2_000_000_000),
    (BASE, "base", 10_000_000),
    (ARBITRUM, "arbitrum", 20_000_000),
    (OPTIMISM, "optimism", 11_000_000),
];

fn address(chain_id: u64, name: &str) -> Address {
    Address::from_word(alloy_primitives::keccak256(format!("{chain_id} {name}")))
}

fn network(chain_id: u64, name: &str) -> NetworkInfo {
    let native = Asset { chain_id, kind: AssetKind::Native, symbol: "ETH".to_owned(), decimals: 18 };
    let mut assets = vec![native];
    let mut roles: BTreeMap<String, Address> = BTreeMap::new();
    let mut contracts = BTreeMap::new();
    for (symbol, decimals, _, chains) in TOKENS {
        if !chains.contains(&chain_id) {
            continue;
        }
        let role = symbol.to_lowercase().replace('.', "");
        let token = address(chain_id, &role);
        let kind = AssetKind::Erc20(token);
        assets.push(Asset { chain_id, kind, symbol: symbol.to_owned(), decimals });
        contracts.insert(token, ContractInfo { protocol: "erc20".to_owned(), name: symbol.to_owned() });
        for hub in ["weth", "usdc"].into_iter().filter(|hub| *hub != role && symbol != "stETH") {
            roles
                .insert(format!("uniswap.pool.{hub}_{role}_500"), address(chain_id, &format!("{hub}{role}")));
        }
        roles.insert(role, token);
    }
    for role in ["uniswap.swap_router02", "uniswap.position_manager", "aave.pool", "across.spoke_pool"] {
        let protocol = role.split('.').next().unwrap();
        roles.insert(role.to_owned(), address(chain_id, role));
        let info = ContractInfo { protocol: protocol.to_owned(), name: role.to_owned() };
        contracts.insert(address(chain_id, role), info);
    }
    let governor = match chain_id {
        ARBITRUM => Some("governor.arbitrum"),
        ETHEREUM => Some("governor.aave"),
        _ => None,
    };
    if let Some(role) = governor {
        roles.insert(role.to_owned(), address(chain_id, role));
        roles.insert(format!("{role}.timelock"), address(chain_id, "timelock"));
    }
    NetworkInfo {
        id: NetworkId { chain_id, genesis: B256::left_padding_from(&chain_id.to_be_bytes()) },
        name: name.to_owned(),
        endpoints: Vec::new(),
        op_stack: matches!(chain_id, BASE | OPTIMISM),
        demo: true,
        assets,
        positions: Vec::new(),
        contracts,
        roles,
    }
}

fn portfolio(network: &NetworkInfo, max_fee_per_gas: u128) -> Portfolio {
    let prices = network.assets.iter().map(|asset| {
        let listed = TOKENS.iter().find(|(symbol, ..)| *symbol == asset.symbol);
        let micro = listed.map_or(2_600_000_000, |(_, _, price, _)| *price);
        (asset.caip19(), Price { oracle_micro_usd: Some(U256::from(micro)), pool_micro_usd: None })
    });
    Portfolio {
        network: network.id,
        name: network.name.clone(),
        block: BlockRef { number: 1, hash: B256::ZERO, timestamp: 1_800_000_000 },
        balances: network.assets.iter().map(|asset| asset.amount(U256::ZERO)).collect(),
        lent: Vec::new(),
        owed: Vec::new(),
        health_factor: None,
        rates: Vec::new(),
        liquidity: Vec::new(),
        claimable: Vec::new(),
        allowances: Vec::new(),
        prices: prices.collect(),
        max_fee_per_gas,
        unknown: Vec::new(),
    }
}

/// The registry and what the account has on each network.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) registry: Registry,
    pub(crate) portfolios: Vec<Portfolio>,
}

impl World {
    /// `holdings`: chain, asset, whole units.
    pub(crate) fn new(holdings: &[(u64, &str, &str)]) -> Self {
        let networks: BTreeMap<u64, NetworkInfo> =
            CHAINS.iter().map(|(chain_id, name, _)| (*chain_id, network(*chain_id, name))).collect();
        let portfolios =
            CHAINS.iter().map(|(chain_id, _, fee)| portfolio(&networks[chain_id], *fee)).collect();
        let mut world = Self { registry: Registry { networks }, portfolios };
        for (chain_id, symbol, units) in holdings {
            let amount = world.amount(*chain_id, symbol, units);
            world.hold(&amount);
        }
        world
    }

    /// What a person may have: some ETH everywhere, most of it on Ethereum, stablecoins on Arbitrum.
    pub(crate) fn usual() -> Self {
        Self::new(&[
            (ETHEREUM, "ETH", "5"),
            (ETHEREUM, "USDC", "1000"),
            (ETHEREUM, "stETH", "2"),
            (ETHEREUM, "AAVE", "10"),
            (BASE, "ETH", "1"),
            (BASE, "USDC", "300"),
            (ARBITRUM, "ETH", "2"),
            (ARBITRUM, "USDC", "5000"),
            (ARBITRUM, "ARB", "100"),
            (OPTIMISM, "ETH", "0.5"),
        ])
    }

    pub(crate) fn asset(&self, chain_id: u64, symbol: &str) -> Asset {
        self.registry.networks[&chain_id].asset(symbol).unwrap().clone()
    }

    pub(crate) fn amount(&self, chain_id: u64, symbol: &str, units: &str) -> Amount {
        let asset = self.asset(chain_id, symbol);
        let raw = units.parse::<Decimal>().unwrap().to_raw(asset.decimals).unwrap();
        asset.amount(raw)
    }

    pub(crate) fn hold(&mut self, amount: &Amount) {
        let balances = &mut self.on(amount.asset().chain_id).balances;
        *balances.iter_mut().find(|own| own.asset().same(amount.asset())).unwrap() = amount.clone();
    }

    pub(crate) fn on(&mut self, chain_id: u64) -> &mut Portfolio {
        self.portfolios.iter_mut().find(|own| own.network.chain_id == chain_id).unwrap()
    }

    pub(crate) fn plan(&self, steps: Value, complete: bool) -> Result<Plan, Refusal> {
        self.ground(draft(steps), complete)
    }

    pub(crate) fn ground(&self, draft: Draft, complete: bool) -> Result<Plan, Refusal> {
        let contacts = [Contact {
            name: "alice".to_owned(),
            address: PAYEE,
            paid_before: true,
            added_at: 0,
            approver: Address::ZERO,
            signature: Bytes::new(),
        }];
        planners::ground(
            draft,
            &PlanRequest {
                id: "p1",
                account: ACCOUNT,
                now: 1_800_000_000,
                registry: &self.registry,
                contacts: &contacts,
                portfolios: &self.portfolios,
                last_chain: &[],
                names: &[ResolvedName { name: "carol.eth".to_owned(), address: CAROL, block: 9 }],
                complete,
            },
        )
    }

    /// The plan's steps in short words; `+` before an added one: `+ bridge 400 USDC arbitrum base`.
    pub(crate) fn words(&self, plan: &Plan) -> Vec<String> {
        let name = |chain_id: u64| self.registry.networks[&chain_id].name.clone();
        plan.steps()
            .map(|(_, step)| {
                let mark = if step.origin == agent_core::Origin::Said { "" } else { "+ " };
                let action = &step.action;
                let amount = action
                    .quantity()
                    .map_or(String::new(), |quantity| format!(" {}", amount_words(quantity, action)));
                let other =
                    action.yields().first().map_or(String::new(), |asset| format!(" {}", asset.symbol));
                let chains = match action {
                    Action::Bridge { out, .. } => {
                        format!("{} {}", name(action.chain_id()), name(out.chain_id))
                    }
                    _ => name(action.chain_id()),
                };
                let words = format!("{}{amount}{other} {chains}", action.name());
                format!("{mark}{}", words.split_whitespace().collect::<Vec<_>>().join(" "))
            })
            .collect()
    }

    /// The words of a step list's plan, or the refusal's exit code and code.
    pub(crate) fn said(&self, steps: Value, complete: bool) -> Vec<String> {
        match self.plan(steps, complete) {
            Ok(plan) => self.words(&plan),
            Err(refusal) => vec![format!("{} {}", refusal.exit.code(), refusal.code)],
        }
    }
}

pub(crate) fn draft(steps: Value) -> Draft {
    let text = json!({"intent": "x", "outcome": "plan", "steps": steps}).to_string();
    planners::parse_draft_json(&text).unwrap()
}

fn amount_words(quantity: &Quantity, action: &Action) -> String {
    let asset = action.counted();
    let units = |raw: &U256| asset.map_or(raw.to_string(), |asset| asset.amount(*raw).decimal());
    let symbol = asset.map_or("", |asset| asset.symbol.as_str());
    match quantity {
        Quantity::Exact(raw) => format!("{} {symbol}", units(raw)),
        Quantity::Share { numerator, denominator } => format!("{numerator}/{denominator} {symbol}"),
        Quantity::AllBut(rest) => format!("all-{} {symbol}", units(rest)),
        Quantity::MicroUsd(micro) => format!("${micro} {symbol}"),
        Quantity::Output { step, asset, numerator, denominator } if numerator == denominator => {
            format!("@{step} {}", asset.symbol)
        }
        Quantity::Output { step, asset, numerator, denominator } => {
            format!("{numerator}/{denominator}@{step} {}", asset.symbol)
        }
    }
}
