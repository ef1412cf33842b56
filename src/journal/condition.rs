//! Whether answers are being kept, as the surroundings know it: each change is said once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Error, Host, Notice};

#[derive(Debug)]
pub(super) struct Condition {
    pub(super) host: Arc<dyn Host>,
    /// How people know the storage.
    pub(super) place: String,
    /// That answers are not kept was said and not yet taken back.
    told: AtomicBool,
}

impl Condition {
    pub(super) fn new(host: Arc<dyn Host>, place: String) -> Self {
        Self { host, place, told: AtomicBool::new(false) }
    }

    /// What was there when the storage was opened. After a failure, the end of the failure is news enough.
    pub(super) fn opened(&self, entries: u64, bytes: u64) {
        if !self.is_bad() {
            self.host.tell(Notice::Opened { place: &self.place, entries, bytes });
        }
    }

    /// Says that answers are not kept, unless that is known.
    pub(super) fn complain(&self, error: &Error) {
        if !self.told.swap(true, Ordering::Relaxed) {
            self.host.tell(Notice::Unavailable { error });
        }
    }

    /// Takes a complaint back.
    pub(super) fn recovered(&self) {
        if self.told.swap(false, Ordering::Relaxed) {
            self.host.tell(Notice::Restored { place: &self.place });
        }
    }

    pub(super) fn evicted(&self, count: usize, because: &'static str) {
        if count > 0 {
            self.host.tell(Notice::Evicted { count, because });
        }
    }

    pub(super) fn is_bad(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }
}
