//! A bound request, from the first attempt to the shaped answer.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_types::byte_stream::ByteStream;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::connector::{Flavour, Parts};
use super::converse::{self, Converse};
use super::field::Field;
use super::input::{Action, Request};
use super::inputs::Names;
use super::native::Task;
use super::outgoing::{Operation, Outgoing};
use super::route::{Route, Stop};
use super::send::{self, Answer, Head};
use super::target::Target;
use super::turns::{Caller, Turns, Waited};
use super::{Error, hosted, invoke_model, receive, stream, usage};
use crate::connector::{self, Call, Notebook, Response};
use crate::cost::{Cost, Payer, Served, Usage};
use crate::documents::{Expander, Session};
use crate::secrets::Masker;
use crate::telemetry::Event;

/// A request to Bedrock.
#[derive(Debug)]
pub(super) struct BedrockCall {
    pub(super) parts: Arc<Parts>,
    pub(super) flavour: Flavour,
    /// What messages call its inputs.
    pub(super) names: Names<'static>,
    /// Its process takes its turn with others.
    pub(super) payer: Payer,
    pub(super) route: Route,
    pub(super) action: Action,
    /// As it came, for the fingerprint.
    pub(super) data: Value,
    /// None: the data has functions, so it is bound only when these have run.
    pub(super) request: Option<Request>,
    /// When its limit ends it; none before it is made.
    pub(super) ends: Option<Instant>,
    /// The model's id and the region may come from secrets; they appear in events and answers through this only.
    pub(super) masker: Masker,
}

/// An answer, who gave it, and what it took.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) value: Value,
    pub(super) head: Head,
    pub(super) attempts: u32,
    pub(super) took: Duration,
    /// As they may be told.
    pub(super) region: String,
    pub(super) upstream: Option<String>,
    /// None: there is no price for it.
    pub(super) cost: Option<Cost>,
    /// Whether an earlier attempt has asked and paid.
    #[serde(skip)]
    pub(super) is_noted: bool,
}

/// Where the last attempt was made.
#[derive(Debug, Default)]
struct Last {
    upstream: Option<String>,
    /// As it may be told.
    region: String,
    /// The model's id and the region, for the price.
    place: (String, String),
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
        for part in way.into_iter().chain([flavour, self.action.name(), place, detail, &data]) {
            // The length keeps two parts from passing for two others.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn mask(&mut self, masker: &Masker) {
        self.masker = masker.clone();
    }

    fn reused(&self, mut response: Value) -> Value {
        if let (Flavour::Native, Some(cached)) = (self.flavour, response.get_mut("cached")) {
            *cached = true.into();
        }
        response
    }

    fn execute_with<'a>(
        mut self: Box<Self>,
        notebook: &'a dyn Notebook,
    ) -> BoxFuture<'a, Result<Response, connector::Error>> {
        async move {
            let limit = self.parts.clients.options().call_limit;
            self.ends = Instant::now().checked_add(limit);
            tokio::time::timeout(limit, self.run(notebook))
                .await
                .unwrap_or_else(|_| Err(Error::TimedOut { limit }.into()))
        }
        .boxed()
    }
}

impl BedrockCall {
    async fn run(mut self: Box<Self>, notebook: &dyn Notebook) -> Result<Response, connector::Error> {
        let parts = Arc::clone(&self.parts);
        // It has the room for the documents, which are in memory until the answer is there.
        let mut session = parts.loader.session();
        // The data is in the request from here on; large documents in it should not be in memory twice.
        let mut data = std::mem::take(&mut self.data);
        let request = match self.request.take() {
            Some(request) => request,
            None => {
                Expander { session: &mut session }.expand(&mut data).await.map_err(Error::from)?;
                Request::read(self.flavour, self.action, &Field::named("data", &data, self.names))?
            }
        };
        drop(data);
        let response = match request {
            Request::Converse { model_id, converse } => self.converse(&model_id, converse, session).await?,
            Request::InvokeModel { model_id, payload } => self.invoke(&model_id, payload, session).await?,
            // Boxed, because tasks of the compat type should not carry the room for it.
            Request::Native(task) => Box::pin(self.native(task, session, notebook)).await?,
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
        let Asked { value: answer, .. } =
            self.ask(&Outgoing::new(model_id, Operation::Converse, body.bytes)).await?;
        drop(session);
        let reply = converse::reply(&answer, model_id)?;
        let (is_first, text) = (converse.is_first, reply.text());
        let conversation = converse.answered(reply);
        Ok(match is_first {
            true => converse::first_result(&conversation, &text),
            false => conversation.iter().map(super::history::Message::to_value).collect(),
        })
    }

    async fn invoke(&self, model_id: &str, payload: Value, session: Session<'_>) -> Result<Value, Error> {
        let body = payload.to_string();
        drop(payload);
        let asked = self.ask(&Outgoing::new(model_id, Operation::InvokeModel, body)).await?;
        drop(session);
        Ok(invoke_model::response(asked.value))
    }

    async fn native(
        &self,
        task: Task,
        session: Session<'_>,
        notebook: &dyn Notebook,
    ) -> Result<Value, connector::Error> {
        match task.limit() {
            None => task.run(self, session, notebook).await,
            Some(limit) => {
                let run = tokio::time::timeout(limit, task.run(self, session, notebook));
                run.await.unwrap_or_else(|_| {
                    let field = self.names.of("data.timeout");
                    Err(Error::OverTaskLimit { field, limit }.into())
                })
            }
        }
    }

    /// Sends until there is an answer, or no further attempt.
    pub(super) async fn ask(&self, outgoing: &Outgoing) -> Result<Asked, Error> {
        let started = Instant::now();
        let subject = outgoing.subject();
        let model = self.masker.mask(subject);
        if usage::is_paid(outgoing) {
            self.parts.meter.admit(&self.payer, subject, &model, self.route.price())?;
        }
        let mut turns = Turns::new(self.caller(&model));
        let mut last = Last::default();
        let result = self.attempts(outgoing, &mut turns, &mut last).await;
        let Last { upstream, region, place } = last;
        let used = result.as_ref().ok().and_then(|(answer, head)| usage::of(outgoing, answer, head));
        if result.is_ok() {
            turns.used(usage::counted_tokens(used.as_ref()));
        }
        self.tell_call(&model, &region, result.as_ref().err(), turns.made, started.elapsed());
        let (value, head) = result?;
        let cost = used.and_then(|used| self.charge(&place, (subject, &model), &value, &head, &used));
        let (attempts, took) = (turns.made, started.elapsed());
        Ok(Asked { value, head, attempts, took, region, upstream, cost, is_noted: false })
    }

    async fn attempts(
        &self,
        outgoing: &Outgoing,
        turns: &mut Turns<'_>,
        last: &mut Last,
    ) -> Result<(Value, Head), Error> {
        let subject = outgoing.subject();
        let mut round = self.route.round();
        loop {
            let mut result = match round.next(&self.parts, subject, turns).await {
                Ok(Some(mut stop)) => match self.attempt_in_turn(&mut stop, outgoing, turns, last).await {
                    Some(result) => {
                        stop.end(&result);
                        result
                    }
                    None => {
                        round.put_back(stop);
                        continue;
                    }
                },
                Ok(None) => {
                    turns.back();
                    round = self.route.round();
                    continue;
                }
                Err(error) => Err(error),
            };
            if round.has_next() {
                result = match turns.elsewhere(result) {
                    ControlFlow::Continue(()) => continue,
                    ControlFlow::Break(result) => result,
                };
            }
            if let ControlFlow::Break(result) = turns.after(result).await {
                return result;
            }
            round = self.route.round();
        }
    }

    /// One attempt at one place, when it has its turn there. None: by now another place would let it in sooner.
    async fn attempt_in_turn(
        &self,
        stop: &mut Stop,
        outgoing: &Outgoing,
        turns: &mut Turns<'_>,
        last: &mut Last,
    ) -> Option<Result<(Value, Head), Error>> {
        let subject = outgoing.subject();
        let model = self.masker.mask(subject);
        let outgoing = outgoing.at(stop.model_id(subject));
        let region = self.masker.mask(&stop.target.region);
        turns.enter(&stop.target, outgoing.subject(), &region);
        *last = Last {
            upstream: stop.upstream(),
            region,
            place: (outgoing.subject().to_owned(), stop.target.region.clone()),
        };
        match turns.next(&stop.others).await {
            Ok(Waited::Turn) => {}
            Ok(Waited::SoonerElsewhere) => return None,
            Err(error) => return Some(Err(error)),
        }
        stop.begin(self.ends_fairly());
        Some(self.attempt(&stop.target, &outgoing, &model).await)
    }

    /// When the call's limit ends an attempt that begins now. None where little of its time is left, so that its end says
    /// nothing of the place.
    fn ends_fairly(&self) -> Option<Instant> {
        let half = self.parts.clients.options().call_limit / 2;
        self.ends.filter(|ends| ends.duration_since(Instant::now()) >= half)
    }

    /// Tells what an answer has used, which is paid whatever comes of it, and what it costs.
    fn charge(
        &self,
        (model, region): &(String, String),
        (asked, shown): (&str, &str),
        answer: &Value,
        head: &Head,
        used: &Usage,
    ) -> Option<Cost> {
        let Parts { meter, telemetry, .. } = &*self.parts;
        telemetry.emit(Event::TokensUsed {
            model: shown,
            input: used.input,
            output: used.output,
            cache_read: used.cache_read,
            cache_write: used.cache_write,
        });
        let tier = answer.pointer("/serviceTier/type").and_then(Value::as_str);
        let tier = tier.or(head.service_tier.as_deref());
        let served = Served { asked, model, shown, region, tier, price: self.route.price() };
        meter.charge(&self.payer, &served, used)
    }

    /// One attempt at one place. `model` is the one that the task names; an upstream may call it something else.
    async fn attempt(
        &self,
        target: &Target,
        outgoing: &Outgoing,
        model: &str,
    ) -> Result<(Value, Head), Error> {
        let sent = Instant::now();
        let began = || self.parts.telemetry.emit(Event::FirstToken { model, wait: sent.elapsed() });
        if let (Some(hosting), Some(client)) = (&target.hosting, self.route.huggingface()) {
            return hosted::ask(client, target, hosting, outgoing, began).await;
        }
        let max_bytes = self.parts.clients.options().max_answer_bytes;
        let client = self.parts.clients.get(target).await?;
        let answer = send::send(&client, outgoing, max_bytes).await?;
        self.read(outgoing, answer, began).await
    }

    fn caller<'a>(&'a self, model: &'a str) -> Caller<'a> {
        let Parts { clients, telemetry, .. } = &*self.parts;
        Caller { clients, telemetry, process: &self.payer.process, model }
    }

    /// `began` is called with the first piece of a stream.
    async fn read(
        &self,
        outgoing: &Outgoing,
        answer: Answer,
        began: impl FnMut(),
    ) -> Result<(Value, Head), Error> {
        let Answer { body, events, head } = answer;
        let value = match events {
            Some(events) => self.read_events(outgoing, events, began).await?,
            None => receive::read(outgoing, &body, &head)?,
        };
        Ok((value, head))
    }

    /// Reads a stream to its end.
    async fn read_events(
        &self,
        outgoing: &Outgoing,
        events: ByteStream,
        began: impl FnMut(),
    ) -> Result<Value, Error> {
        let options = self.parts.clients.options();
        let limits = stream::Limits {
            idle: options.stream_idle,
            max_bytes: options.max_answer_bytes,
            model_id: outgoing.subject(),
        };
        stream::read(events, limits, began).await
    }

    fn tell_call(&self, model: &str, region: &str, error: Option<&Error>, attempts: u32, took: Duration) {
        let code = error.map(Error::code);
        let code = code.as_deref().unwrap_or("OK");
        let action = self.action.name();
        self.parts.telemetry.emit(Event::ModelCalled { model, region, action, code, attempts, took });
    }
}
