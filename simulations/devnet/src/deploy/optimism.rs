//! The OP-stack predeploys that make a Base transaction pay for its data on L1.

use alloy_primitives::{Address, U256};

use super::units;
use crate::{
    error::DevnetError,
    evm::Evm,
    places::{GAS_PRICE_ORACLE, L1_BLOCK},
};

/// L1 base fee: 5 gwei.
const L1_BASE_FEE: u64 = 5_000_000_000;
/// L1 blob base fee: 1 gwei.
const L1_BLOB_BASE_FEE: u64 = 1_000_000_000;
const BASE_FEE_SCALAR: u64 = 1_368;
const BLOB_BASE_FEE_SCALAR: u64 = 810_949;

pub(super) fn deploy(evm: &mut Evm<'_>) -> Result<(), DevnetError> {
    evm.deploy(L1_BLOCK, "L1Block", Vec::new())?;
    evm.deploy(GAS_PRICE_ORACLE, "GasPriceOracle", Vec::new())?;
    // Slot 3 packs, from its low end: sequence number (64 bits), blob base fee scalar (32), base fee scalar (32).
    let scalars = U256::from_limbs([1, BASE_FEE_SCALAR.wrapping_shl(32) | BLOB_BASE_FEE_SCALAR, 0, 0]);
    evm.set_slot(L1_BLOCK, U256::from(1), U256::from(L1_BASE_FEE));
    evm.set_slot(L1_BLOCK, U256::from(3), scalars);
    evm.set_slot(L1_BLOCK, U256::from(7), U256::from(L1_BLOB_BASE_FEE));
    // isEcotone and isFjord.
    evm.set_slot(GAS_PRICE_ORACLE, U256::ZERO, U256::from(0x0101));
    // The node charges the L1 fee to `eth_call`s from the zero address, too.
    evm.credit(Address::ZERO, units(100, 18));
    Ok(())
}
