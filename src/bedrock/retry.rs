//! When a request is sent again, and after how long.
//!
//! Four attempts, as the AWS SDK for Java makes them, for what is over soon: a connection that breaks before the answer
//! begins is among that. What has been answered, and so paid, is not sent again, but for a stream that broke off in the
//! middle: half an answer is of no use, and a job that fails over it would ask again as well. Once more is enough. Where
//! there is patience with throttling, throttled requests wait in `turns.rs` instead.

use std::time::Duration;

use super::Error;
use super::options::Retries;
use crate::huggingface;

/// Exceptions inside a stream that another attempt may be spared.
const PASSING: &[&str] = &[
    "InternalServerException",
    "ModelStreamErrorException",
    "ServiceUnavailableException",
    "ThrottlingException",
];

/// What Bedrock says to an identity that it does not know, or that may not do this.
const DENIALS: &[&str] = &[
    ACCESS_DENIED,
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
];

/// It may be about the task alone: a guardrail that it names, for example.
pub(super) const ACCESS_DENIED: &str = "AccessDeniedException";

/// What an error says about sending again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Throttled,
    Transient,
    /// The answer had begun, and its rest is lost.
    Cut,
    /// It was not sent, because this place has granted nothing for as long as patience lasts. Another may grant some.
    NoTurn,
    /// The place lets this identity do nothing, so nothing is paid. Another identity may do better at another place.
    Denied,
    Final,
}

impl Kind {
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Service { status: 429, .. } => Self::Throttled,
            Error::Service { code, .. } if code == "ThrottlingException" => Self::Throttled,
            Error::Service { status: 500 | 502 | 503 | 504, .. } | Error::Connection { .. } => {
                Self::Transient
            }
            Error::Service { status: 401 | 403, code, .. } if DENIALS.contains(&code.as_str()) => {
                Self::Denied
            }
            Error::Credentials { .. } | Error::Refused { .. } => Self::Denied,
            Error::StreamCut { code: None, .. } => Self::Cut,
            Error::StreamCut { code: Some(code), .. } if PASSING.contains(&code.as_str()) => Self::Cut,
            Error::HuggingFace(error) if error.is_throttled() => Self::Throttled,
            Error::HuggingFace(error) if error.is_transient() => Self::Transient,
            Error::HuggingFace(error) if error.is_cut() => Self::Cut,
            Error::HuggingFace(error) if error.is_denied() => Self::Denied,
            Error::NoTurn { .. } => Self::NoTurn,
            Error::HuggingFace(_)
            | Error::Service { .. }
            | Error::TimedOut { .. }
            | Error::OverTaskLimit { .. }
            | Error::Unreadable { .. }
            | Error::TooLarge { .. }
            | Error::NoMessage { .. }
            | Error::StreamCut { .. }
            | Error::StreamSilent { .. }
            | Error::OutputInvalid { .. }
            | Error::NoImage { .. }
            | Error::Incomplete { .. }
            | Error::Request { .. }
            | Error::Budget(_)
            | Error::Document(_) => Self::Final,
        }
    }
}

/// Whether an error leaves open if the request was answered, and so paid.
pub(super) fn leaves_open(error: &Error) -> bool {
    matches!(error, Error::Connection { .. } | Error::HuggingFace(huggingface::Error::Connection { .. }))
}

/// The attempts at one call.
#[derive(Debug)]
pub(super) struct Attempts {
    retries: Retries,
    made: u32,
    /// Whether an answer was cut already.
    cut: bool,
}

impl Attempts {
    pub(super) fn new(retries: Retries) -> Self {
        Self { retries, made: 0, cut: false }
    }

    /// Counts an attempt, and says how long to wait for the next; none when it was the last. `jitter` is between 0
    /// and 1.
    pub(super) fn after(&mut self, kind: Kind, jitter: f64) -> Option<Duration> {
        let is_last = self.is_last();
        self.made += 1;
        if is_last {
            return None;
        }
        match kind {
            Kind::NoTurn | Kind::Denied | Kind::Final => None,
            Kind::Cut if std::mem::replace(&mut self.cut, true) => None,
            Kind::Transient | Kind::Cut => Some(self.doubled(self.retries.transient_wait).mul_f64(jitter)),
            Kind::Throttled => Some(self.doubled(self.retries.throttled_wait).mul_f64(0.5 + jitter / 2.0)),
        }
    }

    /// Counts an attempt after which nothing is waited for.
    pub(super) fn spend(&mut self) {
        self.made += 1;
    }

    /// Whether the attempt that has not been counted yet is the last one.
    pub(super) fn is_last(&self) -> bool {
        self.made + 1 >= self.retries.attempts
    }

    fn doubled(&self, first: Duration) -> Duration {
        let factor = 1_u32.checked_shl(self.made - 1).unwrap_or(u32::MAX);
        first.saturating_mul(factor).min(self.retries.longest_wait)
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    fn service(status: u16, code: &str) -> Error {
        Error::Service {
            status,
            code: code.into(),
            message: String::new(),
            request_id: String::new(),
            retry_after: None,
        }
    }

    fn cut(code: Option<&str>) -> Error {
        Error::StreamCut { code: code.map(str::to_owned), reason: String::new() }
    }

    #[test]
    fn what_is_over_soon_is_sent_again() {
        for (error, kind) in [
            (service(429, "ThrottlingException"), Kind::Throttled),
            (service(429, "ModelNotReadyException"), Kind::Throttled),
            (service(400, "ThrottlingException"), Kind::Throttled),
            (service(500, "InternalServerException"), Kind::Transient),
            (service(502, ""), Kind::Transient),
            (service(503, "ServiceUnavailableException"), Kind::Transient),
            (service(504, ""), Kind::Transient),
            (Error::Connection { reason: "reset".into() }, Kind::Transient),
            (service(408, "ModelTimeoutException"), Kind::Final),
            (service(424, "ModelErrorException"), Kind::Final),
            (service(400, "ValidationException"), Kind::Final),
            (service(403, "ExpiredTokenException"), Kind::Denied),
            (service(403, "AccessDeniedException"), Kind::Denied),
            (service(403, ""), Kind::Final),
            (Error::Credentials { reason: "no such file".into() }, Kind::Denied),
            (Error::Refused { code: "AccessDenied".into(), message: String::new() }, Kind::Denied),
            (Error::NoTurn { patience: Duration::ZERO }, Kind::NoTurn),
            (Error::TimedOut { limit: Duration::ZERO }, Kind::Final),
            (cut(None), Kind::Cut),
            (cut(Some("ModelStreamErrorException")), Kind::Cut),
            (cut(Some("ValidationException")), Kind::Final),
        ] {
            assert_eq!(Kind::of(&error), kind, "{error}");
        }
    }

    /// The waits in milliseconds after as many attempts as there are.
    fn waits(kind: Kind, jitter: f64, retries: Retries) -> Vec<u128> {
        let mut attempts = Attempts::new(retries);
        std::iter::from_fn(|| attempts.after(kind, jitter)).map(|wait| wait.as_millis()).collect()
    }

    #[test]
    fn there_are_four_attempts() {
        let four = Retries::default();
        assert_eq!(waits(Kind::Transient, 1.0, four), [100, 200, 400]);
        assert_eq!(waits(Kind::Transient, 0.0, four), [0, 0, 0]);
        assert_eq!(waits(Kind::Throttled, 1.0, four), [500, 1000, 2000]);
        assert_eq!(waits(Kind::Throttled, 0.0, four), [250, 500, 1000]);
        assert_eq!(waits(Kind::Cut, 1.0, four), [100], "what was cut is asked for once more");
        assert!(waits(Kind::Final, 1.0, four).is_empty());
        assert!(waits(Kind::Denied, 1.0, four).is_empty());
    }

    #[test]
    fn no_wait_is_longer_than_the_longest() {
        let many = Retries { attempts: 8, ..Retries::default() };
        assert_eq!(waits(Kind::Throttled, 1.0, many), [500, 1000, 2000, 4000, 8000, 16000, 20000]);
    }
}
