//! Entries in a PostgreSQL database, which the replicas of a worker share.
//!
//! - [`Postgres`] is the handle. `shared` is the one connection and what becomes of it; `session` is all that is
//!   said over it, `schema` the tables, `claims` what this process holds against the others; `address` and `tls`
//!   are the way there; `archive` is for the operator.
//! - A claim is an advisory lock of the session: the server lets go of it when the connection ends, however the
//!   process came to its end. The server is told to look for dead peers within half a minute, and a holder that
//!   is connected and silent for minutes (frozen, say) is put out by whoever waits for it.
//! - A connection that is lost is made again at once. Jobs wait for it for [`Options::patience`] after the loss,
//!   and go on without a journal after that. Claims are taken again on the new connection.
//! - Entries of another version of this program are left alone: replicas of two versions may share a database
//!   while one takes the other's place.
//!
//! A pooler that gives each transaction another connection (PgBouncer's transaction mode) has no place in between:
//! a session's locks would stay on a connection that serves somebody else.

mod address;
mod archive;
mod claims;
mod schema;
mod session;
mod shared;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::sleep;

pub use self::address::{Address, AddressError};
pub(super) use self::archive::Archive;
use self::claims::Standing;
use self::shared::Shared;
use super::entry::{Change, Slip};
use super::index::Limits;
use super::writer::{Pen, Storage as _};
use super::{Entry, Error, Guard, Host, Key, Removal, Store};

/// How soon a job that another replica holds is asked for again, and how slowly at last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// The settings of the journal in a database.
#[derive(Debug, Clone)]
pub struct Options {
    pub address: Address,
    pub limits: Limits,
    /// How long a job is kept waiting for the database.
    pub patience: Duration,
    /// After how long a database that is away is tried again, at most.
    pub retry_pause: Duration,
    /// After how long a replica that says nothing loses what it holds. Each says something every minute.
    pub silence: Duration,
}

impl Options {
    /// The settings for a database.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            limits: Limits { max_bytes: 256 << 20, keep: Duration::from_secs(7 * 24 * 60 * 60) },
            patience: Duration::from_secs(5),
            retry_pause: Duration::from_secs(10),
            silence: Duration::from_secs(180),
        }
    }
}

/// The journal in a database.
#[derive(Debug)]
pub struct Postgres {
    shared: Arc<Shared>,
    pen: Pen<Shared>,
}

impl Postgres {
    /// Connects. A database that cannot be used is said to the host and tried again.
    pub async fn open(options: Options, host: Arc<dyn Host>) -> Self {
        let shared = Arc::new(Shared::new(options, host));
        Self { pen: Pen::start(Arc::clone(&shared)).await, shared }
    }

    /// Tries again on the next connection when one was lost, as far as patience reaches.
    async fn read(&self, key: &Key) -> Result<Option<Entry>, Error> {
        loop {
            let session = self.shared.session().await?;
            match session.read(key).await {
                Err(Error::Unreachable { .. }) => self.shared.lost(&session),
                found => return found,
            }
        }
    }

    /// As [`Postgres::read`]: writing a change twice makes no difference.
    async fn write(&self, change: Change) -> Result<(), Error> {
        loop {
            self.shared.session().await?;
            match self.pen.durable(change.clone()).await {
                Err(Error::Unreachable { .. } | Error::Away { .. }) => {}
                done => return done,
            }
        }
    }

    async fn hold(&self, key: Key) -> Result<Guard, Error> {
        let held = self.shared.claims.ask(&key);
        let mut pause = FIRST_PAUSE;
        loop {
            let session = self.shared.session().await?;
            // Asked before it is sent: a job that is cancelled meanwhile must not leave a lock behind.
            held.stands(Standing::Asked);
            let locked = self.pen.within_patience(session.lock(held.id())).await;
            match locked {
                Ok(true) => {
                    held.stands(Standing::Held);
                    return Ok(Guard::of(held));
                }
                Ok(false) => held.stands(Standing::Free),
                Err(Error::Unreachable { .. }) => {
                    self.shared.lost(&session);
                    continue;
                }
                Err(error) => return Err(error),
            }
            sleep(pause).await;
            pause = LAST_PAUSE.min(pause * 2);
            if pause == LAST_PAUSE {
                self.shared.put_out_silent(&session, held.id()).await;
            }
        }
    }
}

impl Store for Postgres {
    fn claim(&self, key: Key) -> BoxFuture<'_, Result<Guard, Error>> {
        self.hold(key).boxed()
    }

    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Entry>, Error>> {
        async move {
            let found = self.pen.within_patience(self.read(&key)).await?;
            let now = self.shared.now();
            Ok(found.filter(|entry| !self.shared.options.limits.is_over(entry.stored_at, now)))
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
            self.pen.within_patience(self.write(Change::Put(key, slip, entry.answer.into()))).await
        }
        .boxed()
    }

    fn remove(&self, key: Key, removal: Removal) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            match removal {
                Removal::Now => self.pen.within_patience(self.write(Change::Remove(key))).await,
                Removal::Soon => self.pen.remove_soon(key).await,
            }
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            self.pen.close().await;
            self.shared.shut();
        }
        .boxed()
    }
}
