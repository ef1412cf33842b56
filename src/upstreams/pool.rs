//! Pools of upstreams that calls share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::balance::{Balance, Change, Options, Verdict};
use crate::connections::{Directory, Granted, Upstream};
use crate::telemetry::{ConnectionEvent, Event, Telemetry};

/// The code of calls that their limit has ended, as errors have it.
const TIMED_OUT: &str = "CALL_TIMED_OUT";

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
    state: Mutex<State>,
    telemetry: Telemetry,
}

#[derive(Debug)]
struct State {
    balance: Balance,
    /// The configuration has it no longer; calls that are under way change nothing that is told.
    retired: bool,
}

/// One round of a call through the upstreams.
#[derive(Debug)]
pub struct Round {
    pool: Arc<Pool>,
    tried: Vec<usize>,
}

/// A call at an upstream. Dropping it without a verdict gives the call up; at the end of its limit, that is a failure.
#[derive(Debug)]
pub struct Lease {
    pool: Arc<Pool>,
    index: usize,
    sent: bool,
    /// When the call's limit ends it, where that is the upstream's doing.
    ends: Option<Instant>,
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
            state: Mutex::new(State { balance: Balance::new(weights, self.options), retired: false }),
            upstreams: model.upstreams.clone(),
            telemetry: self.telemetry.clone(),
        });
        if let Some(replaced) = pools.insert(key, Arc::clone(&pool)) {
            replaced.retire();
        }
        pool
    }

    /// Forgets the pools of what a changed configuration has no longer, or has at other places.
    pub fn keep_those_of(&self, directory: &Directory) {
        lock(&self.pools).retain(|(connection, model), pool| {
            let stays = directory.upstreams(connection, model).is_some_and(|known| known == pool.upstreams);
            if !stays {
                pool.retire();
            }
            stays
        });
    }
}

impl Pool {
    /// A new round: every upstream comes into question.
    pub fn round(self: &Arc<Self>) -> Round {
        Round { pool: Arc::clone(self), tried: Vec::new() }
    }

    fn give_up(&self, index: usize, verdict: Verdict) {
        lock(&self.state).balance.settle(index, verdict, Instant::now());
    }

    fn settle(&self, index: usize, verdict: Verdict, code: &str) {
        let Some(upstream) = self.upstreams.get(index) else { return };
        let (connection, model, upstream) = (&self.connection, &self.model, &upstream.name);
        let emit = |event| self.telemetry.emit(Event::Connection(event));
        emit(ConnectionEvent::UpstreamCalled { connection, model, upstream, code });
        // Told before it is let go, so that changes are told in the order in which they came.
        let mut state = lock(&self.state);
        let change = state.balance.settle(index, verdict, Instant::now());
        match change.filter(|_| !state.retired) {
            Some(Change::Opened) => {
                emit(ConnectionEvent::UpstreamOpened { connection, model, upstream, code });
            }
            Some(Change::Closed) => emit(ConnectionEvent::UpstreamClosed { connection, model, upstream }),
            None => {}
        }
    }

    /// Nothing is told of it from here on, and nothing that was told stays.
    fn retire(&self) {
        let mut state = lock(&self.state);
        state.retired = true;
        for (index, upstream) in self.upstreams.iter().enumerate() {
            if state.balance.is_open(index) {
                self.telemetry.emit(Event::Connection(ConnectionEvent::UpstreamRetired {
                    connection: &self.connection,
                    model: &self.model,
                    upstream: &upstream.name,
                }));
            }
        }
    }
}

impl Round {
    /// The next upstream for this call; none when all have been tried.
    pub fn offer(&mut self) -> Option<Lease> {
        let index = lock(&self.pool.state).balance.pick(Instant::now(), &self.tried)?;
        self.tried.push(index);
        Some(Lease { pool: Arc::clone(&self.pool), index, sent: false, ends: None, settled: false })
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

    /// Whether the upstream gets no calls but trials.
    pub fn is_left_alone(&self) -> bool {
        lock(&self.pool.state).balance.is_open(self.index)
    }

    /// Says that the call is sent now, and when its limit ends it, if that says something of the upstream.
    pub fn begin(&mut self, ends: Option<Instant>) {
        self.sent = true;
        self.ends = ends;
    }

    /// Ends the call with `OK` or the code of its error.
    pub fn end(mut self, verdict: Verdict, code: &str) {
        self.settled = true;
        self.pool.settle(self.index, verdict, code);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        match self.ends {
            _ if !self.sent => self.pool.give_up(self.index, Verdict::Unused),
            // The limit of a call drops it, as everybody does who wants it no longer.
            Some(ends) if ends <= Instant::now() => self.pool.settle(self.index, Verdict::Failed, TIMED_OUT),
            _ => self.pool.give_up(self.index, Verdict::Unknown),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole after every step, so a panic elsewhere leaves nothing broken behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
