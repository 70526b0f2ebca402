//! A model that says what it was told to say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use agent_core::ports::{Model, ModelError, ModelId};
use async_trait::async_trait;

use crate::lock;

/// Answers with its lines in order, then fails.
#[derive(Debug, Clone, Default)]
pub struct FakeModel {
    lines: Arc<Mutex<VecDeque<String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl FakeModel {
    pub fn saying<const N: usize>(lines: [&str; N]) -> Self {
        let lines = lines.into_iter().map(str::to_owned).collect();
        Self { lines: Arc::new(Mutex::new(lines)), asked: Arc::default() }
    }

    /// The prompts so far.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }
}

#[async_trait]
impl Model for FakeModel {
    fn id(&self) -> ModelId {
        ModelId { name: "fake".to_owned(), sha256: "0".repeat(64) }
    }

    async fn complete(&self, prompt: &str, _grammar: &str) -> Result<String, ModelError> {
        lock(&self.asked).push(prompt.to_owned());
        lock(&self.lines).pop_front().ok_or_else(|| ModelError {
            code: "model.failed".to_owned(),
            message: "the fake model has nothing left to say".to_owned(),
        })
    }
}
