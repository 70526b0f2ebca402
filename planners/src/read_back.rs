//! A draft in plain words, made from its JSON by code, never by the model.

use agent_core::draft::{
    Condition, DraftAmount, Metric, Op, Outcome, Period, PriceRange, Risk, Share, Side, Step, Support, Topic,
    Trigger, Unit, Verb,
};

pub fn read_back(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Plan { steps, trigger } => plan(steps, trigger.as_ref()),
        Outcome::Clarify { question, .. } => question.clone(),
        Outcome::Refuse { reason, .. } => reason.clone(),
        Outcome::Answer { topic, asset, chain, protocol } => {
            let topic = topic_of(*topic);
            let of = asset.as_ref().map(|asset| format!(" of {asset}")).unwrap_or_default();
            format!("You ask about {topic}{of}{}{}.", on(chain.as_deref()), with(" on ", protocol.as_deref()))
        }
        Outcome::Control { verb, target } => {
            let target = target.as_deref().unwrap_or("the last one");
            let verb = match verb {
                Verb::Cancel => "Cancel",
                Verb::Pause => "Pause",
                Verb::Resume => "Resume",
                Verb::SpeedUp => "Speed up",
                Verb::Undo => "Undo",
                Verb::Repeat => "Repeat",
            };
            format!("{verb}: {target}.")
        }
        Outcome::Goal { asset, amount, horizon, risk } => {
            let what = match (amount, asset) {
                (Some(amount), Some(asset)) => quantity(amount, asset),
                (Some(amount), None) => quantity(amount, "what you hold"),
                (None, asset) => format!("your {}", asset.as_deref().unwrap_or("money")),
            };
            let horizon = horizon.map(|period| format!(" within {}", length(period))).unwrap_or_default();
            let risk = match risk {
                Some(Risk::Low) => " at low risk",
                Some(Risk::Medium) => " at medium risk",
                Some(Risk::High) => " at high risk",
                None => "",
            };
            format!("A goal: put {what} to work{horizon}{risk}; alternatives follow.")
        }
    }
}

fn plan(steps: &[Step], trigger: Option<&Trigger>) -> String {
    let mut chains = steps.iter().map(chain);
    let common = chains.next().flatten().filter(|first| chains.all(|chain| chain == Some(*first)));
    let said: Vec<String> = steps
        .iter()
        .map(|step| {
            let own = if common.is_some() { String::new() } else { on(chain(step)) };
            format!("{}{own}", words(step))
        })
        .collect();
    let mut text = said.join(", then ");
    if let Some(chain) = common {
        text = format!("On {}: {text}", titled(chain));
    }
    if let Some(trigger) = trigger {
        text = format!("{text}, {}", when(trigger));
    }
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Where a step runs, but for a bridge: its words name both ends.
fn chain(step: &Step) -> Option<&str> {
    match step {
        Step::Bridge { .. } => None,
        Step::Transfer { chain, .. }
        | Step::Swap { chain, .. }
        | Step::Wrap { chain, .. }
        | Step::Unwrap { chain, .. }
        | Step::Supply { chain, .. }
        | Step::Withdraw { chain, .. }
        | Step::Borrow { chain, .. }
        | Step::Repay { chain, .. }
        | Step::Collateral { chain, .. }
        | Step::Liquidate { chain, .. }
        | Step::Stake { chain, .. }
        | Step::Unstake { chain, .. }
        | Step::Claim { chain, .. }
        | Step::AddLiquidity { chain, .. }
        | Step::RemoveLiquidity { chain, .. }
        | Step::Revoke { chain, .. }
        | Step::Rebalance { chain, .. }
        | Step::Vote { chain, .. }
        | Step::Delegate { chain, .. } => chain.as_deref(),
    }
}

fn words(step: &Step) -> String {
    let via = |protocol: &Option<String>| with(" on ", protocol.as_deref());
    let coin = |asset: &Option<String>, default: &str| asset.clone().unwrap_or_else(|| default.to_owned());
    match step {
        Step::Transfer { asset, amount, to, .. } => format!("send {} to {to}", quantity(amount, asset)),
        Step::Swap { sell, buy, amount, side, max_slippage_bps, protocol, .. } => {
            let slippage = max_slippage_bps.map(|bps| format!(" with at most {} slippage", percent(bps)));
            let how = format!("{}{}", via(protocol), slippage.unwrap_or_default());
            match side {
                Side::Sell => format!("swap {} to {buy}{how}", quantity(amount, sell)),
                Side::Buy => format!("buy {} with {sell}{how}", quantity(amount, buy)),
            }
        }
        Step::Bridge { asset, amount, from, to, protocol } => {
            let ends = format!("{} to {}", with(" from ", from.as_deref()), titled(to));
            format!("bridge {}{ends}{}", quantity(amount, asset), with(" with ", protocol.as_deref()))
        }
        Step::Wrap { amount, asset, .. } => format!("wrap {}", quantity(amount, &coin(asset, "ETH"))),
        Step::Unwrap { amount, asset, .. } => format!("unwrap {}", quantity(amount, &coin(asset, "WETH"))),
        Step::Supply { asset, amount, protocol, .. } => {
            format!("supply {}{}", quantity(amount, asset), with(" to ", protocol.as_deref()))
        }
        Step::Withdraw { asset, amount, protocol, .. } => {
            format!("withdraw {}{}", position(amount, asset), with(" from ", protocol.as_deref()))
        }
        Step::Borrow { asset, amount, protocol, .. } => {
            format!("borrow {}{}", quantity(amount, asset), with(" from ", protocol.as_deref()))
        }
        Step::Repay { asset, amount, protocol, .. } => {
            format!("repay {}{}", position(amount, asset), via(protocol))
        }
        Step::Collateral { asset, on: true, protocol, .. } => {
            format!("use {asset} as collateral{}", via(protocol))
        }
        Step::Collateral { asset, on: false, protocol, .. } => {
            format!("stop using {asset} as collateral{}", via(protocol))
        }
        Step::Liquidate { account, debt, collateral, amount, protocol, .. } => {
            format!("liquidate {account}: repay {} for {collateral}{}", quantity(amount, debt), via(protocol))
        }
        Step::Stake { asset, amount, protocol, .. } => {
            format!("stake {}{}", quantity(amount, asset), with(" with ", protocol.as_deref()))
        }
        Step::Unstake { asset, amount, protocol, .. } => {
            format!("unstake {}{}", position(amount, asset), with(" from ", protocol.as_deref()))
        }
        Step::Claim { protocol, .. } => format!("claim the rewards{}", via(protocol)),
        Step::AddLiquidity { pair, amounts, fee_bps, range, protocol, .. } => {
            liquidity(pair, amounts, *fee_bps, range.as_ref(), protocol.as_deref())
        }
        Step::RemoveLiquidity { pair, amount, position, protocol, .. } => {
            let pool = pair.as_ref().map(|[a, b]| format!(" of {a}/{b}")).unwrap_or_default();
            let position = position.as_ref().map(|id| format!(" of position {id}")).unwrap_or_default();
            format!("remove {}{pool}{position}{}", share_of(amount, "liquidity"), via(protocol))
        }
        Step::Revoke { asset, spender, .. } => {
            let spender = spender.as_deref().map_or("every spender".to_owned(), titled);
            format!("revoke the allowance of {} for {spender}", coin(asset, "every token"))
        }
        Step::Rebalance { targets, .. } => {
            let target = |(asset, share): (&String, &Share)| format!("{share} {asset}");
            format!("rebalance to {}", targets.iter().map(target).collect::<Vec<_>>().join(", "))
        }
        Step::Vote { proposal, support, governor, .. } => {
            format!("vote {} proposal {proposal} of {}", side_of(*support), titled(governor))
        }
        Step::Delegate { asset, to, .. } => format!("delegate your {asset} votes to {to}"),
    }
}

fn side_of(support: Support) -> &'static str {
    match support {
        Support::For => "for",
        Support::Against => "against",
        Support::Abstain => "to abstain on",
    }
}

fn liquidity(
    pair: &[String; 2],
    amounts: &[Option<DraftAmount>; 2],
    fee: Option<u32>,
    range: Option<&PriceRange>,
    protocol: Option<&str>,
) -> String {
    let [a, b] = pair;
    let side = |amount: &Option<DraftAmount>, asset: &str| match amount {
        Some(amount) => quantity(amount, asset),
        None => format!("the matching {asset}"),
    };
    let [of_a, of_b] = amounts;
    let fee = fee.map(|bps| format!(" at the {} fee", percent(bps))).unwrap_or_default();
    let range = match range {
        Some(PriceRange::Bounds([low, high])) => format!(" between {low} and {high} {b} per {a}"),
        Some(PriceRange::Around(share)) => format!(" within {share} of the price"),
        None => String::new(),
    };
    format!("add {} and {} as liquidity{}{fee}{range}", side(of_a, a), side(of_b, b), with(" on ", protocol))
}

/// An amount of what is held.
fn quantity(amount: &DraftAmount, asset: &str) -> String {
    match amount {
        DraftAmount::Units(units) => format!("{units} {asset}"),
        DraftAmount::Usd(usd) => format!("${usd} worth of {asset}"),
        DraftAmount::AllBut(but) => format!("all but {but} of your {asset}"),
        DraftAmount::All | DraftAmount::Share(_) => share_of(amount, &format!("your {asset}")),
        DraftAmount::Yield { share, step, .. } => {
            let of = share.as_ref().map(|share| format!("{} of ", fraction(share))).unwrap_or_default();
            format!("{of}the {asset} that step {step} yields")
        }
    }
}

/// An amount of what is lent or owed.
fn position(amount: &DraftAmount, asset: &str) -> String {
    match amount {
        DraftAmount::All | DraftAmount::Share(_) => share_of(amount, &format!("your {asset} there")),
        DraftAmount::Units(_) | DraftAmount::Usd(_) | DraftAmount::AllBut(_) | DraftAmount::Yield { .. } => {
            quantity(amount, asset)
        }
    }
}

fn share_of(amount: &DraftAmount, what: &str) -> String {
    match amount {
        DraftAmount::All => format!("all {what}"),
        DraftAmount::Share(share) => format!("{} of {what}", fraction(share)),
        DraftAmount::Units(_) | DraftAmount::Usd(_) | DraftAmount::AllBut(_) | DraftAmount::Yield { .. } => {
            format!("{amount} of {what}")
        }
    }
}

fn fraction(share: &Share) -> String {
    let text = share.to_string();
    if text == "50%" { "half".to_owned() } else { text }
}

fn percent(bps: u32) -> String {
    let digits = format!("{bps:03}");
    let (whole, fraction) = digits.split_at_checked(digits.len().saturating_sub(2)).unwrap_or((&digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{whole} %") } else { format!("{whole}.{fraction} %") }
}

fn titled(name: &str) -> String {
    if name.contains('.') || name.starts_with("0x") {
        return name.to_owned();
    }
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

fn on(chain: Option<&str>) -> String {
    with(" on ", chain)
}

fn with(preposition: &str, name: Option<&str>) -> String {
    name.map(|name| format!("{preposition}{}", titled(name))).unwrap_or_default()
}

fn length(period: Period) -> String {
    let unit = match period.unit {
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Year => "year",
    };
    if period.count == 1 { unit.to_owned() } else { format!("{} {unit}s", period.count) }
}

fn when(trigger: &Trigger) -> String {
    let bounds = |from: &Option<jiff::Timestamp>, until: &Option<jiff::Timestamp>| {
        let from = from.map(|from| format!(", from {from}")).unwrap_or_default();
        let until = until.map(|until| format!(", until {until}")).unwrap_or_default();
        format!("{from}{until}")
    };
    match trigger {
        Trigger::Every { every, times, from, until } => {
            let times = times.map(|times| format!(", {times} times")).unwrap_or_default();
            format!("every {}{times}{}", length(*every), bounds(from, until))
        }
        Trigger::At { at, from, until } => format!("at {at}{}", bounds(from, until)),
        Trigger::When { when, repeat, from, until } => {
            let first = if *repeat { "whenever" } else { "once" };
            format!("{first} {}{}", condition(when), bounds(from, until))
        }
    }
}

fn condition(when: &Condition) -> String {
    let asset = when.asset.as_deref().unwrap_or("");
    let (metric, unit) = match when.metric {
        Metric::Price => (format!("the price of {asset}"), if when.quote.is_some() { "" } else { "$" }),
        Metric::HealthFactor => ("the health factor".to_owned(), ""),
        Metric::GasPrice => ("the gas price".to_owned(), ""),
        Metric::Apy => (format!("the yield of {asset}").replace("of  ", ""), ""),
        Metric::Balance => (format!("the balance of {asset}"), ""),
    };
    let op = match when.op {
        Op::Below => "is below",
        Op::AtMost => "is at or below",
        Op::Above => "is above",
        Op::AtLeast => "is at or above",
        Op::Crosses => "reaches",
        Op::Trailing => "falls from its peak by",
    };
    let unit = if when.op == Op::Trailing { "" } else { unit };
    let after = match when.metric {
        Metric::GasPrice => " gwei".to_owned(),
        Metric::Apy => " %".to_owned(),
        Metric::Price => when.quote.as_ref().map(|quote| format!(" {quote}")).unwrap_or_default(),
        Metric::HealthFactor | Metric::Balance => String::new(),
    };
    let place = format!("{}{}", with(" on ", when.protocol.as_deref()), on(when.chain.as_deref()));
    format!("{metric}{place} {op} {unit}{}{after}", when.value)
}

fn topic_of(topic: Topic) -> &'static str {
    match topic {
        Topic::Balance => "the balance",
        Topic::Price => "the price",
        Topic::Positions => "what is lent, owed and provided",
        Topic::Gas => "the gas price",
        Topic::History => "what was done",
        Topic::Health => "the health factor",
        Topic::Approvals => "the open allowances",
        Topic::Apy => "the yield",
        Topic::Profit => "profit and loss",
        Topic::Limits => "the limits",
        Topic::Plans => "what waits or runs",
        Topic::Explain => "an explanation",
        Topic::Help => "help",
    }
}
