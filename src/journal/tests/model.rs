//! Random actions against the simplest thing that could be right.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::*;
use crate::journal::entry::Slip;
use crate::journal::index::{Because, Index};

#[derive(Debug, Clone)]
enum Action {
    Put {
        job: i64,
        fingerprint: u8,
        bytes: usize,
    },
    Get {
        job: i64,
    },
    RemoveNow {
        job: i64,
    },
    RemoveSoon {
        job: i64,
    },
    Pass {
        millis: i64,
    },
    /// The process ends in order.
    Reopen,
    /// The process is killed: the next one finds the file as it was at that moment.
    Kill,
}

fn action() -> impl Strategy<Value = Action> {
    let job = || 0_i64..4;
    prop_oneof![
        4 => (job(), any::<u8>(), 0_usize..20_000)
            .prop_map(|(job, fingerprint, bytes)| Action::Put { job, fingerprint, bytes }),
        4 => job().prop_map(|job| Action::Get { job }),
        1 => job().prop_map(|job| Action::RemoveNow { job }),
        2 => job().prop_map(|job| Action::RemoveSoon { job }),
        1 => (0_i64..600).prop_map(|millis| Action::Pass { millis }),
        1 => Just(Action::Reopen),
        1 => Just(Action::Kill),
    ]
}

/// What must be there, and what may be.
#[derive(Debug, Clone)]
struct Expected {
    entry: Entry,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    /// It was removed, and nothing was durable since.
    Fading,
    /// It was removed, and the process was killed before that was durable.
    Forgotten,
}

const KEEP: Duration = Duration::from_secs(1);

fn settings(folder: &Path) -> Options {
    let options = Options::new(folder);
    Options { limits: Limits { keep: KEEP, ..options.limits }, ..options }
}

struct Pair {
    desk: Arc<Desk>,
    folder: tempfile::TempDir,
    redb: Redb,
    model: BTreeMap<i64, Expected>,
}

impl Pair {
    async fn new() -> Self {
        let (desk, folder) = (Desk::new(), tempfile::tempdir().unwrap());
        let redb = Redb::open(settings(folder.path()), Arc::clone(&desk) as Arc<dyn Host>).await;
        Self { desk, folder, redb, model: BTreeMap::new() }
    }

    async fn carry_out(&mut self, action: Action) -> TestCaseResult {
        match action {
            Action::Put { job, fingerprint, bytes } => {
                let entry = entry(fingerprint, &vec![fingerprint; bytes], &self.desk);
                self.redb.put(key(job), entry.clone()).await.unwrap();
                self.durable();
                self.model.insert(job, Expected { entry, fate: Fate::Kept });
            }
            Action::Get { job } => self.compare(job).await?,
            Action::RemoveNow { job } => {
                self.redb.remove(key(job), Removal::Now).await.unwrap();
                self.durable();
                self.model.remove(&job);
            }
            Action::RemoveSoon { job } => {
                self.redb.remove(key(job), Removal::Soon).await.unwrap();
                if let Some(expected) = self.model.get_mut(&job) {
                    expected.fate = Fate::Fading;
                }
            }
            Action::Pass { millis } => self.desk.pass(millis),
            Action::Reopen => {
                self.redb.close().await;
                self.durable();
                self.open().await;
            }
            Action::Kill => {
                let copy = tempfile::tempdir().unwrap();
                let file = "answers.redb";
                std::fs::copy(self.folder.path().join(file), copy.path().join(file)).unwrap();
                self.redb.close().await;
                self.folder = copy;
                for expected in self.model.values_mut().filter(|expected| expected.fate == Fate::Fading) {
                    expected.fate = Fate::Forgotten;
                }
                self.open().await;
            }
        }
        Ok(())
    }

    async fn open(&mut self) {
        self.redb = Redb::open(settings(self.folder.path()), Arc::clone(&self.desk) as Arc<dyn Host>).await;
    }

    /// What was to go soon goes with the next thing that is durable.
    fn durable(&mut self) {
        self.model.retain(|_, expected| expected.fate != Fate::Fading);
    }

    async fn compare(&self, job: i64) -> TestCaseResult {
        let found = self.redb.get(key(job)).await.unwrap();
        let over = |entry: &Entry| {
            self.desk.epoch_millis() - entry.stored_at > i64::try_from(KEEP.as_millis()).unwrap()
        };
        match self.model.get(&job).filter(|expected| !over(&expected.entry)) {
            None => prop_assert_eq!(found, None),
            Some(Expected { entry, fate: Fate::Kept }) => prop_assert_eq!(found.as_ref(), Some(entry)),
            Some(Expected { entry, fate: Fate::Fading | Fate::Forgotten }) => {
                prop_assert!(found.is_none_or(|found| found == *entry));
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_file_agrees_with_a_map(actions in prop::collection::vec(action(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut pair = Pair::new().await;
            for action in actions {
                pair.carry_out(action).await?;
            }
            for job in 0..4 {
                pair.compare(job).await?;
            }
            let told = pair.desk.told();
            prop_assert!(!told.iter().any(|line| line.starts_with("unavailable") || line == "set aside"), "{:?}", told);
            Ok(())
        })?;
    }

    #[test]
    fn the_index_keeps_the_youngest_within_its_limits(
        steps in prop::collection::vec((0_i64..8, 0_usize..3000, 0_i64..400, any::<bool>()), 1..60)
    ) {
        let limits = Limits { max_bytes: 8000, keep: Duration::from_millis(2000) };
        let (mut index, mut model, mut now) = (Index::default(), Vec::<(i64, i64, u64)>::new(), 0);
        for (job, bytes, passed, put) in steps {
            now += passed;
            model.retain(|(_, known, _)| *known != job);
            if put {
                let entry = Entry { fingerprint: [0; 32], stored_at: now, job_type: String::new(), process_instance_key: 0, answer: vec![0; bytes] };
                let slip = Slip::of(&entry);
                model.push((now, job, slip.cost()));
                index.insert(key(job), slip);
            } else {
                index.remove(&key(job));
            }
            let evicted = index.evict(&limits, now);
            model.sort_unstable();
            let mut expected = Vec::new();
            while let Some(&(stored_at, job, _)) = model.first() {
                let size: u64 = model.iter().map(|(_, _, cost)| cost).sum();
                let because = if now - stored_at > 2000 { Because::Age } else if size > 8000 { Because::Size } else { break };
                model.remove(0);
                expected.push((key(job), because));
            }
            prop_assert_eq!(evicted, expected);
            prop_assert_eq!(index.bytes(), model.iter().map(|(_, _, cost)| cost).sum::<u64>());
            prop_assert_eq!(index.len(), model.len());
            prop_assert!(model.iter().all(|(_, job, _)| index.get(&key(*job)).is_some()));
        }
    }
}
