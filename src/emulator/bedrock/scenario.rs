//! What the emulator does instead of answering, in the order it was told.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::error_code::ErrorCode;
use super::said::Said;
use crate::emulator::gate::Gate;
use crate::emulator::times::Times;

/// Which requests a script or a grant is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Any,
    /// The decoded id of a model or a guardrail.
    Model(String),
    /// Any request whose body holds this text.
    BodyContains(String),
}

impl Target {
    /// One model.
    pub fn model(id: impl Into<String>) -> Self {
        Self::Model(id.into())
    }

    fn meets(&self, id: &str, body: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Model(model) => model == id,
            Self::BodyContains(text) => body.contains(text.as_str()),
        }
    }
}

/// One step of a script: what happens, how often, and what comes before it.
#[derive(Debug, Clone)]
pub struct Step {
    act: Act,
    times: Times,
    delay: Duration,
    gate: Option<Gate>,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Act {
    /// The model answers.
    Answer,
    /// The model answers in these words.
    Say(Said),
    /// An error with its usual text.
    Fail(ErrorCode),
    FailSaying(ErrorCode, String),
    /// An answer word for word.
    Respond(Canned),
    /// Status 200 and a body that is no JSON.
    BadJson,
    /// The connection is reset before any answer.
    Reset,
    /// The answer, broken off after so many bytes of its body.
    Cut {
        at: usize,
    },
    /// The answer, with this pause after so many bytes of its body.
    Stall {
        at: usize,
        pause: Duration,
    },
    /// The answer's stream, with an exception after so many events.
    Exception {
        after_events: usize,
        code: ErrorCode,
    },
    /// No answer, and the connection stays open.
    Hang,
}

/// An answer word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canned {
    pub status: u16,
    pub content_type: Option<String>,
    /// The header `x-amzn-ErrorType`.
    pub error_type: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Announces a longer body than there is, so that the client sees it cut short.
    pub content_length: Option<usize>,
}

impl Canned {
    /// A JSON body with a status.
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type: Some("application/json".to_owned()),
            error_type: None,
            headers: Vec::new(),
            body: body.into(),
            content_length: None,
        }
    }
}

impl Step {
    /// The act, once.
    pub fn new(act: Act) -> Self {
        Self { act, times: Times::Next(1), delay: Duration::ZERO, gate: None }
    }

    /// An error with its usual text, once.
    pub fn fail(code: ErrorCode) -> Self {
        Self::new(Act::Fail(code))
    }

    /// The model's own answer, once; with a delay or a gate it is a slow one.
    pub fn answer() -> Self {
        Self::new(Act::Answer)
    }

    /// This many times.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.times = Times::Next(count);
        self
    }

    /// From now on, whatever stands behind it.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = Times::Always;
        self
    }

    /// After this time.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Once the gate is open.
    #[must_use]
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Waits for what comes before the act, and returns it.
    pub(crate) async fn ready(self) -> Act {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        if let Some(gate) = &self.gate {
            gate.passed().await;
        }
        self.act
    }
}

/// The scenario that a model id names, so that a client in another process can ask for it.
///
/// `emulator.throttle-v1` and its like always answer with the same trouble; every other id has none.
pub fn by_model_id(id: &str) -> Option<Step> {
    let act = match id.strip_prefix("emulator.")?.strip_suffix("-v1")? {
        "throttle" => Act::Fail(ErrorCode::Throttling),
        "not-ready" => Act::Fail(ErrorCode::ModelNotReady),
        "validation" => Act::Fail(ErrorCode::Validation),
        "quota" => Act::Fail(ErrorCode::ServiceQuotaExceeded),
        "conflict" => Act::Fail(ErrorCode::Conflict),
        "denied" => Act::Fail(ErrorCode::AccessDenied),
        "expired-token" => Act::Fail(ErrorCode::ExpiredToken),
        "unrecognized-client" => Act::Fail(ErrorCode::UnrecognizedClient),
        "invalid-signature" => Act::Fail(ErrorCode::InvalidSignature),
        "not-found" => Act::Fail(ErrorCode::ResourceNotFound),
        "model-timeout" => Act::Fail(ErrorCode::ModelTimeout),
        "model-error" => Act::Fail(ErrorCode::ModelError),
        "model-stream-error" => Act::Fail(ErrorCode::ModelStreamError),
        "internal" => Act::Fail(ErrorCode::InternalServer),
        "unavailable" => Act::Fail(ErrorCode::ServiceUnavailable),
        "bad-json" => Act::BadJson,
        "reset" => Act::Reset,
        "hang" => Act::Hang,
        "cut" => Act::Cut { at: 60 },
        "stream-throttle" => Act::Exception { after_events: 2, code: ErrorCode::Throttling },
        "stream-error" => Act::Exception { after_events: 2, code: ErrorCode::ModelStreamError },
        _ => return None,
    };
    Some(Step::new(act).always())
}

// === Scripts and grants ===

/// The scripts that are waiting; those for a model or a text go before those for any request.
#[derive(Debug, Default)]
pub(crate) struct Scripts(Vec<(Target, VecDeque<Step>)>);

impl Scripts {
    pub(crate) fn add(&mut self, target: Target, steps: impl IntoIterator<Item = Step>) {
        let script = self.0.iter_mut().find(|(known, _)| *known == target);
        match script {
            Some((_, queue)) => queue.extend(steps),
            None => self.0.push((target, steps.into_iter().collect())),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn next(&mut self, id: &str, body: &str) -> Option<Step> {
        let waiting =
            |(target, steps): &&mut (Target, VecDeque<Step>)| !steps.is_empty() && target.meets(id, body);
        let (special, general): (Vec<_>, Vec<_>) =
            self.0.iter_mut().filter(waiting).partition(|(target, _)| *target != Target::Any);
        let (_, steps) = special.into_iter().chain(general).next()?;
        let step = steps.front_mut()?;
        let now = step.clone();
        if let Times::Next(left) = &mut step.times {
            *left = left.saturating_sub(1);
            if *left == 0 {
                steps.pop_front();
            }
        }
        Some(now)
    }
}

/// How many calls are granted; a bucket that fills steadily.
#[derive(Debug)]
pub(crate) struct Grant {
    target: Target,
    per_second: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Grant {
    pub(crate) fn new(target: Target, per_second: f64, burst: f64, now: Instant) -> Self {
        Self { target, per_second, burst, tokens: burst, at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let passed = now.duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
        self.at = now;
        let granted = self.tokens >= 1.0;
        if granted {
            self.tokens -= 1.0;
        }
        granted
    }
}

/// The grants in force.
#[derive(Debug, Default)]
pub(crate) struct Grants(Vec<Grant>);

impl Grants {
    pub(crate) fn set(&mut self, grant: Grant) {
        self.0.retain(|known| known.target != grant.target);
        self.0.push(grant);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this request is within what is granted.
    pub(crate) fn admit(&mut self, id: &str, body: &str, now: Instant) -> bool {
        let mut concerned = self.0.iter_mut().filter(|grant| grant.target.meets(id, body));
        concerned.all(|grant| grant.take(now))
    }
}
