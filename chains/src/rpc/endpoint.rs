//! One endpoint: what is sent to it, what comes back, and when it must be left alone.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use agent_core::{Exit, Refusal, tame};
use alloy::transports::http::reqwest::header::RETRY_AFTER;
use alloy::transports::http::reqwest::{Client, Response, StatusCode, Url, redirect};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::answer::{Answer, NodeError, Unusable, parse};

/// The largest answer that is read, bytes.
const ANSWER_BYTES_MAX: usize = 16 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Requests that are under way at one endpoint at a time.
const CONCURRENT_MAX: usize = 8;
/// Rest before it is asked once more, if the endpoint names none.
pub(super) const REST: Duration = Duration::from_millis(100);

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) params: Value,
}

/// No answer that could be used.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    /// The request may have reached a node.
    pub(super) sent: bool,
    pub(super) reason: String,
    /// After how long it may be asked once more; none: it would be in vain.
    pub(super) again: Option<Duration>,
}

impl Silence {
    pub(super) fn new(reason: impl Into<String>, again: Option<Duration>) -> Self {
        Self { sent: true, reason: reason.into(), again }
    }

    /// A node's own trouble.
    pub(super) fn node(error: &NodeError) -> Self {
        Self::new(format!("{} ({})", error.message, error.code), error.passes().then_some(REST))
    }

    /// One more endpoint that is silent.
    pub(super) fn add(&mut self, endpoint: &Endpoint, other: Self) {
        self.sent |= other.sent;
        let separator = if self.reason.is_empty() { "" } else { "; " };
        self.reason.push_str(&format!("{separator}{}: {}", endpoint.shown, other.reason));
        self.again = match (self.again, other.again) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
    }
}

#[derive(Debug)]
pub(super) struct Endpoint {
    url: Url,
    /// Without path and credentials: they may hold a key.
    pub(super) shown: String,
    client: Client,
    /// Whether it was found to be the network that it is said to be.
    pub(super) verified: AtomicBool,
    /// Whether several requests may go in one.
    batches: AtomicBool,
    next_id: AtomicU64,
    at_once: Semaphore,
    /// It asked to be left alone until then.
    rest_until: Mutex<Option<Instant>>,
}

impl Endpoint {
    pub(super) fn new(text: &str, timeout: Duration) -> Result<Self, Refusal> {
        let invalid = |why: &str| {
            Refusal::new(Exit::Usage, "config.network", format!("an endpoint cannot be used: {why}"))
                .help("an endpoint is an http:// or https:// URL")
        };
        let url: Url = text.parse().map_err(|_| invalid("it is no URL"))?;
        let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
        if !matches!(scheme, "http" | "https") || host.is_empty() {
            return Err(invalid("it is no http:// or https:// URL"));
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = tame(&format!("{scheme}://{host}{port}"));
        let mut client = Client::builder()
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none());
        if matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| invalid(&tame(&error.to_string())))?;
        Ok(Self {
            url,
            shown,
            client,
            verified: AtomicBool::new(false),
            batches: AtomicBool::new(true),
            next_id: AtomicU64::new(1),
            at_once: Semaphore::new(CONCURRENT_MAX),
            rest_until: Mutex::new(None),
        })
    }

    /// Asks everything in one round trip, or one after the other where the endpoint serves no batches.
    pub(super) async fn exchange(&self, requests: &[Request]) -> Result<Vec<Answer>, Silence> {
        if requests.len() == 1 || self.batches.load(Ordering::Relaxed) {
            if let Some(answers) = self.post(requests).await? {
                return Ok(answers);
            }
            self.batches.store(false, Ordering::Relaxed);
        }
        let mut answers = Vec::new();
        for request in requests {
            answers.extend(self.post(std::slice::from_ref(request)).await?.unwrap_or_default());
        }
        Ok(answers)
    }

    /// `None`: it does not serve batches.
    async fn post(&self, requests: &[Request]) -> Result<Option<Vec<Answer>>, Silence> {
        let _permit = self.at_once.acquire().await.map_err(|_| Silence::new("it is closed", None))?;
        if let Some(rest) = self.rest() {
            let reason = format!("it wants to be left alone for {} ms", rest.as_millis());
            return Err(Silence { sent: false, reason, again: Some(rest) });
        }
        let mut ids = Vec::new();
        let mut bodies: Vec<Value> = Vec::new();
        for Request { method, params } in requests {
            let id = self.next_id.fetch_add(1, Ordering::Relaxed);
            ids.push(id);
            bodies.push(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        }
        let text = match bodies.as_slice() {
            [single] => single.to_string(),
            several => json!(several).to_string(),
        };
        let posting =
            self.client.post(self.url.clone()).header("content-type", "application/json").body(text);
        let response = posting.send().await.map_err(|error| {
            let (reason, again) = if error.is_timeout() {
                ("it did not answer in time", None)
            } else if error.is_connect() {
                ("nothing listens there", None)
            } else {
                ("the connection broke", Some(REST))
            };
            Silence { sent: !error.is_connect(), ..Silence::new(reason, again) }
        })?;
        let status = response.status();
        self.at_the_door(&response)?;
        match parse(&body(response).await?, &ids) {
            Ok(answers) => Ok(Some(answers)),
            Err(Unusable::Whole(error)) if error.passes() => Err(Silence::node(&error)),
            Err(Unusable::Whole(_)) => Ok(None),
            Err(Unusable::Text(what)) if status.is_success() => Err(Silence::new(what, None)),
            Err(Unusable::Text(_)) => {
                Err(Silence::new(format!("HTTP {status}"), status.is_server_error().then_some(REST)))
            }
        }
    }

    /// Statuses that say that nobody looked at the request.
    fn at_the_door(&self, response: &Response) -> Result<(), Silence> {
        let status = response.status();
        let refused = |again| Err(Silence { sent: false, ..Silence::new(format!("HTTP {status}"), again) });
        match status {
            StatusCode::TOO_MANY_REQUESTS => {
                let named = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let rest = named.and_then(|seconds| seconds.parse().ok()).map_or(REST, Duration::from_secs);
                let until = Instant::now().checked_add(rest);
                *self.rest_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
                refused(Some(rest))
            }
            StatusCode::UNAUTHORIZED
            | StatusCode::PAYMENT_REQUIRED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND => refused(None),
            _ => Ok(()),
        }
    }

    fn rest(&self) -> Option<Duration> {
        let until = *self.rest_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now())).filter(|rest| !rest.is_zero())
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, Silence> {
    let mut body = Vec::new();
    let broken = |_| Silence::new("its answer broke off", Some(REST));
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(Silence::new("its answer is larger than 16 MiB", None));
        }
    }
    Ok(body)
}
