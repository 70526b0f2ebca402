//! Approvals and contacts: signed by an approver, over exactly this, by nobody else.

use agent_core::ports::Policy;
use agent_core::{Approval, Bounds, Contact, NetworkId, Refusal};
use alloy_primitives::{Address, B256, Bytes, Signature, U256};
use policies::{ApproverKey, CedarPolicy};

use crate::world::{ACCOUNT, FRIEND, ROUTER, contact, eth, micro, network};

/// What is changed, and how.
type Tampering<T> = (&'static str, fn(&mut T));

fn key(byte: u8) -> ApproverKey {
    ApproverKey::from_bytes(&[byte; 32]).unwrap()
}

fn policy() -> CedarPolicy {
    CedarPolicy::load_default(vec![key(1).address(), key(2).address()]).unwrap()
}

fn unsigned() -> Approval {
    Approval {
        plan_id: "p1".to_owned(),
        plan_hash: B256::repeat_byte(3),
        bounds: Bounds {
            most_in: vec![micro(1_000_000)],
            least_out: vec![eth().amount(U256::from(5))],
            payees: vec![FRIEND],
            contracts: vec![ROUTER],
            networks: vec![network()],
            fees_most: vec![eth().amount(U256::from(7))],
            expires_at: 1_800_003_600,
        },
        approver: Address::ZERO,
        signature: Bytes::new(),
        approved: true,
        signed_at: 1_800_000_000,
    }
}

fn verify(approval: &Approval) -> Result<(), Refusal> {
    policy().verify_approval(approval, ACCOUNT)
}

#[test]
fn an_approvers_signature_counts_and_so_does_a_no() {
    for (byte, approved) in [(1, true), (2, false)] {
        let signed = key(byte).approve(Approval { approved, ..unsigned() }).unwrap();
        assert_eq!((signed.approver, signed.approved), (key(byte).address(), approved));
        verify(&signed).unwrap();
        let json = serde_json::to_string(&signed).unwrap();
        verify(&serde_json::from_str(&json).unwrap()).unwrap();
    }
}

#[test]
fn any_other_content_breaks_the_signature() {
    let tampered: [Tampering<Approval>; 14] = [
        ("plan id", |a| a.plan_id.push('x')),
        ("plan hash", |a| a.plan_hash.0[31] ^= 1),
        ("yes for no", |a| a.approved = false),
        ("time", |a| a.signed_at += 1),
        ("expiry", |a| a.bounds.expires_at += 1),
        ("more in", |a| a.bounds.most_in[0] = micro(1_000_001)),
        ("another asset in", |a| a.bounds.most_in[0] = eth().amount(U256::from(1_000_000))),
        ("one more in", |a| a.bounds.most_in.push(micro(1))),
        ("less out", |a| a.bounds.least_out[0] = eth().amount(U256::from(4))),
        ("nothing out", |a| a.bounds.least_out.clear()),
        ("out for in", |a| std::mem::swap(&mut a.bounds.least_out, &mut a.bounds.most_in)),
        ("payee", |a| a.bounds.payees.push(ROUTER)),
        ("contract", |a| a.bounds.contracts.push(FRIEND)),
        ("another network's genesis", |a| {
            a.bounds.networks[0] = NetworkId { genesis: B256::ZERO, ..network() }
        }),
    ];
    let signed = key(1).approve(unsigned()).unwrap();
    for (what, change) in tampered {
        let mut other = signed.clone();
        change(&mut other);
        assert_eq!(verify(&other).expect_err(what).code, "approval.invalid", "{what}");
    }
    verify(&signed).unwrap();
}

#[test]
fn nobody_elses_signature_counts() {
    let stranger = key(3).approve(unsigned()).unwrap();
    assert!(verify(&stranger).is_err(), "a key that is not configured");
    assert!(verify(&Approval { approver: key(1).address(), ..stranger }).is_err(), "in an approver's name");
    let signed = key(1).approve(unsigned()).unwrap();
    assert!(
        verify(&Approval { approver: key(2).address(), ..signed.clone() }).is_err(),
        "one approver for another"
    );
    let agent = policy().verify_approval(&signed, key(1).address()).unwrap_err();
    assert!(agent.message.contains("agent's own key"), "{}", agent.message);
    let none = CedarPolicy::load_default(Vec::new()).unwrap();
    assert!(none.verify_approval(&signed, ACCOUNT).is_err(), "no approvers are configured");
}

#[test]
fn a_malformed_or_malleable_signature_does_not_count() {
    let signed = key(1).approve(unsigned()).unwrap();
    let with = |signature: Vec<u8>| verify(&Approval { signature: signature.into(), ..signed.clone() });
    let good = signed.signature.to_vec();
    with(good.clone()).unwrap();
    for bad in
        [Vec::new(), vec![0; 65], vec![0xff; 65], good[..64].to_vec(), [good.as_slice(), &[0]].concat()]
    {
        assert!(with(bad).is_err());
    }
    for byte in [0, 31, 32, 63] {
        let mut other = good.clone();
        other[byte] ^= 1;
        assert!(with(other).is_err(), "byte {byte}");
    }
    // The other signature of the same content (EIP-2): n - s, with the other parity.
    let order =
        U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16).unwrap();
    let own = Signature::from_raw(&good).unwrap();
    let twin = Signature::new(own.r(), order - own.s(), !own.v());
    assert!(with(twin.as_bytes().to_vec()).is_err());
}

#[test]
fn an_approval_without_a_network_is_not_signed() {
    let mut nowhere = unsigned();
    nowhere.bounds.networks.clear();
    assert!(key(1).approve(nowhere).is_err());
}

#[test]
fn contacts_are_signed_too() {
    let signed = key(1).contact(contact(FRIEND, false)).unwrap();
    policy().verify_contact(&signed).unwrap();
    let tampered: [Tampering<Contact>; 5] = [
        ("name", |c| c.name.push(' ')),
        ("address", |c| c.address = ROUTER),
        ("paid before", |c| c.paid_before = true),
        ("time", |c| c.added_at += 1),
        ("signer", |c| c.approver = key(2).address()),
    ];
    for (what, change) in tampered {
        let mut other = signed.clone();
        change(&mut other);
        assert_eq!(policy().verify_contact(&other).expect_err(what).code, "contacts.signature", "{what}");
    }
    assert!(policy().verify_contact(&key(3).contact(contact(FRIEND, false)).unwrap()).is_err());
    assert!(policy().verify_contact(&contact(FRIEND, true)).is_err(), "unsigned");
}

#[test]
fn a_key_is_no_zero_and_is_not_shown() {
    assert_eq!(ApproverKey::from_bytes(&[0; 32]).unwrap_err().code, "approval.bad_key");
    assert_eq!(ApproverKey::from_bytes(&[0xff; 32]).unwrap_err().code, "approval.bad_key");
    let shown = format!("{:?}", key(1));
    assert_eq!(shown, format!("ApproverKey({})", key(1).address()));
    assert!(!shown.contains("0101010101"));
}
