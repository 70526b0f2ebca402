//! Virtual time: sleeping advances it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agent_core::ports::Clock;
use async_trait::async_trait;

use crate::kill::Kill;

#[derive(Debug, Clone)]
pub struct FakeClock {
    millis: Arc<AtomicU64>,
    kill: Kill,
}

impl FakeClock {
    /// Starts at `now`, seconds since the Unix epoch.
    pub fn new(now: u64, kill: Kill) -> Self {
        Self { millis: Arc::new(AtomicU64::new(now.saturating_mul(1_000))), kill }
    }

    pub fn advance(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> u64 {
        self.millis.load(Ordering::SeqCst).checked_div(1_000).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        self.kill.place().await;
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}
