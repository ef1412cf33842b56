//! The one place where the runtime meets the expression language.

use serde_json::{Map, Value};

use super::{Code, Error, Retry};

/// Which of the task's expressions is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evaluation {
    Result,
    Error,
}

/// Evaluates the expressions of tasks.
#[derive(Debug, Default)]
pub(super) struct Expressions {}

impl Expressions {
    /// The value of an expression, as JSON, over these variables.
    pub(super) fn evaluate(
        &self,
        expression: &str,
        scope: Map<String, Value>,
        which: Evaluation,
    ) -> Result<Value, Error> {
        let _unused = scope;
        Err(failed(which, expression, "the expression language is not built in yet"))
    }
}

fn failed(which: Evaluation, _expression: &str, reason: &str) -> Error {
    let name = match which {
        Evaluation::Result => "result",
        Evaluation::Error => "error",
    };
    Error {
        code: Code::EXPRESSION_FAILED,
        error_type: "io.camunda.connector.feel.FeelEngineWrapperException".into(),
        message: format!("the {name} expression fails: {reason}"),
        variables: None,
        retry: Retry::Spend,
    }
}
