//! What an account has on a network, at one block: one round trip for the block and the fees, one for everything that
//! can be asked beforehand, and one for the liquidity positions that were found.

mod allowances;
mod lending;
mod positions;

use std::fmt::Display;

use agent_core::{Fees, NetworkInfo, Portfolio, Refusal, Unknown};
use alloy_primitives::Address;

use crate::prices::PriceReads;
use crate::read::{Balance, Reads};
use crate::view::LiveView;
use allowances::Allowances;
use lending::Lending;
use positions::Positions;

/// What could not be read, so far.
#[derive(Debug, Default)]
struct Gaps(Vec<Unknown>);

impl Gaps {
    fn note(&mut self, what: impl Display, why: String) {
        self.0.push(Unknown { what: what.to_string(), why });
    }

    /// The answer, or nothing and a note of why.
    fn take<T>(&mut self, what: impl Display, read: Result<T, String>) -> Option<T> {
        read.map_err(|why| self.note(what, why)).ok()
    }
}

pub(crate) async fn portfolio(
    network: &NetworkInfo,
    view: &LiveView,
    fees: Fees,
    account: Address,
) -> Result<Portfolio, Refusal> {
    let (mut reads, mut gaps) = (Reads::default(), Gaps::default());
    let mut balances = Vec::new();
    for asset in &network.assets {
        balances.push((asset, Balance::ask(&mut reads, network, account, asset)?));
    }
    let allowances = Allowances::ask(&mut reads, network, account);
    let lending = Lending::ask(&mut reads, network, account);
    let positions = Positions::ask(&mut reads, network, account);
    let prices = PriceReads::ask(&mut reads, network, &network.assets);
    let answers = reads.run(network, view).await?;

    let balances = balances.into_iter().filter_map(|(asset, balance)| {
        let raw = gaps.take(format_args!("the balance of {}", asset.symbol), balance.get(&answers));
        raw.map(|raw| asset.amount(raw))
    });
    let balances = balances.collect();
    let lent = lending.read(&answers, &mut gaps);
    let liquidity = positions.read(&answers, view, &mut gaps).await?;
    let mut claimable = lent.claimable;
    claimable.extend(positions::claimable(&liquidity));
    Ok(Portfolio {
        network: network.id,
        name: network.name.clone(),
        block: view.block,
        balances,
        lent: lent.lent,
        owed: lent.owed,
        health_factor: lent.health_factor,
        rates: lent.rates,
        liquidity,
        claimable,
        allowances: allowances.read(&answers, view.block.timestamp, &mut gaps),
        prices: prices.prices(&answers),
        max_fee_per_gas: fees.max_fee_per_gas,
        unknown: gaps.0,
    })
}
