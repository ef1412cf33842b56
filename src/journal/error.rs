//! Why an answer could not be kept or looked up, and what the surroundings are told.

use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What is behind an error; clones of the error share it.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why the journal did not do its work. The job goes on without it in every case.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Give each process a folder of its own; when the other one ends, this one takes the folder over.
    #[error("{place} is in use by another process; give each process a data folder of its own")]
    Locked { place: String },
    /// Make the folder writable for the user of this process, or name a database that is no read-only replica.
    #[error("{place} cannot be written to; make it writable for this user, or choose another one")]
    Unwritable { place: String, source: Cause },
    /// Make room on the volume of the data folder or of the database.
    #[error("there is no room left for {place}; make room on its volume")]
    Full { place: String, source: Cause },
    /// Nothing to do: the file was set aside and a new one begun. Look at the disk.
    #[error("{place} is damaged or of another version: {reason}")]
    Damaged { place: String, reason: String },
    /// Raise the size limit if such answers are worth keeping.
    #[error("an answer of {found} bytes is larger than the whole journal may be ({limit} bytes)")]
    TooLarge { found: u64, limit: u64 },
    /// Look at the disk or the database: it took longer than jobs are kept waiting.
    #[error("{place} did not answer within {patience:?}")]
    Slow { place: String, patience: Duration },
    /// The storage has failed a moment ago and is tried again in a while.
    #[error("{place} is out of use at the moment")]
    Away { place: String },
    /// Look at the database server, the network, and the address of the journal.
    #[error("{place} cannot be reached: {reason}")]
    Unreachable { place: String, reason: String },
    /// Look at user, password and certificates in the address of the journal, and at what the user may do.
    #[error("{place} refuses this worker: {reason}")]
    Refused { place: String, reason: String },
    /// Give the journal a schema of its own, or replace this program by the newer one.
    #[error("{place} holds a journal of version {found}, and this program knows versions up to {known}")]
    Newer { place: String, found: i32, known: i32 },
    /// Look at the log of the database server.
    #[error("{place} has failed: {reason}")]
    Failed { place: String, reason: String },
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
            Self::Unreachable { .. } => "unreachable",
            Self::Refused { .. } => "refused",
            Self::Newer { .. } => "newer",
            Self::Failed { .. } => "failed",
        }
    }

    /// What an error of the operating system means for a file.
    pub(super) fn from_io(path: &Path, source: io::Error) -> Self {
        let place = path.display().to_string();
        let (kind, source) = (source.kind(), Arc::new(source));
        match kind {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full { place, source }
            }
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                Self::Damaged { place, reason: source.to_string() }
            }
            _ => Self::Unwritable { place, source },
        }
    }

    /// What an error of the database means for its file.
    pub(super) fn from_redb(path: &Path, error: ::redb::Error) -> Self {
        let place = || path.display().to_string();
        match error {
            ::redb::Error::DatabaseAlreadyOpen => Self::Locked { place: place() },
            ::redb::Error::Io(source) => Self::from_io(path, source),
            // Not damage: the database refuses further work after an error that was told before.
            ::redb::Error::PreviousIo | ::redb::Error::DatabaseClosed | ::redb::Error::LockPoisoned(_) => {
                Self::Away { place: place() }
            }
            other => Self::Damaged { place: place(), reason: other.to_string() },
        }
    }
}

/// What the surroundings of the journal are told: each change once, and not each job.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// Answers are kept from now on.
    Opened { place: &'a str, entries: u64, bytes: u64 },
    /// Answers are not kept for the time being.
    Unavailable { error: &'a Error },
    /// Answers are kept again.
    Restored { place: &'a str },
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
