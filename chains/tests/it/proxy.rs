//! A bad network in front of a node: latency, a limit of requests a second, connections that break.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agent_core::NetworkInfo;
use alloy::transports::http::reqwest::Client;
use tokio::net::{TcpListener, TcpStream};

use crate::server::{reply, request};

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    pub(crate) latency: Duration,
    /// Requests a second; more get 429 with `Retry-After: 1`. 0: no limit.
    pub(crate) per_second: usize,
    /// Every so many requests the connection breaks. 0: never.
    pub(crate) breaks_every: usize,
}

#[derive(Debug, Default)]
struct Seen {
    requests: AtomicUsize,
    refused: AtomicUsize,
    last_second: Mutex<VecDeque<Instant>>,
}

#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    seen: Arc<Seen>,
}

impl Proxy {
    /// Serves for as long as the test runs.
    pub(crate) async fn start(upstream: &str, weather: Weather) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, client) = (Arc::new(Seen::default()), Client::builder().no_proxy().build().unwrap());
        let proxy = Self { url, seen: Arc::clone(&seen) };
        let upstream = upstream.to_owned();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, client, upstream) = (Arc::clone(&seen), client.clone(), upstream.clone());
                tokio::spawn(async move {
                    // The client may go away in the middle.
                    let _ = pass(stream, &seen, &client, &upstream, weather).await;
                });
            }
        });
        proxy
    }

    /// HTTP requests since the last time.
    pub(crate) fn take(&self) -> usize {
        self.seen.requests.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn refused(&self) -> usize {
        self.seen.refused.load(Ordering::SeqCst)
    }
}

/// The network, reached through `proxy` only.
pub(crate) fn through(network: &NetworkInfo, proxy: &Proxy) -> NetworkInfo {
    NetworkInfo { endpoints: vec![proxy.url.clone()], ..network.clone() }
}

async fn pass(
    mut stream: TcpStream,
    seen: &Seen,
    client: &Client,
    upstream: &str,
    weather: Weather,
) -> std::io::Result<()> {
    let request = request(&mut stream).await?;
    let turn = seen.requests.fetch_add(1, Ordering::SeqCst) + 1;
    tokio::time::sleep(weather.latency).await;
    if weather.breaks_every > 0 && turn.is_multiple_of(weather.breaks_every) {
        return Ok(());
    }
    let busy = {
        let mut last = seen.last_second.lock().unwrap();
        last.retain(|at| at.elapsed() < Duration::from_secs(1));
        let busy = weather.per_second > 0 && last.len() >= weather.per_second;
        if !busy {
            last.push_back(Instant::now());
        }
        busy
    };
    if busy {
        seen.refused.fetch_add(1, Ordering::SeqCst);
        return reply(&mut stream, "429 Too Many Requests\r\nRetry-After: 1", "slow down").await;
    }
    let posting = client.post(upstream).header("content-type", "application/json").body(request.to_string());
    let answer = posting.send().await.unwrap().text().await.unwrap();
    reply(&mut stream, "200 OK", &answer).await
}
