//! The one account of how much work there may be at once.
//!
//! Poll and stream of every job type draw from it, and nothing is asked of the gateway without a slot in hand.
//! A slot travels inside its job and is free again when it is dropped, on every path: there is no counting
//! that a forgotten branch could get wrong.
//!
//! A stream holds a slot while it waits for its next job. Such an idle slot is lent to whoever polls and finds
//! none free ([`Slots::recall`]), so that streams take nothing from a backlog, even with one slot in all.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep_until};

/// All slots of a worker. Clones are the same account.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    total: usize,
    semaphore: Arc<Semaphore>,
    /// Until when no slot is given out, because the engine is busy taking reports.
    held_until: Arc<Mutex<Instant>>,
    recalls: Arc<watch::Sender<u64>>,
}

/// The right to work on one job.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            semaphore: Arc::new(Semaphore::new(total)),
            held_until: Arc::new(Mutex::new(Instant::now())),
            recalls: Arc::default(),
        }
    }

    pub(super) fn total(&self) -> usize {
        self.total
    }

    pub(super) fn free(&self) -> usize {
        self.semaphore.available_permits()
    }

    /// Waits for a slot. Those who wait are served in their order.
    pub(super) async fn acquire(&self) -> Slot {
        loop {
            let held_until = *self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
            if held_until <= Instant::now() {
                break;
            }
            sleep_until(held_until).await;
        }
        match Arc::clone(&self.semaphore).acquire_owned().await {
            Ok(permit) => Slot { _permit: permit },
            // The semaphore is never closed; if it were, there would be no slot, now or ever.
            Err(_) => std::future::pending().await,
        }
    }

    /// Takes what is free without waiting, up to so many.
    pub(super) fn take(&self, up_to: usize) -> Vec<Slot> {
        let take_one = |_| Arc::clone(&self.semaphore).try_acquire_owned().ok();
        (0..up_to).map_while(take_one).map(|permit| Slot { _permit: permit }).collect()
    }

    /// Asks those who hold a slot and have no job to give it back.
    pub(super) fn recall(&self) {
        self.recalls.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Changes with each recall.
    pub(super) fn recalls(&self) -> watch::Receiver<u64> {
        self.recalls.subscribe()
    }

    /// Gives out no slot before this instant: new work is throttled before reports are.
    pub(super) fn hold_off(&self, until: Instant) {
        let mut held_until = self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        *held_until = until.max(*held_until);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    use super::*;

    /// What a random caller does with slots.
    #[derive(Debug, Clone)]
    enum Step {
        Acquire,
        Take(usize),
        /// Drops one of the held slots.
        Drop(usize),
        /// Drops one in a task that panics.
        Panic(usize),
        /// Begins to wait for a slot, and gives the wait up.
        GiveUp,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            Just(Step::Acquire),
            (0usize..6).prop_map(Step::Take),
            any::<usize>().prop_map(Step::Drop),
            any::<usize>().prop_map(Step::Panic),
            Just(Step::GiveUp),
        ];
        prop::collection::vec(step, 0..60)
    }

    fn remove(held: &mut Vec<Slot>, at: usize) -> Option<Slot> {
        (!held.is_empty()).then(|| held.remove(at % held.len()))
    }

    proptest! {
        #[test]
        fn the_account_agrees_with_a_count_whatever_callers_do(total in 1usize..8, steps in steps()) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let slots = Slots::new(total);
                let mut held = Vec::new();
                for step in steps {
                    match step {
                        Step::Acquire => {
                            let slot = slots.acquire().now_or_never();
                            prop_assert_eq!(slot.is_some(), held.len() < total);
                            held.extend(slot);
                        }
                        Step::Take(up_to) => {
                            let taken = slots.take(up_to);
                            prop_assert_eq!(taken.len(), up_to.min(total - held.len()));
                            held.extend(taken);
                        }
                        Step::Drop(at) => drop(remove(&mut held, at)),
                        Step::Panic(at) => {
                            let slot = remove(&mut held, at);
                            let job = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
                                let _slot = slot;
                                std::panic::resume_unwind(Box::new("a job's defect"));
                            }));
                            prop_assert!(job.is_err());
                        }
                        Step::GiveUp => {
                            let mut waiting = Box::pin(slots.acquire());
                            if let std::task::Poll::Ready(slot) = futures_util::poll!(&mut waiting) {
                                held.push(slot);
                            }
                        }
                    }
                    prop_assert_eq!(slots.free(), total - held.len());
                }
                held.clear();
                prop_assert_eq!(slots.free(), total);
                Ok(())
            })?;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_slot_that_is_dropped() {
        let slots = Slots::new(1);
        let slot = slots.acquire().await;
        let mut waiting = Box::pin(slots.acquire());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(slot);
        waiting.await;
    }

    #[tokio::test(start_paused = true)]
    async fn no_slot_is_given_out_while_held_off() {
        let slots = Slots::new(1);
        let start = Instant::now();
        slots.hold_off(start + Duration::from_secs(3));
        slots.hold_off(start + Duration::from_secs(1));
        slots.acquire().await;
        assert_eq!(start.elapsed(), Duration::from_secs(3), "a shorter hold does not end a longer one");
    }
}
