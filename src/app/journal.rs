//! Where answers are kept, and who hears of it.

use std::path::Path;
use std::sync::Arc;

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, JournalPlace};
use crate::journal::{self, Journal, Notice, Redb};
use crate::telemetry::{Event, Telemetry};

/// Opens the journal. Storage that cannot be used does not keep the worker from its work.
pub(super) async fn open(config: &Config, telemetry: &Telemetry) -> Journal {
    let folder = match &config.journal.place {
        JournalPlace::Folder(folder) => folder,
        JournalPlace::Nowhere { chosen, message } => {
            telemetry.emit(Event::JournalOff { chosen: *chosen, message });
            return Journal::off();
        }
    };
    let limits = journal::Limits { max_bytes: config.journal.max_bytes as u64, keep: config.journal.keep };
    let options = journal::Options { limits, ..journal::Options::new(folder) };
    let host = Arc::new(JournalHost { clock: Arc::new(SystemClock), telemetry: telemetry.clone() });
    Journal::new(&config.gateway.address, Arc::new(Redb::open(options, host).await))
}

/// What the journal needs and tells.
#[derive(Debug)]
struct JournalHost {
    clock: Arc<dyn Clock>,
    telemetry: Telemetry,
}

impl journal::Host for JournalHost {
    fn epoch_millis(&self) -> i64 {
        self.clock.epoch_millis()
    }

    fn tell(&self, notice: Notice<'_>) {
        let shown = |path: &Path| path.display().to_string();
        match notice {
            Notice::Opened { path, entries, bytes } => {
                self.telemetry.emit(Event::JournalOpened { path: &shown(path), entries, bytes });
            }
            Notice::Unavailable { error } => {
                let (reason, message) = (error.code(), chain(error));
                self.telemetry.emit(Event::JournalUnavailable { reason, message: &message });
            }
            Notice::Restored { path } => self.telemetry.emit(Event::JournalRestored { path: &shown(path) }),
            Notice::SetAside { moved_to, reason } => {
                self.telemetry.emit(Event::JournalSetAside { moved_to: &shown(moved_to), message: reason });
            }
            Notice::Evicted { count, because } => {
                self.telemetry.emit(Event::AnswersEvicted { count, because });
            }
        }
    }
}

/// An error with its cause, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
