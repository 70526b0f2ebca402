//! The one door to revm: one message in, its result, state changes and what ran out. Commits nothing.

use std::collections::BTreeSet;

use agent_core::{Fees, Log};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use op_revm::{DefaultOp, OpBuilder, OpContext, OpHaltReason, OpSpecId, OpTransaction};
use revm::bytecode::opcode::SLOAD;
use revm::context::result::{EVMError, ExecutionResult, HaltReason};
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::database::EmptyDB;
use revm::database_interface::WrapDatabaseRef;
use revm::inspector::{InspectEvm, Inspector};
use revm::interpreter::Interpreter;
use revm::interpreter::interpreter_types::{InputsTr, Jumps};
use revm::primitives::hardfork::SpecId;
use revm::state::EvmState;
use revm::{Context, MainBuilder, MainContext};

use crate::base::{Overlay, StateError};

/// The rules of L1 networks.
const L1_SPEC: SpecId = SpecId::OSAKA;
/// The rules of OP stack networks.
pub(crate) const OP_SPEC: OpSpecId = OpSpecId::JOVIAN;

/// The block in which a message would run: the one after the pinned block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env {
    pub(crate) chain_id: u64,
    pub(crate) op_stack: bool,
    pub(crate) number: u64,
    /// Seconds since the Unix epoch.
    pub(crate) timestamp: u64,
    /// Wei per gas.
    pub(crate) base_fee: u64,
    pub(crate) gas_limit: u64,
}

/// What is executed.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// Wei.
    pub(crate) value: U256,
    pub(crate) data: Bytes,
    pub(crate) gas_limit: u64,
    /// `None`: as `eth_call`, without nonce, gas price and signature.
    pub(crate) signed: Option<SignedParts>,
}

/// What only a transaction has.
#[derive(Debug)]
pub(crate) struct SignedParts {
    pub(crate) nonce: u64,
    pub(crate) fees: Fees,
    /// Its bytes on the wire; the OP stack charges for them.
    pub(crate) envelope: Bytes,
}

/// How a message ended, and what it did.
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) result: ExecutionResult<HaltReason>,
    pub(crate) state: EvmState,
    pub(crate) watch: Watch,
}

/// Why a message did not run at all.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No block could include it.
    Invalid(String),
    State(StateError),
    Internal(String),
}

/// Notes which contracts' code ran and which storage slots were read.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) ran: BTreeSet<Address>,
    pub(crate) reads: BTreeSet<(Address, U256)>,
}

impl<C> Inspector<C> for Watch {
    fn initialize_interp(&mut self, interpreter: &mut Interpreter, _: &mut C) {
        // Under DELEGATECALL the code is another account's; init code has no address but the new contract's.
        let input = &interpreter.input;
        self.ran.insert(input.bytecode_address().copied().unwrap_or_else(|| input.target_address()));
    }

    fn step(&mut self, interpreter: &mut Interpreter, _: &mut C) {
        if interpreter.bytecode.opcode() == SLOAD
            && let Ok(slot) = interpreter.stack.peek(0)
        {
            self.reads.insert((interpreter.input.target_address(), slot));
        }
    }
}

/// Executes `message` on `state`, which stays as it is.
pub(crate) fn execute(state: &Overlay, env: &Env, message: Message) -> Result<Executed, Failure> {
    let free = message.signed.is_none();
    let mut watch = Watch::default();
    let database = WrapDatabaseRef(state);
    let (tx, envelope) = transaction(env, message);
    if env.op_stack {
        let context: OpContext<EmptyDB> = Context::op();
        let mut evm = context
            .with_db(database)
            .modify_cfg_chained(|cfg| configure(cfg, OP_SPEC, env, free))
            .modify_block_chained(|block| place(block, env))
            .build_op_with_inspector(&mut watch);
        let tx = OpTransaction { enveloped_tx: Some(envelope), ..OpTransaction::new(tx) };
        let ran = evm.inspect_tx(tx).map_err(failure)?;
        let result = ran.result.map_haltreason(|reason| match reason {
            OpHaltReason::Base(reason) => reason,
            // Only deposits end so, and none is made here.
            OpHaltReason::FailedDeposit => HaltReason::OverflowPayment,
        });
        return Ok(Executed { result, state: ran.state, watch });
    }
    let mut evm = Context::mainnet()
        .with_db(database)
        .modify_cfg_chained(|cfg| configure(cfg, L1_SPEC, env, free))
        .modify_block_chained(|block| place(block, env))
        .build_mainnet_with_inspector(&mut watch);
    let ran = evm.inspect_tx(tx).map_err(failure)?;
    Ok(Executed { result: ran.result, state: ran.state, watch })
}

fn configure<S: Into<SpecId> + Clone>(cfg: &mut CfgEnv<S>, spec: S, env: &Env, free: bool) {
    cfg.chain_id = env.chain_id;
    cfg.set_spec_and_mainnet_gas_params(spec);
    cfg.disable_nonce_check = free;
    cfg.disable_base_fee = free;
    cfg.disable_eip3607 = free;
    if free {
        cfg.tx_gas_limit_cap = Some(u64::MAX);
    }
}

fn place(block: &mut BlockEnv, env: &Env) {
    block.number = U256::from(env.number);
    block.timestamp = U256::from(env.timestamp);
    block.basefee = env.base_fee;
    block.gas_limit = env.gas_limit;
}

fn transaction(env: &Env, message: Message) -> (TxEnv, Bytes) {
    let tx = TxEnv {
        caller: message.from,
        kind: TxKind::Call(message.to),
        value: message.value,
        data: message.data,
        gas_limit: message.gas_limit,
        chain_id: Some(env.chain_id),
        ..TxEnv::default()
    };
    let Some(signed) = message.signed else { return (tx, Bytes::new()) };
    let tx = TxEnv {
        tx_type: 2,
        nonce: signed.nonce,
        gas_price: signed.fees.max_fee_per_gas,
        gas_priority_fee: Some(signed.fees.max_priority_fee_per_gas),
        ..tx
    };
    (tx, signed.envelope)
}

fn failure<T: ToString>(error: EVMError<StateError, T>) -> Failure {
    match error {
        EVMError::Transaction(error) => Failure::Invalid(error.to_string()),
        EVMError::Database(error) => Failure::State(error),
        EVMError::Header(error) => Failure::Internal(error.to_string()),
        EVMError::Custom(error) => Failure::Internal(error),
        EVMError::CustomAny(error) => Failure::Internal(error.to_string()),
    }
}

pub(crate) fn log(log: revm::primitives::Log) -> Log {
    Log { address: log.address, topics: log.data.topics().to_vec(), data: log.data.data }
}
