//! Accepts and serves connections, so many at a time and none for ever.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Probes and scrapers are few; whoever opens more waits.
const MAX_CONNECTIONS: usize = 64;
/// How long a request's head may take to arrive.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// How long the answers under way may take at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The pause after the system refused to accept, for example because there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The endpoints, ready to be served.
#[derive(Debug)]
pub struct Service {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

impl Service {
    pub(super) fn new(listener: TcpListener, address: SocketAddr, router: Router) -> Self {
        Self { listener, address, router }
    }

    /// Where it listens; the port is the one that the system chose.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the shutdown, which ought to come last, so that the probes see the drain.
    pub async fn run(self, shutdown: CancellationToken) {
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        while let Some(accepted) = shutdown.run_until_cancelled(self.accept(&slots)).await {
            let Some((stream, slot)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (router, shutdown) = (self.router.clone(), shutdown.clone());
            connections.spawn(async move {
                serve(stream, router, shutdown).await;
                drop(slot);
            });
            while connections.try_join_next().is_some() {}
        }
        // What is still open after that belongs to clients that do not read.
        if timeout(LAST_WORDS, async { while connections.join_next().await.is_some() {} }).await.is_err() {
            connections.abort_all();
        }
    }

    async fn accept(&self, slots: &Arc<Semaphore>) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
        let slot = Arc::clone(slots).acquire_owned().await.ok()?;
        let (stream, _) = self.listener.accept().await.ok()?;
        Some((stream, slot))
    }
}

async fn serve(stream: TcpStream, router: Router, shutdown: CancellationToken) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
    let builder = builder.http1_only();
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    // A connection that breaks off concerns only its client, so results are not looked at.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}
