//! The calls that make work: deploying, starting, cancelling processes and talking to them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tonic::Status;

use super::engine::{Definition, Engine, Rejection, Which};
use super::poll::tenant;
use super::service::object;
use crate::emulator::bpmn::Message;
use crate::proto;
use crate::proto::keys::{ProcessDefinitionKey, ProcessInstanceKey};

/// How long the result of a process is waited for when the caller leaves it to the gateway.
const RESULT_TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) fn deploy(
    engine: &Engine,
    request: proto::DeployResourceRequest,
) -> Result<proto::DeployResourceResponse, Status> {
    let tenant_id = tenant(&request.tenant_id, engine.options())?;
    let mut deployments = Vec::new();
    for resource in request.resources {
        let refused = |reason| Rejection::Undeployable { name: resource.name.clone(), reason };
        if !resource.name.ends_with(".bpmn") {
            return Err(
                refused("it is no .bpmn file, the only kind that can be deployed here".to_owned()).into()
            );
        }
        let xml =
            std::str::from_utf8(&resource.content).map_err(|_| refused("it is not UTF-8".to_owned()))?;
        let deployed = engine.with(|state| state.deploy(&resource.name, xml, &tenant_id));
        let deployed = deployed.map_err(|error| refused(error.to_string()))?;
        deployments.extend(deployed.iter().map(|definition| deployment(definition)));
    }
    let key = engine.with(|state| state.next_key());
    Ok(proto::DeployResourceResponse { key, deployments, tenant_id })
}

fn deployment(definition: &Definition) -> proto::Deployment {
    let process = proto::ProcessMetadata {
        bpmn_process_id: definition.process.id().to_owned(),
        version: definition.version,
        process_definition_key: definition.key,
        resource_name: definition.resource_name.clone(),
        tenant_id: definition.tenant_id.to_string(),
    };
    proto::Deployment { metadata: Some(proto::deployment::Metadata::Process(process)) }
}

type Started = (ProcessInstanceKey, Arc<Definition>);

fn start(
    engine: &Engine,
    request: &proto::CreateProcessInstanceRequest,
    result: Option<oneshot::Sender<Map<String, Value>>>,
) -> Result<Started, Status> {
    let tenant_id = tenant(&request.tenant_id, engine.options())?;
    let variables = object(&request.variables)?;
    let id = request.bpmn_process_id.as_str();
    let which = match (request.process_definition_key, request.version) {
        (key @ 1.., _) => Which::Key(ProcessDefinitionKey(key)),
        (_, version @ 1..) => Which::Version(id, version),
        _ => Which::Latest(id),
    };
    Ok(engine.with(|state| state.create_instance(&which, &tenant_id, variables, result))?)
}

pub(crate) fn create_instance(
    engine: &Engine,
    request: &proto::CreateProcessInstanceRequest,
) -> Result<proto::CreateProcessInstanceResponse, Status> {
    let (key, definition) = start(engine, request, None)?;
    Ok(proto::CreateProcessInstanceResponse {
        process_definition_key: definition.key,
        bpmn_process_id: definition.process.id().to_owned(),
        version: definition.version,
        process_instance_key: key.0,
        tenant_id: definition.tenant_id.to_string(),
    })
}

pub(crate) async fn create_instance_with_result(
    engine: &Engine,
    request: proto::CreateProcessInstanceWithResultRequest,
) -> Result<proto::CreateProcessInstanceWithResultResponse, Status> {
    let patience = match u64::try_from(request.request_timeout) {
        Ok(0) | Err(_) => RESULT_TIMEOUT,
        Ok(millis) => Duration::from_millis(millis),
    };
    let (sender, ended) = oneshot::channel();
    let inner = request.request.unwrap_or_default();
    let (key, definition) = start(engine, &inner, Some(sender))?;
    let late = |_| Status::deadline_exceeded("the process has not ended in time");
    let ended = timeout(patience, ended).await.map_err(late)?;
    let mut variables = ended.map_err(|_| Status::cancelled("the process was cancelled"))?;
    if !request.fetch_variables.is_empty() {
        variables.retain(|name, _| request.fetch_variables.contains(name));
    }
    Ok(proto::CreateProcessInstanceWithResultResponse {
        process_definition_key: definition.key,
        bpmn_process_id: definition.process.id().to_owned(),
        version: definition.version,
        process_instance_key: key.0,
        variables: Value::Object(variables).to_string(),
        tenant_id: definition.tenant_id.to_string(),
    })
}

pub(crate) fn publish(
    engine: &Engine,
    request: proto::PublishMessageRequest,
) -> Result<proto::PublishMessageResponse, Status> {
    let tenant_id = tenant(&request.tenant_id, engine.options())?;
    let variables = object(&request.variables)?;
    let time_to_live = Duration::from_millis(u64::try_from(request.time_to_live).unwrap_or(0));
    let message = Message { name: request.name, correlation_key: request.correlation_key };
    let key = engine.with(|state| state.publish(request.message_id, message, variables, time_to_live))?;
    Ok(proto::PublishMessageResponse { key, tenant_id })
}

pub(crate) fn set_variables(
    engine: &Engine,
    request: &proto::SetVariablesRequest,
) -> Result<proto::SetVariablesResponse, Status> {
    let variables = object(&request.variables)?;
    engine.with(|state| state.set_variables(request.element_instance_key, variables, request.local))?;
    Ok(proto::SetVariablesResponse { key: engine.with(|state| state.next_key()) })
}
