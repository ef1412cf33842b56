//! What the health endpoints answer.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// A probe that has not answered by then is down. Orchestrators themselves usually wait for 1 s to 10 s.
const PROBE_PATIENCE: Duration = Duration::from_secs(5);
/// Answers that come within this time share one round of probes, so that scrapers cannot load the engine.
const FRESHNESS: Duration = Duration::from_secs(1);

/// One part of readiness, asked when somebody asks us.
pub trait Probe: Debug + Send + Sync {
    /// Its name under `components`; the gateway's is `zeebeClient`, as dashboards know it.
    fn name(&self) -> &'static str;

    /// How it is now.
    fn check(&self) -> BoxFuture<'_, Status>;
}

/// How a part of the process is.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// It works; the details are shown to whoever asks.
    Up(Map<String, Value>),
    /// It does not, and why. The text is shown, so it holds no secret.
    Down(String),
}

/// How far the process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Components are being started.
    Starting,
    /// Jobs are taken.
    Running,
    /// No further jobs are taken; the running ones end.
    Draining,
}

/// The parts of readiness by name.
type Components = Vec<(&'static str, Status)>;

/// The state behind the endpoints.
#[derive(Debug)]
pub(super) struct Health {
    phase: AtomicU8,
    probes: Vec<Arc<dyn Probe>>,
    /// Held while probing, so that a crowd of requests waits for one round instead of starting its own.
    last: Mutex<Option<(Instant, Components)>>,
}

/// An answer: its code is 200 when `up`, otherwise 503.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) up: bool,
    pub(super) body: Value,
}

impl Health {
    pub(super) fn new(probes: Vec<Arc<dyn Probe>>) -> Self {
        Self { phase: AtomicU8::new(Phase::Starting as u8), probes, last: Mutex::new(None) }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    pub(super) fn live(&self) -> Answer {
        Answer { up: true, body: json!({ "status": "UP" }) }
    }

    pub(super) fn started(&self) -> Answer {
        let up = !self.is(Phase::Starting);
        Answer { up, body: json!({ "status": word(up) }) }
    }

    pub(super) async fn ready(&self) -> Answer {
        if self.is(Phase::Draining) {
            return Answer { up: false, body: json!({ "status": "OUT_OF_SERVICE" }) };
        }
        let components = self.components().await;
        let up = components.iter().all(|(_, status)| matches!(status, Status::Up(_)));
        let components: Map<String, Value> =
            components.iter().map(|(name, status)| ((*name).to_owned(), shown(status))).collect();
        Answer { up, body: json!({ "status": word(up), "components": components }) }
    }

    /// Everything at once.
    pub(super) async fn overall(&self) -> Answer {
        let mut answer = self.ready().await;
        if let Value::Object(body) = &mut answer.body {
            body.insert("groups".to_owned(), json!(["liveness", "readiness", "startup"]));
        }
        answer
    }

    async fn components(&self) -> Components {
        let mut last = self.last.lock().await;
        match last.as_ref() {
            Some((at, components)) if at.elapsed() < FRESHNESS => components.clone(),
            _ => {
                let components = join_all(self.probes.iter().map(|probe| ask(probe.as_ref()))).await;
                *last = Some((Instant::now(), components.clone()));
                components
            }
        }
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) == phase as u8
    }
}

async fn ask(probe: &dyn Probe) -> (&'static str, Status) {
    let status = timeout(PROBE_PATIENCE, probe.check())
        .await
        .unwrap_or_else(|_| Status::Down(format!("no answer within {} s", PROBE_PATIENCE.as_secs())));
    (probe.name(), status)
}

fn shown(status: &Status) -> Value {
    match status {
        Status::Up(details) if details.is_empty() => json!({ "status": "UP" }),
        Status::Up(details) => json!({ "status": "UP", "details": details }),
        Status::Down(error) => json!({ "status": "DOWN", "details": { "error": error } }),
    }
}

fn word(up: bool) -> &'static str {
    if up { "UP" } else { "DOWN" }
}
