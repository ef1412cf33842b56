//! The handle of a running emulator.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::task::JoinHandle;

use super::request::{Operation, Request};
use super::role::Role;
use super::script::{Scripts, Step};
use super::service::{App, State, handle};
use super::session::Session;
use crate::emulator::guarded::Guarded;
use crate::emulator::incoming::{Connection, Incoming};
use crate::emulator::recorder::Recorder;
use crate::emulator::socket::Port;

/// How an emulator behaves from the start.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long credentials count that are given out.
    pub life: Duration,
    /// The role of the instance, and of the container.
    pub own_role: String,
    /// What a container has to say in `Authorization`; without it, nothing.
    pub container_token: Option<String>,
    pub record_limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            life: Duration::from_secs(3600),
            own_role: "arn:aws:iam::123456789012:role/own".to_owned(),
            container_token: None,
            record_limit: 10_000,
        }
    }
}

/// A running emulator. Clones are the same one; it stops when the last is dropped.
#[derive(Debug, Clone)]
pub struct Issuer {
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    port: Port,
    app: Arc<App>,
    server: JoinHandle<()>,
}

impl Issuer {
    /// Starts an emulator on a free port.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (port, connections) = Port::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let app = Arc::new(App {
            requests: Recorder::new(options.record_limit),
            state: Guarded::new(State {
                life: options.life,
                roles: Vec::new(),
                sessions: Vec::new(),
                scripts: Scripts::default(),
            }),
            own_role: options.own_role,
            container_token: options.container_token,
        });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&app));
        let service = router.into_make_service_with_connect_info::<Connection>();
        let listener = Incoming { address: port.address(), connections };
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the emulator of credentials stopped"
                );
            }
        });
        Ok(Self { running: Arc::new(Running { port, app, server }) })
    }

    /// The address, for `AWS_ENDPOINT_URL_STS` and `AWS_EC2_METADATA_SERVICE_ENDPOINT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.running.port.address())
    }

    /// The address for `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
    pub fn container_url(&self) -> String {
        format!("{}/v1/credentials", self.url())
    }

    /// Lets a role be assumed by whom it trusts.
    pub fn trust(&self, role: Role) {
        self.running.app.state.with(|state| {
            state.roles.retain(|known| known.arn() != role.arn());
            state.roles.push(role);
        });
    }

    /// Adds steps behind those that are already waiting for this operation.
    pub fn script(&self, operation: Operation, steps: impl IntoIterator<Item = Step>) {
        self.running.app.state.with(|state| state.scripts.add(operation, steps));
    }

    /// Forgets all scripts.
    pub fn heal(&self) {
        self.running.app.state.with(|state| state.scripts.clear());
    }

    /// The requests so far, in order.
    pub fn requests(&self) -> &Recorder<Request> {
        &self.running.app.requests
    }

    /// How often something was asked.
    pub fn count(&self, operation: Operation) -> usize {
        self.requests().count(|request| request.operation == Some(operation))
    }

    /// The credentials that were given out, in order.
    pub fn sessions(&self) -> Vec<Session> {
        self.running.app.state.with(|state| state.sessions.clone())
    }

    /// Refuses new connections, and resets those there are.
    pub async fn go_away(&self) -> io::Result<()> {
        self.running.port.shut().await?;
        self.running.port.cut();
        Ok(())
    }

    /// Accepts connections again.
    pub async fn come_back(&self) -> io::Result<()> {
        self.running.port.open().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}
