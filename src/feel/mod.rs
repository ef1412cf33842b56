//! The FEEL engine: expressions as modelers write them, with the meaning feel-scala gives them.
#![warn(clippy::wildcard_enum_match_arm)]

mod ast;
mod builtins;
mod cache;
mod context;
mod diagnostic;
mod eval;
mod expression;
mod failure;
pub mod number;
mod options;
mod parser;
pub mod regex;
mod span;
mod suggest;
pub mod temporal;
mod value;

pub use self::{
    builtins::{Builtin, Signature, all as builtins},
    cache::Cache,
    context::{Context, Variable},
    diagnostic::Diagnostic,
    expression::Expression,
    failure::{EvaluationError, EvaluationErrorKind, Failure, FailureKind},
    options::{Evaluation, EvaluationResult, HostFunction, Limits, MAX_FAILURES, Observer, Options},
    parser::{Expected, MAX_NESTING, MAX_TEXT, ParseError, ParseErrorKind},
    span::Span,
    value::{Bound, Entries, Function, Kind, List, Range, Value},
};
