//! What is fetched ahead saves requests and changes nothing, whatever the cache or the node does.

use std::path::Path;

use agent_core::ports::Simulator;
use alloy_primitives::{Address, B256};
use devnet::{RunningChain, TestChains};
use simulations::ForkSimulator;

use crate::demo::{self, FEES, approve_and_swap, usdc, weth};
use crate::nodes::registry;
use crate::relay::{Habits, Relay};
use crate::scene::ether;

/// All that a simulation says, after a sale of WETH and the same sale again.
async fn told(simulator: &ForkSimulator, chain: &RunningChain, me: Address) -> String {
    let calls = approve_and_swap(me, &chain.roles, ether(1));
    let assets = [weth(chain.chain_id, &chain.roles), usdc(chain.chain_id, &chain.roles)];
    let mut fork = simulator.fork(chain.chain_id).await.unwrap();
    let first = fork.run(me, &calls, FEES, &assets, &[]).await.unwrap();
    assert_eq!(first.failure(), None);
    let second = fork.run(me, &calls, FEES, &assets, &[]).await.unwrap();
    format!("{first:?} {second:?}")
}

/// A program that starts with what `folder` has kept: what it is told, and the calls that it made of the node.
async fn started(chain: &RunningChain, me: Address, folder: &Path, habits: Habits) -> (String, Calls) {
    let relay = Relay::before(&chain.rpc_url, habits);
    let simulator = ForkSimulator::caching(registry(chain, &[&relay.url], chain.genesis_hash), folder);
    let told = told(&simulator, chain, me).await;
    (told, Calls(relay.count()))
}

struct Calls(std::collections::BTreeMap<String, usize>);

impl Calls {
    fn of(&self, method: &str) -> usize {
        self.0.get(method).copied().unwrap_or_default()
    }

    /// Slots and accounts that were read one by one.
    fn single(&self) -> usize {
        ["eth_getStorageAt", "eth_getBalance", "eth_getAccountInfo"]
            .iter()
            .map(|method| self.of(method))
            .sum()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_simulated_with_fewer_requests() {
    let chains = TestChains::start(&demo::cache_dir()).await.unwrap();
    let me = chains.running.wallet;
    for chain in &chains.running.chains[..2] {
        let folder = tempfile::tempdir().unwrap();
        let plain = Habits { unknown: &["eth_getProof"], ..Habits::default() };
        let (slowly, one_by_one) = started(chain, me, folder.path(), plain).await;
        // Negative control: a node without `eth_getProof` is read slot by slot.
        assert!(one_by_one.single() > 15 && one_by_one.of("eth_getProof") <= 8, "{:?}", one_by_one.0);

        let folder = tempfile::tempdir().unwrap();
        let (first, cold) = started(chain, me, folder.path(), Habits::default()).await;
        let (again, warm) = started(chain, me, folder.path(), Habits::default()).await;
        assert_eq!((&first, &again), (&slowly, &slowly));
        assert!(cold.single() < one_by_one.single(), "{:?}", cold.0);
        assert_eq!(
            (warm.single(), warm.of("eth_getCode"), warm.of("eth_createAccessList")),
            (0, 0, 0),
            "{:?}",
            warm.0
        );
        assert!(warm.of("eth_getProof") < 20, "{:?}", warm.0);

        let unlisted = Habits { unknown: &["eth_createAccessList"], ..Habits::default() };
        let (without_lists, _) = started(chain, me, tempfile::tempdir().unwrap().path(), unlisted).await;
        let busy = Habits { busy_every: Some(4), ..Habits::default() };
        let (between_refusals, _) = started(chain, me, tempfile::tempdir().unwrap().path(), busy).await;
        assert_eq!((without_lists, between_refusals), (slowly.clone(), slowly));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_cache_changes_nothing() {
    let chains = TestChains::start(&demo::cache_dir()).await.unwrap();
    let (chain, me) = (&chains.running.chains[1], chains.running.wallet);
    let folder = tempfile::tempdir().unwrap();
    let (right, _) = started(chain, me, folder.path(), Habits::default()).await;
    let reads = folder.path().join(format!("{}.reads", chain.chain_id));
    let learned = std::fs::read(&reads).unwrap();

    // Every message is said to read what is not there.
    let word = B256::repeat_byte(0xab);
    let nowhere: String = (0..200_u8).map(|at| format!(" {:?} {word:?}", Address::repeat_byte(at))).collect();
    let lines = learned.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    // A line begins with two keys.
    let elsewhere = lines.flat_map(|line| [&line[..133], nowhere.as_bytes(), b"\n"].concat()).collect();
    let long = learned.repeat(1 + (5 << 20) / learned.len());
    let half = learned[..learned.len() / 2].to_vec();
    let mut proofs = 0;
    for poison in [vec![0xff; 1_000], long, half, elsewhere, Vec::new()] {
        std::fs::write(&reads, &poison).unwrap();
        let (told, calls) = started(chain, me, folder.path(), Habits::default()).await;
        assert_eq!(told, right);
        proofs = proofs.max(calls.of("eth_getProof"));
    }
    // Negative control: the poison was read, and the node was asked for what is not there.
    assert!(proofs > 60, "{proofs}");

    // Code of another contract under every hash: nothing of it runs, and it is replaced.
    std::fs::write(&reads, learned).unwrap();
    let files = || std::fs::read_dir(folder.path().join("code")).unwrap().map(|file| file.unwrap().path());
    let count = files().count();
    assert!(count > 3, "{count}");
    for file in files() {
        std::fs::write(file, [0x5f, 0x5f, 0xfd]).unwrap();
    }
    let (told, calls) = started(chain, me, folder.path(), Habits::default()).await;
    assert_eq!((told, calls.of("eth_getCode")), (right.clone(), count));
    let (told, calls) = started(chain, me, folder.path(), Habits::default()).await;
    assert_eq!((told, calls.of("eth_getCode")), (right, 0));
}
