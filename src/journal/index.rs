//! Which entries there are, by key and by age, and which have to go. It decides and does no I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Key;
use super::entry::Slip;

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The size of all entries together. The file is larger: it holds the tree and free pages as well.
    pub max_bytes: u64,
    /// After how long an entry that nobody took is dropped.
    pub keep: Duration,
}

impl Limits {
    /// Whether an entry is too old to be used.
    pub(super) fn is_over(&self, stored_at: i64, now: i64) -> bool {
        let keep = i64::try_from(self.keep.as_millis()).unwrap_or(i64::MAX);
        now.saturating_sub(stored_at) > keep
    }
}

/// Why an entry has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Because {
    Size,
    Age,
}

impl Because {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Age => "age",
        }
    }
}

/// The slips of all entries.
#[derive(Debug, Default)]
pub(super) struct Index {
    slips: BTreeMap<Key, Slip>,
    by_age: BTreeSet<(i64, Key)>,
    bytes: u64,
}

impl Index {
    pub(super) fn has(&self, key: &Key) -> bool {
        self.slips.contains_key(key)
    }

    /// All slips, the oldest first.
    pub(super) fn by_age(&self) -> impl Iterator<Item = (&Key, &Slip)> {
        self.by_age.iter().filter_map(|(_, key)| self.slips.get_key_value(key))
    }

    pub(super) fn len(&self) -> usize {
        self.slips.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn insert(&mut self, key: Key, slip: Slip) {
        self.remove(&key);
        self.bytes = self.bytes.saturating_add(slip.cost());
        self.by_age.insert((slip.stored_at, key.clone()));
        self.slips.insert(key, slip);
    }

    pub(super) fn remove(&mut self, key: &Key) -> Option<Slip> {
        let slip = self.slips.remove(key)?;
        self.bytes = self.bytes.saturating_sub(slip.cost());
        self.by_age.remove(&(slip.stored_at, key.clone()));
        Some(slip)
    }

    /// Takes out what is beyond the limits, the oldest first.
    pub(super) fn evict(&mut self, limits: &Limits, now: i64) -> Vec<(Key, Because)> {
        let mut evicted = Vec::new();
        while let Some((stored_at, key)) = self.by_age.first().cloned() {
            let because = if limits.is_over(stored_at, now) {
                Because::Age
            } else if self.bytes > limits.max_bytes {
                Because::Size
            } else {
                break;
            };
            self.remove(&key);
            evicted.push((key, because));
        }
        evicted
    }
}
