//! What becomes of a job.

use std::time::Duration;

use serde_json::{Map, Value};

/// The one command that ends an attempt at a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The variables are merged into the process.
    Complete { variables: Map<String, Value> },
    /// The attempt failed; without retries left the engine raises an incident.
    Fail(Failure),
    /// A BPMN error for a boundary event to catch.
    ThrowError { code: String, message: String, variables: Map<String, Value> },
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub cause: FailureCause,
    /// Retries left after this attempt.
    pub retries: i32,
    pub message: String,
    pub retry_back_off: Duration,
    /// Local to the task.
    pub variables: Map<String, Value>,
}

/// Why an attempt failed. It decides whether an answer that is already paid is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureCause {
    /// Headers, secrets or variables; the model was not asked.
    Input,
    /// The model or the way to it failed. What was paid on the way is kept for the next attempt.
    Call,
    /// The answer could not be mapped to variables. It is kept for the next attempt.
    Mapping,
    /// The modeler's error expression asked for it with `jobError`, although there is an answer. This drops it,
    /// because a new one is wanted.
    Requested,
    /// A defect of this program.
    Panic,
}
