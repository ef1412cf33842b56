//! The client itself: how a call is made, and the calls about jobs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use tokio::time::{Instant, timeout, timeout_at};
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status, Streaming};

use super::auth::{Authorization, Authorizer};
use super::error::{Call, Error, OptionsError, is_expired};
use super::http_status::GrpcOnly;
use super::job::ActivatedJob;
use super::keys::JobKey;
use super::options::Options;
use super::requests::{Activation, FailJob, Subscription, ThrowError, millis};
use super::stream::JobStream;
use super::topology::Topology;
use super::transport::Transport;
use crate::proto;
use crate::proto::gateway_client::GatewayClient;

/// What the generated code calls on our channel.
pub(super) type Gateway = GatewayClient<GrpcOnly>;

/// A client of the gateway. Clones share connections and credentials.
///
/// Nothing is connected before the first call. Dropping the future of a call cancels it at the gateway.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    authorizer: Authorizer,
    physical_tenant: Option<MetadataValue<tonic::metadata::Ascii>>,
    request_timeout: Duration,
    poll_grace: Duration,
    max_message_size: usize,
    max_request_size: usize,
}

/// What one attempt at a call was made with.
pub(super) struct Attempt {
    pub(super) call: Call,
    authorization: Option<Authorization>,
}

impl Client {
    /// Builds a client inside a tokio runtime. It reads the files named in the options, and does not connect.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let physical_tenant = options.physical_tenant.as_deref().map(|name| {
            name.parse().map_err(|_| OptionsError::Header { what: "the name of the physical tenant" })
        });
        Ok(Self {
            inner: Arc::new(Inner {
                transport: Transport::new(options)?,
                authorizer: Authorizer::new(options)?,
                physical_tenant: physical_tenant.transpose()?,
                request_timeout: options.request_timeout,
                poll_grace: options.poll_grace,
                max_message_size: options.max_message_size,
                max_request_size: options.max_request_size,
            }),
        })
    }

    /// What the cluster looks like.
    pub async fn topology(&self) -> Result<Topology, Error> {
        let send = |mut gateway: Gateway, request| async move { gateway.topology(request).await };
        self.command(Call::Topology, proto::TopologyRequest {}, send).await.map(Topology::from)
    }

    /// Takes jobs, waiting for them if there are none. An empty answer means that the wait was in vain.
    ///
    /// Dropping the future ends the wait at the gateway; jobs that it had given out by then come back when
    /// their lock runs out. If the call fails after some jobs have arrived, they are the answer and the next
    /// call meets the failure.
    pub async fn activate_jobs(&self, request: &Activation) -> Result<Vec<ActivatedJob>, Error> {
        let limit = self.limit_of_wait(request.request_timeout.unwrap_or_default());
        let send = |mut gateway: Gateway, request| async move { gateway.activate_jobs(request).await };
        let message = proto::ActivateJobsRequest::from(request);
        let deadline = Instant::now() + limit;
        let (batches, attempt) = self.call(Call::ActivateJobs, limit, message, send).await?;
        match self.collect(batches, deadline).await {
            Ok(Some(jobs)) => Ok(jobs),
            Ok(None) => Err(Error::TimedOut { call: Call::ActivateJobs, timeout: limit }),
            Err(status) => {
                let error = Error::from_status(Call::ActivateJobs, &status);
                self.learn(&attempt, &error).await;
                Err(error)
            }
        }
    }

    /// Opens a stream of jobs. The gateway says nothing before the first job, so a refusal shows in
    /// [`JobStream::next`].
    pub async fn stream_jobs(&self, request: &Subscription) -> Result<JobStream, Error> {
        let line = self.inner.transport.for_streams();
        let message = proto::StreamActivatedJobsRequest::from(request);
        let (attempt, mut gateway, request) = self.prepare(Call::StreamJobs, line, message).await?;
        let opening = async move { gateway.stream_activated_jobs(request).await };
        Ok(JobStream::new(self.clone(), attempt, Box::pin(opening)))
    }

    /// Completes a job. The variables are a JSON object, or empty text.
    pub async fn complete_job(
        &self,
        key: JobKey,
        variables: impl Into<String>,
        lease: Option<&str>,
    ) -> Result<(), Error> {
        let message = proto::CompleteJobRequest {
            job_key: key.0,
            variables: variables.into(),
            job_lease_token: lease.map(str::to_owned),
        };
        let send = |mut gateway: Gateway, request| async move { gateway.complete_job(request).await };
        self.command(Call::CompleteJob, message, send).await.map(drop)
    }

    /// Fails a job.
    pub async fn fail_job(&self, request: &FailJob) -> Result<(), Error> {
        let send = |mut gateway: Gateway, request| async move { gateway.fail_job(request).await };
        self.command(Call::FailJob, proto::FailJobRequest::from(request), send).await.map(drop)
    }

    /// Throws a BPMN error.
    pub async fn throw_error(&self, request: &ThrowError) -> Result<(), Error> {
        let send = |mut gateway: Gateway, request| async move { gateway.throw_error(request).await };
        self.command(Call::ThrowError, proto::ThrowErrorRequest::from(request), send).await.map(drop)
    }

    /// Sets the lock of a job, counted from when the broker reads this. It may become shorter.
    pub async fn update_job_timeout(
        &self,
        key: JobKey,
        lock: Duration,
        lease: Option<&str>,
    ) -> Result<(), Error> {
        let message = proto::UpdateJobTimeoutRequest {
            job_key: key.0,
            timeout: millis(lock),
            operation_reference: None,
            job_lease_token: lease.map(str::to_owned),
        };
        let send = |mut gateway: Gateway, request| async move { gateway.update_job_timeout(request).await };
        self.command(Call::UpdateJobTimeout, message, send).await.map(drop)
    }

    /// The credentials of now, for calls to the engine's REST interface. `None` without authentication.
    pub async fn authorization(&self) -> Result<Option<Authorization>, Error> {
        self.inner.authorizer.authorization().await
    }

    /// Tells that the REST interface refused these credentials (401). Says whether there are others now, so
    /// that repeating the call once makes sense.
    pub async fn authorization_refused(&self, refused: &Authorization) -> bool {
        self.inner.authorizer.refused(refused).await
    }

    /// The interval of probes on idle connections now.
    pub fn keep_alive(&self) -> Duration {
        self.inner.transport.keep_alive()
    }

    /// Makes a call with the time that commands have.
    pub(super) async fn command<M, R, S, F>(&self, call: Call, message: M, send: S) -> Result<R, Error>
    where
        M: Message + Clone,
        S: Fn(Gateway, Request<M>) -> F,
        F: Future<Output = Result<Response<R>, Status>>,
    {
        self.call(call, self.inner.request_timeout, message, send).await.map(|(answer, _)| answer)
    }

    /// Makes a call, and once more if the gateway refused a token in whose place there is a new one.
    pub(super) async fn call<M, R, S, F>(
        &self,
        call: Call,
        limit: Duration,
        message: M,
        send: S,
    ) -> Result<(R, Attempt), Error>
    where
        M: Message + Clone,
        S: Fn(Gateway, Request<M>) -> F,
        F: Future<Output = Result<Response<R>, Status>>,
    {
        let mut may_repeat = true;
        loop {
            let line = self.inner.transport.for_commands();
            let (attempt, gateway, mut request) = self.prepare(call, line, message.clone()).await?;
            request.set_timeout(limit);
            let error = match timeout(limit, send(gateway, request)).await {
                Ok(Ok(response)) => return Ok((response.into_inner(), attempt)),
                Ok(Err(status)) if !is_expired(&status) => Error::from_status(call, &status),
                Ok(Err(_)) | Err(_) => Error::TimedOut { call, timeout: limit },
            };
            let renewed = self.learn(&attempt, &error).await;
            if !(renewed && may_repeat) {
                return Err(error);
            }
            may_repeat = false;
        }
    }

    /// How long the client waits for a gateway that was told to wait itself; zero leaves that to the gateway.
    pub(super) fn limit_of_wait(&self, wait: Duration) -> Duration {
        let wait = if wait.is_zero() { self.inner.request_timeout } else { wait };
        wait.saturating_add(self.inner.poll_grace)
    }

    /// Puts headers and limits on a message.
    async fn prepare<M: Message>(
        &self,
        call: Call,
        line: GrpcOnly,
        message: M,
    ) -> Result<(Attempt, Gateway, Request<M>), Error> {
        let (size, limit) = (message.encoded_len(), self.inner.max_request_size);
        if size > limit {
            return Err(Error::RequestTooLarge { call, size, limit });
        }
        let authorization = self.authorization().await?;
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        if let Some(authorization) = &authorization {
            metadata.insert("authorization", authorization.metadata());
        }
        if let Some(tenant) = &self.inner.physical_tenant {
            metadata.insert("camunda-physical-tenant", tenant.clone());
        }
        let gateway = Gateway::new(line).max_decoding_message_size(self.inner.max_message_size);
        Ok((Attempt { call, authorization }, gateway, request))
    }

    /// Draws conclusions from a failed attempt: refused credentials are replaced, if it is time. Says whether
    /// there are others now.
    pub(super) async fn learn(&self, attempt: &Attempt, error: &Error) -> bool {
        match &attempt.authorization {
            Some(authorization) if error.is_unauthenticated() => {
                self.inner.authorizer.refused(authorization).await
            }
            Some(_) | None => false,
        }
    }

    /// Reads a poll's answer to its end. Once there are jobs, the rest may not take long: their locks run.
    /// `None` when the deadline came first.
    async fn collect(
        &self,
        mut batches: Streaming<proto::ActivateJobsResponse>,
        mut deadline: Instant,
    ) -> Result<Option<Vec<ActivatedJob>>, Status> {
        let mut jobs = Vec::new();
        loop {
            match timeout_at(deadline, batches.message()).await {
                Ok(Ok(Some(batch))) => {
                    jobs.extend(batch.jobs.into_iter().map(ActivatedJob::from));
                    if !jobs.is_empty() {
                        deadline = deadline.min(Instant::now() + self.inner.poll_grace);
                    }
                }
                Ok(Ok(None)) => return Ok(Some(jobs)),
                Ok(Err(status)) if jobs.is_empty() => return Err(status),
                Err(_) if jobs.is_empty() => return Ok(None),
                Ok(Err(_)) | Err(_) => return Ok(Some(jobs)),
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("transport", &self.inner.transport).finish_non_exhaustive()
    }
}
