//! What an operator can say about how jobs are taken and worked on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::zeebe::BackoffOptions;

/// The settings of a [`Worker`](super::Worker).
#[derive(Debug, Clone)]
pub struct Options {
    /// How the engine's records name this worker. `None` takes the name of the connector.
    pub worker_name: Option<String>,
    /// The tenants whose jobs are taken; empty where the engine has no multi-tenancy.
    pub tenant_ids: Vec<String>,
    /// How many jobs are worked on at once, over all job types.
    pub max_jobs_active: usize,
    /// How long the engine gives a job to this worker at a time. It is extended while the work lasts, so it
    /// only says how soon the jobs of a dead worker come back.
    pub lock: Duration,
    /// Locks of single job types.
    pub locks: BTreeMap<String, Duration>,
    /// How long running jobs may go on after the order to stop. Give it more than the longest call takes, and
    /// the container's termination grace period a little more than this.
    pub grace: Duration,
    /// How long jobs that are given back may take after the grace period.
    pub hand_back_time: Duration,
    /// For how long the lock is kept alive while an outcome is being reported.
    pub report_patience: Duration,
    /// How long a poll waits at the gateway when there is no stream.
    pub long_poll: Duration,
    /// Whether jobs are pushed to this worker.
    pub stream: bool,
    /// After how long a stream is replaced in any case.
    pub stream_max_age: Duration,
    /// After how long a silent stream is replaced when polls bring what it should have pushed.
    pub stream_inactivity: Duration,
    /// The pause after an empty poll beside a stream, which doubles …
    pub idle_poll_min: Duration,
    /// … up to this.
    pub idle_poll_max: Duration,
    /// The pauses between attempts at the gateway, for polls, streams and commands.
    pub back_off: BackoffOptions,
    /// The pause after the engine has denied its jobs.
    pub denied_delay: Duration,
    /// The pause after the engine has refused how jobs are asked for.
    pub misconfigured_delay: Duration,
    /// Asks for job leases (8.10 and later). Jobs that were leased once are only given to workers that ask
    /// for leases, so a whole fleet must agree.
    pub with_lease: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            worker_name: None,
            tenant_ids: Vec::new(),
            max_jobs_active: 100,
            lock: Duration::from_secs(60),
            locks: BTreeMap::new(),
            grace: Duration::from_secs(25),
            hand_back_time: Duration::from_secs(4),
            report_patience: Duration::from_secs(15 * 60),
            long_poll: Duration::from_secs(10),
            stream: true,
            stream_max_age: Duration::from_secs(8 * 60 * 60),
            stream_inactivity: Duration::from_secs(60),
            idle_poll_min: Duration::from_secs(1),
            idle_poll_max: Duration::from_secs(30),
            back_off: BackoffOptions::default(),
            denied_delay: Duration::from_secs(60),
            misconfigured_delay: Duration::from_secs(5 * 60),
            with_lease: false,
        }
    }
}

/// The shortest lock: below it, a slow answer of the gateway would lose jobs.
const SHORTEST_LOCK: Duration = Duration::from_secs(1);

/// A mistake in the [`Options`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Allow one job at least.
    #[error("max_jobs_active is 0, so no job could ever be taken; expected 1 or more")]
    NoSlots,
    /// Register a connector.
    #[error("no connector is registered for any job type, so there is nothing to ask for")]
    NoJobTypes,
    /// Give locks a second at least.
    #[error("the lock of {job_type} is {} ms; expected 1 s or more", found.as_millis())]
    LockTooShort { job_type: String, found: Duration },
    /// Name a job type that is served.
    #[error(
        "there is a lock for the job type {job_type}, which no connector serves; expected one of {served}"
    )]
    UnknownJobType { job_type: String, served: String },
}

impl Options {
    /// Finds all mistakes; the job types are those that connectors serve.
    pub fn check<'a>(&self, job_types: impl IntoIterator<Item = &'a str>) -> Vec<OptionsError> {
        let served: Vec<&str> = job_types.into_iter().collect();
        let mut errors = Vec::new();
        if self.max_jobs_active == 0 {
            errors.push(OptionsError::NoSlots);
        }
        if served.is_empty() {
            errors.push(OptionsError::NoJobTypes);
        }
        for job_type in &served {
            let found = self.lock_of(job_type);
            if found < SHORTEST_LOCK {
                errors.push(OptionsError::LockTooShort { job_type: (*job_type).to_owned(), found });
            }
        }
        let unknown = self.locks.keys().filter(|job_type| !served.contains(&job_type.as_str()));
        errors.extend(unknown.map(|job_type| OptionsError::UnknownJobType {
            job_type: job_type.clone(),
            served: served.join(", "),
        }));
        errors
    }

    /// The lock of a job type.
    pub(super) fn lock_of(&self, job_type: &str) -> Duration {
        self.locks.get(job_type).copied().unwrap_or(self.lock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_have_no_mistake() {
        assert_eq!(Options::default().check(["a"]), []);
    }

    #[test]
    fn all_mistakes_are_found_at_once() {
        let locks = BTreeMap::from([
            ("a".to_owned(), Duration::from_millis(5)),
            ("b".to_owned(), Duration::from_secs(5)),
        ]);
        let options = Options { max_jobs_active: 0, locks, ..Options::default() };
        let errors = options.check(["a"]);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "max_jobs_active is 0, so no job could ever be taken; expected 1 or more",
                "the lock of a is 5 ms; expected 1 s or more",
                "there is a lock for the job type b, which no connector serves; expected one of a",
            ]
        );
        assert_eq!(Options::default().check([]), [OptionsError::NoJobTypes]);
    }
}
