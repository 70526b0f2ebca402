//! Plans in plain words, with full addresses.

use alloy_primitives::U256;

use crate::asset::decimal;
use crate::{Action, Asset, Quantity, Registry, Side, Step};

fn quantity(quantity: &Quantity, asset: &Asset) -> String {
    let units = |raw: &U256| decimal(*raw, asset.decimals);
    match quantity {
        Quantity::Exact(raw) => format!("{} {}", units(raw), asset.symbol),
        Quantity::Share { numerator, denominator } => {
            format!("{} of the {}", share(*numerator, *denominator), asset.symbol)
        }
        Quantity::AllBut(rest) if rest.is_zero() => format!("all {}", asset.symbol),
        Quantity::AllBut(rest) => format!("all {} but {}", asset.symbol, units(rest)),
        Quantity::MicroUsd(micro) => format!("{} USD worth of {}", decimal(*micro, 6), asset.symbol),
        Quantity::Output { step, numerator, denominator } if numerator == denominator => {
            format!("the {} from step {step}", asset.symbol)
        }
        Quantity::Output { step, numerator, denominator } => {
            format!("{} of the {} from step {step}", share(*numerator, *denominator), asset.symbol)
        }
    }
}

fn share(numerator: U256, denominator: U256) -> String {
    let percent = numerator
        .checked_mul(U256::from(100))
        .filter(|hundredfold| hundredfold.checked_rem(denominator).is_some_and(|rest| rest.is_zero()));
    match percent.and_then(|hundredfold| hundredfold.checked_div(denominator)) {
        Some(percent) => format!("{percent}%"),
        None => format!("{numerator}/{denominator}"),
    }
}

/// One step: `swap 1 ETH to USDC on base`.
pub fn step_text(step: &Step, registry: &Registry) -> String {
    let chain =
        |id: u64| registry.network(id).map_or_else(|| crate::caip2(id), |network| network.name.clone());
    let on = |asset: &Asset| format!("on {}", chain(asset.chain_id));
    match &step.action {
        Action::Transfer { asset, amount, to, payee } => {
            let name = payee.as_ref().map(|name| format!("{} ", crate::tame(name))).unwrap_or_default();
            format!("send {} to {name}{to} {}", quantity(amount, asset), on(asset))
        }
        Action::Wrap { from, to, amount } => {
            format!("wrap {} to {} {}", quantity(amount, from), to.symbol, on(to))
        }
        Action::Unwrap { from, to, amount } => {
            format!("unwrap {} to {} {}", quantity(amount, from), to.symbol, on(to))
        }
        Action::Swap { sell, buy, amount, side: Side::Sell, max_slippage_bps } => format!(
            "swap {} to {} {} (slippage at most {max_slippage_bps} bps)",
            quantity(amount, sell),
            buy.symbol,
            on(sell)
        ),
        Action::Swap { sell, buy, amount, side: Side::Buy, max_slippage_bps } => format!(
            "buy {} with {} {} (slippage at most {max_slippage_bps} bps)",
            quantity(amount, buy),
            sell.symbol,
            on(sell)
        ),
        Action::Supply { asset, amount } => {
            format!("supply {} to aave {}", quantity(amount, asset), on(asset))
        }
        Action::Withdraw { asset, amount } => {
            format!("withdraw {} from aave {}", quantity(amount, asset), on(asset))
        }
        Action::Borrow { asset, amount } => {
            format!("borrow {} from aave {}", quantity(amount, asset), on(asset))
        }
        Action::Repay { asset, amount } => format!("repay {} to aave {}", quantity(amount, asset), on(asset)),
        Action::Bridge { asset, out, amount } => {
            format!(
                "bridge {} from {} to {}",
                quantity(amount, asset),
                chain(asset.chain_id),
                chain(out.chain_id)
            )
        }
        Action::Revoke { asset, spender } => {
            let whose = asset
                .as_ref()
                .map_or_else(|| "every token's".to_owned(), |asset| format!("the {}", asset.symbol));
            let whom = spender.map_or_else(|| "every contract".to_owned(), |spender| spender.to_string());
            format!("revoke {whose} allowance of {whom}")
        }
    }
}
