//! What others may know of a running worker.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::crew::Count;
use super::slots::Slots;
use crate::telemetry::FeedProblem;

/// Looks at a worker. Clones look at the same one.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(super) slots: Slots,
    pub(super) board: Arc<Board>,
}

/// How one job type is fed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedStatus {
    /// Whether jobs can be asked for: the gateway has answered, and nothing has gone wrong since.
    pub up: bool,
    /// Whether a stream is open.
    pub streaming: bool,
    /// What is wrong, if something is.
    pub problem: Option<Problem>,
}

/// Why no jobs can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: FeedProblem,
    /// The gateway's status code.
    pub code: &'static str,
    pub message: String,
}

/// Where the parts of a worker write their state.
#[derive(Debug, Default)]
pub(super) struct Board {
    pub(super) in_flight: Count,
    feeds: Mutex<BTreeMap<Arc<str>, FeedStatus>>,
}

impl Board {
    pub(super) fn update(&self, job_type: &Arc<str>, change: impl FnOnce(&mut FeedStatus)) {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        change(feeds.entry(Arc::clone(job_type)).or_default());
    }
}

impl Handle {
    /// How many jobs are being worked on or reported.
    pub fn in_flight(&self) -> usize {
        self.board.in_flight.load(Ordering::Relaxed)
    }

    /// How many jobs could be taken besides. Polls and streams that wait hold a slot too.
    pub fn free_slots(&self) -> usize {
        self.slots.free()
    }

    /// How each job type is fed.
    pub fn feeds(&self) -> BTreeMap<Arc<str>, FeedStatus> {
        self.board.feeds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether every job type can be asked for. An engine that gives back-pressure is there, so it counts.
    pub fn is_ready(&self) -> bool {
        let ready = |feed: &FeedStatus| {
            feed.up || matches!(&feed.problem, Some(problem) if problem.kind == FeedProblem::Busy)
        };
        let feeds = self.board.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.values().all(ready)
    }
}
