//! What happened inside the gateway, for those who show or assert it.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::proto::keys::{ElementInstanceKey, JobKey, ProcessInstanceKey};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    InstanceStarted {
        instance: ProcessInstanceKey,
        bpmn_process_id: String,
        variables: Map<String, Value>,
    },
    ElementEntered {
        instance: ProcessInstanceKey,
        element: ElementInstanceKey,
        element_id: String,
        element_type: &'static str,
        name: Option<String>,
    },
    ElementLeft {
        instance: ProcessInstanceKey,
        element_id: String,
        /// The variables of the process after the element.
        variables: Map<String, Value>,
    },
    /// An exclusive gateway chose its way. Without a condition it was the default flow, or the only one.
    FlowTaken {
        instance: ProcessInstanceKey,
        gateway_id: String,
        flow_id: String,
        name: Option<String>,
        condition: Option<String>,
        target_id: String,
    },
    /// An element that is not carried out took its result from the table.
    ResultTaken {
        instance: ProcessInstanceKey,
        element_id: String,
        result: Value,
    },
    JobCreated {
        job: JobKey,
        instance: ProcessInstanceKey,
        element_id: String,
        job_type: String,
        retries: i32,
        headers: Map<String, Value>,
        /// What the job's element sees. Empty for a job whose variables are no JSON object.
        variables: Map<String, Value>,
    },
    JobActivated {
        job: JobKey,
        worker: String,
        by: Delivery,
    },
    JobCompleted {
        job: JobKey,
        element_id: String,
        variables: Map<String, Value>,
    },
    JobFailed {
        job: JobKey,
        element_id: String,
        retries: i32,
        message: String,
        back_off: Duration,
    },
    /// The lock ran out, and the job may go to another worker.
    JobTimedOut {
        job: JobKey,
    },
    /// A push did not reach its worker, and the job waits for a poll.
    JobYielded {
        job: JobKey,
    },
    JobCanceled {
        job: JobKey,
    },
    ErrorThrown {
        job: Option<JobKey>,
        element_id: String,
        code: String,
        message: String,
        /// The boundary event that caught it.
        caught_by: Option<String>,
        variables: Map<String, Value>,
    },
    IncidentRaised {
        incident: i64,
        instance: ProcessInstanceKey,
        element_id: String,
        message: String,
    },
    IncidentResolved {
        incident: i64,
    },
    InstanceEnded {
        instance: ProcessInstanceKey,
        /// False when it was cancelled.
        completed: bool,
        variables: Map<String, Value>,
    },
    MessagePublished {
        name: String,
        correlation_key: String,
    },
}

/// How a job reached its worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    Poll,
    Push,
}
