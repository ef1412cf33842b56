//! The store against an engine of its own.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::*;
use crate::connector::Retry;
use crate::documents::{Budget, ExternalOptions};

/// Credentials that are numbered; the engine knows those with the number 2 and above.
#[derive(Debug)]
struct Tokens {
    number: AtomicUsize,
    renewable: bool,
}

impl Authorize for Tokens {
    fn authorization(&self) -> BoxFuture<'_, Result<Option<HeaderValue>, String>> {
        let header = format!("Bearer {}", self.number.load(Ordering::Relaxed));
        std::future::ready(HeaderValue::try_from(header).map(Some).map_err(|error| error.to_string())).boxed()
    }

    fn refused<'a>(&'a self, header: &'a HeaderValue) -> BoxFuture<'a, bool> {
        assert!(header.as_bytes().starts_with(b"Bearer "));
        self.number.fetch_add(1, Ordering::Relaxed);
        std::future::ready(self.renewable).boxed()
    }
}

fn knows(headers: &HeaderMap) -> bool {
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
    authorization
        .and_then(|value| value.strip_prefix("Bearer ")?.parse().ok())
        .is_some_and(|number: u8| number > 1)
}

/// The document `d 1/x`, which shows how it was asked for.
async fn document(
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> impl IntoResponse {
    if !knows(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    match id.as_str() {
        "d 1/x" => Ok(query.unwrap_or_default()),
        "wrong" => Err(StatusCode::BAD_REQUEST),
        "forbidden" => Err(StatusCode::FORBIDDEN),
        "broken" => Err(StatusCode::INTERNAL_SERVER_ERROR),
        "moved" => Err(StatusCode::FOUND),
        _ => Err(StatusCode::NOT_FOUND),
    }
}

async fn link(Path(id): Path<String>, RawQuery(query): RawQuery, body: String) -> impl IntoResponse {
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let url = format!("https://files/{id}?{}&{}", query.unwrap_or_default(), body["timeToLive"]);
    (StatusCode::CREATED, json!({ "url": url }).to_string())
}

async fn upload(State(mark): State<&'static str>, headers: HeaderMap, body: String) -> impl IntoResponse {
    if !knows(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    if body.contains("too much") {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let answer = json!({
        mark: "camunda", "storeId": "in-memory", "documentId": "new", "contentHash": "abc",
        "metadata": {"fileName": "a.txt", "parts": body}
    });
    Ok((StatusCode::CREATED, answer.to_string()))
}

/// A store whose credentials begin with this number.
async fn store_with(number: usize, renewable: bool, max_bytes: usize) -> RestStore {
    let app = Router::new()
        .route("/engine/v2/documents", post(upload))
        .route("/engine/v2/documents/{id}", get(document))
        .route("/engine/v2/documents/{id}/links", post(link))
        .with_state(if renewable { "documentType" } else { "camunda.document.type" });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/engine/", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let client = Client::builder()
        .tls_backend_preconfigured(crate::documents::tls::config().expect("TLS"))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client");
    let authorize = Arc::new(Tokens { number: AtomicUsize::new(number), renewable });
    RestStore::new(client, RestOptions { max_bytes, ..RestOptions::new(address) }, authorize)
        .expect("a store")
}

async fn store() -> RestStore {
    store_with(2, true, 1000).await
}

fn stored(id: &str, content_hash: Option<&str>) -> Reference {
    Reference::Stored {
        store_id: Some("in-memory".into()),
        document_id: id.into(),
        content_hash: content_hash.map(str::to_owned),
        metadata: Value::Null,
    }
}

async fn fetch(store: &RestStore, document: &Reference) -> Result<Bytes, Error> {
    store.fetch(document, &mut Budget::new(1_000_000).share()).await
}

fn new(content: &'static str) -> NewDocument {
    NewDocument { name: "a \"b\"\r\n.txt".into(), content_type: "text/plain".into(), content: content.into() }
}

#[tokio::test]
async fn a_document_is_fetched_with_its_hash() {
    let store = store().await;
    for (content_hash, expected) in
        [(Some("a&b"), "storeId=in-memory&contentHash=a%26b"), (None, "storeId=in-memory")]
    {
        let content = fetch(&store, &stored("d 1/x", content_hash)).await.expect("a document");
        assert_eq!(content, expected);
    }
}

#[tokio::test]
async fn what_the_store_refuses_is_told_with_its_meaning() {
    let store = store().await;
    for (id, status, meaning, retry) in [
        ("other", "404", ": it is missing there, or it has expired", Retry::Never),
        (
            "wrong",
            "400",
            ": the reference is wrong, for example its content hash is not that of the document",
            Retry::Never,
        ),
        ("forbidden", "403", ": it does not let the gateway's credentials read documents", Retry::Spend),
        ("broken", "500", "", Retry::Spend),
        ("moved", "302", "", Retry::Spend),
    ] {
        let error = fetch(&store, &stored(id, None)).await.expect_err("no document");
        let error = crate::connector::Error::from(error);
        let expected =
            format!("the document store answers with status {status} for document {id:?}{meaning}");
        assert_eq!((error.code.to_string().as_str(), error.message, error.retry), (status, expected, retry));
        assert_eq!(error.error_type, "java.lang.RuntimeException");
    }
}

#[tokio::test]
async fn refused_credentials_are_renewed_once() {
    let document = stored("d 1/x", None);
    let renewed = store_with(1, true, 1000).await;
    assert!(fetch(&renewed, &document).await.is_ok());
    assert!(renewed.create(new("x")).await.is_ok());
    for (number, renewable) in [(0, true), (1, false)] {
        let refused = fetch(&store_with(number, renewable, 1000).await, &document).await;
        assert!(matches!(refused, Err(Error::StoreStatus { status: 401, .. })), "{number}: {refused:?}");
    }
}

#[tokio::test]
async fn a_large_document_is_refused_and_gives_its_room_back() {
    let store = store_with(2, true, 3).await;
    let budget = Budget::new(4096);
    let mut share = budget.share();
    let result = store.fetch(&stored("d 1/x", None), &mut share).await;
    assert!(matches!(result, Err(Error::TooLarge { limit: 3 })));
    drop(share);
    assert!(budget.share().reserve(4096).now_or_never().is_some());
    assert!(matches!(store.create(new("more than that")).await, Err(Error::TooLarge { limit: 3 })));
}

#[tokio::test]
async fn an_identifier_cannot_leave_its_place() {
    let store = store().await;
    for id in ["..", "."] {
        assert!(matches!(fetch(&store, &stored(id, None)).await, Err(Error::NoReference { .. })), "{id}");
    }
    let result = fetch(&store, &stored("../../topology?x#y", None)).await;
    assert!(matches!(result, Err(Error::StoreStatus { status: 404, .. })), "{result:?}");
}

#[tokio::test]
async fn a_link_has_its_time() {
    let store = store().await;
    let document = stored("d", Some("abc"));
    for (life, millis) in [(Some("PT10M"), 600_000), (None, 3_600_000)] {
        let link = store.link(&document, life).await.expect("a link");
        assert_eq!(link, format!("https://files/d?storeId=in-memory&contentHash=abc&{millis}"));
    }
    let refused = store.link(&document, Some("soon")).await;
    assert!(matches!(refused, Err(Error::BadFunction { .. })));
}

#[tokio::test]
async fn a_new_document_is_uploaded_with_its_name_and_type() {
    for store in [store().await, store_with(2, false, 1000).await] {
        let reference = store.create(new("hello")).await.expect("a reference").to_value();
        let Some(Value::String(parts)) = reference.pointer("/metadata/parts") else { panic!("{reference}") };
        for part in [
            "name=\"file\"; filename=\"a \\\"b\\\"__.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n",
            "name=\"metadata\"\r\nContent-Type: application/json\r\n\r\n",
            r#"{"fileName":"a \"b\"\r\n.txt","contentType":"text/plain"}"#,
        ] {
            assert!(parts.contains(part), "{part}\nis not in\n{parts}");
        }
        assert_eq!(reference["camunda.document.type"], "camunda");
        assert_eq!((&reference["storeId"], &reference["documentId"]), (&json!("in-memory"), &json!("new")));
        assert_eq!(
            (&reference["contentHash"], &reference["metadata"]["fileName"]),
            (&json!("abc"), &json!("a.txt"))
        );
    }
}

#[tokio::test]
async fn an_upload_that_is_refused_says_why() {
    let error = store().await.create(new("too much")).await.expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the document store answers with status 413 to a new document: it is too large"
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_loader_takes_documents_from_the_store() {
    let fetch = crate::documents::External::new(ExternalOptions::default()).expect("a client");
    let loader =
        crate::documents::Loader::new(Arc::new(fetch), Some(Arc::new(store().await)), Budget::new(1_000_000));
    let mut session = loader.session();
    let reference = json!({
        "camunda.document.type": "camunda", "documentId": "d 1/x", "contentHash": "abc",
        "metadata": {"fileName": "a.pdf", "contentType": "application/pdf"}
    });
    let document =
        session.load(&Reference::read(&reference, "it").expect("a reference")).await.expect("loaded");
    assert_eq!(document.content, "contentHash=abc");
    assert_eq!(document.name.as_deref(), Some("a.pdf"));
    assert_eq!(document.content_type.as_deref(), Some("application/pdf"));
}
