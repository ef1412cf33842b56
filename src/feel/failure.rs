//! What went wrong: failures beside a null, and errors that end an evaluation.

use std::{fmt, sync::Arc};

use super::{diagnostic::Diagnostic, span::Span};

/// Why a part of an expression is null. The evaluation went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind, as the reference records it.
    pub kind: FailureKind,
    /// The part that is null.
    pub span: Span,
    /// What happened.
    pub message: String,
    /// What may help.
    pub hint: Option<String>,
}

/// The kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// No variable has this name.
    NoVariableFound,
    /// The context has no entry with this key.
    NoContextEntryFound,
    /// The value has no property with this name.
    NoPropertyFound,
    /// No function has this name and these parameters.
    NoFunctionFound,
    /// A value is of another type than the operation takes.
    InvalidType,
    /// Two values do not compare.
    NotComparable,
    /// A function does not take these arguments.
    FunctionInvocationFailure,
}

impl FailureKind {
    /// The name under which the reference records the kind.
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::NoVariableFound => "NO_VARIABLE_FOUND",
            FailureKind::NoContextEntryFound => "NO_CONTEXT_ENTRY_FOUND",
            FailureKind::NoPropertyFound => "NO_PROPERTY_FOUND",
            FailureKind::NoFunctionFound => "NO_FUNCTION_FOUND",
            FailureKind::InvalidType => "INVALID_TYPE",
            FailureKind::NotComparable => "NOT_COMPARABLE",
            FailureKind::FunctionInvocationFailure => "FUNCTION_INVOCATION_FAILURE",
        }
    }
}

impl Failure {
    /// The message with line, caret and hint.
    pub fn diagnostic(&self, source: &str) -> Diagnostic {
        let message = format!("`{}` counts as null", one_line(self.span.text(source)));
        Diagnostic::new(message, source, self.span, self.message.clone(), self.hint.clone())
    }
}

/// A text on one line, cut to a length that a message can bear.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(cut);
        line.push('…');
    }
    line
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind.name(), self.message)
    }
}

/// Why a whole evaluation has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvaluationError {
    /// The kind.
    pub kind: EvaluationErrorKind,
    /// The part of the expression at fault.
    pub span: Span,
    /// What happened.
    pub message: String,
    /// The failures recorded up to there.
    pub failures: Vec<Failure>,
}

/// The kinds of errors that end an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EvaluationErrorKind {
    /// `assert` does not hold.
    Assertion,
    /// `?` stands where there is no input to test.
    NoInput,
    /// The value of the expression is a failure, such as a call of an unknown function of a context.
    Failed,
    /// Arithmetic without a result, such as `modulo(1, 0)`. The reference throws.
    Arithmetic,
    /// An argument the function refuses. The reference throws.
    Argument,
    /// The value cannot be put out, such as a range.
    Result,
    /// The steps allowed are used up.
    Steps,
    /// Functions or contexts are nested too deep.
    Depth,
    /// A string, list or other value would be too large.
    Size,
    /// The caller has stopped the evaluation, as when its time is over.
    Interrupted,
}

impl EvaluationErrorKind {
    /// Whether it stands for an exception of the reference, which a few functions catch, and not for a limit.
    pub(super) fn is_thrown(self) -> bool {
        match self {
            EvaluationErrorKind::Arithmetic | EvaluationErrorKind::Argument | EvaluationErrorKind::Result => {
                true
            }
            EvaluationErrorKind::Assertion
            | EvaluationErrorKind::NoInput
            | EvaluationErrorKind::Failed
            | EvaluationErrorKind::Steps
            | EvaluationErrorKind::Depth
            | EvaluationErrorKind::Size
            | EvaluationErrorKind::Interrupted => false,
        }
    }

    /// A stable name for logs and interfaces.
    pub fn name(self) -> &'static str {
        match self {
            EvaluationErrorKind::Assertion => "ASSERTION",
            EvaluationErrorKind::NoInput => "NO_INPUT",
            EvaluationErrorKind::Failed => "FAILED",
            EvaluationErrorKind::Arithmetic => "ARITHMETIC",
            EvaluationErrorKind::Argument => "ARGUMENT",
            EvaluationErrorKind::Result => "RESULT",
            EvaluationErrorKind::Steps => "STEPS",
            EvaluationErrorKind::Depth => "DEPTH",
            EvaluationErrorKind::Size => "SIZE",
            EvaluationErrorKind::Interrupted => "INTERRUPTED",
        }
    }
}

impl EvaluationError {
    /// The message with line and caret.
    pub fn diagnostic(&self, source: &str) -> Diagnostic {
        Diagnostic::new(self.message.clone(), source, self.span, String::new(), None)
    }
}

/// Why a part of an expression has no value. Inside the engine only.
#[derive(Debug)]
pub(super) enum Stop {
    /// A failed value. Most operations hand it on; where the reference makes it null, so do we.
    Error(Arc<str>),
    /// `?` without an input. It cannot be made null, only be put into a list or context as an error.
    Fatal(Arc<str>),
    /// The end of the evaluation.
    Abort(Box<EvaluationError>),
}

pub(super) type Outcome<T = super::value::Value> = Result<T, Stop>;

impl Stop {
    pub(super) fn error(message: impl Into<Arc<str>>) -> Stop {
        Stop::Error(message.into())
    }

    pub(super) fn abort(kind: EvaluationErrorKind, span: Span, message: impl Into<String>) -> Stop {
        Stop::Abort(Box::new(EvaluationError { kind, span, message: message.into(), failures: Vec::new() }))
    }
}
