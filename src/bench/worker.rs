//! The worker as a child process, with the environment that an operator would give it. The tests use it too.

use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use axum::body::Body;
use http::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::Error;

const START_PATIENCE: Duration = Duration::from_secs(20);

/// What a worker is started with.
#[derive(Debug, Clone)]
pub struct Launch {
    program: PathBuf,
    environment: Vec<(String, String)>,
    log: Option<PathBuf>,
}

impl Launch {
    /// A worker for a gateway, with Bedrock at `bedrock` and credentials that no AWS account knows.
    pub fn new(program: impl Into<PathBuf>, gateway: &str, bedrock: &str) -> Self {
        let launch = Self { program: program.into(), environment: Vec::new(), log: None };
        launch
            .env("CAMUNDA_CLIENT_GRPCADDRESS", gateway)
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", "AKIDENV")
            .env("AWS_SECRET_ACCESS_KEY", "envsecret")
    }

    /// Starts this program in place of the one given first, such as a script that limits it.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Adds a variable; one of the same name takes its place.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Takes a variable away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// Keeps what the worker logs in a file; otherwise its log goes to standard error.
    #[must_use]
    pub fn log_to(mut self, path: impl Into<PathBuf>) -> Self {
        self.log = Some(path.into());
        self
    }

    /// Starts the process. It is killed when the value is dropped.
    pub fn start(&self) -> Result<WorkerProcess, Error> {
        let log = self.log.as_ref().map(|path| File::options().create(true).append(true).open(path));
        let log = log.transpose().map_err(Error::Start)?;
        let mut command = Command::new(&self.program);
        command
            .arg("run")
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // The system chooses; a port that was free a moment ago may be taken by the time it is used.
            .env("SERVER_ADDRESS", Ipv4Addr::LOCALHOST.to_string())
            .env("SERVER_PORT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(file) = &log {
            command.stderr(file.try_clone().map_err(Error::Start)?);
        }
        let started = Instant::now();
        let mut child = command.spawn().map_err(Error::Start)?;
        let id = child.id().unwrap_or_default();
        let (sender, admin) = watch::channel(None);
        let log = child.stdout.take().map(|lines| tokio::spawn(forward(lines, log, sender)));
        Ok(WorkerProcess { child, id, started, admin, log })
    }
}

/// A running worker.
#[derive(Debug)]
pub struct WorkerProcess {
    child: Child,
    id: u32,
    started: Instant,
    /// Where it serves its pages, once it has said so.
    admin: watch::Receiver<Option<SocketAddr>>,
    /// Ends with the log.
    log: Option<JoinHandle<()>>,
}

impl WorkerProcess {
    /// The id that the operating system knows it by.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The address of a health or metrics page; none before the worker has one.
    pub fn admin_url(&self, path: &str) -> Option<String> {
        self.admin.borrow().map(|address| format!("http://{address}{path}"))
    }

    /// Waits until the worker says that it is ready, and tells how long that took since its start.
    pub async fn ready(&mut self) -> Result<Duration, Error> {
        let not_ready = Error::NotReady { patience: START_PATIENCE };
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let wait = async {
            loop {
                let url = self.admin_url("/actuator/health/readiness");
                if let Some(Ok(url)) = url.map(|url| url.parse::<Uri>())
                    && client.get(url).await.is_ok_and(|answer| answer.status().is_success())
                {
                    return Ok(self.started.elapsed());
                }
                if let Some(status) = self.child.try_wait().map_err(Error::Start)? {
                    return Err(Error::Ended { status });
                }
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(START_PATIENCE, wait).await.unwrap_or(Err(not_ready))
    }

    /// Asks the worker to stop, as a container runtime does, and waits until it has.
    pub async fn stop(self, patience: Duration) -> Result<ExitStatus, Error> {
        self.terminate().await?;
        timeout(patience, self.ended()).await.unwrap_or(Err(Error::NotStopped { patience }))
    }

    /// Sends SIGTERM and does not wait.
    pub async fn terminate(&self) -> Result<(), Error> {
        self.signal("TERM").await
    }

    /// Sends a signal by its name, such as `HUP`.
    pub async fn signal(&self, name: &str) -> Result<(), Error> {
        // The standard library sends no signal but SIGKILL, and `unsafe` is forbidden here.
        let mut kill = Command::new("kill");
        let status = kill.args(["-s", name, &self.id.to_string()]).status().await.map_err(Error::Start)?;
        if status.success() { Ok(()) } else { Err(Error::Ended { status }) }
    }

    /// Ends the worker at once, as `kill -9` does.
    pub async fn kill(mut self) -> Result<(), Error> {
        self.child.kill().await.map_err(Error::Start)
    }

    /// Waits until the worker has ended and its log is whole.
    pub async fn ended(mut self) -> Result<ExitStatus, Error> {
        let status = self.child.wait().await.map_err(Error::Start)?;
        if let Some(log) = self.log.take() {
            // A log that broke off says nothing about how the worker ended.
            log.await.ok();
        }
        Ok(status)
    }
}

/// Passes the log on, and picks from it where the worker serves its pages.
async fn forward(lines: ChildStdout, file: Option<File>, admin: watch::Sender<Option<SocketAddr>>) {
    // Without a file, its warnings belong beside the figures, not among them; that it has started is no news there.
    let hides_start = file.is_none();
    let mut sink: Box<dyn Write + Send> = match file {
        Some(file) => Box::new(file),
        None => Box::new(io::stderr()),
    };
    let mut lines = BufReader::new(lines).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if admin.borrow().is_none()
            && let Some(address) = admin_address(&line)
        {
            admin.send_replace(Some(address));
            if hides_start {
                continue;
            }
        }
        if writeln!(sink, "{line}").is_err() {
            return;
        }
    }
}

fn admin_address(line: &str) -> Option<SocketAddr> {
    serde_json::from_str::<Value>(line).ok()?.get("admin")?.as_str()?.parse().ok()
}
