//! How an execution ended, in words that are safe to show.

use agent_core::{CallEnd, tame};
use alloy_primitives::hex;
use alloy_sol_types::{Panic, Revert, SolError};
use revm::context::result::{ExecutionResult, HaltReason};

/// The end of one call.
pub(crate) fn end(result: &ExecutionResult<HaltReason>) -> CallEnd {
    match result {
        ExecutionResult::Success { .. } => CallEnd::Success,
        ExecutionResult::Revert { output, .. } => CallEnd::Revert(reason(output)),
        ExecutionResult::Halt { reason, .. } => CallEnd::Halt(tame(&reason.to_string())),
    }
}

/// The reason in a revert's data: `Error(string)`, `Panic(uint256)`, or the selector of a custom error. Tamed.
fn reason(data: &[u8]) -> String {
    if let Ok(revert) = Revert::abi_decode(data) {
        return tame(&revert.reason);
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return match panic.kind() {
            Some(kind) => format!("panic 0x{:02x}: {}", panic.code, kind.as_str()),
            None => format!("panic 0x{:02x}", panic.code),
        };
    }
    match data.first_chunk::<4>() {
        Some(selector) => format!("custom error 0x{}", hex::encode(selector)),
        None => "no reason given".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;

    #[test]
    fn reasons_are_decoded_and_tamed() {
        assert_eq!(reason(&Revert::from("STF").abi_encode()), "STF");
        assert_eq!(reason(&[]), "no reason given");
        assert_eq!(reason(&[1, 2]), "no reason given");
        assert_eq!(reason(&[0xde, 0xad, 0xbe, 0xef, 9]), "custom error 0xdeadbeef");
        let overflow = Panic { code: U256::from(0x11) };
        assert_eq!(reason(&overflow.abi_encode()), "panic 0x11: arithmetic underflow or overflow");
        let hostile = reason(&Revert::from("ok\u{1b}[2J\u{202e}drow\nApproved").abi_encode());
        assert_eq!(hostile, "ok\\u{1b}[2J\\u{202e}drow\\u{a}Approved");
        assert!(reason(&Revert::from("x".repeat(100_000)).abi_encode()).chars().count() <= 201);
    }

    /// A length that points outside of the data must neither panic nor allocate.
    #[test]
    fn damaged_error_data_is_only_a_selector() {
        let mut data = Revert::from("hello").abi_encode();
        data[36..68].fill(0xff);
        assert_eq!(reason(&data), "custom error 0x08c379a0");
    }
}
