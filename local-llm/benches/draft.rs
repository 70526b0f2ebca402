//! A sentence to its lines, the model loaded: `CANDLE_NUM_THREADS=1 cargo bench --profile release -p local-llm`.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::path::Path;
use std::sync::OnceLock;

use local_llm::Engine;

const LINES: &str = include_str!("../tests/it/lines.lark");

fn main() {
    divan::main();
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::open(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("models")).unwrap())
}

#[divan::bench(sample_count = 20, args = [
    "send #1 USDC to &1",
    "swap #1 ETH to USDC on base and lend it on aave",
    "supply #1 USDC to aave on base then borrow #2 WETH there",
    "bridge #1 USDC from ethereum to base and swap it for ETH",
    "how much usdc do I have on base?",
])]
fn draft(bencher: divan::Bencher<'_, '_>, sentence: &str) {
    let engine = engine();
    bencher.bench_local(|| engine.generate(sentence, LINES, 200).unwrap());
}

#[divan::bench(sample_count = 5)]
fn load() -> Engine {
    engine();
    Engine::load(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("models")).unwrap()
}
