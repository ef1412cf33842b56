//! The connections to the gateway.
//!
//! There are two. Job streams have one of their own with a small HTTP/2 window, so that jobs nobody has a slot
//! for stay with the gateway; on it, an unread stream may hold up others only by its window. Commands and polls
//! have the other with the usual windows, so that a report is never stuck behind unread jobs.
//!
//! Both are opened by the first call and reopened by later ones. A gateway that is told to bear with fewer
//! probes ends a connection with "too many pings"; then both are built anew with twice the interval. Without
//! calls there are no probes, because a gateway counts those as too many at once.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

use super::address;
use super::error::OptionsError;
use super::http_status::GrpcOnly;
use super::options::Options;
use super::proxy::{self, Connector};
use super::tls;

/// How many unread job streams the stream connection has room for.
const UNREAD_STREAMS: u32 = 64;

#[derive(Debug)]
pub(super) struct Transport {
    commands: Endpoint,
    streams: Endpoint,
    connector: Connector,
    lines: RwLock<Lines>,
}

#[derive(Debug, Clone)]
struct Lines {
    commands: Channel,
    streams: Channel,
    keep_alive: Duration,
}

/// A connection, and the interval of the probes on it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) channel: GrpcOnly,
    pub(super) keep_alive: Duration,
}

impl Transport {
    pub(super) fn new(options: &Options) -> Result<Self, OptionsError> {
        let uri = address::parse(&options.address, options.tls.is_some())?;
        let commands = endpoint(options, &uri)?;
        let streams = commands
            .clone()
            .initial_stream_window_size(options.stream_window)
            .initial_connection_window_size(options.stream_window.saturating_mul(UNREAD_STREAMS).max(65_535));
        let connector = proxy::connector(&options.proxy, &uri, options.connect_timeout)?;
        let lines = Lines::open(&commands, &streams, &connector, options.keep_alive);
        Ok(Self { commands, streams, connector, lines: RwLock::new(lines) })
    }

    pub(super) fn for_commands(&self) -> Line {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        Line { channel: GrpcOnly(lines.commands.clone()), keep_alive: lines.keep_alive }
    }

    pub(super) fn for_streams(&self) -> Line {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        Line { channel: GrpcOnly(lines.streams.clone()), keep_alive: lines.keep_alive }
    }

    /// Doubles the interval of probes after a gateway has complained about `keep_alive`. Many calls fail with
    /// one connection; only the first of them changes anything.
    pub(super) fn probe_less(&self, keep_alive: Duration) {
        let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        if lines.keep_alive == keep_alive {
            let keep_alive = keep_alive.saturating_mul(2);
            *lines = Lines::open(&self.commands, &self.streams, &self.connector, keep_alive);
        }
    }

    /// The interval of probes now.
    pub(super) fn keep_alive(&self) -> Duration {
        self.lines.read().unwrap_or_else(PoisonError::into_inner).keep_alive
    }
}

impl Lines {
    fn open(commands: &Endpoint, streams: &Endpoint, connector: &Connector, keep_alive: Duration) -> Self {
        let open = |endpoint: &Endpoint| {
            let endpoint = endpoint.clone();
            let endpoint = match keep_alive.is_zero() {
                true => endpoint,
                false => endpoint.http2_keep_alive_interval(keep_alive),
            };
            endpoint.connect_with_connector_lazy(connector.clone())
        };
        Self { commands: open(commands), streams: open(streams), keep_alive }
    }
}

fn endpoint(options: &Options, uri: &http::Uri) -> Result<Endpoint, OptionsError> {
    let mut endpoint = Endpoint::from(uri.clone())
        .connect_timeout(options.connect_timeout)
        .keep_alive_timeout(options.keep_alive_timeout)
        .keep_alive_while_idle(false)
        .user_agent(options.user_agent.as_str())
        .map_err(|_| OptionsError::Header { what: "the user agent" })?;
    let addressed = match &options.override_authority {
        Some(authority) => address::with_authority(uri, authority)?,
        None => uri.clone(),
    };
    if uri.scheme_str() == Some("https") {
        let tls = options.tls.clone().unwrap_or_default();
        let config = tls::client_config(&tls, address::domain(&addressed))?;
        endpoint = endpoint
            .tls_config(config)
            .map_err(|error| OptionsError::Tls { reason: super::error::chain(&error) })?;
    }
    Ok(endpoint.origin(addressed))
}
