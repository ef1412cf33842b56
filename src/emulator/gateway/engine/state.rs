//! Everything the broker knows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use super::activation::{OpenStream, Waiting};
use super::finished::Finished;
use super::incident::Incident;
use super::job::{Content, Job, JobSnapshot, JobState, Place};
use super::processes::Processes;
use super::schedule::{Due, Schedule, Ticket};
use crate::clock::Clock;
use crate::emulator::gateway::event::Event;
use crate::emulator::gateway::fault::Pushes;
use crate::emulator::gateway::options::{NewJob, Options, Variables};
use crate::proto::keys::{JobKey, ProcessInstanceKey};

/// The state of the broker. Every method leaves it consistent; none waits.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) keys: Keys,
    pub(super) jobs: HashMap<i64, Job>,
    pub(super) waiting: HashMap<Arc<str>, Waiting>,
    pub(super) streams: Vec<OpenStream>,
    pub(super) streams_opened: u64,
    pub(super) pushes: Pushes,
    pub(super) schedule: Schedule,
    pub(super) processes: Processes,
    pub(super) incidents: BTreeMap<i64, Incident>,
    finished: Finished<JobSnapshot>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) leases: bool,
    pub(super) expiry_lag: Duration,
    pub(super) max_message_bytes: usize,
    events: broadcast::Sender<Event>,
    sooner: Arc<Notify>,
}

/// Issues keys as partition 1 of a cluster does.
#[derive(Debug)]
pub(crate) struct Keys(i64);

/// Where a key says which partition issued it.
const PARTITION_SHIFT: u32 = 51;

impl Keys {
    pub(crate) fn are_ours(key: i64) -> bool {
        key >> PARTITION_SHIFT == 1
    }

    pub(crate) fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

impl State {
    pub(crate) fn new(options: &Options, events: broadcast::Sender<Event>, sooner: Arc<Notify>) -> Self {
        Self {
            keys: Keys(1 << PARTITION_SHIFT),
            jobs: HashMap::new(),
            waiting: HashMap::new(),
            streams: Vec::new(),
            streams_opened: 0,
            pushes: Pushes::default(),
            schedule: Schedule::default(),
            incidents: BTreeMap::new(),
            finished: Finished::new(options.record_limit),
            clock: Arc::clone(&options.clock),
            processes: Processes::new(options),
            // Older engines skip the field that asks for one.
            leases: options.is_at_least(8, 10),
            expiry_lag: options.expiry_lag,
            max_message_bytes: options.max_message_bytes,
            events,
            sooner,
        }
    }

    /// Everything is lost but the numbers: keys are never issued twice.
    pub(crate) fn forget(&mut self, options: &Options) {
        let empty = Self::new(options, self.events.clone(), Arc::clone(&self.sooner));
        let before = std::mem::replace(self, empty);
        self.keys = before.keys;
        self.streams_opened = before.streams_opened;
    }

    /// Tells those who listen; without any, the event is not even made.
    pub(super) fn emit(&self, event: impl FnOnce() -> Event) {
        if self.events.receiver_count() > 0 {
            self.events.send(event()).ok();
        }
    }

    pub(crate) fn next_key(&mut self) -> i64 {
        self.keys.next()
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.schedule.next()
    }

    pub(super) fn schedule_at(&mut self, at: Instant, due: Due) -> Ticket {
        if self.schedule.next().is_none_or(|next| at < next) {
            self.sooner.notify_one();
        }
        self.schedule.add(at, due)
    }

    pub(crate) fn fire_due(&mut self, now: Instant) {
        while let Some(due) = self.schedule.pop_due(now) {
            self.fire(due);
        }
    }

    fn fire(&mut self, due: Due) {
        match due {
            Due::LockOver { job } => {
                self.settle(job);
                self.emit(|| Event::JobTimedOut { job: JobKey(job) });
                self.make_available(job);
            }
            Due::BackOffOver { job } => {
                self.settle(job);
                self.make_available(job);
            }
            Due::Timer { instance, element } => self.fire_timer(instance, element),
        }
    }

    /// Ends whatever a job was waiting for.
    pub(super) fn settle(&mut self, key: i64) {
        let Some(job) = self.jobs.get_mut(&key) else { return };
        let job_type = Arc::clone(&job.job_type);
        if let Some(ticket) = job.ticket.take() {
            self.schedule.cancel(ticket);
        }
        self.leave_line(&job_type, key);
    }

    /// Takes a job out of the engine.
    pub(super) fn finish(&mut self, key: i64, ending: JobState) -> Option<Job> {
        self.settle(key);
        let mut job = self.jobs.remove(&key)?;
        job.state = ending;
        self.finished.add(key, || job.snapshot());
        self.incidents.retain(|_, incident| incident.job != Some(JobKey(key)));
        Some(job)
    }

    /// A job, running or over.
    pub(crate) fn job(&self, key: JobKey) -> Option<JobSnapshot> {
        let running = self.jobs.get(&key.0).map(Job::snapshot);
        running.or_else(|| self.finished.get(key.0).cloned())
    }

    /// Takes a job away, as the end of its process does.
    pub(crate) fn cancel_job(&mut self, key: JobKey) {
        if self.finish(key.0, JobState::Canceled).is_some() {
            self.emit(|| Event::JobCanceled { job: key });
        }
    }

    pub(crate) fn expire_lock(&mut self, key: JobKey) {
        if self.jobs.get(&key.0).is_some_and(|job| matches!(job.state, JobState::Activated { .. })) {
            self.fire(Due::LockOver { job: key.0 });
        }
    }

    pub(crate) fn end_back_off(&mut self, key: JobKey) {
        if self.jobs.get(&key.0).is_some_and(|job| job.state == JobState::BackingOff) {
            self.fire(Due::BackOffOver { job: key.0 });
        }
    }

    /// How many jobs are not over.
    pub(crate) fn unfinished_jobs(&self) -> usize {
        self.jobs.len()
    }

    pub(crate) fn set_pushes(&mut self, pushes: Pushes) {
        self.pushes = pushes;
    }

    pub(crate) fn incidents(&self) -> Vec<Incident> {
        self.incidents.values().cloned().collect()
    }

    /// Makes a job outside any process.
    pub(crate) fn create_job(&mut self, new: NewJob) -> JobKey {
        let place = Place {
            tenant_id: new.tenant_id.into(),
            bpmn_process_id: new.bpmn_process_id.into(),
            version: 1,
            definition: 1,
            instance: self.keys.next(),
            element_id: new.element_id.into(),
            element: self.keys.next(),
        };
        let content = Content::Own(new.variables);
        self.add_job(Job::new(new.job_type.into(), new.headers, new.retries, place, content, new.once))
    }

    pub(super) fn add_job(&mut self, job: Job) -> JobKey {
        let key = self.keys.next();
        let job = Job { key, ..job };
        self.emit(|| Event::JobCreated {
            job: JobKey(key),
            instance: ProcessInstanceKey(job.place.instance),
            element_id: job.place.element_id.to_string(),
            job_type: job.job_type.to_string(),
            retries: job.retries,
            headers: job.headers.clone(),
            variables: match &job.content {
                Content::Own(Variables::Object(variables)) => variables.clone(),
                Content::Own(Variables::Text(_)) => Map::new(),
                Content::Element => self.visible_variables(&job).unwrap_or_default(),
            },
        });
        self.jobs.insert(key, job);
        self.make_available(key);
        JobKey(key)
    }
}
