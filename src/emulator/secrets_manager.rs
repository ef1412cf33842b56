//! An emulator of AWS Secrets Manager, as far as secrets are read from it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::bedrock::Identity;
use super::guarded::Guarded;
use super::recorder::Recorder;

const MAX_BODY_BYTES: usize = 100_000;

/// Requests beyond these are counted only.
const RECORD_LIMIT: usize = 10_000;

/// A secret that somebody wanted to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub id: String,
    pub identity: Identity,
    pub status: u16,
}

/// A running emulator. Clones are the same one; it stops when the last is dropped.
#[derive(Debug, Clone)]
pub struct SecretsManager {
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    address: SocketAddr,
    app: Arc<App>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct App {
    secrets: Guarded<BTreeMap<String, String>>,
    readings: Recorder<Reading>,
}

impl SecretsManager {
    /// Starts an emulator without secrets on a free port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let app =
            Arc::new(App { secrets: Guarded::new(BTreeMap::new()), readings: Recorder::new(RECORD_LIMIT) });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&app));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(error = &error as &dyn std::error::Error, "the emulator of secrets stopped");
            }
        });
        Ok(Self { running: Arc::new(Running { address, app, server }) })
    }

    /// The address as a client is configured with it.
    pub fn url(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// Makes a secret, or changes it.
    pub fn put(&self, id: &str, text: &str) {
        self.running.app.secrets.with(|secrets| secrets.insert(id.to_owned(), text.to_owned()));
    }

    /// Who wanted to read what, in order.
    pub fn readings(&self) -> &Recorder<Reading> {
        &self.running.app.readings
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Serves one request.
async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Value =
        serde_json::from_slice(&to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default()).unwrap_or_default();
    let identity = Identity::of(&parts.headers);
    let id = body.get("SecretId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_reading =
        parts.headers.get("x-amz-target").is_some_and(|it| it == "secretsmanager.GetSecretValue");
    let found = app.secrets.with(|secrets| secrets.get(&id).cloned());
    let (status, answer) = match (&identity, found) {
        _ if !is_reading => refusal("UnknownOperationException", "only GetSecretValue is served here"),
        (Identity::SigV4 { service, .. }, Some(text)) if service == "secretsmanager" => {
            (200, json!({ "Name": id, "SecretString": text }))
        }
        (Identity::SigV4 { service, .. }, None) if service == "secretsmanager" => {
            refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        }
        _ => refusal("MissingAuthenticationTokenException", "the request is not signed for this service"),
    };
    app.readings.push(Reading { id, identity, status });
    // The header is fixed, so this cannot fail.
    Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.1")
        .body(Body::from(answer.to_string()))
        .unwrap_or_default()
}

fn refusal(code: &str, message: &str) -> (u16, Value) {
    (400, json!({ "__type": code, "message": message }))
}
