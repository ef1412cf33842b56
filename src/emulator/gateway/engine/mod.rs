//! The broker in memory. [`state::State`] decides; this module gives it a lock, a clock and a pulse.

mod activation;
mod commands;
mod effects;
mod finished;
mod incident;
mod job;
mod messages;
mod processes;
mod rejection;
mod schedule;
mod state;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

pub(crate) use self::activation::{Ask, StreamId};
pub(crate) use self::commands::{FailedAttempt, ThrownError};
pub use self::incident::Incident;
pub use self::job::{JobSnapshot, JobState};
pub(crate) use self::processes::{Definition, Which};
pub use self::processes::{InstanceOutcome, InstanceSnapshot};
pub(crate) use self::rejection::Rejection;
pub(crate) use self::state::State;
use super::event::Event;
use super::options::Options;
use crate::emulator::guarded::Guarded;

/// The state behind its lock.
#[derive(Debug)]
pub(crate) struct Engine {
    options: Options,
    state: Guarded<State>,
    events: broadcast::Sender<Event>,
    /// Wakes the pulse when something is due earlier than it knows.
    sooner: Arc<Notify>,
    version: watch::Sender<u64>,
}

impl Engine {
    pub(crate) fn new(options: Options) -> Arc<Self> {
        let events = broadcast::Sender::new(options.event_buffer.max(1));
        let sooner = Arc::new(Notify::new());
        let state = State::new(&options, events.clone(), Arc::clone(&sooner));
        Arc::new(Self { options, state: Guarded::new(state), events, sooner, version: watch::Sender::new(0) })
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Reads or changes the state; those who wait for a condition look again afterwards.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        let result = self.state.with(work);
        self.version.send_modify(|version| *version = version.wrapping_add(1));
        result
    }

    /// Forgets everything, as a broker does that lost its disk. Streams end.
    pub(crate) fn forget(&self) {
        self.with(|state| state.forget(&self.options));
    }

    /// Fires what is due, for ever.
    pub(crate) async fn pulse(self: Arc<Self>) {
        loop {
            let next = self.state.with(|state| state.next_due());
            let due = async {
                match next {
                    Some(next) => sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.with(|state| state.fire_due(Instant::now())),
                () = self.sooner.notified() => {}
            }
        }
    }

    /// Waits until the state answers, or for as long as `patience`.
    pub(crate) async fn wait_for<R>(
        &self,
        patience: Duration,
        mut look: impl FnMut(&mut State) -> Option<R>,
    ) -> Option<R> {
        let mut version = self.version.subscribe();
        let search = async {
            loop {
                version.mark_unchanged();
                if let Some(found) = self.state.with(&mut look) {
                    return Some(found);
                }
                version.changed().await.ok()?;
            }
        };
        timeout(patience, search).await.ok().flatten()
    }

    /// Takes jobs for a poll; waits for some until `wait` is over. No wait: answers at once.
    pub(crate) async fn poll(
        &self,
        ask: &Ask,
        max: usize,
        wait: Option<Duration>,
    ) -> Vec<crate::proto::ActivatedJob> {
        let deadline = wait.map(|wait| Instant::now() + wait);
        loop {
            let arrivals = self.state.with(|state| state.arrivals(&ask.job_type));
            let arrived = arrivals.notified();
            tokio::pin!(arrived);
            // Enabled before looking, so that a job that arrives in between is not missed.
            arrived.as_mut().enable();
            let jobs = self.with(|state| state.activate(ask, max));
            let Some(deadline) = deadline.filter(|_| jobs.is_empty()) else { return jobs };
            tokio::select! {
                () = arrived => {}
                () = sleep_until(deadline) => return Vec::new(),
            }
        }
    }

    /// Opens a stream of pushed jobs.
    pub(crate) fn open_stream(&self, ask: Ask) -> (StreamId, mpsc::Receiver<Pushed>) {
        let (sender, receiver) = mpsc::channel(self.options.stream_buffer.max(1));
        (self.with(|state| state.open_stream(ask, sender)), receiver)
    }
}

/// What travels on a stream: a job, or the status that ends it.
pub(crate) type Pushed = Result<crate::proto::ActivatedJob, tonic::Status>;
