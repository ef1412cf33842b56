//! The stage of a chaos scenario: a process of its own on the engine, an emulated Bedrock that counts the calls of
//! each instance, and workers that are started and killed as processes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::ready;
use std::time::Duration;

use bedrock_connector::bench::{Launch, WorkerProcess};
use bedrock_connector::emulator::bedrock::{self, Bedrock, Calls, Step, Target};
use bedrock_connector::proto::UpdateJobRetriesRequest;
use bedrock_connector::proto::gateway_client::GatewayClient;
use bedrock_connector::zeebe::{self, Client, NewInstance};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::World;
use super::ends::Ends;
use super::task::{MARK, Task};
use crate::scenarios::deploy;

/// The model that answers, unless a scenario names another.
pub(crate) const MODEL: &str = "a-model";

/// For what takes a moment; the rest is for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Far above what the engine makes between a job and its incident.
const KEYS_AT_MOST: i64 = 5000;

pub(crate) struct Stage {
    pub bedrock: Bedrock,
    pub client: Client,
    pub ends: Ends,
    task: Task,
    /// Where workers find the gateway, and the engine's REST interface.
    gateway: String,
    rest: String,
    /// Where this program does.
    engine: String,
    folder: tempfile::TempDir,
    begun: Cell<usize>,
}

impl Stage {
    /// Deploys the task's process and watches for the ends of its instances.
    pub(crate) async fn set(world: &World, task: Task) -> Self {
        let gateway = world.zeebe.grpc_address();
        let options = zeebe::Options {
            address: gateway.clone(),
            request_timeout: PATIENCE,
            ..zeebe::Options::default()
        };
        let client = Client::new(&options).expect("a client for the gateway");
        let options = bedrock::Options { mark: Some(MARK.to_owned()), ..bedrock::Options::default() };
        let bedrock = Bedrock::start(options).await.expect("a Bedrock on a free port");
        deploy(&client, &[task.diagram()]).await;
        let ends = Ends::watch(&client, task.end_type());
        let folder = tempfile::tempdir().expect("a folder for journal and log");
        let (engine, rest) = (gateway.clone(), world.zeebe.rest_address());
        Self { bedrock, client, ends, task, gateway, rest, engine, folder, begun: Cell::new(0) }
    }

    /// Workers find the gateway at this URL from now on; this program goes on using the engine's own.
    #[must_use]
    pub(crate) fn with_gateway_at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.gateway);
        self
    }

    /// Workers find the engine's REST interface at this URL from now on.
    #[must_use]
    pub(crate) fn with_rest_at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.rest);
        self
    }

    // === the model ===

    /// The model thinks so long from now on.
    pub(crate) fn model_takes(&self, time: Duration) {
        self.bedrock.heal();
        self.bedrock.script(Target::Any, [Step::answer().after(time).always()]);
    }

    /// Waits until so many calls are in flight.
    pub(crate) async fn calls_in_flight(&self, count: usize) {
        let seen = until(PATIENCE, || self.bedrock.in_flight() == count).await;
        assert!(seen, "{count} calls in flight, found {}\n{}", self.bedrock.in_flight(), self.log());
    }

    /// The calls of each instance, by its number.
    pub(crate) fn calls(&self) -> BTreeMap<usize, Calls> {
        let counts = self.bedrock.calls_by_mark();
        counts.into_iter().map(|(number, calls)| (number.parse().expect("a number"), calls)).collect()
    }

    /// All calls that were made and not refused.
    pub(crate) fn paid(&self) -> usize {
        self.calls().values().map(|calls| calls.made - calls.refused).sum()
    }

    /// Every instance made this one call and no other.
    pub(crate) fn expect_one_call_each(&self) {
        let calls = self.calls();
        let others: Vec<_> = (0..self.begun.get())
            .map(|number| (number, calls.get(&number).copied().unwrap_or_default()))
            .filter(|(_, calls)| calls.made - calls.refused != 1)
            .collect();
        assert!(
            others.is_empty(),
            "instances with another number of calls than one: {others:?}\n{}",
            self.log()
        );
    }

    // === instances ===

    /// How many instances were begun.
    pub(crate) fn begun(&self) -> usize {
        self.begun.get()
    }

    /// Begins so many instances.
    pub(crate) async fn begin(&self, count: usize) {
        self.begin_with(count, &json!({ "model": MODEL })).await;
    }

    /// Begins so many instances with these variables.
    pub(crate) async fn begin_with(&self, count: usize, variables: &Value) {
        let mut beginning = JoinSet::new();
        for _ in 0..count {
            let mut variables = variables.clone();
            variables["number"] = json!(self.begun.replace(self.begun.get() + 1));
            let instance = NewInstance {
                bpmn_process_id: self.task.name.to_owned(),
                variables: variables.to_string(),
                ..NewInstance::default()
            };
            beginning.spawn(begin(self.client.clone(), instance));
        }
        beginning.join_all().await;
    }

    /// Begins an instance whenever it is time, until all is over.
    pub(crate) async fn begin_steadily(&self, per_second: u32, until: Instant) {
        let mut pulse = tokio::time::interval(Duration::from_secs(1) / per_second);
        while Instant::now() < until {
            pulse.tick().await;
            self.begin(1).await;
        }
    }

    /// Waits for the ends of all instances, and gives the time that it took.
    pub(crate) async fn all_end_within(&self, patience: Duration) -> Duration {
        let (since, begun) = (Instant::now(), self.begun.get());
        if !self.ends.reached(begun, patience).await {
            let ended = self.ends.all();
            let missing: Vec<_> = (0..begun).filter(|number| !ended.contains_key(number)).collect();
            panic!(
                "{} of {begun} instances did not end within {patience:?}: {missing:?}\n{}",
                missing.len(),
                self.log()
            );
        }
        since.elapsed()
    }

    // === the operator ===

    /// Gives failed jobs another attempt, and resolves their incidents.
    pub(crate) async fn resolve_incidents_of(&self, jobs: &[i64]) {
        let mut gateway = GatewayClient::connect(self.engine.clone()).await.expect("the gateway is there");
        for job_key in jobs {
            let request = UpdateJobRetriesRequest { job_key: *job_key, retries: 1, ..Default::default() };
            gateway.update_job_retries(request).await.expect("the job gets a retry");
        }
        // Nobody tells the key of an incident without an exporter. Keys grow by one, and it came after its job.
        let first = *jobs.iter().min().expect("a job");
        let keys = futures_util::stream::iter(first..first + KEYS_AT_MOST);
        let resolved = keys.map(|key| self.client.resolve_incident(key)).buffer_unordered(50);
        let count = resolved.filter(|answer| ready(answer.is_ok())).take(jobs.len()).count().await;
        assert_eq!(count, jobs.len(), "incidents resolved");
    }

    // === workers ===

    /// What a worker is started with. All workers of a stage have one journal.
    pub(crate) fn launch(&self) -> Launch {
        Launch::new(env!("CARGO_BIN_EXE_bedrock-connector"), &self.gateway, &self.bedrock.url())
            .env("CAMUNDA_CLIENT_RESTADDRESS", &self.rest)
            .env("BEDROCK_CONNECTOR_COMPAT_TYPE", self.task.job_type())
            .env("BEDROCK_CONNECTOR_ENABLED_TYPES", self.task.job_type())
            .env("BEDROCK_CONNECTOR_DATA_DIR", self.folder.path().join("journal").display().to_string())
            .env("BEDROCK_CONNECTOR_LOG", "info")
            .log_to(self.folder.path().join("worker.log"))
    }

    /// The same, with a lock of this length.
    pub(crate) fn launch_with_lock(&self, lock: Duration) -> Launch {
        self.launch().env("BEDROCK_CONNECTOR_LOCK", format!("PT{}S", lock.as_secs()))
    }

    /// Starts a worker with the usual settings.
    pub(crate) async fn worker(&self) -> Worker {
        Worker::start(self.launch()).await
    }

    /// The end of what the workers have logged.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("worker.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        format!("the end of the workers' log:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"))
    }
}

/// An engine that is too busy to begin an instance has not begun it, so it is asked again.
async fn begin(client: Client, instance: NewInstance) {
    while let Err(error) = client.create_instance(&instance).await {
        assert!(error.code() == "RESOURCE_EXHAUSTED", "an instance begins: {error}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// A worker as a process.
pub(crate) struct Worker {
    launch: Launch,
    process: WorkerProcess,
}

impl Worker {
    pub(crate) async fn start(launch: Launch) -> Self {
        let mut process = launch.start().expect("the worker starts");
        process.ready().await.expect("the worker gets ready");
        Self { launch, process }
    }

    /// Ends the worker as `kill -9` does.
    pub(crate) async fn kill(self) {
        self.process.kill().await.expect("the worker is killed");
    }

    /// Asks the worker to stop and waits until it has.
    pub(crate) async fn stop(self, patience: Duration) {
        let status = self.process.stop(patience).await.expect("the worker stops");
        assert!(status.success(), "{status}");
    }

    /// Ends the worker as `kill -9` does, and starts it again at once.
    pub(crate) async fn kill_and_restart(self) -> Self {
        let launch = self.launch.clone();
        self.kill().await;
        Self::start(launch).await
    }

    /// The memory that the system has given to the worker, in megabytes.
    pub(crate) fn memory(&self) -> f64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line with VmRSS");
        let kilobytes = line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok());
        kilobytes.expect("a number") / 1024.0
    }
}

/// Waits until something holds; says whether it came to that.
pub(crate) async fn until(patience: Duration, holds: impl Fn() -> bool) -> bool {
    let end = Instant::now() + patience;
    while !holds() {
        if Instant::now() >= end {
            return false;
        }
        sleep(Duration::from_millis(20)).await;
    }
    true
}
