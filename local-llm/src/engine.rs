//! Writing under a mask: greedy, and only what the grammar admits.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent_core::ports::{Model, ModelError, ModelId};
use async_trait::async_trait;
use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use llguidance::api::TopLevelGrammar;
use llguidance::earley::SlicedBiasComputer;
use llguidance::toktrie::{InferenceCapabilities, SimpleVob, TokEnv, TokenId};
use llguidance::{Matcher, ParserFactory};

use crate::tokenizer::Vocabulary;
use crate::{Error, artifact, merge};

/// Eight lines of the longest kind.
const MOST_ANSWER_TOKENS: usize = 256;
/// A sentence of more tokens than this is no order to an agent; attention's cost is quadratic.
const MOST_PROMPT_TOKENS: usize = 1024;

/// A loaded model. Cheap to clone; answers several sentences at once if asked to.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    weights: ModelWeights,
    vocabulary: Arc<Vocabulary>,
    factory: ParserFactory,
    id: ModelId,
}

/// What was written for one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    pub text: String,
    /// Tokens written, of which the grammar left no choice for `forced`.
    pub tokens: usize,
    pub forced: usize,
    pub took: Duration,
}

impl Engine {
    /// Loads the model that lies in the folder `models`, after its hash was checked.
    pub fn load(models: &Path) -> Result<Self, Error> {
        let path = merge::path(models);
        let sha256 = merge::verify(&path)?;
        let damaged = |e: candle_core::Error| Error::Damaged { path: path.clone(), what: e.to_string() };
        let mut reader = BufReader::new(File::open(&path).map_err(Error::io(&path))?);
        let content = Content::read(&mut reader).map_err(damaged)?;
        let vocabulary = Arc::new(Vocabulary::from_gguf(&content)?);
        let environment: TokEnv = vocabulary.clone();
        let abilities = InferenceCapabilities { ff_tokens: true, ..InferenceCapabilities::default() };
        let mut factory = ParserFactory::new(&environment, abilities, &SlicedBiasComputer::general_slices())
            .map_err(Error::failed)?;
        factory.quiet();
        let weights = ModelWeights::from_gguf(content, &mut reader, &Device::Cpu).map_err(damaged)?;
        let id = ModelId { name: "smollm2-135m-steward".into(), sha256 };
        Ok(Self(Arc::new(Inner { weights, vocabulary, factory, id })))
    }

    /// Loads the model, and makes it first if it is missing.
    pub fn open(models: &Path) -> Result<Self, Error> {
        if !merge::path(models).exists() {
            artifact::pull(models)?;
        }
        Self::load(models)
    }

    /// The most probable answer to `sentence` among those that `grammar` (Lark, as llguidance reads it) admits, token by
    /// token. The same sentence and grammar give the same answer.
    pub fn generate(&self, sentence: &str, grammar: &str, max_tokens: usize) -> Result<Generated, Error> {
        let begun = Instant::now();
        let Inner { weights, vocabulary, factory, .. } = &*self.0;
        let mut feed = vocabulary.prompt(sentence);
        if feed.len() > MOST_PROMPT_TOKENS {
            let much = feed.len();
            return Err(Error::Failed(format!(
                "the sentence has {much} tokens, of at most {MOST_PROMPT_TOKENS}"
            )));
        }
        let mut matcher = Matcher::new(factory.create_parser(TopLevelGrammar::from_lark(grammar.into())));
        let mut state = State { weights: weights.clone(), position: 0 };
        let (mut written, mut forced) = (Vec::new(), 0_usize);
        loop {
            let sure = matcher.consume_ff_tokens();
            forced = forced.saturating_add(sure.len());
            feed.extend(&sure);
            written.extend(sure);
            if let Some(error) = matcher.get_error() {
                return Err(Error::Failed(format!("the grammar was refused: {error}")));
            }
            if matcher.is_stopped() {
                break;
            }
            if written.len() >= max_tokens {
                return Err(Error::Failed(format!("the answer did not end within {max_tokens} tokens")));
            }
            let mask = matcher.compute_mask().map_err(Error::failed)?;
            let logits = state.forward(&feed).map_err(Error::failed)?;
            let next =
                best(&logits, &mask).ok_or_else(|| Error::Failed("the grammar admits nothing".into()))?;
            if next == vocabulary.stop {
                break;
            }
            matcher.consume_token(next).map_err(Error::failed)?;
            written.push(next);
            feed = vec![next];
        }
        written.retain(|token| *token != vocabulary.stop);
        let text = vocabulary.decode(&written);
        Ok(Generated { text, tokens: written.len(), forced, took: begun.elapsed() })
    }

    /// Token ids of a text, as the model reads it.
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        self.0.vocabulary.encode(text)
    }
}

/// The weights with the keys and values of what was fed so far (the tensors are shared, not copied).
struct State {
    weights: ModelWeights,
    position: usize,
}

impl State {
    /// Feeds tokens, however many, in one pass; logits of what follows them.
    fn forward(&mut self, tokens: &[TokenId]) -> candle_core::Result<Vec<f32>> {
        let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        let logits = self.weights.forward(&input, self.position)?;
        self.position = self.position.saturating_add(tokens.len());
        logits.flatten_all()?.to_vec1()
    }
}

/// The allowed token with the highest logit (the first one, if two are equal).
fn best(logits: &[f32], mask: &SimpleVob) -> Option<TokenId> {
    let allowed = (0..).zip(logits).filter(|(token, _)| mask.is_allowed(*token));
    allowed.reduce(|a, b| if b.1 > a.1 { b } else { a }).map(|(token, _)| token)
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Engine").field(&self.0.id).finish()
    }
}

#[async_trait]
impl Model for Engine {
    fn id(&self) -> ModelId {
        self.0.id.clone()
    }

    async fn complete(&self, prompt: &str, grammar: &str) -> Result<String, ModelError> {
        let (engine, prompt, grammar) = (self.clone(), prompt.to_owned(), grammar.to_owned());
        let work =
            tokio::task::spawn_blocking(move || engine.generate(&prompt, &grammar, MOST_ANSWER_TOKENS));
        let answer = work.await.map_err(Error::failed)?;
        Ok(answer?.text)
    }
}
