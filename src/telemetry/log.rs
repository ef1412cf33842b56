//! The one log line of each event.
//!
//! Levels: `error` means that an operator must act, `warn` that the program coped, `info` is the life of a
//! job and each change of state once, `debug` is what repeats.

use tracing::{debug, error, info, warn};

use super::events::{Action, Event, FeedProblem, StreamEnd};

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

/// A log line about stored answers.
macro_rules! journal_line {
    ($level:ident, { $($fields:tt)* }, $($text:tt)+) => {
        $level!(target: "bedrock_connector::journal", $($fields)* $($text)+)
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
            | Self::TurnTaken { .. }
            | Self::PaceChanged { .. }
            | Self::TokensUsed { .. }
            | Self::CostIncurred { .. }
            | Self::AnswerUnpriced { .. }
            | Self::BudgetRefused { .. }
            | Self::SecretRefused { .. }
            | Self::ExpressionWarning { .. } => self.log_model(),
            Self::Connection(event) => event.log(),
            Self::AnswerStored { .. }
            | Self::AnswerReused { .. }
            | Self::AnswerContinued { .. }
            | Self::AnswerNotStored { .. }
            | Self::AnswerNotLookedUp { .. }
            | Self::AnswerNotDropped { .. }
            | Self::JournalOpened { .. }
            | Self::JournalOff { .. }
            | Self::JournalUnavailable { .. }
            | Self::JournalRestored { .. }
            | Self::JournalSetAside { .. }
            | Self::AnswersEvicted { .. } => self.log_journal(),
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
                debug!(target: "bedrock_connector::model", model, region, ?wait, "The call is throttled and waits");
            }
            Self::TurnTaken { model, region, waited } => {
                debug!(target: "bedrock_connector::model", model, region, ?waited, "The call has its turn");
            }
            Self::PaceChanged { model, region, before, per_minute } => {
                log_pace(model, region, before, per_minute)
            }
            Self::TokensUsed { model, input, output, cache_read, cache_write } => {
                debug!(target: "bedrock_connector::model", model, input, output, cache_read, cache_write, "Tokens used");
            }
            Self::CostIncurred { model, process, tenant, currency, amount } => {
                debug!(target: "bedrock_connector::model", model, process, tenant, currency, amount, "Money spent");
            }
            Self::AnswerUnpriced { model } => {
                debug!(target: "bedrock_connector::model", model, "The price of the answer is not known");
            }
            Self::BudgetRefused { budget, tenant, process, process_instance_key, message } => {
                warn!(target: "bedrock_connector::model", budget, tenant, process, process_instance_key, "The model is not called: {message}");
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

    fn log_journal(&self) {
        match *self {
            Self::AnswerStored { job_key, bytes } => {
                journal_line!(debug, { job_key, bytes, }, "The answer is durable");
            }
            Self::AnswerReused { job_key } => {
                journal_line!(info, { job_key, }, "The stored answer is used, the model is not asked again");
            }
            Self::AnswerContinued { job_key } => {
                journal_line!(info, { job_key, }, "What earlier attempts have paid is used, the model is asked for the rest");
            }
            Self::AnswerNotStored { job_key, reason, message } => {
                journal_line!(debug, { job_key, reason, }, "The answer is not stored: {message}");
            }
            Self::AnswerNotLookedUp { job_key, reason, message } => {
                journal_line!(debug, { job_key, reason, }, "No stored answer can be looked for: {message}");
            }
            Self::AnswerNotDropped { job_key, reason, message } => {
                journal_line!(debug, { job_key, reason, }, "The stored answer is not dropped yet: {message}");
            }
            Self::JournalOpened { place, entries, bytes } => {
                journal_line!(info, { place, entries, bytes, }, "Answers are kept until the engine has them");
            }
            Self::JournalOff { chosen: true, message } => {
                journal_line!(info, {}, "Answers are not kept: {message}");
            }
            Self::JournalOff { chosen: false, message } => journal_line!(
                warn,
                {},
                "Answers are not kept, so a lost report or a restart pays for a model call again: {message}"
            ),
            Self::JournalUnavailable { reason, message } => journal_line!(error, { reason, },
                "Answers are not kept for now, so a lost report or a restart pays for a model call again: {message}"),
            Self::JournalRestored { place } => journal_line!(info, { place, }, "Answers are kept again"),
            Self::JournalSetAside { moved_to, message } => journal_line!(error, { moved_to, },
                "The journal's file could not be used and was moved, a new one is begun: {message}"),
            Self::AnswersEvicted { count, because } => journal_line!(warn, { count, because, },
                "Stored answers were dropped to stay within the journal's limits"),
            _ => {}
        }
    }
}

fn log_pace(model: &str, region: &str, before: Option<f64>, per_minute: Option<f64>) {
    match (before, per_minute) {
        (None, Some(per_minute)) => info!(target: "bedrock_connector::model", model, region, per_minute,
            "Bedrock throttles this model, its calls wait their turn"),
        (_, None) => info!(target: "bedrock_connector::model", model, region,
            "Bedrock does not throttle this model any more"),
        (Some(_), Some(per_minute)) => debug!(target: "bedrock_connector::model", model, region, per_minute,
            "The pace is another"),
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
