//! How jobs reach workers: taken by polls, or pushed on streams as they become activatable.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::Pushed;
use super::job::{Content, Job, JobState};
use super::schedule::Due;
use super::state::State;
use crate::emulator::gateway::event::{Delivery, Event};
use crate::emulator::gateway::fault::Pushes;
use crate::emulator::gateway::options::Variables;
use crate::proto;
use crate::proto::keys::JobKey;

/// What a poll or a stream asks for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) job_type: Arc<str>,
    pub(crate) worker: String,
    pub(crate) lock: Duration,
    pub(crate) fetch_variables: Vec<String>,
    /// None takes jobs of every tenant.
    pub(crate) tenants: Option<Vec<String>>,
    pub(crate) with_lease: bool,
}

/// Names an open stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamId(u64);

#[derive(Debug)]
pub(crate) struct OpenStream {
    id: StreamId,
    ask: Ask,
    sender: mpsc::Sender<Pushed>,
}

/// The jobs of one type that wait for a poll, oldest first, and the bell that wakes polls.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    jobs: std::collections::BTreeSet<i64>,
    arrivals: Arc<Notify>,
}

impl Ask {
    fn takes(&self, job: &Job) -> bool {
        let tenant = &*job.place.tenant_id;
        let tenant_fits =
            self.tenants.as_ref().is_none_or(|tenants| tenants.iter().any(|ours| ours == tenant));
        *self.job_type == *job.job_type && tenant_fits && (self.with_lease || job.lease.is_none())
    }
}

impl State {
    /// The bell for jobs of this type.
    pub(crate) fn arrivals(&mut self, job_type: &Arc<str>) -> Arc<Notify> {
        Arc::clone(&self.waiting.entry(Arc::clone(job_type)).or_default().arrivals)
    }

    /// Gives a job to a stream that has room, and otherwise lets it wait for a poll.
    pub(crate) fn make_available(&mut self, key: i64) {
        let Some(job) = self.jobs.get_mut(&key) else { return };
        if job.once && job.activations > 0 {
            job.state = JobState::Withheld;
            return;
        }
        job.state = JobState::Activatable;
        if self.size_of(key).is_some_and(|size| size > self.max_message_bytes) {
            let reason = "the job does not fit into a message: its variables are too large".to_owned();
            self.stop_job(JobKey(key), JobState::Failed, reason);
            return;
        }
        if self.pushes != Pushes::Silent && self.push(key) {
            return;
        }
        self.let_wait(key);
    }

    fn let_wait(&mut self, key: i64) {
        let Some(job) = self.jobs.get(&key) else { return };
        let waiting = self.waiting.entry(Arc::clone(&job.job_type)).or_default();
        waiting.jobs.insert(key);
        waiting.arrivals.notify_waiters();
    }

    fn push(&mut self, key: i64) -> bool {
        let Some(job) = self.jobs.get(&key) else { return false };
        let fitting = |stream: &&OpenStream| stream.ask.takes(job) && stream.sender.capacity() > 0;
        let Some(index) = self.streams.iter().position(|stream| fitting(&stream)) else { return false };
        let stream = self.streams.remove(index);
        let pushed = self.push_on(&stream, key);
        // Last in line, so that streams take turns.
        self.streams.push(stream);
        pushed
    }

    fn push_on(&mut self, stream: &OpenStream, key: i64) -> bool {
        let Ok(permit) = stream.sender.try_reserve() else { return false };
        let Some(message) = self.hand_over(key, &stream.ask, Delivery::Push) else { return false };
        if self.pushes == Pushes::Flow {
            permit.send(Ok(message));
        }
        true
    }

    /// Takes up to `max` waiting jobs for a poll, as many as fit one message.
    pub(crate) fn activate(&mut self, ask: &Ask, max: usize) -> Vec<proto::ActivatedJob> {
        let Some(waiting) = self.waiting.get(&ask.job_type) else { return Vec::new() };
        let fits = |key: &&i64| self.jobs.get(key).is_some_and(|job| ask.takes(job));
        let keys: Vec<i64> = waiting.jobs.iter().filter(fits).take(max).copied().collect();
        let mut room = self.max_message_bytes;
        let mut taken = Vec::new();
        for key in keys {
            let Some(size) = self.size_of(key) else { continue };
            if size > room && !taken.is_empty() {
                break;
            }
            room = room.saturating_sub(size);
            taken.extend(self.hand_over(key, ask, Delivery::Poll));
        }
        taken
    }

    fn size_of(&self, key: i64) -> Option<usize> {
        let job = self.jobs.get(&key)?;
        let variables = match &job.content {
            Content::Own(Variables::Text(text)) => text.len(),
            Content::Own(Variables::Object(variables)) => weight(variables),
            Content::Element => self.visible_variables(job).map_or(0, |variables| weight(&variables)),
        };
        Some(variables + weight(&job.headers) + 256)
    }

    /// Locks a job for its worker and returns the message for it.
    fn hand_over(&mut self, key: i64, ask: &Ask, by: Delivery) -> Option<proto::ActivatedJob> {
        let visible = self.visible_variables(self.jobs.get(&key)?);
        let deadline_epoch_millis = self.clock.epoch_millis().saturating_add(millis(ask.lock));
        let token = (ask.with_lease && self.leases).then(|| format!("lease-{}", self.keys.next()));
        let ticket =
            self.schedule_at(Instant::now() + ask.lock + self.expiry_lag, Due::LockOver { job: key });
        let job = self.jobs.get_mut(&key)?;
        if let Some(waiting) = self.waiting.get_mut(&job.job_type) {
            waiting.jobs.remove(&key);
        }
        job.state = JobState::Activated { worker: ask.worker.clone(), by, deadline_epoch_millis };
        job.ticket = Some(ticket);
        job.lease = token.or_else(|| job.lease.take());
        job.activations += 1;
        let message = job.message(ask, deadline_epoch_millis, visible);
        self.emit(|| Event::JobActivated { job: JobKey(key), worker: ask.worker.clone(), by });
        Some(message)
    }

    pub(crate) fn open_stream(&mut self, ask: Ask, sender: mpsc::Sender<Pushed>) -> StreamId {
        self.streams_opened += 1;
        let id = StreamId(self.streams_opened);
        self.streams.push(OpenStream { id, ask, sender });
        id
    }

    /// Forgets a stream, and gives back to polls what it was pushed and has not sent on.
    pub(crate) fn close_stream(&mut self, id: StreamId, unsent: &[i64]) {
        self.streams.retain(|stream| stream.id != id);
        for key in unsent {
            self.yield_job(*key);
        }
    }

    fn yield_job(&mut self, key: i64) {
        let pushed = |job: &Job| matches!(job.state, JobState::Activated { by: Delivery::Push, .. });
        if !self.jobs.get(&key).is_some_and(pushed) {
            return;
        }
        self.settle(key);
        if let Some(job) = self.jobs.get_mut(&key) {
            job.state = JobState::Activatable;
            // The worker never saw it.
            job.activations -= 1;
        }
        self.emit(|| Event::JobYielded { job: JobKey(key) });
        self.let_wait(key);
    }

    /// Ends all streams: in order, or with a status.
    pub(crate) fn end_streams(&mut self, status: Option<&tonic::Status>) {
        for stream in self.streams.drain(..) {
            if let Some(status) = status {
                // A stream without room ends all the same, in order.
                stream.sender.try_send(Err(status.clone())).ok();
            }
        }
    }

    pub(crate) fn open_streams(&self) -> usize {
        self.streams.len()
    }

    /// Jobs that wait for a poll, by type.
    pub(crate) fn waiting_jobs(&self) -> HashMap<String, usize> {
        let counts =
            self.waiting.iter().map(|(job_type, waiting)| (job_type.to_string(), waiting.jobs.len()));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Takes a job out of the line for polls.
    pub(crate) fn leave_line(&mut self, job_type: &Arc<str>, key: i64) {
        if let Some(waiting) = self.waiting.get_mut(job_type) {
            waiting.jobs.remove(&key);
        }
    }
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Roughly how many bytes a map has as JSON, without writing it.
fn weight(map: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(_) => 5,
            Value::Number(_) => 12,
            Value::String(text) => text.len() + 2,
            Value::Array(items) => items.iter().map(|item| of(item) + 1).sum::<usize>() + 2,
            Value::Object(map) => weight(map),
        }
    }
    map.iter().map(|(name, value)| name.len() + 4 + of(value)).sum::<usize>() + 2
}
