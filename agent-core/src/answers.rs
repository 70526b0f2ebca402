//! Questions about the state of things: answered from the chains here, from the journal in [`records`].
//! What did not answer is said, never left out. Every answer is words and the same as JSON, tagged by its `topic`.

use alloy_primitives::U256;
use serde_json::{Value, json};

use crate::asset::{decimal, mul_div_up, ten_pow};
use crate::core::Core;
use crate::draft::Topic;
use crate::report::usd;
use crate::{Amount, Asset, Exit, Portfolio, Refusal, Unknown, tame};

mod records;

/// Gas of a plain payment, and of a swap with its approval, about.
const PAYMENT_GAS: u64 = 21_000;
const SWAP_GAS: u64 = 200_000;

/// What a question is about, by the names that the user said.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    pub asset: Option<&'a str>,
    pub chain: Option<&'a str>,
    pub protocol: Option<&'a str>,
}

impl About<'_> {
    fn asset(&self, asset: &Asset) -> bool {
        self.asset.is_none_or(|symbol| symbol == asset.symbol)
    }

    fn protocol(&self, family: &str) -> bool {
        self.protocol.is_none_or(|wanted| family.starts_with(wanted))
    }
}

/// What the networks said, and which did not say it.
struct Read {
    portfolios: Vec<Portfolio>,
    unknown: Vec<Unknown>,
}

impl Core {
    pub async fn answer(&self, topic: Topic, about: About<'_>) -> Result<(String, Value), Refusal> {
        let (text, mut answer) = match topic {
            Topic::Balance => self.read(about).await?.told(|read| balance(read, about))?,
            Topic::Price => self.read(about).await?.told(|read| price(read, about))?,
            Topic::Positions => self.read(about).await?.told(|read| Ok(positions(read, about)))?,
            Topic::Gas => self.read(about).await?.told(|read| Ok(gas(read)))?,
            Topic::Health => self.read(about).await?.told(|read| Ok(health(read)))?,
            Topic::Apy => self.read(about).await?.told(|read| Ok(apy(read, about)))?,
            Topic::Approvals => self.read(about).await?.told(|read| Ok(self.allowances(read, about)))?,
            Topic::History => self.history().await?,
            Topic::Plans => self.open_plans().await?,
            Topic::Limits => self.limits().await?,
            Topic::Explain => self.explain().await?,
            Topic::Help => records::help(),
            Topic::Profit => {
                return Err(lacking(
                    "the journal holds what was done, not what it was worth since then: profit cannot be told",
                    "ask for `history` or `positions`",
                ));
            }
        };
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("topic".to_owned(), serde_json::to_value(topic).unwrap_or_default());
        }
        Ok((text, answer))
    }

    async fn read(&self, about: About<'_>) -> Result<Read, Refusal> {
        if let Some(symbol) = about.asset {
            let known = |asset: &Asset| asset.symbol == symbol;
            if !self.registry.networks.values().any(|network| network.assets.iter().any(known)) {
                let message = format!("`{}` is no asset of these networks", tame(symbol));
                return Err(Refusal::new(Exit::Question, "clarify.token", message)
                    .help("name an asset by its symbol, like ETH or USDC"));
            }
        }
        let chain =
            about.chain.map(|name| self.registry.named(name).ok_or_else(|| crate::session::no_network(name)));
        let chain = chain.transpose()?;
        let (mut portfolios, mut unknown) = self.portfolio().await?;
        portfolios.retain(|portfolio| chain.is_none_or(|chain| chain.id == portfolio.network));
        unknown.retain(|unknown| chain.is_none_or(|chain| chain.name == unknown.what));
        for portfolio in &portfolios {
            unknown.extend(portfolio.unknown.iter().map(|own| Unknown {
                what: format!("{} on {}", own.what, portfolio.name),
                why: own.why.clone(),
            }));
        }
        Ok(Read { portfolios, unknown })
    }

    fn allowances(&self, read: &Read, about: About<'_>) -> (Vec<String>, Value) {
        let (mut lines, mut rows) = (Vec::new(), Vec::new());
        for portfolio in &read.portfolios {
            for left in portfolio.allowances.iter().filter(|left| about.asset(&left.asset)) {
                let network = self.registry.network(portfolio.network.chain_id);
                let contract = network.and_then(|network| network.contracts.get(&left.spender));
                if !about.protocol(contract.map_or("", |contract| &contract.protocol)) {
                    continue;
                }
                let name = contract.map_or("an unknown contract", |contract| &contract.name);
                let amount = left.asset.amount(left.raw);
                lines.push(format!("{name} ({}) may take {amount} on {}", left.spender, portfolio.name));
                rows.push(
                    json!({"chain": portfolio.name, "spender": left.spender, "name": name, "amount": amount}),
                );
            }
        }
        (or_none(lines, "nobody may take anything from this account"), json!({"allowances": rows}))
    }
}

impl Read {
    /// The answer with what is not known added to it.
    fn told(
        &self,
        answer: impl FnOnce(&Self) -> Result<(Vec<String>, Value), Refusal>,
    ) -> Result<(String, Value), Refusal> {
        let (mut lines, mut value) = answer(self)?;
        lines.extend(
            self.unknown.iter().map(|unknown| format!("not known: {} ({})", unknown.what, unknown.why)),
        );
        if let Some(value) = value.as_object_mut() {
            value.insert("unknown".to_owned(), json!(self.unknown));
        }
        Ok((lines.join("\n"), value))
    }
}

fn balance(read: &Read, about: About<'_>) -> Result<(Vec<String>, Value), Refusal> {
    let all = read
        .portfolios
        .iter()
        .flat_map(|portfolio| portfolio.balances.iter().map(move |own| (portfolio, own)));
    let wanted = all.filter(|(_, own)| about.asset(own.asset()) && (about.asset.is_some() || !own.is_zero()));
    let held: Vec<(&Portfolio, &Amount)> = wanted.collect();
    let line = |(portfolio, own): &(&Portfolio, &Amount)| {
        let worth = worth(portfolio, own).map(|micro| format!(" ({} USD)", cents(micro))).unwrap_or_default();
        format!("{own} on {}{worth}", portfolio.name)
    };
    let amounts: Vec<&Amount> = held.iter().map(|(_, own)| *own).collect();
    Ok((or_none(held.iter().map(line).collect(), "nothing is held"), json!({"balances": amounts})))
}

fn price(read: &Read, about: About<'_>) -> Result<(Vec<String>, Value), Refusal> {
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    for portfolio in &read.portfolios {
        for asset in portfolio.balances.iter().map(Amount::asset).filter(|asset| about.asset(asset)) {
            let price = portfolio.prices.get(&asset.caip19()).cloned().unwrap_or_default();
            let (oracle, pool) = (price.oracle_micro_usd.map(usd), price.pool_micro_usd.map(usd));
            let told = |reading: &Option<String>| reading.clone().unwrap_or_else(|| "not known".to_owned());
            lines.push(format!(
                "1 {} on {}: {} USD by the oracle, {} by the pools",
                asset.symbol,
                portfolio.name,
                told(&oracle),
                told(&pool)
            ));
            rows.push(json!({"chain": portfolio.name, "symbol": asset.symbol, "asset": asset.caip19(),
                             "oracle_usd": oracle, "pool_usd": pool}));
        }
    }
    Ok((or_none(lines, "no price is known"), json!({"prices": rows})))
}

fn positions(read: &Read, about: About<'_>) -> (Vec<String>, Value) {
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    for portfolio in &read.portfolios {
        let on = &portfolio.name;
        let aave = |asset: &Asset| about.asset(asset) && about.protocol("aave");
        for lent in portfolio.lent.iter().filter(|lent| aave(lent.amount.asset())) {
            let backs = if lent.collateral { ", as collateral" } else { "" };
            lines.push(format!("lent {} to aave on {on}{backs}", lent.amount));
            rows.push(
                json!({"chain": on, "kind": "lent", "amount": lent.amount, "collateral": lent.collateral}),
            );
        }
        for owed in portfolio.owed.iter().filter(|owed| aave(owed.asset())) {
            lines.push(format!("owe {owed} to aave on {on}"));
            rows.push(json!({"chain": on, "kind": "owed", "amount": owed}));
        }
        let own = |pair: &[Asset; 2]| pair.iter().any(|asset| about.asset(asset));
        for position in
            portfolio.liquidity.iter().filter(|own_| own(&own_.pair) && about.protocol(&own_.protocol))
        {
            let [a, b] = &position.amounts;
            let earns = if position.in_range { "in range" } else { "out of range" };
            lines.push(format!(
                "position {} at {} on {on}: {a} and {b}, {earns}",
                position.id, position.protocol
            ));
            rows.push(json!({"chain": on, "kind": "liquidity", "position": position}));
        }
        let waits = portfolio.claimable.iter();
        for waits in waits.filter(|own| about.asset(own.amount.asset()) && about.protocol(&own.protocol)) {
            lines.push(format!("{} can be claimed from {} on {on}", waits.amount, waits.protocol));
            rows.push(
                json!({"chain": on, "kind": "claimable", "protocol": waits.protocol, "amount": waits.amount}),
            );
        }
    }
    (or_none(lines, "nothing is lent, owed or provided"), json!({"positions": rows}))
}

fn apy(read: &Read, about: About<'_>) -> (Vec<String>, Value) {
    // The market lends WETH and no native coin, and a supply of ETH is wrapped first.
    let asset = about.asset.map(|symbol| if symbol == "ETH" { "WETH" } else { symbol });
    let about = About { asset, ..about };
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    for portfolio in read.portfolios.iter().filter(|_| about.protocol("aave")) {
        for rate in portfolio.rates.iter().filter(|rate| about.asset(&rate.asset)) {
            let percent = |bps: u64| decimal(U256::from(bps), 2);
            lines.push(format!(
                "{} at aave on {}: lending earns {} % a year, borrowing costs {} %",
                rate.asset.symbol,
                portfolio.name,
                percent(rate.supply_bps),
                percent(rate.borrow_bps)
            ));
            rows.push(json!({"chain": portfolio.name, "protocol": "aave", "symbol": rate.asset.symbol,
                             "asset": rate.asset.caip19(), "supply_bps": rate.supply_bps,
                             "borrow_bps": rate.borrow_bps}));
        }
    }
    (or_none(lines, "no lending rate is known"), json!({"rates": rows}))
}

fn gas(read: &Read) -> (Vec<String>, Value) {
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    for portfolio in &read.portfolios {
        let fee = U256::from(portfolio.max_fee_per_gas);
        let native = portfolio.balances.iter().map(Amount::asset).find(|asset| asset.is_native());
        let cost = |units: u64| {
            let wei = native?.amount(fee.saturating_mul(U256::from(units)));
            worth(portfolio, &wei)
        };
        let told = |units: u64| cost(units).map_or_else(|| "not known".to_owned(), usd);
        let gwei = decimal(fee, 9);
        lines.push(format!(
            "{}: at most {gwei} gwei; a payment {} USD, a swap about {} USD",
            portfolio.name,
            told(PAYMENT_GAS),
            told(SWAP_GAS)
        ));
        rows.push(json!({"chain": portfolio.name, "max_fee_gwei": gwei,
                         "payment_usd": cost(PAYMENT_GAS).map(usd), "swap_usd": cost(SWAP_GAS).map(usd)}));
    }
    (or_none(lines, "no network answers"), json!({"gas": rows}))
}

fn health(read: &Read) -> (Vec<String>, Value) {
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    for portfolio in &read.portfolios {
        let factor = portfolio.health_factor.map(|factor| decimal(factor, 18));
        lines.push(match &factor {
            Some(factor) => {
                let short: String = factor.chars().take(6).collect();
                format!("{}: health factor {short}; below 1 the account can be liquidated", portfolio.name)
            }
            None => format!("{}: no debt, nothing can be liquidated", portfolio.name),
        });
        rows.push(json!({"chain": portfolio.name, "health_factor": factor, "owed": portfolio.owed}));
    }
    (or_none(lines, "no network answers"), json!({"health": rows}))
}

/// By the oracle, millionths of a USD, rounded up.
fn worth(portfolio: &Portfolio, amount: &Amount) -> Option<U256> {
    mul_div_up(amount.raw(), portfolio.price(amount.asset())?, ten_pow(amount.asset().decimals)?)
}

/// Millionths of a USD as dollars and cents, rounded down.
fn cents(micro: U256) -> String {
    decimal(micro.checked_div(U256::from(10_000)).unwrap_or_default(), 2)
}

fn or_none(lines: Vec<String>, none: &str) -> Vec<String> {
    if lines.is_empty() { vec![none.to_owned()] } else { lines }
}

fn lacking(why: &str, help: &str) -> Refusal {
    Refusal::new(Exit::NotPossible, "world.lacks", why).help(help)
}
