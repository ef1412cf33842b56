//! The one place where the runtime meets the expression language.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::created::Marks;
use super::{Code, Error, Retry};
use crate::clock::Clock;
use crate::feel::{Cache, Context, Diagnostic, Expression, Failure, FailureKind, Options};

/// Parsed expressions that are kept. A process model has a few of them.
const CACHED: usize = 1000;

/// Sensible expressions take some microseconds; this only keeps one from holding a thread for ever.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Which of the task's expressions is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evaluation {
    Result,
    Error,
}

impl Evaluation {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Result => "result",
            Self::Error => "error",
        }
    }
}

/// What an expression gave.
#[derive(Debug)]
pub(super) struct Evaluated {
    pub(super) value: Value,
    pub(super) warnings: Vec<Warning>,
    /// What in the value is to be stored as a document.
    pub(super) marks: Marks,
}

/// Something in an expression that is null for a reason which the modeler should know.
#[derive(Debug)]
pub(super) struct Warning {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

/// Evaluates the expressions of tasks.
#[derive(Debug)]
pub(super) struct Expressions {
    cache: Cache,
    clock: Arc<dyn Clock>,
}

impl Expressions {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { cache: Cache::new(CACHED), clock }
    }

    /// The value of an expression, as JSON, over these variables.
    pub(super) fn evaluate(
        &self,
        expression: &str,
        context: &Context<'_>,
        which: Evaluation,
    ) -> Result<Evaluated, Error> {
        let expression = self
            .cache
            .get(expression)
            .map_err(|error| failed(which, &error.diagnostic(expression), &error.to_string()))?;
        let started = Instant::now();
        let interrupt = || started.elapsed() > TIME_LIMIT;
        let marks = Marks::new();
        let evaluation = marks
            .with_function(|functions| {
                let options =
                    Options { interrupt: Some(&interrupt), functions, ..Options::new(self.clock.now()) };
                expression.evaluate(context, &options)
            })
            .map_err(|error| failed(which, &error.diagnostic(expression.source()), &error.to_string()))?;
        let warnings =
            evaluation.failures.iter().filter_map(|failure| warning(failure, &expression)).collect();
        Ok(Evaluated { value: evaluation.value.to_json(), warnings, marks })
    }
}

/// A part of a JSON value, by an expression over its entries. The error says why there is none.
pub fn select(expression: &str, json: &Value, clock: &dyn Clock) -> Result<Value, String> {
    let expression = Expression::parse(expression).map_err(|error| error.to_string())?;
    let evaluation = expression.evaluate(&Context::from(json), &Options::new(clock.now()));
    evaluation.map(|evaluation| evaluation.value.to_json()).map_err(|error| error.to_string())
}

/// A missing value is daily bread; a function that does not exist, or does not take what it is given, is a mistake.
///
/// What the function was given is left out: it is mostly part of a conversation, and this goes into the log.
fn warning(failure: &Failure, expression: &Expression) -> Option<Warning> {
    let what = match failure.kind {
        FailureKind::NoFunctionFound => failure.message.as_str(),
        FailureKind::FunctionInvocationFailure => "a function does not take what it is given",
        _ => return None,
    };
    let place = failure.diagnostic(expression.source());
    let message = format!("{what} at line {}, column {}", place.line, place.column);
    Some(Warning { kind: failure.kind.name(), message })
}

fn failed(which: Evaluation, place: &Diagnostic, reason: &str) -> Error {
    Error {
        code: Code::EXPRESSION_FAILED,
        error_type: "io.camunda.connector.feel.FeelEngineWrapperException".into(),
        message: format!(
            "the {} expression fails at line {}, column {}: {reason}",
            which.name(),
            place.line,
            place.column
        ),
        variables: None,
        retry: Retry::Spend,
    }
}
