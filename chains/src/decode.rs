//! Calldata in plain words, and what it gives away. Knows the functions that this room's protocols use and nothing else.

use agent_core::asset::mul_div_up;
use agent_core::{Asset, AssetKind, NetworkInfo};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolInterface;

use crate::protocols::aave_v3::IAavePool::IAavePoolCalls;
use crate::protocols::across::ISpokePool::ISpokePoolCalls;
use crate::protocols::erc20::IERC20::IERC20Calls;
use crate::protocols::uniswap_v3::ISwapRouter02::ISwapRouter02Calls;
use crate::protocols::uniswap_v3::ROUTER_ITSELF;
use crate::protocols::weth::IWETH9::IWETH9Calls;

/// Calls inside one multicall.
const PARTS_MAX: usize = 4;
const ROUTER: &str = "SwapRouter02";
/// What must arrive of a bridge's deposit at least.
const LEAST_BRIDGED_PERCENT: u64 = 95;

/// What a call does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    /// `approve(spender SwapRouter02, 1000 USDC)`.
    pub text: String,
    /// What leaves the caller at most, smallest units; without what an allowance bounds.
    pub out: Vec<(AssetKind, U256)>,
    /// Whoever receives, owns or is repaid by a protocol's call.
    pub beneficiaries: Vec<Address>,
    /// Whoever is paid by a transfer.
    pub payee: Option<Address>,
    /// Token, spender, smallest units.
    pub allowance: Option<(Address, Address, U256)>,
}

/// Reads a call to `to` with `value` wei.
///
/// # Errors
/// In plain words: the target is not in the registry, or its function is not one that is ever used.
pub fn decode(network: &NetworkInfo, to: Address, value: U256, data: &[u8]) -> Result<Decoded, String> {
    let at = |role: &str| network.role(role) == Some(to);
    let reader = Reader { network };
    let mut decoded = if data.is_empty() {
        return Ok(Decoded {
            text: format!("send({} to {})", reader.native(value), reader.name(to)),
            out: vec![(AssetKind::Native, value)],
            payee: Some(to),
            ..Decoded::default()
        });
    } else if at("uniswap.swap_router02") {
        reader.router(data)?
    } else if at("aave.pool") {
        reader.aave(data)?
    } else if at("across.spoke_pool") {
        reader.spoke_pool(data)?
    } else if let Some(token) = network.token(to) {
        match at("weth").then(|| IWETH9Calls::abi_decode(data)) {
            Some(Ok(call)) => reader.weth(&call, value),
            Some(Err(_)) | None => reader.erc20(token, to, data)?,
        }
    } else {
        return Err(format!("{to} is not in the registry of {}", network.name));
    };
    if !value.is_zero() {
        // Router and bridge take WETH as coins if the value covers it.
        let weth = network.role("weth").map(AssetKind::Erc20);
        decoded.out.retain(|(kind, raw)| Some(*kind) != weth || *raw > value);
        decoded.out.push((AssetKind::Native, value));
        decoded.text = format!("{} with {}", decoded.text, reader.native(value));
    }
    Ok(decoded)
}

struct Reader<'a> {
    network: &'a NetworkInfo,
}

fn unknown(contract: &str) -> String {
    format!("this function of {contract} is not one that is ever used")
}

impl Reader<'_> {
    fn native(&self, raw: U256) -> String {
        self.network.native().map_or_else(|| format!("{raw} wei"), |asset| asset.amount(raw).to_string())
    }

    fn amount(&self, token: Address, raw: U256) -> String {
        if raw == U256::MAX {
            return format!("all {}", self.symbol(token));
        }
        self.network
            .token(token)
            .map_or_else(|| format!("{raw} of {token}"), |asset| asset.amount(raw).to_string())
    }

    fn symbol(&self, token: Address) -> String {
        self.network.token(token).map_or_else(|| token.to_string(), |asset| asset.symbol.clone())
    }

    fn name(&self, address: Address) -> String {
        self.network
            .contracts
            .get(&address)
            .map_or_else(|| address.to_string(), |contract| contract.name.clone())
    }

    fn erc20(&self, token: &Asset, to: Address, data: &[u8]) -> Result<Decoded, String> {
        match IERC20Calls::abi_decode(data) {
            Ok(IERC20Calls::transfer(call)) => Ok(Decoded {
                text: format!("transfer({} to {})", self.amount(to, call.amount), self.name(call.to)),
                out: vec![(token.kind, call.amount)],
                payee: Some(call.to),
                ..Decoded::default()
            }),
            Ok(IERC20Calls::approve(call)) => {
                let raw = if call.amount == U256::MAX {
                    format!("unlimited {}", token.symbol)
                } else {
                    self.amount(to, call.amount)
                };
                Ok(Decoded {
                    text: format!("approve(spender {}, {raw})", self.name(call.spender)),
                    allowance: Some((to, call.spender, call.amount)),
                    ..Decoded::default()
                })
            }
            Ok(IERC20Calls::balanceOf(_) | IERC20Calls::allowance(_)) | Err(_) => Err(unknown(&token.symbol)),
        }
    }

    fn weth(&self, call: &IWETH9Calls, value: U256) -> Decoded {
        let text = match call {
            IWETH9Calls::deposit(_) => format!("wrap({})", self.native(value)),
            IWETH9Calls::withdraw(call) => format!("unwrap({})", self.native(call.amount)),
        };
        let out = match (call, self.network.role("weth")) {
            (IWETH9Calls::withdraw(call), Some(weth)) => vec![(AssetKind::Erc20(weth), call.amount)],
            (IWETH9Calls::deposit(_) | IWETH9Calls::withdraw(_), _) => Vec::new(),
        };
        Decoded { text, out, ..Decoded::default() }
    }

    fn aave(&self, data: &[u8]) -> Result<Decoded, String> {
        let call = IAavePoolCalls::abi_decode(data).map_err(|_| unknown("Aave's pool"))?;
        let (text, asset, amount, who, gives) = match call {
            IAavePoolCalls::supply(call) => ("supply", call.asset, call.amount, call.onBehalfOf, true),
            IAavePoolCalls::withdraw(call) => ("withdraw", call.asset, call.amount, call.to, false),
            IAavePoolCalls::borrow(call) => ("borrow", call.asset, call.amount, call.onBehalfOf, false),
            // The maximum means "all that is owed" there, which the allowance bounds.
            IAavePoolCalls::repay(call) => {
                ("repay", call.asset, call.amount, call.onBehalfOf, call.amount != U256::MAX)
            }
        };
        let out = if gives { vec![(AssetKind::Erc20(asset), amount)] } else { Vec::new() };
        let text = format!("{text}({} with Aave for {who})", self.amount(asset, amount));
        Ok(Decoded { text, out, beneficiaries: vec![who], ..Decoded::default() })
    }

    fn spoke_pool(&self, data: &[u8]) -> Result<Decoded, String> {
        let call = match ISpokePoolCalls::abi_decode(data) {
            Ok(ISpokePoolCalls::depositV3(call)) => call,
            Err(_) => return Err(unknown("Across")),
        };
        if !call.message.is_empty() {
            return Err("a deposit with a message runs code on the other side".to_owned());
        }
        // Tokens that are bridged here have the same decimals on both sides.
        let least = mul_div_up(call.inputAmount, U256::from(LEAST_BRIDGED_PERCENT), U256::from(100));
        if least.is_none_or(|least| call.outputAmount < least) {
            return Err("the relayer would keep more than 5 % of the deposit".to_owned());
        }
        let text = format!(
            "deposit({} for at least {} smallest units of {} on chain {} to {})",
            self.amount(call.inputToken, call.inputAmount),
            call.outputAmount,
            call.outputToken,
            call.destinationChainId,
            call.recipient
        );
        let out = vec![(AssetKind::Erc20(call.inputToken), call.inputAmount)];
        Ok(Decoded { text, out, beneficiaries: vec![call.depositor, call.recipient], ..Decoded::default() })
    }

    /// Only a multicall with a deadline; inside it one swap, with what unwraps or refunds after it.
    fn router(&self, data: &[u8]) -> Result<Decoded, String> {
        let call = match ISwapRouter02Calls::abi_decode(data) {
            Ok(ISwapRouter02Calls::multicall(call)) if call.data.len() <= PARTS_MAX => call,
            Ok(_) | Err(_) => return Err(unknown(ROUTER)),
        };
        let mut decoded = Decoded::default();
        let (mut texts, mut to_router, mut unwraps) = (Vec::new(), false, false);
        for data in &call.data {
            let part = self.router_part(data)?;
            texts.push(part.text);
            decoded.out.extend(part.sold.map(|(token, raw)| (AssetKind::Erc20(token), raw)));
            to_router |= part.recipient == Some(ROUTER_ITSELF);
            unwraps |= part.unwraps;
            decoded.beneficiaries.extend(part.recipient.filter(|recipient| *recipient != ROUTER_ITSELF));
        }
        if to_router && !unwraps {
            return Err("what is bought would stay with the router, where anybody could take it".to_owned());
        }
        decoded.text = format!("{} until {}", texts.join(", then "), call.deadline);
        Ok(decoded)
    }

    fn router_part(&self, data: &[u8]) -> Result<Part, String> {
        let unknown = || unknown(ROUTER);
        match ISwapRouter02Calls::abi_decode(data).map_err(|_| unknown())? {
            ISwapRouter02Calls::exactInput(call) => {
                let swap = call.params;
                let (from, to) = ends(&swap.path).ok_or_else(unknown)?;
                if swap.amountOutMinimum.is_zero() {
                    return Err("the swap has no least out".to_owned());
                }
                let (sold, least) =
                    (self.amount(from, swap.amountIn), self.amount(to, swap.amountOutMinimum));
                let text = format!("swap {sold} for at least {least}");
                Ok(Part::swap(text, swap.recipient, from, swap.amountIn))
            }
            ISwapRouter02Calls::exactOutput(call) => {
                let swap = call.params;
                let (to, from) = ends(&swap.path).ok_or_else(unknown)?;
                let (bought, most) =
                    (self.amount(to, swap.amountOut), self.amount(from, swap.amountInMaximum));
                let text = format!("buy {bought} for at most {most}");
                Ok(Part::swap(text, swap.recipient, from, swap.amountInMaximum))
            }
            ISwapRouter02Calls::unwrapWETH9(call) => {
                let text = format!("unwrap at least {}", self.native(call.amountMinimum));
                Ok(Part { text, recipient: Some(call.recipient), sold: None, unwraps: true })
            }
            ISwapRouter02Calls::refundETH(_) => {
                Ok(Part { text: "refund the rest".to_owned(), recipient: None, sold: None, unwraps: false })
            }
            ISwapRouter02Calls::multicall(_) => Err(unknown()),
        }
    }
}

/// One call inside the router's multicall.
struct Part {
    text: String,
    recipient: Option<Address>,
    sold: Option<(Address, U256)>,
    unwraps: bool,
}

impl Part {
    fn swap(text: String, recipient: Address, from: Address, most: U256) -> Self {
        Self { text, recipient: Some(recipient), sold: Some((from, most)), unwraps: false }
    }
}

/// First and last token of a packed path.
fn ends(path: &[u8]) -> Option<(Address, Address)> {
    let hops = path.len().checked_sub(20)?;
    let whole = hops > 0 && hops.is_multiple_of(23);
    let (first, last) = (path.first_chunk::<20>()?, path.last_chunk::<20>()?);
    whole.then(|| (Address::from(*first), Address::from(*last)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use alloy_primitives::{B256, Bytes};
    use alloy_sol_types::SolCall;

    use super::*;
    use crate::protocols::across::ISpokePool;
    use crate::protocols::erc20;
    use crate::protocols::uniswap_v3::ISwapRouter02;
    use crate::registry::{NetworkConfig, registry};

    const ROLES: [&str; 6] =
        ["weth", "usdc", "multicall3", "uniswap.swap_router02", "aave.pool", "across.spoke_pool"];
    const OWN: Address = Address::repeat_byte(0xaa);

    fn network() -> NetworkInfo {
        let addresses: BTreeMap<String, Address> =
            ROLES.iter().map(|name| ((*name).to_owned(), role(name))).collect();
        let (name, endpoints) = ("ethereum".to_owned(), vec!["http://127.0.0.1:9".to_owned()]);
        let config = NetworkConfig {
            chain_id: 1,
            genesis: B256::ZERO,
            name,
            endpoints,
            op_stack: false,
            demo: true,
            addresses,
        };
        registry(&[config]).unwrap().network(1).unwrap().clone()
    }

    fn role(role: &str) -> Address {
        let (_, byte) = ROLES.iter().zip(1..).find(|(name, _)| **name == role).unwrap();
        Address::repeat_byte(byte)
    }

    fn words(to: Address, data: Vec<u8>) -> Result<String, String> {
        decode(&network(), to, U256::ZERO, &data).map(|decoded| decoded.text)
    }

    fn multicall(parts: Vec<Vec<u8>>) -> Vec<u8> {
        let data = parts.into_iter().map(Bytes::from).collect();
        ISwapRouter02::multicallCall { deadline: U256::from(9), data }.abi_encode()
    }

    fn exact_input(recipient: Address, least: u64) -> Vec<u8> {
        let mut path = role("weth").to_vec();
        path.extend([0, 1, 0xf4]);
        path.extend(role("usdc"));
        let params = ISwapRouter02::ExactInputParams {
            path: path.into(),
            recipient,
            amountIn: U256::from(10).pow(U256::from(18)),
            amountOutMinimum: U256::from(least),
        };
        ISwapRouter02::exactInputCall { params }.abi_encode()
    }

    fn deposit(output: u64, message: &'static [u8]) -> Vec<u8> {
        ISpokePool::depositV3Call {
            depositor: OWN,
            recipient: OWN,
            inputToken: role("usdc"),
            outputToken: role("usdc"),
            inputAmount: U256::from(1_000_000),
            outputAmount: U256::from(output),
            destinationChainId: U256::from(8453),
            exclusiveRelayer: Address::ZERO,
            quoteTimestamp: 0,
            fillDeadline: 0,
            exclusivityDeadline: 0,
            message: message.into(),
        }
        .abi_encode()
    }

    #[test]
    fn calls_in_plain_words() {
        let (usdc, router) = (role("usdc"), role("uniswap.swap_router02"));
        let approve = |raw| words(usdc, erc20::approve(router, raw).to_vec()).unwrap();
        assert_eq!(approve(U256::from(1_500_000)), "approve(spender SwapRouter02, 1.5 USDC)");
        assert_eq!(approve(U256::MAX), "approve(spender SwapRouter02, unlimited USDC)");
        let swap = words(router, multicall(vec![exact_input(OWN, 2_600_000_000)])).unwrap();
        assert_eq!(swap, "swap 1 WETH for at least 2600 USDC until 9");
        let sent = decode(&network(), OWN, U256::from(10).pow(U256::from(17)), &[]).unwrap();
        assert_eq!((sent.text, sent.payee), (format!("send(0.1 ETH to {OWN})"), Some(OWN)));
    }

    #[test]
    fn what_gives_value_away_is_not_understood() {
        let (router, spoke_pool) = (role("uniswap.swap_router02"), role("across.spoke_pool"));
        words(spoke_pool, deposit(999_500, b"")).unwrap();
        for (to, data) in [
            (router, multicall(vec![exact_input(OWN, 0)])),
            (router, multicall(vec![exact_input(ROUTER_ITSELF, 1)])),
            (router, multicall(vec![multicall(vec![exact_input(OWN, 1)])])),
            (router, multicall(vec![exact_input(OWN, 1); PARTS_MAX + 1])),
            (router, exact_input(OWN, 1)),
            (spoke_pool, deposit(949_999, b"")),
            (spoke_pool, deposit(999_500, b"code")),
            (OWN, exact_input(OWN, 1)),
            (role("multicall3"), exact_input(OWN, 1)),
        ] {
            words(to, data).unwrap_err();
        }
    }

    #[test]
    fn no_truncation_and_no_flipped_byte_panics() {
        let whole = multicall(vec![exact_input(OWN, 1)]);
        for length in 1..whole.len() {
            let _ = words(role("uniswap.swap_router02"), whole[..length].to_vec());
            let mut flipped = whole.clone();
            flipped[length] ^= 0xff;
            for to in ROLES.map(role) {
                let _ = words(to, flipped.clone());
            }
        }
    }
}
