//! What an evaluation is given besides the expression and its variables.

use std::{fmt, time::SystemTime};

use super::{failure::EvaluationError, span::Span, value::Value};

/// Clock, limits, functions and observers of evaluations.
///
/// The engine reads no clock. `now` is what `now()` and `today()` answer, in UTC; a limit of time is an
/// [`interrupt`](Options::interrupt) that looks at a clock of the caller's.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// The present.
    pub now: SystemTime,
    /// How much an evaluation may take.
    pub limits: Limits,
    /// Functions supplied from outside. They come after the built-ins and before the connector's functions, so that a
    /// caller can replace `createDocument`.
    pub functions: &'o [HostFunction<'o>],
    /// Asked every few thousand steps; true ends the evaluation.
    pub interrupt: Option<&'o (dyn Fn() -> bool + Sync)>,
    /// Told the value of every part.
    pub observer: Option<&'o (dyn Observer + Sync)>,
}

/// How much an evaluation may take. The defaults leave room for any sensible expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Parts evaluated and items gone through.
    pub steps: u64,
    /// Items of one list.
    pub items: usize,
    /// Bytes of one string.
    pub text: usize,
    /// What one value may hold in all, in items and pieces of text of 32 bytes.
    pub weight: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: 30_000_000, items: 2_500_000, text: 32 * 1024 * 1024, weight: 10_000_000 }
    }
}

impl Options<'_> {
    /// Options with the usual limits and nothing else.
    pub fn new(now: SystemTime) -> Options<'static> {
        Options { now, limits: Limits::default(), functions: &[], interrupt: None, observer: None }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.functions.iter().map(|function| function.name).collect();
        formatter
            .debug_struct("Options")
            .field("now", &self.now)
            .field("limits", &self.limits)
            .field("functions", &names)
            .finish_non_exhaustive()
    }
}

/// A function from outside. It is synchronous; one that stands for later work returns a value that says so, as
/// `createDocument` does, and the caller acts on it in the result.
pub struct HostFunction<'o> {
    /// Its name.
    pub name: &'o str,
    /// Its parameters; a call must give all by place, or some of them by name.
    pub parameters: &'o [&'o str],
    /// Computes the value from one argument per parameter. An error becomes a failure and null.
    pub call: &'o (dyn Fn(&[Value]) -> Result<Value, String> + Sync),
}

impl fmt::Debug for HostFunction<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}({})", self.name, self.parameters.join(", "))
    }
}

/// Watches an evaluation.
pub trait Observer {
    /// A part has a value. Parts come in the order in which they are finished, the inner before the outer.
    fn value(&self, span: Span, text: &str, value: &Value);

    /// A part has no value, for this reason.
    fn failed(&self, span: Span, text: &str, reason: &str) {
        let _ = (span, text, reason);
    }
}

/// The value of an expression, and why parts of it are null.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The value.
    pub value: Value,
    /// What failed on the way, in order. At most [`MAX_FAILURES`] are kept.
    pub failures: Vec<super::failure::Failure>,
}

/// How many failures are kept.
pub const MAX_FAILURES: usize = 1000;

/// The outcome of an evaluation.
pub type EvaluationResult = Result<Evaluation, EvaluationError>;
