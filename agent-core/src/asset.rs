//! Assets and amounts. The identity of a token is (chain, address), never its symbol.
//! Raw integers meet only inside [`Amount`], and only with checked arithmetic:
//! `U256`'s own operators wrap silently.

use std::fmt;

use alloy_primitives::{Address, U256, U512};
use serde::{Deserialize, Serialize};

/// Where an asset lives on its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    Native,
    Erc20(Address),
}

/// One asset on one chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Asset {
    pub chain_id: u64,
    pub kind: AssetKind,
    pub symbol: String,
    pub decimals: u8,
}

impl Asset {
    /// `eip155:1/slip44:60` or `eip155:1/erc20:0x…` (CAIP-19).
    pub fn caip19(&self) -> String {
        match self.kind {
            AssetKind::Native => format!("eip155:{}/slip44:60", self.chain_id),
            AssetKind::Erc20(token) => format!("eip155:{}/erc20:{token}", self.chain_id),
        }
    }

    /// The token's address; none for the native coin.
    pub fn token(&self) -> Option<Address> {
        match self.kind {
            AssetKind::Native => None,
            AssetKind::Erc20(token) => Some(token),
        }
    }

    pub fn is_native(&self) -> bool {
        self.kind == AssetKind::Native
    }

    /// Same asset: chain and address; symbols do not count.
    pub fn same(&self, other: &Self) -> bool {
        self.chain_id == other.chain_id && self.kind == other.kind
    }

    /// An amount of `raw` smallest units of this asset.
    pub fn amount(&self, raw: U256) -> Amount {
        Amount { raw, asset: self.clone() }
    }
}

/// So many smallest units of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    raw: U256,
    asset: Asset,
}

/// Arithmetic that has no answer: it says which operation on which amounts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot compute {operation} of {left} and {right}")]
pub struct AmountError {
    operation: &'static str,
    left: String,
    right: String,
}

impl Amount {
    pub fn raw(&self) -> U256 {
        self.raw
    }

    pub fn asset(&self) -> &Asset {
        &self.asset
    }

    pub fn is_zero(&self) -> bool {
        self.raw.is_zero()
    }

    fn error(&self, operation: &'static str, other: &Self) -> AmountError {
        AmountError { operation, left: self.to_string(), right: other.to_string() }
    }

    pub fn checked_add(&self, other: &Self) -> Result<Self, AmountError> {
        let raw = self.asset.same(&other.asset).then(|| self.raw.checked_add(other.raw)).flatten();
        raw.map(|raw| self.asset.amount(raw)).ok_or_else(|| self.error("the sum", other))
    }

    pub fn checked_sub(&self, other: &Self) -> Result<Self, AmountError> {
        let raw = self.asset.same(&other.asset).then(|| self.raw.checked_sub(other.raw)).flatten();
        raw.map(|raw| self.asset.amount(raw)).ok_or_else(|| self.error("the difference", other))
    }

    /// `self * numerator / denominator`, rounded down; `None` if it does not fit or `denominator` is 0.
    pub fn fraction(&self, numerator: U256, denominator: U256) -> Option<Self> {
        mul_div(self.raw, numerator, denominator).map(|raw| self.asset.amount(raw))
    }

    /// The units as a plain decimal: `1.5`, no trailing zeros, no exponent.
    pub fn decimal(&self) -> String {
        decimal(self.raw, self.asset.decimals)
    }
}

/// `value * numerator / denominator`, rounded down, with a 512-bit product.
pub fn mul_div(value: U256, numerator: U256, denominator: U256) -> Option<U256> {
    let product = U512::from(value).checked_mul(U512::from(numerator))?;
    let quotient = product.checked_div(U512::from(denominator))?;
    U256::uint_try_from(quotient).ok()
}

use alloy_primitives::ruint::UintTryFrom;

/// As [`mul_div`], rounded up.
pub fn mul_div_up(value: U256, numerator: U256, denominator: U256) -> Option<U256> {
    let product = U512::from(value).checked_mul(U512::from(numerator))?;
    let denominator = U512::from(denominator);
    let quotient = product.checked_div(denominator)?;
    let rest = product.checked_rem(denominator)?;
    let quotient = if rest.is_zero() { quotient } else { quotient.checked_add(U512::from(1))? };
    U256::uint_try_from(quotient).ok()
}

/// Ten to the power of `decimals`; `None` from 78 on.
pub fn ten_pow(decimals: u8) -> Option<U256> {
    U256::from(10).checked_pow(U256::from(decimals))
}

/// `raw` smallest units as a plain decimal.
pub fn decimal(raw: U256, decimals: u8) -> String {
    let digits = raw.to_string();
    let places = usize::from(decimals);
    let padded = format!("{digits:0>width$}", width = places.saturating_add(1));
    let (whole, rest) = padded.split_at(padded.len().saturating_sub(places));
    match rest.trim_end_matches('0') {
        "" => whole.to_owned(),
        rest => format!("{whole}.{rest}"),
    }
}

/// Why a decimal text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    #[error("it is not a plain decimal number")]
    Malformed,
    #[error("it has more decimals than the asset's {0}")]
    TooManyDecimals(u8),
    #[error("it is 2^256 or more")]
    TooLarge,
}

/// Reads a plain decimal (`1250.75`) as smallest units of an asset with so many `decimals`.
pub fn parse_decimal(text: &str, decimals: u8) -> Result<U256, DecimalError> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(rest) || text.ends_with('.') {
        return Err(DecimalError::Malformed);
    }
    let rest = rest.trim_end_matches('0');
    if rest.len() > usize::from(decimals) {
        return Err(DecimalError::TooManyDecimals(decimals));
    }
    let all = format!("{whole}{rest:0<width$}", width = usize::from(decimals));
    let all = all.trim_start_matches('0');
    if all.is_empty() {
        return Ok(U256::ZERO);
    }
    U256::from_str_radix(all, 10).map_err(|_| DecimalError::TooLarge)
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.asset.symbol)
    }
}

/// The shape of `contracts/cli.md`: `{"raw","decimals","asset","symbol"}`.
#[derive(Serialize, Deserialize)]
struct AmountJson {
    raw: String,
    decimals: u8,
    asset: String,
    symbol: String,
}

impl Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Asset { symbol, decimals, .. } = &self.asset;
        AmountJson {
            raw: self.raw.to_string(),
            decimals: *decimals,
            asset: self.asset.caip19(),
            symbol: symbol.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let json = AmountJson::deserialize(deserializer)?;
        let raw = parse_decimal(&json.raw, 0).map_err(D::Error::custom)?;
        let (chain_id, kind) =
            parse_caip19(&json.asset).ok_or_else(|| D::Error::custom("`asset` is no CAIP-19 id"))?;
        let asset = Asset { chain_id, kind, symbol: json.symbol, decimals: json.decimals };
        Ok(asset.amount(raw))
    }
}

fn parse_caip19(text: &str) -> Option<(u64, AssetKind)> {
    let (chain, asset) = text.strip_prefix("eip155:")?.split_once('/')?;
    let kind = match asset.strip_prefix("erc20:") {
        Some(token) => AssetKind::Erc20(token.parse().ok()?),
        None if asset == "slip44:60" => AssetKind::Native,
        None => return None,
    };
    Some((chain.parse().ok()?, kind))
}

/// A change of a balance: its `raw` is signed in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub negative: bool,
    pub amount: Amount,
}

impl Change {
    /// What moved between two balances of one asset; `None` if nothing did.
    pub fn between(asset: &Asset, before: U256, after: U256) -> Option<Self> {
        let negative = after < before;
        let (high, low) = if negative { (before, after) } else { (after, before) };
        let raw = high.checked_sub(low).filter(|raw| !raw.is_zero())?;
        Some(Self { negative, amount: asset.amount(raw) })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negative { "-" } else { "+" }, self.amount)
    }
}

impl Serialize for Change {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Asset { symbol, decimals, .. } = self.amount.asset();
        let sign = if self.negative { "-" } else { "" };
        AmountJson {
            raw: format!("{sign}{}", self.amount.raw()),
            decimals: *decimals,
            asset: self.amount.asset().caip19(),
            symbol: symbol.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let mut json = AmountJson::deserialize(deserializer)?;
        let negative = json.raw.starts_with('-');
        json.raw = json.raw.trim_start_matches('-').to_owned();
        let value = serde_json::to_value(json).map_err(D::Error::custom)?;
        let amount = Amount::deserialize(value).map_err(D::Error::custom)?;
        Ok(Self { negative, amount })
    }
}
