//! The trigger line: `every`, `at`, `when`.

use agent_core::draft::{Condition, DraftAmount, Metric, Op, Share, Trigger};
use jiff::Timestamp;

use crate::{
    evidence,
    lexer::{Value, When},
    lines::{BadLine, Role, Slot, Span, Writer},
};

pub(crate) fn is_trigger(line: &str) -> bool {
    ["every ", "at ", "when "].iter().any(|word| line.starts_with(word))
}

impl Writer<'_> {
    pub(crate) fn trigger(&mut self, line: &str) -> Slot<Trigger> {
        self.base = "/trigger".to_owned();
        self.action = "trigger".to_owned();
        let slots: Vec<&str> = line.split(' ').collect();
        match slots.as_slice() {
            ["every", every, times, from, until] => self.every(every, times, from, until),
            ["at", at] => {
                let (when, span) = self.time(at)?;
                let moment = self.moment(&when);
                Ok(moment.map(|at| {
                    self.put("at", span);
                    Trigger::At { at, from: None, until: None }
                }))
            }
            ["when", metric, asset, op, value, repeat] => self.when(metric, asset, op, value, repeat),
            _ => Err(Self::bad(line)),
        }
    }

    /// A moment that is still to come, or a question.
    fn moment(&mut self, when: &When) -> Option<Timestamp> {
        let moment = when.moment(&self.lexed.now).filter(|at| *at >= self.lexed.now.timestamp());
        if moment.is_none() {
            self.missing("trigger", None);
        }
        moment
    }

    fn every(&mut self, every: &str, times: &str, from: &str, until: &str) -> Slot<Trigger> {
        let (rhythm, span) = self.time(every)?;
        let Some(period) = rhythm.period() else {
            self.missing("trigger", None);
            return Ok(None);
        };
        self.put("every", span);
        let first = if let When::Rhythm { first, .. } = &rhythm {
            self.put("from", span);
            Some(*first)
        } else {
            None
        };
        let times = if times == "-" { None } else { self.times(times)? };
        let moment = |writer: &mut Self, slot: &str, field: &str| -> Slot<Timestamp> {
            if slot == "-" {
                return Ok(None);
            }
            let (when, span) = writer.time(slot)?;
            let moment = writer.moment(&when);
            if moment.is_some() {
                writer.put(field, span);
            }
            Ok(moment)
        };
        let from = moment(self, from, "from")?.or(first);
        let until = moment(self, until, "until")?;
        Ok(Some(Trigger::Every { every: period, times, from, until }))
    }

    fn times(&mut self, slot: &str) -> Slot<u32> {
        let (value, _, digits) = self.number(slot)?;
        let times = match value {
            Value::Quantity(DraftAmount::Units(count)) => {
                count.as_str().parse().ok().filter(|count| *count > 0)
            }
            Value::Quantity(_) | Value::Bps(_) | Value::Problem(_) => None,
        };
        match times {
            Some(_) => self.put("times", digits),
            None => self.missing("trigger", None),
        }
        Ok(times)
    }

    fn when(&mut self, metric: &str, asset: &str, op: &str, value: &str, repeat: &str) -> Slot<Trigger> {
        let (metric, op) = metric_of(metric).zip(op_of(op)).ok_or_else(|| Self::bad(metric))?;
        let mut said = evidence::metric(self.lexed, metric).and_then(|token| self.span(token));
        let asset = if asset == "-" {
            None
        } else if asset == "?" {
            self.missing("trigger", None);
            return Ok(None);
        } else {
            let named = self.named(asset, "when/asset", Role::Asset)?;
            // "if ETH drops below 2500": the asset stands for its price.
            said = said.or_else(|| {
                self.sources.get("/trigger/when/asset").copied().filter(|_| metric == Metric::Price)
            });
            Some(named)
        };
        let repeat = match repeat {
            "once" => false,
            "always" => true,
            _ => return Err(Self::bad(repeat)),
        };
        let each = evidence::each_time(self.lexed).filter(|_| repeat).and_then(|token| self.span(token));
        let priced = metric != Metric::Price || asset.is_some();
        let value = if value == "?" { None } else { self.threshold(value, metric, op)? };
        let (Some(said), Some((value, span))) = (said, value) else {
            self.missing("trigger", None);
            return Ok(None);
        };
        if !priced || !evidence::direction(self.lexed, op) || repeat != each.is_some() {
            self.missing("trigger", None);
            return Ok(None);
        }
        self.put("when/metric", said);
        self.put("when/value", span);
        if let Some(each) = each {
            self.put("repeat", each);
        }
        let (protocol, chain) = (self.left_over(Role::Protocol), self.left_over(Role::Chain));
        let when = Condition { metric, asset, op, value, quote: None, protocol, chain };
        Ok(Some(Trigger::When { when, repeat, from: None, until: None }))
    }

    /// The number of a condition: without `$` and `%` (their meaning is the metric's), but for a trailing share.
    fn threshold(&mut self, slot: &str, metric: Metric, op: Op) -> Slot<(String, Span)> {
        let (value, span, digits) = self.number(slot)?;
        let Value::Quantity(quantity) = value else { return Ok(None) };
        Ok(match (quantity, op, metric) {
            (DraftAmount::Share(share), Op::Trailing, _) => Some((share.to_string(), span)),
            (_, Op::Trailing, _) => None,
            (DraftAmount::Share(Share::Percent(percent)), _, Metric::Apy) => {
                Some((percent.to_string(), digits))
            }
            (DraftAmount::Usd(usd), _, Metric::Price) => Some((usd.to_string(), digits)),
            (DraftAmount::Units(units), _, _) => Some((units.to_string(), digits)),
            _ => None,
        })
    }

    /// A protocol or a chain that no step took is the condition's.
    fn left_over(&mut self, role: Role) -> Option<String> {
        let unused = self.lexed.tokens.iter().enumerate().filter(|(at, _)| !self.used.contains_key(at));
        let token = unused.filter_map(|(_, token)| token.name()).find_map(|name| match role {
            Role::Chain => name.chain,
            Role::Protocol => name.protocol.filter(|_| name.asset.is_none()),
            Role::Asset => None,
        })?;
        let field = if role == Role::Chain { "when/chain" } else { "when/protocol" };
        self.named(token, field, role).ok()
    }
}

fn metric_of(word: &str) -> Option<Metric> {
    Some(match word {
        "price" => Metric::Price,
        "health_factor" => Metric::HealthFactor,
        "gas_price" => Metric::GasPrice,
        "apy" => Metric::Apy,
        "balance" => Metric::Balance,
        _ => return None,
    })
}

fn op_of(word: &str) -> Option<Op> {
    Some(match word {
        "<" => Op::Below,
        "<=" => Op::AtMost,
        ">" => Op::Above,
        ">=" => Op::AtLeast,
        "crosses" => Op::Crosses,
        "trailing" => Op::Trailing,
        _ => return None,
    })
}

/// A plan's lines, read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) steps: Vec<agent_core::draft::Step>,
    pub(crate) trigger: Option<Trigger>,
    pub(crate) complete: bool,
}

impl Writer<'_> {
    /// All lines of a plan. `complete` is false where something is asked about.
    pub(crate) fn plan(&mut self, lines: &[&str]) -> Result<Read, BadLine> {
        let (step_lines, trigger_line) = match lines.split_last() {
            Some((last, before)) if is_trigger(last) => (before, Some(*last)),
            _ => (lines, None),
        };
        if step_lines.is_empty() || step_lines.len() > crate::grammar::STEPS_MAX {
            return Err(Self::bad(&lines.join(" / ")));
        }
        let (mut steps, mut complete) = (Vec::new(), true);
        for line in step_lines {
            match self.step(line)? {
                Some(step) => steps.push(step),
                None => complete = false,
            }
        }
        let trigger = match trigger_line {
            Some(line) => self.trigger(line)?,
            None => None,
        };
        complete &= trigger.is_some() == trigger_line.is_some() && self.questions.is_empty();
        Ok(Read { steps, trigger, complete })
    }
}
