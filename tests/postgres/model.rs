//! Two replicas on one database against a model.

use std::sync::Arc;
use std::time::Duration;

use bedrock_connector::journal::postgres::Options;
use bedrock_connector::journal::{Host, Postgres, Store};
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::desk::{Desk, key};
use super::journal_model::{LIMITS, Pair, Processes, action};
use super::server::Server;

/// Each process has a runtime of its own, so that its end is sudden.
struct Replica {
    runtime: Runtime,
    store: Arc<dyn Store>,
}

struct Replicas {
    home: Arc<Runtime>,
    server: Arc<Server>,
    desk: Arc<Desk>,
    replicas: Vec<Replica>,
}

impl Replicas {
    fn new(home: &Arc<Runtime>, server: &Arc<Server>) -> Self {
        let desk = Desk::new();
        let replicas = (0..2).map(|_| replica(server, &desk)).collect();
        Self { home: Arc::clone(home), server: Arc::clone(server), desk, replicas }
    }
}

fn replica(server: &Server, desk: &Arc<Desk>) -> Replica {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let options =
        Options { limits: LIMITS, patience: Duration::from_secs(30), ..Options::new(server.address()) };
    let host = Arc::clone(desk) as Arc<dyn Host>;
    let store = Arc::new(runtime.block_on(Postgres::open(options, host)));
    Replica { runtime, store }
}

impl Processes for Replicas {
    fn count(&self) -> usize {
        self.replicas.len()
    }

    fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    fn store(&self, process: usize) -> Arc<dyn Store> {
        Arc::clone(&self.replicas[process].store)
    }

    fn run<T>(&self, process: usize, work: impl Future<Output = T>) -> T {
        self.replicas[process].runtime.block_on(work)
    }

    fn end(&mut self, process: usize) {
        self.run(process, self.store(process).close());
        self.kill(process);
    }

    fn kill(&mut self, process: usize) {
        let next = replica(&self.server, &self.desk);
        std::mem::replace(&mut self.replicas[process], next).runtime.shutdown_background();
    }

    fn disturb(&mut self) {
        self.home.block_on(self.server.cut_connections());
        // Each is back with its claims before anybody else goes on.
        for process in 0..self.count() {
            self.run(process, self.store(process).get(key(0))).unwrap();
        }
    }
}

#[test]
fn replicas_agree_with_a_map() {
    let home = Arc::new(Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    let server = Arc::new(home.block_on(Server::start()));
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(actions in prop::collection::vec(action(), 1..40))| {
        let pair = Pair::new(Replicas::new(&home, &server));
        let replicas = pair.carry_out(actions)?;
        for replica in replicas.replicas {
            replica.runtime.shutdown_background();
        }
        let empty = "TRUNCATE bedrock_connector_answers";
        home.block_on(async { server.client().await.batch_execute(empty).await }).unwrap();
    });
}
