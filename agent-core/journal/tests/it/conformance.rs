//! What every journal must do, on any database and on the fake.

use std::time::Duration;

use agent_core::ledger::{Attempt, Ledger, LedgerError, Orders, Record};
use agent_core::ports::Clock;
use agent_core::{Approval, BlockRef, Contact, Receipt};
use alloy_primitives::{Address, B256, Bytes, U256};

use crate::world::{Place, START, attempt, entering, plan, saved};

fn contact(name: &str, byte: u8) -> Contact {
    Contact {
        name: name.to_owned(),
        address: Address::repeat_byte(byte),
        paid_before: false,
        added_at: START,
        approver: Address::repeat_byte(9),
        signature: Bytes::from_static(&[1, 2, 3]),
    }
}

/// The port's documentation, line by line. `clock` is the journal's own.
async fn conforms(ledger: &dyn Ledger, clock: &dyn Clock) {
    plans_and_requests(ledger).await;
    reservations(ledger, clock).await;
    payees_and_contacts(ledger).await;
    orders(ledger).await;
    let entries = ledger.entries().await.unwrap();
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.seq).collect();
    let count = u64::try_from(entries.len()).unwrap();
    assert_eq!(numbers, (1..=count).collect::<Vec<_>>());
    assert_eq!(ledger.verify().await.unwrap(), count);
}

async fn plans_and_requests(ledger: &dyn Ledger) {
    assert!(ledger.plan("p1").await.unwrap().is_none());
    let (first, second) = (plan("p1", Address::repeat_byte(2)), plan("p2", Address::repeat_byte(3)));
    ledger.append(Some("p1"), saved(&first, Some("r1"))).await.unwrap();
    ledger.append(Some("p2"), saved(&second, None)).await.unwrap();
    assert_eq!(ledger.plan("p1").await.unwrap().unwrap().plan, first);
    let ids: Vec<String> = ledger.plans().await.unwrap().into_iter().map(|record| record.plan.id).collect();
    assert_eq!(ids, ["p2", "p1"]);
    assert_eq!(ledger.plan_of_request("r1").await.unwrap().unwrap().plan.id, "p1");
    assert!(ledger.plan_of_request("r2").await.unwrap().is_none());
    let approval = Approval {
        plan_id: "p1".to_owned(),
        plan_hash: first.hash(),
        bounds: ledger.plan("p1").await.unwrap().unwrap().report.bounds,
        approver: Address::repeat_byte(9),
        signature: Bytes::from_static(&[7; 65]),
        approved: true,
        signed_at: START,
    };
    let record = Record::ApprovalAdded { approval: Box::new(approval.clone()) };
    ledger.append(Some("p1"), record).await.unwrap();
    assert_eq!(ledger.approvals("p1").await.unwrap(), [approval]);
    assert!(ledger.approvals("p2").await.unwrap().is_empty());
}

async fn reservations(ledger: &dyn Ledger, clock: &dyn Clock) {
    let since = clock.now().saturating_sub(86_400);
    let spent = async || ledger.spent("entering_usd", since, None).await.unwrap();
    let first = attempt("p1", 1, 0, "a");
    let entry = ledger.reserve(&first, &[entering(600, 1_000)]).await.unwrap();
    assert!(matches!(entry.record, Record::Signed { step: 1, nonce: 0, .. }));
    let again = ledger.reserve(&first, &[entering(600, 1_000)]).await.unwrap();
    assert_eq!((again.seq, spent().await), (entry.seq, U256::from(600)), "the same claim changes nothing");
    // The second call of the same step replaces its reservation.
    ledger.reserve(&attempt("p1", 1, 1, "b"), &[entering(700, 1_000)]).await.unwrap();
    assert_eq!(spent().await, U256::from(700));
    assert_eq!(ledger.spent("entering_usd", since, Some(("p1", 1))).await.unwrap(), U256::ZERO);
    let before = ledger.entries().await.unwrap().len();
    let taken = ledger.reserve(&attempt("p2", 1, 1, "c"), &[]).await.unwrap_err();
    assert!(matches!(taken, LedgerError::NonceTaken { nonce: 1, .. }));
    let over = ledger.reserve(&attempt("p2", 1, 2, "d"), &[entering(301, 1_000)]).await.unwrap_err();
    assert!(matches!(over, LedgerError::BudgetExceeded { spent, .. } if spent == U256::from(700)));
    assert_eq!(ledger.entries().await.unwrap().len(), before, "a refused reservation writes nothing");
    ledger.reserve(&attempt("p2", 1, 2, "e"), &[entering(300, 1_000)]).await.unwrap();
    replacements(ledger).await;
    assert_eq!(spent().await, U256::from(1_000), "a replacement is charged once");
    ledger.release("p2", 1).await.unwrap();
    assert_eq!(spent().await, U256::from(700));
    let settled =
        Record::StepSettled { step: 1, yielded: Vec::new(), spent: Vec::new(), differences: Vec::new() };
    ledger.append(Some("p1"), settled).await.unwrap();
    assert_eq!(spent().await, U256::from(700));
    clock.sleep(Duration::from_secs(86_400)).await;
    let since = clock.now().saturating_sub(86_400);
    assert_eq!(ledger.spent("entering_usd", since, None).await.unwrap(), U256::ZERO, "a day has passed");
    let attempts = ledger.attempts("p1").await.unwrap();
    assert_eq!(attempts, [first, attempt("p1", 1, 1, "b")]);
}

/// Under a claimed nonce only the same call again, and only in the place of a known attempt.
async fn replacements(ledger: &dyn Ledger) {
    let old = attempt("p2", 1, 2, "e");
    let replaces = Some(old.claim.tx_hash);
    let new = || Attempt { replaces, ..attempt("p2", 1, 2, "faster") };
    let strangers = [
        Attempt { replaces: Some(B256::repeat_byte(3)), ..new() },
        Attempt { replaces: Some(attempt("p1", 1, 1, "b").claim.tx_hash), ..new() },
        Attempt { plan_id: "p1".to_owned(), ..new() },
        Attempt { step: 2, ..new() },
        Attempt { call: 1, ..new() },
        Attempt { cleanup: true, ..new() },
    ];
    let before = ledger.entries().await.unwrap().len();
    for stranger in strangers {
        let refused = ledger.reserve(&stranger, &[]).await.unwrap_err();
        assert!(matches!(refused, LedgerError::NonceTaken { nonce: 2, .. }), "{stranger:?}");
    }
    assert_eq!(ledger.entries().await.unwrap().len(), before);
    let entry = ledger.reserve(&new(), &[entering(300, 1_000)]).await.unwrap();
    assert_eq!(ledger.reserve(&new(), &[entering(300, 1_000)]).await.unwrap(), entry, "the same again");
    assert_eq!(ledger.attempts("p2").await.unwrap(), [old, new()]);
}

async fn orders(ledger: &dyn Ledger) {
    let tx_hash = B256::repeat_byte(8);
    let rows = [
        (Some("p1"), Record::Paused),
        (Some("p2"), Record::PlanCancelled),
        (None, Record::Halted { because: "asleep".to_owned() }),
        (Some("p1"), Record::SpeedUp { tx_hash }),
        (None, Record::SessionOpened),
    ];
    for (plan_id, record) in rows {
        ledger.append(plan_id, record).await.unwrap();
    }
    let halted = Some("asleep".to_owned());
    let own = Orders { cancelled: false, paused: true, speed_up: vec![tx_hash], halted: halted.clone() };
    assert_eq!(ledger.orders("p1").await.unwrap(), own);
    let own = Orders { cancelled: true, halted, ..Orders::default() };
    assert_eq!(ledger.orders("p2").await.unwrap(), own);
    // An order that came while a call was judged holds against its signature.
    let cleanup = || Attempt { cleanup: true, ..attempt("p2", 2, 30, "cleanup") };
    assert_eq!(stopped(ledger, cleanup()).await, "halted");
    ledger.append(None, Record::Unhalted).await.unwrap();
    assert_eq!(stopped(ledger, attempt("p1", 2, 31, "paused")).await, "plan.paused");
    assert_eq!(stopped(ledger, attempt("p2", 2, 32, "cancelled")).await, "plan.cancelled");
    ledger.reserve(&cleanup(), &[]).await.unwrap();
    ledger.append(Some("p1"), Record::Resumed).await.unwrap();
    ledger.reserve(&attempt("p1", 2, 31, "resumed"), &[]).await.unwrap();
    let own = Orders { speed_up: vec![tx_hash], ..Orders::default() };
    assert_eq!(ledger.orders("p1").await.unwrap(), own);
}

async fn stopped(ledger: &dyn Ledger, attempt: Attempt) -> String {
    let rows = ledger.entries().await.unwrap().len();
    let error = ledger.reserve(&attempt, &[]).await.unwrap_err();
    assert_eq!(ledger.entries().await.unwrap().len(), rows, "nothing was written");
    crate::world::code(&error).to_owned()
}

async fn payees_and_contacts(ledger: &dyn Ledger) {
    assert_eq!(ledger.paid().await.unwrap(), [(Address::repeat_byte(2), 8453)], "p2 did not settle");
    let settled =
        || Record::StepSettled { step: 1, yielded: Vec::new(), spent: Vec::new(), differences: Vec::new() };
    ledger.append(Some("p2"), settled()).await.unwrap();
    let both = [(Address::repeat_byte(3), 8453), (Address::repeat_byte(2), 8453)];
    assert_eq!(ledger.paid().await.unwrap(), both, "the last used comes first");
    for (name, byte) in [("alice", 1), ("bob", 2), ("alice", 3)] {
        ledger.append(None, Record::ContactAdded { contact: contact(name, byte) }).await.unwrap();
    }
    ledger.append(None, Record::ContactRemoved { name: "bob".to_owned() }).await.unwrap();
    assert_eq!(ledger.contacts().await.unwrap(), [contact("alice", 3)]);
    let receipt = Receipt {
        chain_id: 8453,
        tx_hash: B256::repeat_byte(5),
        success: true,
        block: BlockRef { number: 1, hash: B256::ZERO, timestamp: 2 },
        gas_used: 21_000,
        effective_gas_price: u128::MAX,
        logs: Vec::new(),
    };
    let included = Record::Included { step: 1, call: 0, cleanup: false, receipt: Box::new(receipt) };
    let entry = ledger.append(Some("p1"), included).await.unwrap();
    let read = ledger.entries().await.unwrap().pop().unwrap();
    assert_eq!(read, entry, "a row reads back as it was written");
}

#[tokio::test]
async fn the_sqlite_journal_conforms_and_is_the_same_when_opened_again() {
    let place = Place::new();
    let ledger = place.open().await.unwrap();
    conforms(&ledger, &place.clock).await;
    let entries = ledger.entries().await.unwrap();
    drop(ledger);
    let again = place.open().await.unwrap();
    assert_eq!(again.entries().await.unwrap(), entries);
    assert_eq!(again.attempts("p1").await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_fake_conforms_too() {
    let kill = fakes::kill::Kill::default();
    let clock = fakes::clock::FakeClock::new(START, kill.clone());
    conforms(&fakes::ledger::MemoryLedger::new(clock.clone(), kill), &clock).await;
}

#[tokio::test]
async fn a_request_has_one_plan_and_signed_rows_are_reserved_only() {
    let place = Place::new();
    let ledger = place.open().await.unwrap();
    let to = Address::repeat_byte(2);
    ledger.append(Some("p1"), saved(&plan("p1", to), Some("r"))).await.unwrap();
    let twice = ledger.append(Some("p2"), saved(&plan("p2", to), Some("r"))).await.unwrap_err();
    assert_eq!(crate::world::code(&twice), "journal.request_taken");
    let signed = attempt("p1", 1, 0, "unreserved").record();
    assert_eq!(crate::world::code(&ledger.append(Some("p1"), signed).await.unwrap_err()), "journal.signed");
    let both = [entering(1, 10), entering(1, 10)];
    let error = ledger.reserve(&attempt("p1", 1, 0, "x"), &both).await.unwrap_err();
    assert_eq!(crate::world::code(&error), "journal.budget_twice");
    assert_eq!(ledger.verify().await.unwrap(), 1);
}

#[tokio::test]
async fn what_settled_cannot_be_given_back() {
    let place = Place::new();
    let ledger = place.open().await.unwrap();
    ledger.reserve(&attempt("p1", 1, 0, "a"), &[entering(700, 1_000)]).await.unwrap();
    let settled =
        Record::StepSettled { step: 1, yielded: Vec::new(), spent: Vec::new(), differences: Vec::new() };
    ledger.append(Some("p1"), settled).await.unwrap();
    ledger.release("p1", 1).await.unwrap();
    assert_eq!(ledger.spent("entering_usd", 0, None).await.unwrap(), U256::from(700));
}

#[tokio::test]
async fn an_export_has_every_row_and_no_signed_bytes() {
    let place = Place::new();
    let ledger = place.open().await.unwrap();
    let signed = attempt("p1", 1, 0, "secret bytes");
    ledger.reserve(&signed, &[entering(1, 10)]).await.unwrap();
    let text = serde_json::to_string(&ledger.export().await.unwrap()).unwrap();
    assert!(text.contains(&signed.claim.tx_hash.to_string()));
    assert!(!text.contains(signed.claim.raw.to_string().trim_start_matches("0x")));
}
