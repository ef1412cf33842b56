//! Entries in a file of this process alone.
//!
//! - [`Redb`] is the handle; `writer` is the one task that writes, in groups; `file` is the file with its two
//!   tables, and the only place that blocks; `shared` is the state between them; `archive` is for the operator.
//! - The slips of all entries are in memory, so that a job without an entry costs no look at the disk.
//! - When the storage fails, it is given up at once and tried again after a pause. Nobody waits for it
//!   meanwhile, and nobody waits longer than [`Options::patience`] for a disk that does not answer.

mod archive;
pub(super) mod file;
mod shared;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub use self::archive::Archive;
use self::file::{Change, Disk, Medium, Place};
use self::shared::Shared;
use self::writer::{Order, Writer};
use super::entry::Slip;
use super::index::Limits;
use super::{Entry, Error, Host, Key, Removal, Store};

/// Beyond this, whoever has an answer waits before it is even in the queue.
const QUEUE: usize = 1024;

/// The settings of the journal in a folder.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the file is. It is made when it is not there.
    pub folder: PathBuf,
    pub limits: Limits,
    /// How long a job is kept waiting for the disk.
    pub patience: Duration,
    /// After how long storage that has failed is tried again.
    pub retry_pause: Duration,
}

impl Options {
    /// The settings for a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            limits: Limits { max_bytes: 256 << 20, keep: Duration::from_secs(7 * 24 * 60 * 60) },
            patience: Duration::from_secs(5),
            retry_pause: Duration::from_secs(10),
        }
    }
}

/// The journal in a folder.
#[derive(Debug)]
pub struct Redb {
    shared: Arc<Shared>,
    orders: mpsc::Sender<Order>,
}

impl Redb {
    /// Opens the folder. One that cannot be used is said to the host and tried again later.
    pub async fn open(options: Options, host: Arc<dyn Host>) -> Self {
        Self::open_on(Disk, options, host).await
    }

    pub(super) async fn open_on(
        medium: impl Medium + 'static,
        options: Options,
        host: Arc<dyn Host>,
    ) -> Self {
        let Options { folder, limits, patience, retry_pause } = options;
        let shared = Arc::new(Shared::new(Place::new(folder, medium), limits, host, patience));
        shared.open().await;
        let (orders, queue) = mpsc::channel(QUEUE);
        tokio::spawn(Writer::new(Arc::clone(&shared), queue, retry_pause).run());
        Self { shared, orders }
    }

    async fn durable(&self, change: Change) -> Result<(), Error> {
        let (done, written) = oneshot::channel();
        let order = Order::Change { change, done: Some(done) };
        let write = async {
            self.orders.send(order).await.map_err(|_| self.shared.away())?;
            written.await.unwrap_or_else(|_| Err(self.shared.away()))
        };
        self.within_patience(write).await
    }

    async fn within_patience<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        timeout(self.shared.patience, work).await.unwrap_or_else(|_| {
            let error = self.shared.slow();
            self.shared.complain(&error);
            Err(error)
        })
    }
}

impl Store for Redb {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Entry>, Error>> {
        async move {
            let result = self.within_patience(self.shared.read(key)).await;
            if let Err(error @ (Error::Damaged { .. } | Error::Unwritable { .. } | Error::Full { .. })) =
                &result
            {
                self.shared.failed(error);
                self.shared.given_up.notify_one();
            }
            result
        }
        .boxed()
    }

    fn put(&self, key: Key, entry: Entry) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let slip = Slip::of(&entry);
            let (found, limit) = (slip.cost(), self.shared.limits.max_bytes);
            if found > limit {
                return Err(Error::TooLarge { found, limit });
            }
            if !self.shared.is_open() {
                return Err(self.shared.away());
            }
            self.durable(Change::Put(key, slip, entry.answer)).await
        }
        .boxed()
    }

    fn remove(&self, key: Key, removal: Removal) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            match removal {
                Removal::Now => self.durable(Change::Remove(key)).await,
                Removal::Soon => {
                    let order = Order::Change { change: Change::Remove(key), done: None };
                    let send = async { self.orders.send(order).await.map_err(|_| self.shared.away()) };
                    self.within_patience(send).await
                }
            }
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            let (done, closed) = oneshot::channel();
            let close = async {
                if self.orders.send(Order::Close { done }).await.is_ok() {
                    closed.await.ok();
                }
            };
            timeout(self.shared.patience, close).await.ok();
        }
        .boxed()
    }
}
