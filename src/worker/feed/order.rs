//! What is asked of the gateway for one job type.

use std::sync::Arc;

use super::machine::Ask;
use crate::worker::options::Options;
use crate::zeebe::{Activation, Subscription};

/// What is asked for.
#[derive(Debug, Clone)]
pub(in crate::worker) struct Order {
    pub(in crate::worker) job_type: Arc<str>,
    pub(in crate::worker) worker: String,
    pub(in crate::worker) fetch_variables: Vec<String>,
    /// Whether jobs are to be pushed: it is wanted, and there are slots enough.
    pub(in crate::worker) streams: bool,
    /// The most slots that a poll may hold while it waits at the gateway.
    pub(in crate::worker) waiting_share: usize,
    /// The most that a poll may hold beside a stream. It is over in a moment and repeated as long as it brings
    /// all it asked for, so a small share will do; and if its answer does not come, the stream has the rest.
    pub(in crate::worker) passing_share: usize,
}

impl Order {
    /// The most slots that a poll may hold.
    pub(super) fn share(&self, ask: Ask) -> usize {
        match ask {
            Ask::Trial => 1,
            Ask::Passing => self.passing_share,
            Ask::Waiting => self.waiting_share,
        }
    }

    /// A poll for so many jobs.
    pub(super) fn activation(&self, options: &Options, slots: usize, ask: Ask) -> Activation {
        Activation {
            job_type: self.job_type.to_string(),
            worker: self.worker.clone(),
            lock: options.lock_of(&self.job_type),
            max_jobs: u32::try_from(slots).unwrap_or(u32::MAX),
            fetch_variables: self.fetch_variables.clone(),
            request_timeout: (ask == Ask::Waiting).then_some(options.long_poll),
            tenant_ids: options.tenant_ids.clone(),
            with_lease: options.with_lease,
        }
    }

    pub(super) fn subscription(&self, options: &Options) -> Subscription {
        Subscription {
            job_type: self.job_type.to_string(),
            worker: self.worker.clone(),
            lock: options.lock_of(&self.job_type),
            fetch_variables: self.fetch_variables.clone(),
            tenant_ids: options.tenant_ids.clone(),
            with_lease: options.with_lease,
        }
    }
}
