//! Calldata in plain words, and what it gives away. Knows the functions that this room's protocols use and nothing else.
//!
//! What is read is encoded again and must be the same bytes: nothing is left unread. Every argument either stands in the
//! words, or is a beneficiary, or must have the one value that is ever used.

mod bridge;
mod lending;
mod positions;
mod tokens;
mod uniswap;
mod universal_router;

use agent_core::{Asset, AssetKind, NetworkInfo, Registry};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolInterface;

use crate::protocols::governor::IGovernor::IGovernorCalls;
use crate::registry;

/// What a call does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    /// `approve(spender SwapRouter02, 1000 USDC)`.
    pub text: String,
    /// What leaves the caller at most, smallest units; without what an allowance bounds.
    pub out: Vec<(AssetKind, U256)>,
    /// Whoever receives, owns or is repaid by a protocol's call.
    pub beneficiaries: Vec<Address>,
    /// Whoever is paid by a transfer, or votes for the caller.
    pub payee: Option<Address>,
    /// Token, spender, smallest units; of the token itself or, in a call to it, of Permit2.
    pub allowance: Option<(Address, Address, U256)>,
}

/// Reads a call to `to` on `network` with `value` wei.
///
/// # Errors
/// In plain words: the target is not in the registry, its function is not one that is ever used, or what it does would
/// leave value where anybody could take it.
pub fn decode(
    registry: &Registry,
    network: &NetworkInfo,
    to: Address,
    value: U256,
    data: &[u8],
) -> Result<Decoded, String> {
    let reader = Reader { registry, network, value };
    if data.is_empty() {
        return Ok(Decoded {
            text: format!("send({} to {})", reader.native(value), reader.name(to)),
            out: vec![(AssetKind::Native, value)],
            payee: Some(to),
            ..Decoded::default()
        });
    }
    let decoded = reader.call(to, data)?;
    let taken = decoded.out.iter().filter(|(kind, _)| *kind == AssetKind::Native).map(|(_, raw)| *raw);
    let taken = taken.fold(U256::ZERO, U256::saturating_add);
    if taken != value {
        let (sent, taken) = (reader.native(value), reader.native(taken));
        return Err(format!("{} is sent {sent} and takes {taken}", reader.name(to)));
    }
    Ok(decoded)
}

struct Reader<'a> {
    registry: &'a Registry,
    network: &'a NetworkInfo,
    /// Wei that are sent along.
    value: U256,
}

fn unknown(contract: &str) -> String {
    format!("this function of {contract} is not one that is ever used")
}

/// The call in `data`, if the bytes are that call and nothing but it.
fn exactly<C: SolInterface>(data: &[u8], contract: &str) -> Result<C, String> {
    let call = C::abi_decode(data).ok().filter(|call| call.abi_encode() == data);
    call.ok_or_else(|| unknown(contract))
}

impl Reader<'_> {
    fn call(&self, to: Address, data: &[u8]) -> Result<Decoded, String> {
        let at = |role: &str| self.network.role(role) == Some(to);
        if at("uniswap.swap_router02") {
            self.router(data)
        } else if at("uniswap.v2_router02") {
            self.v2_router(data)
        } else if at("uniswap.universal_router") {
            self.universal_router(data)
        } else if at("uniswap.position_manager") {
            self.position_manager(data)
        } else if at("permit2") {
            self.permit2(data)
        } else if at("aave.pool") {
            self.aave(data)
        } else if at("aave.rewards_controller") {
            self.rewards(data)
        } else if at("across.spoke_pool") {
            self.spoke_pool(data)
        } else if registry::is_governor(self.network, to) {
            self.governor(to, data)
        } else if let Some(token) = self.network.token(to) {
            self.token_call(token, to, data)
        } else {
            Err(format!("{to} is not in the registry of {}, or it is never called", self.network.name))
        }
    }

    fn native(&self, raw: U256) -> String {
        self.network.native().map_or_else(|| format!("{raw} wei"), |asset| asset.amount(raw).to_string())
    }

    fn token(&self, token: Address) -> Result<&Asset, String> {
        let unknown = || format!("the token {token} is not in the registry of {}", self.network.name);
        self.network.token(token).ok_or_else(unknown)
    }

    fn symbol(&self, token: Address) -> Result<&str, String> {
        Ok(&self.token(token)?.symbol)
    }

    fn amount(&self, token: Address, raw: U256) -> Result<String, String> {
        let asset = self.token(token)?;
        Ok(match raw {
            U256::MAX => format!("all {}", asset.symbol),
            raw => asset.amount(raw).to_string(),
        })
    }

    fn money(&self, (kind, raw): (AssetKind, U256)) -> Result<String, String> {
        match kind {
            AssetKind::Native => Ok(self.native(raw)),
            AssetKind::Erc20(token) => self.amount(token, raw),
        }
    }

    fn name(&self, address: Address) -> String {
        self.network
            .contracts
            .get(&address)
            .map_or_else(|| address.to_string(), |contract| contract.name.clone())
    }

    fn is_weth(&self, token: Address) -> bool {
        self.network.role("weth") == Some(token)
    }

    /// What a contract takes that is paid in WETH, or in as many coins if some are sent along.
    fn paid(&self, token: Address, raw: U256) -> Result<(AssetKind, U256), String> {
        if self.value.is_zero() {
            return Ok((AssetKind::Erc20(token), raw));
        }
        match self.is_weth(token) && self.value == raw {
            true => Ok((AssetKind::Native, raw)),
            false => Err("the coins that are sent along are not what is paid".to_owned()),
        }
    }

    fn governor(&self, to: Address, data: &[u8]) -> Result<Decoded, String> {
        let IGovernorCalls::castVote(call) = exactly(data, "a governor")?;
        let support = match call.support {
            0 => "against",
            1 => "for",
            2 => "abstain from",
            other => return Err(format!("{other} is no vote")),
        };
        let text = format!("vote({support} proposal {} of {})", call.proposalId, self.name(to));
        Ok(Decoded { text, ..Decoded::default() })
    }
}

#[cfg(test)]
mod tests;
