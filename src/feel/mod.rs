//! The FEEL engine: expressions as modelers write them, with the meaning that feel-scala 1.21.0 gives them, which is what
//! Camunda runs.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use bedrock_connector::feel::{Context, Expression, Options};
//! use serde_json::json;
//!
//! let expression = Expression::parse("{answer: response.content[1].text, cut: response.stop != \"end\"}")?;
//! let variables = json!({"response": {"content": [{"text": "Hello"}], "stop": "end"}});
//! let evaluation = expression.evaluate(&Context::from(&variables), &Options::new(SystemTime::UNIX_EPOCH))?;
//! assert_eq!(evaluation.value.to_json(), json!({"answer": "Hello", "cut": false}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Nulls and failures
//!
//! FEEL answers null where other languages throw. What happened is told beside the value, each with its place:
//!
//! ```
//! # use std::time::SystemTime;
//! # use bedrock_connector::feel::{Context, Expression, Options};
//! # use serde_json::json;
//! let expression = Expression::parse("response.content[1].txt")?;
//! let variables = json!({"response": {"content": [{"type": "text", "text": "Hello"}]}});
//! let evaluation = expression.evaluate(&Context::from(&variables), &Options::new(SystemTime::UNIX_EPOCH))?;
//! assert_eq!(evaluation.value.to_json(), json!(null));
//! let failure = &evaluation.failures[0];
//! assert_eq!(failure.message, "no entry `txt`; there are `type`, `text`");
//! assert_eq!(failure.hint.as_deref(), Some("did you mean `text`?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where the reference fails as a whole (`assert`, `modulo(1, 0)`, an unknown time zone), there is an
//! [`EvaluationError`]; and there is one where a limit of [`Limits`] is passed, which the reference does not have.
//!
//! # Code map
//!
//! | module | what it holds |
//! | --- | --- |
//! | `parser` | text to tree, and what a mistake is told |
//! | `ast` | the tree, and its way back to text |
//! | `eval` | tree and variables to value; scopes, limits, failures |
//! | `builtins` | a table of functions for each type, with their documentation and examples |
//! | `value` | values: equality, order, text, JSON |
//! | `number`, `temporal`, `regex` | `java.math.BigDecimal`, `java.time` and `java.util.regex`, as far as FEEL shows them |
//! | `diagnostic`, `suggest` | messages with line, caret and «did you mean» |
//!
//! # What always holds
//!
//! - The engine does no I/O and reads no clock; time and interruption come from the caller. It imports no other module of
//!   this crate.
//! - No input panics, overflows a stack of 2 MB or takes memory beyond the limits: text, nesting, steps, and the depth
//!   and extent of every value are bounded (`eval/budget.rs`), so what walks a value may recurse and share freely.
//! - A tree belongs to its text. Names and literals of the tree are places in the text.
//! - Which failures are recorded, how often and in which order is part of the meaning: it can be observed.
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

/// What differs from the DMN standard.
#[doc = include_str!("differences.md")]
pub mod differences {}

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
