//! A bound request, from the first attempt to the shaped answer.

use std::ops::ControlFlow;
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
use super::send::{self, Answer};
use super::target::Target;
use super::turns::{Caller, Turns};
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
    /// The process, which takes its turn with others.
    pub(super) process: Arc<str>,
    pub(super) target: Target,
    pub(super) action: Action,
    /// As it came, for the fingerprint.
    pub(super) data: Value,
    /// None: the data has functions, so it is bound only when these have run.
    pub(super) request: Option<Request>,
    /// The model's id and the region may come from secrets; they appear in events and answers through this only.
    pub(super) masker: Masker,
}

impl Call for BedrockCall {
    fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let flavour = match self.flavour {
            Flavour::Compat => "compat",
            Flavour::Native => "native",
        };
        let endpoint = self.target.endpoint.as_deref().unwrap_or_default();
        let data = self.data.to_string();
        for part in [flavour, self.action.path(), &self.target.region, endpoint, &data] {
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
        let (answer, request_id) = self.ask(model_id, body).await?;
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
            Flavour::Native => native(answer, &text, messages, &self.masker.mask(model_id), request_id),
        })
    }

    async fn invoke(&self, model_id: &str, payload: Value, session: Session<'_>) -> Result<Value, Error> {
        let body = Bytes::from(payload.to_string());
        drop(payload);
        let (answer, request_id) = self.ask(model_id, body).await?;
        drop(session);
        let mut response = invoke_model::response(answer);
        if let (Flavour::Native, Value::Object(entries)) = (self.flavour, &mut response) {
            entries.insert("modelId".into(), self.masker.mask(model_id).into());
            entries.insert("requestId".into(), json!(request_id));
        }
        Ok(response)
    }

    /// Sends until there is an answer, or no further attempt.
    async fn ask(&self, model_id: &str, body: Bytes) -> Result<(Value, Option<String>), Error> {
        let client = self.parts.clients.get(&self.target).await?;
        let started = Instant::now();
        let max_bytes = self.parts.clients.options().max_answer_bytes;
        let shown = (&*self.masker.mask(model_id), &*self.masker.mask(&self.target.region));
        let mut turns = Turns::new(self.caller(model_id, shown));
        let result = loop {
            if let Err(error) = turns.next().await {
                break Err(error);
            }
            let result = send::send(&client, self.action, model_id, &body, max_bytes).await;
            let result = result.and_then(|answer| self.read(model_id, answer));
            if let ControlFlow::Break(result) = turns.after(result).await {
                break result;
            }
        };
        if let Ok((answer, _)) = &result {
            turns.used(counted_tokens(answer));
        }
        self.tell_call(model_id, result.as_ref().err(), turns.made, started.elapsed());
        result
    }

    fn caller<'a>(&'a self, model_id: &'a str, shown: (&'a str, &'a str)) -> Caller<'a> {
        let Parts { clients, telemetry, .. } = &*self.parts;
        Caller { clients, telemetry, target: &self.target, model_id, process: &self.process, shown }
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

    fn tell_call(&self, model: &str, error: Option<&Error>, attempts: u32, took: Duration) {
        let code = error.map(Error::code);
        let code = code.as_deref().unwrap_or("OK");
        let (model, region) = (&self.masker.mask(model), &self.masker.mask(&self.target.region));
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

/// The tokens that count towards a quota; those read from a cache do not.
fn counted_tokens(answer: &Value) -> u64 {
    let count = |key: &str| answer.pointer(key).and_then(Value::as_u64).unwrap_or(0);
    ["/usage/inputTokens", "/usage/outputTokens", "/usage/cacheWriteInputTokens"].into_iter().map(count).sum()
}

/// The full response: what Bedrock says beside the message, and the message in the shape of the history.
fn native(answer: Value, text: &str, messages: Value, model_id: &str, request_id: Option<String>) -> Value {
    let mut response = Map::new();
    response.insert("text".into(), text.into());
    response.insert("messages".into(), messages);
    if let Value::Object(entries) = answer {
        response.extend(entries.into_iter().filter(|(key, _)| key != "output"));
    }
    response.insert("modelId".into(), model_id.into());
    response.insert("requestId".into(), json!(request_id));
    Value::Object(response)
}
