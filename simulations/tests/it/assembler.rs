//! Small contracts in hand-written bytecode.

use alloy_primitives::{Address, B256, Bytes, hex, keccak256};

/// The first four bytes of a signature's hash.
pub(crate) fn selector(signature: &str) -> [u8; 4] {
    keccak256(signature).0[..4].try_into().unwrap()
}

/// A contract: runs the body of the function that is called, else `fallback`.
pub(crate) fn contract(functions: &[(&str, Vec<u8>)], fallback: &[u8]) -> Bytes {
    let head = 5 + 11 * functions.len() + fallback.len();
    let (mut code, mut bodies) = (hex!("5f3560e01c").to_vec(), Vec::new());
    for (signature, body) in functions {
        let at = u16::try_from(head + bodies.len()).unwrap();
        code.extend(hex!("8063"));
        code.extend(selector(signature));
        code.extend(hex!("1461"));
        code.extend(at.to_be_bytes());
        code.push(0x57);
        bodies.push(0x5b);
        bodies.extend(body);
    }
    code.extend(fallback);
    code.extend(bodies);
    code.into()
}

pub(crate) const STOP: &[u8] = &hex!("00");
/// Adds 1 to slot 0.
pub(crate) const COUNT: &[u8] = &hex!("5f546001015f5500");
pub(crate) const LOOP: &[u8] = &hex!("5b5f56");
/// `LOG2(1, ORIGIN)`: names whoever signed.
pub(crate) const NAME_ORIGIN: &[u8] = &hex!("3260015f5fa200");

/// Reverts with `data`.
pub(crate) fn reverter(data: &[u8]) -> Bytes {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    let mut code = hex!("61").to_vec();
    code.extend(length);
    code.extend(hex!("600c5f3961"));
    code.extend(length);
    code.extend(hex!("5ffd"));
    assert_eq!(code.len(), 12);
    code.extend(data);
    code.into()
}

/// Runs another contract's code as its own.
pub(crate) fn proxy(implementation: Address) -> Bytes {
    [&hex!("5f5f5f5f73")[..], implementation.as_slice(), &hex!("5af45000")].concat().into()
}

/// Calls one contract after the other.
pub(crate) fn caller(targets: &[Address]) -> Bytes {
    let calls =
        targets.iter().flat_map(|to| [&hex!("5f5f5f5f5f73")[..], to.as_slice(), &hex!("5af150")].concat());
    calls.chain([0]).collect::<Vec<_>>().into()
}

/// Gives everything to `heir` and ends.
pub(crate) fn mortal(heir: Address) -> Bytes {
    [&hex!("73")[..], heir.as_slice(), &hex!("ff")].concat().into()
}

/// What a token does on `transfer` and `approve`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    pub(crate) moves: bool,
    pub(crate) logs: bool,
}

pub(crate) const HONEST: Habits = Habits { moves: true, logs: true };
pub(crate) const LIAR: Habits = Habits { moves: false, logs: true };
pub(crate) const SILENT: Habits = Habits { moves: true, logs: false };

/// A token: balances are in the slot of the holder's address, allowances (of one owner) in that of `not(spender)`.
pub(crate) fn token(habits: Habits) -> Bytes {
    let word = hex!("5f5260205ff3"); // returns the top of the stack
    let event = |signature: &str| {
        let log =
            [&hex!("6024355f52600435337f")[..], keccak256(signature).as_slice(), &hex!("60205fa3")].concat();
        if habits.logs { log } else { Vec::new() }
    };
    let act = |write: &[u8], signature: &str| {
        let write = if habits.moves { write } else { &[] };
        [write, &event(signature), &hex!("6001"), &word].concat()
    };
    let transfer = hex!("6024353354033355602435600435540160043555");
    let approve = hex!("6024356004351955");
    contract(
        &[
            ("balanceOf(address)", [&hex!("60043554")[..], &word].concat()),
            ("allowance(address,address)", [&hex!("6024351954")[..], &word].concat()),
            ("transfer(address,uint256)", act(&transfer, "Transfer(address,address,uint256)")),
            ("approve(address,uint256)", act(&approve, "Approval(address,address,uint256)")),
        ],
        &hex!("5f5ffd"),
    )
}

pub(crate) fn event(signature: &str) -> B256 {
    keccak256(signature)
}
