//! When a request is sent again, and after how long.
//!
//! Four attempts, as the AWS SDK for Java makes them, for what is over soon. Nothing that may have been answered, and
//! so paid, is sent again. A throttled request goes on waiting for its turn as long as the operator's patience lasts.

use std::time::Duration;

use super::Error;

/// Attempts before patience is asked.
const ATTEMPTS: u32 = 4;

const THROTTLE_BASE: Duration = Duration::from_millis(500);
const TRANSIENT_BASE: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// What an error says about sending again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Throttled,
    Transient,
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
            Error::Service { .. }
            | Error::TimedOut { .. }
            | Error::Credentials { .. }
            | Error::Unreadable { .. }
            | Error::NoMessage { .. }
            | Error::Request { .. }
            | Error::Document(_) => Self::Final,
        }
    }
}

/// The wait before the next attempt, or none when the last has been made. `attempts` have been made so far, and a
/// throttled request has waited for `waited` beyond its own attempts; `jitter` is between 0 and 1.
pub(super) fn wait(
    kind: Kind,
    attempts: u32,
    waited: Duration,
    patience: Duration,
    jitter: f64,
) -> Option<Duration> {
    match kind {
        Kind::Final => None,
        Kind::Transient => (attempts < ATTEMPTS).then(|| backoff(TRANSIENT_BASE, attempts).mul_f64(jitter)),
        Kind::Throttled => {
            let wait = backoff(THROTTLE_BASE, attempts).mul_f64(0.5 + jitter / 2.0);
            (attempts < ATTEMPTS || waited + wait <= patience).then_some(wait)
        }
    }
}

/// Whether a wait is one of patience, and not of the four attempts.
pub(super) fn is_patience(attempts: u32) -> bool {
    attempts >= ATTEMPTS
}

fn backoff(base: Duration, attempts: u32) -> Duration {
    base.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod unit {
    use super::*;

    fn service(status: u16, code: &str) -> Error {
        Error::Service { status, code: code.into(), message: String::new(), request_id: String::new() }
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
            (service(403, "ExpiredTokenException"), Kind::Final),
            (Error::TimedOut { limit: Duration::ZERO }, Kind::Final),
        ] {
            assert_eq!(Kind::of(&error), kind, "{error}");
        }
    }

    #[test]
    fn there_are_four_attempts() {
        let none = Duration::ZERO;
        let wait =
            |kind, attempts, jitter| wait(kind, attempts, none, none, jitter).map(|wait| wait.as_millis());
        assert_eq!(
            (1..=4).map(|n| wait(Kind::Transient, n, 1.0)).collect::<Vec<_>>(),
            [Some(100), Some(200), Some(400), None]
        );
        assert_eq!(
            (1..=4).map(|n| wait(Kind::Throttled, n, 1.0)).collect::<Vec<_>>(),
            [Some(500), Some(1000), Some(2000), None]
        );
        assert_eq!(
            (1..=4).map(|n| wait(Kind::Throttled, n, 0.0)).collect::<Vec<_>>(),
            [Some(250), Some(500), Some(1000), None]
        );
        assert_eq!(wait(Kind::Final, 1, 1.0), None);
    }

    #[test]
    fn patience_goes_on_until_it_is_used_up() {
        let seconds = Duration::from_secs;
        assert_eq!(wait(Kind::Throttled, 4, seconds(0), seconds(60), 1.0), Some(seconds(4)));
        assert_eq!(wait(Kind::Throttled, 90, seconds(30), seconds(60), 1.0), Some(seconds(20)));
        assert_eq!(wait(Kind::Throttled, 90, seconds(50), seconds(60), 1.0), None);
        assert_eq!(wait(Kind::Transient, 4, seconds(0), seconds(60), 1.0), None);
    }
}
