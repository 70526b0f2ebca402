//! Reading and what-if on a copy of a network's state.

use std::collections::BTreeMap;

use agent_core::ports::{Fork, Simulator, View};
use agent_core::{
    AllowanceLeft, Asset, AssetChange, AssetKind, BlockRef, Call, CallEnd, CallOutcome, CallRole, Change,
    Exit, Fees, NetworkId, Refusal, Simulation,
};
use alloy_primitives::{Address, Bytes, U256};
use async_trait::async_trait;

use crate::chain::{FakeChain, GAS};
use crate::kill::Kill;
use crate::state::State;

/// The state at one block.
#[derive(Debug, Clone)]
pub struct FakeView {
    pub network: NetworkId,
    pub block: BlockRef,
    pub state: State,
}

#[async_trait]
impl View for FakeView {
    fn network(&self) -> NetworkId {
        self.network
    }

    fn block(&self) -> BlockRef {
        self.block
    }

    async fn call(&self, from: Address, to: Address, data: Bytes) -> Result<CallOutcome, Refusal> {
        let decoded = String::new();
        let call = Call { to, value: U256::ZERO, data, decoded, role: CallRole::Act };
        Ok(outcome(self.state.clone().run(from, &call), &call, U256::ZERO))
    }

    async fn balance(&self, account: Address) -> Result<U256, Refusal> {
        Ok(self.state.balance(account, AssetKind::Native))
    }

    async fn code(&self, _account: Address) -> Result<Bytes, Refusal> {
        Ok(Bytes::new())
    }
}

/// A private copy that calls are run on.
#[derive(Debug)]
pub struct FakeFork {
    view: FakeView,
    /// The OP stack's data fee of every call, wei.
    l1_fee: U256,
    assets: Vec<Asset>,
    kill: Kill,
}

#[async_trait]
impl View for FakeFork {
    fn network(&self) -> NetworkId {
        self.view.network
    }

    fn block(&self) -> BlockRef {
        self.view.block
    }

    async fn call(&self, from: Address, to: Address, data: Bytes) -> Result<CallOutcome, Refusal> {
        self.view.call(from, to, data).await
    }

    async fn balance(&self, account: Address) -> Result<U256, Refusal> {
        self.view.balance(account).await
    }

    async fn code(&self, account: Address) -> Result<Bytes, Refusal> {
        self.view.code(account).await
    }
}

#[async_trait]
impl Fork for FakeFork {
    async fn run(
        &mut self,
        account: Address,
        calls: &[Call],
        _fees: Fees,
        assets: &[Asset],
        also: &[Address],
    ) -> Result<Simulation, Refusal> {
        self.kill.place().await;
        let before = self.view.state.clone();
        let mut outcomes = Vec::new();
        for call in calls {
            let ran = self.view.state.run(account, call);
            let failed = ran.end != CallEnd::Success;
            outcomes.push(outcome(ran, call, self.l1_fee));
            if failed {
                break;
            }
        }
        let after = &self.view.state;
        let mut changes = Vec::new();
        for account in std::iter::once(&account).chain(also) {
            let moved = assets.iter().chain(&self.assets).filter_map(|asset| {
                let amount = Change::between(
                    asset,
                    before.balance(*account, asset.kind),
                    after.balance(*account, asset.kind),
                )?;
                Some(AssetChange { account: *account, amount })
            });
            for change in moved {
                if !changes.contains(&change) {
                    changes.push(change);
                }
            }
        }
        let untouched = before.allowances(account);
        let left = after.allowances(account).into_iter().filter(|left| !untouched.contains(left));
        let allowances_left = left
            .filter_map(|(token, spender, raw)| {
                let asset = self.assets.iter().find(|asset| asset.token() == Some(token))?.clone();
                Some(AllowanceLeft { asset, spender, raw })
            })
            .collect();
        self.kill.place().await;
        Ok(Simulation { block: self.view.block, calls: outcomes, changes, allowances_left, nfts: Vec::new() })
    }

    async fn credit(&mut self, account: Address, asset: &Asset, raw: U256) -> Result<(), Refusal> {
        self.kill.place().await;
        self.view.state.credit(account, asset.kind, raw);
        Ok(())
    }

    fn view(&self) -> &dyn View {
        &self.view
    }
}

fn outcome(ran: crate::state::Ran, call: &Call, l1_fee: U256) -> CallOutcome {
    let (output, logs, end) = (ran.output, ran.logs, ran.end);
    CallOutcome { end, output, gas_used: GAS, l1_fee, logs, touched: vec![call.to] }
}

/// Forks the fake chains.
#[derive(Debug, Clone)]
pub struct FakeSimulator {
    pub chains: BTreeMap<u64, FakeChain>,
    pub kill: Kill,
}

#[async_trait]
impl Simulator for FakeSimulator {
    async fn fork(&self, chain_id: u64) -> Result<Box<dyn Fork>, Refusal> {
        self.kill.place().await;
        let chain = self.chains.get(&chain_id).ok_or_else(|| {
            Refusal::new(Exit::Usage, "config.unknown_chain", format!("chain {chain_id} is not here"))
        })?;
        chain.readable()?;
        let (l1_fee, assets) = (chain.l1_fee(), chain.assets());
        Ok(Box::new(FakeFork { view: chain.newest(), l1_fee, assets, kill: self.kill.clone() }))
    }
}
