//! The pipeline from end to end on fakes of every port.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests: a panic is a failed test"
)]

mod amounts;
mod answers;
mod approvals;
mod authorize;
mod exactly_once;
mod failures;
mod faults;
mod happy;
mod orders;
mod preview;
mod revise;
mod talk;

use agent_core::core::Core;
use agent_core::executor::Finished;
use agent_core::ledger::PlanRecord;
use agent_core::pipeline::Permit;
use agent_core::{Action, Autonomy, Refusal};
use fakes::scene::Scene;
use tokio::sync::mpsc;

const BOUNDED: Permit = Permit::Unattended(Autonomy::Bounded);

/// Previews and saves a plan of these steps.
async fn saved(scene: &Scene, id: &str, steps: Vec<(u64, Action)>) -> PlanRecord {
    let core = scene.core();
    let preview = core.preview(scene.plan(id, steps), 0).await.unwrap();
    core.save(&preview, None).await.unwrap();
    core.saved(id).await.unwrap()
}

/// Executes a saved plan, or goes on with it, as `run --plan` does.
async fn execute(core: &Core, id: &str) -> Result<Finished, Refusal> {
    core.lift_pause(id).await?;
    let record = core.saved(id).await?;
    let (events, _gone) = mpsc::channel(4_096);
    core.execute(record, BOUNDED, events).await
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}
