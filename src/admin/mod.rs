//! The port of the operator: health for the orchestrator, metrics for the scraper, under the paths that Camunda's
//! runtime has.
//!
//! Live means that the process answers here; it does not depend on the engine. Ready means that every [`Probe`]
//! says so and that the process is not on its way out. Started is a flag.

mod health;
mod pages;
mod server;

#[cfg(test)]
mod tests;

use std::fmt::{self, Debug};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use self::health::Health;
pub use self::health::{Phase, Probe, Status};
pub use self::pages::Loggers;
pub use self::server::Service;

/// Where health and metrics are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub address: IpAddr,
    /// 0 lets the system choose.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self { address: Ipv4Addr::UNSPECIFIED.into(), port: 8080 }
    }
}

/// What is shown there. Everything is handed in, so this module knows no other component.
#[derive(Clone, Default)]
pub struct Exhibits {
    /// What readiness consists of.
    pub probes: Vec<Arc<dyn Probe>>,
    /// What the scraper gets.
    pub metrics: Option<MetricsPage>,
    /// Shows and sets what is logged.
    pub loggers: Option<Arc<dyn Loggers>>,
    /// The connectors, as `GET /outbound` lists them.
    pub connectors: Vec<ConnectorInfo>,
}

/// Renders the metrics page, and its content type.
pub type MetricsPage = (Arc<dyn Fn() -> String + Send + Sync>, &'static str);

impl Debug for Exhibits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exhibits")
            .field("probes", &self.probes)
            .field("connectors", &self.connectors)
            .finish_non_exhaustive()
    }
}

/// One row of `GET /outbound`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorInfo {
    pub name: String,
    #[serde(rename = "type")]
    pub job_type: String,
    pub input_variables: Vec<String>,
}

/// Tells the endpoints what the process is doing. Clones share it.
#[derive(Debug, Clone)]
pub struct Handle {
    health: Arc<Health>,
}

impl Handle {
    /// The process has reached another phase of its life.
    pub fn enter(&self, phase: Phase) {
        self.health.enter(phase);
    }
}

/// The endpoints cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Free the port or choose another one.
    #[error(
        "health and metrics cannot listen on {address}: {source}; set SERVER_PORT (admin.port) or SERVER_ADDRESS (admin.address) to a free one"
    )]
    Bind { address: SocketAddr, source: std::io::Error },
}

impl Options {
    /// Takes the port. From then on connections wait; they are answered once the service runs.
    pub async fn build(&self, exhibits: Exhibits) -> Result<(Service, Handle), Error> {
        let address = SocketAddr::new(self.address, self.port);
        let bind = |source| Error::Bind { address, source };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let health = Arc::new(Health::new(exhibits.probes.clone()));
        let router = pages::router(Arc::clone(&health), &exhibits);
        Ok((Service::new(listener, address, router), Handle { health }))
    }
}
