//! What all parts of one worker share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::finished::Finished;
use super::handle::Board;
use super::options::Options;
use super::slots::Slots;
use crate::clock::Clock;
use crate::connector::Runtime;
use crate::journal::Journal;
use crate::telemetry::{InFlight, Telemetry};
use crate::zeebe::{ActivatedJob, Client};

/// The means of a worker.
#[derive(Debug)]
pub(super) struct Crew {
    pub(super) client: Client,
    pub(super) runtime: Runtime,
    pub(super) journal: Journal,
    pub(super) telemetry: Telemetry,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) options: Options,
    pub(super) slots: Slots,
    pub(super) board: Arc<Board>,
    pub(super) finished: Finished,
    /// Cancelled when the grace period is over: running jobs are given back.
    pub(super) hand_back: CancellationToken,
}

/// A job that is being worked on, for the counts.
#[derive(Debug)]
pub(super) struct Entered {
    board: Arc<Board>,
    _in_flight: InFlight,
}

impl Crew {
    /// Counts a job as in flight until the guard is dropped.
    pub(super) fn enter(&self, job_type: &str) -> Entered {
        self.board.in_flight.fetch_add(1, Ordering::Relaxed);
        Entered { board: Arc::clone(&self.board), _in_flight: self.telemetry.in_flight(job_type) }
    }

    /// The lock of a job's type, and how much of it is left by the broker's word and our clock.
    pub(super) fn lock_of(&self, job: &ActivatedJob) -> (Duration, Duration) {
        let left = job.deadline_epoch_millis.saturating_sub(self.clock.epoch_millis());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        (self.options.lock_of(&job.job_type), left)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.board.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many jobs are in flight.
pub(super) type Count = AtomicUsize;
