//! The handle of a running emulator.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::exchange::Exchange;
use super::scenario::{Grant, Grants, Scripts, Step, Target};
use super::service::{Access, App, handle};
use super::tally::{Calls, Tally};
use crate::emulator::guarded::Guarded;
use crate::emulator::incoming::{Connection, Incoming};
use crate::emulator::recorder::{NotSeen, Recorder};
use crate::emulator::socket::Port;

/// How an emulator behaves from the start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The access keys and API keys that are known; none knows all.
    pub known_keys: Option<Vec<String>>,
    /// Keys that are known and may not call.
    pub denied_keys: Vec<String>,
    /// How long the model thinks before it answers. Scripted steps have delays of their own.
    pub latency: Duration,
    /// How many requests are kept for [`Bedrock::exchanges`].
    pub record_limit: usize,
    /// Requests are counted by the word that follows this text in their body, for [`Bedrock::calls_by_mark`].
    pub mark: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen,
            known_keys: None,
            denied_keys: Vec::new(),
            latency: Duration::ZERO,
            record_limit: 10_000,
            mark: None,
        }
    }
}

/// A running emulator. Clones are the same one; it stops when the last is dropped.
#[derive(Debug, Clone)]
pub struct Bedrock {
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    port: Port,
    app: Arc<App>,
    server: JoinHandle<()>,
}

/// Serves for ever: for a process that is nothing but the emulator.
pub async fn serve(address: SocketAddr, options: Options) -> io::Result<()> {
    let _bedrock = Bedrock::start(Options { listen: address, ..options }).await?;
    std::future::pending().await
}

impl Bedrock {
    /// Starts an emulator in this process.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (port, connections) = Port::listen(options.listen).await?;
        let app = Arc::new(App {
            exchanges: Recorder::new(options.record_limit),
            tally: Arc::new(Tally::by(options.mark)),
            scripts: Guarded::new(Scripts::default()),
            grants: Guarded::new(Grants::default()),
            access: Guarded::new(Access {
                known: options.known_keys,
                denied: options.denied_keys,
                denied_actions: Vec::new(),
            }),
            latency: options.latency,
            in_flight: Arc::new(AtomicUsize::new(0)),
            requests: AtomicU64::new(0),
        });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&app));
        let service = router.into_make_service_with_connect_info::<Connection>();
        let listener = Incoming { address: port.address(), connections };
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(error = &error as &dyn std::error::Error, "the Bedrock emulator stopped");
            }
        });
        Ok(Self { running: Arc::new(Running { port, app, server }) })
    }

    pub fn address(&self) -> SocketAddr {
        self.running.port.address()
    }

    /// The address as a client is configured with it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    // --- What was asked -------------------------------------------------------------------------

    /// The requests so far, in order.
    pub fn exchanges(&self) -> &Recorder<Exchange> {
        &self.running.app.exchanges
    }

    /// How many requests were made of a model or a guardrail.
    pub fn calls_of(&self, id: &str) -> usize {
        self.exchanges().count(|exchange| exchange.id == id)
    }

    /// How many requests had this text in their body.
    pub fn calls_with(&self, text: &str) -> usize {
        self.exchanges().count(|exchange| exchange.body_text.contains(text))
    }

    /// How often each mark was in a request: see [`Options::mark`].
    pub fn calls_by_mark(&self) -> BTreeMap<String, Calls> {
        self.running.app.tally.all()
    }

    /// Waits until this many requests have come in, answered or not.
    pub async fn wait_for_calls(&self, count: usize) -> Result<(), NotSeen> {
        let look = |exchanges: &[Exchange]| (exchanges.len() >= count).then_some(());
        self.exchanges().wait_for(&format!("{count} calls"), look).await
    }

    /// How many requests are under way now.
    pub fn in_flight(&self) -> usize {
        self.running.app.in_flight.load(Ordering::SeqCst)
    }

    // --- What happens instead -------------------------------------------------------------------

    /// Adds steps behind those that are already waiting for this target. Once they are used up, the model answers.
    pub fn script(&self, target: Target, steps: impl IntoIterator<Item = Step>) {
        self.running.app.scripts.with(|scripts| scripts.add(target, steps));
    }

    /// Grants so many calls a second, and so many at once; further ones are throttled.
    pub fn grant(&self, target: Target, per_second: f64, burst: f64) {
        let grant = Grant::new(target, per_second, burst, Instant::now());
        self.running.app.grants.with(|grants| grants.set(grant));
    }

    /// Forgets all scripts and grants.
    pub fn heal(&self) {
        self.running.app.scripts.with(Scripts::clear);
        self.running.app.grants.with(Grants::clear);
    }

    /// Knows only these access keys and API keys; none knows all.
    pub fn know(&self, keys: Option<Vec<String>>) {
        self.running.app.access.with(|access| access.known = keys);
    }

    /// Denies these keys.
    pub fn deny(&self, keys: Vec<String>) {
        self.running.app.access.with(|access| access.denied = keys);
    }

    /// Lets nobody do these actions, such as `bedrock:CountTokens`.
    pub fn deny_actions(&self, actions: Vec<String>) {
        self.running.app.access.with(|access| access.denied_actions = actions);
    }

    /// Resets all connections.
    pub fn cut_connections(&self) {
        self.running.port.cut();
    }

    /// Keeps all connections open, new ones too, and neither reads nor writes; or goes on.
    pub fn black_hole(&self, silent: bool) {
        self.running.port.silence(silent);
    }

    /// Refuses new connections.
    pub async fn refuse_connections(&self) -> io::Result<()> {
        self.running.port.shut().await
    }

    /// Accepts connections again.
    pub async fn accept_connections(&self) -> io::Result<()> {
        self.running.port.open().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}
