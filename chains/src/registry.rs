//! A network's configuration into the registry: its assets, its contracts, their roles.

use std::collections::BTreeMap;

use agent_core::{Asset, AssetKind, ContractInfo, Exit, NetworkId, NetworkInfo, Refusal, Registry};
use alloy_primitives::{Address, B256};

/// What is known about a network before it was asked.
///
/// `addresses` are by role. Needed: `weth`, `multicall3`. Tokens that a person may name are roles of their own
/// (`TOKENS`); of the protocols: what `CONTRACTS` lists, `uniswap.pool.<a>_<b>_<fee>`, `uniswap.v2_pair.<a>_<b>`,
/// `aave.a_token.<token>`, `aave.debt_token.<token>`, `governor.<family>` and its `.timelock`,
/// `safe.<version>.<contract>`. `feed.<token>` and what starts with `demo.` is only kept as a role.
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// EIP-155.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis: B256,
    /// `ethereum`, `base`.
    pub name: String,
    /// HTTP URLs, in the order in which they are tried.
    pub endpoints: Vec<String>,
    /// Whether the OP stack's L1 data fee is charged.
    pub op_stack: bool,
    /// Whether it belongs to the emulated demo world.
    pub demo: bool,
    /// Contracts by role.
    pub addresses: BTreeMap<String, Address>,
}

/// Tokens by role: symbol and decimals.
const TOKENS: [(&str, &str, u8); 13] = [
    ("weth", "WETH", 18),
    ("usdc", "USDC", 6),
    ("usdce", "USDC.e", 6),
    ("usdt", "USDT", 6),
    ("dai", "DAI", 18),
    ("wbtc", "WBTC", 8),
    ("link", "LINK", 18),
    ("uni", "UNI", 18),
    ("aave", "AAVE", 18),
    ("arb", "ARB", 18),
    ("op", "OP", 18),
    ("steth", "stETH", 18),
    ("wsteth", "wstETH", 18),
];

/// Contracts by role: family and name.
const CONTRACTS: [(&str, &str, &str); 22] = [
    ("multicall3", "multicall", "Multicall3"),
    ("permit2", "permit2", "Permit2"),
    ("uniswap.factory", "uniswap", "UniswapV3Factory"),
    ("uniswap.quoter_v2", "uniswap", "QuoterV2"),
    ("uniswap.swap_router02", "uniswap", "SwapRouter02"),
    ("uniswap.position_manager", "uniswap", "NonfungiblePositionManager"),
    ("uniswap.v2_factory", "uniswap", "UniswapV2Factory"),
    ("uniswap.v2_router02", "uniswap", "UniswapV2Router02"),
    ("uniswap.pool_manager", "uniswap", "V4 PoolManager"),
    ("uniswap.v4_position_manager", "uniswap", "V4 PositionManager"),
    ("uniswap.v4_quoter", "uniswap", "V4Quoter"),
    ("uniswap.state_view", "uniswap", "V4 StateView"),
    ("uniswap.universal_router", "uniswap", "UniversalRouter"),
    ("aave.pool", "aave", "Aave Pool"),
    ("aave.addresses_provider", "aave", "PoolAddressesProvider"),
    ("aave.oracle", "aave", "AaveOracle"),
    ("aave.data_provider", "aave", "AaveProtocolDataProvider"),
    ("aave.rewards_controller", "aave", "RewardsController"),
    ("across.spoke_pool", "across", "SpokePool"),
    ("ens.registry", "ens", "ENSRegistry"),
    ("ens.old_registry", "ens", "ENSRegistry before 2020"),
    ("ens.resolver", "ens", "PublicResolver"),
];

/// The registry of all configured networks.
///
/// # Errors
/// `config.network`: a role is missing or unknown, or a chain id is there twice.
pub fn registry(configs: &[NetworkConfig]) -> Result<Registry, Refusal> {
    let mut registry = Registry::default();
    for config in configs {
        let network = network(config)?;
        if registry.networks.insert(config.chain_id, network).is_some() {
            return Err(invalid(config, &format!("chain id {} is configured twice", config.chain_id)));
        }
    }
    Ok(registry)
}

fn network(config: &NetworkConfig) -> Result<NetworkInfo, Refusal> {
    for role in ["weth", "multicall3"] {
        if !config.addresses.contains_key(role) {
            return Err(invalid(config, &format!("the address of `{role}` is missing")));
        }
    }
    if config.endpoints.is_empty() {
        return Err(invalid(config, "it has no endpoint"));
    }
    let asset = |kind, symbol: &str, decimals| Asset {
        chain_id: config.chain_id,
        kind,
        symbol: symbol.to_owned(),
        decimals,
    };
    let mut assets = vec![asset(AssetKind::Native, "ETH", 18)];
    let mut positions = Vec::new();
    let mut contracts = BTreeMap::new();
    for (role, address) in &config.addresses {
        if let Some((_, symbol, decimals)) = TOKENS.iter().find(|(token, ..)| token == role) {
            assets.push(asset(AssetKind::Erc20(*address), symbol, *decimals));
        } else if let Some((symbol, decimals)) = position(role) {
            positions.push(asset(AssetKind::Erc20(*address), &symbol, decimals));
        }
        match contract(role) {
            Some((protocol, name)) => {
                contracts.insert(*address, ContractInfo { protocol: protocol.to_owned(), name });
            }
            None if ["feed.", "demo."].iter().any(|prefix| role.starts_with(prefix)) => {}
            None => return Err(invalid(config, &format!("`{}` is no role", agent_core::tame(role)))),
        }
    }
    Ok(NetworkInfo {
        id: NetworkId { chain_id: config.chain_id, genesis: config.genesis },
        name: config.name.clone(),
        endpoints: config.endpoints.clone(),
        op_stack: config.op_stack,
        demo: config.demo,
        assets,
        positions,
        contracts,
        roles: config.addresses.clone(),
    })
}

/// Family and name of the contract in a role.
fn contract(role: &str) -> Option<(&'static str, String)> {
    if let Some((_, symbol, _)) = TOKENS.iter().find(|(token, ..)| *token == role) {
        let family = match role {
            "weth" => "weth",
            "steth" | "wsteth" => "lido",
            _ => "erc20",
        };
        return Some((family, (*symbol).to_owned()));
    }
    if let Some((_, family, name)) = CONTRACTS.iter().find(|(contract, ..)| *contract == role) {
        return Some((family, (*name).to_owned()));
    }
    if let Some((symbol, _)) = position(role) {
        return Some(("aave", symbol));
    }
    let pair = |pair: &str| pair.replace('_', "/").to_uppercase();
    if let Some(tokens) = role.strip_prefix("uniswap.pool.") {
        return Some(("uniswap", format!("pool {}", pair(tokens))));
    }
    if let Some(tokens) = role.strip_prefix("uniswap.v2_pair.") {
        return Some(("uniswap", format!("V2 pair {}", pair(tokens))));
    }
    if let Some(family) = role.strip_prefix("governor.") {
        return Some((
            "governor",
            match family.strip_suffix(".timelock") {
                Some(family) => format!("timelock of {family}"),
                None => format!("governor of {family}"),
            },
        ));
    }
    let (version, name) = role.strip_prefix("safe.")?.split_once('.')?;
    Some(("safe", format!("Safe {} {}", version.replace('_', "."), name.replace('_', " "))))
}

/// Whether `address` is a governor, in which votes are cast.
pub(crate) fn is_governor(network: &NetworkInfo, address: Address) -> bool {
    let governors = network.roles.iter().filter(|(role, _)| role.starts_with("governor."));
    governors.filter(|(role, _)| !role.ends_with(".timelock")).any(|(_, governor)| *governor == address)
}

/// `aave.a_token.usdc` is aUSDC with USDC's decimals.
fn position(role: &str) -> Option<(String, u8)> {
    let (prefix, token) = match role.strip_prefix("aave.a_token.") {
        Some(token) => ("a", token),
        None => ("debt", role.strip_prefix("aave.debt_token.")?),
    };
    let (_, symbol, decimals) = TOKENS.iter().find(|(known, ..)| *known == token)?;
    Some((format!("{prefix}{symbol}"), *decimals))
}

/// What a position stands for, or the asset itself; WETH for the native coin.
pub(crate) fn underlying<'a>(network: &'a NetworkInfo, asset: &'a Asset) -> Option<&'a Asset> {
    let Some(token) = asset.token() else { return network.token(network.role("weth")?) };
    let role = network.roles.iter().find(|(role, address)| **address == token && position(role).is_some());
    match role.and_then(|(role, _)| role.rsplit('.').next()) {
        Some(symbol) => network.token(network.role(symbol)?),
        None => Some(asset),
    }
}

fn invalid(config: &NetworkConfig, reason: &str) -> Refusal {
    let name = agent_core::tame(&config.name);
    Refusal::new(Exit::Usage, "config.network", format!("network `{name}` cannot be used: {reason}"))
        .help("correct its entry in config.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(roles: &[&str]) -> NetworkConfig {
        let mut addresses = BTreeMap::new();
        for (role, byte) in roles.iter().zip(1_u8..) {
            addresses.insert((*role).to_owned(), Address::repeat_byte(byte));
        }
        NetworkConfig {
            chain_id: 1,
            genesis: B256::ZERO,
            name: "ethereum".to_owned(),
            endpoints: vec!["http://127.0.0.1:1".to_owned()],
            op_stack: false,
            demo: true,
            addresses,
        }
    }

    #[test]
    fn the_native_coin_is_first_and_positions_are_apart() {
        let roles = ["weth", "multicall3", "usdc", "aave.a_token.usdc", "aave.debt_token.usdc"];
        let registry = registry(&[config(&roles)]).unwrap();
        let network = registry.network(1).unwrap();
        assert!(network.assets[0].is_native());
        assert_eq!(network.asset("USDC").unwrap().decimals, 6);
        assert!(network.asset("aUSDC").is_none());
        let a_usdc = network.token(Address::repeat_byte(4)).unwrap();
        assert_eq!((a_usdc.symbol.as_str(), a_usdc.decimals), ("aUSDC", 6));
        assert_eq!(underlying(network, a_usdc).unwrap().symbol, "USDC");
        assert_eq!(underlying(network, &network.assets[0]).unwrap().symbol, "WETH");
    }

    #[test]
    fn what_is_missing_unknown_or_twice_is_refused() {
        let whole = config(&["weth", "multicall3"]);
        let no_endpoint = NetworkConfig { endpoints: Vec::new(), ..whole.clone() };
        for configs in [
            vec![config(&["weth"])],
            vec![config(&["weth", "multicall3", "curve.pool"])],
            vec![config(&["weth", "multicall3", "aave.a_token.doge"])],
            vec![no_endpoint],
            vec![whole.clone(), whole],
        ] {
            assert_eq!(registry(&configs).unwrap_err().code, "config.network");
        }
    }
}
