//! What became of things that are over, for those who ask later.

use std::collections::{HashMap, VecDeque};

/// The latest things that ended, by key; the oldest is forgotten first.
#[derive(Debug)]
pub(crate) struct Finished<T> {
    things: HashMap<i64, T>,
    order: VecDeque<i64>,
    limit: usize,
}

impl<T> Finished<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { things: HashMap::new(), order: VecDeque::new(), limit }
    }

    /// Keeps a thing, which is only made when it is kept.
    pub(crate) fn add(&mut self, key: i64, thing: impl FnOnce() -> T) {
        if self.limit == 0 {
            return;
        }
        if self.order.len() >= self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.things.remove(&oldest);
        }
        self.order.push_back(key);
        self.things.insert(key, thing());
    }

    pub(crate) fn get(&self, key: i64) -> Option<&T> {
        self.things.get(&key)
    }
}
