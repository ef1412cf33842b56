//! A journal as its operator sees it, beside the worker that writes it.

use std::fmt::{self, Debug};
use std::fs;
use std::io;
use std::path::Path;

use ::redb::backends::InMemoryBackend;
use ::redb::{Builder, Database, DatabaseError, StorageBackend as _};

use super::file::{Disk, File, Medium, Place};
use crate::journal::entry::{Change, Slip};
use crate::journal::index::Index;
use crate::journal::{Entry, Error, Key};

/// The file is copied while it is written, so a copy may be torn; the database finds that out.
const ATTEMPTS: usize = 5;

/// The entries of a folder at one moment.
pub(in crate::journal) struct Archive {
    file: File,
    index: Index,
}

impl Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("entries", &self.index.len()).finish_non_exhaustive()
    }
}

impl Archive {
    /// Reads a folder without touching it, also while a worker writes there. `None` when it holds no journal.
    pub(in crate::journal) fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let place = Place::new(folder.to_owned(), Disk);
        if !place.exists()? {
            return Ok(None);
        }
        let copy = place.on(Copy);
        let mut attempt = 1;
        loop {
            match copy.open_existing() {
                Ok((file, index)) => return Ok(Some(Self { file, index })),
                Err(Error::Damaged { .. }) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a folder for changes, which no worker may use meanwhile. `None` when it holds no journal.
    pub(in crate::journal) fn open(folder: &Path) -> Result<Option<Self>, Error> {
        let place = Place::new(folder.to_owned(), Disk);
        if !place.exists()? {
            return Ok(None);
        }
        let (file, index) = place.open_existing()?;
        Ok(Some(Self { file, index }))
    }

    /// All entries, the oldest first.
    pub(in crate::journal) fn entries(&self) -> Vec<(Key, Slip)> {
        self.index.by_age().map(|(key, slip)| (key.clone(), slip.clone())).collect()
    }

    /// An entry with its answer. `None` when there is none, or when it was changed on disk.
    pub(in crate::journal) fn entry(&self, key: &Key) -> Result<Option<Entry>, Error> {
        Ok(self.file.row(key)?.and_then(|(slip, answer)| slip.entry(answer)))
    }

    /// Drops entries for good.
    pub(in crate::journal) fn remove(&self, keys: &[Key]) -> Result<(), Error> {
        self.file.commit(keys.iter().cloned().map(Change::Remove).collect())
    }
}

/// The file's content in memory, so that nobody's lock stands in the way and nobody has to wait for ours.
#[derive(Debug)]
struct Copy;

impl Medium for Copy {
    fn open(&self, builder: &Builder, path: &Path) -> Result<Database, DatabaseError> {
        let content = fs::read(path)?;
        let backend = InMemoryBackend::new();
        let length = u64::try_from(content.len()).map_err(io::Error::other)?;
        backend.set_len(length)?;
        backend.write(0, &content)?;
        builder.create_with_backend(backend)
    }
}
