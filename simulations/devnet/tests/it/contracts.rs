//! Safe, ENS, and staked ether.

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, sol};
use devnet::{ARBITRUM, BASE, ETHEREUM, OPTIMISM};

use super::{
    machine::{Machine, units},
    transferCall,
};

sol! {
    function setup(
        address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken,
        uint256 payment, address paymentReceiver
    );
    function createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce) returns (address safe);
    function execTransaction(
        address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice,
        address gasToken, address refundReceiver, bytes signatures
    ) payable returns (bool success);
    function VERSION() returns (string);
    function resolver(bytes32 node) returns (address);
    function owner(bytes32 node) returns (address);
    function addr(bytes32 node) returns (address);
    function submit(address referral) payable returns (uint256 shares);
    function receiveELRewards() payable;
    function wrap(uint256 value) returns (uint256);
    function unwrap(uint256 value) returns (uint256);
    function stEthPerToken() returns (uint256);
    function totalSupply() returns (uint256);
}

/// Creates a Safe that the wallet owns alone, and gives it 100 USDC.
fn safe(machine: &mut Machine, version: &str) -> Address {
    let role = |contract: &str| format!("safe.{version}.{contract}");
    let setup = setupCall {
        owners: vec![machine.wallet],
        threshold: U256::from(1),
        to: Address::ZERO,
        data: Bytes::new(),
        fallbackHandler: machine.at(&role("fallback_handler")),
        paymentToken: Address::ZERO,
        payment: U256::ZERO,
        paymentReceiver: Address::ZERO,
    };
    let create = createProxyWithNonceCall {
        singleton: machine.at(&role("singleton")),
        initializer: setup.abi_encode().into(),
        saltNonce: U256::from(7),
    };
    let (wallet, factory, usdc) = (machine.wallet, machine.at(&role("proxy_factory")), machine.at("usdc"));
    let safe = machine.send(wallet, factory, create).unwrap();
    machine.send(wallet, usdc, transferCall { to: safe, value: units(100, 6) }).unwrap();
    safe
}

#[tokio::test]
async fn a_safe_is_created_and_obeys_its_owner_alone() {
    for chain_id in [ETHEREUM, BASE, ARBITRUM, OPTIMISM] {
        let mut machine = Machine::new(chain_id).await;
        for (version, named) in [("1_4_1", "1.4.1"), ("1_5_0", "1.5.0")] {
            let safe = safe(&mut machine, version);
            assert_eq!(machine.read(safe, VERSIONCall {}), named);
            let (wallet, stranger) = (machine.wallet, Address::repeat_byte(7));
            // The owner's approval is that the owner sends it: r is the owner, v is 1.
            let signature = [wallet.into_word().as_slice(), B256::ZERO.as_slice(), &[1]].concat();
            let pay = execTransactionCall {
                to: machine.at("usdc"),
                value: U256::ZERO,
                data: transferCall { to: stranger, value: units(40, 6) }.abi_encode().into(),
                operation: 0,
                safeTxGas: U256::ZERO,
                baseGas: U256::ZERO,
                gasPrice: U256::ZERO,
                gasToken: Address::ZERO,
                refundReceiver: Address::ZERO,
                signatures: signature.into(),
            };
            assert!(machine.send(stranger, safe, pay.clone()).is_err());
            assert!(machine.send(wallet, safe, pay).unwrap());
            assert_eq!(machine.balance("usdc", safe), units(60, 6));
        }
        let places = [
            ("singleton", address!("29fcB43b46531BcA003ddC8FCB67FFE91900C762")),
            ("proxy_factory", address!("4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67")),
            ("multi_send_call_only", address!("9641d764fc13c8B624c04430C7356C1C7C8102e2")),
            ("fallback_handler", address!("fd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99")),
        ];
        for (contract, place) in places {
            assert_eq!(machine.at(&format!("safe.1_4_1.{contract}")), place);
        }
    }
}

/// EIP-137.
fn node(name: &str) -> B256 {
    name.rsplit('.').fold(B256::ZERO, |node, label| keccak256([node, keccak256(label)].concat()))
}

#[tokio::test]
async fn names_resolve_to_who_they_name() {
    let mut machine = Machine::new(ETHEREUM).await;
    assert_eq!(
        node("eth"),
        "0x93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae".parse::<B256>().unwrap()
    );
    let registry = machine.at("ens.registry");
    let alice = machine.world.contacts[0].address;
    let mut resolve = |name: &str| {
        let node = node(name);
        let resolver = machine.read(registry, resolverCall { node });
        (resolver != Address::ZERO).then(|| machine.read(resolver, addrCall { node }))
    };
    assert_eq!(resolve("alice.eth"), Some(alice));
    let bob = resolve("bob.eth").unwrap();
    assert!(bob != alice && bob != Address::ZERO);
    assert_eq!(resolve("carol.eth"), None);
    assert_eq!(machine.read(registry, ownerCall { node: node("carol.eth") }), Address::ZERO);
    // Only the owner of `.eth` gives names below it.
    sol! { function setSubnodeOwner(bytes32 node, bytes32 label, address owner) returns (bytes32 subnode); }
    let (wallet, label) = (machine.wallet, keccak256("carol"));
    let take = setSubnodeOwnerCall { node: node("eth"), label, owner: wallet };
    assert!(machine.send(wallet, registry, take).is_err());
}

#[tokio::test]
async fn staked_ether_grows_with_rewards_and_its_wrapper_grows_in_worth() {
    let mut machine = Machine::new(ETHEREUM).await;
    let (wallet, steth, wsteth) = (machine.wallet, machine.at("steth"), machine.at("wsteth"));
    assert_eq!(machine.read(wsteth, stEthPerTokenCall {}), units(12, 17));
    let stake = submitCall { referral: Address::ZERO };
    assert!(machine.send(wallet, steth, stake.clone()).is_err(), "nothing was staked");
    machine.pay(wallet, steth, units(3, 18), stake).unwrap();
    let near = |found: U256, expected: U256| {
        assert!(found.abs_diff(expected) <= U256::from(2), "{found}, not {expected}");
    };
    near(machine.balance("steth", wallet), units(3, 18));

    machine.approve("steth", wsteth);
    let wrapped = machine.send(wallet, wsteth, wrapCall { value: units(12, 17) }).unwrap();
    near(wrapped, units(1, 18));
    assert_eq!(machine.balance("wsteth", wallet), wrapped);
    near(machine.balance("steth", wallet), units(18, 17));

    // A thousandth more for everyone.
    let pooled = machine.read(steth, totalSupplyCall {});
    machine.pay(wallet, steth, pooled / U256::from(1_000), receiveELRewardsCall {}).unwrap();
    let grown = |value: U256| value + value / U256::from(1_000);
    near(machine.balance("steth", wallet), grown(units(18, 17)));
    assert_eq!(machine.balance("wsteth", wallet), wrapped);
    let unwrapped = machine.send(wallet, wsteth, unwrapCall { value: wrapped }).unwrap();
    near(unwrapped, grown(units(12, 17)));
    near(machine.balance("steth", wallet), grown(units(3, 18)));
    assert_eq!(machine.balance("wsteth", wallet), U256::ZERO);
    // More than is held.
    let too_much = transferCall { to: Address::repeat_byte(7), value: units(4, 18) };
    assert!(machine.send(wallet, steth, too_much).is_err());
    assert_eq!(machine.balance("steth", Address::repeat_byte(7)), U256::ZERO);
}
