//! Entries in a file of this process alone.
//!
//! - [`Redb`] is the handle; `file` is the file with its two tables, and the only place that blocks; `shared` is
//!   what the handle and the writer share; `archive` is for the operator.
//! - The slips of all entries are in memory, so that a job without an entry costs no look at the disk.
//! - When the storage fails, it is given up at once and tried again after a pause. Nobody waits for it
//!   meanwhile, and nobody waits longer than [`Options::patience`] for a disk that does not answer.

mod archive;
pub(super) mod file;
mod shared;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub(super) use self::archive::Archive;
use self::file::{Disk, Medium};
use self::shared::Shared;
use super::entry::{Change, Slip};
use super::index::Limits;
use super::writer::{Pen, Storage as _};
use super::{Entry, Error, Guard, Host, Key, Removal, Store};

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
    pen: Pen<Shared>,
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
        let shared = Arc::new(Shared::new(medium, options, host));
        Self { pen: Pen::start(Arc::clone(&shared)).await, shared }
    }
}

impl Store for Redb {
    /// The folder is this process's alone, so nobody else can ask.
    fn claim(&self, _key: Key) -> BoxFuture<'_, Result<Guard, Error>> {
        async { Ok(Guard::of_nothing()) }.boxed()
    }

    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Entry>, Error>> {
        async move {
            let result = self.pen.within_patience(self.shared.read(key)).await;
            if let Err(error @ (Error::Damaged { .. } | Error::Unwritable { .. } | Error::Full { .. })) =
                &result
            {
                self.shared.failed(error);
                self.shared.given_up().notify_one();
            }
            result
        }
        .boxed()
    }

    fn put(&self, key: Key, entry: Entry) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let slip = Slip::of(&entry);
            let (found, limit) = (slip.cost(), self.shared.options.limits.max_bytes);
            if found > limit {
                return Err(Error::TooLarge { found, limit });
            }
            if !self.shared.is_open() {
                return Err(self.shared.away());
            }
            self.pen.durable(Change::Put(key, slip, entry.answer.into())).await
        }
        .boxed()
    }

    fn remove(&self, key: Key, removal: Removal) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            match removal {
                Removal::Now => self.pen.durable(Change::Remove(key)).await,
                Removal::Soon => self.pen.remove_soon(key).await,
            }
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.pen.close().boxed()
    }
}
