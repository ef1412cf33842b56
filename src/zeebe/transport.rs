//! The connections to the gateway.
//!
//! There are two. Job streams have one of their own with a small HTTP/2 window, so that jobs nobody has a slot
//! for stay with the gateway; on it, an unread stream may hold up others only by its window. Commands and polls
//! have the other with the usual windows, so that a report is never stuck behind unread jobs.
//!
//! Both are opened by the first call and reopened by later ones. When a gateway complains of too many pings,
//! the next call builds both anew with twice the interval. Without calls there are no probes, because a
//! gateway counts any of those as too many.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_util::rt::TokioIo;
use tonic::transport::{Channel, Endpoint};
use tower::BoxError;

use super::address;
use super::error::OptionsError;
use super::farewell::{Heard, Io};
use super::http_status::GrpcOnly;
use super::options::Options;
use super::proxy::Tcp;
use super::tls::Handshake;

/// How many unread job streams the stream connection has room for.
const UNREAD_STREAMS: u32 = 64;

#[derive(Debug)]
pub(super) struct Transport {
    route: Route,
    lines: RwLock<Lines>,
}

/// How the gateway is reached and spoken to.
#[derive(Debug)]
struct Route {
    commands: Endpoint,
    streams: Endpoint,
    dialer: Dialer,
}

#[derive(Debug)]
struct Lines {
    commands: Channel,
    streams: Channel,
    keep_alive: Duration,
    /// Raised by a connection of these lines whose gateway complained of too many pings.
    complaint: Arc<AtomicBool>,
}

/// Opens one connection.
#[derive(Debug, Clone)]
struct Dialer {
    tcp: Tcp,
    tls: Option<Handshake>,
}

impl Transport {
    pub(super) fn new(options: &Options) -> Result<Self, OptionsError> {
        let route = Route::new(options)?;
        let lines = RwLock::new(route.open(options.keep_alive));
        Ok(Self { route, lines })
    }

    pub(super) fn for_commands(&self) -> GrpcOnly {
        GrpcOnly(self.with_lines(|lines| lines.commands.clone()))
    }

    pub(super) fn for_streams(&self) -> GrpcOnly {
        GrpcOnly(self.with_lines(|lines| lines.streams.clone()))
    }

    /// The interval of probes.
    pub(super) fn keep_alive(&self) -> Duration {
        self.with_lines(|lines| lines.keep_alive)
    }

    /// Hears complaints first.
    fn with_lines<T>(&self, pick: impl Fn(&Lines) -> T) -> T {
        {
            let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
            if !lines.complaint.load(Ordering::Relaxed) {
                return pick(&lines);
            }
        }
        let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        if lines.complaint.load(Ordering::Relaxed) {
            *lines = self.route.open(lines.keep_alive.saturating_mul(2));
        }
        pick(&lines)
    }
}

impl Route {
    fn new(options: &Options) -> Result<Self, OptionsError> {
        let uri = address::parse(&options.address, options.tls.is_some())?;
        let addressed = match &options.override_authority {
            Some(authority) => address::with_authority(&uri, authority)?,
            None => uri.clone(),
        };
        let tls = match uri.scheme_str() {
            Some("https") => Some(Handshake::new(options.tls.clone().unwrap_or_default(), &addressed)?),
            Some(_) | None => None,
        };
        let dialer = Dialer { tcp: Tcp::new(&options.proxy, &uri, options.connect_timeout)?, tls };
        let commands = Endpoint::from(address::with_scheme(uri, Scheme::HTTP)?)
            .origin(addressed)
            .connect_timeout(options.connect_timeout)
            .keep_alive_timeout(options.keep_alive_timeout)
            .keep_alive_while_idle(false)
            .user_agent(options.user_agent.as_str())
            .map_err(|_| OptionsError::Header { what: "the user agent" })?;
        let streams = commands
            .clone()
            .initial_stream_window_size(options.stream_window)
            .initial_connection_window_size(options.stream_window.saturating_mul(UNREAD_STREAMS).max(65_535));
        Ok(Self { commands, streams, dialer })
    }

    /// Nothing is connected yet.
    fn open(&self, keep_alive: Duration) -> Lines {
        let complaint: Arc<AtomicBool> = Arc::default();
        let channel = |endpoint: &Endpoint| {
            let endpoint = endpoint.clone();
            let endpoint = match keep_alive.is_zero() {
                true => endpoint,
                false => endpoint.http2_keep_alive_interval(keep_alive),
            };
            let (dialer, complaint) = (self.dialer.clone(), complaint.clone());
            let connect = move |uri| dialer.clone().dial(uri, complaint.clone());
            endpoint.connect_with_connector_lazy(tower::service_fn(connect))
        };
        Lines {
            commands: channel(&self.commands),
            streams: channel(&self.streams),
            keep_alive,
            complaint: complaint.clone(),
        }
    }
}

impl Dialer {
    async fn dial(self, uri: Uri, complaint: Arc<AtomicBool>) -> Result<TokioIo<Heard>, BoxError> {
        let tcp = self.tcp.connect(uri).await?;
        let io: Box<dyn Io> = match self.tls {
            Some(handshake) => Box::new(handshake.perform(tcp).await?),
            None => Box::new(tcp),
        };
        Ok(TokioIo::new(Heard::new(io, complaint)))
    }
}
