//! What is answered instead of credentials, in the order it was told.

use std::collections::VecDeque;

use http::StatusCode;

use super::request::Operation;
use crate::emulator::gate::Gate;
use crate::emulator::times::Times;

/// An error of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The caller may not have what it asks for.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }

    /// Too many ask.
    pub fn throttled() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Throttling", "too many requests, please wait before trying again")
    }

    /// Something is wrong inside.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "something went wrong inside")
    }
}

/// One step of a script.
#[derive(Debug, Clone)]
pub struct Step {
    refusal: Option<Refusal>,
    times: Times,
    gate: Option<Gate>,
}

impl Step {
    /// The service's own answer, once; behind a gate it is a slow one.
    pub fn answer() -> Self {
        Self { refusal: None, times: Times::Next(1), gate: None }
    }

    /// An error, once.
    pub fn refuse(refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..Self::answer() }
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

    /// Once the gate is open.
    #[must_use]
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Waits for what comes before the answer; an error takes its place.
    pub(crate) async fn ready(self) -> Option<Refusal> {
        if let Some(gate) = &self.gate {
            gate.passed().await;
        }
        self.refusal
    }
}

/// The steps that are waiting, by operation.
#[derive(Debug, Default)]
pub(crate) struct Scripts(Vec<(Operation, VecDeque<Step>)>);

impl Scripts {
    pub(crate) fn add(&mut self, operation: Operation, steps: impl IntoIterator<Item = Step>) {
        match self.0.iter_mut().find(|(known, _)| *known == operation) {
            Some((_, queue)) => queue.extend(steps),
            None => self.0.push((operation, steps.into_iter().collect())),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn next(&mut self, operation: Operation) -> Option<Step> {
        let (_, steps) = self.0.iter_mut().find(|(known, _)| *known == operation)?;
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
