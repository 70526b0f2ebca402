//! One chain of a new world in revm, with a clock that tests may turn.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use devnet::{ChainWorld, DemoKeys, Progress, World, artifacts, deploy};
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    context::{TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    primitives::{TxKind, hardfork::SpecId},
};

use super::cache_dir;

pub(crate) struct Machine {
    pub(crate) world: World,
    pub(crate) chain: ChainWorld,
    pub(crate) wallet: Address,
    /// Seconds since 1970.
    pub(crate) time: u64,
    db: CacheDB<EmptyDB>,
}

impl Machine {
    pub(crate) async fn new(chain_id: u64) -> Self {
        Self::changed(chain_id, |_| ()).await
    }

    /// A chain that is changed before it starts.
    pub(crate) async fn changed(chain_id: u64, change: impl FnOnce(&mut ChainWorld)) -> Self {
        let artifacts = artifacts::fetch(&cache_dir(), Progress::Silent).await.unwrap();
        let keys = DemoKeys::random();
        let world = deploy::world(&artifacts, &keys).unwrap();
        let mut chain = world.chain(chain_id).unwrap().clone();
        change(&mut chain);
        Self { db: chain.database(), world, chain, wallet: keys.wallet.address(), time: 1_800_000_000 }
    }

    /// The contract of this role.
    pub(crate) fn at(&self, role: &str) -> Address {
        self.chain.roles.get(role).copied().unwrap_or_else(|| panic!("no {role}"))
    }

    /// A call, committed: what it returned, or what it reverted with.
    pub(crate) fn send<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        call: C,
    ) -> Result<C::Return, Bytes> {
        self.pay(from, to, U256::ZERO, call)
    }

    /// A call with wei.
    pub(crate) fn pay<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        wei: U256,
        call: C,
    ) -> Result<C::Return, Bytes> {
        let time = self.time;
        pay(&mut self.db, time, (from, to, wei), call)
    }

    /// What a call would return, from no one in particular.
    pub(crate) fn read<C: SolCall>(&mut self, to: Address, call: C) -> C::Return {
        self.send(Address::ZERO, to, call).unwrap()
    }

    /// What an account holds of a token.
    pub(crate) fn balance(&mut self, token: &str, account: Address) -> U256 {
        let token = self.at(token);
        self.read(token, super::balanceOfCall { account })
    }

    /// Lets `spender` take any amount of the wallet's token.
    pub(crate) fn approve(&mut self, token: &str, spender: Address) {
        let (wallet, token) = (self.wallet, self.at(token));
        self.send(wallet, token, super::approveCall { spender, value: U256::MAX }).unwrap();
    }
}

/// `whole` tokens of this many decimals.
pub(crate) fn units(whole: u64, decimals: u8) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(decimals))
}

/// A call with wei at a time, committed: what it returned, or what it reverted with.
pub(crate) fn pay<C: SolCall>(
    db: &mut CacheDB<EmptyDB>,
    time: u64,
    (from, to, wei): (Address, Address, U256),
    call: C,
) -> Result<C::Return, Bytes> {
    let mut evm = Context::mainnet()
        .with_db(db)
        .modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SpecId::PRAGUE);
            cfg.disable_nonce_check = true;
        })
        .modify_block_chained(|block| block.timestamp = U256::from(time))
        .build_mainnet();
    let tx = TxEnv::builder()
        .caller(from)
        .kind(TxKind::Call(to))
        .value(wei)
        .data(call.abi_encode().into())
        .gas_limit(16_000_000);
    match evm.transact_commit(tx.gas_price(0).build().unwrap()).unwrap() {
        ExecutionResult::Success { output, .. } => Ok(C::abi_decode_returns(output.data()).unwrap()),
        ExecutionResult::Revert { output, .. } => Err(output),
        halt @ ExecutionResult::Halt { .. } => panic!("{halt:?}"),
    }
}
