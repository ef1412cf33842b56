//! Where answers are kept, and who hears of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, JournalPlace};
use crate::journal::postgres::{self, Address};
use crate::journal::{self, Journal, Notice, Postgres, Redb, Store};
use crate::telemetry::{Event, Telemetry};
use crate::zeebe;

/// How often an engine is asked for its name before its address has to do.
const ATTEMPTS: usize = 10;
const PAUSE: Duration = Duration::from_millis(500);

/// Opens the journal. Storage that cannot be used does not keep the worker from its work.
pub(super) async fn open(config: &Config, client: &zeebe::Client, telemetry: &Telemetry) -> Journal {
    let host = Arc::new(JournalHost { clock: Arc::new(SystemClock), telemetry: telemetry.clone() });
    let limits = journal::Limits { max_bytes: config.journal.max_bytes as u64, keep: config.journal.keep };
    let store: Arc<dyn Store> = match &config.journal.place {
        JournalPlace::Folder(folder) => {
            let options = journal::Options { limits, ..journal::Options::new(folder) };
            Arc::new(Redb::open(options, host).await)
        }
        JournalPlace::Database(address) => {
            let options = postgres::Options { limits, ..postgres::Options::new(Address::clone(address)) };
            Arc::new(Postgres::open(options, host).await)
        }
        JournalPlace::Nowhere { chosen, message } => {
            telemetry.emit(Event::JournalOff { chosen: *chosen, message });
            return Journal::off();
        }
    };
    Journal::new(Served::new(config, client), store)
}

/// The engine that the jobs come from.
#[derive(Debug)]
struct Served {
    client: zeebe::Client,
    address: Arc<str>,
    /// Set by the operator, or by the engine once it was asked.
    name: OnceCell<Arc<str>>,
}

impl Served {
    fn new(config: &Config, client: &zeebe::Client) -> Self {
        let name = config.journal.engine.as_deref().map(Arc::from);
        Self {
            client: client.clone(),
            address: config.gateway.address.trim_end_matches('/').to_ascii_lowercase().into(),
            name: OnceCell::new_with(name),
        }
    }

    /// The cluster's own id outlives a change of its address. Engines before 8.9 give none.
    async fn ask(&self) -> Option<Arc<str>> {
        let topology = self.client.topology().await.ok()?;
        let id = topology.cluster_id;
        Some(if id.is_empty() { Arc::clone(&self.address) } else { format!("cluster {id}").into() })
    }
}

impl journal::Engine for Served {
    fn name(&self) -> BoxFuture<'_, Arc<str>> {
        async {
            let asked = self.name.get_or_try_init(|| async {
                // It has just given a job, so it is there; what is lost on the way is asked for again.
                for _ in 0..ATTEMPTS {
                    if let Some(name) = self.ask().await {
                        return Ok(name);
                    }
                    sleep(PAUSE).await;
                }
                Err(())
            });
            asked.await.map_or_else(|()| Arc::clone(&self.address), Arc::clone)
        }
        .boxed()
    }
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
        match notice {
            Notice::Opened { place, entries, bytes } => {
                self.telemetry.emit(Event::JournalOpened { place, entries, bytes });
            }
            Notice::Unavailable { error } => {
                let (reason, message) = (error.code(), chain(error));
                self.telemetry.emit(Event::JournalUnavailable { reason, message: &message });
            }
            Notice::Restored { place } => self.telemetry.emit(Event::JournalRestored { place }),
            Notice::SetAside { moved_to, reason } => {
                let moved_to = &moved_to.display().to_string();
                self.telemetry.emit(Event::JournalSetAside { moved_to, message: reason });
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
