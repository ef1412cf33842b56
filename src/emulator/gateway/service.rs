//! The protocol: each call is recorded, meets its fault if there is one, and is carried out by the engine.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, stream};
use prost::Message;
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};
use tonic::metadata::KeyAndValueRef;
use tonic::{Code, Request, Response, Status};

use super::engine::{Ask, Engine, FailedAttempt, Rejection, ThrownError};
use super::fault::Reaction;
use super::handle::Controls;
use super::received::{Command, Received};
use super::stream::{JobsPushed, PushStream};
use super::{poll, requests};
use crate::emulator::socket::WireHandle;
use crate::proto::keys::{JobKey, ProcessInstanceKey};
use crate::proto::{self, gateway_server};

/// One per gateway; calls run side by side.
#[derive(Debug)]
pub(crate) struct Service {
    engine: Arc<Engine>,
    controls: Arc<Controls>,
}

impl Service {
    pub(crate) fn new(engine: Arc<Engine>, controls: Arc<Controls>) -> Self {
        Self { engine, controls }
    }

    /// Serves one call; `apply` carries it out.
    async fn serve<Q, R, F>(
        &self,
        request: Request<Q>,
        apply: impl FnOnce(Q) -> F,
    ) -> Result<Response<R>, Status>
    where
        Q: Message,
        F: Future<Output = Result<R, Status>>,
        for<'a> Command: From<&'a Q>,
    {
        let command = Command::from(request.get_ref());
        let reaction = self.controls.faults.strike(&command);
        let received = &self.controls.received;
        let place = received.push_with(|| {
            let metadata = textual_metadata(request.metadata());
            Received { command, at: Instant::now(), metadata, answer: None }
        });
        let result = match self.admit(&request) {
            Ok(()) => react(reaction, request, apply).await,
            Err(refused) => Err(refused),
        };
        let code = result.as_ref().map_or_else(Status::code, |_| Code::Ok);
        received.amend(place, |entry| entry.answer = Some(code));
        result.map(Response::new)
    }

    /// What is refused before anybody looks at what it says.
    fn admit<Q: Message>(&self, request: &Request<Q>) -> Result<(), Status> {
        let sent = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let accepted = self.controls.authorizations.with(|accepted| match accepted {
            Some(accepted) => sent.is_some_and(|sent| accepted.iter().any(|value| value == sent)),
            None => true,
        });
        if !accepted {
            return Err(Status::unauthenticated("expected an accepted token in `authorization`"));
        }
        let (size, limit) = (request.get_ref().encoded_len(), self.engine.options().max_message_bytes);
        if size > limit {
            let text = format!("gRPC message exceeds maximum size {limit}: {size}");
            return Err(Status::resource_exhausted(text));
        }
        Ok(())
    }

    /// The variables that a command brings, if they fit into a record.
    fn variables(&self, text: &str) -> Result<Map<String, Value>, Rejection> {
        let (found, limit) = (text.len(), self.engine.options().max_record_bytes);
        if found > limit {
            return Err(Rejection::RecordTooLarge { found, limit });
        }
        object(text)
    }

    async fn poll(&self, request: proto::ActivateJobsRequest) -> Result<JobBatches, Status> {
        let options = self.engine.options();
        let wait = poll::wait(request.request_timeout, options);
        let max = poll::max_jobs(&request)?;
        let ask: Ask = poll::ask_of_poll(request, options)?;
        let jobs = self.engine.poll(&ask, max, wait).await;
        // A long poll that ran out ends without any message.
        let batch = (!jobs.is_empty()).then(|| Ok(proto::ActivateJobsResponse { jobs }));
        Ok(Box::pin(stream::iter(batch)))
    }
}

type JobBatches = Pin<Box<dyn Stream<Item = Result<proto::ActivateJobsResponse, Status>> + Send>>;

/// Carries a call out, or does what the fault says.
async fn react<Q, R, F>(
    reaction: Option<Reaction>,
    request: Request<Q>,
    apply: impl FnOnce(Q) -> F,
) -> Result<R, Status>
where
    F: Future<Output = Result<R, Status>>,
{
    let wire = request.extensions().get::<WireHandle>().cloned();
    let request = request.into_inner();
    let refused = |code| Err(Status::new(code, "refused on request"));
    match reaction {
        None => apply(request).await,
        Some(Reaction::Refuse(code)) => refused(code),
        Some(Reaction::RefuseSaying(code, text)) => Err(Status::new(code, text)),
        Some(Reaction::ApplyThenRefuse(code)) => {
            apply(request).await?;
            refused(code)
        }
        Some(Reaction::Delay(duration)) => {
            sleep(duration).await;
            apply(request).await
        }
        Some(Reaction::Hold(gate)) => {
            gate.passed().await;
            apply(request).await
        }
        Some(Reaction::Hang) => std::future::pending().await,
        Some(Reaction::Reset) => reset(wire).await,
        Some(Reaction::ApplyThenReset) => {
            apply(request).await?;
            reset(wire).await
        }
    }
}

async fn reset<R>(wire: Option<WireHandle>) -> Result<R, Status> {
    if let Some(wire) = wire {
        wire.cut();
    }
    std::future::pending().await
}

fn textual_metadata(metadata: &tonic::metadata::MetadataMap) -> BTreeMap<String, String> {
    let texts = metadata.iter().filter_map(|entry| match entry {
        KeyAndValueRef::Ascii(key, value) => Some((key.to_string(), value.to_str().ok()?.to_owned())),
        KeyAndValueRef::Binary(..) => None,
    });
    texts.collect()
}

/// Variables are a JSON object; no text is an empty one.
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, Rejection> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    let refused = |found| Rejection::Argument { field: "variables", found, expected: "a JSON object" };
    match serde_json::from_str(text) {
        Ok(Value::Object(variables)) => Ok(variables),
        Ok(_) => Err(refused("JSON of another kind".to_owned())),
        Err(error) => Err(refused(format!("no JSON ({error})"))),
    }
}

fn millis(field: &'static str, millis: i64) -> Result<Duration, Rejection> {
    let positive = u64::try_from(millis).map(Duration::from_millis);
    positive.map_err(|_| Rejection::Argument { field, found: millis.to_string(), expected: "at least 0" })
}

#[tonic::async_trait]
impl gateway_server::Gateway for Service {
    async fn topology(
        &self,
        request: Request<proto::TopologyRequest>,
    ) -> Result<Response<proto::TopologyResponse>, Status> {
        self.serve(request, |_| async { Ok(topology(&self.engine.options().version)) }).await
    }

    type ActivateJobsStream = JobBatches;

    async fn activate_jobs(
        &self,
        request: Request<proto::ActivateJobsRequest>,
    ) -> Result<Response<JobBatches>, Status> {
        self.serve(request, |request| self.poll(request)).await
    }

    type StreamActivatedJobsStream = JobsPushed;

    async fn stream_activated_jobs(
        &self,
        request: Request<proto::StreamActivatedJobsRequest>,
    ) -> Result<Response<JobsPushed>, Status> {
        self.serve(request, |request| async {
            let ask = poll::ask_of_stream(request, self.engine.options())?;
            PushStream::open(Arc::clone(&self.engine), ask).begun().await
        })
        .await
    }

    async fn complete_job(
        &self,
        request: Request<proto::CompleteJobRequest>,
    ) -> Result<Response<proto::CompleteJobResponse>, Status> {
        self.serve(request, |request| async move {
            let variables = self.variables(&request.variables)?;
            let (key, lease) = (JobKey(request.job_key), request.job_lease_token);
            self.engine.with(|state| state.complete(key, lease.as_deref(), variables))?;
            Ok(proto::CompleteJobResponse {})
        })
        .await
    }

    async fn fail_job(
        &self,
        request: Request<proto::FailJobRequest>,
    ) -> Result<Response<proto::FailJobResponse>, Status> {
        self.serve(request, |request| async move {
            let attempt = FailedAttempt {
                retries: request.retries,
                message: request.error_message,
                // The engine takes a negative back-off for none.
                back_off: Duration::from_millis(u64::try_from(request.retry_back_off).unwrap_or(0)),
                variables: self.variables(&request.variables)?,
            };
            let (key, lease) = (JobKey(request.job_key), request.job_lease_token);
            self.engine.with(|state| state.fail(key, lease.as_deref(), attempt))?;
            Ok(proto::FailJobResponse {})
        })
        .await
    }

    async fn throw_error(
        &self,
        request: Request<proto::ThrowErrorRequest>,
    ) -> Result<Response<proto::ThrowErrorResponse>, Status> {
        self.serve(request, |request| async move {
            let error = ThrownError {
                variables: self.variables(&request.variables)?,
                code: request.error_code,
                message: request.error_message,
            };
            let (key, lease) = (JobKey(request.job_key), request.job_lease_token);
            self.engine.with(|state| state.throw(key, lease.as_deref(), error))?;
            Ok(proto::ThrowErrorResponse {})
        })
        .await
    }

    async fn update_job_timeout(
        &self,
        request: Request<proto::UpdateJobTimeoutRequest>,
    ) -> Result<Response<proto::UpdateJobTimeoutResponse>, Status> {
        self.serve(request, |request| async move {
            let lock = millis("timeout", request.timeout)?;
            let (key, lease) = (JobKey(request.job_key), request.job_lease_token);
            self.engine.with(|state| state.update_timeout(key, lease.as_deref(), lock))?;
            Ok(proto::UpdateJobTimeoutResponse {})
        })
        .await
    }

    async fn update_job_retries(
        &self,
        request: Request<proto::UpdateJobRetriesRequest>,
    ) -> Result<Response<proto::UpdateJobRetriesResponse>, Status> {
        self.serve(request, |request| async move {
            if request.retries < 1 {
                let found = request.retries.to_string();
                return Err(Rejection::Argument { field: "retries", found, expected: "at least 1" }.into());
            }
            let (key, lease) = (JobKey(request.job_key), request.job_lease_token);
            self.engine.with(|state| state.update_retries(key, lease.as_deref(), request.retries))?;
            Ok(proto::UpdateJobRetriesResponse {})
        })
        .await
    }

    async fn resolve_incident(
        &self,
        request: Request<proto::ResolveIncidentRequest>,
    ) -> Result<Response<proto::ResolveIncidentResponse>, Status> {
        self.serve(request, |request| async move {
            self.engine.with(|state| state.resolve_incident(request.incident_key))?;
            Ok(proto::ResolveIncidentResponse {})
        })
        .await
    }

    async fn deploy_resource(
        &self,
        request: Request<proto::DeployResourceRequest>,
    ) -> Result<Response<proto::DeployResourceResponse>, Status> {
        self.serve(request, |request| async { requests::deploy(&self.engine, request) }).await
    }

    async fn create_process_instance(
        &self,
        request: Request<proto::CreateProcessInstanceRequest>,
    ) -> Result<Response<proto::CreateProcessInstanceResponse>, Status> {
        self.serve(request, |request| async move { requests::create_instance(&self.engine, &request) }).await
    }

    async fn create_process_instance_with_result(
        &self,
        request: Request<proto::CreateProcessInstanceWithResultRequest>,
    ) -> Result<Response<proto::CreateProcessInstanceWithResultResponse>, Status> {
        self.serve(request, |request| requests::create_instance_with_result(&self.engine, request)).await
    }

    async fn cancel_process_instance(
        &self,
        request: Request<proto::CancelProcessInstanceRequest>,
    ) -> Result<Response<proto::CancelProcessInstanceResponse>, Status> {
        self.serve(request, |request| async move {
            let key = ProcessInstanceKey(request.process_instance_key);
            self.engine.with(|state| state.cancel_instance(key))?;
            Ok(proto::CancelProcessInstanceResponse {})
        })
        .await
    }

    async fn publish_message(
        &self,
        request: Request<proto::PublishMessageRequest>,
    ) -> Result<Response<proto::PublishMessageResponse>, Status> {
        self.serve(request, |request| async { requests::publish(&self.engine, request) }).await
    }

    async fn set_variables(
        &self,
        request: Request<proto::SetVariablesRequest>,
    ) -> Result<Response<proto::SetVariablesResponse>, Status> {
        self.serve(request, |request| async move { requests::set_variables(&self.engine, &request) }).await
    }
}

/// One healthy broker that leads one partition.
fn topology(version: &str) -> proto::TopologyResponse {
    let partition = proto::Partition {
        partition_id: 1,
        role: proto::partition::PartitionBrokerRole::Leader.into(),
        health: proto::partition::PartitionBrokerHealth::Healthy.into(),
    };
    let broker = proto::BrokerInfo {
        node_id: 0,
        host: "127.0.0.1".to_owned(),
        port: 26501,
        partitions: vec![partition],
        version: version.to_owned(),
    };
    proto::TopologyResponse {
        brokers: vec![broker],
        cluster_size: 1,
        partitions_count: 1,
        replication_factor: 1,
        gateway_version: version.to_owned(),
        cluster_id: "embedded".to_owned(),
    }
}
