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

/// An entry of the reference of error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeEntry {
    pub code: &'static str,
    /// What it means and what to do.
    pub help: &'static str,
}

/// Names the codes of a component, and lists them for the reference.
macro_rules! error_codes {
    (
        $(#[$doc:meta])*
        pub const $list:ident;
        $($name:ident = $code:literal: $help:literal),+ $(,)?
    ) => {
        $(const $name: &str = $code;)+
        $(#[$doc])*
        pub const $list: &[$crate::connector::CodeEntry] =
            &[$($crate::connector::CodeEntry { code: $code, help: $help }),+];
    };
}
pub(crate) use error_codes;

macro_rules! codes {
    ($($name:ident = $code:literal: $help:literal),+ $(,)?) => {
        impl Code {
            $(#[doc = $help] pub const $name: Self = Self::of($code);)+
        }
        /// The codes of the runtime. Connectors have their own beside these.
        pub const CODES: &[CodeEntry] = &[$(CodeEntry { code: $code, help: $help }),+];
    };
}

codes! {
    INPUT_INVALID = "INPUT_INVALID": "a variable of the job is missing, has the wrong type or a value that can never work: correct the input of the task",
    INVALID_HEADER = "HEADER_INVALID": "a task header cannot be read: correct it, for example to PT30S for a time",
    SECRET_UNAVAILABLE = "SECRET_UNAVAILABLE": "a secret is missing, or may not be used where the process names it: set it, or allow its name",
    SECRET_SOURCE_FAILED = "SECRET_SOURCE_FAILED": "the source of the secrets did not answer: check it",
    JOB_TIMEOUT = "JOB_TIMEOUT": "the work took longer than the task header jobTimeout allows: set a longer one, or none",
    EXPRESSION_FAILED = "EXPRESSION_FAILED": "a result or error expression cannot be parsed or evaluated: try it with the command eval",
    RESULT_INVALID = "RESULT_INVALID": "a result or error expression gives no context, or one that means nothing: correct it",
    RESULT_TOO_LARGE = "RESULT_TOO_LARGE": "the output variables are larger than the engine takes: take less of the answer with a result expression",
}

impl Code {
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
