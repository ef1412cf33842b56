//! What the program tells about itself: log lines and metrics, both from one [`Event`] type, so that they
//! cannot disagree.
//!
//! - [`Telemetry::emit`] writes exactly one log line and moves the metrics that belong to it.
//! - `events.rs` is what may be told, `log.rs` its log line.
//! - `metrics.rs` holds every metric's name and description; `record.rs` says which event moves which.
//! - Labels that come from jobs (model, element template) are bounded: past a limit they read `other`.
//! - [`Telemetry::render`] is the page of `/actuator/prometheus`, in the text form that Camunda's runtime
//!   serves there, so dashboards keep working.

mod connections;
mod events;
mod labels;
mod log;
mod metrics;
mod record;
mod stackdriver;
mod subscriber;
mod text;
mod timer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;

pub use self::connections::ConnectionEvent;
pub use self::events::{
    Action, CommandKind, Event, FeedProblem, JobSource, JobTag, LostBecause, Phase, StreamEnd,
};
use self::metrics::Metrics;
pub use self::subscriber::{Format, LogFilter, Options, Output, SubscriberError, init};
use crate::clock::{Clock, SystemClock};

/// The content type of [`Telemetry::render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The one way to log and to count. Clones share their metrics.
#[derive(Debug, Clone)]
pub struct Telemetry {
    metrics: Arc<Metrics>,
    /// Off in tests that do not look at log lines.
    logs: bool,
}

impl Telemetry {
    /// Telemetry of the process; log lines go where [`init`] has sent them.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { metrics: Arc::new(Metrics::new(clock)), logs: true }
    }

    /// Counts, and writes no log lines.
    pub fn no_op() -> Self {
        Self { metrics: Arc::new(Metrics::new(Arc::new(SystemClock))), logs: false }
    }

    /// Writes the event's log line and moves its metrics.
    pub fn emit(&self, event: Event<'_>) {
        if self.logs {
            event.log();
        }
        self.metrics.record(&event);
    }

    /// Counts a job of this type as in flight until the guard is dropped.
    pub fn in_flight(&self, job_type: &str) -> InFlight {
        let gauge = self.metrics.jobs_in_flight.get_or_create_owned(&[("type", job_type.to_owned())]);
        gauge.inc();
        InFlight { gauge }
    }

    /// Counts a call of this model as waiting for its turn until the guard is dropped.
    pub fn waiting(&self, model: &str, region: &str) -> InFlight {
        let gauge = self.metrics.model_waiting.get_or_create_owned(&self.metrics.place(model, region));
        gauge.inc();
        InFlight { gauge }
    }

    /// All metrics as text, to be served as [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        self.metrics.render()
    }
}

/// A job in flight or a call that waits, for as long as it lives.
#[derive(Debug)]
pub struct InFlight {
    gauge: Gauge,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}
