//! The file itself. Everything here blocks, so it runs where blocking is allowed.

use std::fmt::Debug;
use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::redb::{Builder, Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::journal::entry::{Change, Slip};
use crate::journal::index::Index;
use crate::journal::{Error, Key};

/// The name of the file in its folder.
const FILE_NAME: &str = "answers.redb";
/// A file that could not be used has the time behind this.
const SET_ASIDE_PREFIX: &str = "answers.redb.unusable-";
/// A disk that damages every file must not be filled with them.
const MAX_SET_ASIDE: usize = 10;

/// The answers are on disk because they are large; those that are read again are few.
const CACHE_BYTES: usize = 4 << 20;

type DatabaseKey = (&'static str, i64);

const SLIPS: TableDefinition<'_, DatabaseKey, &[u8]> = TableDefinition::new("slips");
const ANSWERS: TableDefinition<'_, DatabaseKey, &[u8]> = TableDefinition::new("answers");

/// Opens databases, so that tests can have disks that are full or read-only.
pub(in crate::journal) trait Medium: Debug + Send + Sync {
    fn open(&self, builder: &Builder, path: &Path) -> Result<Database, DatabaseError>;
}

/// Files on the machine's disk.
#[derive(Debug)]
pub(super) struct Disk;

impl Medium for Disk {
    fn open(&self, builder: &Builder, path: &Path) -> Result<Database, DatabaseError> {
        // Answers are private to the user that the process runs as.
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        builder.create_file(file)
    }
}

/// Where the file is, and what it is on.
#[derive(Debug, Clone)]
pub(super) struct Place {
    folder: PathBuf,
    path: PathBuf,
    medium: Arc<dyn Medium>,
}

/// An open file. Dropping it lets go of its lock.
#[derive(Debug)]
pub(super) struct File {
    database: Database,
    path: PathBuf,
}

impl Place {
    pub(super) fn new(folder: PathBuf, medium: impl Medium + 'static) -> Self {
        let path = folder.join(FILE_NAME);
        Self { folder, path, medium: Arc::new(medium) }
    }

    /// The same place, seen through another medium.
    pub(super) fn on(&self, medium: impl Medium + 'static) -> Self {
        Self { medium: Arc::new(medium), ..self.clone() }
    }

    /// Whether there is a file.
    pub(super) fn exists(&self) -> Result<bool, Error> {
        self.path.try_exists().map_err(|source| Error::from_io(&self.path, source))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file, or begins one.
    pub(super) fn open(&self) -> Result<(File, Index), Error> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|source| Error::from_io(&self.path, source))?;
        self.open_existing()
    }

    /// Opens the file in a folder that is there.
    pub(super) fn open_existing(&self) -> Result<(File, Index), Error> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES);
        let database = self
            .medium
            .open(&builder, &self.path)
            .map_err(|error| Error::from_redb(&self.path, error.into()))?;
        let file = File { database, path: self.path.clone() };
        // It makes the tables, and finds out now whether the file can be written to.
        file.commit(Vec::new())?;
        let (index, strangers) = file.index()?;
        if !strangers.is_empty() {
            file.commit(strangers.into_iter().map(Change::Remove).collect())?;
        }
        Ok((file, index))
    }

    /// Gives a file that cannot be used another name, which is kept for whoever wants to look at it.
    pub(super) fn set_aside(&self, now: i64) -> Result<PathBuf, Error> {
        if self.count_set_aside() >= MAX_SET_ASIDE {
            let reason = format!(
                "{MAX_SET_ASIDE} files were set aside already; look at the disk, then remove them from {}",
                self.folder.display()
            );
            return Err(Error::Damaged { place: self.path.display().to_string(), reason });
        }
        let moved_to = self.folder.join(format!("{SET_ASIDE_PREFIX}{now}"));
        fs::rename(&self.path, &moved_to).map_err(|source| Error::from_io(&self.path, source))?;
        Ok(moved_to)
    }

    fn count_set_aside(&self) -> usize {
        let is_set_aside = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(SET_ASIDE_PREFIX);
        let Ok(listed) = fs::read_dir(&self.folder) else { return 0 };
        listed.flatten().filter(|found| is_set_aside(&found.file_name())).count()
    }
}

impl File {
    /// Carries out all changes, in their order, and returns when they are durable.
    pub(super) fn commit(&self, changes: Vec<Change>) -> Result<(), Error> {
        self.try_commit(changes).map_err(|error| Error::from_redb(&self.path, error))
    }

    fn try_commit(&self, changes: Vec<Change>) -> Result<(), ::redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut slips = transaction.open_table(SLIPS)?;
            let mut answers = transaction.open_table(ANSWERS)?;
            for change in changes {
                match change {
                    Change::Put(key, slip, answer) => {
                        slips.insert(database_key(&key), slip.to_bytes().as_slice())?;
                        answers.insert(database_key(&key), &*answer)?;
                    }
                    Change::Remove(key) => {
                        slips.remove(database_key(&key))?;
                        answers.remove(database_key(&key))?;
                    }
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// The slip and the answer of an entry as they were at one moment: while it is replaced, the ones before.
    pub(super) fn row(&self, key: &Key) -> Result<Option<(Slip, Vec<u8>)>, Error> {
        let read = || -> Result<_, ::redb::Error> {
            let transaction = self.database.begin_read()?;
            let slip = transaction.open_table(SLIPS)?.get(database_key(key))?;
            let answer = transaction.open_table(ANSWERS)?.get(database_key(key))?;
            let slip = slip.and_then(|slip| Slip::from_bytes(slip.value()));
            Ok(slip.zip(answer.map(|answer| answer.value().to_vec())))
        };
        read().map_err(|error| Error::from_redb(&self.path, error))
    }

    /// The slips, and the keys of those that another version has written: nobody would ever drop them.
    fn index(&self) -> Result<(Index, Vec<Key>), Error> {
        let read = || -> Result<_, ::redb::Error> {
            let table = self.database.begin_read()?.open_table(SLIPS)?;
            let (mut index, mut strangers) = (Index::default(), Vec::new());
            for row in table.iter()? {
                let (key, slip) = row?;
                let (engine, job_key) = key.value();
                let key = Key { engine: engine.into(), job_key };
                match Slip::from_bytes(slip.value()) {
                    Some(slip) => index.insert(key, slip),
                    None => strangers.push(key),
                }
            }
            Ok((index, strangers))
        };
        read().map_err(|error| Error::from_redb(&self.path, error))
    }
}

fn database_key(key: &Key) -> (&str, i64) {
    (&*key.engine, key.job_key)
}
