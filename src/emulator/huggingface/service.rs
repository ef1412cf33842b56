//! One request.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::chat;
use super::fault::{Fault, Faults};
use super::handle::Exchange;
use crate::emulator::bedrock::conversation::Conversation;
use crate::emulator::bedrock::images_and_vectors::embed;
use crate::emulator::bedrock::model::{self, Stop};
use crate::emulator::guarded::Guarded;
use crate::emulator::recorder::Recorder;

/// Where the Hub says whose a token is.
const WHO_AM_I: &str = "/api/whoami-v2";

const MAX_BODY_BYTES: usize = 25_000_000;

/// How long a stream that breaks off is quiet before.
const BEFORE_THE_CUT: Duration = Duration::from_millis(50);

/// As long as the vectors of a small sentence model.
const DIMENSIONS: u64 = 384;

/// What all requests share.
#[derive(Debug)]
pub(super) struct App {
    pub(super) exchanges: Recorder<Exchange>,
    pub(super) faults: Guarded<Faults>,
}

/// What is asked, and of which model.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Task {
    Chat,
    Generation,
    Features,
}

/// What goes back.
enum Answer {
    Json(u16, Value),
    /// Events, and what becomes of the stream after some of them.
    Events(Vec<Value>, Option<Fault>),
}

/// Serves one request.
pub(super) async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let (task, model) = route(&path, &body);
    let header = |name: &str| parts.headers.get(name)?.to_str().ok().map(str::to_owned);
    let token = header("authorization").and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    if path == WHO_AM_I {
        let (status, answer) = owner(token.as_deref());
        app.exchanges.push(Exchange { path, model, token, bill_to: None, body, status });
        return respond(Answer::Json(status, answer), None);
    }
    let fault = app.faults.with(|faults| faults.next(&text)).or_else(|| Fault::by_model(&model));
    let answer = match (known(&parts, token.as_deref()), fault.as_ref().and_then(Fault::answer)) {
        (Err(refused), _) => refused,
        (Ok(()), Some((status, body))) => Answer::Json(status, body),
        (Ok(()), None) => answer(&task, &model, &body, fault.clone()),
    };
    let status = match &answer {
        Answer::Json(status, _) => *status,
        Answer::Events(..) => 200,
    };
    let bill_to = header("x-hf-bill-to");
    app.exchanges.push(Exchange { path, model, token, bill_to, body, status });
    respond(answer, fault.as_ref())
}

/// Whose a token is: here they are all the same user's.
fn owner(token: Option<&str>) -> (u16, Value) {
    if !is_token(token) {
        return (401, json!({ "error": "Invalid user token." }));
    }
    let organization =
        json!({ "type": "org", "id": "1", "name": "acme", "fullname": "Acme", "roleInOrg": "write" });
    let own = json!({ "type": "access_token", "accessToken": { "displayName": "emulated", "role": "fineGrained" } });
    let user = json!({
        "type": "user", "id": "0", "name": "emulated-user", "fullname": "An emulated user", "orgs": [organization],
        "auth": own,
    });
    (200, user)
}

fn is_token(token: Option<&str>) -> bool {
    token.is_some_and(|token| token.starts_with("hf_"))
}

/// The task that a path means. At an address of its own a model is known by what it is asked.
fn route(path: &str, body: &Value) -> (Task, String) {
    let in_body = || body["model"].as_str().unwrap_or_default().to_owned();
    let path = path.trim_matches('/');
    if path.ends_with("chat/completions") {
        return (Task::Chat, in_body());
    }
    let of_router = path.strip_prefix("hf-inference/models/");
    match of_router.map(|rest| rest.split_once("/pipeline/").unwrap_or((rest, ""))) {
        Some((model, "feature-extraction")) => (Task::Features, model.to_owned()),
        Some((model, _)) => (Task::Generation, model.to_owned()),
        None if body["parameters"].is_object() => (Task::Generation, String::new()),
        None => (Task::Features, String::new()),
    }
}

fn known(parts: &Parts, token: Option<&str>) -> Result<(), Answer> {
    if parts.method != Method::POST {
        return Err(Answer::Json(405, json!({ "error": "Method Not Allowed" })));
    }
    if !is_token(token) {
        return Err(Answer::Json(401, json!({ "error": "Invalid username or password." })));
    }
    Ok(())
}

fn answer(task: &Task, model: &str, body: &Value, fault: Option<Fault>) -> Answer {
    let answered = match task {
        Task::Chat => chat::completion(model, body).map(|completion| match body["stream"].as_bool() {
            Some(true) => Answer::Events(chat::events(&completion, body), fault),
            _ => Answer::Json(200, completion),
        }),
        Task::Generation => generation(body),
        Task::Features => features(body),
    };
    answered.unwrap_or_else(|reason| {
        Answer::Json(
            422,
            json!({ "error": format!("Input validation error: {reason}"), "error_type": "validation" }),
        )
    })
}

fn generation(body: &Value) -> Result<Answer, String> {
    let prompt = body["inputs"].as_str().ok_or("inputs must be a text")?;
    let parameters = &body["parameters"];
    let mut conversation = Conversation::of_prompt(prompt);
    conversation.max_tokens = parameters["max_new_tokens"].as_u64();
    let stops = parameters["stop"].as_array().into_iter().flatten();
    conversation.stop_sequences = stops.filter_map(Value::as_str).map(str::to_owned).collect();
    let reply = model::answer(&conversation);
    let reason = match reply.stop {
        Stop::MaxTokens => "length",
        Stop::Sequence(_) => "stop_sequence",
        Stop::EndTurn | Stop::ToolUse | Stop::Guardrail => "eos_token",
    };
    let mut generated = json!({ "generated_text": reply.text });
    if let (Some(true), Some(entries)) = (parameters["details"].as_bool(), generated.as_object_mut()) {
        let details = json!({
            "finish_reason": reason, "generated_tokens": reply.output_tokens, "seed": null, "prefill": [], "tokens": [],
        });
        entries.insert("details".to_owned(), details);
    }
    Ok(Answer::Json(200, json!([generated])))
}

fn features(body: &Value) -> Result<Answer, String> {
    let vectors = match &body["inputs"] {
        Value::String(text) => json!(embed(text, DIMENSIONS)),
        Value::Array(texts) => {
            let texts: Option<Vec<&str>> = texts.iter().map(Value::as_str).collect();
            let texts = texts.ok_or("inputs must be texts")?;
            json!(texts.into_iter().map(|text| embed(text, DIMENSIONS)).collect::<Vec<_>>())
        }
        _ => return Err("inputs must be a text or a list of texts".to_owned()),
    };
    Ok(Answer::Json(200, vectors))
}

fn respond(answer: Answer, fault: Option<&Fault>) -> Response {
    let (status, kind, body) = match answer {
        Answer::Json(status, body) => (status, "application/json", Body::from(body.to_string())),
        Answer::Events(events, fault) => (200, "text/event-stream", streamed(&events, fault)),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("x-request-id", HeaderValue::from_static("emulated-request"));
    if let Some(Fault::Throttled(seconds)) = fault {
        headers.insert(RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

fn event(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}

fn streamed(events: &[Value], fault: Option<Fault>) -> Body {
    let whole = || events.iter().map(event).chain([Bytes::from_static(b"data: [DONE]\n\n")]);
    let after = |count: usize| stream::iter(events.iter().take(count).map(event).collect::<Vec<_>>());
    match fault {
        Some(Fault::Cut(count)) => {
            let cut = stream::once(async {
                // What stands before the cut is on its way by then.
                tokio::time::sleep(BEFORE_THE_CUT).await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            });
            Body::from_stream(after(count).map(Ok).chain(cut))
        }
        Some(Fault::Silent(count)) => {
            let silence = stream::pending::<Result<Bytes, Infallible>>();
            Body::from_stream(after(count).map(Ok).chain(silence))
        }
        Some(Fault::Broken(count)) => {
            let error = json!({ "error": { "message": "the model has failed in the middle", "code": 500 } });
            let broken = stream::iter([event(&error)]);
            Body::from_stream(after(count).chain(broken).map(Ok::<_, Infallible>))
        }
        _ => Body::from_stream(stream::iter(whole().collect::<Vec<_>>()).map(Ok::<_, Infallible>)),
    }
}
