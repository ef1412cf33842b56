//! The connections of a port, as axum takes them.

use std::io;
use std::net::SocketAddr;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::sync::mpsc;

use super::socket::{Wire, WireHandle};

/// What a port has accepted.
pub(crate) struct Incoming {
    pub(crate) address: SocketAddr,
    pub(crate) connections: mpsc::Receiver<Wire>,
}

impl Listener for Incoming {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        match self.connections.recv().await {
            Some(wire) => (wire, self.address),
            // The port is closed; the server is about to be dropped.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// The connection that a request came on.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) wire: WireHandle,
}

impl Connected<IncomingStream<'_, Incoming>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Incoming>) -> Self {
        Self { wire: stream.io().handle() }
    }
}
