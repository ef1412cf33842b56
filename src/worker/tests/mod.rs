//! The worker against the embedded gateway over real sockets, with a model that does as its job says.

mod answers;
mod drain;
mod feeding;
mod life;
mod model;
mod reports;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use self::model::Model;
use super::{Drained, Handle, Options};
use crate::clock::{Clock, SystemClock};
use crate::connector::{self, Registry, Runtime};
use crate::emulator::gateway::{self, Gateway, JobSnapshot, JobState, NewJob, Received, Rpc};
use crate::journal::Journal;
use crate::secrets;
use crate::telemetry::Telemetry;
use crate::zeebe::{self, BackoffOptions, JobKey};

/// How long a condition may take on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);

const JOB_TYPE: &str = "model";

/// A worker at work.
struct Scene {
    gateway: Gateway,
    model: Model,
    telemetry: Telemetry,
    handle: Handle,
    shutdown: CancellationToken,
    running: JoinHandle<Drained>,
}

/// Quick pauses, so that tests wait for conditions and not for time.
fn options() -> Options {
    Options {
        max_jobs_active: 8,
        lock: Duration::from_secs(20),
        idle_poll_min: Duration::from_millis(20),
        idle_poll_max: Duration::from_millis(100),
        back_off: BackoffOptions {
            min: Duration::from_millis(5),
            max: Duration::from_millis(50),
            factor: 2.0,
            jitter: 0.1,
        },
        ..Options::default()
    }
}

async fn gateway() -> Gateway {
    Gateway::start(gateway::Options::default()).await.unwrap()
}

impl Scene {
    async fn new(options: Options) -> Self {
        Self::at(gateway().await, options, Arc::new(SystemClock))
    }

    fn at(gateway: Gateway, options: Options, clock: Arc<dyn Clock>) -> Self {
        Self::serving(&[JOB_TYPE], gateway, options, clock)
    }

    fn serving(job_types: &[&str], gateway: Gateway, options: Options, clock: Arc<dyn Clock>) -> Self {
        Self::keeping(Journal::off(), job_types, gateway, options, clock)
    }

    /// With a journal.
    fn keeping(
        journal: Journal,
        job_types: &[&str],
        gateway: Gateway,
        options: Options,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let model = Model::default();
        let telemetry = Telemetry::no_op();
        let with = |registry: Registry, job_type: &&str| registry.with(job_type, Arc::new(model.clone()));
        let registry = job_types.iter().fold(Registry::default(), with);
        let secrets = secrets::Resolver::new(Vec::new(), secrets::Options::default());
        let runtime = Runtime::new(registry, Arc::new(secrets), connector::Options::default());
        let client =
            zeebe::Client::new(&zeebe::Options { address: gateway.url(), ..zeebe::Options::default() })
                .unwrap();
        let worker = options.build(client, runtime, journal, telemetry.clone(), clock).unwrap();
        let (handle, shutdown) = (worker.handle(), CancellationToken::new());
        let running = tokio::spawn(worker.run(shutdown.clone()));
        Self { gateway, model, telemetry, handle, shutdown, running }
    }

    /// Creates a job whose call does this.
    fn job(&self, action: &str) -> JobKey {
        self.gateway.create_job(new_job(action))
    }

    /// Waits until the job has come so far.
    async fn job_is(&self, key: JobKey, wanted: impl Fn(&JobState) -> bool) -> JobSnapshot {
        self.gateway.wait_for_job(key, |job| wanted(&job.state)).await.unwrap()
    }

    async fn completed(&self, key: JobKey) -> JobSnapshot {
        self.job_is(key, |state| *state == JobState::Completed).await
    }

    /// The calls about a job, once they are as wanted.
    async fn calls(&self, key: JobKey, wanted: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let of_job = |all: &[Received]| {
            let about = |call: &&Received| call.command.job_key() == Some(key);
            let calls: Vec<Received> = all.iter().filter(about).cloned().collect();
            wanted(&calls).then_some(calls)
        };
        self.gateway.received().wait_for("the calls about the job as wanted", of_job).await.unwrap()
    }

    /// Waits until a line of the metrics page reads so.
    async fn metric(&self, line: &str) {
        eventually(line, || self.telemetry.render().lines().any(|found| found == line)).await;
    }

    /// Tells the worker to stop, and waits for that.
    async fn stop(self) -> (Gateway, Handle, Drained) {
        self.shutdown.cancel();
        let drained = timeout(PATIENCE, self.running).await.expect("the worker stops").unwrap();
        (self.gateway, self.handle, drained)
    }
}

fn new_job(action: &str) -> NewJob {
    NewJob::new(JOB_TYPE).variables(json!({ "do": action })).header("resultVariable", "answer")
}

/// Waits until something holds that nothing announces.
async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        sleep(Duration::from_millis(2)).await;
    }
}

async fn seen<T>(what: &str, watched: &watch::Sender<T>, wanted: impl FnMut(&T) -> bool) {
    let mut watched = watched.subscribe();
    let waited = timeout(PATIENCE, watched.wait_for(wanted)).await;
    assert!(matches!(waited, Ok(Ok(_))), "{what}: not within {PATIENCE:?}");
}

fn count(calls: &[Received], rpc: Rpc) -> usize {
    calls.iter().filter(|call| call.command.rpc() == rpc).count()
}
