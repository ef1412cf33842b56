//! The journal in a folder against a model.

use std::sync::Arc;

use bedrock_connector::journal::{Host, Options, Redb, Store};
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::desk::Desk;
use super::model::{LIMITS, Pair, Processes, action};

const FILE: &str = "answers.redb";

struct Alone {
    runtime: Runtime,
    desk: Arc<Desk>,
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
}

impl Alone {
    fn new() -> Self {
        let runtime =
            Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
        let (desk, folder) = (Desk::new(), tempfile::tempdir().expect("a folder"));
        let store = open(&runtime, &folder, &desk);
        Self { runtime, desk, folder, store }
    }
}

fn open(runtime: &Runtime, folder: &tempfile::TempDir, desk: &Arc<Desk>) -> Arc<dyn Store> {
    let options = Options { limits: LIMITS, ..Options::new(folder.path()) };
    Arc::new(runtime.block_on(Redb::open(options, Arc::clone(desk) as Arc<dyn Host>)))
}

impl Processes for Alone {
    fn count(&self) -> usize {
        1
    }

    fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    fn store(&self, _process: usize) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    fn run<T>(&self, _process: usize, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    fn end(&mut self, process: usize) {
        self.run(process, self.store.close());
        self.store = open(&self.runtime, &self.folder, &self.desk);
    }

    /// The next process finds the file as it was at that moment.
    fn kill(&mut self, process: usize) {
        let copy = tempfile::tempdir().expect("a folder");
        std::fs::copy(self.folder.path().join(FILE), copy.path().join(FILE)).expect("the file is there");
        self.run(process, self.store.close());
        self.folder = copy;
        self.store = open(&self.runtime, &self.folder, &self.desk);
    }

    fn disturb(&mut self) {}
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_file_agrees_with_a_map(actions in prop::collection::vec(action(), 1..40)) {
        let alone = Pair::new(Alone::new()).carry_out(actions)?;
        let told = alone.desk.told();
        prop_assert!(told.iter().all(|line| line.starts_with("opened") || line.starts_with("evicted")), "{:?}", told);
    }
}
