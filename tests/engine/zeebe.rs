//! A real Zeebe as a child process: found or downloaded, started on free ports, stopped with the value.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bedrock_connector::zeebe::{self, ProcessInstanceKey};
use tokio::process::{Child, Command};

pub(crate) const VERSION: &str = "8.6.0";

/// The engine's first start builds its log, its second one recovers it; both take well under this on two cores.
const START_PATIENCE: Duration = Duration::from_secs(240);

/// Before the first key of the first partition. It may not be a later one: an engine that reads its log again goes on
/// counting from the highest key that it finds there, in refused commands too.
const NO_INSTANCE: ProcessInstanceKey = ProcessInstanceKey(1 << 51);

/// The distribution and the Java that runs it.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    home: PathBuf,
    java_home: PathBuf,
}

impl Installation {
    /// Finds the distribution in the cache folder, or downloads it with Maven by its coordinates.
    pub(crate) async fn find_or_download() -> Result<Self> {
        let java_home = find_java().await?;
        let cache = cache_folder()?;
        let home = cache.join(format!("camunda-zeebe-{VERSION}"));
        if !home.join("bin/broker").exists() {
            download(&cache).await?;
        }
        ensure!(
            home.join("bin/broker").exists(),
            "{} holds no bin/broker after the download",
            home.display()
        );
        Ok(Self { home, java_home })
    }
}

/// A running engine with a data folder of its own.
#[derive(Debug)]
pub(crate) struct Zeebe {
    installation: Installation,
    data: tempfile::TempDir,
    ports: Ports,
    process: Option<Child>,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    gateway: u16,
    rest: u16,
    management: u16,
    command: u16,
    internal: u16,
}

impl Zeebe {
    pub(crate) async fn start(installation: Installation) -> Result<Self> {
        let data = tempfile::tempdir().context("no folder for the engine's data")?;
        let mut zeebe = Self { installation, data, ports: free_ports()?, process: None };
        zeebe.spawn()?;
        zeebe.ready().await?;
        Ok(zeebe)
    }

    /// Where the gateway listens, as `CAMUNDA_CLIENT_GRPCADDRESS` wants it.
    pub(crate) fn grpc_address(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.gateway)
    }

    /// Where `/v2` is, as `CAMUNDA_CLIENT_RESTADDRESS` wants it.
    pub(crate) fn rest_address(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.rest)
    }

    /// Ends the process at once, as `kill -9` does. The data stay.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill().await.context("the engine could not be killed")?;
        }
        Ok(())
    }

    /// Starts the engine again on the same data and the same ports.
    pub(crate) async fn start_again(&mut self) -> Result<()> {
        self.spawn()?;
        self.ready().await
    }

    /// Starts the engine again if a scenario has left it dead.
    pub(crate) async fn start_if_down(&mut self) -> Result<()> {
        if self.process.is_some() { Ok(()) } else { self.start_again().await }
    }

    fn spawn(&mut self) -> Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
            .context("the engine's log cannot be written")?;
        let ports = self.ports;
        let process = Command::new(self.installation.home.join("bin/broker"))
            .env("JAVA_HOME", &self.installation.java_home)
            .env("JAVA_OPTS", "-Xmx768m -XX:+UseSerialGC")
            .env("ZEEBE_BROKER_DATA_DIRECTORY", self.data.path().join("data"))
            .env("ZEEBE_BROKER_GATEWAY_NETWORK_HOST", "127.0.0.1")
            .env("ZEEBE_BROKER_GATEWAY_NETWORK_PORT", ports.gateway.to_string())
            .env("ZEEBE_BROKER_NETWORK_HOST", "127.0.0.1")
            .env("ZEEBE_BROKER_NETWORK_COMMANDAPI_PORT", ports.command.to_string())
            .env("ZEEBE_BROKER_NETWORK_INTERNALAPI_PORT", ports.internal.to_string())
            .env("SERVER_ADDRESS", "127.0.0.1")
            .env("SERVER_PORT", ports.rest.to_string())
            .env("MANAGEMENT_SERVER_ADDRESS", "127.0.0.1")
            .env("MANAGEMENT_SERVER_PORT", ports.management.to_string())
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("the engine could not be started")?;
        self.process = Some(process);
        Ok(())
    }

    /// Waits until the engine carries out commands, and says what it logged when that does not come.
    async fn ready(&mut self) -> Result<()> {
        let client =
            zeebe::Client::new(&zeebe::Options { address: self.grpc_address(), ..Default::default() })?;
        let wait = async {
            loop {
                if let Some(process) = &mut self.process
                    && let Some(status) = process.try_wait()?
                {
                    bail!("the engine ended by itself: {status}");
                }
                if carries_out_commands(&client).await {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        match tokio::time::timeout(START_PATIENCE, wait).await {
            Ok(outcome) => outcome.with_context(|| self.log_tail()),
            Err(_) => bail!("the engine was not ready after {START_PATIENCE:?}\n{}", self.log_tail()),
        }
    }

    fn log_path(&self) -> PathBuf {
        self.data.path().join("zeebe.log")
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.log_path()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let from = lines.len().saturating_sub(40);
        format!("the end of the engine's log:\n{}", lines[from..].join("\n"))
    }
}

/// The topology is what the gateway knows; only a command shows that its way to the engine is there.
async fn carries_out_commands(client: &zeebe::Client) -> bool {
    client.topology().await.is_ok_and(|topology| topology.is_ready())
        && client.cancel_instance(NO_INSTANCE).await.is_err_and(|error| error.code() == "NOT_FOUND")
}

fn cache_folder() -> Result<PathBuf> {
    let base = match (std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME")) {
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(home)) => Path::new(&home).join(".cache"),
        (None, None) => {
            bail!("neither XDG_CACHE_HOME nor HOME is set, so there is no place to keep the engine")
        }
    };
    let folder = base.join("bedrock-connector");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(folder)
}

async fn download(cache: &Path) -> Result<()> {
    eprintln!("fetching Zeebe {VERSION} (300 MB) with Maven into {}", cache.display());
    let archive = cache.join(format!("camunda-zeebe-{VERSION}.tar.gz"));
    run(Command::new("mvn").args(["-q", "-B", "dependency:copy"]).args([
        format!("-Dartifact=io.camunda:camunda-zeebe:{VERSION}:tar.gz"),
        format!("-DoutputDirectory={}", cache.display()),
    ]))
    .await
    .context("Zeebe could not be downloaded; install Maven (`mvn`) and see that it reaches Maven Central")?;
    run(Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(cache)).await?;
    fs::remove_file(&archive).context("the archive could not be removed")
}

/// A JDK of 21 or newer: JAVA_HOME first, then those installed in the usual place.
async fn find_java() -> Result<PathBuf> {
    let mut candidates: Vec<PathBuf> = std::env::var_os("JAVA_HOME").map(PathBuf::from).into_iter().collect();
    if let Ok(installed) = fs::read_dir("/usr/lib/jvm") {
        let mut installed: Vec<_> = installed.flatten().map(|entry| entry.path()).collect();
        installed.sort();
        candidates.extend(installed);
    }
    for candidate in &candidates {
        if java_version(candidate).await.is_some_and(|version| version >= 21) {
            return Ok(candidate.clone());
        }
    }
    bail!(
        "Zeebe {VERSION} needs a JDK of 21 or newer, found none in JAVA_HOME and /usr/lib/jvm: {candidates:?}"
    )
}

async fn java_version(home: &Path) -> Option<u32> {
    let output = Command::new(home.join("bin/java")).arg("-version").output().await.ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let quoted = text.split('"').nth(1)?;
    quoted.split(['.', '-', '+']).next()?.parse().ok()
}

async fn run(command: &mut Command) -> Result<()> {
    let status = command.status().await.with_context(|| format!("{command:?} could not be started"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// Ports that were free a moment ago; the engine cannot be told to choose its own. They are none of those that the
/// system gives to whoever asks, so that they are still free when a killed engine comes back.
fn free_ports() -> Result<Ports> {
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let mut ports = std::iter::repeat_with(|| fastrand::u16(20_000..32_000)).take(1000).filter(free);
    let mut next = || ports.next().context("no free ports between 20000 and 32000");
    Ok(Ports { gateway: next()?, rest: next()?, management: next()?, command: next()?, internal: next()? })
}
