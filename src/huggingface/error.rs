//! What can go wrong at Hugging Face, under codes that error expressions can branch on.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use crate::connector::{Retry, error_codes};

/// A failed call.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Hugging Face, or a provider behind it, refused or failed.
    #[error("{message} (Service: Hugging Face, Status Code: {status}{})", request(.request_id.as_deref()))]
    Service {
        status: u16,
        message: String,
        request_id: Option<String>,
        /// A model that is being loaded.
        is_loading: bool,
        /// After how long it may be asked again, where it says so.
        retry_after: Option<Duration>,
    },
    /// No answer: check network, proxy and endpoint.
    #[error("no answer from Hugging Face: {reason}")]
    Connection { reason: String },
    /// The answer was cut short or is not what it ought to be. It may have been paid.
    #[error("the answer of model {model:?} cannot be read: {reason}")]
    Unreadable { model: String, reason: String },
    /// The answer is larger than the operator allows.
    #[error(
        "the answer of model {model:?} is larger than {limit} bytes, the limit of the configuration; consider raising it, or ask for less"
    )]
    TooLarge { model: String, limit: usize },
    /// A stream broke off in the middle of the answer. What was written is paid.
    #[error("the answer was cut in the middle: {reason}")]
    StreamCut { reason: String },
    /// A stream went silent.
    #[error("the stream of the answer was silent for {limit:?}; consider raising the limit")]
    StreamSilent { limit: Duration },
    /// The task wants what Hugging Face has not.
    #[error("{reason}")]
    Unsupported { reason: String },
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {reason}")]
    Client { reason: String },
}

fn request(id: Option<&str>) -> String {
    id.map_or_else(String::new, |id| format!(", Request ID: {id}"))
}

error_codes! {
    /// The codes of Hugging Face. Those of the way to it are the same as for Bedrock.
    pub const CODES;
    UNAUTHORIZED = "HUGGINGFACE_UNAUTHORIZED": "the token is wrong or has run out (401): renew the API key of the connection",
    NO_CREDIT = "HUGGINGFACE_NO_CREDIT": "the credit of the account is used up (402): add some, or let another namespace pay",
    FORBIDDEN = "HUGGINGFACE_FORBIDDEN": "the token may not do this (403): give it the right to call inference providers, and ask for access to the model",
    NOT_FOUND = "HUGGINGFACE_NOT_FOUND": "there is no such model, or nobody serves it (404): check the id of the model, or its endpoint",
    REFUSED = "HUGGINGFACE_INVALID": "the model cannot make anything of the request (400, 413, 422): check parameters, and the length of the prompt",
    THROTTLED = "HUGGINGFACE_THROTTLED": "Hugging Face grants fewer calls than are wanted (429): wait, or take a dedicated endpoint",
    LOADING = "HUGGINGFACE_LOADING": "the model is being loaded (503): it is asked again when it ought to be there",
    UNAVAILABLE = "HUGGINGFACE_UNAVAILABLE": "Hugging Face or the provider behind it fails (5xx): wait",
    UNSUPPORTED = "HUGGINGFACE_UNSUPPORTED": "the task wants what models of Hugging Face do not have: leave it out, or take a model of Bedrock",
}

impl Error {
    /// The task uses what only Bedrock has.
    pub(super) fn only_at_bedrock(name: &str) -> Self {
        let reason = format!("the task uses {name}, which models of Hugging Face do not have; leave it out");
        Self::Unsupported { reason }
    }

    /// Reads an answer with an error status, whoever of those behind the router has written it.
    pub(super) fn of(
        status: u16,
        body: &[u8],
        request_id: Option<String>,
        retry_after: Option<Duration>,
    ) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let message = message(&body).unwrap_or_else(|| "no further text".to_owned());
        let estimated = body.get("estimated_time").and_then(Value::as_f64).filter(|seconds| *seconds >= 0.0);
        let estimated = estimated.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let is_loading = status == 503 && (estimated.is_some() || message.to_lowercase().contains("loading"));
        Self::Service { status, message, request_id, is_loading, retry_after: estimated.or(retry_after) }
    }

    /// The code that error expressions see.
    pub fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Service { is_loading: true, .. } => LOADING.into(),
            Self::Service { status: 401, .. } => UNAUTHORIZED.into(),
            Self::Service { status: 402, .. } => NO_CREDIT.into(),
            Self::Service { status: 403, .. } => FORBIDDEN.into(),
            Self::Service { status: 404, .. } => NOT_FOUND.into(),
            Self::Service { status: 400 | 413 | 422, .. } => REFUSED.into(),
            Self::Service { status: 429, .. } => THROTTLED.into(),
            Self::Service { status: 500..=599, .. } => UNAVAILABLE.into(),
            Self::Service { status, .. } => format!("HTTP_{status}").into(),
            Self::Connection { .. } => "CONNECTION_FAILED".into(),
            Self::Unreadable { .. } => "ANSWER_UNREADABLE".into(),
            Self::TooLarge { .. } => "ANSWER_TOO_LARGE".into(),
            Self::StreamCut { .. } => "STREAM_CUT".into(),
            Self::StreamSilent { .. } => "STREAM_SILENT".into(),
            Self::Unsupported { .. } => UNSUPPORTED.into(),
            Self::Client { .. } => "REQUEST_INVALID".into(),
        }
    }

    /// Whether it wants fewer calls, or the same one later. Nothing is paid then.
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Service { status: 429, .. } | Self::Service { is_loading: true, .. })
    }

    /// Whether it may be over soon, and nothing can have been paid.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Service { status: 500 | 502 | 503 | 504, .. } | Self::Connection { .. })
    }

    /// Whether the token may not do this. Nothing is paid then.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Service { status: 401 | 403, .. })
    }

    /// Whether the answer had begun, and its rest is lost.
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::StreamCut { .. })
    }

    /// After how long the service wants to be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Service { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the next attempt at the job may do better.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Service { retry_after: Some(wait), .. } => Retry::After(*wait),
            Self::Service { .. }
            | Self::Connection { .. }
            | Self::Unreadable { .. }
            | Self::StreamCut { .. }
            | Self::StreamSilent { .. } => Retry::Spend,
            Self::TooLarge { .. } | Self::Unsupported { .. } | Self::Client { .. } => Retry::Never,
        }
    }
}

/// The text of an error, from wherever a server puts it.
pub(super) fn message(body: &Value) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        Value::Object(entries) => entries.get("message").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    ["error", "message", "detail"]
        .iter()
        .find_map(|key| text(body.get(*key)?))
        .filter(|text| !text.is_empty())
}
