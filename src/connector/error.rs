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
    pub variables: Option<Box<Value>>,
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

impl Code {
    /// A variable of the job is missing, has the wrong type or a value that can never work.
    pub const INPUT_INVALID: Self = Self::of("INPUT_INVALID");
    /// A task header cannot be read.
    pub const INVALID_HEADER: Self = Self::of("HEADER_INVALID");
    /// A secret is missing, or may not be used where the process names it.
    pub const SECRET_UNAVAILABLE: Self = Self::of("SECRET_UNAVAILABLE");
    /// The source of the secrets did not answer.
    pub const SECRET_SOURCE_FAILED: Self = Self::of("SECRET_SOURCE_FAILED");
    /// A result or error expression cannot be parsed or evaluated.
    pub const EXPRESSION_FAILED: Self = Self::of("EXPRESSION_FAILED");
    /// A result or error expression gives something that is no context, or one that means nothing.
    pub const RESULT_INVALID: Self = Self::of("RESULT_INVALID");
    /// The output variables are larger than the engine takes.
    pub const RESULT_TOO_LARGE: Self = Self::of("RESULT_TOO_LARGE");

    /// A code that is known when the program is built.
    pub const fn of(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }
}

/// The class that Camunda's runtime reports for input that can never work.
const INPUT_CLASS: &str = "io.camunda.connector.api.error.ConnectorInputException";

impl Error {
    /// Input that can never work.
    pub fn input(message: String) -> Self {
        Self::never(Code::INPUT_INVALID, message)
    }

    /// An error that no further attempt can mend, with the class of an input error.
    pub fn never(code: Code, message: String) -> Self {
        Self { code, error_type: Cow::Borrowed(INPUT_CLASS), message, variables: None, retry: Retry::Never }
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
