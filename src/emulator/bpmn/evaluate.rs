//! Expressions in diagrams.

use std::fmt::Debug;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::clock::{Clock, SystemClock};
use crate::feel;

/// Evaluates the expressions of diagrams. The gateway is built with an implementation, so that a test can look in.
pub trait Evaluate: Debug + Send + Sync {
    /// The value of `expression`, without its leading `=`, over these variables.
    fn evaluate(
        &self,
        expression: &str,
        variables: &Map<String, Value>,
    ) -> Result<Evaluated, EvaluationFailure>;
}

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    pub value: Value,
    /// Why something in it became null.
    pub failures: Vec<String>,
}

/// An expression that has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct EvaluationFailure {
    pub reason: String,
}

/// The expression engine of this program.
#[derive(Debug)]
pub struct Feel {
    clock: Arc<dyn Clock>,
    parsed: feel::Cache,
}

/// Diagrams have a few dozen expressions.
const CACHED_EXPRESSIONS: usize = 1000;

impl Feel {
    /// An engine whose `now()` is the time of this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, parsed: feel::Cache::new(CACHED_EXPRESSIONS) }
    }
}

impl Default for Feel {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

impl Evaluate for Feel {
    fn evaluate(
        &self,
        expression: &str,
        variables: &Map<String, Value>,
    ) -> Result<Evaluated, EvaluationFailure> {
        let failed =
            |error: &dyn std::error::Error| EvaluationFailure { reason: format!("`={expression}`: {error}") };
        let parsed = self.parsed.get(expression).map_err(|error| failed(&error))?;
        let mut context = feel::Context::new();
        context.extend(variables);
        let evaluation = parsed.evaluate(&context, &feel::Options::new(self.clock.now()));
        let feel::Evaluation { value, failures } = evaluation.map_err(|error| failed(&error))?;
        Ok(Evaluated { value: value.to_json(), failures: failures.iter().map(ToString::to_string).collect() })
    }
}
