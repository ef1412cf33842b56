//! What a gateway is started with, and what a job is made of.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::{Clock, SystemClock};
use crate::emulator::bpmn::{Evaluate, Feel};

/// How an embedded gateway behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The engine version that Topology states. From 8.10 on, leases are given to those who ask for them.
    pub version: String,
    /// How long a poll waits that leaves it to the gateway.
    pub long_poll: Duration,
    /// How long after its end a lock is noticed to have run out.
    pub expiry_lag: Duration,
    /// Jobs that wait on a stream for the client to read; further ones go elsewhere.
    pub stream_buffer: usize,
    /// The largest message in either direction.
    pub max_message_bytes: usize,
    /// The largest variables that a command may bring: the broker writes them several times into one batch.
    pub max_record_bytes: usize,
    /// Tenants, when multi tenancy is on.
    pub tenants: Option<Vec<String>>,
    /// How many commands are kept for [`Gateway::received`](super::Gateway::received), and how many finished
    /// jobs for [`Gateway::job`](super::Gateway::job).
    pub record_limit: usize,
    /// How many events a slow reader may fall behind before it misses some.
    pub event_buffer: usize,
    /// Results of elements that are not carried out, by element id: JSON objects of variables, or
    /// lists of such objects that are taken in turn, of which the last one stays.
    pub results: BTreeMap<String, Value>,
    /// The job types that somebody works on. Service tasks of other types need a result, too; none: whoever likes
    /// may work on any.
    pub served_job_types: Option<Vec<String>>,
    /// Evaluates the expressions of diagrams.
    pub evaluate: Arc<dyn Evaluate>,
    /// States the deadlines of jobs.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            version: "8.10.9".to_owned(),
            long_poll: Duration::from_secs(10),
            expiry_lag: Duration::from_millis(50),
            stream_buffer: 16,
            max_message_bytes: 4 * 1024 * 1024,
            max_record_bytes: 2_000_000,
            tenants: None,
            record_limit: 100_000,
            event_buffer: 4096,
            results: BTreeMap::new(),
            served_job_types: None,
            evaluate: Arc::new(Feel::default()),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Options {
    /// Whether the stated version is this one or a later one.
    pub(crate) fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let mut parts = self.version.split(['.', '-']).map_while(|part| part.parse().ok());
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (major, minor)
    }
}

/// The tenant of everything while multi tenancy is off.
pub(crate) const DEFAULT_TENANT: &str = "<default>";

/// A job outside any process.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub job_type: String,
    pub variables: Variables,
    pub headers: Map<String, Value>,
    pub retries: i32,
    pub tenant_id: String,
    pub bpmn_process_id: String,
    pub element_id: String,
    /// Never given out a second time, whatever is left of its retries or its lock.
    pub once: bool,
}

impl NewJob {
    /// A job with three retries and nothing else.
    pub fn new(job_type: impl Into<String>) -> Self {
        Self {
            job_type: job_type.into(),
            variables: Variables::Object(Map::new()),
            headers: Map::new(),
            retries: 3,
            tenant_id: DEFAULT_TENANT.to_owned(),
            bpmn_process_id: "emulated-process".to_owned(),
            element_id: "emulated-task".to_owned(),
            once: false,
        }
    }

    #[must_use]
    pub fn variables(mut self, variables: impl Into<Variables>) -> Self {
        self.variables = variables.into();
        self
    }

    /// Adds a task header.
    #[must_use]
    pub fn header(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(key.into(), Value::String(value.into()));
        self
    }

    #[must_use]
    pub fn headers(mut self, headers: Map<String, Value>) -> Self {
        self.headers = headers;
        self
    }

    #[must_use]
    pub fn retries(mut self, retries: i32) -> Self {
        self.retries = retries;
        self
    }

    /// A job that is given out once only.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    #[must_use]
    pub fn tenant(mut self, tenant_id: impl Into<String>) -> Self {
        self.tenant_id = tenant_id.into();
        self
    }
}

/// The variables of a job outside any process.
#[derive(Debug, Clone, PartialEq)]
pub enum Variables {
    Object(Map<String, Value>),
    /// Handed out as it is, so that a worker can be tried with text that is no JSON object.
    Text(String),
}

impl From<Map<String, Value>> for Variables {
    fn from(variables: Map<String, Value>) -> Self {
        Self::Object(variables)
    }
}

impl From<Value> for Variables {
    /// A JSON string stands for its own text; any other value that is no object is handed out as it is written.
    fn from(value: Value) -> Self {
        match value {
            Value::Object(variables) => Self::Object(variables),
            Value::String(text) => Self::Text(text),
            other => Self::Text(other.to_string()),
        }
    }
}

impl From<&str> for Variables {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
