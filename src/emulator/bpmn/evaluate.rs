//! Expressions in diagrams.

use std::fmt::Debug;

use serde_json::{Map, Value};

/// Evaluates the expressions of diagrams. The gateway is built with an implementation, so that the walk does not
/// depend on one engine.
pub trait Evaluate: Debug + Send + Sync {
    /// The value of `expression`, without its leading `=`, over these variables.
    fn evaluate(&self, expression: &str, variables: &Map<String, Value>) -> Result<Value, EvaluationFailure>;
}

/// An expression that has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct EvaluationFailure {
    pub reason: String,
}

/// The expression engine of this program.
#[derive(Debug, Clone, Copy, Default)]
pub struct Feel;

impl Evaluate for Feel {
    fn evaluate(
        &self,
        expression: &str,
        _variables: &Map<String, Value>,
    ) -> Result<Value, EvaluationFailure> {
        Err(EvaluationFailure { reason: format!("no engine for `{expression}` yet") })
    }
}
