//! What is asked over REST: the credentials, the patience with new deployments, the limits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;

use super::servers::TokenEndpoint;
use super::soon;
use crate::zeebe::{Auth, Client, Options, ProcessDefinitionKey, Rest, RestError, Secret};

/// An engine that answers in this order, and with the last one for ever.
#[derive(Debug, Default)]
struct Engine {
    answers: Mutex<Vec<(StatusCode, String)>>,
    asked: AtomicUsize,
    seen: Mutex<Vec<String>>,
}

async fn xml(
    State(engine): State<Arc<Engine>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> (StatusCode, String) {
    let authorization = headers.get("authorization").map_or("none", |value| value.to_str().unwrap());
    engine.seen.lock().unwrap().push(format!("{key} {authorization}"));
    let asked = engine.asked.fetch_add(1, Ordering::Relaxed);
    let answers = engine.answers.lock().unwrap();
    answers.get(asked).or(answers.last()).cloned().unwrap()
}

async fn engine(answers: &[(u16, &str)]) -> (Arc<Engine>, String) {
    let answers =
        answers.iter().map(|(status, body)| (StatusCode::from_u16(*status).unwrap(), (*body).to_owned()));
    let engine = Arc::new(Engine { answers: Mutex::new(answers.collect()), ..Engine::default() });
    let router = Router::new()
        .route("/cluster/v2/process-definitions/{key}/xml", get(xml))
        .with_state(Arc::clone(&engine));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/cluster/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (engine, address)
}

async fn ask(address: &str, auth: Auth) -> Result<String, RestError> {
    let options = Options { auth, ..Options::default() };
    let client = Client::new(&options).unwrap();
    let rest = Rest::new(client, &options, address)?;
    soon(rest.process_xml(ProcessDefinitionKey(7))).await
}

#[tokio::test]
async fn a_process_is_read_with_the_gateways_credentials() {
    let (engine, address) = engine(&[(200, "<a/>")]).await;
    let basic = Auth::Basic { username: "worker".to_owned(), password: Secret::new("hunter2") };
    assert_eq!(ask(&address, basic).await.as_deref(), Ok("<a/>"));
    assert_eq!(ask(&address, Auth::None).await.as_deref(), Ok("<a/>"));
    assert_eq!(*engine.seen.lock().unwrap(), ["7 Basic d29ya2VyOmh1bnRlcjI=", "7 none"]);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let tokens = TokenEndpoint::start().await;
    let (engine, address) = engine(&[(401, ""), (200, "<a/>")]).await;
    assert_eq!(ask(&address, tokens.auth()).await.as_deref(), Ok("<a/>"));
    assert_eq!(*engine.seen.lock().unwrap(), ["7 Bearer token-1", "7 Bearer token-2"]);
}

#[tokio::test]
async fn a_process_that_was_deployed_a_moment_ago_is_waited_for() {
    let (engine, address) = engine(&[(404, ""), (200, "<a/>")]).await;
    assert_eq!(ask(&address, Auth::None).await.as_deref(), Ok("<a/>"));
    assert_eq!(engine.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_refusal_says_what_to_check() {
    for (status, hint) in [(403, "permission"), (500, "status 500")] {
        let (_engine, address) = engine(&[(status, "")]).await;
        let error = ask(&address, Auth::None).await.unwrap_err().to_string();
        assert!(error.contains("/v2/process-definitions/7/xml") && error.contains(hint), "{error}");
    }
}

#[tokio::test]
async fn an_address_without_a_host_is_told_at_the_start() {
    for address in ["", "engine", "mailto:a@b"] {
        assert!(matches!(ask(address, Auth::None).await, Err(RestError::Address { .. })), "{address}");
    }
}

#[tokio::test]
async fn an_engine_that_is_away_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(&address, Auth::None).await.unwrap_err();
    assert!(matches!(error, RestError::Unanswered { .. }), "{error}");
}
