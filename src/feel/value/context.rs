//! Contexts: values by key.

use std::{collections::HashMap, sync::Arc};

use super::{Extent, Function, Value};

/// From this number of entries on, keys are found by hash.
const HASHED_FROM: usize = 12;

/// The entries of a context, in the order in which they were written.
///
/// Functions that were written as entries live apart from the values: they can be called, but neither be read nor put
/// out.
#[derive(Debug, Clone)]
pub struct Entries {
    values: Vec<(Arc<str>, Value)>,
    /// Where each key lies, once there are many.
    places: Option<HashMap<Arc<str>, usize>>,
    functions: Vec<(Arc<str>, Arc<Function>)>,
    extent: Extent,
    /// Written in the expression as `{..}`. Such a context is contained in a list only as itself.
    written: bool,
}

impl Default for Entries {
    fn default() -> Entries {
        Entries {
            values: Vec::new(),
            places: None,
            functions: Vec::new(),
            extent: Extent::around(std::iter::empty()),
            written: false,
        }
    }
}

impl Entries {
    /// No entries.
    pub fn new() -> Entries {
        Entries::default()
    }

    pub(in crate::feel) fn with_capacity(capacity: usize) -> Entries {
        Entries { values: Vec::with_capacity(capacity), ..Entries::default() }
    }

    /// The start of a context that is written in the expression.
    pub(in crate::feel) fn written(capacity: usize) -> Entries {
        Entries { written: true, ..Entries::with_capacity(capacity) }
    }

    pub(in crate::feel) fn is_written(&self) -> bool {
        self.written
    }

    /// The same values as a context that is not the written one: without its functions, equal to its likes.
    pub(in crate::feel) fn values_only(&self) -> Entries {
        Entries {
            values: self.values.clone(),
            places: self.places.clone(),
            functions: Vec::new(),
            extent: self.extent,
            written: false,
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.place(key).and_then(|place| self.values.get(place)).map(|(_, value)| value)
    }

    fn place(&self, key: &str) -> Option<usize> {
        if self.values.len() < HASHED_FROM {
            return self.values.iter().position(|(name, _)| **name == *key);
        }
        self.places.as_ref()?.get(key).copied()
    }

    /// Entries whose keys are known to differ.
    pub(super) fn of_distinct(values: impl Iterator<Item = (Arc<str>, Value)>) -> Entries {
        let values: Vec<_> = values.collect();
        let mut extent = Extent::around(values.iter().map(|(_, value)| value));
        extent.weight += values.iter().map(|(key, _)| weight_of_key(key)).sum::<u64>();
        let mut entries = Entries { values, extent, ..Entries::default() };
        if entries.values.len() >= HASHED_FROM {
            entries.hash_keys();
        }
        entries
    }

    fn hash_keys(&mut self) {
        let places = self.values.iter().enumerate().map(|(place, (key, _))| (key.clone(), place));
        self.places = Some(places.collect());
    }

    /// Sets a key; a key that is there keeps its place.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: Value) {
        self.set(key.into(), value);
    }

    fn set(&mut self, key: Arc<str>, value: Value) {
        self.extent.add(value.extent());
        let slot = self.place(&key).and_then(|place| self.values.get_mut(place));
        if let Some((_, slot)) = slot {
            // The weight of the old value stays counted, which errs on the safe side.
            *slot = value;
            return;
        }
        self.extent.weight = self.extent.weight.saturating_add(weight_of_key(&key));
        let place = self.values.len();
        if let Some(places) = &mut self.places {
            places.insert(Arc::clone(&key), place);
        }
        self.values.push((key, value));
        if place + 1 == HASHED_FROM {
            self.hash_keys();
        }
    }

    /// An entry as written: a function can be called from now on, anything else read.
    pub(in crate::feel) fn define(&mut self, key: Arc<str>, value: Value) {
        if let Value::Function(function) = value {
            self.functions.push((key, function));
        } else {
            self.set(key, value);
        }
    }

    /// The functions of this name, in the order of their definition.
    pub(in crate::feel) fn functions(&self, name: &str) -> impl Iterator<Item = &Arc<Function>> {
        self.functions.iter().filter(move |(key, _)| **key == *name).map(|(_, function)| function)
    }

    /// The entries in the order in which they were written.
    pub fn values(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> + Clone {
        self.values.iter().map(|(key, value)| (key, value))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn extent(&self) -> Extent {
        self.extent
    }

    /// The entries in the order in which the reference shows them: that of a Scala map, which keeps four entries as
    /// they came and orders more by the hashes of their keys.
    pub(in crate::feel) fn in_reference_order(&self) -> Vec<(&Arc<str>, &Value)> {
        let mut entries: Vec<(&Arc<str>, &Value)> = self.values().collect();
        if entries.len() > 4 {
            let mut hashed: Vec<_> =
                entries.iter().map(|entry| (spread(java_hash(entry.0)), *entry)).collect();
            entries.clear();
            trie_order(&mut hashed, 0, &mut entries);
        }
        entries
    }
}

fn weight_of_key(key: &str) -> u64 {
    1 + key.len() as u64 / 32
}

/// Java's `String.hashCode`.
fn java_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// The mixing of hashes in Scala's maps.
fn spread(hash: u32) -> u32 {
    let hash = hash.wrapping_add(!(hash << 9));
    let hash = hash ^ (hash >> 14);
    let hash = hash.wrapping_add(hash << 4);
    hash ^ (hash >> 10)
}

/// Walks the trie of a Scala map: at each node first the entries that are alone in their slot, then the nodes below.
fn trie_order<'a>(
    entries: &mut [(u32, (&'a Arc<str>, &'a Value))],
    shift: u32,
    ordered: &mut Vec<(&'a Arc<str>, &'a Value)>,
) {
    let slot = |hash: u32| hash.checked_shr(shift).unwrap_or(0) & 31;
    if shift >= 32 {
        ordered.extend(entries.iter().map(|(_, entry)| *entry));
        return;
    }
    entries.sort_by_key(|(hash, _)| slot(*hash));
    let alone = entries.chunk_by(|one, two| slot(one.0) == slot(two.0)).filter(|chunk| chunk.len() == 1);
    ordered.extend(alone.flatten().map(|(_, entry)| *entry));
    for below in entries.chunk_by_mut(|one, two| slot(one.0) == slot(two.0)).filter(|chunk| chunk.len() > 1) {
        trie_order(below, shift + 5, ordered);
    }
}

impl<K: Into<Arc<str>>> FromIterator<(K, Value)> for Entries {
    fn from_iter<T: IntoIterator<Item = (K, Value)>>(entries: T) -> Entries {
        let mut collected = Entries::new();
        for (key, value) in entries {
            collected.insert(key, value);
        }
        collected
    }
}
