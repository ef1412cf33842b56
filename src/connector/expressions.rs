//! The one place where the runtime meets the expression language.

use serde_json::{Map, Value};

use super::{Code, Error, Retry};

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
}

/// Something in an expression that is null for a reason which the modeler should know.
#[derive(Debug)]
pub(super) struct Warning {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

/// Evaluates the expressions of tasks.
#[derive(Debug, Default)]
pub(super) struct Expressions {}

impl Expressions {
    /// The value of an expression, as JSON, over these variables.
    pub(super) fn evaluate(
        &self,
        _expression: &str,
        _scope: Map<String, Value>,
        which: Evaluation,
    ) -> Result<Evaluated, Error> {
        Err(failed(which, "the expression language is not built in yet"))
    }
}

fn failed(which: Evaluation, reason: &str) -> Error {
    Error {
        code: Code::EXPRESSION_FAILED,
        error_type: "io.camunda.connector.feel.FeelEngineWrapperException".into(),
        message: format!("the {} expression fails: {reason}", which.name()),
        variables: None,
        retry: Retry::Spend,
    }
}
