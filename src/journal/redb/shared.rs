//! What the handle and the writer share: the open file, the index, and whether the storage is well.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::file::{Change, File, Place};
use crate::journal::entry::Slip;
use crate::journal::index::{Because, Index, Limits};
use crate::journal::{Entry, Error, Host, Key, Notice};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) place: Place,
    pub(super) limits: Limits,
    pub(super) host: Arc<dyn Host>,
    /// How long a job is kept waiting for the disk.
    pub(super) patience: Duration,
    state: Mutex<State>,
    /// Wakes the writer when a reader has given the file up.
    pub(super) given_up: Notify,
}

#[derive(Debug)]
struct State {
    storage: Storage,
    /// Said and not yet taken back, so that it is said once.
    told: bool,
}

#[derive(Debug)]
enum Storage {
    Open {
        /// Readers hold it for the length of one read.
        file: Arc<File>,
        index: Index,
    },
    Away {
        /// The file is there and cannot be used.
        unusable: Option<String>,
    },
}

impl Shared {
    pub(super) fn new(place: Place, limits: Limits, host: Arc<dyn Host>, patience: Duration) -> Self {
        let state = State { storage: Storage::Away { unusable: None }, told: false };
        Self { place, limits, host, patience, state: Mutex::new(state), given_up: Notify::new() }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn path(&self) -> &Path {
        self.place.path()
    }

    pub(super) fn away(&self) -> Error {
        Error::Away { path: self.path().to_owned() }
    }

    pub(super) fn slow(&self) -> Error {
        Error::Slow { path: self.path().to_owned(), patience: self.patience }
    }

    pub(super) fn is_open(&self) -> bool {
        self.with(|state| matches!(state.storage, Storage::Open { .. }))
    }

    // === open and away ===

    /// Opens the file; one that cannot be used is set aside first.
    pub(super) async fn open(self: &Arc<Self>) {
        let unusable = self.with(|state| match &mut state.storage {
            Storage::Away { unusable } => unusable.take(),
            Storage::Open { .. } => None,
        });
        let opened = match unusable {
            Some(reason) => Err(Error::Damaged { path: self.path().to_owned(), reason }),
            None => self.open_once().await,
        };
        let opened = match opened {
            Err(Error::Damaged { reason, .. }) => match self.set_aside(&reason).await {
                Ok(()) => self.open_once().await,
                Err(error) => Err(error),
            },
            other => other,
        };
        match opened {
            Ok((file, index)) => self.opened(file, index),
            Err(error) => self.failed(&error),
        }
    }

    async fn open_once(&self) -> Result<(File, Index), Error> {
        let place = self.place.clone();
        self.blocking(move || place.open()).await
    }

    async fn set_aside(&self, reason: &str) -> Result<(), Error> {
        let (place, now) = (self.place.clone(), self.host.epoch_millis());
        let moved_to = self.blocking(move || place.set_aside(now)).await?;
        self.host.tell(Notice::SetAside { moved_to: &moved_to, reason });
        Ok(())
    }

    fn opened(&self, file: File, index: Index) {
        let (entries, bytes) = (index.len(), index.bytes());
        let told = self.with(|state| {
            state.storage = Storage::Open { file: Arc::new(file), index };
            state.told
        });
        // After a failure, only an answer that was kept proves that the storage is well again.
        if !told {
            self.host.tell(Notice::Opened { path: self.path(), entries, bytes });
        }
    }

    /// Lets go of the file.
    pub(super) fn shut(&self) {
        self.with(|state| state.storage = Storage::Away { unusable: None });
    }

    /// Gives the file up after an error, until the writer opens it again.
    pub(super) fn failed(&self, error: &Error) {
        let unusable = match error {
            Error::Damaged { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        self.with(|state| state.storage = Storage::Away { unusable });
        self.complain(error);
    }

    /// Says that answers are not kept, unless that is known.
    pub(super) fn complain(&self, error: &Error) {
        if !self.with(|state| std::mem::replace(&mut state.told, true)) {
            self.host.tell(Notice::Unavailable { error });
        }
    }

    fn worked(&self) {
        if self.with(|state| std::mem::replace(&mut state.told, false)) {
            self.host.tell(Notice::Restored { path: self.path() });
        }
    }

    // === work ===

    /// The entry of a job, if it may still be used.
    pub(super) async fn read(&self, key: Key) -> Result<Option<Entry>, Error> {
        let now = self.host.epoch_millis();
        let found = self.with(|state| match &state.storage {
            Storage::Away { .. } => Err(self.away()),
            Storage::Open { file, index } => Ok(index.get(&key).map(|slip| (Arc::clone(file), slip.clone()))),
        })?;
        let Some((file, slip)) = found else { return Ok(None) };
        if self.limits.is_over(slip.stored_at, now) {
            return Ok(None);
        }
        let Some(answer) = self.blocking(move || file.answer(&key)).await? else { return Ok(None) };
        let changed = || Error::Damaged {
            path: self.path().to_owned(),
            reason: "an answer is not the one that was stored".to_owned(),
        };
        slip.entry(answer).map(Some).ok_or_else(changed)
    }

    /// Makes changes durable, and what the limits demand with them.
    pub(super) async fn write(&self, mut changes: Vec<Change>) -> Result<(), Error> {
        let now = self.host.epoch_millis();
        let (file, evicted) = self.with(|state| match &mut state.storage {
            Storage::Away { .. } => Err(self.away()),
            Storage::Open { file, index } => {
                // The index is ahead of the file until the commit; when that fails, it is read anew.
                changes.retain(|change| apply(index, change));
                Ok((Arc::clone(file), index.evict(&self.limits, now)))
            }
        })?;
        changes.extend(evicted.iter().map(|(key, _)| Change::Remove(key.clone())));
        if changes.is_empty() {
            return Ok(());
        }
        let keeps = changes.iter().any(|change| matches!(change, Change::Put(..)));
        if let Err(error) = self.blocking(move || file.commit(changes)).await {
            self.failed(&error);
            return Err(error);
        }
        if keeps {
            self.worked();
        }
        for because in [Because::Age, Because::Size] {
            let count = evicted.iter().filter(|(_, found)| *found == because).count();
            if count > 0 {
                self.host.tell(Notice::Evicted { count, because: because.as_str() });
            }
        }
        Ok(())
    }

    /// Runs what blocks where that is allowed. The database may come upon a damaged file with a panic.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        spawn_blocking(work).await.unwrap_or_else(|error| {
            let reason = if error.is_panic() { "the database broke off" } else { "the program is ending" };
            Err(Error::Damaged { path: self.path().to_owned(), reason: reason.to_owned() })
        })
    }
}

/// Carries a change out in the index, and says whether the file has to follow.
fn apply(index: &mut Index, change: &Change) -> bool {
    match change {
        Change::Put(key, slip, _) => {
            index.insert(key.clone(), Slip::clone(slip));
            true
        }
        Change::Remove(key) => index.remove(key).is_some(),
    }
}
