//! The documents of an engine, as its REST interface takes and gives them.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A document store. Dropping it closes its port.
#[derive(Debug)]
pub(crate) struct DocumentStore {
    url: String,
    shelf: Arc<Mutex<Shelf>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shelf {
    is_away: bool,
    documents: Vec<Document>,
}

#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) metadata: Value,
    pub(crate) content: Bytes,
}

impl DocumentStore {
    pub(crate) async fn start() -> Self {
        let shelf = Arc::<Mutex<Shelf>>::default();
        let app = Router::new()
            .route("/v2/documents", post(upload))
            .route("/v2/documents/{id}", get(download))
            .with_state(Arc::clone(&shelf));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { url, shelf, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether new documents are refused, as by an engine that is overloaded.
    pub(crate) fn be_away(&self, is_away: bool) {
        self.shelf().is_away = is_away;
    }

    pub(crate) fn documents(&self) -> Vec<Document> {
        self.shelf().documents.clone()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().expect("no panic before")
    }
}

impl Drop for DocumentStore {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn upload(State(shelf): State<Arc<Mutex<Shelf>>>, form: Bytes) -> (StatusCode, String) {
    let mut shelf = shelf.lock().expect("no panic before");
    if shelf.is_away {
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    }
    let part = |name: &str| part(&form, name).unwrap_or_else(|| panic!("the form has no {name}"));
    let metadata: Value = serde_json::from_slice(&part("metadata")).expect("JSON");
    let id = format!("document-{}", shelf.documents.len());
    let answer = json!({
        "camunda.document.type": "camunda", "storeId": "in-memory", "documentId": id, "metadata": metadata,
    });
    shelf.documents.push(Document { metadata, content: part("file") });
    (StatusCode::CREATED, answer.to_string())
}

async fn download(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    Path(id): Path<String>,
) -> Result<Bytes, StatusCode> {
    let shelf = shelf.lock().expect("no panic before");
    let number = id.strip_prefix("document-").and_then(|number| number.parse::<usize>().ok());
    let document = number.and_then(|number| shelf.documents.get(number));
    document.map(|document| document.content.clone()).ok_or(StatusCode::NOT_FOUND)
}

/// The content of one part of a form.
fn part(form: &Bytes, name: &str) -> Option<Bytes> {
    let find = |text: &[u8], from: usize| {
        let found = form.get(from..)?.windows(text.len()).position(|window| window == text)?;
        Some(from + found)
    };
    let boundary = [b"\r\n", form.get(..find(b"\r\n", 0)?)?].concat();
    let head = find(format!("name=\"{name}\"").as_bytes(), 0)?;
    let start = find(b"\r\n\r\n", head)? + 4;
    Some(form.slice(start..find(&boundary, start)?))
}
