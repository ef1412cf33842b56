//! The variables of a task, bound.

use serde_json::Value;

use super::connector::Flavour;
use super::converse::Converse;
use super::field::Field;
use super::invoke_model;
use super::native::{Task, model_id};
use crate::connector::Error;

/// What the task is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Converse,
    InvokeModel,
    Embed,
    Image,
    CountTokens,
    ApplyGuardrail,
}

impl Action {
    const COMPAT: &[Self] = &[Self::Converse, Self::InvokeModel];
    const NATIVE: &[Self] = &[
        Self::Converse,
        Self::InvokeModel,
        Self::Embed,
        Self::Image,
        Self::CountTokens,
        Self::ApplyGuardrail,
    ];

    pub(super) fn read(flavour: Flavour, variables: &Field<'_>) -> Result<Self, Error> {
        let actions = match flavour {
            Flavour::Compat => Self::COMPAT,
            Flavour::Native => Self::NATIVE,
        };
        let expected = || {
            let names: Vec<_> = actions.iter().map(|action| format!("{:?}", action.keyword())).collect();
            format!("expected {}", names.join(" or "))
        };
        let Some(action) = variables.entry("action") else {
            return Err(variables.lacks("action", &expected()));
        };
        let keyword = action.text()?;
        let found = actions.iter().find(|action| action.keyword() == keyword);
        found
            .copied()
            .ok_or_else(|| Error::input(format!("{} is {keyword:?}, {}", action.name(), expected())))
    }

    /// Whether a model is asked.
    pub(super) fn needs_model(self) -> bool {
        self != Self::ApplyGuardrail
    }

    /// As the task names it.
    fn keyword(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::InvokeModel => "invokeModel",
            Self::Embed => "embed",
            Self::Image => "image",
            Self::CountTokens => "countTokens",
            Self::ApplyGuardrail => "applyGuardrail",
        }
    }

    /// The name in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::InvokeModel => "invoke_model",
            Self::Embed => "embed",
            Self::Image => "image",
            Self::CountTokens => "count_tokens",
            Self::ApplyGuardrail => "apply_guardrail",
        }
    }
}

/// The `data` of a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    Converse { model_id: String, converse: Converse },
    InvokeModel { model_id: String, payload: Value },
    Native(Task),
}

impl Request {
    pub(super) fn read(flavour: Flavour, action: Action, data: &Field<'_>) -> Result<Self, Error> {
        data.object()?;
        match (flavour, action) {
            (Flavour::Compat, Action::Converse) => {
                Ok(Self::Converse { model_id: model_id(data)?, converse: Converse::read(data)? })
            }
            (Flavour::Compat, Action::InvokeModel) => Ok(Self::InvokeModel {
                model_id: model_id(data)?,
                payload: invoke_model::read_payload(data)?,
            }),
            (_, action) => Ok(Self::Native(Task::read(action, data)?)),
        }
    }
}
