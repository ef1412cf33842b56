//! What is told of connections: who was refused, which upstream was used, what a changed configuration did.

use prometheus_client::registry::Registry;
use tracing::{debug, error, info, warn};

use super::labels::BoundedLabel;
use super::metrics::{CODE_LIMIT, Counters, Gauges, add};

const ACCESS_REFUSED: &str = "bedrock_connector_access_refused";
const UPSTREAM_CALLS: &str = "bedrock_connector_upstream_calls";
const UPSTREAM_OPEN: &str = "bedrock_connector_upstream_open";
const RELOADS: &str = "bedrock_connector_reloads";

/// Something that happened at a connection.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ConnectionEvent<'a> {
    /// A task asked for what it may not use. This is the audit line. Names that are not configured are left out:
    /// they come from diagrams, perhaps from secrets.
    Refused {
        connection: Option<&'a str>,
        model: Option<&'a str>,
        tenant: &'a str,
        process: &'a str,
        process_instance_key: i64,
        element: &'a str,
        template: Option<&'a str>,
        code: &'a str,
    },
    /// An upstream answered, or refused to.
    UpstreamCalled { connection: &'a str, model: &'a str, upstream: &'a str, code: &'a str },
    /// An upstream fails again and again, and is left alone for a while.
    UpstreamOpened { connection: &'a str, model: &'a str, upstream: &'a str, code: &'a str },
    /// An upstream takes calls again.
    UpstreamClosed { connection: &'a str, model: &'a str, upstream: &'a str },
    /// An upstream that got no calls has left the configuration.
    UpstreamRetired { connection: &'a str, model: &'a str, upstream: &'a str },
    /// A changed configuration counts from here on.
    Reloaded { connections: usize, restart_needed: &'a str },
    /// A changed configuration is wrong, and the old one stays.
    NotReloaded { mistakes: &'a str },
}

impl ConnectionEvent<'_> {
    pub(super) fn log(&self) {
        match *self {
            Self::Refused {
                connection,
                model,
                tenant,
                process,
                process_instance_key,
                element,
                template,
                code,
            } => {
                warn!(target: "bedrock_connector::audit", connection, model, tenant, process, process_instance_key,
                    element, template, code, "The use of a connection was refused");
            }
            Self::UpstreamCalled { connection, model, upstream, code } => {
                debug!(target: "bedrock_connector::upstream", connection, model, upstream, code, "The upstream was called");
            }
            Self::UpstreamOpened { connection, model, upstream, code } => {
                warn!(target: "bedrock_connector::upstream", connection, model, upstream, code,
                    "The upstream fails again and again, and gets no calls for a while");
            }
            Self::UpstreamClosed { connection, model, upstream } => {
                info!(target: "bedrock_connector::upstream", connection, model, upstream, "The upstream takes calls again");
            }
            Self::UpstreamRetired { connection, model, upstream } => {
                info!(target: "bedrock_connector::upstream", connection, model, upstream,
                    "The upstream got no calls, and has left the configuration");
            }
            Self::Reloaded { connections, restart_needed: "" } => {
                info!(target: "bedrock_connector::config", connections, "The changed configuration counts from here on");
            }
            Self::Reloaded { connections, restart_needed } => {
                warn!(target: "bedrock_connector::config", connections, restart_needed,
                    "The changed connections count from here on; other settings that have changed need a restart");
            }
            Self::NotReloaded { mistakes } => {
                error!(target: "bedrock_connector::config", "The changed configuration is wrong, the old one stays: {mistakes}");
            }
        }
    }
}

/// The instruments of connections.
#[derive(Debug)]
pub(super) struct ConnectionMetrics {
    refused: Counters<2>,
    upstream_calls: Counters<4>,
    upstream_open: Gauges<3>,
    reloads: Counters<1>,
    codes: BoundedLabel,
}

impl ConnectionMetrics {
    pub(super) fn register(page: &mut Registry) -> Self {
        Self {
            refused: add(page, ACCESS_REFUSED, "Uses of connections and models that were refused, by code"),
            upstream_calls: add(page, UPSTREAM_CALLS, "Calls of upstreams, by status code"),
            upstream_open: add(page, UPSTREAM_OPEN, "Whether an upstream gets no calls because it fails"),
            reloads: add(page, RELOADS, "Changed configurations, by whether they were put in force"),
            codes: BoundedLabel::new(CODE_LIMIT),
        }
    }

    /// All labels are names of the configuration or codes of ours, so there is a bound to them; the codes of upstreams
    /// get one.
    pub(super) fn record(&self, event: &ConnectionEvent<'_>) {
        let of = |connection: &str, model: &str, upstream: &str| {
            [
                ("connection", connection.to_owned()),
                ("model", model.to_owned()),
                ("upstream", upstream.to_owned()),
            ]
        };
        match *event {
            ConnectionEvent::Refused { connection, code, .. } => {
                let connection = connection.unwrap_or_default().to_owned();
                self.refused.get_or_create(&[("connection", connection), ("code", code.to_owned())]).inc();
            }
            ConnectionEvent::UpstreamCalled { connection, model, upstream, code } => {
                let [connection, model, upstream] = of(connection, model, upstream);
                let labels = [connection, model, upstream, ("code", self.codes.admit(code))];
                self.upstream_calls.get_or_create(&labels).inc();
            }
            ConnectionEvent::UpstreamOpened { connection, model, upstream, .. } => {
                self.upstream_open.get_or_create(&of(connection, model, upstream)).set(1);
            }
            ConnectionEvent::UpstreamClosed { connection, model, upstream } => {
                self.upstream_open.get_or_create(&of(connection, model, upstream)).set(0);
            }
            // What is not there any more is neither well nor in trouble.
            ConnectionEvent::UpstreamRetired { connection, model, upstream } => {
                self.upstream_open.remove(&of(connection, model, upstream));
            }
            ConnectionEvent::Reloaded { .. } => {
                self.reloads.get_or_create(&[("result", "in_force".to_owned())]).inc();
            }
            ConnectionEvent::NotReloaded { .. } => {
                self.reloads.get_or_create(&[("result", "refused".to_owned())]).inc();
            }
        }
    }
}
