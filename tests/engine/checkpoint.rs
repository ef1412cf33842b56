//! A gateway in front of the gateway: it passes calls on, and can hold reports, refuse the first one of each job, or
//! say that the engine is busy. It keeps what was told about each job.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use bedrock_connector::proto::gateway_client::GatewayClient;
use bedrock_connector::proto::gateway_server::{Gateway, GatewayServer};
use bedrock_connector::proto::{self as proto};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status, Streaming};

/// The engine's limit of a message.
const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// A running checkpoint. It ends with the value.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    url: String,
    post: Arc<Post>,
    server: JoinHandle<()>,
}

/// What was told about a job, and what became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub report: Report,
    pub answer: Code,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    Completed,
    Failed { retries: i32 },
    ThrewError,
}

#[derive(Debug)]
struct Post {
    engine: GatewayClient<Channel>,
    orders: watch::Sender<Orders>,
    book: Mutex<Book>,
}

#[derive(Debug, Clone, Default)]
struct Orders {
    /// The first report of each job is answered with one of these, in turn.
    refusals: Vec<Code>,
    hold: bool,
    busy: bool,
}

#[derive(Debug, Default)]
struct Book {
    told: BTreeMap<i64, Vec<Told>>,
    /// How many reports wait here.
    held: usize,
}

impl Checkpoint {
    /// In front of the gateway at this URL.
    pub(crate) async fn before(gateway: &str) -> Result<Self> {
        let engine = GatewayClient::new(Endpoint::from_shared(gateway.to_owned())?.connect_lazy())
            .max_decoding_message_size(MAX_MESSAGE_BYTES);
        let post = Arc::new(Post { engine, orders: watch::Sender::default(), book: Mutex::default() });
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr().context("a listener has an address")?);
        let service = GatewayServer::from_arc(Arc::clone(&post)).max_decoding_message_size(MAX_MESSAGE_BYTES);
        let mut server = Server::builder().max_concurrent_streams(u32::MAX);
        let serving = server.add_service(service).serve_with_incoming(TcpListenerStream::new(listener));
        let server = tokio::spawn(async move { serving.await.expect("the checkpoint serves") });
        Ok(Self { url, post, server })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Answers the first report of each job with one of these codes, in turn, and keeps it from the engine.
    pub(crate) fn refuse_first_reports(&self, codes: &[Code]) {
        self.post.orders.send_modify(|orders| orders.refusals = codes.to_vec());
    }

    /// Keeps reports here, unanswered, or lets them go on. One whose sender goes away is lost.
    pub(crate) fn hold_reports(&self, hold: bool) {
        self.post.orders.send_modify(|orders| orders.hold = hold);
    }

    /// Answers every call as an engine without room does.
    pub(crate) fn busy(&self, busy: bool) {
        self.post.orders.send_modify(|orders| orders.busy = busy);
    }

    /// How many reports wait here.
    pub(crate) fn held(&self) -> usize {
        self.post.book(|book| book.held)
    }

    /// What was told about each job that was reported on, in order.
    pub(crate) fn told(&self) -> BTreeMap<i64, Vec<Told>> {
        self.post.book(|book| book.told.clone())
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A report that waits; counted as long as it does.
struct Held<'a>(&'a Post);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.book(|book| book.held -= 1);
    }
}

impl Post {
    fn book<T>(&self, work: impl FnOnce(&mut Book) -> T) -> T {
        work(&mut self.book.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn admit(&self) -> Result<(), Status> {
        if self.orders.borrow().busy {
            return Err(Status::resource_exhausted("the engine has no room for further requests"));
        }
        Ok(())
    }

    /// Lets a report pass, sooner or later or not at all.
    async fn report<T>(
        &self,
        job_key: i64,
        report: Report,
        pass: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<Response<T>, Status> {
        let answer = match self.stop(job_key).await {
            Ok(()) => pass.await,
            Err(status) => Err(status),
        };
        let code = answer.as_ref().map_or_else(Status::code, |_| Code::Ok);
        self.book(|book| book.told.entry(job_key).or_default().push(Told { report, answer: code }));
        answer
    }

    async fn stop(&self, job_key: i64) -> Result<(), Status> {
        self.admit()?;
        let mut orders = self.orders.subscribe();
        if let Some(code) = self.refusal(job_key, &orders.borrow().refusals) {
            return Err(Status::new(code, "refused by the checkpoint"));
        }
        self.book(|book| book.held += 1);
        let _held = Held(self);
        orders.wait_for(|orders| !orders.hold).await.map(drop).map_err(|_| Status::cancelled("the end"))
    }

    /// The code for a job that nothing was told about before.
    fn refusal(&self, job_key: i64, refusals: &[Code]) -> Option<Code> {
        self.book(|book| {
            let is_first = !book.told.contains_key(&job_key);
            let jobs_before = book.told.len();
            // From here on it counts as told, so that its next report passes.
            book.told.entry(job_key).or_default();
            refusals.get(jobs_before % refusals.len().max(1)).copied().filter(|_| is_first)
        })
    }
}

/// Writes the whole service, because a macro inside an `async_trait` would be expanded too late.
macro_rules! gateway {
    (
        reports { $($end:ident: $end_request:ident -> $end_answer:ident as $report:expr,)+ }
        others { $($call:ident: $request:ident -> $answer:ty,)+ }
    ) => {
        #[tonic::async_trait]
        impl Gateway for Post {
            type ActivateJobsStream = Streaming<proto::ActivateJobsResponse>;
            type StreamActivatedJobsStream = Streaming<proto::ActivatedJob>;

            $(async fn $end(
                &self,
                request: Request<proto::$end_request>,
            ) -> Result<Response<proto::$end_answer>, Status> {
                let (mut engine, request) = (self.engine.clone(), request.into_inner());
                let report: fn(&proto::$end_request) -> Report = $report;
                let (key, report) = (request.job_key, report(&request));
                self.report(key, report, async { engine.$end(request).await }).await
            })+

            $(async fn $call(
                &self,
                request: Request<proto::$request>,
            ) -> Result<Response<$answer>, Status> {
                self.admit()?;
                self.engine.clone().$call(request.into_inner()).await
            })+
        }
    };
}

gateway! {
    reports {
        complete_job: CompleteJobRequest -> CompleteJobResponse as |_| Report::Completed,
        fail_job: FailJobRequest -> FailJobResponse as |failed| Report::Failed { retries: failed.retries },
        throw_error: ThrowErrorRequest -> ThrowErrorResponse as |_| Report::ThrewError,
    }
    others {
        topology: TopologyRequest -> proto::TopologyResponse,
        activate_jobs: ActivateJobsRequest -> Streaming<proto::ActivateJobsResponse>,
        stream_activated_jobs: StreamActivatedJobsRequest -> Streaming<proto::ActivatedJob>,
        update_job_timeout: UpdateJobTimeoutRequest -> proto::UpdateJobTimeoutResponse,
        update_job_retries: UpdateJobRetriesRequest -> proto::UpdateJobRetriesResponse,
        deploy_resource: DeployResourceRequest -> proto::DeployResourceResponse,
        create_process_instance: CreateProcessInstanceRequest -> proto::CreateProcessInstanceResponse,
        create_process_instance_with_result: CreateProcessInstanceWithResultRequest
            -> proto::CreateProcessInstanceWithResultResponse,
        cancel_process_instance: CancelProcessInstanceRequest -> proto::CancelProcessInstanceResponse,
        publish_message: PublishMessageRequest -> proto::PublishMessageResponse,
        set_variables: SetVariablesRequest -> proto::SetVariablesResponse,
        resolve_incident: ResolveIncidentRequest -> proto::ResolveIncidentResponse,
    }
}
