//! What the account has, as rows: per network what is held, lent, owed, provided, claimable and allowed. What could not
//! be read is a row of its own.

use agent_core::{AllowanceLeft, Amount, LiquidityPosition, Portfolio, Unknown, report};
use alloy_primitives::U256;

use super::row::{Row, Tone};

/// A health factor of 1, in its unit.
const ONE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// Below this the loan is close to liquidation.
const CLOSE: U256 = U256::from_limbs([1_250_000_000_000_000_000, 0, 0, 0]);

pub(crate) fn portfolio_rows(portfolios: &[Portfolio], unknown: &[Unknown]) -> Vec<Row> {
    let mut rows: Vec<Row> = portfolios.iter().flat_map(network_rows).collect();
    rows.extend(unknown.iter().map(unknown_row));
    if rows.is_empty() {
        rows.push(Row::new(Tone::Faint, "no network is configured"));
    }
    rows
}

fn unknown_row(unknown: &Unknown) -> Row {
    Row::new(Tone::Warn, format!("unknown: {} ({})", unknown.what, unknown.why))
}

fn network_rows(portfolio: &Portfolio) -> Vec<Row> {
    let priced = |amount: &Amount| worth(amount, portfolio);
    let mut rows =
        vec![Row::new(Tone::Strong, format!("{} at block {}", portfolio.name, portfolio.block.number))];
    let mut add =
        |tone: Tone, label: &str, text: String| rows.push(Row::labelled(tone, label, text).detail());
    for amount in portfolio.balances.iter().filter(|amount| !amount.is_zero()) {
        add(Tone::Plain, "holds", priced(amount));
    }
    for lent in &portfolio.lent {
        let backs = if lent.collateral { ", backs loans" } else { "" };
        add(Tone::Plain, "supplied", format!("{} to aave{backs}", priced(&lent.amount)));
    }
    for owed in &portfolio.owed {
        add(Tone::Warn, "borrowed", format!("{} from aave", priced(owed)));
    }
    if let Some(health) = portfolio.health_factor {
        let (tone, word) = match health {
            health if health < ONE => (Tone::Bad, "can be liquidated now"),
            health if health < CLOSE => (Tone::Warn, "close to liquidation below 1"),
            _ => (Tone::Good, "liquidation below 1"),
        };
        add(tone, "health", format!("{} ({word})", two_digits(health)));
    }
    for position in &portfolio.liquidity {
        let tone = if position.in_range { Tone::Plain } else { Tone::Warn };
        add(tone, "liquidity", liquidity(position));
    }
    for claimable in &portfolio.claimable {
        add(Tone::Plain, "claimable", format!("{} from {}", priced(&claimable.amount), claimable.protocol));
    }
    for left in &portfolio.allowances {
        add(Tone::Warn, "allowance", allowance(left));
    }
    let nothing = rows.len() == 1;
    if nothing && portfolio.unknown.is_empty() {
        rows.push(Row::labelled(Tone::Faint, "holds", "nothing").detail());
    }
    rows.extend(portfolio.unknown.iter().map(|unknown| unknown_row(unknown).detail()));
    rows
}

/// `10 ETH ($30012.34)`; without a price it says so.
fn worth(amount: &Amount, portfolio: &Portfolio) -> String {
    let asset = amount.asset();
    let unit = U256::from(10).checked_pow(U256::from(asset.decimals));
    let micro = portfolio.price(asset).and_then(|price| {
        let whole = price.checked_mul(amount.raw())?;
        whole.checked_div(unit?)
    });
    match micro {
        Some(micro) => format!("{amount} (${})", cents(micro)),
        None => format!("{amount} (price unknown)"),
    }
}

/// Millionths of a USD as dollars and cents, which is enough for reading.
fn cents(micro: U256) -> String {
    let cents = micro.checked_div(U256::from(10_000)).unwrap_or_default();
    let (dollars, rest) = cents.div_rem(U256::from(100));
    format!("{dollars}.{rest:02}")
}

/// Of a number in units of 1e-18; more than 1000 is that.
fn two_digits(number: U256) -> String {
    let hundredths = number.checked_div(U256::from(10_000_000_000_000_000_u64)).unwrap_or_default();
    if hundredths > U256::from(100_000) {
        return "above 1000".to_owned();
    }
    let hundred = U256::from(100);
    let whole = hundredths.checked_div(hundred).unwrap_or_default();
    let rest = hundredths.checked_rem(hundred).unwrap_or_default();
    format!("{whole}.{rest:0>2}")
}

fn liquidity(position: &LiquidityPosition) -> String {
    let [a, b] = &position.amounts;
    let [fee_a, fee_b] = &position.fees;
    let [pair_a, pair_b] = &position.pair;
    let fee = report::usd(U256::from(position.fee_pips).saturating_mul(U256::from(100)));
    let range = if position.in_range { "in range" } else { "out of range: earns nothing" };
    format!(
        "{} #{} {}/{} {fee}%: {a} + {b}, fees {fee_a} + {fee_b}, {range}",
        position.protocol, position.id, pair_a.symbol, pair_b.symbol
    )
}

fn allowance(left: &AllowanceLeft) -> String {
    let half = U256::MAX.checked_div(U256::from(2)).unwrap_or_default();
    let amount = if left.raw > half {
        format!("unlimited {}", left.asset.symbol)
    } else {
        left.asset.amount(left.raw).to_string()
    };
    format!("{amount} may be taken by {}", left.spender)
}
