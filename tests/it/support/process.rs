//! The program under test as a child process, with nothing of our own environment but what it is given.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Far above the grace period that tests set.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// A running `bedrock-connector`. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    folder: tempfile::TempDir,
}

impl Program {
    /// Starts the program with these arguments and exactly these environment variables, in a folder of its own.
    pub(crate) fn start(arguments: &[&str], environment: &[(String, String)]) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let log = File::create(folder.path().join("log"))?;
        let child = Command::new(env!("CARGO_BIN_EXE_bedrock-connector"))
            .args(arguments)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { child, folder })
    }

    /// Asks the program to end, as an orchestrator does, and waits until it has.
    pub(crate) async fn stop(&mut self) -> io::Result<ExitStatus> {
        if let Some(id) = self.child.id() {
            // Every shell has `kill`; a signal needs either it or unsafe code.
            Command::new("sh").arg("-c").arg(format!("kill -TERM {id}")).status().await?;
        }
        timeout(STOP_PATIENCE, self.child.wait()).await.map_err(|_| {
            io::Error::new(
                io::ErrorKind::TimedOut,
                format!("the program did not end within {STOP_PATIENCE:?}"),
            )
        })?
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// What the program wrote to its standard outputs so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}
