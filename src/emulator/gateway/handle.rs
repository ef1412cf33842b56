//! The handle of a running gateway: what a test, the demo and the benchmark hold.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Map, Value};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::transport::Server;

use super::engine::{Engine, Incident, InstanceOutcome, InstanceSnapshot, JobSnapshot, State, Which};
use super::event::Event;
use super::fault::{Fault, Faults, Pushes};
use super::options::{DEFAULT_TENANT, NewJob, Options};
use super::received::Received;
use super::service::Service;
use crate::emulator::bpmn::DiagramError;
use crate::emulator::guarded::Guarded;
use crate::emulator::recorder::{NotSeen, PATIENCE, Recorder};
use crate::emulator::socket::Port;
use crate::proto::gateway_server::GatewayServer;
use crate::proto::keys::{JobKey, ProcessInstanceKey};

/// A running gateway. Clones are the same one; it stops when the last is dropped.
#[derive(Debug, Clone)]
pub struct Gateway {
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    port: Port,
    engine: Arc<Engine>,
    controls: Arc<Controls>,
    tasks: [JoinHandle<()>; 2],
}

/// What the service looks at with each call.
#[derive(Debug)]
pub(crate) struct Controls {
    pub(crate) faults: Faults,
    pub(crate) received: Recorder<Received>,
    /// The values of `authorization` that are accepted; none accepts everything.
    pub(crate) authorizations: Guarded<Option<Vec<String>>>,
}

/// Whether a restarted gateway remembers its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    Kept,
    Lost,
}

impl Gateway {
    /// Starts a gateway in this process.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (port, connections) = Port::listen(options.listen).await?;
        let controls = Arc::new(Controls {
            faults: Faults::default(),
            received: Recorder::new(options.record_limit),
            authorizations: Guarded::new(None),
        });
        let engine = Engine::new(options);
        let service = Service::new(Arc::clone(&engine), Arc::clone(&controls));
        // The limit of the protocol is applied by the service, which answers as the real gateway does.
        let service = GatewayServer::new(service).max_decoding_message_size(usize::MAX);
        let incoming = ReceiverStream::new(connections).map(Ok::<_, io::Error>);
        // The real gateway has no limit of its own.
        let mut server = Server::builder().max_concurrent_streams(u32::MAX);
        let server = server.add_service(service).serve_with_incoming(incoming);
        let server = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(error = &error as &dyn std::error::Error, "the embedded gateway stopped");
            }
        });
        let pulse = tokio::spawn(Arc::clone(&engine).pulse());
        Ok(Self { running: Arc::new(Running { port, engine, controls, tasks: [server, pulse] }) })
    }

    pub fn address(&self) -> SocketAddr {
        self.running.port.address()
    }

    /// The address as a client is configured with it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    fn engine(&self) -> &Arc<Engine> {
        &self.running.engine
    }

    // --- Work -----------------------------------------------------------------------------------

    /// Makes a job outside any process.
    pub fn create_job(&self, job: NewJob) -> JobKey {
        self.engine().with(|state| state.create_job(job))
    }

    /// A job, running or over.
    pub fn job(&self, key: JobKey) -> Option<JobSnapshot> {
        self.engine().with(|state| state.job(key))
    }

    /// Takes a job away, as cancelling its process does: commands for it find nothing.
    pub fn cancel_job(&self, key: JobKey) {
        self.engine().with(|state| state.cancel_job(key));
    }

    /// Lets the lock of a job run out now.
    pub fn expire_lock(&self, key: JobKey) {
        self.engine().with(|state| state.expire_lock(key));
    }

    /// Lets the back-off of a failed job end now.
    pub fn end_back_off(&self, key: JobKey) {
        self.engine().with(|state| state.end_back_off(key));
    }

    /// How many jobs are not over.
    pub fn unfinished_jobs(&self) -> usize {
        self.engine().with(|state| state.unfinished_jobs())
    }

    /// How many jobs of a type wait for a poll.
    pub fn waiting_jobs(&self, job_type: &str) -> usize {
        self.engine().with(|state| state.waiting_jobs().get(job_type).copied().unwrap_or(0))
    }

    pub fn incidents(&self) -> Vec<Incident> {
        self.engine().with(|state| state.incidents())
    }

    // --- Processes ------------------------------------------------------------------------------

    /// Deploys a diagram, for those who want to know exactly what is wrong with it. Returns the ids of its
    /// processes.
    pub fn deploy(&self, name: &str, xml: &str) -> Result<Vec<String>, DiagramError> {
        let deployed = self.engine().with(|state| state.deploy(name, xml, DEFAULT_TENANT))?;
        Ok(deployed.iter().map(|definition| definition.process.id().to_owned()).collect())
    }

    /// Starts the latest version of a process; none if no such process is deployed.
    pub fn create_instance(&self, id: &str, variables: Map<String, Value>) -> Option<ProcessInstanceKey> {
        let which = Which::Latest(id);
        let created =
            self.engine().with(|state| state.create_instance(&which, DEFAULT_TENANT, variables, None));
        created.ok().map(|(key, _)| key)
    }

    /// A process that is not over.
    pub fn instance(&self, key: ProcessInstanceKey) -> Option<InstanceSnapshot> {
        self.engine().with(|state| state.instance(key))
    }

    /// Gives an element a result, so that it is not carried out from now on.
    pub fn set_result(&self, element_id: impl Into<String>, result: Value) {
        self.engine().with(|state| state.set_result(element_id.into(), result));
    }

    // --- What happened --------------------------------------------------------------------------

    /// The calls that came in, in order.
    pub fn received(&self) -> &Recorder<Received> {
        &self.running.controls.received
    }

    /// The calls about one job, in order.
    pub fn received_for(&self, key: JobKey) -> Vec<Received> {
        let about = |call: &&Received| call.command.job_key() == Some(key);
        self.received().read(|calls| calls.iter().filter(about).cloned().collect())
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.engine().events()
    }

    /// Waits until a job is as `wanted`.
    pub async fn wait_for_job(
        &self,
        key: JobKey,
        wanted: impl Fn(&JobSnapshot) -> bool,
    ) -> Result<JobSnapshot, NotSeen> {
        let look = |state: &mut State| state.job(key).filter(&wanted);
        let found = self.engine().wait_for(PATIENCE, look).await;
        found.ok_or_else(|| NotSeen::new(format!("job {key} as wanted; it is {:?}", self.job(key)), PATIENCE))
    }

    /// Waits until a process has ended or an incident stops it.
    pub async fn wait_for_instance(
        &self,
        key: ProcessInstanceKey,
        patience: Duration,
    ) -> Result<InstanceOutcome, NotSeen> {
        let look = |state: &mut State| state.outcome(key);
        let found = self.engine().wait_for(patience, look).await;
        found.ok_or_else(|| NotSeen::new(format!("the end of process instance {key}"), patience))
    }

    /// Waits until no more than `count` jobs are left.
    pub async fn wait_for_unfinished_jobs(&self, count: usize, patience: Duration) -> Result<(), NotSeen> {
        let look = |state: &mut State| (state.unfinished_jobs() <= count).then_some(());
        let found = self.engine().wait_for(patience, look).await;
        found.ok_or_else(|| {
            NotSeen::new(format!("only {count} unfinished jobs; {} are", self.unfinished_jobs()), patience)
        })
    }

    /// Waits until this many streams are open.
    pub async fn wait_for_streams(&self, count: usize) -> Result<(), NotSeen> {
        let look = |state: &mut State| (state.open_streams() == count).then_some(());
        let found = self.engine().wait_for(PATIENCE, look).await;
        found.ok_or_else(|| {
            NotSeen::new(format!("{count} open streams; {} are", self.open_streams()), PATIENCE)
        })
    }

    pub fn open_streams(&self) -> usize {
        self.engine().with(|state| state.open_streams())
    }

    // --- Misbehaviour ---------------------------------------------------------------------------

    /// Adds a fault behind those that are already waiting to strike.
    pub fn inject(&self, fault: Fault) {
        self.running.controls.faults.add(fault);
    }

    /// Takes all faults back.
    pub fn heal(&self) {
        self.running.controls.faults.clear();
    }

    /// Says what streams do with jobs from now on.
    pub fn pushes(&self, pushes: Pushes) {
        self.engine().with(|state| state.set_pushes(pushes));
    }

    /// Ends the open streams, in order or with a status code.
    pub fn end_streams(&self, code: Option<Code>) {
        let status = code.map(|code| tonic::Status::new(code, "the stream was ended on request"));
        self.engine().with(|state| state.end_streams(status.as_ref()));
    }

    /// Accepts only calls with one of these values of `authorization`; none accepts everything again.
    pub fn require_authorization(&self, values: Option<Vec<String>>) {
        self.running.controls.authorizations.with(|accepted| *accepted = values);
    }

    /// Resets all connections.
    pub fn cut_connections(&self) {
        self.running.port.cut();
    }

    /// Keeps all connections open, new ones too, and neither reads nor writes; or goes on.
    pub fn black_hole(&self, silent: bool) {
        self.running.port.silence(silent);
    }

    /// Refuses new connections.
    pub async fn refuse_connections(&self) -> io::Result<()> {
        self.running.port.shut().await
    }

    /// Accepts connections again.
    pub async fn accept_connections(&self) -> io::Result<()> {
        self.running.port.open().await
    }

    /// Goes away: no connection is accepted, and those that are open are reset.
    pub async fn go_down(&self) -> io::Result<()> {
        self.refuse_connections().await?;
        self.cut_connections();
        Ok(())
    }

    /// Comes back on the same port, with its jobs or without.
    pub async fn come_back(&self, memory: Memory) -> io::Result<()> {
        self.engine().with(|state| state.end_streams(None));
        if memory == Memory::Lost {
            self.engine().forget();
        }
        self.accept_connections().await
    }

    /// Goes away and comes back.
    pub async fn restart(&self, memory: Memory) -> io::Result<()> {
        self.go_down().await?;
        self.come_back(memory).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
