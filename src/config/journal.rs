//! From settings to where answers are kept.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use crate::secrets::Secret;

/// The journal's part of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalConfig {
    /// The folder of a journal of this process alone.
    pub data_dir: Option<PathBuf>,
    /// The database of a journal that several processes share. It comes before the folder.
    pub url: Option<Secret>,
    /// After how long an answer that nobody took is dropped.
    pub keep: Duration,
}

pub(crate) fn read(reader: &mut Reader) -> JournalConfig {
    let mut keep = Duration::from_secs(7 * 24 * 60 * 60);
    reader.duration("journal.keep", &mut keep);
    JournalConfig {
        data_dir: reader.path("journal.data-dir"),
        url: reader.parsed("journal.url", postgres).map(Secret::from),
        keep,
    }
}

fn postgres(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://")?;
    (matches!(scheme, "postgres" | "postgresql") && !rest.is_empty()).then(|| text.to_owned())
}
