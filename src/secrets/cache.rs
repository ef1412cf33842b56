//! A bounded store of answers that are dear to get: each is asked for once, however many wait for it.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

use super::SourceError;

type Answer<V> = Shared<BoxFuture<'static, Result<V, SourceError>>>;

/// Keeps answers by key.
///
/// All who ask while an answer is on its way share it, its failure too; who asks after a failure asks anew.
pub(super) struct Cache<K, V> {
    max: usize,
    keep: Duration,
    entries: Mutex<HashMap<K, Entry<V>>>,
}

struct Entry<V> {
    since: Instant,
    answer: Answer<V>,
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("max", &self.max).field("keep", &self.keep).finish_non_exhaustive()
    }
}

impl<K: Eq + Hash + Clone, V: Clone + Send + Sync + 'static> Cache<K, V> {
    /// Keeps at most so many answers for so long.
    pub(super) fn new(max: usize, keep: Duration) -> Self {
        Self { max, keep, entries: Mutex::default() }
    }

    /// The answer for a key, asked for with `fetch` unless it is there.
    pub(super) async fn get<F>(&self, key: &K, fetch: impl FnOnce() -> F) -> Result<V, SourceError>
    where
        F: Future<Output = Result<V, SourceError>> + Send + 'static,
    {
        let answer = self.answer(key, fetch);
        answer.await
    }

    fn answer<F>(&self, key: &K, fetch: impl FnOnce() -> F) -> Answer<V>
    where
        F: Future<Output = Result<V, SourceError>> + Send + 'static,
    {
        // The store is whole after every step, so a panic elsewhere leaves nothing broken behind.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(key).filter(|entry| self.is_good(entry)) {
            return entry.answer.clone();
        }
        entries.remove(key);
        while entries.len() >= self.max.max(1) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.since).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            entries.remove(&oldest);
        }
        // A task of its own: whoever asked first may be dropped, and the others still wait.
        let task = tokio::spawn(fetch());
        let answer = async move {
            let broken = |_| SourceError::new("their source", "asking it has failed by a defect");
            task.await.map_err(broken).flatten()
        };
        let answer = answer.boxed().shared();
        entries.insert(key.clone(), Entry { since: Instant::now(), answer: answer.clone() });
        answer
    }

    fn is_good(&self, entry: &Entry<V>) -> bool {
        entry.since.elapsed() < self.keep && !matches!(entry.answer.peek(), Some(Err(_)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const KEEP: Duration = Duration::from_secs(300);

    /// Counts how often it is asked, and gives the count.
    #[derive(Clone, Default)]
    struct Counting(Arc<AtomicUsize>);

    impl Counting {
        async fn ask(self) -> Result<usize, SourceError> {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(self.0.fetch_add(1, Ordering::Relaxed) + 1)
        }

        async fn fail(self) -> Result<usize, SourceError> {
            self.ask().await.and_then(|count| Err(SourceError::new("a place", count.to_string())))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_share_one_answer_until_it_is_old() {
        let (cache, counting) = (Cache::new(10, KEEP), Counting::default());
        let ask = || cache.get(&"a", || counting.clone().ask());
        assert_eq!(tokio::join!(ask(), ask(), ask()), (Ok(1), Ok(1), Ok(1)));
        tokio::time::advance(KEEP - Duration::from_secs(5)).await;
        assert_eq!(ask().await, Ok(1));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(ask().await, Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_shared_and_not_kept() {
        let (cache, counting) = (Cache::new(10, KEEP), Counting::default());
        let ask = || cache.get(&"a", || counting.clone().fail());
        let (first, second) = tokio::join!(ask(), ask());
        assert_eq!(first.unwrap_err().reason, "1");
        assert_eq!(second.unwrap_err().reason, "1");
        assert_eq!(ask().await.unwrap_err().reason, "2");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_does_not_depend_on_who_asked_first() {
        let (cache, counting) = (Cache::new(10, KEEP), Counting::default());
        let ask = || cache.get(&"a", || counting.clone().ask());
        let first = tokio::time::timeout(Duration::from_millis(1), ask()).await;
        assert!(first.is_err(), "the first has given up");
        assert_eq!(ask().await, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_answer_makes_room() {
        let (cache, counting) = (Cache::new(2, KEEP), Counting::default());
        for (key, expected) in [("a", 1), ("b", 2), ("c", 3), ("b", 2), ("a", 4)] {
            assert_eq!(cache.get(&key, || counting.clone().ask()).await, Ok(expected), "{key}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        let cache: Cache<&str, usize> = Cache::new(2, KEEP);
        assert!(cache.get(&"a", || async { panic!("as a test of it") }).await.is_err());
    }
}
