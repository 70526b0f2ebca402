//! One step that is being compiled: what every protocol needs for it.

use agent_core::ports::View;
use agent_core::{Amount, Asset, Call, CallRole, CompiledStep, Exit, NetworkInfo, Refusal, Registry, Step};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use serde_json::json;

use crate::protocols::erc20::{self, IERC20};
use crate::{decode, read};

/// Seconds for which a transaction with a deadline may be included.
const DEADLINE_S: u64 = 600;

pub(crate) struct Ask<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) network: &'a NetworkInfo,
    pub(crate) view: &'a dyn View,
    pub(crate) account: Address,
    pub(crate) step: &'a Step,
    /// Smallest units of what the step counts.
    pub(crate) raw: U256,
    /// Everything that is held, or owed.
    pub(crate) whole: bool,
    pub(crate) now: u64,
}

/// An exact allowance: made before the act unless it is there already, and taken back.
pub(crate) struct Allowance {
    give: Vec<Call>,
    take_back: Call,
}

impl Ask<'_> {
    pub(crate) fn role(&self, role: &str) -> Result<Address, Refusal> {
        read::role(self.network, role)
    }

    pub(crate) async fn read<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, Refusal> {
        read::read(self.view, self.account, to, call).await
    }

    /// Seconds since the Unix epoch; the chain's clock may be ahead of ours.
    pub(crate) fn deadline(&self) -> u64 {
        self.now.max(self.view.block().timestamp).saturating_add(DEADLINE_S)
    }

    pub(crate) async fn balance(&self, asset: &Asset) -> Result<U256, Refusal> {
        balance(self.view, self.account, asset).await
    }

    /// Refuses a step that spends more than is held.
    pub(crate) async fn must_hold(&self, amount: &Amount) -> Result<(), Refusal> {
        let held = amount.asset().amount(self.balance(amount.asset()).await?);
        match held.checked_sub(amount) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.too_little(amount, &held, "held")),
        }
    }

    pub(crate) fn too_little(&self, wanted: &Amount, held: &Amount, how: &str) -> Refusal {
        let missing = wanted.asset().amount(wanted.raw().saturating_sub(held.raw()));
        let message = format!(
            "step {} ({}) needs {wanted} on {}, and {held} is {how}: {missing} is missing",
            self.step.index,
            self.step.action.name(),
            self.network.name,
        );
        Refusal::new(Exit::NotPossible, "world.balance", message)
            .help("name a smaller amount, or put more on the account")
            .details(json!({"step": self.step.index, "wanted": wanted, "held": held, "missing": missing}))
    }

    pub(crate) fn not_possible(&self, code: &str, why: &str) -> Refusal {
        let message = format!(
            "step {} ({}) is not possible on {}: {why}",
            self.step.index,
            self.step.action.name(),
            self.network.name
        );
        Refusal::new(Exit::NotPossible, code, message).help("change the intent")
    }

    /// A call with its words. What cannot be decoded again is not compiled.
    pub(crate) fn call(
        &self,
        role: CallRole,
        to: Address,
        value: U256,
        data: Bytes,
    ) -> Result<Call, Refusal> {
        let decoded = decode::decode(self.registry, self.network, to, value, &data).map_err(|why| {
            Refusal::new(Exit::Error, "compile.undecodable", format!("step {}: {why}", self.step.index))
        })?;
        Ok(Call { to, value, data, decoded: decoded.text, role })
    }

    pub(crate) fn act<C: SolCall>(&self, to: Address, value: U256, call: &C) -> Result<Call, Refusal> {
        self.call(CallRole::Act, to, value, call.abi_encode().into())
    }

    pub(crate) async fn allow(
        &self,
        token: Address,
        spender: Address,
        raw: U256,
    ) -> Result<Allowance, Refusal> {
        let current = self.read(token, &IERC20::allowanceCall { owner: self.account, spender }).await?;
        let approve = |raw| self.call(CallRole::Approve, token, U256::ZERO, erc20::approve(spender, raw));
        let give = match current == raw {
            true => Vec::new(),
            false if current.is_zero() => vec![approve(raw)?],
            // USDT changes an allowance only from or to 0.
            false => vec![approve(U256::ZERO)?, approve(raw)?],
        };
        let take_back =
            self.call(CallRole::Revoke, token, U256::ZERO, erc20::approve(spender, U256::ZERO))?;
        Ok(Allowance::new(give, take_back))
    }

    /// A step of one act, without anything that it spends or yields yet.
    pub(crate) fn compiled(&self, act: Call, protocol: Option<&str>, assets: Vec<Asset>) -> CompiledStep {
        CompiledStep {
            step: self.step.index,
            calls: vec![act],
            cleanup: Vec::new(),
            spends: Vec::new(),
            yields: Vec::new(),
            quote: None,
            protocol: protocol.map(str::to_owned),
            payees: Vec::new(),
            assets,
        }
    }
}

impl Allowance {
    pub(crate) fn new(give: Vec<Call>, take_back: Call) -> Self {
        Self { give, take_back }
    }

    /// Puts the allowance around the act. `rest`: the act may not use all of it up.
    pub(crate) fn around(self, step: &mut CompiledStep, rest: bool) {
        // One that was there already is not ours to take back if the act fails.
        if !self.give.is_empty() {
            step.calls.splice(0..0, self.give);
            step.cleanup.push(self.take_back.clone());
        }
        if rest {
            step.calls.push(self.take_back);
        }
    }
}

/// Smallest units.
pub(crate) async fn balance(view: &dyn View, account: Address, asset: &Asset) -> Result<U256, Refusal> {
    match asset.token() {
        None => view.balance(account).await,
        Some(token) => read::read(view, account, token, &IERC20::balanceOfCall { account }).await,
    }
}
