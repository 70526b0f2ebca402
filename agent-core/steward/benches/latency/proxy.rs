//! A proxy before a node: late answers, and few of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LATENCY: Duration = Duration::from_millis(80);
/// 25 calls a second, as many at once.
const PER_CALL: Duration = Duration::from_millis(40);
const AT_ONCE: Duration = Duration::from_secs(1);
const REFUSAL: &str = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";

pub(crate) struct Proxy {
    pub(crate) url: String,
    gate: Arc<Mutex<Gate>>,
}

/// When all calls of a second are there again, and what came and was refused since the last count.
struct Gate {
    full_at: Instant,
    came: usize,
    refused: usize,
}

impl Gate {
    /// A batch that finds a call left goes through as a whole; what it took too much is missing afterwards.
    fn admits(&mut self, calls: usize) -> bool {
        let now = Instant::now();
        self.full_at = self.full_at.max(now);
        self.came += calls;
        let admits = self.full_at - now + PER_CALL <= AT_ONCE;
        if admits {
            self.full_at += PER_CALL * u32::try_from(calls).unwrap();
        } else {
            self.refused += calls;
        }
        admits
    }
}

impl Proxy {
    /// Listens on a port of its own; `node` is `host:port`.
    pub(crate) fn before(node: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let gate = Gate { full_at: Instant::now(), came: 0, refused: 0 };
        let (gate, node) = (Arc::new(Mutex::new(gate)), node.to_owned());
        let shared = Arc::clone(&gate);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (node, gate) = (node.clone(), Arc::clone(&shared));
                // A connection ends when its client goes.
                std::thread::spawn(move || serve(client.unwrap(), &node, &gate));
            }
        });
        Self { url, gate }
    }

    /// Calls that came, and how many of them were refused, since the last count.
    pub(crate) fn count(&self) -> (usize, usize) {
        let mut gate = self.gate.lock().unwrap();
        (std::mem::take(&mut gate.came), std::mem::take(&mut gate.refused))
    }
}

fn serve(mut client: TcpStream, node: &str, gate: &Mutex<Gate>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut node = TcpStream::connect(node)?;
    node.set_nodelay(true)?;
    let (mut asks, mut answers) = (BufReader::new(client.try_clone()?), BufReader::new(node.try_clone()?));
    while let Some(request) = message(&mut asks)? {
        let calls = request.windows(8).filter(|bytes| *bytes == b"\"method\"").count();
        std::thread::sleep(LATENCY);
        if gate.lock().unwrap().admits(calls) {
            node.write_all(&request)?;
            client.write_all(&message(&mut answers)?.unwrap_or_default())?;
        } else {
            client.write_all(REFUSAL.as_bytes())?;
        }
    }
    Ok(())
}

/// A whole message of HTTP/1.1, head and body; `None`: there is no more.
fn message(from: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    loop {
        let start = bytes.len();
        if from.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&bytes[start..]).to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    from.take(length).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
