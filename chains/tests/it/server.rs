//! An endpoint that says who it is and then misbehaves.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    Good,
    Hangs,
    Drips,
    Garbage,
    Html,
    BadGateway,
    Truncated,
    WrongId,
    NoResult,
    OtherShape,
    Huge,
    Closes,
    RateLimited,
}

/// Serves for as long as the test runs; its URL.
pub(crate) async fn serve(chain_id: u64, manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // The client may go away in the middle.
                let _ = answer(stream, chain_id, manner).await;
            });
        }
    });
    url
}

async fn request(stream: &mut TcpStream) -> std::io::Result<Value> {
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

async fn answer(mut stream: TcpStream, chain_id: u64, manner: Manner) -> std::io::Result<()> {
    let request = request(&mut stream).await?;
    let id = &request["id"];
    let block = json!({"number": "0x0", "hash": format!("0x{}", "11".repeat(32)), "timestamp": "0x5"});
    let good = |result: Value| json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string();
    if request["method"] == "eth_chainId" {
        return reply(&mut stream, "200 OK", &good(json!(format!("{chain_id:#x}")))).await;
    }
    if request["params"][0] == "0x0" {
        return reply(&mut stream, "200 OK", &good(block)).await;
    }
    let whole = good(block);
    match manner {
        Manner::Good => reply(&mut stream, "200 OK", &whole).await,
        Manner::Hangs => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        }
        Manner::Drips => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await?;
            for _ in 0..1_000 {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok(())
        }
        Manner::Garbage => reply(&mut stream, "200 OK", "\u{1b}[2J\u{202e}not json").await,
        Manner::Html => reply(&mut stream, "200 OK", "<html><body>Log in</body></html>").await,
        Manner::BadGateway => reply(&mut stream, "502 Bad Gateway", "<html>").await,
        Manner::Truncated => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", whole.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&whole.as_bytes()[..20]).await
        }
        Manner::WrongId => {
            let other = json!({"jsonrpc": "2.0", "id": 987_654, "result": {"number": "0x0"}}).to_string();
            reply(&mut stream, "200 OK", &other).await
        }
        Manner::NoResult => {
            reply(&mut stream, "200 OK", &json!({"jsonrpc": "2.0", "id": id}).to_string()).await
        }
        Manner::OtherShape => reply(&mut stream, "200 OK", &good(json!(["x"]))).await,
        Manner::Huge => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").await?;
            let chunk = vec![b' '; 1 << 20];
            for _ in 0..1_000 {
                stream.write_all(&chunk).await?;
            }
            Ok(())
        }
        Manner::Closes => Ok(()),
        Manner::RateLimited => {
            let error =
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32005, "message": "slow down"}});
            reply(&mut stream, "429 Too Many Requests", &error.to_string()).await
        }
    }
}

async fn reply(stream: &mut TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}
