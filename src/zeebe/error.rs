//! What can go wrong between us and the gateway.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tonic::{Code, Status, TimeoutExpired};

use super::http_status::HttpStatus;
use super::meaning::{CommandVerdict, FeedVerdict};

/// A call that gave no answer, or a refusal. [`Error::command_verdict`] and [`Error::feed_verdict`] say what
/// to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The gateway answered with a status. The text is the engine's and says more than the code: a full disk,
    /// for example, looks like back-pressure by its code alone.
    #[error("the gateway refused {call} with {}: {text}", code_name(*code))]
    Refused { call: Call, code: Code, text: String },
    /// The connection failed, or something on the way answered in the gateway's place. Nobody knows whether
    /// the command arrived. The code is the one that gRPC gives to such a failure.
    #[error("no answer from the gateway to {call}: {text}")]
    Unanswered { call: Call, code: Code, text: String },
    /// The gateway took longer than the client allows.
    #[error("the gateway did not answer {call} within {} ms", timeout.as_millis())]
    TimedOut { call: Call, timeout: Duration },
    /// Larger than `max_request_size`, so it was not sent.
    #[error("{call} was not sent: it takes {size} bytes, and max_request_size is {limit}")]
    RequestTooLarge { call: Call, size: usize, limit: usize },
    /// Larger than `max_message_size`, so it was not read. Activated jobs in it wait for their lock to run out.
    #[error("the answer to {call} was not read: {text}; consider raising max_message_size")]
    ResponseTooLarge { call: Call, text: String },
    /// No token, so nothing was asked of the gateway.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A mistake in the options, seen when the client is built.
    #[error(transparent)]
    Options(#[from] OptionsError),
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Check the client id and secret, the audience and the scope.
    #[error("the token endpoint at {host} refused the client with status {status}{}", Reason(reason))]
    Refused { host: String, status: u16, reason: Option<String> },
    /// Check the address, and the proxy and certificate authorities on the way.
    #[error("the token endpoint at {host} gave no answer: {text}")]
    Unreachable { host: String, text: String },
    /// Something else than a token endpoint lives there.
    #[error("the token endpoint at {host} answered with something else than a token: {text}")]
    Malformed { host: String, text: &'static str },
}

/// A mistake in the [`Options`](super::Options).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    #[error("gateway address {address:?} is invalid: {reason}; expected host:port or http(s)://host:port")]
    Address { address: String, reason: String },
    #[error("override authority {authority:?} is invalid; expected a host name, with a port or without")]
    Authority { authority: String },
    #[error("token URL {url:?} is invalid; expected http(s)://host/path")]
    TokenUrl { url: String },
    /// The address itself is not shown, because it may hold a password.
    #[error(
        "the {which} proxy is invalid: {reason}; expected http://host:port, with user:password@ if need be"
    )]
    Proxy { which: &'static str, reason: &'static str },
    #[error("cannot read {what} {}: {reason}", path.display())]
    File { what: &'static str, path: PathBuf, reason: String },
    #[error("{} is no {what}: {reason}; expected PEM", path.display())]
    Pem { what: &'static str, path: PathBuf, reason: String },
    #[error("TLS cannot be set up: {reason}")]
    Tls { reason: String },
    #[error("{what} cannot be sent as a header: it holds a control character or is not ASCII")]
    Header { what: &'static str },
}

impl Error {
    /// A stable name for logs and metrics; there are few.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } | Self::Unanswered { code, .. } => code_name(*code),
            Self::TimedOut { .. } => code_name(Code::DeadlineExceeded),
            Self::RequestTooLarge { .. } => "REQUEST_TOO_LARGE",
            Self::ResponseTooLarge { .. } => "RESPONSE_TOO_LARGE",
            Self::Token(TokenError::Refused { .. }) => "TOKEN_REFUSED",
            Self::Token(TokenError::Unreachable { .. }) => "TOKEN_ENDPOINT_UNREACHABLE",
            Self::Token(TokenError::Malformed { .. }) => "TOKEN_MALFORMED",
            Self::Options(_) => "OPTIONS_INVALID",
        }
    }

    /// What it means for a command about a job: complete, fail, throw error, update time-out.
    pub fn command_verdict(&self) -> CommandVerdict {
        CommandVerdict::of(self)
    }

    /// What it means for the feed of jobs: poll and stream.
    pub fn feed_verdict(&self) -> FeedVerdict {
        FeedVerdict::of(self)
    }

    /// Whether the gateway refused our credentials.
    pub(super) fn is_unauthenticated(&self) -> bool {
        matches!(
            self,
            Self::Refused { code: Code::Unauthenticated, .. }
                | Self::Unanswered { code: Code::Unauthenticated, .. }
        )
    }

    /// Tells a status that the gateway sent from one that the transport made up.
    pub(super) fn from_status(call: Call, status: &Status) -> Self {
        let mut code = status.code();
        if std::error::Error::source(status).is_some() {
            if let Some(answer) = sources(status).find_map(|error| error.downcast_ref::<HttpStatus>()) {
                code = answer.code();
            }
            return Self::Unanswered { call, code, text: chain(status) };
        }
        // What our own gRPC library says has no mark but its words.
        let text = status.message().to_owned();
        let says = |words| text.contains(words);
        if code == Code::OutOfRange && says("decoded message length too large") {
            Self::ResponseTooLarge { call, text }
        } else if says("protocol error") || says("grpc-status header missing") {
            Self::Unanswered { call, code, text }
        } else {
            Self::Refused { call, code, text }
        }
    }
}

/// The calls of the protocol, as they appear in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    Topology,
    ActivateJobs,
    StreamJobs,
    CompleteJob,
    FailJob,
    ThrowError,
    UpdateJobTimeout,
    Deploy,
    CreateInstance,
    CreateInstanceWithResult,
    CancelInstance,
    PublishMessage,
    SetVariables,
    ResolveIncident,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Topology => "topology",
            Self::ActivateJobs => "activate jobs",
            Self::StreamJobs => "stream jobs",
            Self::CompleteJob => "complete job",
            Self::FailJob => "fail job",
            Self::ThrowError => "throw error",
            Self::UpdateJobTimeout => "update job timeout",
            Self::Deploy => "deploy resource",
            Self::CreateInstance => "create process instance",
            Self::CreateInstanceWithResult => "create process instance with result",
            Self::CancelInstance => "cancel process instance",
            Self::PublishMessage => "publish message",
            Self::SetVariables => "set variables",
            Self::ResolveIncident => "resolve incident",
        })
    }
}

/// The name that gRPC gives to a code.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Whether the client itself gave up, because of the limit that it had set on the request.
pub(super) fn is_expired(status: &Status) -> bool {
    sources(status).any(|error| error.is::<TimeoutExpired>())
}

fn sources<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |error| error.source())
}

/// The messages of an error and its sources in one line: the outermost alone says only "transport error".
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = match error.downcast_ref::<Status>() {
        Some(status) => status.message().to_owned(),
        None => error.to_string(),
    };
    for message in sources(error).map(ToString::to_string) {
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
    }
    text
}

struct Reason<'a>(&'a Option<String>);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}
