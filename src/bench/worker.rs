//! The worker as a child process, with the environment that an operator would give it. The tests use it too.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use axum::body::Body;
use http::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::process::{Child, Command};
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

    /// Adds a variable; one of the same name takes its place.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
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
        let admin = free_address().map_err(Error::Start)?;
        let mut command = Command::new(&self.program);
        command
            .arg("run")
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("SERVER_PORT", admin.port().to_string())
            .stdin(Stdio::null())
            // Its warnings belong beside the figures, not among them.
            .stdout(std::io::stderr())
            .kill_on_drop(true);
        if let Some(path) = &self.log {
            let (stdout, stderr) = log_file(path).map_err(Error::Start)?;
            command.stdout(stdout).stderr(stderr);
        }
        let started = Instant::now();
        let child = command.spawn().map_err(Error::Start)?;
        let id = child.id().unwrap_or_default();
        Ok(WorkerProcess { child, id, started, admin })
    }
}

/// A running worker.
#[derive(Debug)]
pub struct WorkerProcess {
    child: Child,
    id: u32,
    started: Instant,
    admin: SocketAddr,
}

impl WorkerProcess {
    /// The id that the operating system knows it by.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The address of a health or metrics page.
    pub fn admin_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.admin)
    }

    /// Waits until the worker says that it is ready, and tells how long that took since its start.
    pub async fn ready(&mut self) -> Result<Duration, Error> {
        let not_ready = Error::NotReady { patience: START_PATIENCE };
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let Ok(url) = self.admin_url("/actuator/health/readiness").parse::<Uri>() else {
            return Err(not_ready);
        };
        let wait = async {
            loop {
                if client.get(url.clone()).await.is_ok_and(|answer| answer.status().is_success()) {
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
    pub async fn stop(mut self, patience: Duration) -> Result<ExitStatus, Error> {
        self.terminate().await?;
        match timeout(patience, self.child.wait()).await {
            Ok(status) => status.map_err(Error::Start),
            Err(_) => Err(Error::NotStopped { patience }),
        }
    }

    /// Sends SIGTERM and does not wait.
    pub async fn terminate(&self) -> Result<(), Error> {
        // The standard library sends no signal but SIGKILL, and `unsafe` is forbidden here.
        let status = Command::new("kill").arg(self.id.to_string()).status().await.map_err(Error::Start)?;
        if status.success() { Ok(()) } else { Err(Error::Ended { status }) }
    }

    /// Ends the worker at once, as `kill -9` does.
    pub async fn kill(mut self) -> Result<(), Error> {
        self.child.kill().await.map_err(Error::Start)
    }

    /// Waits until the worker ends by itself.
    pub async fn ended(mut self) -> Result<ExitStatus, Error> {
        self.child.wait().await.map_err(Error::Start)
    }
}

fn log_file(path: &Path) -> io::Result<(File, File)> {
    let file = File::options().create(true).append(true).open(path)?;
    Ok((file.try_clone()?, file))
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
