//! What workers say about their jobs.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::activation::millis;
use super::incident::Incident;
use super::job::{Content, Job, JobState};
use super::rejection::Rejection;
use super::schedule::Due;
use super::state::{Keys, State};
use crate::emulator::gateway::event::Event;
use crate::emulator::gateway::options::Variables;
use crate::proto::keys::{JobKey, ProcessInstanceKey};

/// How the engine is told that an attempt failed.
#[derive(Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) retries: i32,
    pub(crate) message: String,
    pub(crate) back_off: Duration,
    pub(crate) variables: Map<String, Value>,
}

/// A BPMN error that a worker throws.
#[derive(Debug)]
pub(crate) struct ThrownError {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) variables: Map<String, Value>,
}

/// How strictly a command's lease token is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fence {
    /// A leased job wants its token.
    Required,
    /// A token that is sent must be right.
    IfSent,
}

impl State {
    pub(crate) fn complete(
        &mut self,
        key: JobKey,
        lease: Option<&str>,
        variables: Map<String, Value>,
    ) -> Result<(), Rejection> {
        self.running(key, "completed", lease)?;
        let Some(job) = self.finish(key.0, JobState::Completed) else {
            return Err(Rejection::JobUnknown(key));
        };
        self.emit(|| Event::JobCompleted {
            job: key,
            element_id: job.place.element_id.to_string(),
            variables: variables.clone(),
        });
        if let Content::Element = job.content {
            let element = job.place.element;
            let instance = ProcessInstanceKey(job.place.instance);
            self.proceed(instance, |walk, around| walk.complete(element, variables, around));
        }
        Ok(())
    }

    pub(crate) fn fail(
        &mut self,
        key: JobKey,
        lease: Option<&str>,
        attempt: FailedAttempt,
    ) -> Result<(), Rejection> {
        let job = self.running(key, "failed", lease)?;
        job.retries = attempt.retries.max(0);
        match &mut job.content {
            Content::Own(Variables::Object(own)) => own.extend(attempt.variables),
            Content::Own(Variables::Text(_)) => {}
            Content::Element => {
                let (instance, element) = (job.place.instance, job.place.element);
                if let Some(running) = self.processes.instances.get_mut(&instance) {
                    running.instance.set_local(element, attempt.variables);
                }
            }
        }
        self.settle(key.0);
        let element_id = self.element_of(key);
        self.emit(|| Event::JobFailed {
            job: key,
            element_id,
            retries: attempt.retries.max(0),
            message: attempt.message.clone(),
            back_off: attempt.back_off,
        });
        if attempt.retries <= 0 {
            let reason = if attempt.message.is_empty() {
                "the job has no retries left".to_owned()
            } else {
                attempt.message
            };
            self.stop_job(key, JobState::Failed, reason);
        } else if attempt.back_off.is_zero() {
            self.make_available(key.0);
        } else {
            let ticket = self.schedule_at(Instant::now() + attempt.back_off, Due::BackOffOver { job: key.0 });
            self.change(key, |job| {
                job.state = JobState::BackingOff;
                job.ticket = Some(ticket);
            });
        }
        Ok(())
    }

    pub(crate) fn throw(
        &mut self,
        key: JobKey,
        lease: Option<&str>,
        error: ThrownError,
    ) -> Result<(), Rejection> {
        let place = self.running(key, "ended by an error", lease)?.place.clone();
        self.settle(key.0);
        let caught = self.catch(&place, &error.code, error.variables.clone());
        self.emit(|| Event::ErrorThrown {
            job: Some(key),
            element_id: place.element_id.to_string(),
            code: error.code.clone(),
            message: error.message.clone(),
            caught_by: caught.as_ref().map(|caught| caught.by.clone()),
            variables: error.variables,
        });
        match caught {
            Some(caught) => {
                self.finish(key.0, JobState::ErrorCaught);
                self.carry_out(ProcessInstanceKey(place.instance), caught.effects);
            }
            None => {
                let reason = format!("nothing catches the error `{}`: {}", error.code, error.message);
                self.stop_job(key, JobState::ErrorThrown, reason);
            }
        }
        Ok(())
    }

    pub(crate) fn update_timeout(
        &mut self,
        key: JobKey,
        lease: Option<&str>,
        lock: Duration,
    ) -> Result<(), Rejection> {
        let job = self.jobs.get(&key.0).ok_or_else(|| unknown(key))?;
        fence(job, lease, Fence::IfSent)?;
        if !matches!(job.state, JobState::Activated { .. }) {
            return Err(Rejection::JobState { key, state: job.state.name(), wanted: "given a new lock" });
        }
        self.settle(key.0);
        let ticket = self.schedule_at(Instant::now() + lock + self.expiry_lag, Due::LockOver { job: key.0 });
        let deadline = self.clock.epoch_millis().saturating_add(millis(lock));
        self.change(key, |job| {
            job.ticket = Some(ticket);
            if let JobState::Activated { deadline_epoch_millis, .. } = &mut job.state {
                *deadline_epoch_millis = deadline;
            }
        });
        Ok(())
    }

    pub(crate) fn update_retries(
        &mut self,
        key: JobKey,
        lease: Option<&str>,
        retries: i32,
    ) -> Result<(), Rejection> {
        let job = self.jobs.get_mut(&key.0).ok_or_else(|| unknown(key))?;
        fence(job, lease, Fence::IfSent)?;
        job.retries = retries;
        Ok(())
    }

    /// Lets go on what an incident stopped.
    pub(crate) fn resolve_incident(&mut self, key: i64) -> Result<(), Rejection> {
        let unknown = Rejection::KeyUnknown { kind: "incident", key };
        let incident = self.incidents.get(&key).ok_or(unknown)?;
        let job = incident.job.and_then(|job| self.jobs.get(&job.0));
        if job.is_some_and(|job| job.retries <= 0) {
            return Err(Rejection::RetriesLeftOut(key));
        }
        let (job, instance, element) = (job.map(|job| job.key), incident.instance, incident.element);
        self.incidents.remove(&key);
        self.emit(|| Event::IncidentResolved { incident: key });
        if let Some(job) = job {
            self.make_available(job);
        } else if let Some(element) = element {
            self.proceed(instance, |walk, around| walk.resume(element.0, around));
        }
        Ok(())
    }

    /// A job that may be ended: activated, or waiting again after its lock ran out.
    fn running(
        &mut self,
        key: JobKey,
        wanted: &'static str,
        lease: Option<&str>,
    ) -> Result<&mut Job, Rejection> {
        let job = self.jobs.get_mut(&key.0).ok_or_else(|| unknown(key))?;
        fence(job, lease, Fence::Required)?;
        match job.state {
            JobState::Activated { .. } | JobState::Activatable => Ok(job),
            _ => Err(Rejection::JobState { key, state: job.state.name(), wanted }),
        }
    }

    pub(super) fn stop_job(&mut self, key: JobKey, state: JobState, message: String) {
        self.change(key, |job| job.state = state);
        let Some(job) = self.jobs.get(&key.0) else { return };
        let instance = ProcessInstanceKey(job.place.instance);
        let element_id = job.place.element_id.to_string();
        self.raise(Incident { key: 0, instance, element_id, element: None, job: Some(key), message });
    }

    pub(super) fn raise(&mut self, incident: Incident) {
        let key = self.keys.next();
        self.emit(|| Event::IncidentRaised {
            incident: key,
            instance: incident.instance,
            element_id: incident.element_id.clone(),
            message: incident.message.clone(),
        });
        self.incidents.insert(key, Incident { key, ..incident });
    }

    fn change(&mut self, key: JobKey, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs.get_mut(&key.0) {
            change(job);
        }
    }

    fn element_of(&self, key: JobKey) -> String {
        self.jobs.get(&key.0).map(|job| job.place.element_id.to_string()).unwrap_or_default()
    }
}

/// Keys carry the partition that issued them, and there is only the first.
fn unknown(key: JobKey) -> Rejection {
    if Keys::are_ours(key.0) { Rejection::JobUnknown(key) } else { Rejection::KeyForeign(key) }
}

fn fence(job: &Job, sent: Option<&str>, fence: Fence) -> Result<(), Rejection> {
    let Some(lease) = &job.lease else { return Ok(()) };
    let holds = match (sent, fence) {
        (Some(token), _) => token == lease,
        (None, Fence::IfSent) => true,
        (None, Fence::Required) => false,
    };
    if holds { Ok(()) } else { Err(Rejection::LeaseStale(JobKey(job.key))) }
}
