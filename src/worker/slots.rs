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
        let Ok(permit) = Arc::clone(&self.semaphore).acquire_owned().await else {
            // The semaphore is never closed; if it were, there would be no slot, now or ever.
            return std::future::pending().await;
        };
        // Whoever has waited long enough keeps the place until slots are given out again.
        while let Some(until) = self.held_off() {
            sleep_until(until).await;
        }
        Slot { _permit: permit }
    }

    /// Takes what is free without waiting, up to so many.
    pub(super) fn take(&self, up_to: usize) -> Vec<Slot> {
        let up_to = if self.held_off().is_some() { 0 } else { up_to };
        let take_one = |_| Arc::clone(&self.semaphore).try_acquire_owned().ok();
        (0..up_to).map_while(take_one).map(|permit| Slot { _permit: permit }).collect()
    }

    /// Until when no slot is given out, if that is so now.
    fn held_off(&self) -> Option<Instant> {
        let held_until = *self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        (held_until > Instant::now()).then_some(held_until)
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
    use std::pin::Pin;
    use std::task::Poll;
    use std::time::Duration;

    use futures_util::poll;
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// What random callers do with slots. Numbers choose among those that there are.
    #[derive(Debug, Clone)]
    enum Step {
        /// Gets in line for a slot.
        Wait,
        /// Gets out of line.
        GiveUp(usize),
        Take(usize),
        Drop(usize),
        /// Drops a slot in a job that panics.
        Panic(usize),
        /// Holds a slot without a job, as a stream does, and gives it back when asked to.
        Idle(usize),
        Recall,
        HoldOff(Duration),
        Pass(Duration),
    }

    fn step() -> impl Strategy<Value = Step> {
        let some = any::<usize>;
        let time = || (0u32..4).prop_map(|seconds| seconds * SECOND);
        prop_oneof![
            3 => Just(Step::Wait),
            1 => some().prop_map(Step::GiveUp),
            2 => (0usize..6).prop_map(Step::Take),
            3 => some().prop_map(Step::Drop),
            1 => some().prop_map(Step::Panic),
            1 => some().prop_map(Step::Idle),
            1 => Just(Step::Recall),
            1 => time().prop_map(Step::HoldOff),
            2 => time().prop_map(Step::Pass),
        ]
    }

    fn remove<T>(from: &mut Vec<T>, at: usize) -> Option<T> {
        (!from.is_empty()).then(|| from.remove(at % from.len()))
    }

    /// The slots, those who have or want them, and the count that they are compared with.
    struct Callers {
        slots: Slots,
        busy: Vec<Slot>,
        idle: Vec<(Slot, watch::Receiver<u64>)>,
        /// In their order.
        waiting: Vec<Pin<Box<dyn Future<Output = Slot>>>>,
        held_until: Instant,
    }

    impl Callers {
        fn new(total: usize) -> Self {
            let slots = Slots::new(total);
            Self {
                slots,
                busy: Vec::new(),
                idle: Vec::new(),
                waiting: Vec::new(),
                held_until: Instant::now(),
            }
        }

        /// What there is besides the slots that callers have, and how many of those who wait can have one of it.
        fn expected(&self) -> (usize, usize) {
            let left = self.slots.total() - self.busy.len() - self.idle.len();
            let served = if Instant::now() < self.held_until { 0 } else { left.min(self.waiting.len()) };
            (left, served)
        }

        async fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
            match step {
                Step::Wait => {
                    let slots = self.slots.clone();
                    self.waiting.push(Box::pin(async move { slots.acquire().await }));
                }
                Step::GiveUp(at) => drop(remove(&mut self.waiting, at)),
                Step::Take(up_to) => {
                    let held_off = Instant::now() < self.held_until;
                    let unclaimed = self.expected().0.saturating_sub(self.waiting.len());
                    let taken = self.slots.take(up_to);
                    prop_assert_eq!(taken.len(), if held_off { 0 } else { up_to.min(unclaimed) });
                    self.busy.extend(taken);
                }
                Step::Drop(at) => drop(remove(&mut self.busy, at)),
                Step::Panic(at) => {
                    let slot = remove(&mut self.busy, at);
                    let job = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
                        let _slot = slot;
                        std::panic::resume_unwind(Box::new("a job's defect"));
                    }));
                    prop_assert!(job.is_err());
                }
                Step::Idle(at) => {
                    let recalls = self.slots.recalls();
                    self.idle.extend(remove(&mut self.busy, at).map(|slot| (slot, recalls)));
                }
                Step::Recall => self.slots.recall(),
                Step::HoldOff(time) => {
                    self.held_until = self.held_until.max(Instant::now() + time);
                    self.slots.hold_off(Instant::now() + time);
                }
                Step::Pass(time) => tokio::time::advance(time).await,
            }
            self.settle(matches!(step, Step::Recall)).await
        }

        /// Lets everybody go on as far as they can, and compares.
        async fn settle(&mut self, recalled: bool) -> Result<(), TestCaseError> {
            self.idle.retain(|(_, recalls)| !recalls.has_changed().unwrap());
            prop_assert!(!recalled || self.idle.is_empty(), "who is idle hears a recall");
            let (left, wanted) = self.expected();
            let mut served = Vec::new();
            let mut still_waiting = Vec::new();
            for mut one in std::mem::take(&mut self.waiting) {
                match poll!(&mut one) {
                    Poll::Ready(slot) => {
                        prop_assert!(still_waiting.is_empty(), "who came first is served first");
                        served.push(slot);
                    }
                    Poll::Pending => still_waiting.push(one),
                }
            }
            self.waiting = still_waiting;
            prop_assert_eq!(served.len(), wanted);
            self.busy.extend(served);
            // What somebody waits for is not free, even if nobody can have it now.
            prop_assert_eq!(self.slots.free(), left.saturating_sub(wanted + self.waiting.len()));
            Ok(())
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_account_agrees_with_a_count_whatever_callers_do(
            total in 1usize..8,
            steps in prop::collection::vec(step(), 0..80),
        ) {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let mut callers = Callers::new(total);
                for step in steps {
                    callers.step(step).await?;
                }
                let slots = callers.slots.clone();
                drop(callers);
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
        slots.hold_off(start + 3 * SECOND);
        slots.hold_off(start + SECOND);
        slots.acquire().await;
        assert_eq!(start.elapsed(), 3 * SECOND, "a shorter hold does not end a longer one");
    }
}
