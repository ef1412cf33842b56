//! What can go wrong, under codes that error expressions can branch on.

use std::borrow::Cow;
use std::time::Duration;

use crate::connector::{self, Code, Retry, error_codes};
use crate::{cost, documents, huggingface};

/// A failed call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bedrock refused or failed. The text has the form that the AWS SDK for Java gives it, because error
    /// expressions look for `Status Code: 400` in it.
    #[error("{message} (Service: BedrockRuntime, Status Code: {status}, Request ID: {request_id})")]
    Service {
        status: u16,
        code: String,
        message: String,
        request_id: String,
        /// After how long it may be asked again, where it says so.
        retry_after: Option<Duration>,
    },
    /// Bedrock grants fewer calls than are wanted, and this one was not sent at all. Its code is Bedrock's own for this, so
    /// that error expressions need to know one only.
    #[error(
        "the call waited {patience:?} for its turn, because Bedrock grants fewer calls than are wanted; consider a higher \
         quota, or a longer BEDROCK_CONNECTOR_THROTTLE_PATIENCE"
    )]
    NoTurn { patience: Duration },
    /// No answer: the way to Bedrock is broken, or the connection was cut. Check network and proxy.
    #[error("no answer from Bedrock: {reason}")]
    Connection { reason: String },
    /// The call took longer than the operator allows.
    #[error("no answer from Bedrock within {limit:?}; consider raising the limit of a call")]
    TimedOut { limit: Duration },
    /// The task took longer than it allows itself.
    #[error(
        "no answer from Bedrock within {limit:?}, which is all that {field} allows; raise it, or ask for less"
    )]
    OverTaskLimit { field: String, limit: Duration },
    /// There are no credentials, or the source of credentials failed.
    #[error("no AWS credentials: {reason}")]
    Credentials { reason: String },
    /// AWS refuses to give credentials. Asking again changes nothing: look at the role's trust policy.
    #[error(
        "AWS gives no credentials: {code}: {message}; check the role, whom its trust policy names, and the external id"
    )]
    Refused { code: String, message: String },
    /// The answer was cut short or is no JSON. It may have been paid, so it is not asked for again.
    #[error("the answer of model {model_id:?} cannot be read: {reason}")]
    Unreadable { model_id: String, reason: String, java_class: &'static str },
    /// The answer is larger than the operator allows. It has been paid, and would be as large again.
    #[error(
        "the answer of model {model_id:?} is larger than {limit} bytes, the limit of the configuration; consider raising it, or ask for less"
    )]
    TooLarge { model_id: String, limit: usize },
    /// The answer has no message.
    #[error("the answer of model {model_id:?} has no message; its stop reason is {stop_reason}")]
    NoMessage { model_id: String, stop_reason: String },
    /// A stream broke off in the middle of the answer, and so did the one that was asked for in its place.
    #[error("the answer was cut in the middle: {reason}")]
    StreamCut { code: Option<String>, reason: String },
    /// A stream went silent. Raise the limit, if the model may think for longer without a word.
    #[error("the stream of the answer was silent for {limit:?}; consider raising the limit")]
    StreamSilent { limit: Duration },
    /// The answer does not fit the schema, and neither did the corrections. Ask for less, or allow more corrections.
    #[error("the answer of model {model_id:?} does not fit the schema: {problems}")]
    OutputInvalid { model_id: String, problems: String },
    /// The model drew nothing. Say it in other words, if it was refused.
    #[error("model {model_id:?} gave no image: {reason}")]
    NoImage { model_id: String, reason: String },
    /// Not all that was asked for is in the answer.
    #[error("the answer of model {model_id:?} has {found}, expected {expected}")]
    Incomplete { model_id: String, found: String, expected: String },
    /// The request could not be built.
    #[error("the request cannot be built: {reason}")]
    Request { reason: String },
    /// A budget is used up, or cannot be held.
    #[error(transparent)]
    Budget(#[from] cost::Refusal),
    /// A document could not be had.
    #[error(transparent)]
    Document(#[from] documents::Error),
    /// A model at Hugging Face.
    #[error(transparent)]
    HuggingFace(#[from] huggingface::Error),
}

error_codes! {
    /// Our own codes. Bedrock's are passed on as it names them, for example `ThrottlingException`.
    pub const CODES;
    CONNECTION_FAILED = "CONNECTION_FAILED": "no answer came from Bedrock: check network, proxy and endpoint",
    CALL_TIMED_OUT = "CALL_TIMED_OUT": "the call took longer than the configured limit: raise it, or ask for less",
    CREDENTIALS_UNAVAILABLE = "CREDENTIALS_UNAVAILABLE": "no AWS credentials were found: check the task's authentication, or the role of this process",
    CREDENTIALS_REFUSED = "CREDENTIALS_REFUSED": "AWS refuses to give the credentials: check the role, whom its trust policy names, and the external id",
    ANSWER_UNREADABLE = "ANSWER_UNREADABLE": "the answer was cut short or is no JSON",
    ANSWER_TOO_LARGE = "ANSWER_TOO_LARGE": "the answer is larger than the configured limit: raise it, or ask for less",
    ANSWER_EMPTY = "ANSWER_EMPTY": "the answer of Converse has no message",
    STREAM_CUT = "STREAM_CUT": "the connection broke in the middle of an answer, twice: check network and proxy, or switch streaming off",
    STREAM_SILENT = "STREAM_SILENT": "the model sent nothing for longer than the configured limit: raise it, or switch streaming off",
    OUTPUT_INVALID = "OUTPUT_INVALID": "the answer does not fit the JSON schema, after all corrections: loosen the schema, allow more corrections or tokens, or take another model",
    IMAGE_MISSING = "IMAGE_MISSING": "the model gave no image, most often because its filter refused the prompt",
    ANSWER_INCOMPLETE = "ANSWER_INCOMPLETE": "the answer has less than was asked for",
    REQUEST_INVALID = "REQUEST_INVALID": "the request could not be built from the input",
    ANY_STATUS = "HTTP_<status>": "something before Bedrock, such as a proxy, gave this error status, without a code of Bedrock",
}

/// Bedrock's code of a throttled call.
const THROTTLED: &str = "ThrottlingException";

/// The exceptions that have a class of their own in the AWS SDK for Java. All others share one.
const MODELLED: &[&str] = &[
    "AccessDeniedException",
    "ConflictException",
    "InternalServerException",
    "ModelErrorException",
    "ModelNotReadyException",
    "ModelStreamErrorException",
    "ModelTimeoutException",
    "ResourceNotFoundException",
    "ServiceQuotaExceededException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "ValidationException",
];

const MODEL_CLASSES: &str = "software.amazon.awssdk.services.bedrockruntime.model";
const CLIENT_CLASS: &str = "software.amazon.awssdk.core.exception.SdkClientException";

/// What unreadable answers are in Camunda's runtime: of Converse, which the AWS SDK reads …
pub(super) const UNREADABLE_CONVERSE: &str = CLIENT_CLASS;
/// … and of InvokeModel, which the connector reads.
pub(super) const UNREADABLE_INVOKE: &str = "java.lang.RuntimeException";

impl Error {
    /// The code that error expressions see.
    pub fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Service { code, status, .. } if code.is_empty() => {
                ANY_STATUS.replace("<status>", &status.to_string()).into()
            }
            Self::Service { code, .. } => code.clone().into(),
            Self::NoTurn { .. } => THROTTLED.into(),
            Self::Connection { .. } => CONNECTION_FAILED.into(),
            Self::TimedOut { .. } | Self::OverTaskLimit { .. } => CALL_TIMED_OUT.into(),
            Self::Credentials { .. } => CREDENTIALS_UNAVAILABLE.into(),
            Self::Refused { .. } => CREDENTIALS_REFUSED.into(),
            Self::Unreadable { .. } => ANSWER_UNREADABLE.into(),
            Self::TooLarge { .. } => ANSWER_TOO_LARGE.into(),
            Self::NoMessage { .. } => ANSWER_EMPTY.into(),
            Self::StreamCut { code: Some(code), .. } => code.clone().into(),
            Self::StreamCut { code: None, .. } => STREAM_CUT.into(),
            Self::StreamSilent { .. } => STREAM_SILENT.into(),
            Self::OutputInvalid { .. } => OUTPUT_INVALID.into(),
            Self::NoImage { .. } => IMAGE_MISSING.into(),
            Self::Incomplete { .. } => ANSWER_INCOMPLETE.into(),
            Self::Request { .. } => REQUEST_INVALID.into(),
            Self::Budget(refusal) => refusal.code().into(),
            Self::Document(error) => error.code(),
            Self::HuggingFace(error) => error.code(),
        }
    }

    /// The class of the exception that Camunda's runtime has here.
    pub fn java_class(&self) -> Cow<'static, str> {
        match self {
            Self::Service { code, .. } if MODELLED.contains(&code.as_str()) => {
                format!("{MODEL_CLASSES}.{code}").into()
            }
            Self::Service { .. } => format!("{MODEL_CLASSES}.BedrockRuntimeException").into(),
            Self::NoTurn { .. } => format!("{MODEL_CLASSES}.{THROTTLED}").into(),
            Self::Connection { .. }
            | Self::TimedOut { .. }
            | Self::OverTaskLimit { .. }
            | Self::Credentials { .. }
            | Self::Refused { .. }
            | Self::StreamCut { .. }
            | Self::StreamSilent { .. }
            | Self::OutputInvalid { .. }
            | Self::NoImage { .. }
            | Self::Incomplete { .. }
            | Self::TooLarge { .. }
            | Self::HuggingFace(_)
            | Self::Budget(_)
            | Self::Request { .. } => CLIENT_CLASS.into(),
            Self::Unreadable { java_class, .. } => (*java_class).into(),
            Self::NoMessage { .. } => "java.lang.NullPointerException".into(),
            Self::Document(error) => error.java_class().into(),
        }
    }

    /// After how long the service wants to be asked again.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Service { retry_after, .. } => *retry_after,
            Self::HuggingFace(error) => error.retry_after(),
            Self::NoTurn { .. }
            | Self::Connection { .. }
            | Self::TimedOut { .. }
            | Self::OverTaskLimit { .. }
            | Self::Credentials { .. }
            | Self::Refused { .. }
            | Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::NoMessage { .. }
            | Self::StreamCut { .. }
            | Self::StreamSilent { .. }
            | Self::OutputInvalid { .. }
            | Self::NoImage { .. }
            | Self::Incomplete { .. }
            | Self::Request { .. }
            | Self::Budget(_)
            | Self::Document(_) => None,
        }
    }

    /// Whether the next attempt at the job may do better.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Service { .. }
            | Self::NoTurn { .. }
            | Self::Connection { .. }
            | Self::TimedOut { .. }
            | Self::OverTaskLimit { .. }
            | Self::Credentials { .. }
            | Self::Unreadable { .. }
            | Self::StreamCut { .. }
            | Self::StreamSilent { .. }
            | Self::OutputInvalid { .. }
            | Self::NoImage { .. }
            | Self::Incomplete { .. }
            | Self::NoMessage { .. } => Retry::Spend,
            Self::Request { .. } | Self::TooLarge { .. } | Self::Refused { .. } | Self::Budget(_) => {
                Retry::Never
            }
            Self::Document(error) if error.is_transient() => Retry::Spend,
            Self::Document(_) => Retry::Never,
            Self::HuggingFace(error) => error.retry(),
        }
    }
}

impl From<Error> for connector::Error {
    fn from(error: Error) -> Self {
        Self {
            code: Code(error.code()),
            error_type: error.java_class(),
            message: error.to_string(),
            variables: None,
            retry: error.retry(),
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::connector::CodeEntry;
    use crate::{connections, cost};

    fn service(code: &str) -> Error {
        let (code, message, request_id) = (code.into(), "no".into(), "r1".into());
        Error::Service { status: 400, code, message, request_id, retry_after: None }
    }

    #[test]
    fn exceptions_have_the_classes_of_the_java_sdk() {
        assert_eq!(
            service("ValidationException").java_class(),
            "software.amazon.awssdk.services.bedrockruntime.model.ValidationException"
        );
        for code in ["ExpiredTokenException", "SomethingNewException", ""] {
            assert_eq!(
                service(code).java_class(),
                "software.amazon.awssdk.services.bedrockruntime.model.BedrockRuntimeException"
            );
        }
    }

    #[test]
    fn the_message_has_the_status() {
        assert_eq!(
            service("ValidationException").to_string(),
            "no (Service: BedrockRuntime, Status Code: 400, Request ID: r1)"
        );
    }

    /// The codes in the first column of the tables of `docs/errors.md`, but for those of Bedrock.
    fn documented() -> Vec<&'static str> {
        let page = include_str!("../../docs/errors.md");
        let (ours, _) = page.split_once("## Codes of Bedrock").expect("a section of Bedrock's codes");
        ours.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
    }

    fn all() -> Vec<CodeEntry> {
        [CODES, connector::CODES, connections::CODES, cost::CODES, documents::CODES, huggingface::CODES]
            .concat()
    }

    #[test]
    fn the_documentation_has_every_code_once_and_no_other() {
        let mut documented = documented();
        let mut codes: Vec<_> = all().iter().map(|entry| entry.code).collect();
        documented.sort_unstable();
        codes.sort_unstable();
        assert_eq!(documented, codes);
    }

    #[test]
    fn codes_are_unique_and_explained() {
        let all = all();
        let mut codes: Vec<_> = all.iter().map(|entry| entry.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|entry| !entry.help.is_empty()));
    }
}
