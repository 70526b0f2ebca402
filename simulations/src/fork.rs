//! One private copy of a network at a pinned block, as the ports `View` and `Fork`.

use std::sync::Arc;

use agent_core::ports::{Fork, View};
use agent_core::{
    Asset, BlockRef, Call, CallEnd, CallOutcome, Exit, Fees, NetworkId, NetworkInfo, Refusal, Simulation,
    tame,
};
use alloy_primitives::{Address, Bytes, U256};
use async_trait::async_trait;
use revm::DatabaseRef;
use revm::context::result::ExecutionResult;

use crate::approvals::nft_changes;
use crate::base::{Base, Overlay, StateError};
use crate::deltas::Deltas;
use crate::evm::{self, Env, Executed, Failure, Message};
use crate::revert;
use crate::rpc::Endpoint;

/// Gas of a `View::call`.
const VIEW_GAS: u64 = 30_000_000;

/// What a fork stands on; it never changes.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) network: Arc<NetworkInfo>,
    pub(crate) block: BlockRef,
    pub(crate) env: Env,
    /// Where state is read; none: from memory.
    pub(crate) endpoint: Option<Endpoint>,
}

impl Ground {
    pub(crate) fn unread(&self, error: &StateError) -> Refusal {
        let text = error.to_string();
        match &self.endpoint {
            Some(endpoint) => endpoint.unreachable(&self.network.name, &text),
            None => internal(&text),
        }
    }

    /// A message that is not a transaction, on `state`. `None`: no block could include it.
    pub(crate) fn try_call(
        &self,
        state: &Overlay,
        from: Address,
        to: Address,
        data: Bytes,
        gas_limit: u64,
    ) -> Result<Result<Executed, String>, Refusal> {
        let gas_limit = gas_limit.min(self.env.gas_limit);
        let message = Message { from, to, value: U256::ZERO, data, gas_limit, signed: None };
        self.execute(state, message)
    }

    /// Inside: the reason why no block could include it.
    pub(crate) fn execute(
        &self,
        state: &Overlay,
        message: Message,
    ) -> Result<Result<Executed, String>, Refusal> {
        if let Base::Node(node) = &state.db {
            node.prepare(&message);
        }
        match evm::execute(state, &self.env, message) {
            Ok(executed) => Ok(Ok(executed)),
            Err(Failure::Invalid(reason)) => Ok(Err(tame(&reason))),
            Err(Failure::State(error)) => Err(self.unread(&error)),
            Err(Failure::Internal(error)) => Err(internal(&error)),
        }
    }
}

fn internal(text: &str) -> Refusal {
    let message = format!("the simulation could not be carried out: {}", tame(text));
    Refusal::new(Exit::SimulationFailed, "simulation.failed", message)
}

/// A call that never ran.
pub(crate) fn halted(reason: String) -> CallOutcome {
    CallOutcome {
        end: CallEnd::Halt(reason),
        output: Bytes::new(),
        gas_used: 0,
        l1_fee: U256::ZERO,
        logs: Vec::new(),
        touched: Vec::new(),
    }
}

/// What is told of an executed message. Logs of a failed one never happened.
pub(crate) fn outcome(executed: &Executed, l1_fee: U256) -> CallOutcome {
    let result = &executed.result;
    let logs = match result {
        ExecutionResult::Success { logs, .. } => logs.iter().cloned().map(evm::log).collect(),
        ExecutionResult::Revert { .. } | ExecutionResult::Halt { .. } => Vec::new(),
    };
    CallOutcome {
        end: revert::end(result),
        output: result.output().cloned().unwrap_or_default(),
        gas_used: result.tx_gas_used(),
        l1_fee,
        logs,
        touched: executed.watch.ran.iter().copied().collect(),
    }
}

/// A fork that runs in this process.
#[derive(Debug)]
pub(crate) struct LocalFork {
    pub(crate) ground: Ground,
    pub(crate) state: Overlay,
}

#[async_trait]
impl View for LocalFork {
    fn network(&self) -> NetworkId {
        self.ground.network.id
    }

    fn block(&self) -> BlockRef {
        self.ground.block
    }

    async fn call(&self, from: Address, to: Address, data: Bytes) -> Result<CallOutcome, Refusal> {
        let executed = self.ground.try_call(&self.state, from, to, data, VIEW_GAS)?;
        Ok(executed.map_or_else(halted, |executed| outcome(&executed, U256::ZERO)))
    }

    async fn balance(&self, account: Address) -> Result<U256, Refusal> {
        let info = self.state.basic_ref(account).map_err(|error| self.ground.unread(&error))?;
        Ok(info.map_or(U256::ZERO, |info| info.balance))
    }

    async fn code(&self, account: Address) -> Result<Bytes, Refusal> {
        let unread = |error| self.ground.unread(&error);
        let Some(info) = self.state.basic_ref(account).map_err(unread)? else { return Ok(Bytes::new()) };
        if info.is_empty_code_hash() {
            return Ok(Bytes::new());
        }
        match info.code {
            Some(code) => Ok(code.original_bytes()),
            None => Ok(self.state.code_by_hash_ref(info.code_hash).map_err(unread)?.original_bytes()),
        }
    }
}

#[async_trait]
impl Fork for LocalFork {
    async fn run(
        &mut self,
        account: Address,
        calls: &[Call],
        fees: Fees,
        assets: &[Asset],
        also: &[Address],
    ) -> Result<Simulation, Refusal> {
        let before = self.state.clone();
        let simulated = self.run_calls(account, calls, fees).and_then(|ran| {
            let deltas =
                Deltas::new(&self.ground, &before, &self.state, account, also, assets, &ran.outcomes)?;
            let changes = deltas.changes(ran.fees_paid)?;
            let allowances_left = deltas.allowances(calls)?;
            let nfts = nft_changes(&ran.outcomes, account);
            Ok(Simulation { block: self.ground.block, calls: ran.outcomes, changes, allowances_left, nfts })
        });
        if simulated.is_err() {
            self.state = before;
        }
        simulated
    }

    async fn credit(&mut self, account: Address, asset: &Asset, raw: U256) -> Result<(), Refusal> {
        self.put(account, asset, raw)
    }

    fn view(&self) -> &dyn View {
        self
    }
}
