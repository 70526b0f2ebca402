//! Budgets: under concurrency, and against a model that is too simple to be wrong.

use std::sync::Arc;

use agent_core::ledger::{Ledger, LedgerError};
use alloy_primitives::U256;
use proptest::prelude::*;

use crate::world::{Place, attempt, entering};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_reservations_at_once_only_those_that_fit_pass() {
    let place = Place::new();
    // Two handles on one file, as two processes would have.
    let handles = [Arc::new(place.open().await.unwrap()), Arc::new(place.open().await.unwrap())];
    let mut tasks = Vec::new();
    for number in 0..20_u64 {
        let ledger = handles[usize::try_from(number % 2).unwrap()].clone();
        tasks.push(tokio::spawn(async move {
            let own = attempt(&format!("p{number}"), 1, number, &number.to_string());
            ledger.reserve(&own, &[entering(300, 1_000)]).await
        }));
    }
    let mut passed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => passed += 1,
            Err(error) => assert!(matches!(error, LedgerError::BudgetExceeded { .. }), "{error}"),
        }
    }
    assert_eq!(passed, 3);
    assert_eq!(handles[0].spent("entering_usd", 0, None).await.unwrap(), U256::from(900));
    assert_eq!(handles[1].verify().await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_claims_of_one_nonce_at_once_one_passes() {
    let place = Place::new();
    let ledger = Arc::new(place.open().await.unwrap());
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.reserve(&attempt("p", 1, 5, &format!("{number}")), &[]).await })
        })
        .collect();
    let mut passed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => passed += 1,
            Err(error) => assert!(matches!(error, LedgerError::NonceTaken { nonce: 5, .. }), "{error}"),
        }
    }
    assert_eq!(passed, 1);
}

#[derive(Debug, Clone)]
enum Act {
    Reserve { plan: u8, micro_usd: u64 },
    Release { plan: u8 },
    Wait { seconds: u64 },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..4_u8, 0..700_u64).prop_map(|(plan, micro_usd)| Act::Reserve { plan, micro_usd }),
        1 => (0..4_u8).prop_map(|plan| Act::Release { plan }),
        2 => (1..60_000_u64).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

/// The model: one live reservation a plan.
#[derive(Debug, Default)]
struct Model(Vec<(u8, u64, u64)>);

impl Model {
    fn spent(&self, now: u64, except: Option<u8>) -> u64 {
        let live = self.0.iter().filter(|(plan, at, _)| *at > now - 86_400 && Some(*plan) != except);
        live.map(|(.., micro_usd)| micro_usd).sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_rolling_window_is_the_models(acts in proptest::collection::vec(act(), 1..25)) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let place = Place::new();
            let ledger = place.open().await.unwrap();
            let mut model = Model::default();
            for (nonce, act) in acts.into_iter().enumerate() {
                let now = agent_core::ports::Clock::now(&place.clock);
                match act {
                    Act::Wait { seconds } => place.advance(seconds),
                    Act::Release { plan } => {
                        ledger.release(&format!("p{plan}"), 1).await.unwrap();
                        model.0.retain(|(own, ..)| *own != plan);
                    }
                    Act::Reserve { plan, micro_usd } => {
                        let own = attempt(&format!("p{plan}"), 1, u64::try_from(nonce).unwrap(), &nonce.to_string());
                        let fits = model.spent(now, Some(plan)) + micro_usd <= 1_000;
                        assert_eq!(ledger.reserve(&own, &[entering(micro_usd, 1_000)]).await.is_ok(), fits);
                        if fits {
                            model.0.retain(|(own, ..)| *own != plan);
                            model.0.push((plan, now, micro_usd));
                        }
                    }
                }
                let now = agent_core::ports::Clock::now(&place.clock);
                let spent = ledger.spent("entering_usd", now - 86_400, None).await.unwrap();
                assert_eq!(spent, U256::from(model.spent(now, None)));
            }
            ledger.verify().await.unwrap();
        });
    }
}
