//! What the runtime needs to know of an activated job.

use std::collections::BTreeMap;
use std::sync::Arc;

/// An activated job as the connector runtime sees it.
#[derive(Debug, Clone)]
pub struct Job {
    pub key: i64,
    pub job_type: Arc<str>,
    pub scope: Scope,
    /// The custom headers as the gateway sent them: a JSON object, or empty text.
    pub headers: String,
    /// The fetched variables as the gateway sent them: a JSON object, or empty text.
    pub variables: String,
    /// Retries left, counting this attempt.
    pub retries: i32,
}

/// Where in the engine a job belongs. Secrets, access rules and log lines are bound to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    pub tenant_id: String,
    pub bpmn_process_id: String,
    pub process_definition_key: i64,
    pub process_definition_version: i32,
    pub process_instance_key: i64,
    pub element_id: String,
    pub element_instance_key: i64,
    /// The element template of the task, from its headers.
    pub template_id: Option<String>,
}

/// The task headers of a job; all values are text.
pub type Headers = BTreeMap<String, String>;
