//! Calls that are honest, and what is done to every one of them.

mod calls;
mod hostile;
mod swaps;

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::*;
use crate::registry::{NetworkConfig, registry};

const ROLES: [&str; 20] = [
    "weth",
    "usdc",
    "dai",
    "steth",
    "wsteth",
    "uni",
    "multicall3",
    "permit2",
    "uniswap.swap_router02",
    "uniswap.v2_router02",
    "uniswap.universal_router",
    "uniswap.position_manager",
    "aave.pool",
    "aave.rewards_controller",
    "aave.a_token.usdc",
    "aave.debt_token.weth",
    "across.spoke_pool",
    "governor.aave",
    "safe.1_4_1.singleton",
    "ens.registry",
];
const OWN: Address = Address::repeat_byte(0xaa);
const THIEF: Address = Address::repeat_byte(0xbb);
const BASE: u64 = 8453;

/// Ethereum and Base, with the same roles at other addresses.
fn networks() -> Registry {
    let network = |chain_id, name: &str, first| NetworkConfig {
        chain_id,
        genesis: B256::with_last_byte(first),
        name: name.to_owned(),
        endpoints: vec!["http://127.0.0.1:9".to_owned()],
        op_stack: false,
        demo: true,
        addresses: addresses(first),
    };
    registry(&[network(1, "ethereum", 1), network(BASE, "base", 0x41)]).unwrap()
}

fn addresses(first: u8) -> BTreeMap<String, Address> {
    let byte = |(role, byte): (&&str, u8)| ((*role).to_owned(), Address::repeat_byte(byte));
    ROLES.iter().zip(first..).map(byte).collect()
}

fn role(role: &str) -> Address {
    addresses(1)[role]
}

fn on_base(role: &str) -> Address {
    addresses(0x41)[role]
}

fn units(whole: u64, decimals: u8) -> U256 {
    U256::from(whole).saturating_mul(U256::from(10).pow(U256::from(decimals)))
}

/// A call as it would be signed.
#[derive(Debug, Clone)]
struct Call {
    to: Address,
    value: U256,
    data: Vec<u8>,
}

impl Call {
    fn with(&self, data: Vec<u8>) -> Self {
        Self { data, ..self.clone() }
    }

    fn sending(&self, value: U256) -> Self {
        Self { value, ..self.clone() }
    }

    /// Its words, if all that it gives goes to the account.
    fn words(&self) -> Result<String, String> {
        let registry = networks();
        let decoded = decode(&registry, registry.network(1).unwrap(), self.to, self.value, &self.data)?;
        match decoded.beneficiaries.iter().find(|address| **address != OWN) {
            Some(other) => Err(format!("benefits {other}")),
            None => Ok(decoded.text),
        }
    }
}

#[test]
fn every_call_in_plain_words() {
    for (call, words) in calls::honest() {
        assert_eq!(call.words().as_deref(), Ok(words));
    }
}

#[test]
fn nobody_else_benefits() {
    let mut named = 0;
    for (call, words) in calls::honest() {
        let places = call.data.windows(20).enumerate().filter(|(_, window)| *window == OWN.as_slice());
        for (at, _) in places {
            let mut data = call.data.clone();
            data[at..at + 20].copy_from_slice(THIEF.as_slice());
            let refused = call.with(data).words().unwrap_err();
            assert_eq!(refused, format!("benefits {THIEF}"), "{words}");
            named += 1;
        }
    }
    assert_eq!(named, 20);
}

#[test]
fn nothing_stands_behind_the_arguments() {
    for (call, words) in calls::honest() {
        if call.data.is_empty() {
            continue;
        }
        for more in [1, 31, 32, 320] {
            call.with([call.data.clone(), vec![0; more]].concat()).words().expect_err(words);
        }
        call.with(call.data[..call.data.len() - 1].to_vec()).words().expect_err(words);
    }
}

/// Only what takes all coins that are sent can be sent more of them, and says so.
#[test]
fn no_coins_are_left_anywhere() {
    let mut taken = Vec::new();
    for (call, words) in calls::honest() {
        if let Ok(more) = call.sending(call.value + U256::from(1)).words() {
            assert!(more.contains("1.000000000000000001 ETH"), "{more}");
            taken.push(words.split_whitespace().next().unwrap());
        }
    }
    // The swaps are V2's.
    assert_eq!(taken, ["send(1", "wrap(1", "stake(1", "buy", "swap"]);
}

#[test]
fn no_changed_bit_goes_unnoticed() {
    for (call, words) in calls::honest() {
        for at in 0..call.data.len() {
            for bit in 0..8 {
                let mut data = call.data.clone();
                data[at] ^= 1 << bit;
                let changed = call.with(data).words();
                assert_ne!(changed.as_deref(), Ok(words), "bit {bit} of byte {at}");
            }
            // A whole byte, and everything behind it cut off.
            let mut data = call.data.clone();
            data[at] ^= 0xff;
            assert_ne!(call.with(data).words().as_deref(), Ok(words), "byte {at}");
            assert_ne!(call.with(call.data[..at].to_vec()).words().as_deref(), Ok(words), "cut at {at}");
        }
    }
}

/// A call of one contract is none of another.
#[test]
fn a_call_goes_to_its_own_contract() {
    for (call, words) in calls::honest().into_iter().filter(|(call, _)| !call.data.is_empty()) {
        for to in ROLES.map(role).into_iter().chain([OWN, THIEF, Address::ZERO]).filter(|to| *to != call.to) {
            let moved = Call { to, ..call.clone() }.words();
            assert_ne!(moved.as_deref(), Ok(words), "{to}");
        }
        for to in
            ["multicall3", "ens.registry", "safe.1_4_1.singleton"].map(role).into_iter().chain([OWN, THIEF])
        {
            Call { to, ..call.clone() }.words().unwrap_err();
        }
    }
}
