//! The journal as its operator sees it, wherever it is.

use std::path::Path;

use super::postgres::{self, Address};
use super::{Entry, Error, Key, Slip, redb};

/// The entries of a journal, beside the workers that write it.
#[derive(Debug)]
pub struct Archive(Source);

#[derive(Debug)]
enum Source {
    Folder(redb::Archive),
    Database(postgres::Archive),
}

impl Archive {
    /// Reads a folder without touching it, also while a worker writes there. `None` when it holds no journal.
    pub fn read_folder(folder: &Path) -> Result<Option<Self>, Error> {
        Ok(redb::Archive::read(folder)?.map(|archive| Self(Source::Folder(archive))))
    }

    /// Opens a folder for changes, which no worker may use meanwhile. `None` when it holds no journal.
    pub fn open_folder(folder: &Path) -> Result<Option<Self>, Error> {
        Ok(redb::Archive::open(folder)?.map(|archive| Self(Source::Folder(archive))))
    }

    /// Connects to a database, for reading and for changes.
    pub async fn connect(address: &Address) -> Result<Self, Error> {
        Ok(Self(Source::Database(postgres::Archive::open(address).await?)))
    }

    /// All entries, the oldest first.
    pub async fn entries(&self) -> Result<Vec<(Key, Slip)>, Error> {
        match &self.0 {
            Source::Folder(archive) => Ok(archive.entries()),
            Source::Database(archive) => archive.entries().await,
        }
    }

    /// An entry with its answer. `None` when there is none, or when it was changed where it is kept.
    pub async fn entry(&self, key: &Key) -> Result<Option<Entry>, Error> {
        match &self.0 {
            Source::Folder(archive) => archive.entry(key),
            Source::Database(archive) => archive.entry(key).await,
        }
    }

    /// Drops entries for good.
    pub async fn remove(&self, keys: &[Key]) -> Result<(), Error> {
        match &self.0 {
            Source::Folder(archive) => archive.remove(keys),
            Source::Database(archive) => archive.remove(keys).await,
        }
    }
}
