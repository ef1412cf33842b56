//! A gateway that does as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use http::HeaderMap;
use prost::Message;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

use crate::proto;
use crate::proto::gateway_server::{Gateway, GatewayServer};
use crate::zeebe::{Client, Options};

/// What the gateway does with a poll.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Sends these batches, each a list of job keys.
    Batches(Vec<Vec<i64>>),
    /// Sends one batch, then fails.
    BatchThenFailure(Vec<i64>, Status),
    /// Sends one batch, if any, and then nothing more.
    Silence(Vec<i64>),
}

/// The stub, and a record of what it was asked.
#[derive(Debug, Clone)]
pub(super) struct Stub {
    pub(super) address: SocketAddr,
    pub(super) state: Arc<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    requests: Mutex<Vec<Recorded>>,
    refusals: Mutex<VecDeque<Status>>,
    expected_authorization: Mutex<Option<String>>,
    polls: Mutex<VecDeque<Answer>>,
    pushes: Mutex<Option<Pushes>>,
    /// How many pushed jobs the transport has taken from us.
    pub(super) pushed: AtomicUsize,
    /// How many polls and streams are open.
    pub(super) open: AtomicUsize,
}

/// What is pushed on each stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pushes {
    pub(super) count: usize,
    pub(super) variables_size: usize,
    /// Whether the stream ends after them.
    pub(super) ends: bool,
}

#[derive(Debug, Clone)]
struct Recorded {
    headers: HeaderMap,
    message: Vec<u8>,
}

impl Stub {
    pub(super) async fn start() -> Self {
        Self::serve(Server::builder()).await
    }

    pub(super) async fn start_tls(tls: ServerTlsConfig) -> Self {
        Self::serve(Server::builder().tls_config(tls).unwrap()).await
    }

    async fn serve(mut server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let router = server.add_service(GatewayServer::new(stub.clone()));
        tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
        stub
    }

    pub(super) fn options(&self) -> Options {
        Options { address: format!("http://{}", self.address), ..Options::default() }
    }

    pub(super) fn client(&self) -> Client {
        Client::new(&self.options()).unwrap()
    }

    /// The next calls fail so, in this order.
    pub(super) fn refuse(&self, refusals: impl IntoIterator<Item = Status>) {
        self.state.refusals.lock().unwrap().extend(refusals);
    }

    /// Calls with any other `authorization` are UNAUTHENTICATED from now on.
    pub(super) fn expect_authorization(&self, value: &str) {
        *self.state.expected_authorization.lock().unwrap() = Some(value.to_owned());
    }

    /// The next poll is answered so. Without an answer, polls find nothing.
    pub(super) fn answer_poll(&self, answer: Answer) {
        self.state.polls.lock().unwrap().push_back(answer);
    }

    pub(super) fn push(&self, pushes: Pushes) {
        *self.state.pushes.lock().unwrap() = Some(pushes);
    }

    /// How many calls have arrived.
    pub(super) fn calls(&self) -> usize {
        self.state.requests.lock().unwrap().len()
    }

    /// A header of the last call.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let requests = self.state.requests.lock().unwrap();
        let value = requests.last()?.headers.get(name)?;
        Some(value.to_str().unwrap().to_owned())
    }

    /// The message of the last call.
    pub(super) fn message<M: Message + Default>(&self) -> M {
        M::decode(self.state.requests.lock().unwrap().last().unwrap().message.as_slice()).unwrap()
    }

    pub(super) fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    pub(super) fn pushed(&self) -> usize {
        self.state.pushed.load(Ordering::SeqCst)
    }

    fn enter<M: Message>(&self, request: &Request<M>) -> Result<(), Status> {
        let headers = request.metadata().clone().into_headers();
        let authorization = headers.get("authorization").map(|it| it.to_str().unwrap().to_owned());
        let message = request.get_ref().encode_to_vec();
        self.state.requests.lock().unwrap().push(Recorded { headers, message });
        let expected = self.state.expected_authorization.lock().unwrap().clone();
        if expected.is_some() && expected != authorization {
            return Err(Status::unauthenticated("this token is not accepted"));
        }
        self.state.refusals.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    fn track<T>(&self, stream: BoxStream<'static, Result<T, Status>>) -> Tracked<T> {
        self.state.open.fetch_add(1, Ordering::SeqCst);
        Tracked { stream, state: self.state.clone() }
    }
}

/// A stream that shows in the state when the client has left it.
pub(super) struct Tracked<T> {
    stream: BoxStream<'static, Result<T, Status>>,
    state: Arc<State>,
}

impl<T> Stream for Tracked<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.poll_next_unpin(context)
    }
}

impl<T> Drop for Tracked<T> {
    fn drop(&mut self) {
        self.state.open.fetch_sub(1, Ordering::SeqCst);
    }
}

fn job(key: i64) -> proto::ActivatedJob {
    proto::ActivatedJob { key, variables: "{}".to_owned(), ..Default::default() }
}

fn batch(keys: Vec<i64>) -> Result<proto::ActivateJobsResponse, Status> {
    Ok(proto::ActivateJobsResponse { jobs: keys.into_iter().map(job).collect() })
}

impl State {
    fn next_poll(&self) -> BoxStream<'static, Result<proto::ActivateJobsResponse, Status>> {
        let batches = |batches: Vec<Vec<i64>>| stream::iter(batches).map(batch);
        match self.polls.lock().unwrap().pop_front() {
            None => stream::empty().boxed(),
            Some(Answer::Batches(keys)) => batches(keys).boxed(),
            Some(Answer::BatchThenFailure(keys, status)) => {
                batches(vec![keys]).chain(stream::iter([Err(status)])).boxed()
            }
            Some(Answer::Silence(keys)) if keys.is_empty() => stream::pending().boxed(),
            Some(Answer::Silence(keys)) => batches(vec![keys]).chain(stream::pending()).boxed(),
        }
    }
}

impl Stub {
    fn next_stream(&self) -> BoxStream<'static, Result<proto::ActivatedJob, Status>> {
        let Some(pushes) = *self.state.pushes.lock().unwrap() else { return stream::pending().boxed() };
        let state = self.state.clone();
        let jobs = stream::iter(0..pushes.count).map(move |key| {
            state.pushed.fetch_add(1, Ordering::SeqCst);
            let variables = format!("{{\"text\":\"{}\"}}", "x".repeat(pushes.variables_size));
            Ok(proto::ActivatedJob { variables, ..job(i64::try_from(key).unwrap()) })
        });
        if pushes.ends { jobs.boxed() } else { jobs.chain(stream::pending()).boxed() }
    }
}

macro_rules! gateway {
    ($($name:ident($request:ident) -> $response:ident $fields:tt)*) => {
        #[tonic::async_trait]
        impl Gateway for Stub {
            type ActivateJobsStream = Tracked<proto::ActivateJobsResponse>;
            type StreamActivatedJobsStream = Tracked<proto::ActivatedJob>;

            async fn activate_jobs(
                &self,
                request: Request<proto::ActivateJobsRequest>,
            ) -> Result<Response<Self::ActivateJobsStream>, Status> {
                self.enter(&request)?;
                Ok(Response::new(self.track(self.state.next_poll())))
            }

            async fn stream_activated_jobs(
                &self,
                request: Request<proto::StreamActivatedJobsRequest>,
            ) -> Result<Response<Self::StreamActivatedJobsStream>, Status> {
                self.enter(&request)?;
                Ok(Response::new(self.track(self.next_stream())))
            }

            $(async fn $name(
                &self,
                request: Request<proto::$request>,
            ) -> Result<Response<proto::$response>, Status> {
                self.enter(&request)?;
                Ok(Response::new(proto::$response $fields))
            })*
        }
    };
}

gateway! {
    topology(TopologyRequest) -> TopologyResponse { gateway_version: "8.9.1".to_owned(), ..Default::default() }
    complete_job(CompleteJobRequest) -> CompleteJobResponse {}
    fail_job(FailJobRequest) -> FailJobResponse {}
    throw_error(ThrowErrorRequest) -> ThrowErrorResponse {}
    update_job_timeout(UpdateJobTimeoutRequest) -> UpdateJobTimeoutResponse {}
    update_job_retries(UpdateJobRetriesRequest) -> UpdateJobRetriesResponse {}
    deploy_resource(DeployResourceRequest) -> DeployResourceResponse { deployments: vec![deployment()], ..Default::default() }
    create_process_instance(CreateProcessInstanceRequest)
        -> CreateProcessInstanceResponse { process_instance_key: 7, ..Default::default() }
    create_process_instance_with_result(CreateProcessInstanceWithResultRequest)
        -> CreateProcessInstanceWithResultResponse {
            process_instance_key: 7, variables: "{\"a\":1}".to_owned(), ..Default::default()
        }
    cancel_process_instance(CancelProcessInstanceRequest) -> CancelProcessInstanceResponse {}
    publish_message(PublishMessageRequest) -> PublishMessageResponse { key: 1, tenant_id: String::new() }
    set_variables(SetVariablesRequest) -> SetVariablesResponse { key: 1 }
    resolve_incident(ResolveIncidentRequest) -> ResolveIncidentResponse {}
}

fn deployment() -> proto::Deployment {
    let process = proto::ProcessMetadata {
        bpmn_process_id: "order".to_owned(),
        version: 2,
        process_definition_key: 5,
        resource_name: "order.bpmn".to_owned(),
        tenant_id: String::new(),
    };
    proto::Deployment { metadata: Some(proto::deployment::Metadata::Process(process)) }
}
