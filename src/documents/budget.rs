//! The account of bytes: how much of all documents together is in memory.
//!
//! A document is paid for before it is asked for, with the most it may be, and gets back what it does not need as
//! soon as its size is known. A job keeps its share until it is done with the request that its documents are part
//! of. Jobs wait for their first document while they hold nothing. One that needs more while it holds something
//! takes what is free; otherwise it overdraws, and only one job may do so at a time. So nobody waits in a circle,
//! and no more is in memory than the budget and the documents of one job.

use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The size of what is counted, so that counts stay small.
const UNIT: usize = 1024;

/// Bytes of documents that may be in memory, for all jobs together. Clones share one account.
#[derive(Debug, Clone)]
pub struct Budget {
    free: Arc<Semaphore>,
    overdraft: Arc<Semaphore>,
    units: u32,
}

impl Budget {
    /// An account of so many bytes.
    pub fn new(bytes: usize) -> Self {
        let units = units(bytes).max(1);
        let free = Arc::new(Semaphore::new(units as usize));
        Self { free, overdraft: Arc::new(Semaphore::new(1)), units }
    }

    /// An empty share of it.
    pub(super) fn share(&self) -> Share {
        Share { budget: self.clone(), kept: None, reserved: None, overdraft: None }
    }
}

/// What one job has of the budget. Dropping it gives all back.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    /// For the documents that are loaded.
    kept: Option<OwnedSemaphorePermit>,
    /// For the one that is being loaded.
    reserved: Option<OwnedSemaphorePermit>,
    overdraft: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Waits until a document of this size fits in. What was reserved before and not settled is given back.
    pub async fn reserve(&mut self, bytes: usize) {
        self.reserved = None;
        if self.overdraft.is_some() {
            return;
        }
        // What is larger than the budget has it for itself.
        let units = units(bytes).min(self.budget.units);
        if self.kept.is_none() {
            self.reserved = open(Arc::clone(&self.budget.free).acquire_many_owned(units).await);
        } else {
            match Arc::clone(&self.budget.free).try_acquire_many_owned(units) {
                Ok(permit) => self.reserved = Some(permit),
                Err(_) => self.overdraft = open(Arc::clone(&self.budget.overdraft).acquire_owned().await),
            }
        }
    }

    /// Gives back what is reserved beyond this size.
    pub fn shrink(&mut self, bytes: usize) {
        if let Some(reserved) = &mut self.reserved {
            let surplus = reserved.num_permits().saturating_sub(units(bytes) as usize);
            drop(reserved.split(surplus));
        }
    }

    /// Keeps what is reserved, for a document of this size.
    pub fn keep(&mut self, bytes: usize) {
        self.shrink(bytes);
        match (&mut self.kept, self.reserved.take()) {
            (Some(kept), Some(reserved)) => kept.merge(reserved),
            (kept @ None, reserved) => *kept = reserved,
            (Some(_), None) => {}
        }
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

/// The semaphores are never closed.
fn open(permit: Result<OwnedSemaphorePermit, AcquireError>) -> Option<OwnedSemaphorePermit> {
    permit.ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::timeout;

    use super::*;

    const KIB: usize = 1024;

    async fn loaded(budget: &Budget, bytes: usize) -> Share {
        let mut share = budget.share();
        share.reserve(bytes).await;
        share.keep(bytes);
        share
    }

    #[tokio::test]
    async fn the_first_document_of_a_job_waits_for_room() {
        let budget = Budget::new(10 * KIB);
        let first = loaded(&budget, 8 * KIB).await;
        let mut second = budget.share();
        assert!(second.reserve(4 * KIB).now_or_never().is_none(), "8 of 10 are taken");
        drop(first);
        assert!(second.reserve(4 * KIB).now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_a_document_does_not_need_is_free_at_once() {
        let budget = Budget::new(10 * KIB);
        let mut first = budget.share();
        first.reserve(10 * KIB).await;
        first.shrink(3 * KIB);
        let mut second = budget.share();
        assert!(second.reserve(7 * KIB).now_or_never().is_some());
        first.keep(1);
        second.keep(7 * KIB);
        assert_eq!(budget.free.available_permits(), 2, "1 KiB and 7 KiB are kept");
    }

    #[tokio::test]
    async fn one_that_failed_to_load_is_given_back() {
        let budget = Budget::new(10 * KIB);
        let mut share = budget.share();
        share.reserve(10 * KIB).await;
        share.reserve(10 * KIB).await;
        drop(share);
        assert_eq!(budget.free.available_permits(), 10);
    }

    #[tokio::test]
    async fn one_larger_than_the_budget_goes_alone() {
        let budget = Budget::new(10 * KIB);
        let first = loaded(&budget, 100 * KIB).await;
        let mut second = budget.share();
        assert!(second.reserve(1).now_or_never().is_none());
        drop(first);
        assert!(second.reserve(1).now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_that_need_more_than_there_is_do_not_wait_for_each_other() {
        let budget = Budget::new(10 * KIB);
        let jobs = (0..5).map(|_| {
            let budget = budget.clone();
            async move {
                let mut share = budget.share();
                for _ in 0..4 {
                    share.reserve(5 * KIB).await;
                    tokio::task::yield_now().await;
                    share.keep(5 * KIB);
                }
            }
        });
        let all = futures_util::future::join_all(jobs);
        timeout(Duration::from_secs(1), all).await.expect("all jobs get their documents");
        assert_eq!((budget.free.available_permits(), budget.overdraft.available_permits()), (10, 1));
    }

    #[tokio::test]
    async fn only_one_job_overdraws() {
        let budget = Budget::new(10 * KIB);
        let mut first = loaded(&budget, 5 * KIB).await;
        let mut second = loaded(&budget, 5 * KIB).await;
        first.reserve(5 * KIB).await;
        first.keep(5 * KIB);
        assert!(second.reserve(5 * KIB).now_or_never().is_none());
        assert!(first.reserve(50 * KIB).now_or_never().is_some(), "it has been let through");
        drop(first);
        assert!(second.reserve(5 * KIB).now_or_never().is_some());
    }
}
