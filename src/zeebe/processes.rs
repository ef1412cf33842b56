//! Calls that make work rather than do it. The worker needs none of them; the demo and the tests do.

use std::time::Duration;

use super::client::{Client, Gateway};
use super::error::{Call, Error};
use super::keys::{ElementInstanceKey, ProcessDefinitionKey, ProcessInstanceKey};
use super::requests::millis;
use crate::proto;
use crate::proto::deployment::Metadata;

/// A file to deploy. The extension of its name says what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub name: String,
    pub content: Vec<u8>,
}

/// A process that the engine knows now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployedProcess {
    pub bpmn_process_id: String,
    pub version: i32,
    pub key: ProcessDefinitionKey,
    pub resource_name: String,
}

/// Asks for an instance of the latest version of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewInstance {
    pub bpmn_process_id: String,
    /// A JSON object, or empty text.
    pub variables: String,
    /// Empty where the engine has no multi-tenancy.
    pub tenant_id: String,
}

/// A message that a process may wait for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub correlation_key: String,
    pub time_to_live: Duration,
    /// A JSON object, or empty text.
    pub variables: String,
    /// Empty where the engine has no multi-tenancy.
    pub tenant_id: String,
}

impl Client {
    /// Deploys files together, and says which processes were in them.
    pub async fn deploy(
        &self,
        resources: Vec<Resource>,
        tenant_id: &str,
    ) -> Result<Vec<DeployedProcess>, Error> {
        let resources =
            resources.into_iter().map(|it| proto::Resource { name: it.name, content: it.content }).collect();
        let message = proto::DeployResourceRequest { resources, tenant_id: tenant_id.to_owned() };
        let send = |mut gateway: Gateway, request| async move { gateway.deploy_resource(request).await };
        let answer = self.command(Call::Deploy, message, send).await?;
        Ok(answer.deployments.into_iter().filter_map(deployed_process).collect())
    }

    /// Starts a process.
    pub async fn create_instance(&self, instance: &NewInstance) -> Result<ProcessInstanceKey, Error> {
        let message = proto::CreateProcessInstanceRequest::from(instance);
        let send =
            |mut gateway: Gateway, request| async move { gateway.create_process_instance(request).await };
        let answer = self.command(Call::CreateInstance, message, send).await?;
        Ok(ProcessInstanceKey(answer.process_instance_key))
    }

    /// Starts a process and waits for its end. Gives the variables as a JSON object; an empty list of names
    /// fetches all.
    pub async fn create_instance_with_result(
        &self,
        instance: &NewInstance,
        wait: Duration,
        fetch_variables: Vec<String>,
    ) -> Result<(ProcessInstanceKey, String), Error> {
        let message = proto::CreateProcessInstanceWithResultRequest {
            request: Some(instance.into()),
            request_timeout: millis(wait),
            fetch_variables,
        };
        let send = |mut gateway: Gateway, request| async move {
            gateway.create_process_instance_with_result(request).await
        };
        let limit = self.limit_of_wait(wait);
        let (answer, _) = self.call(Call::CreateInstanceWithResult, limit, message, send).await?;
        Ok((ProcessInstanceKey(answer.process_instance_key), answer.variables))
    }

    /// Cancels a running process.
    pub async fn cancel_instance(&self, key: ProcessInstanceKey) -> Result<(), Error> {
        let message = proto::CancelProcessInstanceRequest { process_instance_key: key.0 };
        let send =
            |mut gateway: Gateway, request| async move { gateway.cancel_process_instance(request).await };
        self.command(Call::CancelInstance, message, send).await.map(drop)
    }

    /// Publishes a message.
    pub async fn publish_message(&self, message: &Message) -> Result<(), Error> {
        let message = proto::PublishMessageRequest {
            name: message.name.clone(),
            correlation_key: message.correlation_key.clone(),
            time_to_live: millis(message.time_to_live),
            message_id: String::new(),
            variables: message.variables.clone(),
            tenant_id: message.tenant_id.clone(),
        };
        let send = |mut gateway: Gateway, request| async move { gateway.publish_message(request).await };
        self.command(Call::PublishMessage, message, send).await.map(drop)
    }

    /// Sets variables, given as a JSON object, in the scope of an element or, if not `local`, where they are.
    pub async fn set_variables(
        &self,
        key: ElementInstanceKey,
        variables: impl Into<String>,
        local: bool,
    ) -> Result<(), Error> {
        let message =
            proto::SetVariablesRequest { element_instance_key: key.0, variables: variables.into(), local };
        let send = |mut gateway: Gateway, request| async move { gateway.set_variables(request).await };
        self.command(Call::SetVariables, message, send).await.map(drop)
    }

    /// Resolves an incident.
    pub async fn resolve_incident(&self, key: i64) -> Result<(), Error> {
        let message = proto::ResolveIncidentRequest { incident_key: key };
        let send = |mut gateway: Gateway, request| async move { gateway.resolve_incident(request).await };
        self.command(Call::ResolveIncident, message, send).await.map(drop)
    }
}

impl From<&NewInstance> for proto::CreateProcessInstanceRequest {
    fn from(instance: &NewInstance) -> Self {
        Self {
            process_definition_key: 0,
            bpmn_process_id: instance.bpmn_process_id.clone(),
            version: -1,
            variables: instance.variables.clone(),
            tenant_id: instance.tenant_id.clone(),
        }
    }
}

fn deployed_process(deployment: proto::Deployment) -> Option<DeployedProcess> {
    let Metadata::Process(process) = deployment.metadata?;
    Some(DeployedProcess {
        bpmn_process_id: process.bpmn_process_id,
        version: process.version,
        key: ProcessDefinitionKey(process.process_definition_key),
        resource_name: process.resource_name,
    })
}
