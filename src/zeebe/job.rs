//! An activated job in our own types.

use super::keys::{ElementInstanceKey, JobKey, ProcessDefinitionKey, ProcessInstanceKey};
use crate::proto;

/// A job that the gateway has given to this worker until its deadline.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivatedJob {
    pub key: JobKey,
    pub job_type: String,
    pub process_instance_key: ProcessInstanceKey,
    pub bpmn_process_id: String,
    pub process_definition_version: i32,
    pub process_definition_key: ProcessDefinitionKey,
    pub element_id: String,
    pub element_instance_key: ElementInstanceKey,
    /// A JSON object as text, or empty.
    pub custom_headers: String,
    /// Retries left, counting this attempt.
    pub retries: i32,
    /// When the lock runs out, in milliseconds since the epoch, by the broker's clock.
    pub deadline_epoch_millis: i64,
    /// A JSON object as text.
    pub variables: String,
    pub tenant_id: String,
    /// Set by engines that fence commands (8.10 and later), when the worker asked for it.
    pub lease_token: Option<String>,
}

impl From<proto::ActivatedJob> for ActivatedJob {
    fn from(job: proto::ActivatedJob) -> Self {
        Self {
            key: JobKey(job.key),
            job_type: job.r#type,
            process_instance_key: ProcessInstanceKey(job.process_instance_key),
            bpmn_process_id: job.bpmn_process_id,
            process_definition_version: job.process_definition_version,
            process_definition_key: ProcessDefinitionKey(job.process_definition_key),
            element_id: job.element_id,
            element_instance_key: ElementInstanceKey(job.element_instance_key),
            custom_headers: job.custom_headers,
            retries: job.retries,
            deadline_epoch_millis: job.deadline,
            variables: job.variables,
            tenant_id: job.tenant_id,
            lease_token: job.job_lease_token,
        }
    }
}
