//! What a page of the documentation says beside the fields: what the task is for, and what its answer looks like.

use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::feel::{Context, Expression, Options};

/// The documentation of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Guide {
    /// When to use it, in paragraphs of Markdown.
    pub(crate) purpose: &'static str,
    /// AWS's own page on what is called.
    pub(crate) aws: &'static str,
    /// Introduces the answer.
    pub(crate) answer: &'static str,
    /// An answer with something in every part.
    pub(crate) response: Value,
    pub(crate) parts: Vec<Part>,
    pub(crate) errors: Vec<Handled>,
}

/// A part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its place in `response`; empty for the whole.
    pub(crate) path: &'static str,
    pub(crate) meaning: &'static str,
    /// A result expression that takes it.
    pub(crate) example: &'static str,
}

/// A failure, and an expression that deals with it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Handled {
    pub(crate) case: &'static str,
    pub(crate) expression: &'static str,
    /// What the expression sees.
    pub(crate) seen: Value,
}

/// What an expression gives over these variables, as the worker evaluates it. Whatever the modeler should know about
/// a null counts as a failure here.
pub(crate) fn evaluate(expression: &str, variables: &Map<String, Value>) -> Result<Value, String> {
    let parsed = Expression::parse(expression).map_err(|error| error.to_string())?;
    let mut context = Context::new();
    context.extend(variables);
    let evaluation = parsed
        .evaluate(&context, &Options::new(SystemTime::UNIX_EPOCH))
        .map_err(|error| error.to_string())?;
    match evaluation.failures.first() {
        Some(failure) => Err(failure.to_string()),
        None => Ok(evaluation.value.to_json()),
    }
}

/// The variables in which a result expression sees an answer.
pub(crate) fn seen(response: &Value) -> Map<String, Value> {
    let mut variables = response.as_object().cloned().unwrap_or_default();
    variables.insert("response".into(), response.clone());
    variables
}

impl Part {
    pub(crate) const fn new(path: &'static str, meaning: &'static str, example: &'static str) -> Self {
        Self { path, meaning, example }
    }
}
