//! The journal from outside: what it keeps, against a model, and what it does on storage that misbehaves.

mod damage;
mod medium;
mod model;
mod use_of_it;

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use super::*;

/// The surroundings: a clock that tests set, and an ear.
#[derive(Debug)]
struct Desk {
    now: AtomicI64,
    told: Mutex<Vec<String>>,
}

impl Desk {
    fn new() -> Arc<Self> {
        Arc::new(Self { now: AtomicI64::new(1_000_000), told: Mutex::default() })
    }

    /// What was said since the last look.
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    fn pass(&self, millis: i64) {
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
            Notice::SetAside { .. } => "set aside".to_owned(),
            Notice::Evicted { count, because } => format!("evicted {count} by {because}"),
        };
        self.told.lock().unwrap().push(line);
    }
}

fn key(job_key: i64) -> Key {
    Key { engine: "http://zeebe:26500".into(), job_key }
}

fn entry(fingerprint: u8, answer: &[u8], desk: &Desk) -> Entry {
    Entry {
        fingerprint: [fingerprint; 32],
        stored_at: desk.epoch_millis(),
        job_type: "model".to_owned(),
        process_instance_key: 7,
        answer: answer.to_vec(),
    }
}

async fn open(folder: &Path, desk: &Arc<Desk>) -> Redb {
    Redb::open(Options::new(folder), Arc::clone(desk) as Arc<dyn Host>).await
}
