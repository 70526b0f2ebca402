//! The OP stack's fee for a transaction's bytes, before the transaction is signed.

use std::collections::BTreeSet;

use agent_core::{Call, Fees};
use alloy::consensus::{SignableTransaction, TxEip1559};
use alloy::eips::Encodable2718;
use alloy_primitives::{B256, Bytes, Signature, TxKind, U256, b256};
use op_revm::L1BlockInfo;
use op_revm::constants::{BASE_FEE_RECIPIENT, L1_BLOCK_CONTRACT, L1_FEE_RECIPIENT, OPERATOR_FEE_RECIPIENT};
use revm::database_interface::WrapDatabaseRef;

use crate::base::{Overlay, StateError};
use crate::evm::{Env, OP_SPEC};
use crate::hints::Touched;

/// Stand-ins of full entropy: as long, and as incompressible, as a real signature.
const R: B256 = b256!("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
const S: B256 = b256!("0x2f3a1c9be48d7056fa61b2e3904c7d58e1962f0ab7c4d385169e0f7a5bd84c23");
/// A gas limit of three full bytes, as nearly all are.
const GAS_LIMIT: u64 = 0x05_b3_c7;

/// The transaction's bytes as they would be sent, but for the signature.
pub(crate) fn envelope(chain_id: u64, call: &Call, nonce: u64, fees: Fees) -> Bytes {
    let tx = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: GAS_LIMIT,
        max_fee_per_gas: fees.max_fee_per_gas,
        max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
        to: TxKind::Call(call.to),
        value: call.value,
        input: call.data.clone(),
        ..TxEip1559::default()
    };
    tx.into_signed(Signature::new(R.into(), S.into(), true)).encoded_2718().into()
}

/// What the network charges beside gas (wei): for the bytes ([data fee]) and, where there is one, for the operator.
///
/// [data fee]: https://specs.optimism.io/protocol/exec-engine.html#l1-cost-fees-l1-fee-vault
#[derive(Debug)]
pub(crate) struct ByteFee(Option<L1BlockInfo>);

/// What op-revm reads for every message: the L1 block's contract (its slots 1, 3, 7 and 8), and the vaults of fees.
pub(crate) fn reads() -> Touched {
    let vaults = [BASE_FEE_RECIPIENT, L1_FEE_RECIPIENT, OPERATOR_FEE_RECIPIENT];
    let mut reads: Touched = vaults.map(|vault| (vault, BTreeSet::new())).into();
    reads.insert(L1_BLOCK_CONTRACT, [1, 3, 7, 8].map(U256::from).into());
    reads
}

impl ByteFee {
    pub(crate) fn read(state: &Overlay, env: &Env) -> Result<Self, StateError> {
        let info = env
            .op_stack
            .then(|| L1BlockInfo::try_fetch(&mut WrapDatabaseRef(state), U256::from(env.number), OP_SPEC));
        info.transpose().map(Self)
    }

    /// For a transaction that uses `gas`, or the most it is charged in advance for a limit of `gas`.
    pub(crate) fn wei(&self, envelope: &Bytes, gas: u64) -> U256 {
        let Some(info) = &self.0 else { return U256::ZERO };
        info.clone().tx_cost(envelope, U256::from(gas), OP_SPEC)
    }
}
