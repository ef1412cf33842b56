//! Why an answer could not be kept or looked up, and what the surroundings are told.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Why the journal did not do its work. The job goes on without it in every case.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Give each process a folder of its own; when the other one ends, this one takes the folder over.
    #[error("{} is in use by another process; give each process a data folder of its own", path.display())]
    Locked { path: PathBuf },
    /// Mount the folder so that the process may write to it, or switch the journal off.
    #[error("{} cannot be written to; make it writable for this user, or choose another data folder", path.display())]
    Unwritable { path: PathBuf, source: Arc<io::Error> },
    /// Make room on the volume of the data folder.
    #[error("there is no room left for {}; make room on its volume", path.display())]
    Full { path: PathBuf, source: Arc<io::Error> },
    /// Nothing to do: the file was set aside and a new one begun. Look at the disk.
    #[error("{} is damaged or of another version: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    /// Raise the size limit if such answers are worth keeping.
    #[error("an answer of {found} bytes is larger than the whole journal may be ({limit} bytes)")]
    TooLarge { found: u64, limit: u64 },
    /// Look at the disk: it took longer than jobs are kept waiting.
    #[error("the disk of {} did not answer within {patience:?}", path.display())]
    Slow { path: PathBuf, patience: Duration },
    /// The storage has failed a moment ago and is tried again in a while.
    #[error("{} is out of use at the moment", path.display())]
    Away { path: PathBuf },
}

impl Error {
    /// A stable code, for metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "locked",
            Self::Unwritable { .. } => "unwritable",
            Self::Full { .. } => "full",
            Self::Damaged { .. } => "damaged",
            Self::TooLarge { .. } => "too_large",
            Self::Slow { .. } => "slow",
            Self::Away { .. } => "away",
        }
    }

    /// What an error of the operating system means for a file.
    pub(super) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        let (kind, source) = (source.kind(), Arc::new(source));
        match kind {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full { path, source }
            }
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                Self::Damaged { path, reason: source.to_string() }
            }
            _ => Self::Unwritable { path, source },
        }
    }

    /// What an error of the database means for its file.
    pub(super) fn from_redb(path: &Path, error: ::redb::Error) -> Self {
        match error {
            ::redb::Error::DatabaseAlreadyOpen => Self::Locked { path: path.to_owned() },
            ::redb::Error::Io(source) => Self::from_io(path, source),
            // Not damage: the database refuses further work after an error that was told before.
            ::redb::Error::PreviousIo | ::redb::Error::DatabaseClosed | ::redb::Error::LockPoisoned(_) => {
                Self::Away { path: path.to_owned() }
            }
            other => Self::Damaged { path: path.to_owned(), reason: other.to_string() },
        }
    }
}

/// What the surroundings of the journal are told: each change once, and not each job.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// Answers are kept from now on.
    Opened { path: &'a Path, entries: usize, bytes: u64 },
    /// Answers are not kept for the time being.
    Unavailable { error: &'a Error },
    /// Answers are kept again.
    Restored { path: &'a Path },
    /// A file that could not be used was moved, and a new one begun.
    SetAside { moved_to: &'a Path, reason: &'a str },
    /// Answers were dropped to stay within a limit: `size` or `age`.
    Evicted { count: usize, because: &'static str },
}

/// What the journal needs of its surroundings.
pub trait Host: Debug + Send + Sync {
    /// The time of day in milliseconds since the epoch.
    fn epoch_millis(&self) -> i64;

    /// Hears what happens.
    fn tell(&self, notice: Notice<'_>);
}
