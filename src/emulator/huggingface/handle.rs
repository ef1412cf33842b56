//! The handle of a running emulator.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::fault::{Fault, Faults};
use super::service::{App, handle};
use crate::emulator::guarded::Guarded;
use crate::emulator::recorder::Recorder;
use crate::emulator::times::Times;

/// Requests beyond these are counted only.
const RECORD_LIMIT: usize = 10_000;

/// A request, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    pub path: String,
    /// From the path or the body.
    pub model: String,
    pub token: Option<String>,
    pub bill_to: Option<String>,
    pub body: Value,
    pub status: u16,
}

/// A running emulator. Clones are the same one; it stops when the last is dropped.
#[derive(Debug, Clone)]
pub struct HuggingFace {
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    address: SocketAddr,
    app: Arc<App>,
    server: JoinHandle<()>,
}

impl HuggingFace {
    /// Starts an emulator in this process.
    pub async fn start(listen: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let app =
            Arc::new(App { exchanges: Recorder::new(RECORD_LIMIT), faults: Guarded::new(Faults::default()) });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&app));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the Hugging Face emulator stopped"
                );
            }
        });
        Ok(Self { running: Arc::new(Running { address, app, server }) })
    }

    /// The address as a client is configured with it.
    pub fn url(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// The requests so far, in order.
    pub fn exchanges(&self) -> &Recorder<Exchange> {
        &self.running.app.exchanges
    }

    /// What happens to requests whose body holds a text; an empty one is in all.
    pub fn script(&self, body_contains: &str, fault: Fault, times: Times) {
        self.running.app.faults.with(|faults| faults.add(body_contains, fault, times));
    }

    /// Forgets all faults.
    pub fn heal(&self) {
        self.running.app.faults.with(Faults::clear);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}
