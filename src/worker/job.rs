//! The life of one job: received, lock kept alive, prepared, answered, concluded, reported, acknowledged.
//!
//! One task owns all of it, and with it the slot. Whatever ends the task frees the slot.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use super::answer::Fate;
use super::crew::Crew;
use super::lock::{LockKeeper, Lost};
use super::reporter::{Report, Reported, Reporter};
use super::slots::Slot;
use crate::connector::{
    self, Call, Code, Failure, FailureCause, Outcome, Plan, Response, Retry, Scope, TaskHeaders, Template,
};
use crate::journal::Removal;
use crate::telemetry::{CommandKind, Event, JobSource, JobTag, Phase};
use crate::zeebe::{self, ActivatedJob, Backoff, JobKey};

/// What a job that is given back at shutdown says in the engine.
const HANDED_BACK: &str = "the connector is stopping and gives the job back; its retries are kept";

/// What the modeler sees of a panic: its own text could hold anything.
const DEFECT: &str = "the connector came upon a defect of its own and gave up this attempt (PANIC); \
                      its log says where, please report it";

/// An activated job with the slot that it is worked on in.
#[derive(Debug)]
pub(super) struct HeldJob {
    pub(super) job: ActivatedJob,
    pub(super) slot: Slot,
    pub(super) source: JobSource,
}

/// How a job ended for this worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The engine has acknowledged an outcome.
    Acknowledged,
    /// The job was no longer ours.
    Lost,
    /// Given back at shutdown.
    HandedBack,
    /// The outcome could not be reported.
    Abandoned,
}

/// Works on a job until nothing is left to do about it.
pub(super) async fn run(crew: Arc<Crew>, held: HeldJob) -> Ended {
    let HeldJob { job, slot, source } = held;
    let _slot = slot;
    let _in_flight = crew.enter(&job.job_type);
    let span = tracing::info_span!(
        "job",
        job_key = job.key.0,
        job_type = job.job_type,
        process_instance_key = job.process_instance_key.0,
    );
    let (lock, remaining) = crew.lock_of(&job);
    let keeper = LockKeeper::new(lock, remaining, Backoff::new(crew.options.back_off));
    let (mission, job) = Mission::new(crew, job);
    mission.carry_out(job, &keeper, source).instrument(span).await
}

/// Why the work on a job was dropped.
pub(super) enum Stopped {
    Lost(Phase, Lost),
    HandBack,
}

/// A step ended in a panic.
struct Panicked;

/// What is kept of a job until its end, and all that is needed to act on it. Its variables are not: they are
/// large, and the call has what it needs of them.
#[derive(Debug)]
pub(super) struct Mission {
    crew: Arc<Crew>,
    key: JobKey,
    job_type: Arc<str>,
    tenant_id: String,
    process_instance_key: i64,
    retries: i32,
    lease: Option<String>,
    template: Template,
    received: Instant,
}

impl Mission {
    fn new(crew: Arc<Crew>, job: ActivatedJob) -> (Self, connector::Job) {
        let (headers, _) = TaskHeaders::parse(&job.custom_headers);
        let job_type: Arc<str> = job.job_type.into();
        let template_id = headers.template.named().map(str::to_owned);
        let mission = Self {
            crew,
            key: job.key,
            job_type: Arc::clone(&job_type),
            tenant_id: job.tenant_id.clone(),
            process_instance_key: job.process_instance_key.0,
            retries: job.retries,
            lease: job.lease_token,
            template: headers.template,
            received: Instant::now(),
        };
        let job = connector::Job {
            key: job.key.0,
            job_type,
            scope: Scope {
                tenant_id: job.tenant_id,
                bpmn_process_id: job.bpmn_process_id,
                process_definition_key: job.process_definition_key.0,
                process_definition_version: job.process_definition_version,
                process_instance_key: job.process_instance_key.0,
                element_id: job.element_id,
                element_instance_key: job.element_instance_key.0,
                template_id,
            },
            headers: job.custom_headers,
            variables: job.variables,
            retries: job.retries,
        };
        (mission, job)
    }

    async fn carry_out(&self, job: connector::Job, keeper: &LockKeeper, source: JobSource) -> Ended {
        self.emit(Event::JobReceived { job: self.tag(), source });
        if let Err(lost) = keeper.confirm(self).await {
            return self.lost(Phase::Waiting, &lost);
        }
        let worked = tokio::select! {
            biased;
            lost = keeper.keep(self) => Err(Stopped::Lost(Phase::Working, lost)),
            worked = self.work(job, keeper) => worked,
            () = self.crew.hand_back.cancelled() => Err(Stopped::HandBack),
        };
        // The ways out are boxed, so that a job that waits for its model does not hold the room for them.
        match worked {
            Ok(outcome) => Box::pin(self.report(keeper, outcome)).await,
            Err(Stopped::Lost(phase, lost)) => self.lost(phase, &lost),
            Err(Stopped::HandBack) => Box::pin(self.hand_back(keeper)).await,
        }
    }

    // === the work ===

    async fn work(&self, job: connector::Job, keeper: &LockKeeper) -> Result<Outcome, Stopped> {
        let prepared = match caught(self.crew.runtime.prepare(&job)).await {
            Ok(prepared) => prepared,
            Err(Panicked) => return Ok(self.defect(Phase::Waiting, Duration::ZERO)),
        };
        drop(job);
        let plan = prepared.plan;
        let answer = match prepared.call {
            Err(error) => Err(error),
            Ok(call) => match caught(self.call(keeper, &plan, call)).await {
                Ok(answer) => answer?,
                Err(Panicked) => return Ok(self.defect(Phase::Working, plan.retry_backoff())),
            },
        };
        Ok(match caught(self.crew.runtime.conclude(&plan, answer)).await {
            Ok(outcome) => outcome,
            Err(Panicked) => self.defect(Phase::Working, plan.retry_backoff()),
        })
    }

    /// Asks the model, within the modeler's limit if there is one.
    async fn call(
        &self,
        keeper: &LockKeeper,
        plan: &Plan,
        call: Box<dyn Call>,
    ) -> Result<Result<Response, connector::Error>, Stopped> {
        let Some(limit) = plan.job_timeout() else {
            return self.answer(keeper, plan, call).await;
        };
        let end = match keeper.set_limit(self, limit).await {
            Ok(end) => end,
            Err(lost) => return Err(Stopped::Lost(Phase::Waiting, lost)),
        };
        match timeout_at(end, self.answer(keeper, plan, call)).await {
            Ok(answer) => answer,
            Err(_) => {
                self.emit(Event::JobLimitReached { job: self.tag(), limit });
                Ok(Err(over_limit(limit)))
            }
        }
    }

    fn defect(&self, phase: Phase, retry_back_off: Duration) -> Outcome {
        self.emit(Event::JobPanicked { job: self.tag(), phase });
        Outcome::Fail(Failure {
            cause: FailureCause::Panic,
            retries: self.retries.saturating_sub(1).max(0),
            message: DEFECT.to_owned(),
            retry_back_off,
            variables: serde_json::Map::new(),
        })
    }

    // === the end ===

    async fn report(&self, keeper: &LockKeeper, outcome: Outcome) -> Ended {
        let fate = Fate::of(&outcome);
        let report = Report::from(outcome);
        let action = report.action();
        let (retries, message) = report.summary();
        let took = self.received.elapsed();
        self.emit(Event::JobConcluded { job: self.tag(), action, retries, message, took });
        if fate == Fate::Rejected {
            self.forget(Removal::Now).await;
        }
        match self.send(keeper, report).await {
            Reported::Acknowledged(action) => {
                if fate.is_over(action) {
                    let keep = self.crew.options.lock_of(&self.job_type).saturating_mul(2);
                    self.crew.finished.remember(self.key, keep);
                    self.forget(Removal::Soon).await;
                }
                self.emit(Event::JobAcknowledged { job: self.tag(), action, took: self.received.elapsed() });
                Ended::Acknowledged
            }
            Reported::Lost(lost) => self.lost(Phase::Reporting, &lost),
            Reported::Abandoned => Ended::Abandoned,
        }
    }

    async fn hand_back(&self, keeper: &LockKeeper) -> Ended {
        let retries = self.retries;
        let report = Report::Fail {
            retries,
            message: HANDED_BACK.to_owned(),
            back_off: Duration::ZERO,
            variables: String::new(),
        };
        match self.send(keeper, report).await {
            Reported::Acknowledged(_) => {
                self.emit(Event::JobHandedBack { job: self.tag(), retries });
                Ended::HandedBack
            }
            Reported::Lost(lost) => self.lost(Phase::Reporting, &lost),
            Reported::Abandoned => Ended::Abandoned,
        }
    }

    /// Reports while the lock is kept alive.
    async fn send(&self, keeper: &LockKeeper, report: Report) -> Reported {
        keeper.begin_report(self.crew.options.report_patience);
        let reporter = Reporter::new(self, keeper);
        tokio::select! {
            biased;
            reported = reporter.send(report) => reported,
            lost = keeper.keep(self) => Reported::Lost(lost),
        }
    }

    /// A stored answer stays, even when the engine does not know the job: that may pass, as when tenants are taken
    /// away by mistake, and nobody asks for an answer whose job is gone for good. It goes by age.
    fn lost(&self, phase: Phase, lost: &Lost) -> Ended {
        let Lost { because, message } = lost;
        self.emit(Event::JobLost { job: self.tag(), phase, because: *because, message });
        Ended::Lost
    }

    // === what others need of a job ===

    pub(super) fn tag(&self) -> JobTag<'_> {
        JobTag {
            key: self.key.0,
            job_type: &self.job_type,
            tenant: &self.tenant_id,
            process_instance_key: self.process_instance_key,
            template_id: &self.template.id,
            template_version: &self.template.version,
        }
    }

    pub(super) fn key(&self) -> JobKey {
        self.key
    }

    pub(super) fn lease(&self) -> Option<&str> {
        self.lease.as_deref()
    }

    pub(super) fn crew(&self) -> &Crew {
        &self.crew
    }

    pub(super) fn emit(&self, event: Event<'_>) {
        self.crew.telemetry.emit(event);
    }

    /// Counts the gateway's answer to a command.
    pub(super) fn answered(&self, command: CommandKind, sent: Instant, result: &Result<(), zeebe::Error>) {
        let code = result.as_ref().map_or_else(zeebe::Error::code, |()| "OK");
        self.emit(Event::CommandAnswered { job: self.tag(), command, code, took: sent.elapsed() });
    }
}

/// Runs a step so that its panic ends the step alone. It is boxed, so that a job that waits for its model does not hold
/// the room for all other steps.
async fn caught<T>(step: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(Box::pin(step)).catch_unwind().await.map_err(|_| Panicked)
}

/// What an error expression sees when the modeler's limit is over.
fn over_limit(limit: Duration) -> connector::Error {
    connector::Error {
        code: Code::JOB_TIMEOUT,
        error_type: "java.util.concurrent.TimeoutException".into(),
        message: format!(
            "the work took longer than the task header jobTimeout allows ({} s); consider a longer one",
            limit.as_secs_f64()
        ),
        variables: None,
        retry: Retry::Spend,
    }
}
