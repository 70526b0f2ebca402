//! Payments, swaps, bridges, wraps and stakes: what moves assets and leaves no position behind.

use agent_core::draft::{self, DraftAmount};
use agent_core::{Action, Asset, Exit, Origin, Quantity, Refusal, Side, tame};

use super::places::Measure;
use super::{Grounding, SLIPPAGE_BPS, SLIPPAGE_BPS_MAX, asks, lacks, wrapping};
use crate::payees;

impl Grounding<'_> {
    /// ETH into WETH, stETH into wstETH, or back.
    pub(super) fn coat(
        &mut self,
        asset: Option<&str>,
        amount: &DraftAmount,
        chain: Option<&str>,
        on: bool,
    ) -> Result<(), Refusal> {
        let (bare, coated) = match asset {
            None | Some("ETH" | "WETH") => ("ETH", "WETH"),
            Some("stETH" | "wstETH") => ("stETH", "wstETH"),
            Some(other) => return Err(lacks(self.number(), &format!("wrapping {}", tame(other)))),
        };
        let (from, to) = if on { (bare, coated) } else { (coated, bare) };
        self.wrap(from, to, amount, chain)
    }

    pub(super) fn unstake(&self, asset: &str) -> Refusal {
        let what = format!("unstaking {} (Lido's withdrawal queue is not in this world)", tame(asset));
        lacks(self.number(), &what).help("say: swap stETH to ETH")
    }

    pub(super) fn transfer(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        to: &str,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let payee = payees::payee(to, self.number(), self.ask)?;
        let last = self.ask.last_chain.iter().find(|(address, _)| *address == payee.address);
        let network = match (chain, last, self.output(amount)) {
            (Some(name), _, _) => self.network(name)?,
            (None, _, Some((_, result))) => self.by_id(result.chain_id)?,
            (None, Some((_, chain_id)), None) => self.by_id(*chain_id)?,
            (None, None, None) => {
                return Err(asks("clarify.chain", format!("On which chain should {} be paid?", tame(to))));
            }
        };
        payees::not_a_contract(&payee, network, self.number())?;
        let asset = self.asset(asset, network)?;
        let amount = self.quantity(amount, &asset)?;
        let source = payee.source.clone();
        self.push(Action::Transfer { asset, amount, to: payee.address, payee: payee.name }, Origin::Said);
        if let (Some(source), Some(step)) = (source, self.steps.last_mut()) {
            step.sources.insert("to".to_owned(), source);
        }
        self.done();
        Ok(())
    }

    pub(super) fn swap(
        &mut self,
        (sell, buy): (&str, &str),
        amount: &DraftAmount,
        side: draft::Side,
        chain: Option<&str>,
        slippage: Option<u32>,
    ) -> Result<(), Refusal> {
        match (sell, buy, side) {
            ("ETH", "WETH", _) | ("WETH", "ETH", _) => return self.wrap(sell, buy, amount, chain),
            ("stETH", "wstETH", draft::Side::Sell) | ("wstETH", "stETH", draft::Side::Sell) => {
                return self.wrap(sell, buy, amount, chain);
            }
            (sell, buy, _) if sell == buy => {
                let message = format!("step {}: {sell} for {buy} is no swap", self.number());
                return Err(
                    Refusal::new(Exit::RefusedInput, "input.same_asset", message).help("name two assets")
                );
            }
            _ => {}
        }
        let max_slippage_bps = slippage.unwrap_or(SLIPPAGE_BPS);
        if max_slippage_bps > SLIPPAGE_BPS_MAX {
            let message = format!(
                "step {}: a slippage of {max_slippage_bps} bps is above the {SLIPPAGE_BPS_MAX} bps that may be said",
                self.number()
            );
            return Err(Refusal::new(Exit::RefusedInput, "input.slippage", message)
                .help("say a smaller slippage, or none (50 bps)"));
        }
        // How much is held decides the chain only where the amount is of what is sold.
        let by = match side {
            draft::Side::Sell => amount.clone(),
            draft::Side::Buy => DraftAmount::All,
        };
        let network = self.choose(chain, &[sell, buy], &by, Some("uniswap"), Measure::Held)?;
        let (sell, buy) = (self.asset(sell, network)?, self.asset(buy, network)?);
        let side = match side {
            draft::Side::Sell => Side::Sell,
            draft::Side::Buy => Side::Buy,
        };
        let amount = self.quantity(amount, if side == Side::Sell { &sell } else { &buy })?;
        self.push(Action::Swap { sell, buy, amount, side, max_slippage_bps }, Origin::Said);
        self.done();
        Ok(())
    }

    fn wrap(
        &mut self,
        from: &str,
        to: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let network = self.choose(chain, &[from, to], amount, None, Measure::Held)?;
        let (from, to) = (self.asset(from, network)?, self.asset(to, network)?);
        let amount = self.quantity(amount, &from)?;
        self.push(wrapping(from, to, amount), Origin::Said);
        self.done();
        Ok(())
    }

    pub(super) fn bridge(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        from: Option<&str>,
        to: &str,
    ) -> Result<(), Refusal> {
        let target = self.network(to)?;
        let network = match (from, self.output(amount)) {
            (Some(from), _) => self.network(from)?,
            (None, Some((_, result))) => self.by_id(result.chain_id)?,
            (None, None) => self.holding(asset, amount, target.id.chain_id)?,
        };
        if network.id == target.id {
            let message = format!(
                "step {}: the {asset} is on {to} already, and a bridge leads to another chain",
                self.number()
            );
            return Err(Refusal::new(Exit::RefusedInput, "input.same_chain", message)
                .help("name another chain, or leave the bridge out"));
        }
        let sent = self.asset(asset, network)?;
        // The bridge unwraps WETH for an externally owned account: it arrives as the native coin.
        let arrives = if asset == "WETH" { "ETH" } else { asset };
        let out = self.asset(arrives, target)?;
        let amount = self.quantity(amount, &sent)?;
        self.push(Action::Bridge { asset: sent, out, amount, side: Side::Sell }, Origin::Said);
        self.done();
        Ok(())
    }

    pub(super) fn stake(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        if !matches!(asset, "ETH" | "WETH") {
            return Err(lacks(self.number(), &format!("staking {}", tame(asset)))
                .help("ETH can be staked (it becomes stETH)"));
        }
        let network = self.choose(chain, &[asset, "stETH"], amount, None, Measure::Held)?;
        let (said, coin) = (self.asset(asset, network)?, self.asset("ETH", network)?);
        let to = self.asset("stETH", network)?;
        let quantity = self.quantity(amount, &said)?;
        let because = "Lido takes ETH, not WETH";
        let amount = self.in_twin(said, &coin, quantity, because);
        self.push(Action::Stake { from: coin, to, amount }, Origin::Said);
        self.done();
        Ok(())
    }

    /// `quantity` of `said`, as `wanted`: with a wrap or an unwrap before it where they are the coin and its token, but
    /// for where only what is wanted is held.
    pub(super) fn in_twin(
        &mut self,
        said: Asset,
        wanted: &Asset,
        quantity: Quantity,
        because: &str,
    ) -> Quantity {
        if said.same(wanted) || self.only_twin_held(&said, wanted, &quantity) {
            return quantity;
        }
        let origin = Origin::Added { because: because.to_owned() };
        let step = self.push(wrapping(said, wanted.clone(), quantity), origin);
        super::whole_output(step, wanted.clone())
    }

    fn only_twin_held(&self, said: &Asset, wanted: &Asset, quantity: &Quantity) -> bool {
        let (Quantity::Exact(raw), Some(portfolio)) = (quantity, self.portfolio(said.chain_id)) else {
            return false;
        };
        self.ask.complete && portfolio.held(said) < *raw && portfolio.held(wanted) >= *raw
    }
}
