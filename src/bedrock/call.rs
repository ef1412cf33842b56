//! A bound request, from the first attempt to the shaped answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::connector::{Flavour, Parts};
use super::converse::{self, Converse};
use super::input::{Action, Operation, Request};
use super::retry::{Attempts, Kind};
use super::route::Route;
use super::send::{self, Answer};
use super::{Error, invoke_model};
use crate::connector::{self, Call, Response, json as strict_json};
use crate::documents::{Expander, Session};
use crate::secrets::Masker;
use crate::telemetry::Event;

/// A request to Bedrock.
#[derive(Debug)]
pub(super) struct BedrockCall {
    pub(super) parts: Arc<Parts>,
    pub(super) flavour: Flavour,
    pub(super) route: Route,
    pub(super) action: Action,
    /// As it came, for the fingerprint.
    pub(super) data: Value,
    /// None: the data has functions, so it is bound only when these have run.
    pub(super) request: Option<Request>,
    /// The model's id and the region may come from secrets; they appear in events and answers through this only.
    pub(super) masker: Masker,
}

/// An answer and who gave it.
struct Asked {
    value: Value,
    request_id: Option<String>,
    upstream: Option<String>,
}

impl Call for BedrockCall {
    fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let flavour = match self.flavour {
            Flavour::Compat => "compat",
            Flavour::Native => "native",
        };
        let [way, place, detail] = self.route.marks();
        let data = self.data.to_string();
        // Without a connection the mark is empty and left out, so that answers from before there were any still count.
        let way = Some(way).filter(|way| !way.is_empty());
        for part in way.into_iter().chain([flavour, self.action.path(), place, detail, &data]) {
            // The length keeps two parts from passing for two others.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn mask(&mut self, masker: &Masker) {
        self.masker = masker.clone();
    }

    fn execute(self: Box<Self>) -> BoxFuture<'static, Result<Response, connector::Error>> {
        async move {
            let limit = self.parts.clients.options().call_limit;
            tokio::time::timeout(limit, self.run())
                .await
                .unwrap_or_else(|_| Err(Error::TimedOut { limit }.into()))
        }
        .boxed()
    }
}

impl BedrockCall {
    async fn run(mut self: Box<Self>) -> Result<Response, connector::Error> {
        let parts = Arc::clone(&self.parts);
        // It has the room for the documents, which are in memory until the answer is there.
        let mut session = parts.loader.session();
        // The data is in the request from here on; large documents in it should not be in memory twice.
        let mut data = std::mem::take(&mut self.data);
        let request = match self.request.take() {
            Some(request) => request,
            None => {
                Expander { session: &mut session }.expand(&mut data).await.map_err(Error::from)?;
                Request::read(self.action, &data)?
            }
        };
        drop(data);
        let model_id = request.model_id;
        let response = match request.operation {
            Operation::Converse(converse) => self.converse(&model_id, converse, session).await?,
            Operation::InvokeModel { payload } => self.invoke(&model_id, payload, session).await?,
        };
        Ok(Response(response))
    }

    async fn converse(
        &self,
        model_id: &str,
        converse: Converse,
        mut session: Session<'_>,
    ) -> Result<Value, Error> {
        let body = converse.body(&mut session).await?;
        let Asked { value: answer, request_id, upstream } = self.ask(model_id, body).await?;
        drop(session);
        self.tell_tokens(model_id, &answer);
        let reply = converse::reply(&answer, model_id)?;
        let text = reply.text();
        let is_first = converse.is_first;
        let conversation = converse.answered(reply);
        let messages: Value = conversation.iter().map(super::history::Message::to_value).collect();
        Ok(match self.flavour {
            Flavour::Compat if is_first => converse::first_result(&conversation, &text),
            Flavour::Compat => messages,
            Flavour::Native => {
                let mut response = native(answer, &text, messages);
                self.sign(&mut response, model_id, request_id, upstream);
                Value::Object(response)
            }
        })
    }

    async fn invoke(&self, model_id: &str, payload: Value, session: Session<'_>) -> Result<Value, Error> {
        let body = Bytes::from(payload.to_string());
        drop(payload);
        let Asked { value: answer, request_id, upstream } = self.ask(model_id, body).await?;
        drop(session);
        let mut response = invoke_model::response(answer);
        if let (Flavour::Native, Value::Object(entries)) = (self.flavour, &mut response) {
            self.sign(entries, model_id, request_id, upstream);
        }
        Ok(response)
    }

    /// Says who answered.
    fn sign(
        &self,
        response: &mut Map<String, Value>,
        model_id: &str,
        request_id: Option<String>,
        upstream: Option<String>,
    ) {
        response.insert("modelId".into(), self.masker.mask(model_id).into());
        response.insert("requestId".into(), json!(request_id));
        if let Some(connection) = self.route.connection() {
            response.insert("connection".into(), connection.into());
            response.insert("upstream".into(), json!(upstream));
        }
    }

    /// Sends until there is an answer, or no further attempt.
    async fn ask(&self, model_id: &str, body: Bytes) -> Result<Asked, Error> {
        let started = Instant::now();
        let options = self.parts.clients.options();
        let (mut attempts, max_bytes) = (Attempts::new(options), options.max_answer_bytes);
        let mut round = self.route.round();
        loop {
            let stop = round.next(&self.parts).await?;
            let client = self.parts.clients.get(&stop.target).await?;
            let id = stop.model_id(model_id);
            let result = send::send(&client, self.action, id, &body, max_bytes).await;
            let result = result.and_then(|answer| self.read(model_id, answer));
            let kind = result.as_ref().err().map_or(Kind::Final, Kind::of);
            let (upstream, region) = (stop.upstream(), self.masker.mask(&stop.target.region));
            stop.end(&result);
            if kind != Kind::Final && round.has_next() {
                attempts.elsewhere();
                continue;
            }
            let Some(wait) = attempts.after(kind, fastrand::f64()) else {
                self.tell_call(model_id, &region, result.as_ref().err(), attempts.all(), started.elapsed());
                return result.map(|(value, request_id)| Asked { value, request_id, upstream });
            };
            if kind == Kind::Throttled {
                let (model, region) = (&self.masker.mask(model_id), &region);
                self.parts.telemetry.emit(Event::ModelThrottled { model, region, wait });
            }
            tokio::time::sleep(wait).await;
            round = self.route.round();
        }
    }

    fn read(&self, model_id: &str, answer: Answer) -> Result<(Value, Option<String>), Error> {
        let unreadable = |reason: String| Error::Unreadable {
            model_id: model_id.to_owned(),
            reason,
            java_class: send::unreadable_class(self.action),
        };
        let value = strict_json::parse(&answer.body).map_err(|error| unreadable(error.to_string()))?;
        if self.action == Action::Converse && !value.is_object() {
            return Err(unreadable(format!("it is {}, expected an object", strict_json::kind(&value))));
        }
        Ok((value, answer.request_id))
    }

    fn tell_call(&self, model: &str, region: &str, error: Option<&Error>, attempts: u32, took: Duration) {
        let code = error.map(Error::code);
        let code = code.as_deref().unwrap_or("OK");
        let model = &self.masker.mask(model);
        let action = self.action.name();
        self.parts.telemetry.emit(Event::ModelCalled { model, region, action, code, attempts, took });
    }

    fn tell_tokens(&self, model: &str, answer: &Value) {
        let count = |key: &str| {
            answer.get("usage").and_then(|usage| usage.get(key)).and_then(Value::as_u64).unwrap_or(0)
        };
        self.parts.telemetry.emit(Event::TokensUsed {
            model: &self.masker.mask(model),
            input: count("inputTokens"),
            output: count("outputTokens"),
            cache_read: count("cacheReadInputTokens"),
            cache_write: count("cacheWriteInputTokens"),
        });
    }
}

/// The full response: what Bedrock says beside the message, and the message in the shape of the history.
fn native(answer: Value, text: &str, messages: Value) -> Map<String, Value> {
    let mut response = Map::new();
    response.insert("text".into(), text.into());
    response.insert("messages".into(), messages);
    if let Value::Object(entries) = answer {
        response.extend(entries.into_iter().filter(|(key, _)| key != "output"));
    }
    response
}
