//! What the worker asks of the gateway, in our own types.

use std::time::Duration;

use super::keys::JobKey;
use crate::proto;

/// Asks for jobs once, waiting for them if there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    pub job_type: String,
    /// Names this worker in the engine's records.
    pub worker: String,
    /// How long the jobs are ours.
    pub lock: Duration,
    pub max_jobs: u32,
    /// Empty fetches all variables.
    pub fetch_variables: Vec<String>,
    /// How long the gateway waits for jobs; zero leaves it to the gateway, `None` asks for an answer at once.
    pub request_timeout: Option<Duration>,
    /// Empty where the engine has no multi-tenancy.
    pub tenant_ids: Vec<String>,
    /// Asks for leases (8.10 and later; older gateways give none).
    pub with_lease: bool,
}

/// Asks for jobs to be pushed. Streams that agree in everything but the worker's name share their jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub job_type: String,
    /// Names this worker in the engine's records.
    pub worker: String,
    /// How long a job is ours, counted from when the broker pushes it.
    pub lock: Duration,
    /// Empty fetches all variables.
    pub fetch_variables: Vec<String>,
    /// Empty where the engine has no multi-tenancy.
    pub tenant_ids: Vec<String>,
    /// Asks for leases (8.10 and later; older gateways give none).
    pub with_lease: bool,
}

/// Reports a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailJob {
    pub key: JobKey,
    /// Retries left; at 0 the engine raises an incident.
    pub retries: i32,
    pub message: String,
    pub retry_back_off: Duration,
    /// A JSON object, local to the task, or empty text.
    pub variables: String,
    pub lease: Option<String>,
}

/// Reports a BPMN error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrowError {
    pub key: JobKey,
    pub code: String,
    pub message: String,
    /// A JSON object for the scope of the catching event, or empty text.
    pub variables: String,
    pub lease: Option<String>,
}

impl From<&Activation> for proto::ActivateJobsRequest {
    fn from(request: &Activation) -> Self {
        Self {
            r#type: request.job_type.clone(),
            worker: request.worker.clone(),
            timeout: millis(request.lock),
            max_jobs_to_activate: i32::try_from(request.max_jobs).unwrap_or(i32::MAX),
            fetch_variable: request.fetch_variables.clone(),
            request_timeout: request.request_timeout.map_or(-1, millis),
            tenant_ids: request.tenant_ids.clone(),
            tenant_filter: proto::TenantFilter::Provided.into(),
            with_lease: request.with_lease,
        }
    }
}

impl From<&Subscription> for proto::StreamActivatedJobsRequest {
    fn from(request: &Subscription) -> Self {
        Self {
            r#type: request.job_type.clone(),
            worker: request.worker.clone(),
            timeout: millis(request.lock),
            fetch_variable: request.fetch_variables.clone(),
            tenant_ids: request.tenant_ids.clone(),
            tenant_filter: proto::TenantFilter::Provided.into(),
            with_lease: request.with_lease,
        }
    }
}

impl From<&FailJob> for proto::FailJobRequest {
    fn from(request: &FailJob) -> Self {
        Self {
            job_key: request.key.0,
            retries: request.retries,
            error_message: request.message.clone(),
            retry_back_off: millis(request.retry_back_off),
            variables: request.variables.clone(),
            job_lease_token: request.lease.clone(),
        }
    }
}

impl From<&ThrowError> for proto::ThrowErrorRequest {
    fn from(request: &ThrowError) -> Self {
        Self {
            job_key: request.key.0,
            error_code: request.code.clone(),
            error_message: request.message.clone(),
            variables: request.variables.clone(),
            job_lease_token: request.lease.clone(),
        }
    }
}

/// The protocol's unit of time.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
