//! What a server has seen, in order, and a way to wait for it without sleeping.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::guarded::Guarded;

/// How long a wait lasts before it gives up. Conditions of a test are met in milliseconds; this is the limit
/// for a machine that is busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A wait that gave up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("did not see {what} within {patience:?}")]
pub struct NotSeen {
    what: String,
    patience: Duration,
}

impl NotSeen {
    pub(crate) fn new(what: String, patience: Duration) -> Self {
        Self { what, patience }
    }
}

/// An ordered record, shared by its clones.
///
/// It keeps the first `limit` entries and counts the rest, so that a long run cannot fill the memory.
#[derive(Debug)]
pub struct Recorder<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    entries: Guarded<Vec<T>>,
    limit: usize,
    /// Raised with each change; those who wait look again.
    version: watch::Sender<u64>,
}

impl<T> Clone for Recorder<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

/// Names an entry, so that what became of it can be added later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(Option<usize>);

impl<T> Recorder<T> {
    pub(crate) fn new(limit: usize) -> Self {
        let shared = Shared { entries: Guarded::new(Vec::new()), limit, version: watch::Sender::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// Whether entries are kept at all; making one can be spared otherwise.
    pub(crate) fn keeps(&self) -> bool {
        self.shared.limit > 0
    }

    pub(crate) fn push(&self, entry: T) -> Place {
        let place = self.shared.entries.with(|entries| {
            let room = entries.len() < self.shared.limit;
            room.then(|| {
                entries.push(entry);
                entries.len() - 1
            })
        });
        self.announce();
        Place(place)
    }

    /// Pushes an entry that is only made when it is kept.
    pub(crate) fn push_with(&self, entry: impl FnOnce() -> T) -> Place {
        if self.keeps() { self.push(entry()) } else { Place(None) }
    }

    pub(crate) fn amend(&self, place: Place, change: impl FnOnce(&mut T)) {
        self.shared.entries.with(|entries| {
            if let Some(entry) = place.0.and_then(|index| entries.get_mut(index)) {
                change(entry);
            }
        });
        self.announce();
    }

    fn announce(&self) {
        self.shared.version.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Looks at the entries so far.
    pub fn read<R>(&self, look: impl FnOnce(&[T]) -> R) -> R {
        self.shared.entries.with(|entries| look(entries))
    }

    /// How many entries satisfy `wanted`.
    pub fn count(&self, wanted: impl Fn(&T) -> bool) -> usize {
        self.read(|entries| entries.iter().filter(|entry| wanted(entry)).count())
    }

    /// Forgets the entries so far.
    pub fn clear(&self) {
        self.shared.entries.with(Vec::clear);
        self.announce();
    }

    /// Waits until `look` finds what it wants; `what` names it for the case that it never comes.
    pub async fn wait_for<R>(
        &self,
        what: &str,
        mut look: impl FnMut(&[T]) -> Option<R>,
    ) -> Result<R, NotSeen> {
        let mut version = self.shared.version.subscribe();
        let search = async {
            loop {
                version.mark_unchanged();
                if let Some(found) = self.read(&mut look) {
                    return Some(found);
                }
                version.changed().await.ok()?;
            }
        };
        let found = timeout(PATIENCE, search).await.ok().flatten();
        found.ok_or_else(|| NotSeen::new(what.to_owned(), PATIENCE))
    }
}

impl<T: Clone> Recorder<T> {
    /// The entries so far.
    pub fn all(&self) -> Vec<T> {
        self.read(<[T]>::to_vec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waits_for_an_entry_that_comes_later() {
        let recorder = Recorder::new(10);
        let writer = recorder.clone();
        let waiting = tokio::spawn(async move {
            recorder.wait_for("a seven", |all| all.iter().copied().find(|n| *n == 7)).await
        });
        tokio::task::yield_now().await;
        writer.push(3);
        writer.push(7);
        assert_eq!(waiting.await.unwrap(), Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn says_what_never_came() {
        let recorder = Recorder::<u8>::new(10);
        let missing = recorder.wait_for("a seven", |_| None::<()>).await.unwrap_err();
        assert_eq!(missing.to_string(), "did not see a seven within 20s");
    }

    #[test]
    fn keeps_no_more_than_its_limit() {
        let recorder = Recorder::new(2);
        let places = [1, 2, 3].map(|n| recorder.push(n));
        recorder.amend(places[2], |n| *n = 30);
        recorder.amend(places[1], |n| *n = 20);
        assert_eq!(recorder.all(), [1, 20]);
    }
}
