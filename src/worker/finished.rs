//! The jobs that the engine has taken as completed a short while ago.
//!
//! A job whose lock runs out is given out again. That second activation may lie in a silent connection or in a
//! gateway's buffer while the report of the first one arrives after all, the engine takes it, and the stored
//! answer is dropped. Whoever reads the activation then would ask the model once more, for nobody. Nothing is
//! given out after its completion, so such an activation is at most a lock older than it: an older one shows by
//! its deadline, and is asked about before the work begins.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::zeebe::JobKey;

/// Far more than complete within a lock. The oldest go first; a forgotten one costs a call at worst.
const MOST: usize = 100_000;

/// Remembers keys for a while.
#[derive(Debug, Default)]
pub(super) struct Finished {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    keys: HashSet<JobKey>,
    by_age: VecDeque<(Instant, JobKey)>,
}

impl Finished {
    /// Remembers a job for this long at least.
    pub(super) fn remember(&self, key: JobKey, keep: Duration) {
        let now = Instant::now();
        self.with(|memory| {
            while memory.by_age.front().is_some_and(|(until, _)| *until <= now) || memory.by_age.len() >= MOST
            {
                if let Some((_, old)) = memory.by_age.pop_front() {
                    memory.keys.remove(&old);
                }
            }
            if memory.keys.insert(key) {
                memory.by_age.push_back((now + keep, key));
            }
        });
    }

    pub(super) fn knows(&self, key: JobKey) -> bool {
        self.with(|memory| memory.keys.contains(&key))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_job_is_forgotten_when_another_one_comes_after_its_time() {
        let finished = Finished::default();
        let minute = Duration::from_secs(60);
        finished.remember(JobKey(1), minute);
        advance(minute / 2).await;
        finished.remember(JobKey(2), minute);
        assert!(finished.knows(JobKey(1)) && finished.knows(JobKey(2)));
        advance(minute / 2).await;
        finished.remember(JobKey(3), minute);
        assert!(!finished.knows(JobKey(1)) && finished.knows(JobKey(2)));
    }

    #[test]
    fn there_is_a_bound() {
        let finished = Finished::default();
        let keys = (0..).take(MOST + 1).map(JobKey);
        keys.for_each(|key| finished.remember(key, Duration::from_secs(60)));
        assert!(!finished.knows(JobKey(0)) && finished.knows(JobKey(1)));
    }
}
