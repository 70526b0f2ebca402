//! Plans in plain words, with full addresses.

use alloy_primitives::U256;

use crate::asset::decimal;
use crate::draft::Support;
use crate::{Action, Asset, LiquidityRange, Quantity, Registry, Side, Step};

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
        Quantity::Output { step, numerator, denominator, .. } if numerator == denominator => {
            format!("the {} from step {step}", asset.symbol)
        }
        Quantity::Output { step, numerator, denominator, .. } => {
            format!("{} of the {} from step {step}", share(*numerator, *denominator), asset.symbol)
        }
    }
}

/// A quantity of a position.
fn portion(quantity: &Quantity) -> String {
    match quantity {
        Quantity::Share { numerator, denominator } => share(*numerator, *denominator),
        Quantity::AllBut(_) => "all".to_owned(),
        Quantity::Exact(raw) | Quantity::MicroUsd(raw) => raw.to_string(),
        Quantity::Output { step, .. } => format!("what step {step} yielded"),
    }
}

fn range_text(range: &LiquidityRange) -> String {
    match range {
        LiquidityRange::Full => "full range".to_owned(),
        LiquidityRange::Around(share) => format!("{share} around the price"),
        LiquidityRange::Between { low, high, quoted_in } => {
            format!("between {low} and {high} {}", quoted_in.symbol)
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
#[expect(clippy::too_many_lines, reason = "one sentence for each action, and nothing else")]
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
        Action::Bridge { asset, out, amount, side } => {
            let counted = if *side == Side::Sell { asset } else { out };
            let so_that = if *side == Side::Sell { "" } else { " (that much arrives)" };
            format!(
                "bridge {} from {} to {}{so_that}",
                quantity(amount, counted),
                chain(asset.chain_id),
                chain(out.chain_id)
            )
        }
        Action::Collateral { asset, enabled } => {
            let verb = if *enabled { "use" } else { "stop using" };
            format!("{verb} the supplied {} as collateral on aave {}", asset.symbol, on(asset))
        }
        Action::Liquidate { account, debt, collateral, amount } => format!(
            "pay {} of {account}'s debt to aave for its {} {}",
            quantity(amount, debt),
            collateral.symbol,
            on(debt)
        ),
        Action::Stake { from, to, amount } => {
            format!("stake {} for {} {}", quantity(amount, from), to.symbol, on(to))
        }
        Action::Claim { protocol, chain_id } => {
            format!("claim what {} owes on {}", crate::tame(protocol), chain(*chain_id))
        }
        Action::AddLiquidity { asset, amount, other, other_amount, fee_pips, range, max_slippage_bps } => {
            let second = match other_amount {
                Some(amount) => quantity(amount, other),
                None => format!("what belongs to it of {}", other.symbol),
            };
            let fee = fee_pips.map(|pips| format!(", fee {}%", decimal(U256::from(pips), 4)));
            format!(
                "provide {} and {second} as liquidity {} ({}{}, slippage at most {max_slippage_bps} bps)",
                quantity(amount, asset),
                on(asset),
                range_text(range),
                fee.unwrap_or_default()
            )
        }
        Action::RemoveLiquidity { position, pair: [a, b], amount, max_slippage_bps } => format!(
            "take {} of the liquidity of position {position} ({}/{}) out {} (slippage at most {max_slippage_bps} bps)",
            portion(amount),
            a.symbol,
            b.symbol,
            on(a)
        ),
        Action::Vote { governor, chain_id, proposal, support } => {
            let support = match support {
                Support::For => "for",
                Support::Against => "against",
                Support::Abstain => "to abstain",
            };
            format!("vote {support} on proposal {proposal} of governor {governor} on {}", chain(*chain_id))
        }
        Action::Delegate { asset, to, payee } => {
            let name = payee.as_ref().map(|name| format!("{} ", crate::tame(name))).unwrap_or_default();
            format!("delegate the votes of the {} to {name}{to} {}", asset.symbol, on(asset))
        }
        Action::Revoke { asset, spender, chain_id } => {
            let whose = asset
                .as_ref()
                .map_or_else(|| "every token's".to_owned(), |asset| format!("the {}", asset.symbol));
            let whom = spender.map_or_else(|| "every contract".to_owned(), |spender| spender.to_string());
            format!("revoke {whose} allowance of {whom} on {}", chain(*chain_id))
        }
    }
}
