//! Endpoints that are dead, wrong or mad: a typed error in bounded time, or the next endpoint.

use std::sync::Arc;
use std::time::{Duration, Instant};

use agent_core::pipeline::Journaled;
use agent_core::ports::{Chain, SendOutcome, Signer};
use agent_core::{Asset, AssetKind, Call, CallRole, Exit, Fees, NetworkId, NetworkInfo, Refusal, Registry};
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Bytes, U256};
use chains::{LiveChain, LocalSigner};
use fakes::clock::FakeClock;
use fakes::kill::Kill;
use fakes::ledger::MemoryLedger;

use crate::server::{
    BAD_GATEWAY, BEHIND, BUSY, BUSY_A_SECOND, BUSY_AN_HOUR, HTML, Manner, WRONG_ID, serve, serve_counted,
};
use crate::world::authorize;

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

/// Faults of the transport and of providers, by the names that a shared list of them uses.
const BAD: [(&str, Manner); 33] = [
    ("connect then hang", Manner::Hangs),
    ("slow loris", Manner::Drips),
    ("reset mid-body", Manner::Truncated),
    ("reset before the body", Manner::Closes),
    ("truncated JSON", Manner::Says("200 OK", b"{\"jsonrpc\":\"2.0\",\"id\":")),
    ("empty 200", Manner::Says("200 OK", b"")),
    ("HTML 200", HTML),
    ("control characters 200", Manner::Says("200 OK", b"\x1b[2J\xe2\x80\xaenot json")),
    ("gzip bomb", Manner::Says("200 OK\r\nContent-Encoding: gzip", b"\x1f\x8b\x08\x00\x00\x00")),
    ("1 GiB JSON", Manner::Huge),
    ("10^5 nested arrays", Manner::Nested),
    ("invalid UTF-8", Manner::Says("200 OK", b"\xff\xff")),
    ("both result and error", Manner::Around("\"result\"", "\"error\":{\"code\":1},\"result\"")),
    ("neither result nor error", Manner::Around("\"result\"", "\"outcome\"")),
    ("result of another shape", Manner::Around("\"result\":", "\"result\":[\"x\"],\"x\":")),
    ("wrong id", WRONG_ID),
    ("id as string", Manner::Around("\"id\":", "\"id\":\"1\",\"x\":")),
    ("batch short", Manner::Short),
    ("chunked never ends", Manner::EndlessChunks),
    ("redirect to other host", Manner::Says("302 Found\r\nLocation: http://127.0.0.1:1/", b"")),
    ("429 no Retry-After", BUSY),
    ("429 Retry-After 3600", BUSY_AN_HOUR),
    ("429 in 200 body -32005", Manner::Error(-32005, "slow down")),
    ("-32000 daily quota", Manner::Error(-32000, "daily quota is used up")),
    ("401 key revoked", Manner::Says("401 Unauthorized", b"<html>")),
    ("402 billing", Manner::Says("402 Payment Required", b"<html>")),
    ("403 method not whitelisted", Manner::Says("403 Forbidden", b"<html>")),
    ("503", Manner::Says("503 Service Unavailable", b"")),
    ("502 html", BAD_GATEWAY),
    ("-32601 method missing", Manner::Error(-32601, "the method does not exist")),
    ("execution timeout", Manner::Error(-32000, "execution timeout")),
    ("header not found", BEHIND),
    ("missing trie node", Manner::Error(-32000, "missing trie node")),
];

#[tokio::test]
async fn every_bad_manner_is_unreachable_in_bounded_time() {
    assert_eq!(head(&chain(&[&serve(1, Manner::Good).await])).await.unwrap(), 5);
    let asking = BAD.map(|(name, manner)| (name, tokio::spawn(bad_manner(name, manner))));
    for (name, asked) in asking {
        assert!(asked.await.is_ok(), "{name}");
    }
}

async fn bad_manner(name: &str, manner: Manner) {
    let began = Instant::now();
    let refusal = head(&chain(&[&serve(1, manner).await])).await.unwrap_err();
    let code = (refusal.code.as_str(), refusal.exit);
    assert_eq!(code, ("rpc.unreachable", Exit::Unreachable), "{name}: {refusal}");
    assert!(began.elapsed() < Duration::from_secs(4), "{name}");
    assert!(!refusal.message.chars().any(char::is_control), "{name}");
    // The next endpoint answers.
    let (broken, good) = (serve(1, manner).await, serve(1, Manner::Good).await);
    assert_eq!(head(&chain(&[&broken, &good])).await.unwrap(), 5, "{name}");
}

#[tokio::test]
async fn what_passes_is_waited_out_and_what_does_not_is_not() {
    for (manner, rested) in [(&BUSY_A_SECOND, 2_000), (&Manner::Closes, 200), (&BEHIND, 200)] {
        let served = serve_counted(1, Manner::Twice(manner)).await;
        let chain = LiveChain::with_timeout(network(&[&served.url]), Duration::from_secs(5)).unwrap();
        let began = Instant::now();
        assert_eq!(head(&chain).await.unwrap(), 5, "{manner:?}");
        // Who it is is asked along with the first read: two in vain, one that counts.
        assert_eq!(served.requests(), 3, "{manner:?}");
        assert!(began.elapsed() >= Duration::from_millis(rested), "{manner:?}: {:?}", began.elapsed());
    }
    // An hour is not waited for, and nothing is asked meanwhile.
    let served = serve_counted(1, BUSY_AN_HOUR).await;
    let chain = chain(&[&served.url]);
    for _ in 0..3 {
        assert_eq!(head(&chain).await.unwrap_err().code, "rpc.unreachable");
    }
    assert_eq!(served.requests(), 1);
}

#[tokio::test]
async fn batches_are_no_must() {
    for (manner, requests) in [(Manner::Shuffled, 1), (Manner::NoBatches, 4)] {
        let served = serve_counted(1, manner).await;
        assert_eq!(head(&chain(&[&served.url])).await.unwrap(), 5, "{manner:?}");
        assert_eq!(served.requests(), requests, "{manner:?}");
    }
}

/// One wei to nobody in particular, signed and journaled.
async fn journaled() -> Journaled {
    let mut info = network(&[DEAD]);
    let kind = AssetKind::Native;
    info.assets = vec![Asset { chain_id: 1, kind, symbol: "ETH".to_owned(), decimals: 18 }];
    let clock = FakeClock::new(1_000, Kill::default());
    let registry = Registry { networks: [(1, info)].into_iter().collect() };
    let signer = LocalSigner::new(PrivateKeySigner::random(), Arc::new(registry), Arc::new(clock.clone()));
    let call = Call {
        to: Address::repeat_byte(7),
        value: U256::from(1),
        data: Bytes::new(),
        decoded: String::new(),
        role: CallRole::Act,
    };
    let fees = Fees { max_fee_per_gas: 1, max_priority_fee_per_gas: 1 };
    let id = NetworkId { chain_id: 1, genesis: B256::repeat_byte(0x11) };
    let authorized = authorize(id, signer.address(), call, fees, 0, 1_000).await;
    let ledger = MemoryLedger::new(clock, Kill::default());
    signer.sign(authorized).await.unwrap().journal(&ledger).await.unwrap()
}

#[tokio::test]
async fn signed_bytes_go_out_once_unless_nobody_looked_at_them() {
    let tx = journaled().await;
    let unknown = |outcome: &SendOutcome| matches!(outcome, SendOutcome::Unknown(_));
    for manner in [Manner::Closes, HTML, BAD_GATEWAY, Manner::Hangs, WRONG_ID] {
        let served = serve_counted(1, manner).await;
        let outcome = chain(&[&served.url]).send(&tx).await;
        assert!(unknown(&outcome), "{manner:?}: {outcome:?}");
        assert_eq!(served.sends(), 1, "{manner:?}");
    }
    let busy = serve_counted(1, Manner::WithSigned(&Manner::Twice(&BUSY))).await;
    assert_eq!(chain(&[&busy.url]).send(&tx).await, SendOutcome::Accepted);
    assert_eq!(busy.sends(), 3);

    let used =
        serve_counted(1, Manner::WithSigned(&Manner::Error(-32000, "nonce too low: next nonce 5"))).await;
    assert!(matches!(chain(&[&used.url]).send(&tx).await, SendOutcome::Rejected(_)));
    // The first may have taken it: then the second's "no" settles nothing.
    let silent = serve_counted(1, Manner::Closes).await;
    assert!(unknown(&chain(&[&silent.url, &used.url]).send(&tx).await));
    // Nothing goes to another network.
    let other = serve_counted(8453, Manner::Good).await;
    assert!(unknown(&chain(&[&other.url]).send(&tx).await));
    assert_eq!(other.sends(), 0);
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

/// Faults of the list that another test injects, or that this room's answers cannot show.
const ELSEWHERE: [(&str, &str); 12] = [
    ("connect refused", "the_dead_are_passed_over_and_all_dead_is_unreachable"),
    ("batch out of order", "batches_are_no_must"),
    ("batch too large", "batches_are_no_must"),
    ("answer after our timeout", "signed_bytes_go_out_once_unless_nobody_looked_at_them"),
    ("duplicate keys", "one of them is read, as JSON leaves it open"),
    ("duplicate delivery", "a node knows a transaction by its hash"),
    ("TLS expired", "rustls's own"),
    ("DNS flips to new IP", "who answers is asked by chain id and genesis, not by address"),
    ("eth_getLogs range too large", "the range asked for is fixed; it is an error as any other"),
    ("query returned more than 10000 results", "as above"),
    ("pending tag unsupported", "it is never asked for"),
    ("finalized tag unsupported", "it is never asked for"),
];

#[test]
#[expect(clippy::disallowed_methods, reason = "the list of faults is given from outside, if at all")]
fn the_shared_list_of_faults_is_covered() {
    let Ok(folder) = std::env::var("STEWARD_TEST_DATA") else { return };
    let path = std::path::Path::new(&folder).join("own/rpc_faults.json");
    let list: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let known =
        |name: &str| BAD.iter().any(|(own, _)| *own == name) || ELSEWHERE.iter().any(|(own, _)| *own == name);
    for fault in list["faults"].as_array().unwrap() {
        if fault["cat"] == "transport" || fault["cat"] == "provider" {
            let name = fault["name"].as_str().unwrap();
            assert!(known(name), "nobody injects {name}");
        }
    }
}
