//! A stand-in for Bedrock on a real socket: it gives the answers of a list in order, the last one for ever, and
//! keeps what it was asked. It speaks plain HTTP/1.1 by hand, because it must be able to break off.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What the stand-in does with a request.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Status, `x-amzn-ErrorType` and body.
    Http(u16, Option<&'static str>, String),
    /// The connection is reset.
    Reset,
    /// Status 200 and a length that is never reached.
    Cut(String),
    /// Nothing, for ever.
    Silence,
}

impl Answer {
    pub(super) fn ok(body: impl ToString) -> Self {
        Self::Http(200, None, body.to_string())
    }

    pub(super) fn error(status: u16, code: &'static str) -> Self {
        Self::Http(status, Some(code), r#"{"message":"because"}"#.to_owned())
    }
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) access_key: String,
    pub(super) region: String,
    pub(super) session_token: Option<String>,
    /// The body as text, because a JSON value would hide how numbers are written.
    pub(super) body: String,
}

#[derive(Debug, Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    asked: Notify,
    closed: Notify,
}

/// The running stand-in.
#[derive(Debug)]
pub(super) struct Stub {
    pub(super) url: String,
    shared: Arc<Shared>,
}

impl Stub {
    pub(super) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared::default());
        let (answers, serving) = (Arc::new(answers), Arc::clone(&shared));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), Arc::clone(&serving)));
            }
        });
        Self { url, shared }
    }

    /// All requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("whole").clone()
    }

    /// Waits for the next request.
    pub(super) async fn asked(&self) {
        self.shared.asked.notified().await;
    }

    /// Waits until a client has closed its connection.
    pub(super) async fn closed(&self) {
        self.shared.closed.notified().await;
    }
}

async fn serve(mut stream: TcpStream, answers: Arc<Vec<Answer>>, shared: Arc<Shared>) {
    while let Some(seen) = read(&mut stream).await {
        let index = {
            let mut all = shared.seen.lock().expect("whole");
            all.push(seen);
            (all.len() - 1).min(answers.len() - 1)
        };
        shared.asked.notify_one();
        match &answers[index] {
            Answer::Http(status, code, body) => {
                let code =
                    code.map_or_else(String::new, |code| format!("x-amzn-ErrorType: {code}:http://x/\r\n"));
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nx-amzn-RequestId: r-{index}\r\n{code}\
                     content-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).await.ok();
                stream.write_all(body.as_bytes()).await.ok();
            }
            Answer::Reset => {
                stream.set_zero_linger().ok();
                return;
            }
            Answer::Cut(body) => {
                let head =
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
                stream.write_all(format!("{head}{body}").as_bytes()).await.ok();
                return;
            }
            Answer::Silence => {}
        }
    }
    shared.closed.notify_one();
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?;
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let authorization = header("authorization")?;
    let mut scope = authorization.split("Credential=").nth(1)?.split('/');
    Some(Seen {
        path: head.split(' ').nth(1)?.to_owned(),
        access_key: scope.next()?.to_owned(),
        region: scope.nth(1)?.to_owned(),
        session_token: header("x-amz-security-token"),
        body: String::from_utf8(bytes[head_end + 4..].to_vec()).ok()?,
    })
}

/// An answer of Converse with this content.
pub(super) fn reply(content: &Value) -> Value {
    serde_json::json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7},
        "metrics": {"latencyMs": 5}
    })
}
