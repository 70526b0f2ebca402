//! An endpoint that says who it is and then misbehaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alloy_primitives::{Bytes, keccak256};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    Good,
    Hangs,
    Closes,
    /// A byte now and then.
    Drips,
    Huge,
    Truncated,
    /// Chunks without a last one.
    EndlessChunks,
    /// Arrays in arrays, deep.
    Nested,
    /// Refuses several requests in one, by one error.
    NoBatches,
    /// Answers a batch in another order.
    Shuffled,
    /// Leaves the last answer of a batch out.
    Short,
    /// Always this status and body.
    Says(&'static str, &'static [u8]),
    /// This error of a node to every request.
    Error(i64, &'static str),
    /// The true answer with one text in it replaced by another.
    Around(&'static str, &'static str),
    /// So twice, then as a good one.
    Twice(&'static Manner),
    /// So with signed bytes only.
    WithSigned(&'static Manner),
}

pub(crate) const HTML: Manner = Manner::Says("200 OK", b"<html><body>Log in</body></html>");
pub(crate) const BAD_GATEWAY: Manner = Manner::Says("502 Bad Gateway", b"<html>");
pub(crate) const BUSY: Manner = Manner::Says("429 Too Many Requests", b"slow down");
pub(crate) const BUSY_A_SECOND: Manner =
    Manner::Says("429 Too Many Requests\r\nRetry-After: 1", b"slow down");
pub(crate) const BUSY_AN_HOUR: Manner =
    Manner::Says("429 Too Many Requests\r\nRetry-After: 3600", b"slow down");
pub(crate) const BEHIND: Manner = Manner::Error(-32000, "header not found");
pub(crate) const WRONG_ID: Manner = Manner::Around("\"id\":", "\"id\":987654,\"x\":");

impl Manner {
    /// How a request is really met: the `turn`-th one of its kind, from 0.
    fn towards(self, signed: bool, turn: usize) -> Self {
        match self {
            Self::Twice(_) if turn >= 2 => Self::Good,
            Self::WithSigned(_) if !signed => Self::Good,
            Self::Twice(manner) | Self::WithSigned(manner) => manner.towards(signed, turn),
            other => other,
        }
    }
}

/// A server, and how many HTTP requests and how many signed transactions it has seen.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) url: String,
    requests: Arc<AtomicUsize>,
    sends: Arc<AtomicUsize>,
}

impl Served {
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn sends(&self) -> usize {
        self.sends.load(Ordering::SeqCst)
    }
}

/// Serves for as long as the test runs; its URL.
pub(crate) async fn serve(chain_id: u64, manner: Manner) -> String {
    serve_counted(chain_id, manner).await.url
}

/// As [`serve`], and counts.
pub(crate) async fn serve_counted(chain_id: u64, manner: Manner) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (requests, sends) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let served = Served { url, requests: Arc::clone(&requests), sends: Arc::clone(&sends) };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (requests, sends) = (Arc::clone(&requests), Arc::clone(&sends));
            tokio::spawn(async move {
                let Ok(request) = request(&mut stream).await else { return };
                let turn = requests.fetch_add(1, Ordering::SeqCst);
                let turn = match request["method"] == "eth_sendRawTransaction" {
                    true => sends.fetch_add(1, Ordering::SeqCst),
                    false => turn,
                };
                // The client may go away in the middle.
                let _ = answer(stream, request, turn, chain_id, manner).await;
            });
        }
    });
    served
}

pub(crate) async fn request(stream: &mut TcpStream) -> std::io::Result<Value> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(value) = serde_json::from_str(body)
        {
            return Ok(value);
        }
    }
}

/// What a good node says to one request.
fn good(request: &Value, chain_id: u64) -> Value {
    let block = json!({"number": "0x0", "hash": format!("0x{}", "11".repeat(32)), "timestamp": "0x5"});
    let result = match request["method"].as_str() {
        Some("eth_chainId") => json!(format!("{chain_id:#x}")),
        Some("eth_sendRawTransaction") => {
            let raw: Bytes = request["params"][0].as_str().unwrap().parse().unwrap();
            json!(keccak256(raw))
        }
        _ => block,
    };
    json!({"jsonrpc": "2.0", "id": request["id"], "result": result})
}

/// The same for each request of a batch.
fn each(request: &Value, answer: impl Fn(&Value) -> Value) -> Value {
    match request.as_array() {
        Some(batch) => batch.iter().map(answer).collect(),
        None => answer(request),
    }
}

async fn answer(
    mut stream: TcpStream,
    request: Value,
    turn: usize,
    chain_id: u64,
    manner: Manner,
) -> std::io::Result<()> {
    let whole = each(&request, |own| good(own, chain_id));
    let who = |own: &Value| own["method"] == "eth_chainId" || own["params"][0] == "0x0";
    if request.as_array().is_some_and(|batch| batch.iter().all(who)) {
        return reply(&mut stream, "200 OK", &whole.to_string()).await;
    }
    let manner = manner.towards(request["method"] == "eth_sendRawTransaction", turn);
    match text(manner, &request, &whole) {
        Some((status, body)) => reply_bytes(&mut stream, status, &body).await,
        None => misbehave(stream, manner, &whole.to_string()).await,
    }
}

/// The answer of a manner that answers; `whole` is the true one.
fn text(manner: Manner, request: &Value, whole: &Value) -> Option<(&'static str, Vec<u8>)> {
    let ok = |value: Value| Some(("200 OK", value.to_string().into_bytes()));
    match manner {
        Manner::Says(status, body) => Some((status, body.to_vec())),
        Manner::Error(code, message) => {
            let error = json!({"code": code, "message": message});
            ok(each(request, |own| json!({"jsonrpc": "2.0", "id": own["id"], "error": error})))
        }
        Manner::Around(before, after) => {
            Some(("200 OK", whole.to_string().replace(before, after).into_bytes()))
        }
        Manner::Nested => {
            let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
            Some(("200 OK", whole.to_string().replace("\"0x5\"", &deep).into_bytes()))
        }
        Manner::NoBatches if request.is_array() => {
            let error = json!({"code": -32600, "message": "no batches"});
            let body = json!({"jsonrpc": "2.0", "id": null, "error": error});
            Some(("400 Bad Request", body.to_string().into_bytes()))
        }
        Manner::Good | Manner::NoBatches => ok(whole.clone()),
        Manner::Shuffled | Manner::Short => {
            let mut answers = whole.clone();
            if let Some(answers) = answers.as_array_mut() {
                answers.reverse();
                if matches!(manner, Manner::Short) {
                    answers.pop();
                }
            }
            ok(answers)
        }
        _ => None,
    }
}

async fn misbehave(mut stream: TcpStream, manner: Manner, whole: &str) -> std::io::Result<()> {
    match manner {
        Manner::Hangs => tokio::time::sleep(Duration::from_secs(60)).await,
        Manner::Drips => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await?;
            for _ in 0..1_000 {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Manner::Truncated => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", whole.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&whole.as_bytes()[..20]).await?;
        }
        Manner::EndlessChunks => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
            let chunk = format!("{:x}\r\n{whole}\r\n", whole.len());
            stream.write_all(chunk.as_bytes()).await?;
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Manner::Huge => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").await?;
            let chunk = vec![b' '; 1 << 20];
            for _ in 0..1_000 {
                stream.write_all(&chunk).await?;
            }
        }
        // The connection closes.
        _ => {}
    }
    Ok(())
}

pub(crate) async fn reply(stream: &mut TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    reply_bytes(stream, status, body.as_bytes()).await
}

async fn reply_bytes(stream: &mut TcpStream, status: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}
