//! What logs say of allowances and of tokens with ids. They only say where to look; ids have nothing else to read.

use agent_core::{CallOutcome, Log, NftChange};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolEvent, SolValue, sol};

sol! {
    /// ERC-20; ERC-721 has the same signature, with the id as a third topic.
    event Approval(address indexed owner, address indexed spender, uint256 value);
    /// ERC-721.
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);
    event Transfer(address indexed from, address indexed to, uint256 indexed id);
    /// Permit2 (<https://docs.uniswap.org/contracts/permit2/reference/allowance-transfer>).
    interface Permit2 {
        event Approval(address indexed owner, address indexed token, address indexed spender, uint160 amount, uint48 expiration);
        event Permit(address indexed owner, address indexed token, address indexed spender, uint160 amount, uint48 expiration, uint48 nonce);
        function allowance(address owner, address token, address spender) returns (uint160 amount, uint48 expiration, uint48 nonce);
    }
}

/// Token and spender of an ERC-20 `Approval` by `owner`.
pub(crate) fn approved(log: &Log, owner: Address) -> Option<(Address, Address)> {
    match log.topics.as_slice() {
        [event, from, spender] if *event == Approval::SIGNATURE_HASH && *from == owner.into_word() => {
            Some((log.address, Address::from_word(*spender)))
        }
        _ => None,
    }
}

/// Token and spender of what Permit2 was told by `owner`.
pub(crate) fn permitted(log: &Log, owner: Address) -> Option<(Address, Address)> {
    let told: [B256; 2] = [Permit2::Approval::SIGNATURE_HASH, Permit2::Permit::SIGNATURE_HASH];
    match log.topics.as_slice() {
        [event, from, token, spender] if told.contains(event) && *from == owner.into_word() => {
            Some((Address::from_word(*token), Address::from_word(*spender)))
        }
        _ => None,
    }
}

pub(crate) fn permit2_allowance(owner: Address, token: Address, spender: Address) -> Vec<u8> {
    Permit2::allowanceCall { owner, token, spender }.abi_encode()
}

/// Contract and operator that may from now on move one or all of `owner`'s tokens with ids.
pub(crate) fn operator(log: &Log, owner: Address) -> Option<(Address, Address)> {
    let (from, operator, gives) = match log.topics.as_slice() {
        [event, from, operator, _id] if *event == Approval::SIGNATURE_HASH => (from, operator, true),
        [event, from, operator] if *event == ApprovalForAll::SIGNATURE_HASH => {
            (from, operator, bool::abi_decode(&log.data).unwrap_or(true))
        }
        _ => return None,
    };
    let operator = Address::from_word(*operator);
    (gives && *from == owner.into_word() && !operator.is_zero()).then_some((log.address, operator))
}

/// Whether a log says that a token with an id moved.
pub(crate) fn moves_id(log: &Log) -> bool {
    matches!(log.topics.as_slice(), [event, _, _, _] if *event == Transfer::SIGNATURE_HASH)
}

/// Tokens with ids that came to `account` or left it, in order.
pub(crate) fn nft_changes(outcomes: &[CallOutcome], account: Address) -> Vec<NftChange> {
    let logs = outcomes.iter().flat_map(|outcome| &outcome.logs);
    let moved = logs.filter_map(|log| match log.topics.as_slice() {
        [event, from, to, id] if *event == Transfer::SIGNATURE_HASH => {
            let (from, to) = (Address::from_word(*from), Address::from_word(*to));
            let with = if to == account { from } else { to };
            let id = U256::from_be_bytes(id.0);
            let change = NftChange { contract: log.address, id, with, received: to == account };
            (from == account || to == account).then_some(change)
        }
        _ => None,
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(topics: Vec<B256>, data: Vec<u8>) -> Log {
        Log { address: Address::repeat_byte(9), topics, data: data.into() }
    }

    #[test]
    fn an_operator_is_one_until_it_is_taken_back() {
        let (owner, spender) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let all = |yes: bool| {
            log(
                vec![ApprovalForAll::SIGNATURE_HASH, owner.into_word(), spender.into_word()],
                yes.abi_encode(),
            )
        };
        let one = |to: Address| {
            let id = B256::with_last_byte(7);
            log(vec![Approval::SIGNATURE_HASH, owner.into_word(), to.into_word(), id], Vec::new())
        };
        let given = Some((Address::repeat_byte(9), spender));
        assert_eq!(operator(&all(true), owner), given);
        assert_eq!(operator(&all(false), owner), None);
        assert_eq!(operator(&one(spender), owner), given);
        assert_eq!(operator(&one(Address::ZERO), owner), None);
        assert_eq!(operator(&all(true), spender), None, "another's operator");
        assert_eq!(approved(&one(spender), owner), None, "an id is no amount");
    }
}
