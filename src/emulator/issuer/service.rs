//! One request from its first byte to its answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{self, State as Shared};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use tokio::time::Instant;

use super::request::{Operation, Request};
use super::role::Role;
use super::script::{Refusal, Scripts};
use super::session::Session;
use super::{metadata, sts};
use crate::emulator::bedrock::Identity;
use crate::emulator::guarded::Guarded;
use crate::emulator::recorder::Recorder;

const MAX_BODY_BYTES: usize = 100_000;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) requests: Recorder<Request>,
    pub(crate) state: Guarded<State>,
    pub(crate) own_role: String,
    pub(crate) container_token: Option<String>,
}

/// What changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) life: Duration,
    pub(crate) roles: Vec<Role>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) scripts: Scripts,
}

/// An answer that is no error.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) content_type: &'static str,
    pub(crate) header: Option<(&'static str, &'static str)>,
    pub(crate) body: String,
}

impl App {
    /// Gives out credentials of a role.
    pub(crate) fn issue(&self, role_arn: &str, session_name: &str) -> Session {
        self.state.with(|state| {
            let session = Session::new(state.sessions.len() + 1, role_arn, session_name, state.life);
            state.sessions.push(session.clone());
            session
        })
    }
}

/// Serves one request.
pub(crate) async fn handle(Shared(app): Shared<Arc<App>>, request: extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    // A body that is too long, or breaks off, has no parameters.
    let body = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
    let parameters = parameters(&String::from_utf8_lossy(&body));
    let action = parameters.get("Action").map(String::as_str);
    let request = Request {
        operation: Operation::of(&parts.method, parts.uri.path(), action),
        path: parts.uri.path().to_owned(),
        identity: Identity::of(&parts.headers),
        headers: texts(&parts.headers),
        parameters,
        at: Instant::now(),
        status: None,
    };
    let place = app.requests.push(request.clone());
    let result = app.answer(&request).await;
    let response = respond(&request, result);
    app.requests.amend(place, |request| request.status = Some(response.status().as_u16()));
    response
}

impl App {
    async fn answer(&self, request: &Request) -> Result<Answer, Refusal> {
        let Some(operation) = request.operation else {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "InvalidAction",
                format!("nobody here answers {}", request.path),
            ));
        };
        let step = self.state.with(|state| state.scripts.next(operation));
        if let Some(step) = step
            && let Some(refusal) = step.ready().await
        {
            return Err(refusal);
        }
        match operation {
            Operation::AssumeRole => sts::assume_role(self, request),
            Operation::AssumeRoleWithWebIdentity => sts::assume_role_with_web_identity(self, request),
            Operation::GetCallerIdentity => sts::caller(self, request),
            Operation::InstanceToken => metadata::token(request),
            Operation::InstanceRole => metadata::role(self, request),
            Operation::InstanceCredentials => metadata::credentials(self, request),
            Operation::ContainerCredentials => metadata::container(self, request),
        }
    }
}

/// The parameters of a form.
fn parameters(body: &str) -> BTreeMap<String, String> {
    let url = Url::parse(&format!("http://form/?{body}"));
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

fn texts(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn respond(request: &Request, result: Result<Answer, Refusal>) -> Response {
    let mut response = Response::builder();
    let body = match result {
        Ok(answer) => {
            response = response.header("content-type", answer.content_type);
            if let Some((name, value)) = answer.header {
                response = response.header(name, value);
            }
            answer.body
        }
        Err(refusal) => {
            let (content_type, body) = match request.path.as_str() {
                "/" => ("text/xml", sts::error(&refusal)),
                _ => ("application/json", metadata::error(&refusal)),
            };
            response = response.status(refusal.status).header("content-type", content_type);
            body
        }
    };
    // The header values are fixed, so this cannot fail.
    response.body(Body::from(body)).unwrap_or_default()
}
