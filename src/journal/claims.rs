//! One attempt at a time asks for the answer to a job.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The jobs whose answer is being asked for in this process.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    held: Mutex<HashSet<i64>>,
    released: Notify,
}

/// A claim; dropping it lets the next attempt on.
#[derive(Debug)]
pub(super) struct Hold {
    shared: Arc<Shared>,
    job_key: i64,
}

impl Claims {
    /// Waits until no other attempt holds the job.
    pub(super) async fn hold(&self, job_key: i64) -> Hold {
        loop {
            // Registered before the look, so that a release between the two is not missed.
            let mut released = std::pin::pin!(self.shared.released.notified());
            released.as_mut().enable();
            if self.shared.with(|held| held.insert(job_key)) {
                return Hold { shared: Arc::clone(&self.shared), job_key };
            }
            released.await;
        }
    }
}

impl Shared {
    fn with<T>(&self, work: impl FnOnce(&mut HashSet<i64>) -> T) -> T {
        work(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shared.with(|held| held.remove(&self.job_key));
        self.shared.released.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_second_attempt_waits_for_the_first_and_for_no_other_job() {
        let claims = Claims::default();
        let first = claims.hold(1).await;
        let mut second = std::pin::pin!(claims.hold(1));
        assert!((&mut second).now_or_never().is_none());
        let other = claims.hold(2).await;
        drop(other);
        assert!((&mut second).now_or_never().is_none(), "another job's end means nothing");
        drop(first);
        second.await;
    }
}
