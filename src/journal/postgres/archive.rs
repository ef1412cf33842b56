//! The journal in a database as its operator sees it, beside the workers that write it.

use super::session::Session;
use super::{Address, Options};
use crate::journal::{Entry, Error, Key, Slip};

/// The entries of a database.
#[derive(Debug)]
pub(in crate::journal) struct Archive {
    session: Session,
}

impl Archive {
    /// Connects.
    pub(in crate::journal) async fn open(address: &Address) -> Result<Self, Error> {
        let patience = Options::new(address.clone()).patience;
        let (session, _) = Session::open(address, patience).await?;
        Ok(Self { session })
    }

    /// All entries, the oldest first.
    pub(in crate::journal) async fn entries(&self) -> Result<Vec<(Key, Slip)>, Error> {
        self.session.list().await
    }

    /// An entry with its answer. `None` when there is none, or when it was changed in the database.
    pub(in crate::journal) async fn entry(&self, key: &Key) -> Result<Option<Entry>, Error> {
        self.session.read(key).await
    }

    /// Drops entries for good.
    pub(in crate::journal) async fn remove(&self, keys: &[Key]) -> Result<(), Error> {
        self.session.remove(keys.iter()).await
    }
}
