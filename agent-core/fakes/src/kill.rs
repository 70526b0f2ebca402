//! Killing the process at a chosen place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Counts the places at which a process could die: one before and one after each port call.
/// At the armed one the call never returns and [`Kill::run`] drops whatever was running, as `kill -9` does.
#[derive(Debug, Clone, Default)]
pub struct Kill(Arc<Places>);

#[derive(Debug, Default)]
struct Places {
    passed: AtomicU64,
    /// 0: never; else the place, from 1.
    armed: AtomicU64,
    fired: Notify,
}

impl Kill {
    /// Counts from here; dies at place `at` (from 1), or never at 0.
    pub fn arm(&self, at: u64) {
        self.0.passed.store(0, Ordering::SeqCst);
        self.0.armed.store(at, Ordering::SeqCst);
    }

    /// Places passed since the last [`Kill::arm`].
    pub fn passed(&self) -> u64 {
        self.0.passed.load(Ordering::SeqCst)
    }

    /// The fakes call this before and after they take effect.
    pub async fn place(&self) {
        let passed = self.0.passed.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        if passed == self.0.armed.load(Ordering::SeqCst) {
            self.0.fired.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// What `work` came to; `None` if it was killed.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.0.fired.notified() => None,
        }
    }
}
