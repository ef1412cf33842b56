//! The jobs that the engine has taken as completed, or as ended by a BPMN error, a short while ago.
//!
//! A job whose lock runs out is given out again. That second activation may lie in a silent connection or in a
//! gateway's buffer while the report of the first one arrives after all, the engine takes it, and the stored
//! answer is dropped. Whoever reads the activation then would ask the model once more, for nobody. So the engine
//! is asked first whether it still wants a job that is remembered here.
//!
//! Nothing is given out after its end, so such an activation is at most a lock older than that, and one whose lock
//! is over is asked about anyway: what is forgotten here after two locks is missed by nobody. An error that nothing
//! caught leaves a job that an operator may have given out once more; the engine says that it wants this one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::zeebe::JobKey;

/// Far more than are ended within two locks. A forgotten one costs a call at worst.
const MOST: usize = 100_000;

/// Remembers keys for a while.
#[derive(Debug, Default)]
pub(super) struct Finished {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    until: HashMap<JobKey, Instant>,
    by_age: VecDeque<JobKey>,
}

impl Finished {
    pub(super) fn remember(&self, key: JobKey, keep: Duration) {
        let now = Instant::now();
        self.with(|memory| {
            memory.make_room(now);
            if memory.until.insert(key, now + keep).is_none() {
                memory.by_age.push_back(key);
            }
        });
    }

    pub(super) fn knows(&self, key: JobKey) -> bool {
        let now = Instant::now();
        self.with(|memory| memory.until.get(&key).is_some_and(|until| *until > now))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Memory {
    /// Drops those whose time is over, and the oldest when there are too many.
    fn make_room(&mut self, now: Instant) {
        while let Some(oldest) = self.by_age.front() {
            if self.by_age.len() < MOST && self.until.get(oldest).is_some_and(|until| *until > now) {
                break;
            }
            self.until.remove(oldest);
            self.by_age.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_job_is_known_for_its_time() {
        let finished = Finished::default();
        finished.remember(JobKey(1), MINUTE);
        advance(MINUTE / 2).await;
        finished.remember(JobKey(2), MINUTE);
        assert!(finished.knows(JobKey(1)) && finished.knows(JobKey(2)));
        advance(MINUTE / 2).await;
        assert!(!finished.knows(JobKey(1)) && finished.knows(JobKey(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_bound() {
        let finished = Finished::default();
        (0..).take(MOST + 1).map(JobKey).for_each(|key| finished.remember(key, MINUTE));
        assert!(!finished.knows(JobKey(0)) && finished.knows(JobKey(1)));
        advance(MINUTE).await;
        finished.remember(JobKey(-1), MINUTE);
        assert_eq!(finished.with(|memory| (memory.until.len(), memory.by_age.len())), (1, 1));
    }
}
