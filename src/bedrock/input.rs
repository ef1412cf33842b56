//! The variables of a task, bound.

use serde_json::Value;

use super::converse::Converse;
use super::field::Field;
use super::invoke_model;
use crate::connector::Error;

/// What the task is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Converse,
    InvokeModel,
}

impl Action {
    pub(super) fn read(variables: &Field<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "expected \"converse\" or \"invokeModel\"";
        let Some(action) = variables.entry("action") else {
            return Err(Error::input(format!("action is missing or empty; {EXPECTED}")));
        };
        match action.text()?.as_str() {
            "converse" => Ok(Self::Converse),
            "invokeModel" => Ok(Self::InvokeModel),
            other => Err(Error::input(format!("action is {other:?}, {EXPECTED}"))),
        }
    }

    /// The name in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::InvokeModel => "invoke_model",
        }
    }

    /// The last part of the path of a request.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::InvokeModel => "invoke",
        }
    }
}

/// The `data` of a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) model_id: String,
    pub(super) operation: Operation,
}

/// The part of the request that depends on the action.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operation {
    Converse(Converse),
    InvokeModel { payload: Value },
}

impl Request {
    pub(super) fn read(action: Action, data: &Value) -> Result<Self, Error> {
        let data = Field::new("data", data);
        data.object()?;
        let model_id = data.entry("modelId").map(|field| field.text()).transpose()?.unwrap_or_default();
        if model_id.trim().is_empty() {
            return Err(Error::input(
                "data.modelId is missing or empty; name a model, an inference profile or an ARN".into(),
            ));
        }
        let operation = match action {
            Action::Converse => Operation::Converse(Converse::read(&data)?),
            Action::InvokeModel => Operation::InvokeModel { payload: invoke_model::read_payload(&data)? },
        };
        Ok(Self { model_id, operation })
    }
}
