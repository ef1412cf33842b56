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
            Code::ResourceExhausted | Code::Unknown if says_too_large(text) => Self::TooLarge,
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
            Code::Ok
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
            | Code::DataLoss => Self::Reconnect,
        }
    }
}

/// The code for a message over the limit, which will not pass, also means back-pressure, which will, or
/// anything at all. Gateway, broker and gRPC library each say it in their own words.
fn says_too_large(text: &str) -> bool {
    const PHRASES: [&str; 6] = [
        "exceeded_batch_record_size",
        "too large",
        "larger than",
        "exceeds maximum size",
        "maximum message size",
        "max message size",
    ];
    let text = text.to_ascii_lowercase();
    PHRASES.iter().any(|phrase| text.contains(phrase))
}

fn says_lease(text: &str) -> bool {
    text.to_ascii_lowercase().contains("lease")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zeebe::{Call, OptionsError, TokenError};

    fn refused(code: Code, text: &str) -> Error {
        Error::Refused { call: Call::CompleteJob, code, text: text.to_owned() }
    }

    /// Every code once: what it means when the gateway sends it, and when the way to it fails so.
    #[test]
    fn each_code_has_a_meaning_for_each_kind_of_call() {
        use CommandVerdict as C;
        use FeedVerdict as F;
        let table = [
            (Code::Ok, C::Broken, F::Backoff, C::Repeat, F::Reconnect),
            (Code::Cancelled, C::Repeat, F::ReopenNow, C::Repeat, F::ReopenNow),
            (Code::Unknown, C::Broken, F::Backoff, C::Repeat, F::Reconnect),
            (Code::InvalidArgument, C::Invalid, F::Misconfigured, C::Repeat, F::Reconnect),
            (Code::DeadlineExceeded, C::Repeat, F::Backoff, C::Repeat, F::Reconnect),
            (Code::NotFound, C::Gone, F::Misconfigured, C::Repeat, F::Reconnect),
            (Code::AlreadyExists, C::Broken, F::Backoff, C::Repeat, F::Reconnect),
            (Code::PermissionDenied, C::Denied, F::Denied, C::Denied, F::Denied),
            (Code::ResourceExhausted, C::Repeat, F::Backoff, C::Repeat, F::Reconnect),
            (Code::FailedPrecondition, C::NotActivated, F::Backoff, C::Repeat, F::Reconnect),
            (Code::Aborted, C::Repeat, F::Backoff, C::Repeat, F::Reconnect),
            (Code::OutOfRange, C::Invalid, F::Backoff, C::Repeat, F::Reconnect),
            (Code::Unimplemented, C::Unsupported, F::Unsupported, C::Repeat, F::Reconnect),
            (Code::Internal, C::Broken, F::Backoff, C::Repeat, F::Reconnect),
            (Code::Unavailable, C::Repeat, F::Reconnect, C::Repeat, F::Reconnect),
            (Code::DataLoss, C::Repeat, F::Backoff, C::Repeat, F::Reconnect),
            (
                Code::Unauthenticated,
                C::RefreshTokenAndRepeat,
                F::Unauthenticated,
                C::RefreshTokenAndRepeat,
                F::Unauthenticated,
            ),
        ];
        for (number, (code, ..)) in (0..).zip(&table) {
            assert_eq!(Code::from_i32(number), *code, "all codes, in their order");
        }
        for (code, command, feed, cut_command, cut_feed) in table {
            let sent = refused(code, "some text");
            assert_eq!((sent.command_verdict(), sent.feed_verdict()), (command, feed), "{code:?}");
            let cut = Error::Unanswered { call: Call::CompleteJob, code, text: "some text".to_owned() };
            assert_eq!((cut.command_verdict(), cut.feed_verdict()), (cut_command, cut_feed), "{code:?}");
        }
    }

    #[test]
    fn a_message_over_the_limit_is_told_from_back_pressure_by_its_text() {
        for text in [
            "gRPC message exceeds maximum size 4194304: 5592449",
            "Expected to write a command, but its size is too large",
            "grpc: received message larger than max (4561623 vs. 4194304)",
            "the request exceeds the maximum message size",
        ] {
            let error = refused(Code::ResourceExhausted, text);
            assert_eq!(error.command_verdict(), CommandVerdict::TooLarge, "{text}");
            assert_eq!(error.feed_verdict(), FeedVerdict::Backoff, "{text}");
        }
        for text in [
            "Expected to handle the request, but the broker is overloaded: limit is exhausted",
            "Expected to activate jobs, but no partition could: the broker is out of disk space",
            "",
        ] {
            let error = refused(Code::ResourceExhausted, text);
            assert_eq!(error.command_verdict(), CommandVerdict::Repeat, "{text}");
        }
    }

    /// As a real engine says it, from about half of its message limit on.
    #[test]
    fn variables_over_the_brokers_limit_are_told_from_an_unknown_failure() {
        let verdict = |text| refused(Code::Unknown, text).command_verdict();
        let text = "Command 'COMPLETE' rejected with code 'EXCEEDED_BATCH_RECORD_SIZE': ";
        assert_eq!(verdict(text), CommandVerdict::TooLarge);
        assert_eq!(verdict("Unexpected error occurred"), CommandVerdict::Broken);
    }

    #[test]
    fn a_lost_lease_is_told_from_a_job_in_another_state_by_its_text() {
        let verdict = |text| refused(Code::FailedPrecondition, text).command_verdict();
        assert_eq!(verdict("the Lease token does not match"), CommandVerdict::LeaseLost);
        assert_eq!(verdict("the job is in state FAILED"), CommandVerdict::NotActivated);
    }

    #[test]
    fn errors_of_our_own_have_a_meaning_too() {
        let call = Call::CompleteJob;
        let token = TokenError::Malformed { host: "login.example.com".to_owned(), text: "text" };
        let options = OptionsError::Header { what: "the user agent" };
        for (error, command, feed) in [
            (
                Error::TimedOut { call, timeout: std::time::Duration::ZERO },
                CommandVerdict::Repeat,
                FeedVerdict::Backoff,
            ),
            (
                Error::RequestTooLarge { call, size: 2, limit: 1 },
                CommandVerdict::TooLarge,
                FeedVerdict::Misconfigured,
            ),
            (
                Error::ResponseTooLarge { call, text: String::new() },
                CommandVerdict::Broken,
                FeedVerdict::Backoff,
            ),
            (Error::Token(token), CommandVerdict::RefreshTokenAndRepeat, FeedVerdict::Unauthenticated),
            (Error::Options(options), CommandVerdict::Broken, FeedVerdict::Misconfigured),
        ] {
            assert_eq!((error.command_verdict(), error.feed_verdict()), (command, feed), "{error}");
        }
    }
}
