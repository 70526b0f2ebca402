//! `Judged::authorize` is the only way to a signature: the whole table.

use agent_core::ledger::{Attempt, NonceClaim};
use agent_core::pipeline::{Compiled, Judged, Permit};
use agent_core::ports::{PolicyRequest, Simulator};
use agent_core::{Action, Autonomy, CallEnd, CompiledStep, Fees, NetworkId, Quantity, Simulation, Verdict};
use alloy_primitives::{Address, B256, Bytes, U256};
use fakes::fork::FakeSimulator;
use fakes::scene::{ACCOUNT, BEGINS_AT, ETHEREUM, Scene};
use proptest::prelude::*;

const PERMITS: [(Permit, bool); 5] = [
    (Permit::Unattended(Autonomy::Observe), false),
    (Permit::Unattended(Autonomy::Propose), false),
    (Permit::Unattended(Autonomy::Bounded), true),
    (Permit::Unattended(Autonomy::FullWithinPolicy), true),
    (Permit::Confirmed, true),
];

/// A transfer of so many whole DAI, simulated and judged.
async fn judged(verdict: Verdict, whole: u64, next: usize) -> Judged {
    let scene = Scene::new();
    scene.policy.script(|script| match verdict {
        Verdict::Allow => {}
        Verdict::NeedsApproval => script.ask(1, 1),
        Verdict::Deny => script.denied.push(1),
    });
    let asset = scene.asset(ETHEREUM, "DAI");
    let raw = U256::from(whole) * U256::from(10).pow(U256::from(18));
    let to = Address::repeat_byte(0x77);
    let transfer = Action::Transfer { asset, amount: Quantity::Exact(raw), to, payee: None };
    let plan = scene.plan("p", vec![(ETHEREUM, transfer)]);
    let (leg, step) = plan.steps().next().unwrap();
    let chains = [(ETHEREUM, scene.ethereum.clone())].into_iter().collect();
    let simulator = FakeSimulator { chains, kill: scene.kill.clone() };
    let mut fork = simulator.fork(ETHEREUM).await.unwrap();
    let core = scene.core();
    let resolved = agent_core::ports::Resolved { step, raw, other: None, whole: false };
    let made: CompiledStep = core.compiler.compile(resolved, ACCOUNT, fork.view(), BEGINS_AT).await.unwrap();
    let (plan_id, network, account) = (plan.id.clone(), leg.network, ACCOUNT);
    let compiled = Compiled { plan_id, network, account, step: made.clone(), next, cleanup: false };
    let fees = Fees { max_fee_per_gas: 1, max_priority_fee_per_gas: 1 };
    let simulated = compiled.simulate(fork.as_mut(), fees).await.unwrap();
    // A request that claims another simulation: it must not be believed.
    let lie = Simulation { calls: Vec::new(), ..simulated.simulation().clone() };
    let request = PolicyRequest {
        plan: &plan,
        step,
        compiled: &made,
        simulation: &lie,
        prices: &agent_core::Prices::new(),
        registry: &scene.registry,
        contacts: &[],
        paid: &[],
        entered_micro_usd: U256::ZERO,
        approvals: 0,
        account: ACCOUNT,
        now: BEGINS_AT,
    };
    simulated.judge(&scene.policy, &request)
}

#[tokio::test]
async fn verdict_and_permit() {
    for (permit, runs) in PERMITS {
        let allowed = judged(Verdict::Allow, 1, 0).await.authorize(permit, 7, BEGINS_AT);
        match allowed {
            Ok(authorized) => {
                assert!(runs, "{permit:?}");
                assert_eq!((authorized.tx().nonce, authorized.tx().call), (7, 0));
                assert_eq!(authorized.expires_at(), BEGINS_AT + 60);
            }
            Err(refusal) => {
                assert!(!runs, "{permit:?}: {refusal:?}");
                assert_eq!((refusal.exit.code(), refusal.code.as_str()), (11, "policy.confirmation"));
            }
        }
        let refusal = judged(Verdict::NeedsApproval, 1, 0).await.authorize(permit, 7, BEGINS_AT).unwrap_err();
        assert_eq!((refusal.exit.code(), refusal.code.as_str()), (11, "policy.approval_required"));
        let refusal = judged(Verdict::Deny, 1, 0).await.authorize(permit, 7, BEGINS_AT).unwrap_err();
        assert_eq!((refusal.exit.code(), refusal.code.as_str()), (10, "policy.denied"));
    }
}

#[tokio::test]
async fn what_fails_in_the_simulation_is_never_authorized() {
    for (permit, _) in PERMITS {
        for verdict in [Verdict::Allow, Verdict::NeedsApproval, Verdict::Deny] {
            let judged = judged(verdict, 1_000_000, 0).await;
            assert!(matches!(judged.simulation().calls[0].end, CallEnd::Revert(_)));
            let refusal = judged.authorize(permit, 0, BEGINS_AT).unwrap_err();
            assert_eq!((refusal.exit.code(), refusal.code.as_str()), (12, "simulation.failed"));
        }
    }
}

#[tokio::test]
async fn where_no_call_is_left_nothing_is_authorized() {
    let refusal = judged(Verdict::Allow, 1, 1).await.authorize(Permit::Confirmed, 0, BEGINS_AT).unwrap_err();
    assert_eq!(refusal.code, "pipeline.nothing_left");
}

/// An attempt at the call of [`judged`] that waits at nonce 7.
fn waiting(max_fee_per_gas: u128) -> Attempt {
    let claim = NonceClaim {
        network: Scene::new().registry.network(ETHEREUM).map(|network| network.id).unwrap(),
        sender: ACCOUNT,
        nonce: 7,
        tx_hash: B256::repeat_byte(1),
        raw: Bytes::new(),
    };
    let fees = Fees { max_fee_per_gas, max_priority_fee_per_gas: 0 };
    Attempt { plan_id: "p".to_owned(), step: 1, call: 0, cleanup: false, fees, replaces: None, claim }
}

#[tokio::test]
async fn a_replacement_is_the_same_call_under_the_same_nonce_with_higher_fees() {
    let replace = async |verdict, permit, waiting: Attempt| {
        judged(verdict, 1, 0).await.replace(permit, &waiting, BEGINS_AT)
    };
    let good = replace(Verdict::Allow, Permit::Confirmed, waiting(0)).await.unwrap();
    assert_eq!((good.tx().nonce, good.tx().replaces), (7, Some(B256::repeat_byte(1))));
    let other = [
        waiting(1),
        Attempt { plan_id: "q".to_owned(), ..waiting(0) },
        Attempt { step: 2, ..waiting(0) },
        Attempt { call: 1, ..waiting(0) },
        Attempt { cleanup: true, ..waiting(0) },
        Attempt { claim: NonceClaim { sender: Address::ZERO, ..waiting(0).claim }, ..waiting(0) },
        Attempt {
            claim: NonceClaim { network: NetworkId { chain_id: 1, genesis: B256::ZERO }, ..waiting(0).claim },
            ..waiting(0)
        },
    ];
    for waiting in other {
        let refusal = replace(Verdict::Allow, Permit::Confirmed, waiting.clone()).await.unwrap_err();
        assert_eq!(refusal.code, "pipeline.not_a_replacement", "{waiting:?}");
    }
    // It needs what every signature needs.
    assert_eq!(
        replace(Verdict::Deny, Permit::Confirmed, waiting(0)).await.unwrap_err().code,
        "policy.denied"
    );
    let observed = Permit::Unattended(Autonomy::Observe);
    let refusal = replace(Verdict::Allow, observed, waiting(0)).await.unwrap_err();
    assert_eq!(refusal.code, "policy.confirmation");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn raised_fees_are_an_eighth_more_and_what_the_network_asks(old in any::<[u64; 2]>(), now in any::<[u64; 2]>()) {
        let fees = |[fee, tip]: [u64; 2]| {
            let (max_fee_per_gas, max_priority_fee_per_gas) = (u128::from(fee), u128::from(tip));
            Fees { max_fee_per_gas, max_priority_fee_per_gas }
        };
        let (old, now) = (fees(old), fees(now));
        let raised = old.raised(now);
        prop_assert!(raised.max_fee_per_gas * 8 >= old.max_fee_per_gas * 9);
        prop_assert!(raised.max_priority_fee_per_gas * 8 >= old.max_priority_fee_per_gas * 9);
        prop_assert!(raised.max_fee_per_gas > old.max_fee_per_gas);
        prop_assert!(raised.max_fee_per_gas >= now.max_fee_per_gas);
        prop_assert!(raised.max_fee_per_gas >= raised.max_priority_fee_per_gas);
        // Nothing wraps at the end of the numbers.
        let most = Fees { max_fee_per_gas: u128::MAX, max_priority_fee_per_gas: u128::MAX };
        prop_assert_eq!(most.raised(now), most);
    }
}
