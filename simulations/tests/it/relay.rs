//! A relay before a node: it counts what is asked, can refuse a method, and can ask for patience.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What a relay does with what comes.
#[derive(Debug, Default, Clone)]
pub(crate) struct Habits {
    /// Answered as nodes do that do not know the method.
    pub(crate) unknown: &'static [&'static str],
    /// Every so many requests one is refused with 429.
    pub(crate) busy_every: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: usize,
    calls: BTreeMap<String, usize>,
}

impl Relay {
    /// Before the node at `url`.
    pub(crate) fn before(url: &str, habits: Habits) -> Self {
        let node = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (node, habits, seen) = (node.clone(), habits.clone(), Arc::clone(&shared));
                std::thread::spawn(move || serve(client.unwrap(), &node, &habits, &seen));
            }
        });
        Self { url, seen }
    }

    /// How often each method was called since the last count.
    pub(crate) fn count(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.seen.lock().unwrap().calls)
    }
}

fn serve(mut client: TcpStream, node: &str, habits: &Habits, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut node = TcpStream::connect(node)?;
    let (mut asks, mut answers) = (BufReader::new(client.try_clone()?), BufReader::new(node.try_clone()?));
    while let Some((head, body)) = message(&mut asks)? {
        let request: Value = serde_json::from_slice(&body).unwrap();
        let calls = calls(&request);
        if note(seen, &calls, habits) {
            let refusal = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n";
            client.write_all(refusal.as_bytes())?;
        } else if calls.iter().any(|(method, _)| habits.unknown.contains(&method.as_str())) {
            let error = json!({"code": -32601, "message": "the method does not exist"});
            let errors = calls.iter().map(|(_, id)| json!({"jsonrpc": "2.0", "id": id, "error": error}));
            let mut errors: Vec<_> = errors.collect();
            let answer = if request.is_array() { Value::from(errors) } else { errors.remove(0) }.to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            client.write_all(format!("{head}{answer}").as_bytes())?;
        } else {
            node.write_all(&[head, body].concat())?;
            let (head, body) = message(&mut answers)?.unwrap_or_default();
            client.write_all(&[head, body].concat())?;
        }
    }
    Ok(())
}

/// Method and id of each call of a request.
fn calls(request: &Value) -> Vec<(String, Value)> {
    let calls = request.as_array().cloned().unwrap_or_else(|| vec![request.clone()]);
    calls.iter().map(|call| (call["method"].as_str().unwrap().to_owned(), call["id"].clone())).collect()
}

/// Counts a request, and says whether it is to be refused.
fn note(seen: &Mutex<Seen>, calls: &[(String, Value)], habits: &Habits) -> bool {
    let mut seen = seen.lock().unwrap();
    seen.requests += 1;
    for (method, _) in calls {
        *seen.calls.entry(method.clone()).or_default() += 1;
    }
    habits.busy_every.is_some_and(|every| seen.requests.is_multiple_of(every))
}

/// Head and body of a message of HTTP/1.1; `None`: there is no more.
fn message(from: &mut impl BufRead) -> std::io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let (mut head, mut body, mut length) = (Vec::new(), Vec::new(), 0);
    loop {
        let start = head.len();
        if from.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&head[start..]).to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            from.take(length).read_to_end(&mut body)?;
            return Ok(Some((head, body)));
        }
    }
}
