//! One request from its first byte to the last of its answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use http::HeaderMap;
use http::request::Parts;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::conversation::Conversation;
use super::error_code::ErrorCode;
use super::event_stream;
use super::exchange::{Counted, Exchange, Outcome, Watch};
use super::identity::Identity;
use super::respond::{Answer, Damage, respond};
use super::route::{Operation, Route, route};
use super::said::Said;
use super::scenario::{Act, Canned, Grants, Scripts, by_model_id};
use super::tally::Tally;
use super::validate::validate;
use super::{converse, describe, families, model};
use crate::emulator::guarded::Guarded;
use crate::emulator::incoming::Connection;
use crate::emulator::recorder::Recorder;

/// The largest body that Bedrock takes.
const MAX_BODY_BYTES: usize = 25_000_000;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) exchanges: Recorder<Exchange>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) scripts: Guarded<Scripts>,
    pub(crate) grants: Guarded<Grants>,
    pub(crate) access: Guarded<Access>,
    pub(crate) latency: Duration,
    pub(crate) in_flight: Arc<AtomicUsize>,
    pub(crate) requests: AtomicU64,
}

/// Who may call.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// The access keys and API keys that are known; none knows all.
    pub(crate) known: Option<Vec<String>>,
    /// Keys that are known and may not call.
    pub(crate) denied: Vec<String>,
    /// Actions that no policy allows.
    pub(crate) denied_actions: Vec<String>,
}

impl Access {
    fn check(&self, identity: &Identity) -> Result<(), ErrorCode> {
        let Some(key) = identity.key() else { return Err(ErrorCode::MissingAuthenticationToken) };
        if self.known.as_ref().is_some_and(|known| !known.iter().any(|other| other == key)) {
            return Err(ErrorCode::UnrecognizedClient);
        }
        if self.denied.iter().any(|other| other == key) {
            return Err(ErrorCode::AccessDenied);
        }
        Ok(())
    }
}

/// A request whose body is here.
struct Asked {
    route: Option<Route>,
    body: Option<Value>,
    text: String,
    identity: Identity,
    /// What the headers of InvokeModel ask of a guardrail.
    guard: Guard,
}

/// A guardrail over InvokeModel.
#[derive(Debug, Default)]
struct Guard {
    is_on: bool,
    is_traced: bool,
}

impl Guard {
    fn of(headers: &HeaderMap) -> Self {
        let trace = headers.get("x-amzn-bedrock-trace").map(|value| value.as_bytes().to_ascii_uppercase());
        Self {
            is_on: headers.contains_key("x-amzn-bedrock-guardrailidentifier"),
            is_traced: trace.is_some_and(|trace| trace.starts_with(b"ENABLED")),
        }
    }

    /// What the guardrail adds to the answer of a model.
    fn mark(&self, asked: &Value, answer: &mut Value) {
        if let (true, Value::Object(entries)) = (self.is_on, answer) {
            let action = if model::blocked(&asked.to_string()) { "INTERVENED" } else { "NONE" };
            entries.insert("amazon-bedrock-guardrailAction".to_owned(), action.into());
            if self.is_traced {
                entries.insert("amazon-bedrock-trace".to_owned(), json!({"guardrail": {"input": {}}}));
            }
        }
    }
}

/// Serves one request.
pub(crate) async fn handle(
    State(app): State<Arc<App>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let number = app.requests.fetch_add(1, Ordering::Relaxed);
    let request_id = format!("00000000-0000-4000-8000-{number:012x}");
    let (parts, body) = request.into_parts();
    let (asked, mut watch) = app.read(&parts, body).await;
    let id = asked.route.as_ref().map(|route| route.id.as_str()).unwrap_or_default();
    let step = app.scripts.with(|scripts| scripts.next(id, &asked.text)).or_else(|| by_model_id(id));
    let act = match step {
        Some(step) => Some(step.ready().await),
        None => None,
    };
    let (answer, damage) = match act {
        None => (app.unscripted(id, &asked).await, Damage::None),
        Some(Act::Answer) => (answer(&asked, None), Damage::None),
        Some(Act::Say(said)) => (answer(&asked, Some(&said)), Damage::None),
        Some(Act::Fail(code)) => (Answer::error(code), Damage::None),
        Some(Act::FailSaying(code, message)) => (Answer::Error { code, message }, Damage::None),
        Some(Act::Respond(canned)) => (Answer::Canned(canned), Damage::None),
        Some(Act::BadJson) => (Answer::Canned(Canned::json(200, "{\"output\": ")), Damage::None),
        Some(Act::Cut { at }) => (answer(&asked, None), Damage::Cut { at }),
        Some(Act::Stall { at, pause }) => (answer(&asked, None), Damage::Stall { at, pause }),
        Some(Act::Exception { after_events, code }) => {
            (interrupted(answer(&asked, None), after_events, code), Damage::None)
        }
        Some(Act::Hang) => std::future::pending().await,
        Some(Act::Reset) => {
            watch.expect(Outcome::Broken);
            connection.wire.cut();
            std::future::pending().await
        }
    };
    respond(answer, damage, &request_id, watch)
}

impl App {
    /// Reads the body and records the request. From here on, whoever drops the watch leaves its outcome.
    async fn read(&self, parts: &Parts, body: Body) -> (Asked, Watch) {
        // A body that is too long, or breaks off, is refused as one that is no JSON.
        let bytes = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
        let text = if self.exchanges.keeps() || self.tally.is_kept() || self.scripted() {
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            String::new()
        };
        let raw_path = parts.uri.path();
        let asked = Asked {
            route: route(&parts.method, raw_path),
            body: serde_json::from_slice(&bytes).ok(),
            text,
            identity: Identity::of(&parts.headers),
            guard: Guard::of(&parts.headers),
        };
        let counted = Counted::of(&self.tally, &asked.text);
        let watch = Watch::over(&self.exchanges, counted, &self.in_flight, |in_flight| Exchange {
            operation: asked.route.as_ref().map(|route| route.operation),
            method: parts.method.to_string(),
            raw_path: raw_path.to_owned(),
            id: asked.route.as_ref().map(|route| route.id.clone()).unwrap_or_default(),
            headers: texts(&parts.headers),
            body: asked.body.clone().unwrap_or_default(),
            body_text: asked.text.clone(),
            identity: asked.identity.clone(),
            at: Instant::now(),
            in_flight,
            outcome: Outcome::Open,
        });
        (asked, watch)
    }

    fn scripted(&self) -> bool {
        self.scripts.with(|scripts| !scripts.is_empty()) || self.grants.with(|grants| !grants.is_empty())
    }

    async fn unscripted(&self, id: &str, asked: &Asked) -> Answer {
        if let Some(refused) = self.admit(id, asked) {
            return refused;
        }
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
        answer(asked, None)
    }

    /// What stands before the model: the way in, and what is granted.
    fn admit(&self, id: &str, asked: &Asked) -> Option<Answer> {
        if let Err(code) = self.access.with(|access| access.check(&asked.identity)) {
            return Some(Answer::error(code));
        }
        let action = asked.route.as_ref().map(|route| route.operation.action()).unwrap_or_default();
        if self.access.with(|access| access.denied_actions.iter().any(|denied| denied == action)) {
            let kind = if action.ends_with("Guardrail") { "guardrail" } else { "foundation-model" };
            let message = format!(
                "User: arn:aws:iam::123456789012:user/emulated is not authorized to perform: {action} on resource: \
                 arn:aws:bedrock:::{kind}/{id} because no identity-based policy allows it"
            );
            return Some(Answer::Error { code: ErrorCode::AccessDenied, message });
        }
        let granted = self.grants.with(|grants| grants.admit(id, &asked.text, Instant::now()));
        (!granted).then(|| Answer::error(ErrorCode::Throttling))
    }
}

fn texts(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// What the model, or a check before it, answers. In a conversation it may be made to say something.
fn answer(asked: &Asked, said: Option<&Said>) -> Answer {
    let Some(route) = &asked.route else {
        let mut unknown = Canned::json(404, r#"{"message":"there is no such operation"}"#);
        unknown.error_type = Some("UnknownOperationException".to_owned());
        return Answer::Canned(unknown);
    };
    if let Some(described) = describe::answer(route) {
        return Answer::Json { body: described, headers: Vec::new() };
    }
    let checked = validate(route, asked.body.as_ref());
    let body = asked.body.as_ref().unwrap_or(&Value::Null);
    let answered = checked.and_then(|()| answer_valid(route, body, &asked.guard, said));
    answered.unwrap_or_else(|message| Answer::Error { code: ErrorCode::Validation, message })
}

fn answer_valid(route: &Route, body: &Value, guard: &Guard, said: Option<&Said>) -> Result<Answer, String> {
    let plain = |body| Answer::Json { body, headers: Vec::new() };
    let reply = || {
        let conversation = Conversation::of_converse(body);
        said.map_or_else(|| model::answer(&conversation), |said| said.reply(&conversation))
    };
    Ok(match route.operation {
        Operation::Converse => plain(converse::response(body, &reply())),
        Operation::ConverseStream => Answer::Events(converse::events(body, &reply())),
        Operation::InvokeModel => {
            let families::Invocation { body: mut answer, reply } = families::invoke(&route.id, body)?;
            guard.mark(body, &mut answer);
            let headers = vec![
                ("x-amzn-bedrock-input-token-count", reply.input_tokens.to_string()),
                ("x-amzn-bedrock-output-token-count", reply.output_tokens.to_string()),
            ];
            Answer::Json { body: answer, headers }
        }
        Operation::InvokeModelWithResponseStream => Answer::Events(families::events(&route.id, body)?),
        Operation::CountTokens => {
            plain(converse::count_tokens(body, |encoded| families::encoded_conversation(&route.id, encoded)))
        }
        Operation::ApplyGuardrail => plain(converse::apply_guardrail(body)),
        Operation::GetFoundationModel | Operation::GetInferenceProfile | Operation::ListFoundationModels => {
            plain(Value::Null)
        }
    })
}

/// A stream that ends in an exception; an answer that is no stream stays whole.
fn interrupted(answer: Answer, after_events: usize, code: ErrorCode) -> Answer {
    match answer {
        Answer::Events(mut events) => {
            events.truncate(after_events);
            events.push(event_stream::exception(code));
            Answer::Events(events)
        }
        whole => whole,
    }
}
