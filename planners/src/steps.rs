//! One line of the model to one step.

use std::collections::BTreeMap;

use agent_core::draft::{DraftAmount, PriceRange, Share, Side, Step, Support};

use crate::{
    evidence,
    lexer::Value,
    lexicon,
    lines::{BadLine, Role, Slot, Writer, Yielded},
};

/// The fields of a line, in order; there must be neither too few nor too many.
fn fields<const N: usize>(line: &str, rest: &[&str]) -> Result<[String; N], BadLine> {
    let fields: Vec<String> = rest.iter().map(|slot| (*slot).to_owned()).collect();
    fields.try_into().map_err(|_| Writer::bad(line))
}

impl Writer<'_> {
    /// `None` where something that it needs was not said: the question is written down.
    pub(crate) fn step(&mut self, line: &str) -> Slot<Step> {
        let slots: Vec<&str> = line.split(' ').collect();
        let Some((action, rest)) = slots.split_first() else { return Err(Self::bad(line)) };
        self.base = format!("/steps/{}", self.yields.len());
        self.action = (*action).to_owned();
        let step = match *action {
            "transfer" => self.transfer(fields(line, rest)?),
            "swap" => self.swap(fields(line, rest)?),
            "bridge" => self.bridge(fields(line, rest)?),
            "wrap" | "unwrap" => self.wrap(fields(line, rest)?),
            "supply" | "withdraw" | "borrow" | "repay" | "stake" | "unstake" => {
                self.position(fields(line, rest)?)
            }
            "collateral" => self.collateral(fields(line, rest)?),
            "claim" => self.claim(fields(line, rest)?),
            "add_liquidity" => self.add_liquidity(fields(line, rest)?),
            "remove_liquidity" => self.remove_liquidity(fields(line, rest)?),
            "revoke" => self.revoke(fields(line, rest)?),
            "rebalance" => self.rebalance(line, rest),
            "vote" => self.vote(fields(line, rest)?),
            "delegate" => self.delegate(fields(line, rest)?),
            _ => Err(Self::bad(line)),
        }?;
        let yielded = self.yields_of(step.as_ref());
        self.yields.push(yielded);
        Ok(step)
    }

    fn yields_of(&self, step: Option<&Step>) -> Yielded {
        let source = |field: &str, asset: &str| match self.sources.get(&format!("{}/{field}", self.base)) {
            Some(span) => Yielded::Asset(asset.to_owned(), *span),
            None => Yielded::Unknown,
        };
        let Some(step) = step else { return Yielded::Unknown };
        match step {
            Step::Swap { buy, .. } => source("buy", buy),
            Step::Bridge { asset, .. } | Step::Withdraw { asset, .. } | Step::Borrow { asset, .. } => {
                source("asset", asset)
            }
            Step::Wrap { asset: None, .. } => {
                let verb = self
                    .lexed
                    .tokens
                    .iter()
                    .find(|token| token.word().is_some_and(|word| word.starts_with("wrap")));
                verb.map_or(Yielded::Unknown, |verb| {
                    Yielded::Asset("WETH".to_owned(), (verb.start, verb.end))
                })
            }
            Step::RemoveLiquidity { .. } => Yielded::Either,
            Step::Wrap { .. }
            | Step::Unwrap { .. }
            | Step::Stake { .. }
            | Step::Unstake { .. }
            | Step::Claim { .. } => Yielded::Unknown,
            Step::Transfer { .. }
            | Step::Supply { .. }
            | Step::Repay { .. }
            | Step::Collateral { .. }
            | Step::Liquidate { .. }
            | Step::AddLiquidity { .. }
            | Step::Revoke { .. }
            | Step::Rebalance { .. }
            | Step::Vote { .. }
            | Step::Delegate { .. } => Yielded::Nothing,
        }
    }

    fn transfer(&mut self, [amount, asset, to, chain]: [String; 4]) -> Slot<Step> {
        let amount = self.amount(&amount, "amount", &asset)?;
        let named = self.asset_of(&asset, "asset", amount.as_ref())?;
        let to = self.payee(&to, "to", named.as_deref())?;
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        Ok(named.zip(amount).zip(to).map(|((asset, amount), to)| Step::Transfer { asset, amount, to, chain }))
    }

    fn swap(&mut self, [amount, sell, buy, side, chain, protocol, slippage]: [String; 7]) -> Slot<Step> {
        let mut side = match side.as_str() {
            "sell" => Side::Sell,
            "buy" => Side::Buy,
            _ => return Err(Self::bad(&side)),
        };
        let amount = self.amount(&amount, "amount", if side == Side::Buy { &buy } else { &sell })?;
        if let Some(adjacent) = self.adjacent_asset() {
            side = if adjacent == buy {
                Side::Buy
            } else if adjacent == sell {
                Side::Sell
            } else {
                side
            };
        }
        if matches!(amount, Some(DraftAmount::Usd(_) | DraftAmount::Yield { .. })) {
            side = Side::Sell;
        }
        let sell = self.asset_of(&sell, "sell", amount.as_ref())?;
        let buy = self.asset(&buy, "buy")?;
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        let protocol = self.maybe(&protocol, "protocol", Role::Protocol)?;
        let max_slippage_bps = self.bps(&slippage, "max_slippage_bps")?;
        Ok(sell.zip(buy).zip(amount).map(|((sell, buy), amount)| Step::Swap {
            sell,
            buy,
            amount,
            side,
            chain,
            max_slippage_bps,
            protocol,
        }))
    }

    fn bridge(&mut self, [amount, asset, from, to, protocol]: [String; 5]) -> Slot<Step> {
        let amount = self.amount(&amount, "amount", &asset)?;
        let asset = self.asset_of(&asset, "asset", amount.as_ref())?;
        let from = self.maybe(&from, "from", Role::Chain)?;
        let to = if to == "?" {
            self.missing("to", asset.as_deref());
            None
        } else {
            Some(self.named(&to, "to", Role::Chain)?)
        };
        let protocol = self.maybe(&protocol, "protocol", Role::Protocol)?;
        Ok(asset.zip(amount).zip(to).map(|((asset, amount), to)| Step::Bridge {
            asset,
            amount,
            from,
            to,
            protocol,
        }))
    }

    fn wrap(&mut self, [amount, asset, chain]: [String; 3]) -> Slot<Step> {
        let coin = matches!(asset.as_str(), "-" | "ETH" | "WETH");
        let amount = self.amount(&amount, "amount", if coin { "ETH" } else { &asset })?;
        // The words beside the amount decide, not the model.
        let yielded = matches!(amount, Some(DraftAmount::Yield { .. }));
        let beside = self.adjacent_asset().or_else(|| self.unused_asset().filter(|_| yielded && coin));
        let beside = beside.filter(|beside| matches!(*beside, "stETH" | "wstETH"));
        let (coin, asset) = (coin && beside.is_none(), beside.map_or(asset, str::to_owned));
        let asset = if coin {
            if asset != "-" {
                self.name(&asset, Role::Asset);
            }
            None
        } else {
            Some(self.named(&asset, "asset", Role::Asset)?)
        };
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        let unwrap = self.action == "unwrap";
        Ok(amount.map(|amount| {
            if unwrap { Step::Unwrap { amount, asset, chain } } else { Step::Wrap { amount, asset, chain } }
        }))
    }

    /// The first asset that no step has taken yet.
    fn unused_asset(&self) -> Option<&'static str> {
        let unused = self.lexed.tokens.iter().enumerate().filter(|(at, _)| !self.used.contains_key(at));
        unused.filter_map(|(_, token)| token.name()?.asset).map(|asset| asset.symbol).next()
    }

    fn position(&mut self, [amount, asset, chain, protocol]: [String; 4]) -> Slot<Step> {
        let amount = self.amount(&amount, "amount", &asset)?;
        let asset = self.asset_of(&asset, "asset", amount.as_ref())?;
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        let protocol = self.maybe(&protocol, "protocol", Role::Protocol)?;
        let Some((asset, amount)) = asset.zip(amount) else { return Ok(None) };
        Ok(Some(match self.action.as_str() {
            "supply" => Step::Supply { asset, amount, chain, protocol },
            "withdraw" => Step::Withdraw { asset, amount, chain, protocol },
            "borrow" => Step::Borrow { asset, amount, chain, protocol },
            "repay" => Step::Repay { asset, amount, chain, protocol },
            "stake" => Step::Stake { asset, amount, protocol, chain },
            _ => Step::Unstake { asset, amount, protocol, chain },
        }))
    }

    fn collateral(&mut self, [asset, on, chain, protocol]: [String; 4]) -> Slot<Step> {
        let asset = self.asset(&asset, "asset")?;
        let on = match on.as_str() {
            "on" => true,
            "off" => false,
            _ => return Err(Self::bad(&on)),
        };
        let said = evidence::collateral(self.lexed, on).and_then(|token| self.span(token));
        match said {
            Some(span) => self.put("use", span),
            None => self.missing("use", None),
        }
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        let protocol = self.maybe(&protocol, "protocol", Role::Protocol)?;
        Ok(asset.filter(|_| said.is_some()).map(|asset| Step::Collateral { asset, on, protocol, chain }))
    }

    fn claim(&mut self, [protocol, chain]: [String; 2]) -> Slot<Step> {
        let protocol = self.maybe(&protocol, "protocol", Role::Protocol)?;
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        Ok(Some(Step::Claim { protocol, chain }))
    }

    fn add_liquidity(
        &mut self,
        [of_a, a, of_b, b, fee, low, high, chain, protocol]: [String; 9],
    ) -> Slot<Step> {
        let side = |writer: &mut Self, amount: &str, asset: &str, at: usize| -> Result<_, BadLine> {
            let questions = writer.questions.len();
            let amount = match amount {
                "-" => None,
                _ => writer.amount(amount, &format!("amounts/{at}"), asset)?,
            };
            let named = if asset == "?" {
                None
            } else {
                writer.asset_of(asset, &format!("pair/{at}"), amount.as_ref())?
            };
            if named.is_none() && writer.questions.len() == questions {
                writer.missing("pair", None);
            }
            Ok((amount, named))
        };
        let (of_a, a) = side(self, &of_a, &a, 0)?;
        let (of_b, b) = side(self, &of_b, &b, 1)?;
        if of_a.is_none() && of_b.is_none() && self.questions.is_empty() {
            self.missing("amount", a.as_deref());
            return Ok(None);
        }
        let fee_bps = self.bps(&fee, "fee_bps")?;
        let range = self.range(&low, &high)?;
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        let protocol = self.maybe(&protocol, "protocol", Role::Protocol)?;
        let amounts = [of_a, of_b];
        Ok(a.zip(b).map(|(a, b)| Step::AddLiquidity {
            pair: [a, b],
            amounts,
            fee_bps,
            range,
            chain,
            protocol,
        }))
    }

    fn range(&mut self, low: &str, high: &str) -> Slot<PriceRange> {
        if low == "-" {
            return if high == "-" { Ok(None) } else { Err(Self::bad(high)) };
        }
        let (low, low_span, low_digits) = self.number(low)?;
        if high == "-" {
            let Value::Quantity(DraftAmount::Share(share)) = low else {
                self.missing("range", None);
                return Ok(None);
            };
            self.put("range", low_span);
            return Ok(Some(PriceRange::Around(share)));
        }
        let (high, _, high_digits) = self.number(high)?;
        let bound = |value| match value {
            Value::Quantity(DraftAmount::Units(bound) | DraftAmount::Usd(bound)) => Some(bound),
            Value::Quantity(_) | Value::Bps(_) | Value::Problem(_) => None,
        };
        let Some((low, high)) = bound(low).zip(bound(high)) else {
            self.missing("range", None);
            return Ok(None);
        };
        self.put("range/0", low_digits);
        self.put("range/1", high_digits);
        Ok(Some(PriceRange::Bounds([low, high])))
    }

    fn remove_liquidity(&mut self, [amount, a, b, position, chain, protocol]: [String; 6]) -> Slot<Step> {
        let mut amount = self.amount(&amount, "amount", "-")?;
        if matches!(
            amount,
            Some(
                DraftAmount::Units(_)
                    | DraftAmount::Usd(_)
                    | DraftAmount::AllBut(_)
                    | DraftAmount::Yield { .. }
            )
        ) {
            self.missing("amount", None);
            amount = None;
        }
        let pair = match (a.as_str(), b.as_str()) {
            ("-", "-") => None,
            ("-" | "?", _) | (_, "-" | "?") => {
                self.missing("pair", None);
                return Ok(None);
            }
            (a, b) => Some([self.named(a, "pair/0", Role::Asset)?, self.named(b, "pair/1", Role::Asset)?]),
        };
        let position = if position == "-" { None } else { self.whole(&position, "position")? };
        if pair.is_none() && position.is_none() {
            self.missing("position", None);
            return Ok(None);
        }
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        let protocol = self.maybe(&protocol, "protocol", Role::Protocol)?;
        Ok(amount.map(|amount| Step::RemoveLiquidity { pair, amount, position, chain, protocol }))
    }

    fn revoke(&mut self, [asset, spender, chain]: [String; 3]) -> Slot<Step> {
        let asset = self.maybe(&asset, "asset", Role::Asset)?;
        let spender = if spender.starts_with('&') {
            self.payee(&spender, "spender", None)?
        } else {
            self.maybe(&spender, "spender", Role::Protocol)?
        };
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        Ok(Some(Step::Revoke { asset, spender, chain }))
    }

    fn rebalance(&mut self, line: &str, rest: &[&str]) -> Slot<Step> {
        let Some((chain, pairs)) = rest.split_first() else { return Err(Self::bad(line)) };
        let chain = self.maybe(chain, "chain", Role::Chain)?;
        let (mut targets, mut whole) = (BTreeMap::new(), !pairs.is_empty());
        for pair in pairs.chunks(2) {
            let [asset, share] = pair else { return Err(Self::bad(line)) };
            let (value, span, _) = self.number(share)?;
            let share: Option<Share> = match value {
                Value::Quantity(DraftAmount::Share(share)) => Some(share),
                Value::Quantity(_) | Value::Bps(_) | Value::Problem(_) => None,
            };
            if *asset == "?" || share.is_none() || targets.contains_key(*asset) {
                whole = false;
                continue;
            }
            self.name(asset, Role::Asset).ok_or_else(|| Self::bad(asset))?;
            self.put(&format!("targets/{asset}"), span);
            targets.extend(share.map(|share| ((*asset).to_owned(), share)));
        }
        if !whole {
            self.missing("targets", None);
            return Ok(None);
        }
        Ok(Some(Step::Rebalance { targets, chain }))
    }

    fn vote(&mut self, [proposal, side, governor, chain]: [String; 4]) -> Slot<Step> {
        let proposal = if proposal == "?" {
            self.missing("proposal", None);
            None
        } else {
            self.whole(&proposal, "proposal")?
        };
        let side = match side.as_str() {
            "for" => Support::For,
            "against" => Support::Against,
            "abstain" => Support::Abstain,
            _ => return Err(Self::bad(&side)),
        };
        let said = evidence::support(self.lexed, side).and_then(|token| self.span(token));
        match said {
            Some(span) => self.put("support", span),
            None => self.missing("support", None),
        }
        let governor = match governor.as_str() {
            "?" => {
                let dao = self.dao();
                if dao.is_none() {
                    self.missing("governor", None);
                }
                dao
            }
            payee if payee.starts_with('&') => self.payee(payee, "governor", None)?,
            name => Some(self.named(name, "governor", Role::Protocol)?),
        };
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        let step = proposal.zip(governor).filter(|_| said.is_some());
        Ok(step.map(|(proposal, governor)| Step::Vote { proposal, support: side, governor, chain }))
    }

    /// "Proposal 4 of Arbitrum": a chain's name is its DAO's too.
    fn dao(&mut self) -> Option<String> {
        let mut chains = self.lexed.tokens.iter().filter_map(|token| token.name()?.chain);
        let name = chains.find(|chain| lexicon::has_dao(chain))?;
        self.named(name, "governor", Role::Chain).ok()
    }

    fn delegate(&mut self, [asset, to, chain]: [String; 3]) -> Slot<Step> {
        let asset = self.asset(&asset, "asset")?;
        let to = self.payee(&to, "to", asset.as_deref())?;
        let chain = self.maybe(&chain, "chain", Role::Chain)?;
        Ok(asset.zip(to).map(|(asset, to)| Step::Delegate { asset, to, chain }))
    }

    /// A whole number by its digits.
    fn whole(&mut self, slot: &str, field: &str) -> Slot<String> {
        let (value, _, digits) = self.number(slot)?;
        if let Value::Quantity(DraftAmount::Units(number)) = value
            && number.decimals() == 0
        {
            self.put(field, digits);
            return Ok(Some(number.to_string()));
        }
        self.missing(field, None);
        Ok(None)
    }

    /// A fee or a slippage in basis points, from percent or basis points.
    fn bps(&mut self, slot: &str, field: &str) -> Slot<u32> {
        if slot == "-" {
            return Ok(None);
        }
        let (value, span, _) = self.number(slot)?;
        let bps = match value {
            Value::Bps(bps) => Some(bps),
            Value::Quantity(DraftAmount::Share(Share::Percent(percent))) => percent.shifted(2),
            Value::Quantity(_) | Value::Problem(_) => None,
        };
        match bps.and_then(|bps| bps.as_str().parse().ok()) {
            Some(bps) => {
                self.put(field, span);
                Ok(Some(bps))
            }
            None => {
                self.missing(field, None);
                Ok(None)
            }
        }
    }

    /// The asset that the step's amount counts by its place in the sentence: "100 **USDC**", "half of my **ETH**".
    fn adjacent_asset(&self) -> Option<&'static str> {
        let (start, _) = self.sources.get(&format!("{}/amount", self.base))?;
        let token = self.lexed.tokens.iter().position(|token| token.start == *start)?;
        crate::uses::counted_asset(self.lexed, token)
    }
}
