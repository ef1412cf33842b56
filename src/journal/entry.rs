//! What is kept of an answer, and the form in which it is kept.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The form of [`Slip`]. An entry of any other version is not read but dropped, so that programs of different
/// versions may follow each other on one file.
pub(super) const VERSION: u32 = 1;

/// What an entry costs beside its answer, for the size limit.
pub(super) const OVERHEAD_BYTES: u64 = 512;

/// Identifies a request.
pub type Fingerprint = [u8; 32];

/// Whose answer it is. Job keys are unique within one engine only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub engine: Arc<str>,
    pub job_key: i64,
}

/// An answer with what is needed to use it and to recognise it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The request that this answers.
    pub fingerprint: Fingerprint,
    /// Milliseconds since the epoch.
    pub stored_at: i64,
    /// For people who look at the journal.
    pub job_type: String,
    pub process_instance_key: i64,
    /// JSON text.
    pub answer: Vec<u8>,
}

impl Entry {
    /// The entry of what was paid on the way to an answer, which must never pass for the answer itself.
    pub fn into_notes(self) -> Self {
        Self { fingerprint: notes_on(&self.fingerprint), ..self }
    }
}

/// The fingerprint under which notes on a request are kept.
pub(super) fn notes_on(fingerprint: &Fingerprint) -> Fingerprint {
    Sha256::new().chain_update(fingerprint).chain_update("notes").finalize().into()
}

impl fmt::Debug for Entry {
    /// The answer is the process's business and not the log's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("stored_at", &self.stored_at)
            .field("job_type", &self.job_type)
            .field("process_instance_key", &self.process_instance_key)
            .field("answer_bytes", &self.answer.len())
            .finish_non_exhaustive()
    }
}

/// All of an entry but its answer. Slips are held in memory, answers only on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slip {
    pub(super) version: u32,
    pub fingerprint: Fingerprint,
    pub stored_at: i64,
    pub job_type: String,
    pub process_instance_key: i64,
    pub answer_bytes: u64,
    /// SHA-256 of the answer, because a database checks its own structure and not always its content.
    pub(super) checksum: [u8; 32],
}

impl Slip {
    /// The slip of an entry.
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            version: VERSION,
            fingerprint: entry.fingerprint,
            stored_at: entry.stored_at,
            job_type: entry.job_type.clone(),
            process_instance_key: entry.process_instance_key,
            answer_bytes: entry.answer.len() as u64,
            checksum: Sha256::digest(&entry.answer).into(),
        }
    }

    /// Puts an entry together again; `None` when the answer is not the one that was stored.
    pub(super) fn entry(self, answer: Vec<u8>) -> Option<Entry> {
        let checksum: [u8; 32] = Sha256::digest(&answer).into();
        (checksum == self.checksum).then_some(Entry {
            fingerprint: self.fingerprint,
            stored_at: self.stored_at,
            job_type: self.job_type,
            process_instance_key: self.process_instance_key,
            answer,
        })
    }

    /// What counts towards the size limit.
    pub(super) fn cost(&self) -> u64 {
        self.answer_bytes.saturating_add(OVERHEAD_BYTES)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Nothing in it can fail to be written; an empty slip would be dropped like one of another version.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// `None` for a slip of another version.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(bytes).ok().filter(|slip| slip.version == VERSION)
    }
}

/// A change to the storage. Clones share the answer.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Put(Key, Slip, Arc<[u8]>),
    Remove(Key),
}

impl Change {
    /// What it keeps in memory while it waits.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Put(_, _, answer) => answer.len(),
            Self::Remove(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            fingerprint: [7; 32],
            stored_at: 1_700_000_000_000,
            job_type: "model".to_owned(),
            process_instance_key: 5,
            answer: br#"{"text":"hello"}"#.to_vec(),
        }
    }

    #[test]
    fn an_entry_survives_its_slip() {
        let slip = Slip::from_bytes(&Slip::of(&entry()).to_bytes()).unwrap();
        assert_eq!(slip.entry(entry().answer), Some(entry()));
    }

    #[test]
    fn an_answer_that_has_changed_is_no_answer() {
        assert_eq!(Slip::of(&entry()).entry(br#"{"text":"hallo"}"#.to_vec()), None);
    }

    #[test]
    fn a_slip_of_another_version_is_not_read() {
        let text = String::from_utf8(Slip::of(&entry()).to_bytes()).unwrap();
        let newer = text.replace("\"version\":1", "\"version\":2");
        assert_ne!(newer, text);
        assert_eq!(Slip::from_bytes(newer.as_bytes()), None);
        assert_eq!(Slip::from_bytes(b""), None);
    }

    #[test]
    fn an_entry_does_not_show_its_answer() {
        assert!(!format!("{:?}", entry()).contains("hello"));
    }
}
