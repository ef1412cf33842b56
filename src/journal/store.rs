//! Where entries are: one small trait, so that a fleet may share them in a database of its own.

use std::any::Any;
use std::fmt::{self, Debug};

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
    /// Waits until no other process that shares the storage asks for the answer to the job.
    fn claim(&self, key: Key) -> BoxFuture<'_, Result<Guard, Error>>;

    /// The entry of a job, if there is one and it is not too old.
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Entry>, Error>>;

    /// Keeps an entry in place of any other of the job. It is durable when this returns.
    fn put(&self, key: Key, entry: Entry) -> BoxFuture<'_, Result<(), Error>>;

    /// Drops the entry of a job. With [`Removal::Now`] this is durable when it returns.
    fn remove(&self, key: Key, removal: Removal) -> BoxFuture<'_, Result<(), Error>>;

    /// Makes everything durable and lets go of the storage.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// What keeps other processes waiting. Dropping it lets the next one on.
pub struct Guard {
    _held: Option<Box<dyn Any + Send + Sync>>,
}

impl Guard {
    /// Where no other process shares the storage.
    pub fn of_nothing() -> Self {
        Self { _held: None }
    }

    /// Lets the next one on when `held` is dropped.
    pub fn of(held: impl Any + Send + Sync) -> Self {
        Self { _held: Some(Box::new(held)) }
    }
}

impl Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}
