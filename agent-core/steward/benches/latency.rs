//! The program against networks that are far away and grudge every request: how long from a sentence to its judged
//! plan, how long until the first line, and how many requests a plan costs. Before each chain of the demo world stands a
//! proxy that answers after 80 ms and lets 25 calls a second through (each call of a batch counts); more are refused
//! with 429 and `Retry-After: 1`. Each plan is made twice: by a program that was never here before, and again.
//! (`cargo bench -p steward --bench latency`. Sentences go through the model where it is there, else drafts are read.)
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark stops where it cannot measure"
)]

#[path = "latency/proxy.rs"]
mod proxy;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proxy::Proxy;
use serde_json::{Value, json};

/// Between two plans the allowance of requests fills up again.
const REST: Duration = Duration::from_millis(1_500);

/// A sentence, and the steps that it means.
const PLANS: [(&str, &str); 20] = [
    (
        "swap 1 ETH to USDC on base and lend it on aave",
        r#"[{"action":"swap","sell":"ETH","buy":"USDC","amount":"1","side":"sell","chain":"base"},{"action":"supply","asset":"USDC","amount":"@1","chain":"base","protocol":"aave"}]"#,
    ),
    (
        "swap 50 USDC to ETH on arbitrum",
        r#"[{"action":"swap","sell":"USDC","buy":"ETH","amount":"50","side":"sell","chain":"arbitrum"}]"#,
    ),
    (
        "swap 60 USDC to WBTC on ethereum",
        r#"[{"action":"swap","sell":"USDC","buy":"WBTC","amount":"60","side":"sell","chain":"ethereum"}]"#,
    ),
    (
        "swap 0.1 ETH to USDC on optimism",
        r#"[{"action":"swap","sell":"ETH","buy":"USDC","amount":"0.1","side":"sell","chain":"optimism"}]"#,
    ),
    (
        "supply 200 USDC to aave on ethereum",
        r#"[{"action":"supply","asset":"USDC","amount":"200","chain":"ethereum","protocol":"aave"}]"#,
    ),
    (
        "supply 200 USDC to aave on arbitrum",
        r#"[{"action":"supply","asset":"USDC","amount":"200","chain":"arbitrum","protocol":"aave"}]"#,
    ),
    ("wrap 0.5 ETH on base", r#"[{"action":"wrap","amount":"0.5","asset":null,"chain":"base"}]"#),
    ("wrap 0.5 ETH on ethereum", r#"[{"action":"wrap","amount":"0.5","asset":null,"chain":"ethereum"}]"#),
    (
        "send 25 USDC to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on base",
        r#"[{"action":"transfer","asset":"USDC","amount":"25","to":"0x70997970C51812dc3A010C7d01b50e0d17dc79C8","chain":"base"}]"#,
    ),
    (
        "send 0.1 ETH to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on optimism",
        r#"[{"action":"transfer","asset":"ETH","amount":"0.1","to":"0x70997970C51812dc3A010C7d01b50e0d17dc79C8","chain":"optimism"}]"#,
    ),
    (
        "bridge 200 USDC from ethereum to base",
        r#"[{"action":"bridge","asset":"USDC","amount":"200","from":"ethereum","to":"base"}]"#,
    ),
    (
        "bridge 100 USDC from arbitrum to optimism",
        r#"[{"action":"bridge","asset":"USDC","amount":"100","from":"arbitrum","to":"optimism"}]"#,
    ),
    (
        "swap 2 LINK to ETH on ethereum",
        r#"[{"action":"swap","sell":"LINK","buy":"ETH","amount":"2","side":"sell","chain":"ethereum"}]"#,
    ),
    (
        "swap 20 ARB to USDC on arbitrum",
        r#"[{"action":"swap","sell":"ARB","buy":"USDC","amount":"20","side":"sell","chain":"arbitrum"}]"#,
    ),
    (
        "swap 20 OP to USDC on optimism",
        r#"[{"action":"swap","sell":"OP","buy":"USDC","amount":"20","side":"sell","chain":"optimism"}]"#,
    ),
    (
        "swap 40 USDC to WETH on base",
        r#"[{"action":"swap","sell":"USDC","buy":"WETH","amount":"40","side":"sell","chain":"base"}]"#,
    ),
    (
        "supply 0.05 ETH to aave on base",
        r#"[{"action":"supply","asset":"ETH","amount":"0.05","chain":"base","protocol":"aave"}]"#,
    ),
    (
        "supply 100 USDC to aave on optimism",
        r#"[{"action":"supply","asset":"USDC","amount":"100","chain":"optimism","protocol":"aave"}]"#,
    ),
    (
        "swap 25 USDC to DAI on ethereum",
        r#"[{"action":"swap","sell":"USDC","buy":"DAI","amount":"25","side":"sell","chain":"ethereum"}]"#,
    ),
    (
        "swap 1 ETH to USDC on arbitrum and lend it on aave",
        r#"[{"action":"swap","sell":"ETH","buy":"USDC","amount":"1","side":"sell","chain":"arbitrum"},{"action":"supply","asset":"USDC","amount":"@1","chain":"arbitrum","protocol":"aave"}]"#,
    ),
];

/// What one plan took.
struct Taken {
    judged: Duration,
    first_line: Duration,
    calls: usize,
    refused: usize,
}

fn main() {
    let home = std::env::temp_dir().join(format!("steward-latency-{}", std::process::id()));
    let far = home.join("far");
    std::fs::create_dir_all(far.join("config")).unwrap();
    std::fs::create_dir_all(far.join("data")).unwrap();
    let model = share_models(&far);
    let up = steward(&home, &["devnet", "up", "--json"]).output().unwrap();
    let facts: Value = serde_json::from_slice(&up.stdout).unwrap();
    let proxies = place_proxies(&facts["data"], &far);
    println!("{}; 80 ms, 25 calls a second, a chain", if model { "sentences" } else { "drafts" });
    for time in ["first time", "again"] {
        let taken: Vec<_> = PLANS.iter().map(|plan| measure(&far, plan, model, &proxies)).collect();
        report(time, &taken);
    }
    assert!(steward(&home, &["devnet", "down"]).status().unwrap().success());
    std::fs::remove_dir_all(home).unwrap();
}

/// Whether the model is there; it lies in the user's own folder.
fn share_models(far: &Path) -> bool {
    let user = || PathBuf::from(std::env::var("HOME").unwrap()).join(".local/share");
    let models = std::env::var("XDG_DATA_HOME").map_or_else(|_| user(), PathBuf::from).join("steward/models");
    let there = models.is_dir() && std::fs::read_dir(&models).unwrap().count() > 0;
    if there {
        std::os::unix::fs::symlink(models, far.join("data/models")).unwrap();
    }
    there
}

fn steward(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
    // A cache of its own, but for the demo world's parts.
    if home.join("config").is_dir() {
        command.env("XDG_CACHE_HOME", home.join("cache"));
    }
    command.args(arguments).env("STEWARD_HOME", home).stdin(Stdio::null());
    command
}

/// A proxy before each chain, and the configuration that names them.
fn place_proxies(facts: &Value, far: &Path) -> Vec<Proxy> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut config = format!("account = {}\n", facts["wallet"]);
    let mut proxies = Vec::new();
    for chain in facts["chains"].as_array().unwrap() {
        let proxy =
            Proxy::before(text(&chain["rpc_url"]).trim_start_matches("http://").trim_end_matches('/'));
        let chain_id = text(&chain["chain"]).trim_start_matches("eip155:").to_owned();
        let op_stack = ["10", "8453"].contains(&chain_id.as_str());
        config += &format!(
            "[[networks]]\nname = {}\nchain_id = {chain_id}\ngenesis = {}\nendpoints = [\"{}\"]\nop_stack = {op_stack}\n[networks.addresses]\n",
            chain["name"], chain["genesis"], proxy.url
        );
        for (role, address) in chain["addresses"].as_object().unwrap() {
            config += &format!("\"{role}\" = {address}\n");
        }
        proxies.push(proxy);
    }
    std::fs::write(far.join("config/config.toml"), config).unwrap();
    proxies
}

fn measure(far: &Path, (sentence, steps): &(&str, &str), model: bool, proxies: &[Proxy]) -> Taken {
    std::thread::sleep(REST);
    for proxy in proxies {
        proxy.count();
    }
    let file = far.join("draft.json");
    let steps: Value = serde_json::from_str(steps).unwrap();
    let draft =
        json!({"intent": sentence, "outcome": "plan", "trigger": null, "sources": {}, "steps": steps});
    std::fs::write(&file, draft.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let arguments = if model { ["plan", "--", sentence] } else { ["plan", "--draft", file] };
    let mut command = steward(far, &arguments);
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (out, err) =
        (listen(child.stdout.take().unwrap(), start), listen(child.stderr.take().unwrap(), start));
    child.wait().unwrap();
    let judged = start.elapsed();
    let ((out, out_at), (err, err_at)) = (out.join().unwrap(), err.join().unwrap());
    assert!(out.contains("verdict"), "{sentence}: no judged plan: {out}{err}");
    let counts: Vec<_> = proxies.iter().map(Proxy::count).collect();
    let first_line = [out_at, err_at].into_iter().flatten().min().unwrap();
    let (calls, refused) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    Taken { judged, first_line, calls, refused }
}

/// What comes through a pipe, and when its first bytes came.
fn listen(
    mut pipe: impl Read + Send + 'static,
    start: Instant,
) -> std::thread::JoinHandle<(String, Option<Duration>)> {
    std::thread::spawn(move || {
        let mut first = [0];
        if pipe.read(&mut first).unwrap() == 0 {
            return (String::new(), None);
        }
        let (at, mut rest) = (start.elapsed(), first.to_vec());
        pipe.read_to_end(&mut rest).unwrap();
        (String::from_utf8_lossy(&rest).into_owned(), Some(at))
    })
}

fn report(time: &str, taken: &[Taken]) {
    let of = |what: fn(&Taken) -> usize| {
        let mut all: Vec<_> = taken.iter().map(what).collect();
        all.sort_unstable();
        (all[all.len() / 2], all[all.len() * 95 / 100 - 1], all[all.len() - 1])
    };
    println!("{time}: {} plans; p50, p95 and most of each", taken.len());
    println!("  judged plan, ms     {:?}", of(|taken| millis(taken.judged)));
    println!("  first line, ms      {:?}", of(|taken| millis(taken.first_line)));
    println!("  calls of nodes      {:?}", of(|taken| taken.calls));
    println!("  refused with 429    {:?}", of(|taken| taken.refused));
}

fn millis(time: Duration) -> usize {
    usize::try_from(time.as_millis()).unwrap()
}
