//! Everything worth telling, as one type. Each event is one log line in `log.rs` and its metrics in `record.rs`.
//!
//! No event holds a secret or a prompt: texts that are passed in come from the gateway's status or are
//! already masked.

use std::fmt;
use std::time::Duration;

use super::connections::ConnectionEvent;

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
    /// A call was throttled, and waits.
    ModelThrottled { model: &'a str, region: &'a str, wait: Duration },
    /// A call has its turn, after so long.
    TurnTaken { model: &'a str, region: &'a str, waited: Duration },
    /// Calls are let through at another pace, in calls a minute; none is no limit.
    PaceChanged { model: &'a str, region: &'a str, before: Option<f64>, per_minute: Option<f64> },
    /// What an answer used.
    TokensUsed { model: &'a str, input: u64, output: u64, cache_read: u64, cache_write: u64 },
    /// What an answer cost, in the units of a currency.
    CostIncurred { model: &'a str, process: &'a str, tenant: &'a str, currency: &'a str, amount: f64 },
    /// There is a table of prices, and the model that answered is not in it.
    AnswerUnpriced { model: &'a str },
    /// A call was not made because of a budget.
    BudgetRefused {
        /// `process_instance`, `tenant_day`, or `unpriced`.
        budget: &'a str,
        tenant: &'a str,
        process: &'a str,
        process_instance_key: i64,
        message: &'a str,
    },
    /// An answer is durable.
    AnswerStored { job_key: i64, bytes: usize },
    /// A stored answer was taken in place of a new call.
    AnswerReused { job_key: i64 },
    /// An answer goes on from what earlier attempts have paid.
    AnswerContinued { job_key: i64 },
    /// The answer goes on, and would be paid again if it were lost.
    AnswerNotStored { job_key: i64, reason: &'a str, message: &'a str },
    /// Whether there is a stored answer is not known, so the model is asked.
    AnswerNotLookedUp { job_key: i64, reason: &'a str, message: &'a str },
    /// The entry of a job could not be dropped.
    AnswerNotDropped { job_key: i64, reason: &'a str, message: &'a str },

    // --- the journal ---
    /// Answers are kept from now on.
    JournalOpened { place: &'a str, entries: u64, bytes: u64 },
    /// Answers are not kept, by choice or for want of a folder.
    JournalOff { chosen: bool, message: &'a str },
    /// Answers are not kept for the time being.
    JournalUnavailable { reason: &'a str, message: &'a str },
    /// Answers are kept again.
    JournalRestored { place: &'a str },
    /// A file that could not be used was moved, and a new one begun.
    JournalSetAside { moved_to: &'a str, message: &'a str },
    /// Answers were dropped to stay within a limit: `size` or `age`.
    AnswersEvicted { count: usize, because: &'a str },

    // --- the connector ---
    /// A secret was asked for that is missing, or where it may not be used.
    SecretRefused { name: &'a str, reason: &'a str },
    /// A result or error expression has an answer, and something in it failed on the way.
    ExpressionWarning { job_key: i64, which: &'a str, kind: &'a str, message: &'a str },

    // --- connections ---
    /// Something happened at a connection of the operator.
    Connection(ConnectionEvent<'a>),
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
