//! The lending market: it takes and gives WETH, so ETH is wrapped before and unwrapped after.

use agent_core::draft::DraftAmount;
use agent_core::{Action, Asset, Origin, Quantity, Refusal};

use super::places::Measure;
use super::{Grounding, asks, whole_output, wrapping};
use crate::payees;

const TAKES: &str = "the lending market takes WETH, not ETH";

impl Grounding<'_> {
    pub(super) fn supply(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
        protocol: Option<&str>,
    ) -> Result<(), Refusal> {
        self.family(protocol, "aave", "a supply")?;
        let make = |asset, amount| Action::Supply { asset, amount };
        self.lend(asset, amount, chain, Measure::Held, make)
    }

    pub(super) fn repay(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
        protocol: Option<&str>,
    ) -> Result<(), Refusal> {
        self.family(protocol, "aave", "a repayment")?;
        let make = |asset, amount| Action::Repay { asset, amount };
        self.lend(asset, amount, chain, Measure::Owed, make)
    }

    pub(super) fn withdraw(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
        protocol: Option<&str>,
    ) -> Result<(), Refusal> {
        self.family(protocol, "aave", "a withdrawal")?;
        let make = |asset, amount| Action::Withdraw { asset, amount };
        self.take(asset, amount, chain, Measure::Lent, make)
    }

    pub(super) fn borrow(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
        protocol: Option<&str>,
    ) -> Result<(), Refusal> {
        self.family(protocol, "aave", "a loan")?;
        let make = |asset, amount| Action::Borrow { asset, amount };
        self.take(asset, amount, chain, Measure::Backing, make)
    }

    fn lend(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
        measure: Measure,
        action: impl FnOnce(Asset, Quantity) -> Action,
    ) -> Result<(), Refusal> {
        let network = self.choose(chain, &[asset], amount, Some("aave"), measure)?;
        let (said, token) = (self.asset(asset, network)?, self.token(asset, network)?);
        let of_debt = matches!(amount, DraftAmount::Share(_) | DraftAmount::All | DraftAmount::AllBut(_));
        let amount = if measure == Measure::Owed && of_debt {
            // A share of the debt, which is in WETH: how much that is, only the market knows when it is paid.
            self.quantity(amount, &token)?
        } else {
            let quantity = self.quantity(amount, &said)?;
            self.in_twin(said, &token, quantity, TAKES)
        };
        self.push(action(token, amount), Origin::Said);
        self.done();
        Ok(())
    }

    fn take(
        &mut self,
        asset: &str,
        amount: &DraftAmount,
        chain: Option<&str>,
        measure: Measure,
        action: impl FnOnce(Asset, Quantity) -> Action,
    ) -> Result<(), Refusal> {
        let network = self.choose(chain, &[asset], amount, Some("aave"), measure)?;
        let (said, token) = (self.asset(asset, network)?, self.token(asset, network)?);
        let quantity = self.quantity(amount, &token)?;
        let taken = self.push(action(token.clone(), quantity), Origin::Said);
        if !said.same(&token) {
            let because = "the lending market gives WETH, and ETH was asked for".to_owned();
            let whole = whole_output(taken, token.clone());
            self.push(wrapping(token, said, whole), Origin::Added { because });
        }
        self.done();
        Ok(())
    }

    pub(super) fn collateral(
        &mut self,
        asset: &str,
        enabled: bool,
        chain: Option<&str>,
        protocol: Option<&str>,
    ) -> Result<(), Refusal> {
        self.family(protocol, "aave", "switching collateral")?;
        let network = self.choose(chain, &[asset], &DraftAmount::All, Some("aave"), Measure::Lent)?;
        let asset = self.token(asset, network)?;
        self.push(Action::Collateral { asset, enabled }, Origin::Said);
        self.done();
        Ok(())
    }

    pub(super) fn liquidate(
        &mut self,
        account: &str,
        (debt, collateral): (&str, &str),
        amount: &DraftAmount,
        chain: Option<&str>,
        protocol: Option<&str>,
    ) -> Result<(), Refusal> {
        self.family(protocol, "aave", "a liquidation")?;
        let network = match (chain, self.output(amount)) {
            (Some(name), _) => self.network(name)?,
            (None, Some((_, result))) => self.by_id(result.chain_id)?,
            (None, None) => {
                return Err(asks("clarify.chain", "On which chain is the account that owes?".to_owned()));
            }
        };
        let account = payees::address(account)?;
        let (said, debt) = (self.asset(debt, network)?, self.token(debt, network)?);
        let collateral = self.token(collateral, network)?;
        let quantity = self.quantity(amount, &said)?;
        let amount = self.in_twin(said, &debt, quantity, TAKES);
        self.push(Action::Liquidate { account, debt, collateral, amount }, Origin::Said);
        self.done();
        Ok(())
    }
}
