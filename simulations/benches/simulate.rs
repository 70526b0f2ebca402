//! How long the gate takes: fork, approve, Uniswap V3 swap, and every balance and allowance read before and after.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a benchmark")]

#[path = "../tests/it/demo.rs"]
mod demo;

use agent_core::ports::Simulator;
use alloy_primitives::U256;
use demo::{FEES, approve_and_swap, usdc, weth};
use devnet::{BASE, DemoKeys, ETHEREUM};

fn main() {
    divan::main();
}

#[divan::bench(args = [ETHEREUM, BASE])]
fn approve_and_swap_warm(bencher: divan::Bencher<'_, '_>, chain_id: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let keys = DemoKeys::random();
    let (world, me) = (runtime.block_on(demo::world(&keys)), keys.wallet.address());
    let simulator = demo::simulator(&world);
    let at = &world.chain(chain_id).unwrap().roles;
    let calls = approve_and_swap(me, at, U256::from(10).pow(U256::from(18)));
    let assets = [weth(chain_id, at), usdc(chain_id, at)];
    bencher.bench_local(|| {
        runtime.block_on(async {
            let mut fork = simulator.fork(chain_id).await.unwrap();
            fork.run(me, &calls, FEES, &assets, &[]).await.unwrap()
        })
    });
}
