//! Functions that an expression defines.

use std::sync::Arc;

use super::{Entries, Value};
use crate::feel::ast::Definition;

/// A function with the variables it can see. It can be called only within the evaluation that made it.
#[derive(Debug)]
pub struct Function(pub(in crate::feel) Closure);

#[derive(Debug)]
pub(in crate::feel) struct Closure {
    pub(in crate::feel) definition: Arc<Definition>,
    /// The text that the definition's spans point into.
    pub(in crate::feel) source: Arc<str>,
    pub(in crate::feel) captured: Arc<Captured>,
}

/// The scopes around a definition, the innermost first, without the variables of the evaluation.
#[derive(Debug, Default)]
pub(in crate::feel) struct Captured(pub(in crate::feel) Vec<Frame>);

#[derive(Debug, Clone)]
pub(in crate::feel) enum Frame {
    Variables(Vec<(Arc<str>, Value)>),
    Context(Arc<Entries>),
    Captured(Arc<Captured>),
}

impl Function {
    /// The names of the parameters.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.definition.parameters.iter().map(|name| name.text(&self.0.source))
    }
}
