//! The lanes of a process: one for each quota, by a key of the caller's.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use super::lane::Lane;
use super::machine::Quota;
use crate::telemetry::Telemetry;

/// How a lane is called, and what the operator allows on it.
#[derive(Debug, Clone)]
pub struct LaneOptions {
    pub quota: Quota,
    pub telemetry: Telemetry,
    /// For metrics and log lines; no secret may be in them.
    pub model: String,
    pub region: String,
}

/// A bounded store of lanes. The one that was used least recently goes first, and never one that is in use.
#[derive(Debug)]
pub struct Pacer<K> {
    max_lanes: usize,
    kept: Mutex<Kept<K>>,
}

#[derive(Debug)]
struct Kept<K> {
    lanes: HashMap<K, (Lane, u64)>,
    uses: u64,
}

impl<K: Eq + Hash + Clone> Pacer<K> {
    /// An empty store for about so many lanes; those in use are kept beyond that number.
    pub fn new(max_lanes: usize) -> Self {
        Self { max_lanes, kept: Mutex::new(Kept { lanes: HashMap::new(), uses: 0 }) }
    }

    /// The lane of a key, which is made when there is none.
    pub fn lane(&self, key: &K, options: impl FnOnce() -> LaneOptions) -> Lane {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        if let Some((lane, last_use)) = kept.lanes.get_mut(key) {
            *last_use = uses;
            return lane.clone();
        }
        kept.make_room(self.max_lanes);
        let lane = Lane::new(options());
        kept.lanes.insert(key.clone(), (lane.clone(), uses));
        lane
    }
}

impl<K: Eq + Hash + Clone> Kept<K> {
    fn make_room(&mut self, max_lanes: usize) {
        while self.lanes.len() >= max_lanes.max(1) {
            let idle = self.lanes.iter().filter(|(_, (lane, _))| lane.is_idle());
            let oldest = idle.min_by_key(|(_, (_, last_use))| *last_use).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            self.lanes.remove(&oldest);
        }
    }
}
