//! Random endpoints that time out, lose, delay and fail: never a step twice, and done once they stop.

use agent_core::ledger::Record;
use fakes::chain::{Faults, SendFault};
use fakes::scene::Scene;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{block_on, execute, saved};

fn faults() -> impl Strategy<Value = Faults> {
    let send = prop_oneof![Just(SendFault::None), Just(SendFault::TimedOut), Just(SendFault::Lost)];
    let slow = prop_oneof![4 => 0_u32..20, 1 => 200_u32..300];
    let fill = prop_oneof![4 => 0_u32..20, 1 => 590_u32..620];
    let reads = vec(prop::bool::weighted(0.3), 0..80);
    (vec(send, 0..6), reads, slow, 0_u32..40, fill).prop_map(|(sends, reads, slow, hidden, fill)| Faults {
        sends: sends.into(),
        reads: reads.into(),
        mined_after: slow,
        receipt_hidden: hidden,
        fill_after: fill,
        ..Faults::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_twice_and_done_in_the_end(ethereum in faults(), base in faults()) {
        block_on(async {
            let scene = Scene::new();
            saved(&scene, "p", scene.three_steps()).await;
            scene.ethereum.faults(|own| *own = ethereum);
            scene.base.faults(|own| *own = base);
            for _ in 0..300 {
                let ended = execute(&scene.core(), "p").await;
                let mut acts = [scene.ethereum.acts(), scene.base.acts()].concat();
                acts.sort_unstable();
                acts.windows(2).for_each(|two| assert!(two[0] < two[1], "acts: {acts:?}"));
                // What was signed may be out: a restarted process cannot know better.
                let signed = scene.ledger.rows().iter().any(|row| matches!(row.record, Record::Signed { .. }));
                match ended {
                    Ok(finished) => {
                        assert_eq!(finished.differences, Vec::<String>::new());
                        assert_eq!(acts, [1, 2, 3]);
                        return;
                    }
                    Err(refusal) if signed => assert!(matches!(refusal.exit.code(), 17 | 19), "{refusal:?}"),
                    Err(refusal) => assert_eq!(refusal.exit.code(), 5, "{refusal:?}"),
                }
            }
            panic!("never done");
        });
    }
}
