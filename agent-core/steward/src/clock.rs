//! The operator's clock.

use std::time::{Duration, SystemTime};

use agent_core::ports::Clock;
use async_trait::async_trait;

#[derive(Debug)]
pub(crate) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter behind the port")]
    fn now(&self) -> u64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
