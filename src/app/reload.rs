//! A changed configuration while the program runs.
//!
//! Connections, their models and rules, prices, and whether tasks may go without count at once; running jobs keep what they were
//! bound with. Everything else needs a restart, and is named. A file with a mistake changes nothing.

use std::fmt::{self, Debug};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::time::MissedTickBehavior;

use crate::admin::{Probe, Status};
use crate::config::{Config, FileMark, Mistake, Mistakes, ReloadConfig};
use crate::connections::Handle;
use crate::cost::Meter;
use crate::telemetry::{ConnectionEvent, Event, Telemetry};
use crate::upstreams::Pools;

/// Reads the configuration from all its sources.
pub(super) type Load = Arc<dyn Fn() -> Result<Config, Mistakes> + Send + Sync>;

/// Puts a changed configuration in force.
pub struct Reloader {
    load: Option<Load>,
    in_force: Handle,
    telemetry: Telemetry,
    meter: Arc<Meter>,
    pools: Arc<Pools>,
    /// As it was at the start: what needs a restart is told until there is one.
    at_start: Config,
    /// Why the last one was refused.
    refused: Mutex<Option<Mistakes>>,
    /// Held while one is read, so that two never overtake each other.
    turn: tokio::sync::Mutex<()>,
}

impl Debug for Reloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloader").field("in_force", &self.in_force).finish_non_exhaustive()
    }
}

impl Reloader {
    pub(super) fn new(
        at_start: Config,
        load: Option<Load>,
        in_force: Handle,
        meter: Arc<Meter>,
        pools: Arc<Pools>,
        telemetry: Telemetry,
    ) -> Self {
        Self {
            load,
            in_force,
            telemetry,
            meter,
            pools,
            at_start,
            refused: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Reads the configuration again, and puts it in force if there is no mistake in it.
    pub async fn reload(&self) {
        let Some(load) = self.load.clone() else { return };
        let _turn = self.turn.lock().await;
        // A panic in there would be a defect of the reader; the old configuration stays then, too.
        let loaded = tokio::task::spawn_blocking(move || load()).await;
        let loaded = loaded.unwrap_or_else(|_| Err(unreadable()));
        match loaded.and_then(|config| self.in_the_budgets_currency(config)) {
            Ok(config) => self.put_in_force(&config),
            Err(mistakes) => {
                self.tell(ConnectionEvent::NotReloaded { mistakes: &mistakes.to_string() });
                *self.refused() = Some(mistakes);
            }
        }
    }

    /// Budgets stay what they were at the start, and with prices in another currency nothing could be held to them.
    fn in_the_budgets_currency(&self, config: Config) -> Result<Config, Mistakes> {
        let Some(ours) = self.meter.currency() else { return Ok(config) };
        let in_table = config.prices.0.iter().map(|entry| ("prices.currency", &entry.price.currency));
        let own = config.connections.prices();
        let own = own.map(|price| ("connections.models.price.currency", &price.currency));
        let Some((place, found)) = in_table.chain(own).find(|(_, theirs)| *theirs != ours) else {
            return Ok(config);
        };
        let expected =
            format!("expected {ours}, the currency of the budgets in force; a restart takes both anew");
        Err(Mistakes(vec![Mistake { place: place.to_owned(), found: Some(found.to_string()), expected }]))
    }

    fn put_in_force(&self, config: &Config) {
        self.in_force.replace(Arc::clone(&config.connections), config.inline_credentials);
        self.pools.keep_those_of(&config.connections);
        self.meter.replace_prices(config.prices.clone());
        *self.refused() = None;
        let restart_needed = config.changed_since(&self.at_start).join(", ");
        let connections = config.connections.connections().count();
        self.tell(ConnectionEvent::Reloaded { connections, restart_needed: &restart_needed });
    }

    fn refused(&self) -> MutexGuard<'_, Option<Mistakes>> {
        // It is written in one step, so a panic elsewhere leaves nothing broken behind.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: ConnectionEvent<'_>) {
        self.telemetry.emit(Event::Connection(event));
    }

    /// Looks at the file from time to time. Its content counts and not its date: Kubernetes swaps links, and nothing else
    /// would show that on every file system.
    pub(super) async fn watch(self: Arc<Self>, options: ReloadConfig) {
        let (Some(file), Some(every)) = (options.file, options.check_every) else { return };
        let mut seen = options.read;
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = content(&file).await;
            if now != seen {
                seen = now;
                self.reload().await;
            }
        }
    }
}

/// None: the file cannot be read, which is told once like any other mistake.
async fn content(file: &Path) -> Option<FileMark> {
    tokio::fs::read(file).await.ok().map(|content| FileMark::of(&content))
}

fn unreadable() -> Mistakes {
    Mistakes(vec![Mistake {
        place: "configuration".to_owned(),
        found: None,
        expected: "reading it came upon a defect of this program; please report it".to_owned(),
    }])
}

impl Probe for Reloader {
    fn name(&self) -> &'static str {
        "configuration"
    }

    /// It is up with a refused file, too: the program works on as it was configured before.
    fn check(&self) -> BoxFuture<'_, Status> {
        let mut details = Map::new();
        if let Some(mistakes) = self.refused().as_ref() {
            let listed: Vec<Value> = mistakes.0.iter().map(|mistake| mistake.to_string().into()).collect();
            details.insert("refused".to_owned(), Value::Array(listed));
        }
        std::future::ready(Status::Up(details)).boxed()
    }
}
