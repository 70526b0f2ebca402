//! Tokens, and what keeps allowances of them.

use agent_core::{Asset, AssetKind};
use alloy_primitives::{Address, U256};

use super::{Decoded, Reader, exactly, unknown};
use crate::protocols::erc20::IERC20::IERC20Calls;
use crate::protocols::erc20::IVotes::IVotesCalls;
use crate::protocols::lido::IStEth::IStEthCalls;
use crate::protocols::lido::IWstEth::IWstEthCalls;
use crate::protocols::permit2::IPermit2::IPermit2Calls;
use crate::protocols::permit2::SPENDER;
use crate::protocols::weth::IWETH9::IWETH9Calls;

impl Reader<'_> {
    /// A token's own functions first, then what every token has.
    pub(super) fn token_call(&self, token: &Asset, to: Address, data: &[u8]) -> Result<Decoded, String> {
        let at = |role: &str| self.network.role(role) == Some(to);
        let symbol = &token.symbol;
        if at("weth")
            && let Ok(call) = exactly(data, symbol)
        {
            return Ok(self.weth(token, &call));
        }
        if at("steth")
            && let Ok(IStEthCalls::submit(call)) = exactly(data, symbol)
        {
            if !call.referral.is_zero() {
                return Err("nobody is paid for having referred a stake".to_owned());
            }
            let (text, out) = (format!("stake({})", self.native(self.value)), self.coins());
            return Ok(Decoded { text, out, ..Decoded::default() });
        }
        if at("wsteth")
            && let Ok(call) = exactly(data, symbol)
        {
            return self.wsteth(token, &call);
        }
        if let Ok(IVotesCalls::delegate(call)) = exactly(data, symbol) {
            let to = call.delegatee;
            let text = format!("delegate(votes of {symbol} to {to})");
            return Ok(Decoded { text, payee: Some(to), ..Decoded::default() });
        }
        self.erc20(token, to, data)
    }

    /// All coins that are sent along.
    fn coins(&self) -> Vec<(AssetKind, U256)> {
        vec![(AssetKind::Native, self.value)]
    }

    fn erc20(&self, token: &Asset, to: Address, data: &[u8]) -> Result<Decoded, String> {
        match exactly(data, &token.symbol)? {
            IERC20Calls::transfer(call) => Ok(Decoded {
                text: format!("transfer({} to {})", self.amount(to, call.amount)?, self.name(call.to)),
                out: vec![(token.kind, call.amount)],
                payee: Some(call.to),
                ..Decoded::default()
            }),
            IERC20Calls::approve(call) => {
                let raw = match call.amount {
                    U256::MAX => format!("unlimited {}", token.symbol),
                    raw => token.amount(raw).to_string(),
                };
                Ok(Decoded {
                    text: format!("approve(spender {}, {raw})", self.name(call.spender)),
                    allowance: Some((to, call.spender, call.amount)),
                    ..Decoded::default()
                })
            }
            IERC20Calls::balanceOf(_) | IERC20Calls::allowance(_) => Err(unknown(&token.symbol)),
        }
    }

    fn weth(&self, weth: &Asset, call: &IWETH9Calls) -> Decoded {
        let (text, out) = match call {
            IWETH9Calls::deposit(_) => (format!("wrap({})", self.native(self.value)), self.coins()),
            IWETH9Calls::withdraw(call) => {
                (format!("unwrap({})", self.native(call.amount)), vec![(weth.kind, call.amount)])
            }
        };
        Decoded { text, out, ..Decoded::default() }
    }

    fn wsteth(&self, wsteth: &Asset, call: &IWstEthCalls) -> Result<Decoded, String> {
        let (text, kind, raw) = match call {
            IWstEthCalls::wrap(call) => {
                let steth = self.network.role("steth").ok_or_else(|| unknown(&wsteth.symbol))?;
                let raw = call.stEthAmount;
                (format!("wrap({})", self.amount(steth, raw)?), AssetKind::Erc20(steth), raw)
            }
            IWstEthCalls::unwrap(call) => {
                let raw = call.wstEthAmount;
                (format!("unwrap({})", wsteth.amount(raw)), wsteth.kind, raw)
            }
            IWstEthCalls::getWstETHByStETH(_) | IWstEthCalls::getStETHByWstETH(_) => {
                return Err(unknown(&wsteth.symbol));
            }
        };
        Ok(Decoded { text, out: vec![(kind, raw)], ..Decoded::default() })
    }

    /// Permit2 is told only to let the router take tokens.
    pub(super) fn permit2(&self, data: &[u8]) -> Result<Decoded, String> {
        let IPermit2Calls::approve(call) = exactly(data, "Permit2")? else {
            return Err(unknown("Permit2"));
        };
        if self.network.role(SPENDER) != Some(call.spender) {
            return Err(format!("{} is no contract that takes allowances inside Permit2", call.spender));
        }
        let raw = U256::from(call.amount);
        let text = format!(
            "approve(inside Permit2: spender {}, {} until {})",
            self.name(call.spender),
            self.amount(call.token, raw)?,
            call.expiration
        );
        Ok(Decoded { text, allowance: Some((call.token, call.spender, raw)), ..Decoded::default() })
    }
}
