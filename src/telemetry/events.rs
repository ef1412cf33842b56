//! Everything worth telling, as one type. Each event is one log line here and its metrics in `record.rs`.
//!
//! Levels: `error` means that an operator must act, `warn` that the program coped, `info` is the life of a
//! job and each change of state once, `debug` is what repeats. No event holds a secret or a prompt: texts
//! that are passed in come from the gateway's status or are already masked.

use std::fmt;
use std::time::Duration;

use tracing::{debug, error, info, warn};

/// What identifies a job in log lines and metrics.
#[derive(Debug, Clone, Copy)]
pub struct JobTag<'a> {
    pub key: i64,
    pub job_type: &'a str,
    pub tenant: &'a str,
    pub process_instance_key: i64,
    /// The element template of the task, or `unknown`.
    pub template_id: &'a str,
    pub template_version: &'a str,
}

/// Something that happened.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    // --- the worker ---
    /// The worker begins to ask for jobs.
    WorkerStarted { slots: usize, job_types: &'a str },
    /// No new jobs are taken; what runs may finish.
    DrainStarted { in_flight: usize, grace: Duration },
    /// The worker has ended.
    Drained { finished: usize, handed_back: usize, abandoned: usize, took: Duration },

    // --- a job ---
    /// A job came and has its slot.
    JobReceived { job: JobTag<'a>, source: JobSource },
    /// The outcome is known and is about to be reported.
    JobConcluded { job: JobTag<'a>, action: Action, retries: i32, message: &'a str, took: Duration },
    /// The engine has acknowledged the outcome.
    JobAcknowledged { job: JobTag<'a>, action: Action, took: Duration },
    /// The job is no longer this worker's.
    JobLost { job: JobTag<'a>, phase: Phase, because: LostBecause, message: &'a str },
    /// The work took longer than the modeler allows.
    JobLimitReached { job: JobTag<'a>, limit: Duration },
    /// A defect of this program ended the attempt.
    JobPanicked { job: JobTag<'a>, phase: Phase },
    /// The worker ends and gives the job back with its retries kept.
    JobHandedBack { job: JobTag<'a>, retries: i32 },

    // --- its commands ---
    /// The gateway answered a command about a job.
    CommandAnswered { job: JobTag<'a>, command: CommandKind, code: &'a str, took: Duration },
    /// A command is sent again after a while.
    CommandRepeated {
        job: JobTag<'a>,
        command: CommandKind,
        code: &'a str,
        message: &'a str,
        delay: Duration,
    },
    /// The engine cannot take this outcome, so the job is failed in its place.
    ReportReplaced { job: JobTag<'a>, command: CommandKind, code: &'a str, message: &'a str },
    /// The outcome could not be reported; the job comes back when its lock runs out.
    ReportAbandoned { job: JobTag<'a>, command: CommandKind, code: &'a str, message: &'a str },

    // --- its lock ---
    /// The engine has granted the job for longer.
    LockExtended { job: JobTag<'a>, lock: Duration },
    /// The lock was not extended; this is tried again.
    LockNotExtended { job: JobTag<'a>, code: &'a str, message: &'a str },
    /// The engine will never extend this lock; the work goes on without.
    LockNotExtendable { job: JobTag<'a>, code: &'a str, message: &'a str },

    // --- the way to the gateway ---
    /// A poll was answered.
    Polled { job_type: &'a str, asked: usize, got: usize },
    /// A poll failed and is repeated after a while.
    PollRepeated { job_type: &'a str, code: &'a str, message: &'a str, delay: Duration },
    /// A stream is open.
    StreamOpened { job_type: &'a str },
    /// A stream has ended and is opened again after a while.
    StreamEnded { job_type: &'a str, end: StreamEnd, code: &'a str, message: &'a str, delay: Duration },
    /// A stream could not be opened; this is tried again after a while.
    StreamRepeated { job_type: &'a str, code: &'a str, message: &'a str, delay: Duration },
    /// The gateway has no streams, or the worker has too few slots for them.
    StreamUnavailable { job_type: &'a str, message: &'a str },
    /// Jobs can no longer be asked for.
    FeedLost { job_type: &'a str, problem: FeedProblem, code: &'a str, message: &'a str },
    /// Jobs can be asked for again.
    FeedRestored { job_type: &'a str },
    /// A defect of this program ended a feed, and it was started anew.
    FeedRestarted { job_type: &'a str, message: &'a str },

    // --- the model ---
    /// The model answered, or refused to.
    ModelCalled {
        model: &'a str,
        region: &'a str,
        /// `converse` or `invoke_model`.
        action: &'a str,
        /// `OK`, or the code of the error.
        code: &'a str,
        attempts: u32,
        took: Duration,
    },
    /// The first piece of a streamed answer is there.
    FirstToken { model: &'a str, wait: Duration },
    /// A call waits for its turn.
    ModelThrottled { model: &'a str, region: &'a str, wait: Duration },
    /// What an answer costs.
    TokensUsed { model: &'a str, input: u64, output: u64, cache_read: u64, cache_write: u64 },
    /// An answer is durable.
    AnswerStored { job_key: i64, bytes: usize },
    /// A stored answer was taken in place of a new call.
    AnswerReused { job_key: i64 },
    /// A secret was asked for where it may not be used.
    SecretRefused { name: &'a str, reason: &'a str },
    /// A result or error expression has an answer, and something in it failed on the way.
    ExpressionWarning { job_key: i64, which: &'a str, kind: &'a str, message: &'a str },
}

/// Which way a job came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobSource {
    Poll,
    Stream,
}

/// What becomes of a job, in the words of the peer's metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Completed,
    Failed,
    BpmnError,
}

/// How far a job had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing had been asked of the model.
    Waiting,
    /// The work was running.
    Working,
    /// The outcome was being reported.
    Reporting,
}

/// Why a job is no longer this worker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostBecause {
    /// The engine has no such job: cancelled, or done elsewhere.
    Gone,
    /// The job has another state or another holder.
    NotOurs,
}

/// The commands about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandKind {
    Complete,
    Fail,
    ThrowError,
    UpdateTimeout,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The gateway closed it without an error.
    Closed,
    /// It failed.
    Failed,
    /// It was open and silent while polls brought jobs.
    Silent,
    /// It was as old as streams get.
    Aged,
}

/// Why no jobs can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedProblem {
    /// The gateway is away.
    Unavailable,
    /// The engine is there, and has given back-pressure for a while.
    Busy,
    /// The engine refuses our credentials.
    Unauthenticated,
    /// The engine does not let this worker have these jobs.
    Denied,
    /// The engine says that the request itself is wrong.
    Misconfigured,
}

macro_rules! texts {
    ($kind:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl $kind {
            /// The text in logs and labels.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

texts!(JobSource { Poll => "poll", Stream => "stream" });
texts!(Action { Completed => "completed", Failed => "failed", BpmnError => "bpmn-error" });
texts!(Phase { Waiting => "waiting", Working => "working", Reporting => "reporting" });
texts!(LostBecause { Gone => "gone", NotOurs => "not_ours" });
texts!(CommandKind {
    Complete => "complete", Fail => "fail", ThrowError => "throw_error", UpdateTimeout => "update_timeout"
});
texts!(StreamEnd { Closed => "closed", Failed => "failed", Silent => "silent", Aged => "aged" });
texts!(FeedProblem {
    Unavailable => "unavailable", Busy => "busy", Unauthenticated => "unauthenticated", Denied => "denied", Misconfigured => "misconfigured" });

/// A log line about a job; its span holds key, type and process instance.
macro_rules! job_line {
    ($level:ident, $job:expr, { $($fields:tt)* }, $($text:tt)+) => {
        $level!(target: "bedrock_connector::job", job_key = $job.key, $($fields)* $($text)+)
    };
}

/// A log line about the way to the gateway.
macro_rules! feed_line {
    ($level:ident, $job_type:expr, { $($fields:tt)* }, $($text:tt)+) => {
        $level!(target: "bedrock_connector::feed", job_type = $job_type, $($fields)* $($text)+)
    };
}

impl Event<'_> {
    /// Writes the one log line of this event.
    pub(super) fn log(&self) {
        match self {
            Self::WorkerStarted { .. } | Self::DrainStarted { .. } | Self::Drained { .. } => {
                self.log_worker()
            }
            Self::JobReceived { .. }
            | Self::JobConcluded { .. }
            | Self::JobAcknowledged { .. }
            | Self::JobLost { .. }
            | Self::JobLimitReached { .. }
            | Self::JobPanicked { .. }
            | Self::JobHandedBack { .. } => self.log_job(),
            Self::CommandAnswered { .. }
            | Self::CommandRepeated { .. }
            | Self::ReportReplaced { .. }
            | Self::ReportAbandoned { .. }
            | Self::LockExtended { .. }
            | Self::LockNotExtended { .. }
            | Self::LockNotExtendable { .. } => self.log_command(),
            Self::Polled { .. }
            | Self::PollRepeated { .. }
            | Self::StreamOpened { .. }
            | Self::StreamEnded { .. }
            | Self::StreamRepeated { .. }
            | Self::StreamUnavailable { .. }
            | Self::FeedLost { .. }
            | Self::FeedRestored { .. }
            | Self::FeedRestarted { .. } => self.log_feed(),
            Self::ModelCalled { .. }
            | Self::FirstToken { .. }
            | Self::ModelThrottled { .. }
            | Self::TokensUsed { .. }
            | Self::AnswerStored { .. }
            | Self::AnswerReused { .. }
            | Self::SecretRefused { .. }
            | Self::ExpressionWarning { .. } => self.log_model(),
        }
    }

    fn log_worker(&self) {
        match *self {
            Self::WorkerStarted { slots, job_types } => {
                info!(target: "bedrock_connector::worker", slots, job_types, "Taking jobs");
            }
            Self::DrainStarted { in_flight, grace } => {
                info!(target: "bedrock_connector::worker", in_flight, ?grace, "Stopping: no new jobs are taken");
            }
            Self::Drained { finished, handed_back, abandoned, took } => {
                info!(target: "bedrock_connector::worker", finished, handed_back, abandoned, ?took, "Stopped");
            }
            _ => {}
        }
    }

    fn log_job(&self) {
        match *self {
            Self::JobReceived { job, source } => job_line!(info, job, { %source, },
                "Received job: {} of type: {} for tenant: {}", job.key, job.job_type, job.tenant),
            Self::JobConcluded { job, action: Action::Completed, took, .. } => {
                job_line!(info, job, { ?took, },
                "Completing job: {} for tenant: {}", job.key, job.tenant)
            }
            Self::JobConcluded { job, action: Action::BpmnError, message, took, .. } => {
                job_line!(info, job, { ?took, },
                "Throwing error for job: {} for tenant: {}: {message}", job.key, job.tenant)
            }
            Self::JobConcluded { job, action: Action::Failed, retries, message, took } if retries > 0 => {
                job_line!(warn, job, { retries, ?took, },
                    "Failing job: {} for tenant: {}: {message}", job.key, job.tenant);
            }
            Self::JobConcluded { job, action: Action::Failed, retries, message, took } => {
                job_line!(error, job, { retries, ?took, process_instance_key = job.process_instance_key, },
                    "Failing job: {} for tenant: {}, which raises an incident: {message}", job.key, job.tenant);
            }
            Self::JobAcknowledged { job, action, took } => job_line!(debug, job, { %action, ?took, },
                "The engine has acknowledged the outcome"),
            Self::JobLost { job, phase, because, message } => job_line!(info, job, { %phase, %because, },
                "The job is no longer ours, its work is dropped: {message}"),
            Self::JobLimitReached { job, limit } => job_line!(warn, job, { ?limit, },
                "The work took longer than the header jobTimeout allows"),
            Self::JobPanicked { job, phase } => job_line!(error, job, { %phase, },
                "A defect of this program ended the attempt; please report it"),
            Self::JobHandedBack { job, retries } => job_line!(info, job, { retries, },
                "Handed the job back with its retries kept"),
            _ => {}
        }
    }

    fn log_command(&self) {
        match *self {
            Self::CommandAnswered { job, command, code, took } => {
                job_line!(debug, job, { %command, code, ?took, },
                "The gateway answered")
            }
            Self::CommandRepeated { job, command, code, message, delay } => {
                job_line!(debug, job, { %command, code, ?delay, }, "The command is repeated: {message}");
            }
            Self::ReportReplaced { job, command, code, message } => {
                job_line!(error, job, { %command, code, },
                "The engine cannot take the outcome, the job is failed: {message}")
            }
            Self::ReportAbandoned { job, command, code, message } => {
                job_line!(error, job, { %command, code, },
                "The outcome could not be reported, the job comes back when its lock runs out: {message}")
            }
            Self::LockExtended { job, lock } => job_line!(debug, job, { ?lock, }, "Extended the lock"),
            Self::LockNotExtended { job, code, message } => job_line!(debug, job, { code, },
                "Could not extend the lock yet: {message}"),
            Self::LockNotExtendable { job, code, message } => job_line!(warn, job, { code, },
                "The engine does not extend this lock, the job may be given to another worker: {message}"),
            _ => {}
        }
    }

    fn log_feed(&self) {
        match *self {
            Self::Polled { job_type, asked, got } => feed_line!(debug, job_type, { asked, got, }, "Polled"),
            Self::PollRepeated { job_type, code, message, delay } => {
                feed_line!(debug, job_type, { code, ?delay, },
                "The poll is repeated: {message}")
            }
            Self::StreamOpened { job_type } => feed_line!(info, job_type, {}, "The job stream is open"),
            Self::StreamEnded {
                job_type, end: end @ (StreamEnd::Aged | StreamEnd::Closed), delay, ..
            } => {
                feed_line!(info, job_type, { %end, ?delay, }, "The job stream has ended and is opened again");
            }
            Self::StreamEnded { job_type, end, code, message, delay } => {
                feed_line!(warn, job_type, { %end, code, ?delay, },
                    "The job stream has ended and is opened again: {message}");
            }
            Self::StreamRepeated { job_type, code, message, delay } => {
                feed_line!(debug, job_type, { code, ?delay, }, "The job stream is opened again: {message}");
            }
            Self::StreamUnavailable { job_type, message } => {
                feed_line!(info, job_type, {}, "Jobs are polled and not pushed: {message}")
            }
            Self::FeedLost { job_type, problem, code, message } => log_lost(job_type, problem, code, message),
            Self::FeedRestarted { job_type, message } => {
                feed_line!(error, job_type, {}, "{message}; please report it")
            }
            Self::FeedRestored { job_type } => feed_line!(info, job_type, {}, "The gateway gives jobs"),
            _ => {}
        }
    }

    fn log_model(&self) {
        match *self {
            Self::ModelCalled { model, region, action, code, attempts, took } => {
                debug!(target: "bedrock_connector::model", model, region, action, code, attempts, ?took, "The model was called");
            }
            Self::FirstToken { model, wait } => {
                debug!(target: "bedrock_connector::model", model, ?wait, "The answer begins");
            }
            Self::ModelThrottled { model, region, wait } => {
                debug!(target: "bedrock_connector::model", model, region, ?wait, "The call waits for its turn");
            }
            Self::TokensUsed { model, input, output, cache_read, cache_write } => {
                debug!(target: "bedrock_connector::model", model, input, output, cache_read, cache_write, "Tokens used");
            }
            Self::AnswerStored { job_key, bytes } => {
                debug!(target: "bedrock_connector::journal", job_key, bytes, "The answer is durable");
            }
            Self::AnswerReused { job_key } => {
                info!(target: "bedrock_connector::journal", job_key, "The stored answer is used, the model is not asked again");
            }
            Self::SecretRefused { name, reason } => {
                warn!(target: "bedrock_connector::secrets", name, reason, "A secret was refused");
            }
            Self::ExpressionWarning { job_key, which, kind, message } => {
                warn!(target: "bedrock_connector::job", job_key, which, kind, "The expression has a null in it: {message}");
            }
            _ => {}
        }
    }
}

fn log_lost(job_type: &str, problem: FeedProblem, code: &str, message: &str) {
    match problem {
        FeedProblem::Unavailable => {
            feed_line!(warn, job_type, { code, }, "The gateway is away, asking again: {message}");
        }
        FeedProblem::Busy => {
            feed_line!(warn, job_type, { code, }, "The engine is busy or out of room, asking again: {message}");
        }
        FeedProblem::Unauthenticated => {
            feed_line!(error, job_type, { code, }, "The engine refuses our credentials: {message}");
        }
        FeedProblem::Denied => {
            feed_line!(error, job_type, { code, }, "The engine denies this worker its jobs: {message}");
        }
        FeedProblem::Misconfigured => feed_line!(error, job_type, { code, },
            "The engine refuses how jobs are asked for; check job type, lock and tenants: {message}"),
    }
}
