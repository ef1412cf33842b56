//! Stands before the REST interface of Zeebe 8.6.0 and keeps the documents that pass through it. That version makes
//! a new store in memory for each request, so it takes documents and has none of them a moment later.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bedrock_connector::zeebe;
use serde_json::Value;
use tokio::sync::Mutex;

/// What the relay knows.
#[derive(Debug)]
struct Engine {
    address: String,
    client: reqwest::Client,
    documents: Mutex<HashMap<String, Bytes>>,
}

/// Starts a relay to this address and gives its own. It ends with the runtime.
pub(crate) async fn start(rest_address: &str) -> Result<String> {
    let client = zeebe::http_client(&zeebe::Options::default(), rest_address)?;
    let engine = Engine { address: rest_address.to_owned(), client, documents: Mutex::default() };
    let app = Router::new()
        .route("/v2/documents", post(upload))
        .route("/v2/documents/{id}", get(download))
        .with_state(Arc::new(engine));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.context("no port for the relay")?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

/// The engine takes the document or refuses it; what it took is kept.
async fn upload(State(engine): State<Arc<Engine>>, headers: HeaderMap, body: Bytes) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).cloned().expect("a form has a type");
    let request = engine.client.post(format!("{}/v2/documents", engine.address));
    let answer = request.header(header::CONTENT_TYPE, content_type).body(body.clone()).send().await;
    let answer = answer.expect("the engine answers");
    let (status, text) = (answer.status(), answer.bytes().await.expect("an answer has an end"));
    let stored: Value = serde_json::from_slice(&text).unwrap_or_default();
    if let Some(id) = stored["documentId"].as_str().filter(|_| status.is_success()) {
        engine.documents.lock().await.insert(id.to_owned(), file_in(&body).expect("the form has a file"));
    }
    (status, text).into_response()
}

/// The engine's own answer, if it has the document.
async fn download(State(engine): State<Arc<Engine>>, Path(id): Path<String>, uri: Uri) -> Response {
    let answer = engine.client.get(format!("{}{uri}", engine.address)).send().await;
    let answer = answer.expect("the engine answers");
    let (status, content) = (answer.status(), answer.bytes().await.expect("an answer has an end"));
    match engine.documents.lock().await.get(&id) {
        Some(kept) if status == StatusCode::NOT_FOUND => kept.clone().into_response(),
        Some(_) | None => (status, content).into_response(),
    }
}

/// The content of the part `file` of a form.
fn file_in(form: &Bytes) -> Option<Bytes> {
    let find = |text: &[u8], from: usize| {
        let found = form.get(from..)?.windows(text.len()).position(|window| window == text)?;
        Some(from + found)
    };
    let boundary = [b"\r\n", form.get(..find(b"\r\n", 0)?)?].concat();
    let start = find(b"\r\n\r\n", find(b"name=\"file\"", 0)?)? + 4;
    Some(form.slice(start..find(&boundary, start)?))
}
