//! The program as a whole process: how long until a draft of two steps is a judged plan, and until the demo world is
//! ready from the cache. `cargo bench -p steward` (the release profile's settings hold for benches, too).
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops where it cannot measure")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

const DRAFT: &str = r#"{"intent":"swap 1 ETH to USDC on base and lend it on aave","outcome":"plan","trigger":null,"sources":{},
"steps":[{"action":"swap","sell":"ETH","buy":"USDC","amount":"1","side":"sell","chain":"base","max_slippage_bps":null,"protocol":null},
{"action":"supply","asset":"USDC","amount":"@1","chain":"base","protocol":"aave"}]}"#;

fn main() {
    steward(&["devnet", "up"]);
    std::fs::write(home().join("draft.json"), DRAFT).unwrap();
    divan::main();
    steward(&["devnet", "down"]);
    std::fs::remove_dir_all(home()).unwrap();
}

fn home() -> PathBuf {
    let home = std::env::temp_dir().join(format!("steward-bench-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    home
}

fn steward(arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
    command
        .args(arguments)
        .env("STEWARD_HOME", home())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert!(command.status().expect("the program starts").success(), "{arguments:?}");
}

/// Start of the process, reading, compiling, simulating and judging two steps, the journal's row, end of the process.
#[divan::bench(sample_count = 40, sample_size = 1)]
fn draft_to_judged_plan() {
    let file = home().join("draft.json");
    steward(&["plan", "--demo", "--draft", file.to_str().unwrap()]);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn world_ready_from_the_cache(bencher: divan::Bencher<'_, '_>) {
    bencher.with_inputs(|| steward(&["devnet", "down"])).bench_local_values(|()| steward(&["devnet", "up"]));
}
