//! Random actions of processes that share a store, against the simplest thing that could be right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bedrock_connector::journal::{Entry, Guard, Host as _, Limits, Removal, Store};
use futures_util::future::join3;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::desk::{Desk, entry, key};

/// Entries are this old at most.
pub(crate) const LIMITS: Limits = Limits { max_bytes: 256 << 20, keep: Duration::from_secs(1) };
const JOBS: i64 = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// Processes that share a store.
pub(crate) trait Processes {
    fn count(&self) -> usize;
    fn desk(&self) -> &Arc<Desk>;
    fn store(&self, process: usize) -> Arc<dyn Store>;
    /// Runs what a process does.
    fn run<T>(&self, process: usize, work: impl Future<Output = T>) -> T;
    /// The process ends in order, and another takes its place.
    fn end(&mut self, process: usize);
    /// The process is killed, and another takes its place.
    fn kill(&mut self, process: usize);
    /// Whatever may happen to the storage without harm.
    fn disturb(&mut self);
}

/// `PutWatched` is a put with looks at the same job beside it.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    Put { job: i64, fingerprint: u8, bytes: usize },
    PutWatched { job: i64, fingerprint: u8, bytes: usize },
    Get { job: i64 },
    RemoveNow { job: i64 },
    RemoveSoon { job: i64 },
    Claim { job: i64 },
    Release { job: i64 },
    Pass { millis: i64 },
    End,
    Kill,
    Disturb,
}

/// An action and whose it is; there may be fewer processes than the number says.
pub(crate) fn action() -> impl Strategy<Value = (usize, Action)> {
    let job = || 0..JOBS;
    let action = prop_oneof![
        4 => (job(), any::<u8>(), 0_usize..20_000)
            .prop_map(|(job, fingerprint, bytes)| Action::Put { job, fingerprint, bytes }),
        2 => (job(), any::<u8>(), 0_usize..20_000)
            .prop_map(|(job, fingerprint, bytes)| Action::PutWatched { job, fingerprint, bytes }),
        4 => job().prop_map(|job| Action::Get { job }),
        1 => job().prop_map(|job| Action::RemoveNow { job }),
        2 => job().prop_map(|job| Action::RemoveSoon { job }),
        4 => job().prop_map(|job| Action::Claim { job }),
        2 => job().prop_map(|job| Action::Release { job }),
        1 => (0_i64..600).prop_map(|millis| Action::Pass { millis }),
        1 => Just(Action::End),
        1 => Just(Action::Kill),
        1 => Just(Action::Disturb),
    ];
    (0_usize..2, action)
}

/// What must be there.
#[derive(Debug)]
struct Expected {
    entry: Entry,
    /// It was removed, and whether that has come to pass is nobody's business.
    fading: bool,
}

pub(crate) struct Pair<P> {
    processes: P,
    entries: BTreeMap<i64, Expected>,
    /// What each process will remove with the next thing that it makes durable.
    pending: Vec<BTreeSet<i64>>,
    claims: BTreeMap<i64, (usize, Guard)>,
}

impl<P: Processes> Pair<P> {
    pub(crate) fn new(processes: P) -> Self {
        let pending = vec![BTreeSet::new(); processes.count()];
        Self { processes, entries: BTreeMap::new(), pending, claims: BTreeMap::new() }
    }

    /// Carries all actions out, and looks at everything at the end.
    pub(crate) fn carry_out(mut self, actions: Vec<(usize, Action)>) -> Result<P, TestCaseError> {
        for (process, action) in actions {
            self.step(process % self.processes.count(), action)?;
        }
        for job in 0..JOBS {
            for process in 0..self.processes.count() {
                self.compare(process, job)?;
            }
        }
        Ok(self.processes)
    }

    fn step(&mut self, process: usize, action: Action) -> TestCaseResult {
        let store = self.processes.store(process);
        match action {
            Action::Put { job, fingerprint, bytes } => {
                let entry = entry(fingerprint, &vec![fingerprint; bytes], self.processes.desk());
                self.processes.run(process, store.put(key(job), entry.clone())).unwrap();
                self.is_put(process, job, entry);
            }
            Action::PutWatched { job, fingerprint, bytes } => {
                let entry = entry(fingerprint, &vec![fingerprint; bytes], self.processes.desk());
                self.put_watched(process, job, entry)?;
            }
            Action::Get { job } => self.compare(process, job)?,
            Action::RemoveNow { job } => {
                self.processes.run(process, store.remove(key(job), Removal::Now)).unwrap();
                self.durable(process);
                self.entries.remove(&job);
            }
            Action::RemoveSoon { job } => {
                self.processes.run(process, store.remove(key(job), Removal::Soon)).unwrap();
                self.pending[process].insert(job);
                if let Some(expected) = self.entries.get_mut(&job) {
                    expected.fading = true;
                }
            }
            Action::Claim { job } => self.claim(process, job)?,
            Action::Release { job } => {
                if self.claims.get(&job).is_some_and(|(holder, _)| *holder == process) {
                    let (_, guard) = self.claims.remove(&job).unwrap();
                    self.processes.run(process, async { drop(guard) });
                }
            }
            Action::Pass { millis } => self.processes.desk().pass(millis),
            Action::End => {
                self.claims.retain(|_, (holder, _)| *holder != process);
                self.processes.end(process);
                self.durable(process);
            }
            Action::Kill => {
                self.processes.kill(process);
                self.claims.retain(|_, (holder, _)| *holder != process);
                self.pending[process].clear();
            }
            Action::Disturb => self.processes.disturb(),
        }
        Ok(())
    }

    /// Whoever looks meanwhile finds the entry before or this one.
    fn put_watched(&mut self, process: usize, job: i64, entry: Entry) -> TestCaseResult {
        let store = self.processes.store(process);
        let later = async {
            tokio::task::yield_now().await;
            store.get(key(job)).await
        };
        let all = join3(store.put(key(job), entry.clone()), store.get(key(job)), later);
        let (put, first, second) = self.processes.run(process, all);
        put.unwrap();
        for found in [first.unwrap(), second.unwrap()] {
            if found.as_ref() != Some(&entry) {
                self.is_as_expected(job, found.as_ref())?;
            }
        }
        self.is_put(process, job, entry);
        Ok(())
    }

    fn is_put(&mut self, process: usize, job: i64, entry: Entry) {
        self.durable(process);
        // A removal that another process has put off may still come, or have come before.
        let fading = self.pending.iter_mut().filter_map(|jobs| jobs.take(&job)).count() > 0;
        self.entries.insert(job, Expected { entry, fading });
    }

    /// What a process was to remove soon goes with the next thing that it makes durable.
    fn durable(&mut self, process: usize) {
        for job in std::mem::take(&mut self.pending[process]) {
            self.entries.remove(&job);
        }
    }

    fn claim(&mut self, process: usize, job: i64) -> TestCaseResult {
        let store = self.processes.store(process);
        match self.claims.get(&job) {
            None => {
                let claim = async { tokio::time::timeout(PATIENCE, store.claim(key(job))).await };
                let guard = self.processes.run(process, claim).expect("nobody holds it").unwrap();
                self.claims.insert(job, (process, guard));
            }
            // Within a process the journal itself sees to it.
            Some((holder, _)) if *holder == process => {}
            Some(_) => {
                let is_kept_waiting = async {
                    let mut claim = store.claim(key(job));
                    tokio::select! {
                        biased;
                        _ = &mut claim => return false,
                        // What is asked later is answered later.
                        found = store.get(key(job)) => found.unwrap(),
                    };
                    futures_util::FutureExt::now_or_never(&mut claim).is_none()
                };
                prop_assert!(self.processes.run(process, is_kept_waiting), "job {} has two holders", job);
            }
        }
        Ok(())
    }

    fn compare(&self, process: usize, job: i64) -> TestCaseResult {
        let found = self.processes.run(process, self.processes.store(process).get(key(job))).unwrap();
        self.is_as_expected(job, found.as_ref())
    }

    fn is_as_expected(&self, job: i64, found: Option<&Entry>) -> TestCaseResult {
        let keep = i64::try_from(LIMITS.keep.as_millis()).unwrap();
        let is_over = |entry: &Entry| self.processes.desk().epoch_millis() - entry.stored_at > keep;
        match self.entries.get(&job).filter(|expected| !is_over(&expected.entry)) {
            None => prop_assert_eq!(found, None),
            Some(Expected { entry, fading: false }) => prop_assert_eq!(found, Some(entry)),
            Some(Expected { entry, fading: true }) => prop_assert!(found.is_none_or(|found| found == entry)),
        }
        Ok(())
    }
}
