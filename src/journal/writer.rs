//! The one task that writes, whatever the storage: answers that arrive together share a commit.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::entry::Change;
use super::{Error, Key};

/// Beyond this, whoever has an answer waits before it is even in the queue.
const QUEUE: usize = 1024;
/// The most changes of one commit; it bounds what waits in memory.
const MAX_BATCH: usize = 256;
/// The most bytes of one commit, give or take one answer.
const MAX_BATCH_BYTES: usize = 16 << 20;
/// The most removals that wait for the storage to come back. What is beyond goes by age.
const MAX_LEFT_OVER: usize = 10_000;
/// How long a removal that nobody waits for may be put off.
const REMOVAL_DELAY: Duration = Duration::from_secs(1);
/// How often the limits are looked after when there is nothing else to write.
const SWEEP_PAUSE: Duration = Duration::from_secs(60);

/// What keeps the entries, as its writer sees it.
pub(super) trait Storage: Debug + Send + Sync + 'static {
    fn is_open(&self) -> bool;

    /// Opens it, or says why not.
    fn open(self: Arc<Self>) -> impl Future<Output = ()> + Send;

    /// Makes changes durable, in their order.
    fn write(&self, changes: Vec<Change>) -> impl Future<Output = Result<(), Error>> + Send;

    /// Drops what is beyond the limits.
    fn sweep(&self) -> impl Future<Output = ()> + Send;

    /// Lets go of it.
    fn shut(&self);

    /// Wakes the writer when somebody else has given the storage up.
    fn given_up(&self) -> &Notify;

    /// How long to wait before the storage is tried again, after so many attempts.
    fn retry_pause(&self, attempts: u32) -> Duration;

    /// How long a job is kept waiting.
    fn patience(&self) -> Duration;

    /// Notes that the storage took longer than that.
    fn too_slow(&self) -> Error;

    /// What is said while it is not open.
    fn away(&self) -> Error;
}

type Done = oneshot::Sender<Result<(), Error>>;

/// Something to write.
#[derive(Debug)]
enum Order {
    Change {
        change: Change,
        /// Whoever waits for it to be durable.
        done: Option<Done>,
    },
    /// Writes all that waits and lets go of the storage.
    Close { done: oneshot::Sender<()> },
}

/// Gives orders to a writer.
#[derive(Debug)]
pub(super) struct Pen<S> {
    storage: Arc<S>,
    orders: mpsc::Sender<Order>,
}

impl<S: Storage> Pen<S> {
    /// Opens the storage and starts its writer, which ends with the pen.
    pub(super) async fn start(storage: Arc<S>) -> Self {
        Arc::clone(&storage).open().await;
        let (orders, queue) = mpsc::channel(QUEUE);
        tokio::spawn(Writer::new(Arc::clone(&storage), queue).run());
        Self { storage, orders }
    }

    /// Returns when a change is durable.
    pub(super) async fn durable(&self, change: Change) -> Result<(), Error> {
        let (done, written) = oneshot::channel();
        let order = Order::Change { change, done: Some(done) };
        let write = async {
            self.orders.send(order).await.map_err(|_| self.storage.away())?;
            written.await.unwrap_or_else(|_| Err(self.storage.away()))
        };
        self.within_patience(write).await
    }

    /// Drops an entry at the next opportunity.
    pub(super) async fn remove_soon(&self, key: Key) -> Result<(), Error> {
        let order = Order::Change { change: Change::Remove(key), done: None };
        let send = async { self.orders.send(order).await.map_err(|_| self.storage.away()) };
        self.within_patience(send).await
    }

    /// Writes all that waits and lets go of the storage.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        let close = async {
            if self.orders.send(Order::Close { done }).await.is_ok() {
                closed.await.ok();
            }
        };
        timeout(self.storage.patience(), close).await.ok();
    }

    /// Waits for the storage only so long.
    pub(super) async fn within_patience<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        timeout(self.storage.patience(), work).await.unwrap_or_else(|_| Err(self.storage.too_slow()))
    }
}

#[derive(Debug)]
struct Writer<S> {
    storage: Arc<S>,
    orders: mpsc::Receiver<Order>,
    changes: Vec<Change>,
    bytes: usize,
    waiting: Vec<Done>,
    closing: Option<oneshot::Sender<()>>,
    /// When the changes have to be written though nobody waits.
    due: Option<Instant>,
    /// When the storage is tried again, and how often it was.
    retry_at: Option<Instant>,
    attempts: u32,
    sweep_at: Instant,
}

impl<S: Storage> Writer<S> {
    fn new(storage: Arc<S>, orders: mpsc::Receiver<Order>) -> Self {
        Self {
            storage,
            orders,
            changes: Vec::new(),
            bytes: 0,
            waiting: Vec::new(),
            closing: None,
            due: None,
            retry_at: None,
            attempts: 0,
            sweep_at: Instant::now() + SWEEP_PAUSE,
        }
    }

    /// Writes until it is told to close, or until nobody can give orders any more.
    async fn run(mut self) {
        loop {
            self.look_after_storage();
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.take(order),
                    None => break,
                },
                () = at(self.due) => self.write().await,
                () = at(self.retry_at) => self.retry().await,
                () = sleep_until(self.sweep_at) => self.sweep().await,
                () = self.storage.given_up().notified() => {}
            }
            while !self.is_full() && self.closing.is_none() {
                let Ok(order) = self.orders.try_recv() else { break };
                self.take(order);
            }
            if !self.waiting.is_empty() || self.is_full() {
                self.write().await;
            }
            if self.closing.is_some() {
                break;
            }
        }
        self.write().await;
        self.storage.shut();
        if let Some(done) = self.closing {
            // Whoever asked may have stopped waiting.
            done.send(()).ok();
        }
    }

    fn is_full(&self) -> bool {
        self.changes.len() >= MAX_BATCH || self.bytes >= MAX_BATCH_BYTES
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Change { change, done } => {
                self.bytes = self.bytes.saturating_add(change.bytes());
                self.changes.push(change);
                match done {
                    Some(done) => self.waiting.push(done),
                    None => {
                        self.due.get_or_insert_with(|| Instant::now() + REMOVAL_DELAY);
                    }
                }
            }
            Order::Close { done } => self.closing = Some(done),
        }
    }

    async fn write(&mut self) {
        self.due = None;
        self.bytes = 0;
        if self.changes.is_empty() {
            return;
        }
        let left_over = removals(&self.changes);
        let changes = std::mem::take(&mut self.changes);
        // Without storage, answers are not kept; what was to be removed still is, once that can be done.
        let result =
            if self.storage.is_open() { self.storage.write(changes).await } else { Err(self.storage.away()) };
        if result.is_err() {
            self.changes = left_over;
        }
        for done in self.waiting.drain(..) {
            done.send(result.clone()).ok();
        }
    }

    async fn sweep(&mut self) {
        if self.storage.is_open() {
            self.storage.sweep().await;
        }
        self.sweep_at = Instant::now() + SWEEP_PAUSE;
    }

    fn look_after_storage(&mut self) {
        if self.storage.is_open() {
            (self.retry_at, self.attempts) = (None, 0);
        } else {
            self.retry_at.get_or_insert_with(|| Instant::now() + self.storage.retry_pause(self.attempts));
        }
    }

    async fn retry(&mut self) {
        self.retry_at = None;
        self.attempts = self.attempts.saturating_add(1);
        Arc::clone(&self.storage).open().await;
        if self.storage.is_open() {
            self.write().await;
        }
    }
}

fn removals(changes: &[Change]) -> Vec<Change> {
    let removed = changes.iter().filter_map(|change| match change {
        Change::Remove(key) => Some(Change::Remove(key.clone())),
        Change::Put(..) => None,
    });
    removed.take(MAX_LEFT_OVER).collect()
}

/// A moment, or never.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
