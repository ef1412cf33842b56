//! The record of what clients sent.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::time::Instant;
use tonic::Code;

use crate::proto;
use crate::proto::keys::JobKey;

/// The calls that the gateway knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rpc {
    Topology,
    ActivateJobs,
    StreamActivatedJobs,
    CompleteJob,
    FailJob,
    ThrowError,
    UpdateJobTimeout,
    UpdateJobRetries,
    DeployResource,
    CreateProcessInstance,
    CreateProcessInstanceWithResult,
    CancelProcessInstance,
    PublishMessage,
    SetVariables,
    ResolveIncident,
}

/// One call that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    pub command: Command,
    /// When it was read.
    pub at: Instant,
    /// The textual metadata of the call, such as `authorization` and `user-agent`.
    pub metadata: BTreeMap<String, String>,
    /// What it was answered with; none while it is under way, or when its caller went away. The answer to a
    /// stream begins with its first job.
    pub answer: Option<Code>,
}

/// A request, by the call that carried it.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Topology,
    ActivateJobs(proto::ActivateJobsRequest),
    StreamActivatedJobs(proto::StreamActivatedJobsRequest),
    CompleteJob(proto::CompleteJobRequest),
    FailJob(proto::FailJobRequest),
    ThrowError(proto::ThrowErrorRequest),
    UpdateJobTimeout(proto::UpdateJobTimeoutRequest),
    UpdateJobRetries(proto::UpdateJobRetriesRequest),
    DeployResource(proto::DeployResourceRequest),
    CreateProcessInstance(proto::CreateProcessInstanceRequest),
    CreateProcessInstanceWithResult(proto::CreateProcessInstanceWithResultRequest),
    CancelProcessInstance(proto::CancelProcessInstanceRequest),
    PublishMessage(proto::PublishMessageRequest),
    SetVariables(proto::SetVariablesRequest),
    ResolveIncident(proto::ResolveIncidentRequest),
}

impl Command {
    /// The call that carried it.
    pub fn rpc(&self) -> Rpc {
        match self {
            Self::Topology => Rpc::Topology,
            Self::ActivateJobs(_) => Rpc::ActivateJobs,
            Self::StreamActivatedJobs(_) => Rpc::StreamActivatedJobs,
            Self::CompleteJob(_) => Rpc::CompleteJob,
            Self::FailJob(_) => Rpc::FailJob,
            Self::ThrowError(_) => Rpc::ThrowError,
            Self::UpdateJobTimeout(_) => Rpc::UpdateJobTimeout,
            Self::UpdateJobRetries(_) => Rpc::UpdateJobRetries,
            Self::DeployResource(_) => Rpc::DeployResource,
            Self::CreateProcessInstance(_) => Rpc::CreateProcessInstance,
            Self::CreateProcessInstanceWithResult(_) => Rpc::CreateProcessInstanceWithResult,
            Self::CancelProcessInstance(_) => Rpc::CancelProcessInstance,
            Self::PublishMessage(_) => Rpc::PublishMessage,
            Self::SetVariables(_) => Rpc::SetVariables,
            Self::ResolveIncident(_) => Rpc::ResolveIncident,
        }
    }

    /// The job that it is about.
    pub fn job_key(&self) -> Option<JobKey> {
        let key = match self {
            Self::CompleteJob(request) => request.job_key,
            Self::FailJob(request) => request.job_key,
            Self::ThrowError(request) => request.job_key,
            Self::UpdateJobTimeout(request) => request.job_key,
            Self::UpdateJobRetries(request) => request.job_key,
            _ => return None,
        };
        Some(JobKey(key))
    }

    /// Whether it ends an attempt at a job: complete, fail or throw.
    pub fn ends_attempt(&self) -> bool {
        matches!(self, Self::CompleteJob(_) | Self::FailJob(_) | Self::ThrowError(_))
    }

    /// The variables that it brings, if they are JSON.
    pub fn variables(&self) -> Option<Value> {
        let text = match self {
            Self::CompleteJob(request) => &request.variables,
            Self::FailJob(request) => &request.variables,
            Self::ThrowError(request) => &request.variables,
            Self::CreateProcessInstance(request) => &request.variables,
            Self::SetVariables(request) => &request.variables,
            Self::PublishMessage(request) => &request.variables,
            _ => return None,
        };
        serde_json::from_str(text).ok()
    }
}

macro_rules! command_from {
    ($($variant:ident($request:ident)),* $(,)?) => {
        $(impl From<&proto::$request> for Command {
            fn from(request: &proto::$request) -> Self {
                Self::$variant(request.clone())
            }
        })*
    };
}

impl From<&proto::TopologyRequest> for Command {
    fn from(_: &proto::TopologyRequest) -> Self {
        Self::Topology
    }
}

command_from! {
    ActivateJobs(ActivateJobsRequest),
    StreamActivatedJobs(StreamActivatedJobsRequest),
    CompleteJob(CompleteJobRequest),
    FailJob(FailJobRequest),
    ThrowError(ThrowErrorRequest),
    UpdateJobTimeout(UpdateJobTimeoutRequest),
    UpdateJobRetries(UpdateJobRetriesRequest),
    DeployResource(DeployResourceRequest),
    CreateProcessInstance(CreateProcessInstanceRequest),
    CreateProcessInstanceWithResult(CreateProcessInstanceWithResultRequest),
    CancelProcessInstance(CancelProcessInstanceRequest),
    PublishMessage(PublishMessageRequest),
    SetVariables(SetVariablesRequest),
    ResolveIncident(ResolveIncidentRequest),
}
