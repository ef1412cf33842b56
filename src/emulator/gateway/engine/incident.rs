//! What stops until an operator has looked at it.

use crate::proto::keys::{ElementInstanceKey, JobKey, ProcessInstanceKey};

/// An open incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    pub key: i64,
    pub instance: ProcessInstanceKey,
    pub element_id: String,
    /// The element that could not go on.
    pub element: Option<ElementInstanceKey>,
    /// The job that ran out of retries or threw an error that nothing caught.
    pub job: Option<JobKey>,
    pub message: String,
}
