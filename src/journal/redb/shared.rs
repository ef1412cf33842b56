//! What the handle and the writer share: the open file, and the index of what is in it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::Options;
use super::file::{File, Medium, Place};
use crate::journal::condition::Condition;
use crate::journal::entry::{Change, Slip};
use crate::journal::index::{Because, Index};
use crate::journal::writer::Storage;
use crate::journal::{Entry, Error, Host, Key, Notice};

#[derive(Debug)]
pub(super) struct Shared {
    place: Place,
    pub(super) options: Options,
    condition: Condition,
    state: Mutex<State>,
    given_up: Notify,
}

#[derive(Debug)]
enum State {
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
    pub(super) fn new(medium: impl Medium + 'static, options: Options, host: Arc<dyn Host>) -> Self {
        let place = Place::new(options.folder.clone(), medium);
        let condition = Condition::new(host, place.path().display().to_string());
        let state = Mutex::new(State::Away { unusable: None });
        Self { place, options, condition, state, given_up: Notify::new() }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn place(&self) -> String {
        self.condition.place.clone()
    }

    fn now(&self) -> i64 {
        self.condition.host.epoch_millis()
    }

    // === open and away ===

    /// Opens the file; one that cannot be used is set aside first.
    async fn try_open(&self) -> Result<(File, Index), Error> {
        let unusable = self.with(|state| match state {
            State::Away { unusable } => unusable.take(),
            State::Open { .. } => None,
        });
        let opened = match unusable {
            Some(reason) => Err(Error::Damaged { place: self.place(), reason }),
            None => self.open_once().await,
        };
        match opened {
            Err(Error::Damaged { reason, .. }) => {
                self.set_aside(&reason).await?;
                self.open_once().await
            }
            other => other,
        }
    }

    async fn open_once(&self) -> Result<(File, Index), Error> {
        let place = self.place.clone();
        self.blocking(move || place.open()).await
    }

    async fn set_aside(&self, reason: &str) -> Result<(), Error> {
        let (place, now) = (self.place.clone(), self.now());
        let moved_to = self.blocking(move || place.set_aside(now)).await?;
        self.condition.host.tell(Notice::SetAside { moved_to: &moved_to, reason });
        Ok(())
    }

    /// Gives the file up after an error, until the writer opens it again.
    pub(super) fn failed(&self, error: &Error) {
        let unusable = match error {
            Error::Damaged { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        self.with(|state| *state = State::Away { unusable });
        self.condition.complain(error);
    }

    // === work ===

    /// The entry of a job, if it may still be used.
    pub(super) async fn read(&self, key: Key) -> Result<Option<Entry>, Error> {
        let found = self.with(|state| match state {
            State::Away { .. } => Err(self.away()),
            // While it is ahead of the file, the index only says that there may be one.
            State::Open { file, index } => Ok(index.has(&key).then(|| Arc::clone(file))),
        })?;
        let Some(file) = found else { return Ok(None) };
        let Some((slip, answer)) = self.blocking(move || file.row(&key)).await? else { return Ok(None) };
        if self.options.limits.is_over(slip.stored_at, self.now()) {
            return Ok(None);
        }
        let changed = || Error::Damaged {
            place: self.place(),
            reason: "an answer is not the one that was stored".to_owned(),
        };
        slip.entry(answer).map(Some).ok_or_else(changed)
    }

    /// Runs what blocks where that is allowed. The database may come upon a damaged file with a panic.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        spawn_blocking(work).await.unwrap_or_else(|error| {
            let reason = if error.is_panic() { "the database broke off" } else { "the program is ending" };
            Err(Error::Damaged { place: self.place(), reason: reason.to_owned() })
        })
    }
}

impl Storage for Shared {
    fn is_open(&self) -> bool {
        self.with(|state| matches!(state, State::Open { .. }))
    }

    async fn open(self: Arc<Self>) {
        match self.try_open().await {
            Ok((file, index)) => {
                let (entries, bytes) = (index.len() as u64, index.bytes());
                self.with(|state| *state = State::Open { file: Arc::new(file), index });
                // After a failure, only an answer that was kept proves that the storage is well again.
                self.condition.opened(entries, bytes);
            }
            Err(error) => self.failed(&error),
        }
    }

    async fn write(&self, mut changes: Vec<Change>) -> Result<(), Error> {
        let now = self.now();
        let (file, evicted) = self.with(|state| match state {
            State::Away { .. } => Err(self.away()),
            State::Open { file, index } => {
                // The index is ahead of the file until the commit; when that fails, it is read anew.
                changes.retain(|change| apply(index, change));
                Ok((Arc::clone(file), index.evict(&self.options.limits, now)))
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
            self.condition.recovered();
        }
        for because in [Because::Age, Because::Size] {
            let count = evicted.iter().filter(|(_, found)| *found == because).count();
            self.condition.evicted(count, because.as_str());
        }
        Ok(())
    }

    async fn sweep(&self) {
        // Every change drops what is beyond the limits, even none. A failure is noted where it happens.
        self.write(Vec::new()).await.ok();
    }

    fn shut(&self) {
        self.with(|state| *state = State::Away { unusable: None });
    }

    fn given_up(&self) -> &Notify {
        &self.given_up
    }

    fn retry_pause(&self, _attempts: u32) -> Duration {
        self.options.retry_pause
    }

    fn patience(&self) -> Duration {
        self.options.patience
    }

    fn too_slow(&self) -> Error {
        let error = Error::Slow { place: self.place(), patience: self.options.patience };
        self.condition.complain(&error);
        error
    }

    fn away(&self) -> Error {
        Error::Away { place: self.place() }
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
