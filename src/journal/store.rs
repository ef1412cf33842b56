//! Where entries are: one small trait, so that a fleet may share them in a database of its own.

use std::fmt::Debug;

use futures_util::future::BoxFuture;

use super::{Entry, Error, Key};

/// When an entry has to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Before anything else is done: the answer must not be taken again.
    Now,
    /// At the next opportunity: nobody will ask for it.
    Soon,
}

/// Keeps entries.
pub trait Store: Debug + Send + Sync {
    /// The entry of a job, if there is one and it is not too old.
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Entry>, Error>>;

    /// Keeps an entry in place of any other of the job. It is durable when this returns.
    fn put(&self, key: Key, entry: Entry) -> BoxFuture<'_, Result<(), Error>>;

    /// Drops the entry of a job. With [`Removal::Now`] this is durable when it returns.
    fn remove(&self, key: Key, removal: Removal) -> BoxFuture<'_, Result<(), Error>>;

    /// Makes everything durable and lets go of the storage.
    fn close(&self) -> BoxFuture<'_, ()>;
}
