//! The error that a connector hands to the runtime, and through it to error expressions and incidents.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

/// A failed attempt to bind or to make a call.
///
/// The message is written for the modeler: it names the thing, what was found, what was expected and the
/// remedy, and it never holds a secret or a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// Seen by error expressions as `error.code`.
    pub code: Code,
    /// Seen by error expressions as `error.type`: the class name that Camunda's runtime gives here,
    /// because expressions written for it branch on that.
    pub error_type: Cow<'static, str>,
    /// Seen by error expressions as `error.message`.
    pub message: String,
    /// Seen by error expressions as `error.variables`.
    pub variables: Option<Value>,
    pub retry: Retry,
}

/// A stable code, for example `ThrottlingException` as Bedrock names it, or `INPUT_INVALID` of our own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code(pub Cow<'static, str>);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether another attempt can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It can never succeed: retries go to 0 and an operator looks at it.
    Never,
    /// One retry is spent; the back-off is the modeler's `retryBackoff`.
    Spend,
    /// One retry is spent and the connector knows how long to wait.
    After(Duration),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
