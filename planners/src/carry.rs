//! What one step says for the next: the chain at the head of the sentence, the chain that a bridge went to, and what
//! "it" and "there" lean on. A carried value takes the source that it inherits.

use agent_core::draft::{DraftAmount, Step};

use crate::{
    lexer::Kind,
    lines::{Role, Writer},
};

/// Where a step runs (a bridge: where it begins), and the field's name.
fn place(step: &mut Step) -> (&mut Option<String>, &'static str) {
    match step {
        Step::Bridge { from, .. } => (from, "from"),
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
        | Step::Delegate { chain, .. } => (chain, "chain"),
    }
}

/// Protocols of one kind: "there" after a loan means the same market, not a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trade {
    Lending,
    Staking,
    Pools,
}

fn protocol(step: &mut Step) -> Option<(&mut Option<String>, Trade)> {
    match step {
        Step::Supply { protocol, .. }
        | Step::Withdraw { protocol, .. }
        | Step::Borrow { protocol, .. }
        | Step::Repay { protocol, .. }
        | Step::Collateral { protocol, .. } => Some((protocol, Trade::Lending)),
        Step::Stake { protocol, .. } | Step::Unstake { protocol, .. } => Some((protocol, Trade::Staking)),
        Step::Swap { protocol, .. }
        | Step::AddLiquidity { protocol, .. }
        | Step::RemoveLiquidity { protocol, .. } => Some((protocol, Trade::Pools)),
        Step::Transfer { .. }
        | Step::Bridge { .. }
        | Step::Wrap { .. }
        | Step::Unwrap { .. }
        | Step::Liquidate { .. }
        | Step::Claim { .. }
        | Step::Revoke { .. }
        | Step::Rebalance { .. }
        | Step::Vote { .. }
        | Step::Delegate { .. } => None,
    }
}

/// The amounts of a step.
pub(crate) fn amounts(step: &Step) -> Vec<&DraftAmount> {
    match step {
        Step::Transfer { amount, .. }
        | Step::Swap { amount, .. }
        | Step::Bridge { amount, .. }
        | Step::Wrap { amount, .. }
        | Step::Unwrap { amount, .. }
        | Step::Supply { amount, .. }
        | Step::Withdraw { amount, .. }
        | Step::Borrow { amount, .. }
        | Step::Repay { amount, .. }
        | Step::Liquidate { amount, .. }
        | Step::Stake { amount, .. }
        | Step::Unstake { amount, .. }
        | Step::RemoveLiquidity { amount, .. } => vec![amount],
        Step::AddLiquidity { amounts, .. } => amounts.iter().flatten().collect(),
        Step::Collateral { .. }
        | Step::Claim { .. }
        | Step::Revoke { .. }
        | Step::Rebalance { .. }
        | Step::Vote { .. }
        | Step::Delegate { .. } => Vec::new(),
    }
}

/// Step number (from 1) that a step leans on.
fn leans_on(step: &Step) -> Option<usize> {
    amounts(step).into_iter().find_map(|amount| match amount {
        DraftAmount::Yield { step, .. } => Some(*step),
        DraftAmount::Units(_)
        | DraftAmount::Usd(_)
        | DraftAmount::Share(_)
        | DraftAmount::All
        | DraftAmount::AllBut(_) => None,
    })
}

type Carried = (String, (usize, usize));

impl Writer<'_> {
    /// The chain on which a finished step leaves what it yields.
    fn end(&self, steps: &mut [Step], at: usize) -> Option<Carried> {
        let step = steps.get_mut(at)?;
        let (chain, field) = if let Step::Bridge { to, .. } = step {
            (Some(to.clone()), "to")
        } else {
            let (chain, field) = place(step);
            (chain.clone(), field)
        };
        chain.zip(self.sources.get(&format!("/steps/{at}/{field}")).copied())
    }

    /// "On Base, …": a chain at the head of the sentence.
    fn head(&self) -> Option<Carried> {
        let mut tokens =
            self.lexed.tokens.iter().filter(|token| !matches!(token.kind, Kind::Break | Kind::Quoted));
        let preposition = tokens.next()?.word()?;
        let token = tokens.next().filter(|_| matches!(preposition, "on" | "in" | "using" | "at"))?;
        let Kind::Name(name) = &token.kind else { return None };
        Some((name.chain?.to_owned(), (token.start, token.end)))
    }

    /// True where "there" (or "on the same chain") stands in the words of step `at`.
    fn leans_by_word(&self, at: usize, word: &str) -> bool {
        let ends_of = |at: usize| {
            let base = format!("/steps/{at}/");
            let own = self.sources.iter().filter(move |(pointer, _)| pointer.starts_with(&base));
            own.map(|(_, span)| *span).collect::<Vec<_>>()
        };
        let from = at
            .checked_sub(1)
            .and_then(|before| ends_of(before).iter().map(|(start, _)| *start).min())
            .unwrap_or(0);
        let next =
            ends_of(at.saturating_add(1)).iter().map(|(start, _)| *start).filter(|start| *start > from).max();
        let own = ends_of(at).iter().map(|(start, _)| *start).max().unwrap_or(from);
        let until = next.filter(|next| *next > own).unwrap_or(self.lexed.text.len());
        self.lexed
            .tokens
            .iter()
            .any(|token| token.word() == Some(word) && token.start > from && token.start <= until)
    }

    pub(crate) fn carry(&mut self, steps: &mut [Step]) {
        let head = self.head();
        let mut bridged: Option<Carried> = None;
        for at in 0..steps.len() {
            let lean = steps
                .get(at)
                .and_then(leans_on)
                .and_then(|step| step.checked_sub(1))
                .and_then(|step| self.end(steps, step));
            let there = || at.checked_sub(1).filter(|_| self.leans_by_word(at, "there"));
            let before = there().and_then(|before| self.end(steps, before));
            let carried = lean.or_else(|| bridged.clone()).or_else(|| head.clone()).or(before);
            let Some(step) = steps.get_mut(at) else { continue };
            let (chain, field) = place(step);
            if let (None, Some((name, span))) = (&chain, carried) {
                *chain = Some(name);
                self.sources.insert(format!("/steps/{at}/{field}"), span);
            }
            if matches!(step, Step::Bridge { .. }) {
                bridged = self.end(steps, at);
            }
            if self.leans_by_word(at, "there") {
                self.carry_protocol(steps, at);
            }
        }
    }

    /// The one chain that was said and that the model left out belongs to the one step that there is.
    pub(crate) fn only_chain(&mut self, steps: &mut [Step]) {
        let [step] = steps else { return };
        let (chain, field) = place(step);
        if chain.is_some() {
            return;
        }
        let unused = self.lexed.tokens.iter().enumerate().filter(|(at, _)| !self.used.contains_key(at));
        let said: Vec<&str> =
            unused.filter_map(|(_, token)| token.name().filter(|name| name.asset.is_none())?.chain).collect();
        if let [only] = said.as_slice() {
            *chain = Some((*only).to_owned());
            if let Some(span) = self.name(only, Role::Chain) {
                self.sources.insert(format!("/steps/0/{field}"), span);
            }
        }
    }

    fn carry_protocol(&mut self, steps: &mut [Step], at: usize) {
        let Some((None, trade)) =
            steps.get_mut(at).and_then(protocol).map(|(own, trade)| (own.clone(), trade))
        else {
            return;
        };
        let inherited = (0..at).rev().find_map(|before| {
            let (name, other) = protocol(steps.get_mut(before)?)?;
            let name = name.clone().filter(|_| other == trade)?;
            Some((name, *self.sources.get(&format!("/steps/{before}/protocol"))?))
        });
        if let (Some((name, span)), Some((own, _))) = (inherited, steps.get_mut(at).and_then(protocol)) {
            *own = Some(name);
            self.sources.insert(format!("/steps/{at}/protocol"), span);
        }
    }

    /// ETH to WETH and back is a wrap, by whatever verb.
    pub(crate) fn wrap_coins(&mut self, steps: &mut [Step]) {
        for (at, step) in steps.iter_mut().enumerate() {
            let Step::Swap { sell, buy, amount, chain, .. } = step else { continue };
            let wrapped = match (sell.as_str(), buy.as_str()) {
                ("ETH", "WETH") => Step::Wrap { amount: amount.clone(), asset: None, chain: chain.clone() },
                ("WETH", "ETH") => Step::Unwrap { amount: amount.clone(), asset: None, chain: chain.clone() },
                _ => continue,
            };
            *step = wrapped;
            for field in ["sell", "buy", "protocol", "max_slippage_bps"] {
                self.sources.remove(&format!("/steps/{at}/{field}"));
            }
        }
    }
}
