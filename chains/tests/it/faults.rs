//! Endpoints that are dead, wrong or mad: a typed error in bounded time, or the next endpoint.

use std::time::{Duration, Instant};

use agent_core::ports::Chain;
use agent_core::{Exit, NetworkId, NetworkInfo, Refusal};
use alloy_primitives::B256;
use chains::LiveChain;

use crate::server::{Manner, serve};

/// Port 9 (discard): nothing listens.
const DEAD: &str = "http://127.0.0.1:9";

fn network(endpoints: &[&str]) -> NetworkInfo {
    NetworkInfo {
        id: NetworkId { chain_id: 1, genesis: B256::repeat_byte(0x11) },
        name: "ethereum".to_owned(),
        endpoints: endpoints.iter().map(|url| (*url).to_owned()).collect(),
        op_stack: false,
        demo: true,
        assets: Vec::new(),
        positions: Vec::new(),
        contracts: Default::default(),
        roles: Default::default(),
    }
}

fn chain(endpoints: &[&str]) -> LiveChain {
    LiveChain::with_timeout(network(endpoints), Duration::from_secs(1)).unwrap()
}

async fn head(chain: &LiveChain) -> Result<u64, Refusal> {
    chain.head().await.map(|view| view.block().timestamp)
}

#[tokio::test]
async fn every_bad_manner_is_unreachable_in_bounded_time() {
    assert_eq!(head(&chain(&[&serve(1, Manner::Good).await])).await.unwrap(), 5);
    let bad = [
        Manner::Hangs,
        Manner::Drips,
        Manner::Garbage,
        Manner::Html,
        Manner::BadGateway,
        Manner::Truncated,
        Manner::WrongId,
        Manner::NoResult,
        Manner::OtherShape,
        Manner::Huge,
        Manner::Closes,
        Manner::RateLimited,
    ];
    for manner in bad {
        let began = Instant::now();
        let refusal = head(&chain(&[&serve(1, manner).await])).await.unwrap_err();
        assert_eq!(
            (refusal.code.as_str(), refusal.exit),
            ("rpc.unreachable", Exit::Unreachable),
            "{manner:?}: {refusal}"
        );
        assert!(began.elapsed() < Duration::from_secs(4), "{manner:?}");
        assert!(!refusal.message.chars().any(char::is_control), "{manner:?}");
        // The next endpoint answers.
        let (broken, good) = (serve(1, manner).await, serve(1, Manner::Good).await);
        assert_eq!(head(&chain(&[&broken, &good])).await.unwrap(), 5, "{manner:?}");
    }
}

#[tokio::test]
async fn the_dead_are_passed_over_and_all_dead_is_unreachable() {
    let good = serve(1, Manner::Good).await;
    let one_dead = chain(&[DEAD, &good]);
    one_dead.verify().await.unwrap();
    assert_eq!(head(&one_dead).await.unwrap(), 5);
    let dead = chain(&[DEAD]);
    for refusal in [dead.verify().await.unwrap_err(), head(&dead).await.unwrap_err()] {
        assert_eq!((refusal.code.as_str(), refusal.exit), ("rpc.unreachable", Exit::Unreachable));
    }
}

#[tokio::test]
async fn another_network_behind_a_url_is_never_used() {
    let (other, good) = (serve(8453, Manner::Good).await, serve(1, Manner::Good).await);
    for endpoints in [vec![other.as_str()], vec![DEAD, &other], vec![&good, &other]] {
        let refusal = chain(&endpoints).verify().await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.exit), ("rpc.wrong_chain", Exit::Unreachable));
    }
    // Also without being asked to verify.
    assert_eq!(head(&chain(&[DEAD, &other])).await.unwrap_err().code, "rpc.wrong_chain");
    let mut info = network(&[&good]);
    info.id.genesis = B256::repeat_byte(0x22);
    let forked = LiveChain::new(info).unwrap();
    for refusal in [forked.verify().await.unwrap_err(), head(&forked).await.unwrap_err()] {
        assert_eq!(refusal.code, "rpc.wrong_genesis");
    }
}

#[test]
fn an_endpoint_is_an_http_url_and_its_key_is_not_shown() {
    for url in ["", "nonsense", "ftp://127.0.0.1", "file:///etc/passwd", "http://"] {
        assert_eq!(LiveChain::new(network(&[url])).unwrap_err().code, "config.network", "{url}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let secret = chain(&["http://user:hunter2@127.0.0.1:9/v2/hunter2"]);
    let refusal = runtime.block_on(head(&secret)).unwrap_err();
    assert!(!refusal.message.contains("hunter2"), "{refusal}");
}
