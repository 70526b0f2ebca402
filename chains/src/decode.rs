//! Calldata in plain words, and what it gives away. Knows the functions that this room's protocols use and nothing else.

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
        decoded.out.retain(|(kind, _)| Some(*kind) != network.role("weth").map(AssetKind::Erc20));
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
        let unknown = || unknown("SwapRouter02");
        let call = match ISwapRouter02Calls::abi_decode(data) {
            Ok(ISwapRouter02Calls::multicall(call)) if call.data.len() <= PARTS_MAX => call,
            Ok(_) | Err(_) => return Err(unknown()),
        };
        let mut decoded = Decoded::default();
        let (mut texts, mut to_router, mut unwraps) = (Vec::new(), false, false);
        for part in &call.data {
            let (text, recipient, sold) = match ISwapRouter02Calls::abi_decode(part).map_err(|_| unknown())? {
                ISwapRouter02Calls::exactInput(swap) => {
                    let (from, to) = ends(&swap.params.path).ok_or_else(unknown)?;
                    let (sold, bought) = (
                        self.amount(from, swap.params.amountIn),
                        self.amount(to, swap.params.amountOutMinimum),
                    );
                    (
                        format!("swap {sold} for at least {bought}"),
                        Some(swap.params.recipient),
                        Some((from, swap.params.amountIn)),
                    )
                }
                ISwapRouter02Calls::exactOutput(swap) => {
                    let (to, from) = ends(&swap.params.path).ok_or_else(unknown)?;
                    let (bought, sold) = (
                        self.amount(to, swap.params.amountOut),
                        self.amount(from, swap.params.amountInMaximum),
                    );
                    (
                        format!("buy {bought} for at most {sold}"),
                        Some(swap.params.recipient),
                        Some((from, swap.params.amountInMaximum)),
                    )
                }
                ISwapRouter02Calls::unwrapWETH9(call) => {
                    unwraps = true;
                    (
                        format!("unwrap at least {}", self.native(call.amountMinimum)),
                        Some(call.recipient),
                        None,
                    )
                }
                ISwapRouter02Calls::refundETH(_) => ("refund the rest".to_owned(), None, None),
                ISwapRouter02Calls::multicall(_) => return Err(unknown()),
            };
            texts.push(text);
            decoded.out.extend(sold.map(|(token, raw)| (AssetKind::Erc20(token), raw)));
            to_router |= recipient == Some(ROUTER_ITSELF);
            decoded.beneficiaries.extend(recipient.filter(|recipient| *recipient != ROUTER_ITSELF));
        }
        if to_router && !unwraps {
            return Err("what is bought would stay with the router, where anybody could take it".to_owned());
        }
        decoded.text = format!("{} until {}", texts.join(", then "), call.deadline);
        Ok(decoded)
    }
}

/// First and last token of a packed path.
fn ends(path: &[u8]) -> Option<(Address, Address)> {
    let hops = path.len().checked_sub(20)?;
    let whole = hops > 0 && hops.is_multiple_of(23);
    let (first, last) = (path.first_chunk::<20>()?, path.last_chunk::<20>()?);
    whole.then(|| (Address::from(*first), Address::from(*last)))
}
