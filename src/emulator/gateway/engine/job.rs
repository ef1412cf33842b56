//! A job and the states it passes through.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::activation::Ask;
use super::schedule::Ticket;
use crate::emulator::gateway::event::Delivery;
use crate::emulator::gateway::options::Variables;
use crate::proto;
use crate::proto::keys::{JobKey, ProcessInstanceKey};

/// A job that is not over yet.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) key: i64,
    pub(crate) job_type: Arc<str>,
    pub(crate) headers: Map<String, Value>,
    pub(crate) retries: i32,
    pub(crate) state: JobState,
    /// Locks and back-offs end by the schedule.
    pub(crate) ticket: Option<Ticket>,
    /// Set by the first activation with a lease. Such a job never goes to those who do not ask for leases.
    pub(crate) lease: Option<String>,
    pub(crate) activations: u32,
    pub(crate) once: bool,
    pub(crate) place: Place,
    pub(crate) content: Content,
}

/// Where in the engine a job belongs.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) tenant_id: Arc<str>,
    pub(crate) bpmn_process_id: Arc<str>,
    pub(crate) version: i32,
    pub(crate) definition: i64,
    pub(crate) instance: i64,
    pub(crate) element_id: Arc<str>,
    pub(crate) element: i64,
}

/// Where a job's variables come from.
#[derive(Debug)]
pub(crate) enum Content {
    /// The job stands alone.
    Own(Variables),
    /// The scopes of its element, looked up when it is activated.
    Element,
}

/// What a job is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a worker.
    Activatable,
    /// A worker has it until its deadline.
    Activated {
        worker: String,
        by: Delivery,
        deadline_epoch_millis: i64,
    },
    /// Failed, and waits for its back-off to end.
    BackingOff,
    /// Given out once, as it was made for; nobody gets it again.
    Withheld,
    /// Failed without retries; an incident asks for an operator.
    Failed,
    /// Threw an error that nothing caught; an incident asks for an operator.
    ErrorThrown,
    Completed,
    /// Threw an error that a boundary event caught.
    ErrorCaught,
    /// Its process was cancelled.
    Canceled,
}

impl JobState {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Activatable => "waiting for a worker",
            Self::Activated { .. } => "activated",
            Self::BackingOff | Self::Failed => "failed",
            Self::Withheld => "given out once and over",
            Self::ErrorThrown => "stopped by an error that nothing caught",
            Self::Completed => "completed",
            Self::ErrorCaught => "ended by an error",
            Self::Canceled => "cancelled",
        }
    }
}

/// A job as others see it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSnapshot {
    pub key: JobKey,
    pub job_type: String,
    pub state: JobState,
    pub retries: i32,
    /// How often it was given to a worker.
    pub activations: u32,
    pub lease_token: Option<String>,
    pub instance: ProcessInstanceKey,
    pub element_id: String,
}

impl Job {
    /// A job that waits to be added; adding it gives it its key.
    pub(crate) fn new(
        job_type: Arc<str>,
        headers: Map<String, Value>,
        retries: i32,
        place: Place,
        content: Content,
        once: bool,
    ) -> Self {
        let state = JobState::Activatable;
        Self {
            key: 0,
            job_type,
            headers,
            retries,
            state,
            ticket: None,
            lease: None,
            activations: 0,
            once,
            place,
            content,
        }
    }

    pub(crate) fn snapshot(&self) -> JobSnapshot {
        JobSnapshot {
            key: JobKey(self.key),
            job_type: self.job_type.to_string(),
            state: self.state.clone(),
            retries: self.retries,
            activations: self.activations,
            lease_token: self.lease.clone(),
            instance: ProcessInstanceKey(self.place.instance),
            element_id: self.place.element_id.to_string(),
        }
    }

    /// The message for a worker. `visible` are the variables of the job's element.
    pub(crate) fn message(
        &self,
        ask: &Ask,
        deadline: i64,
        visible: Option<Map<String, Value>>,
    ) -> proto::ActivatedJob {
        proto::ActivatedJob {
            key: self.key,
            r#type: self.job_type.to_string(),
            process_instance_key: self.place.instance,
            bpmn_process_id: self.place.bpmn_process_id.to_string(),
            process_definition_version: self.place.version,
            process_definition_key: self.place.definition,
            element_id: self.place.element_id.to_string(),
            element_instance_key: self.place.element,
            custom_headers: json(&self.headers),
            worker: ask.worker.clone(),
            retries: self.retries,
            deadline,
            variables: self.variables(ask, visible),
            tenant_id: self.place.tenant_id.to_string(),
            job_lease_token: self.lease.clone(),
        }
    }

    fn variables(&self, ask: &Ask, visible: Option<Map<String, Value>>) -> String {
        let variables = match (&self.content, &visible) {
            (Content::Own(Variables::Text(text)), _) => return text.clone(),
            (Content::Own(Variables::Object(variables)), _) => variables,
            (Content::Element, Some(variables)) => variables,
            (Content::Element, None) => return "{}".to_owned(),
        };
        if ask.fetch_variables.is_empty() {
            return json(variables);
        }
        let wanted = variables.iter().filter(|(name, _)| ask.fetch_variables.contains(name));
        json(&wanted.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

fn json(map: &Map<String, Value>) -> String {
    // Writing a map of JSON values has no way to fail.
    serde_json::to_string(map).unwrap_or_default()
}
