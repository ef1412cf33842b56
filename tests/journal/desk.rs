//! The surroundings of a journal in tests.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use bedrock_connector::journal::{Entry, Host, Key, Notice};

/// A clock that tests set, and an ear.
#[derive(Debug)]
pub(crate) struct Desk {
    now: AtomicI64,
    told: Mutex<Vec<String>>,
}

impl Desk {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { now: AtomicI64::new(1_000_000), told: Mutex::default() })
    }

    /// What was said since the last look.
    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    pub(crate) fn pass(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Host for Desk {
    fn epoch_millis(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    fn tell(&self, notice: Notice<'_>) {
        let line = match notice {
            Notice::Opened { entries, .. } => format!("opened with {entries}"),
            Notice::Unavailable { error } => format!("unavailable: {}", error.code()),
            Notice::Restored { .. } => "restored".to_owned(),
            Notice::Evicted { count, because } => format!("evicted {count} by {because}"),
            other => format!("{other:?}"),
        };
        self.told.lock().unwrap().push(line);
    }
}

pub(crate) fn key(job_key: i64) -> Key {
    Key { engine: "http://zeebe:26500".into(), job_key }
}

pub(crate) fn entry(fingerprint: u8, answer: &[u8], desk: &Desk) -> Entry {
    Entry {
        fingerprint: [fingerprint; 32],
        stored_at: desk.epoch_millis(),
        job_type: "model".to_owned(),
        process_instance_key: 7,
        answer: answer.to_vec(),
    }
}
