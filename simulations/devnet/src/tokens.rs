//! The tokens of the demo world, by role.

use crate::world::{ARBITRUM, BASE, ETHEREUM, OPTIMISM};

/// A token, the same on each chain that has it.
#[derive(Debug)]
pub struct Token {
    /// The symbol in lower case, as roles name it.
    pub role: &'static str,
    /// As the token says it.
    pub symbol: &'static str,
    /// As the token says it.
    pub name: &'static str,
    /// Of its smallest unit.
    pub decimals: u8,
    /// Chain ids.
    pub chains: &'static [u64],
}

const EVERY: &[u64] = &[ETHEREUM, BASE, ARBITRUM, OPTIMISM];
const BUT_BASE: &[u64] = &[ETHEREUM, ARBITRUM, OPTIMISM];

/// All of them.
pub const TOKENS: [Token; 13] = [
    Token { role: "weth", symbol: "WETH", name: "Wrapped Ether", decimals: 18, chains: EVERY },
    Token { role: "usdc", symbol: "USDC", name: "USD Coin", decimals: 6, chains: EVERY },
    Token {
        role: "usdce",
        symbol: "USDC.e",
        name: "Bridged USDC",
        decimals: 6,
        chains: &[ARBITRUM, OPTIMISM],
    },
    Token { role: "usdt", symbol: "USDT", name: "Tether USD", decimals: 6, chains: BUT_BASE },
    Token { role: "dai", symbol: "DAI", name: "Dai Stablecoin", decimals: 18, chains: EVERY },
    Token { role: "wbtc", symbol: "WBTC", name: "Wrapped BTC", decimals: 8, chains: BUT_BASE },
    Token { role: "link", symbol: "LINK", name: "ChainLink Token", decimals: 18, chains: &[ETHEREUM] },
    Token { role: "uni", symbol: "UNI", name: "Uniswap", decimals: 18, chains: &[ETHEREUM] },
    Token { role: "aave", symbol: "AAVE", name: "Aave Token", decimals: 18, chains: &[ETHEREUM] },
    Token { role: "arb", symbol: "ARB", name: "Arbitrum", decimals: 18, chains: &[ARBITRUM] },
    Token { role: "op", symbol: "OP", name: "Optimism", decimals: 18, chains: &[OPTIMISM] },
    Token { role: "steth", symbol: "stETH", name: "Staked Ether", decimals: 18, chains: &[ETHEREUM] },
    Token {
        role: "wsteth",
        symbol: "wstETH",
        name: "Wrapped Staked Ether",
        decimals: 18,
        chains: &[ETHEREUM],
    },
];

/// What Across carries between two chains that both have it.
pub(crate) const BRIDGED: [&str; 5] = ["weth", "usdc", "usdt", "dai", "wbtc"];

/// The token of this role.
pub(crate) fn token(role: &str) -> Option<&'static Token> {
    TOKENS.iter().find(|token| token.role == role)
}

/// The tokens that this chain has.
pub(crate) fn on(chain_id: u64) -> impl Iterator<Item = &'static Token> {
    TOKENS.iter().filter(move |token| token.chains.contains(&chain_id))
}
