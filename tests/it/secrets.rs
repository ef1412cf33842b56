//! Where secrets come from and where they may go, with the worker as an operator sets it up.

use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::scenarios::{NESTED, SECRET, Stage, attack};
use crate::support::http::{Answer, Reply, Request, Server};

const MODEL: &str = "anthropic.claude-3-haiku-20240307-v1:0";

fn diagram(name: &str) -> String {
    let path = format!("{}/tests/fixtures/diagrams/{name}.bpmn", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The REST side of an engine that has one process.
async fn rest(xml: String, status: u16) -> (Server, Arc<Mutex<Vec<Request>>>) {
    let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
    let noted = Arc::clone(&seen);
    let handler = move |request: Request| {
        noted.lock().unwrap().push(request);
        Reply::Answer(Answer { status, headers: Vec::new(), body: xml.clone().into_bytes() })
    };
    (Server::start(Arc::new(handler)).await.expect("a server on a free port"), seen)
}

#[tokio::test]
async fn the_search_finds_what_the_peers_mode_gives_away() {
    let stage = Stage::embedded_with(&[("BEDROCK_CONNECTOR_SECRETS", "peer")]).await;
    let process = stage.deploy("user-input").await;
    let variables = stage.run(&process, attack(MODEL)).await;
    let traces = stage.traces(&variables).await;
    let found = traces.with(SECRET);
    for place in ["the body of a request", "the variables"] {
        assert!(found.contains(&place), "{place} is not in {found:?}");
    }
    for place in ["the log", "/actuator/prometheus"] {
        assert!(!found.contains(&place), "{place} is in {found:?}");
    }
}

#[tokio::test]
async fn no_log_is_so_detailed_that_it_shows_a_secret() {
    let stage = Stage::embedded_with(&[("BEDROCK_CONNECTOR_LOG", "trace")]).await;
    let process = stage.deploy("user-input").await;
    let variables = stage.run(&process, attack(MODEL)).await;
    assert!(stage.worker_log().contains("DEBUG"), "the log is as detailed as it gets");
    let traces = stage.traces(&variables).await;
    assert_eq!(traces.with(SECRET), Vec::<&str>::new());
    assert!(!traces.with(NESTED).contains(&"the log"), "the session token is in the log");
}

#[tokio::test]
async fn strictly_names_count_where_the_model_writes_them_and_nowhere_else() {
    let (engine, seen) = rest(diagram("user-input"), 200).await;
    let variables = [
        ("BEDROCK_CONNECTOR_SECRETS", "strict"),
        ("CAMUNDA_CLIENT_RESTADDRESS", &engine.url()),
        ("CAMUNDA_CLIENT_AUTH_USERNAME", "demo"),
        ("CAMUNDA_CLIENT_AUTH_PASSWORD", "demo"),
    ];
    let stage = Stage::embedded_with(&variables).await;
    let process = stage.deploy("user-input").await;
    for _ in 0..2 {
        let variables = stage.run(&process, attack(MODEL)).await;
        assert_eq!(stage.traces(&variables).await.with(SECRET), Vec::<&str>::new());
    }
    let exchange = stage.bedrock.exchanges().all().pop().expect("a call was made");
    assert_eq!(exchange.identity.key(), Some("AKIDTEST"), "the names that the model writes are resolved");
    let seen = seen.lock().unwrap();
    let [request] = seen.as_slice() else { panic!("the model is read once: {seen:?}") };
    assert!(request.path().starts_with("/v2/process-definitions/") && request.path().ends_with("/xml"));
    assert_eq!(request.header("authorization"), Some("Basic ZGVtbzpkZW1v"));
}

#[tokio::test]
async fn strictly_a_name_that_the_model_does_not_write_is_refused_with_its_place() {
    let (engine, _seen) = rest(diagram("user-input"), 200).await;
    let variables = [("BEDROCK_CONNECTOR_SECRETS", "strict"), ("CAMUNDA_CLIENT_RESTADDRESS", &engine.url())];
    let stage = Stage::embedded_with(&variables).await;
    let process = stage.deploy("user-input").await;
    stage.begin(&process, attack("{{secrets.AWS_SECRET_KEY}}")).await;
    let line = stage.logged(&["raises an incident", "data.modelId names the secret"]).await;
    assert!(line.contains("write it there, or allow the name"), "{line}");
    assert_eq!(stage.bedrock.exchanges().all().len(), 0, "no call was made");
}

#[tokio::test]
async fn strictly_a_model_that_cannot_be_read_spends_a_retry() {
    let (engine, _seen) = rest(String::new(), 403).await;
    let variables = [("BEDROCK_CONNECTOR_SECRETS", "strict"), ("CAMUNDA_CLIENT_RESTADDRESS", &engine.url())];
    let stage = Stage::embedded_with(&variables).await;
    let process = stage.deploy("simple-question").await;
    stage.begin(&process, json!({"question": "Hello?", "model": MODEL})).await;
    let line = stage.logged(&["Failing job", "\"retries\":2"]).await;
    assert!(line.contains("status 403") && line.contains("permission"), "{line}");
    assert_eq!(stage.bedrock.exchanges().all().len(), 0, "no call was made");
}

#[tokio::test]
async fn secrets_of_a_mounted_folder_are_used_and_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, value: &str| fs::write(folder.path().join(name), value).expect("a file");
    write("AWS_ACCESS_KEY", "AKIDFILE\n");
    write("AWS_SECRET_KEY", "from a file\n");
    let path = folder.path().display().to_string();
    let variables =
        [("BEDROCK_CONNECTOR_SECRETS_FOLDER", path.as_str()), ("BEDROCK_CONNECTOR_SECRETS_PREFIX", "NONE_")];
    let stage = Stage::embedded_with(&variables).await;
    let process = stage.deploy("simple-question").await;
    for key in ["AKIDFILE", "AKIDROTATED"] {
        write("AWS_ACCESS_KEY", key);
        let variables = stage.run(&process, json!({"question": "Hello?", "model": MODEL})).await;
        let exchange = stage.bedrock.exchanges().all().pop().expect("a call was made");
        assert_eq!(exchange.identity.key(), Some(key));
        assert_eq!(stage.traces(&variables).await.with("from a file"), Vec::<&str>::new());
    }
}
