//! Pools of upstreams that calls share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::balance::{Balance, Change, Options, Verdict};
use crate::connections::{Granted, Upstream};
use crate::telemetry::{ConnectionEvent, Event, Telemetry};

/// The pools of all models, by connection and alias.
#[derive(Debug)]
pub struct Pools {
    telemetry: Telemetry,
    options: Options,
    pools: Mutex<HashMap<(String, String), Arc<Pool>>>,
}

/// The upstreams of one model.
#[derive(Debug)]
pub struct Pool {
    connection: String,
    model: String,
    upstreams: Vec<Upstream>,
    balance: Mutex<Balance>,
    telemetry: Telemetry,
}

/// One round of a call through the upstreams.
#[derive(Debug)]
pub struct Round {
    pool: Arc<Pool>,
    tried: Vec<usize>,
}

/// A call at an upstream. Dropping it without a verdict gives the call up.
#[derive(Debug)]
pub struct Lease {
    pool: Arc<Pool>,
    index: usize,
    settled: bool,
}

impl Pools {
    /// Without any pool yet.
    pub fn new(options: Options, telemetry: Telemetry) -> Self {
        Self { telemetry, options, pools: Mutex::default() }
    }

    /// The pool of a granted model. It is kept as long as the model has the same upstreams, so that what is known of
    /// them outlives a changed configuration.
    pub fn of(&self, granted: &Granted) -> Arc<Pool> {
        let (connection, model) = (&granted.connection.name, &granted.model);
        let mut pools = lock(&self.pools);
        let key = (connection.clone(), model.alias.clone());
        if let Some(pool) = pools.get(&key).filter(|pool| pool.upstreams == model.upstreams) {
            return Arc::clone(pool);
        }
        let weights = model.upstreams.iter().map(|upstream| upstream.weight);
        let pool = Arc::new(Pool {
            connection: connection.clone(),
            model: model.alias.clone(),
            balance: Mutex::new(Balance::new(weights, self.options)),
            upstreams: model.upstreams.clone(),
            telemetry: self.telemetry.clone(),
        });
        pools.insert(key, Arc::clone(&pool));
        pool
    }
}

impl Pool {
    /// A new round: every upstream comes into question.
    pub fn round(self: &Arc<Self>) -> Round {
        Round { pool: Arc::clone(self), tried: Vec::new() }
    }

    fn settle(&self, index: usize, verdict: Verdict) -> Option<Change> {
        lock(&self.balance).settle(index, verdict, Instant::now())
    }

    fn tell(&self, index: usize, change: Option<Change>, code: &str) {
        let Some(upstream) = self.upstreams.get(index) else { return };
        let (connection, model, upstream) = (&self.connection, &self.model, &upstream.name);
        let emit = |event| self.telemetry.emit(Event::Connection(event));
        emit(ConnectionEvent::UpstreamCalled { connection, model, upstream, code });
        match change {
            Some(Change::Opened) => {
                emit(ConnectionEvent::UpstreamOpened { connection, model, upstream, code });
            }
            Some(Change::Closed) => emit(ConnectionEvent::UpstreamClosed { connection, model, upstream }),
            None => {}
        }
    }
}

impl Round {
    /// The next upstream for this call; none when all have been tried.
    pub fn offer(&mut self) -> Option<Lease> {
        let index = lock(&self.pool.balance).pick(Instant::now(), &self.tried)?;
        self.tried.push(index);
        Some(Lease { pool: Arc::clone(&self.pool), index, settled: false })
    }

    /// Takes back an upstream that has not been tried after all.
    pub fn put_back(&mut self, lease: Lease) {
        self.tried.retain(|index| *index != lease.index);
    }

    /// Whether there is another upstream to try.
    pub fn has_next(&self) -> bool {
        self.tried.len() < self.pool.upstreams.len()
    }
}

impl Lease {
    /// Where the call goes.
    pub fn upstream(&self) -> &Upstream {
        // The balance has as many members as there are upstreams, so its numbers are theirs.
        self.pool.upstreams.get(self.index).expect("the balance only gives numbers of upstreams")
    }

    /// Ends the call with `OK` or the code of its error.
    pub fn end(mut self, verdict: Verdict, code: &str) {
        self.settled = true;
        let change = self.pool.settle(self.index, verdict);
        self.pool.tell(self.index, change, code);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.settled {
            self.pool.settle(self.index, Verdict::Unknown);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole after every step, so a panic elsewhere leaves nothing broken behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
