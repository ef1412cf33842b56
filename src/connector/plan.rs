//! What one attempt at a job has ahead of it.

use std::time::Duration;

use serde_json::Value;

use super::headers::{TaskHeaders, Template};
use super::{Call, Error};
use crate::secrets::Masker;

/// A job whose headers and input have been read.
#[derive(Debug)]
pub struct Prepared {
    /// Kept until the answer is there, for `Runtime::conclude`.
    pub plan: Plan,
    /// The request, or why there is none; the error goes to `Runtime::conclude` like a failed call.
    pub call: Result<Box<dyn Call>, Error>,
}

/// How the answer to a job is to be mapped.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) job_key: i64,
    pub(super) retries: i32,
    pub(super) headers: TaskHeaders,
    pub(super) masker: Masker,
    /// Whether there is a request; without one, the failure is one of the input.
    pub(super) bound: bool,
}

impl Plan {
    /// The modeler's limit of the whole work, from the header `jobTimeout`.
    pub fn job_timeout(&self) -> Option<Duration> {
        self.headers.job_timeout
    }

    /// The element template of the task, for metrics.
    pub fn template(&self) -> &Template {
        &self.headers.template
    }

    /// How long the engine is to wait after a failure, from the header `retryBackoff`.
    pub fn retry_backoff(&self) -> Duration {
        self.headers.retry_backoff
    }

    /// An answer as it may be written to disk, without the secrets that this job has used.
    pub fn conceal(&self, answer: &Value) -> Option<Value> {
        self.masker.conceal(answer)
    }

    /// Undoes [`Plan::conceal`] for another attempt at the job.
    pub fn reveal(&self, kept: Value) -> Option<Value> {
        self.masker.reveal(kept)
    }

    /// Replaces every secret that this job has used.
    pub fn mask(&self, text: &str) -> String {
        self.masker.mask(text)
    }
}
