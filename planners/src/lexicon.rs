//! The names a sentence may use: assets with their decimals, chains, protocols, and what else they are called.
//!
//! Names only, to read words by: which token stands behind a symbol on which network, and whether it is there at all,
//! is the registry's business.

/// An asset's symbol in its own case and its decimals (both as on Ethereum).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    pub symbol: &'static str,
    pub decimals: u8,
}

/// What one word or phrase can mean: `arb` is an asset and a chain, `aave` an asset and a protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Meanings {
    pub asset: Option<Asset>,
    pub chain: Option<&'static str>,
    pub protocol: Option<&'static str>,
}

/// Symbol, decimals, other names in lower case.
const ASSETS: &[(&str, u8, &[&str])] = &[
    ("ETH", 18, &["ether", "ethers"]),
    ("WETH", 18, &["wrapped eth", "wrapped ether"]),
    ("USDC", 6, &["usd coin"]),
    ("USDT", 6, &["tether"]),
    ("DAI", 18, &[]),
    ("WBTC", 8, &["wrapped btc", "wrapped bitcoin"]),
    ("cbBTC", 8, &[]),
    ("tBTC", 18, &[]),
    ("stETH", 18, &[]),
    ("wstETH", 18, &["wrapped steth"]),
    ("rETH", 18, &[]),
    ("cbETH", 18, &[]),
    ("weETH", 18, &[]),
    ("LINK", 18, &["chainlink"]),
    ("UNI", 18, &[]),
    ("AAVE", 18, &[]),
    ("ARB", 18, &[]),
    ("OP", 18, &[]),
    ("CRV", 18, &[]),
    ("COMP", 18, &[]),
    ("LDO", 18, &[]),
    ("MKR", 18, &[]),
    ("SNX", 18, &[]),
    ("BAL", 18, &[]),
    ("SUSHI", 18, &[]),
    ("PENDLE", 18, &[]),
    ("AERO", 18, &[]),
    ("POL", 18, &[]),
    ("GHO", 18, &[]),
    ("FRAX", 18, &[]),
    ("LUSD", 18, &[]),
    ("crvUSD", 18, &[]),
    ("USDe", 18, &[]),
    ("sUSDe", 18, &[]),
    ("USDS", 18, &[]),
    ("sUSDS", 18, &[]),
    ("sDAI", 18, &[]),
    ("USDbC", 6, &[]),
    ("PYUSD", 6, &[]),
    ("EURC", 6, &[]),
    ("GUSD", 2, &[]),
];

/// EIP-155 ids of the chains below.
const CHAIN_IDS: &[(&str, u64)] = &[("ethereum", 1), ("base", 8_453), ("arbitrum", 42_161), ("optimism", 10)];

const CHAINS: &[(&str, &[&str])] = &[
    ("ethereum", &["mainnet", "ethereum mainnet", "eth mainnet", "l1", "layer 1", "layer one", "eth"]),
    ("base", &["base mainnet"]),
    ("arbitrum", &["arbitrum one", "arb one", "arb"]),
    ("optimism", &["op mainnet", "optimism mainnet", "op"]),
];

const PROTOCOLS: &[(&str, &[&str])] = &[
    ("uniswap", &["uniswap v3", "uniswap v2", "uniswap v4", "uni"]),
    ("aave", &["aave v3", "aave v2"]),
    ("across", &["across protocol"]),
    ("lido", &[]),
    ("compound", &["compound v3", "compound v2", "compound finance"]),
    ("curve", &["curve finance"]),
    ("morpho", &["morpho blue"]),
    ("spark", &["spark lend", "sparklend"]),
    ("rocketpool", &["rocket pool"]),
    ("balancer", &["balancer v2", "balancer v3"]),
    ("aerodrome", &[]),
    ("velodrome", &[]),
    ("sushiswap", &[]),
    ("eigenlayer", &["eigen layer"]),
    ("stargate", &[]),
    ("yearn", &["yearn finance"]),
    ("cowswap", &["cow swap"]),
    ("1inch", &[]),
];

/// The most words a name in the lexicon has.
pub const NAME_WORDS_MAX: usize = 2;

/// The asset whose symbol or other name this is, in any case.
pub fn asset(name: &str) -> Option<Asset> {
    let lower = name.to_lowercase();
    let found = ASSETS
        .iter()
        .find(|(symbol, _, others)| symbol.eq_ignore_ascii_case(name) || others.contains(&lower.as_str()));
    found.map(|(symbol, decimals, _)| Asset { symbol, decimals: *decimals })
}

/// Everything that a word or phrase (in any case, single spaces) can mean. `None`: no name that is known here.
pub fn meanings(name: &str) -> Option<Meanings> {
    let lower = name.to_lowercase();
    let named = |table: &'static [(&'static str, &'static [&'static str])]| {
        table
            .iter()
            .find(|(own, others)| *own == lower || others.contains(&lower.as_str()))
            .map(|(own, _)| *own)
    };
    let found = Meanings { asset: asset(name), chain: named(CHAINS), protocol: named(PROTOCOLS) };
    (found != Meanings::default()).then_some(found)
}

/// The name by which a draft calls a chain.
pub fn chain_name(chain_id: u64) -> Option<&'static str> {
    CHAIN_IDS.iter().find(|(_, id)| *id == chain_id).map(|(name, _)| *name)
}

/// True for a chain whose name is also that of the DAO that governs it.
pub fn has_dao(chain: &str) -> bool {
    matches!(chain, "arbitrum" | "optimism")
}
