//! What a status code means for the one who called. This is the only place that knows.
//!
//! Two kinds of call, two questions. A *command* reports on a job that we hold: is it worth repeating, is the
//! job lost, is the report itself at fault? The *feed* brings new jobs: when is it worth asking again, and must
//! an operator look at it?

use tonic::Code;

use super::error::Error;

/// What to do about a failed command for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandVerdict {
    /// Repeat until the job's deadline, with back-off. The command may have been carried out already; then the
    /// repetition says [`Gone`](Self::Gone).
    Repeat,
    /// Repeat likewise. The client has seen to the token: the refused one is replaced, at a bounded pace.
    RefreshTokenAndRepeat,
    /// The engine does not know the job (any more): reported before, cancelled, or done elsewhere. Drop it.
    Gone,
    /// The engine knows the job, but it is not activated: its lock ran out, or it has failed. Drop it and say so.
    NotActivated,
    /// Another worker holds the job now. Drop it quietly: that is what leases are for.
    LeaseLost,
    /// The variables are too large. Repeating cannot help; fail the job and say so.
    TooLarge,
    /// The engine cannot read the report. Fail the job with the text.
    Invalid,
    /// We may not do this. An operator must look.
    Denied,
    /// The engine failed in a way that nobody foresaw. Let the lock run out.
    Broken,
    /// The gateway is too old for this.
    Unsupported,
}

/// What to do about a failed poll or stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedVerdict {
    /// Ask again after a pause. Nothing to report: this is how an engine under load behaves.
    Backoff,
    /// Nobody is there. Ask again after a pause, and show that the engine is away.
    Reconnect,
    /// The call was cut for no reason of ours, as proxies do with long calls. Open it again.
    ReopenNow,
    /// The engine refuses what we ask for, and will go on to. Report it and do not spin.
    Misconfigured,
    /// We may not have these jobs. Report it, and ask again after a long pause.
    Denied,
    /// Our credentials are refused. Ask again after a pause; the client has seen to the token.
    Unauthenticated,
    /// The gateway is too old for this: poll instead of streaming.
    Unsupported,
}

impl CommandVerdict {
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Refused { code, text, .. } => Self::of_refusal(*code, text),
            Error::Unanswered { code, .. } => Self::of_silence(*code),
            Error::TimedOut { .. } => Self::Repeat,
            Error::RequestTooLarge { .. } => Self::TooLarge,
            Error::Token(_) => Self::RefreshTokenAndRepeat,
            Error::ResponseTooLarge { .. } | Error::Options(_) => Self::Broken,
        }
    }

    fn of_refusal(code: Code, text: &str) -> Self {
        match code {
            Code::ResourceExhausted if says_too_large(text) => Self::TooLarge,
            Code::FailedPrecondition if says_lease(text) => Self::LeaseLost,
            Code::ResourceExhausted
            | Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::Cancelled
            | Code::DataLoss => Self::Repeat,
            Code::Unauthenticated => Self::RefreshTokenAndRepeat,
            Code::NotFound => Self::Gone,
            Code::FailedPrecondition => Self::NotActivated,
            Code::InvalidArgument | Code::OutOfRange => Self::Invalid,
            Code::PermissionDenied => Self::Denied,
            Code::Unimplemented => Self::Unsupported,
            Code::Ok | Code::AlreadyExists | Code::Internal | Code::Unknown => Self::Broken,
        }
    }

    /// No word from the engine itself, so a code says only how the way to it failed.
    fn of_silence(code: Code) -> Self {
        match code {
            Code::Unauthenticated => Self::RefreshTokenAndRepeat,
            Code::PermissionDenied => Self::Denied,
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::InvalidArgument
            | Code::DeadlineExceeded
            | Code::NotFound
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => Self::Repeat,
        }
    }
}

impl FeedVerdict {
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Refused { code, .. } => Self::of_refusal(*code),
            Error::Unanswered { code, .. } => Self::of_silence(*code),
            Error::TimedOut { .. } | Error::ResponseTooLarge { .. } => Self::Backoff,
            Error::RequestTooLarge { .. } | Error::Options(_) => Self::Misconfigured,
            Error::Token(_) => Self::Unauthenticated,
        }
    }

    fn of_refusal(code: Code) -> Self {
        match code {
            Code::Ok
            | Code::ResourceExhausted
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::Internal
            | Code::Unknown
            | Code::DataLoss
            | Code::OutOfRange
            | Code::AlreadyExists
            | Code::FailedPrecondition => Self::Backoff,
            Code::Unavailable => Self::Reconnect,
            Code::Cancelled => Self::ReopenNow,
            Code::InvalidArgument | Code::NotFound => Self::Misconfigured,
            Code::PermissionDenied => Self::Denied,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::Unimplemented => Self::Unsupported,
        }
    }

    fn of_silence(code: Code) -> Self {
        match code {
            Code::Unauthenticated => Self::Unauthenticated,
            Code::PermissionDenied => Self::Denied,
            Code::Cancelled => Self::ReopenNow,
            Code::OutOfRange => Self::Backoff,
            Code::Ok
            | Code::Unknown
            | Code::InvalidArgument
            | Code::DeadlineExceeded
            | Code::NotFound
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => Self::Reconnect,
        }
    }
}

/// The same code means back-pressure, which passes, and a message over the limit, which does not. Gateway,
/// broker and gRPC library each say the latter in their own words.
fn says_too_large(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["too large", "larger than", "exceeds maximum size", "maximum message size", "max message size"]
        .iter()
        .any(|phrase| text.contains(phrase))
}

fn says_lease(text: &str) -> bool {
    text.to_ascii_lowercase().contains("lease")
}
