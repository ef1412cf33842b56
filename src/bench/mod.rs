//! Measures the worker in a process of its own, between an embedded gateway and an embedded Bedrock in this one.
//!
//! The servers use the machine too, so jobs per second are what both reach together; CPU and memory are those
//! of the worker's process alone.

mod process;
mod report;
mod worker;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

pub use self::process::Error as FiguresError;
pub use self::report::{Figures, head, row};
pub use self::worker::{Launch, WorkerProcess};
use crate::emulator::NotSeen;
use crate::emulator::bedrock::{self, Bedrock, Step, Target};
use crate::emulator::gateway::{Event, Gateway, NewJob, Options as GatewayOptions};
use crate::zeebe::JobKey;

const JOB_TYPE: &str = "io.camunda:aws-bedrock:1";
const MODEL: &str = "anthropic.claude-3-haiku-20240307-v1:0";
/// No job of a measurement takes this long; one that does is lost.
const PATIENCE: Duration = Duration::from_secs(300);
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// One measurement.
#[derive(Debug, Clone)]
pub struct Load {
    pub jobs: usize,
    /// How many jobs the worker may hold at once.
    pub in_flight: usize,
    /// How long the model takes for an answer.
    pub latency: Duration,
    /// Where answers are kept meanwhile.
    pub journal: JournalPlace,
}

/// Where the measured worker keeps answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum JournalPlace {
    #[default]
    Nowhere,
    Folder(PathBuf),
    /// By the URL of the database.
    Database(String),
}

impl JournalPlace {
    /// What a machine is told of it; an address holds a password.
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Nowhere => None,
            Self::Folder(_) => Some("folder"),
            Self::Database(_) => Some("database"),
        }
    }

    fn prepare(&self, launch: Launch) -> Launch {
        match self {
            // Said, so that the worker has nothing to warn of.
            Self::Nowhere => launch.env("BEDROCK_CONNECTOR_JOURNAL_ENABLED", "false"),
            Self::Folder(folder) => launch.env("BEDROCK_CONNECTOR_DATA_DIR", folder.display().to_string()),
            Self::Database(url) => launch.env("BEDROCK_CONNECTOR_JOURNAL_URL", url.as_str()),
        }
    }
}

impl Default for Load {
    fn default() -> Self {
        Self { jobs: 20_000, in_flight: 32, latency: Duration::ZERO, journal: JournalPlace::Nowhere }
    }
}

impl Load {
    /// The measurements that are made when nobody asks for others: work without waiting, and waiting without
    /// much work.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::default(),
            Self { jobs: 320, latency: Duration::from_secs(1), ..Self::default() },
            Self { jobs: 10_000, in_flight: 1_000, latency: Duration::from_secs(1), ..Self::default() },
        ]
    }
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("the embedded gateway or Bedrock cannot listen on 127.0.0.1")]
    Listen(#[source] io::Error),
    #[error("the worker cannot be started as a process of its own")]
    Start(#[source] io::Error),
    #[error("the worker ended by itself ({status}); run it with the same environment to see why")]
    Ended { status: std::process::ExitStatus },
    #[error("the worker was not ready within {patience:?}")]
    NotReady { patience: Duration },
    #[error("the worker did not stop within {patience:?} of SIGTERM")]
    NotStopped { patience: Duration },
    #[error("jobs were left over")]
    LeftOver(#[from] NotSeen),
    #[error("{count} of {jobs} jobs did not complete; run `demo` to see why")]
    Failed { count: usize, jobs: usize },
    #[error(transparent)]
    Figures(#[from] process::Error),
}

/// Makes one measurement.
pub async fn measure(load: &Load) -> Result<Figures, Error> {
    let gateway = Gateway::start(GatewayOptions {
        record_limit: 0,
        event_buffer: load.jobs.saturating_mul(8),
        ..GatewayOptions::default()
    })
    .await
    .map_err(Error::Listen)?;
    let options = bedrock::Options { record_limit: 0, ..bedrock::Options::default() };
    let bedrock = Bedrock::start(options).await.map_err(Error::Listen)?;
    if !load.latency.is_zero() {
        bedrock.script(Target::Any, [Step::answer().after(load.latency).always()]);
    }

    let program = std::env::current_exe().map_err(Error::Start)?;
    let launch = Launch::new(program, &gateway.url(), &bedrock.url())
        .env("BEDROCK_CONNECTOR_MAX_JOBS_ACTIVE", load.in_flight.to_string())
        .env("BEDROCK_CONNECTOR_LOG", "warn,bedrock_connector::commands::run=info");
    let mut worker = load.journal.prepare(launch).start()?;
    let ready_after = worker.ready().await?;
    let before = process::usage(worker.id())?;

    let mut times = tokio::spawn(times_of_jobs(gateway.events(), load.jobs));
    let started = Instant::now();
    for number in 0..load.jobs {
        gateway.create_job(job(number));
    }
    let times = tokio::select! {
        times = &mut times => times.unwrap_or_default(),
        left_over = gateway.wait_for_unfinished_jobs(0, PATIENCE) => {
            left_over?;
            times.await.unwrap_or_default()
        }
    };
    let took = started.elapsed();

    let after = process::usage(worker.id())?;
    worker.stop(STOP_PATIENCE).await?;
    if times.len() != load.jobs {
        return Err(Error::Failed { count: load.jobs.saturating_sub(times.len()), jobs: load.jobs });
    }
    let mut times = times;
    times.sort_unstable();
    Ok(Figures {
        load: load.clone(),
        ready_after,
        took,
        cpu: after.cpu.saturating_sub(before.cpu),
        idle_memory_bytes: before.memory_bytes,
        peak_memory_bytes: after.peak_memory_bytes,
        time_median: at_share(&times, 0.5),
        time_p99: at_share(&times, 0.99),
    })
}

/// A Converse task with a result expression, as a modeler draws it.
fn job(number: usize) -> NewJob {
    NewJob::new(JOB_TYPE)
        .header("resultExpression", "={answer: response[-1].contentList[1].text, turns: count(response)}")
        .header("errorExpression", "=if error.code = \"ThrottlingException\" then bpmnError(\"busy\", error.message) else null")
        .variables(json!({
            "action": "converse",
            "authentication": {"type": "credentials", "accessKey": "AKIABENCH", "secretKey": "bench"},
            "configuration": {"region": "eu-central-1"},
            "data": {"modelId": MODEL, "newMessage": format!("Question number {number}: where is my parcel?"), "maxTokens": 256},
        }))
}

/// The time between the activation of each job and its completion, as the gateway sees it.
async fn times_of_jobs(mut events: tokio::sync::broadcast::Receiver<Event>, jobs: usize) -> Vec<Duration> {
    let mut activated: HashMap<JobKey, Instant> = HashMap::with_capacity(jobs);
    let mut times = Vec::with_capacity(jobs);
    while times.len() < jobs {
        match events.recv().await {
            Ok(Event::JobActivated { job, .. }) => {
                activated.insert(job, Instant::now());
            }
            Ok(Event::JobCompleted { job, .. }) => {
                times.extend(activated.remove(&job).map(|since| since.elapsed()));
            }
            Ok(Event::IncidentRaised { .. }) | Err(RecvError::Closed) => break,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
        }
    }
    times
}

fn at_share(sorted: &[Duration], share: f64) -> Duration {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index below the length"
    )]
    let index = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}
