//! A PostgreSQL server for one test, from the installed programs.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bedrock_connector::journal::postgres::Address;
use tokio_postgres::{Client, NoTls};

const PATIENCE: Duration = Duration::from_secs(60);
/// `nobody`. The server refuses to run as root.
const NOBODY: u32 = 65534;
/// Where Debian's packages put the programs, in a folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A running server, which listens on a socket in its own folder alone. It ends with the value.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    process: Option<Child>,
    settings: Vec<String>,
    /// It is in the name of the socket as well.
    port: u16,
}

impl Server {
    /// Starts a new one.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts a new one with further settings, each `name=value`.
    pub(crate) async fn with(settings: &[&str]) -> Self {
        let mut server = Self::prepared(settings);
        server.restart().await;
        server
    }

    /// Starts a new one that listens on a port of this machine too and asks for passwords there; with a certificate
    /// and its key, it speaks TLS.
    pub(crate) async fn on_the_network(certificate: Option<(&str, &str)>) -> (Self, u16) {
        let port = free_port();
        let mut server = Self::prepared(&["listen_addresses=127.0.0.1"]);
        server.settings.push(format!("port={port}"));
        if let Some((certificate, key)) = certificate {
            server.settings.push("ssl=on".to_owned());
            for (name, text) in [("server.crt", certificate), ("server.key", key)] {
                let path = server.data().join(name);
                fs::write(&path, text).expect("it can be written");
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode can be set");
                if is_root() {
                    chown(&path, Some(NOBODY), Some(NOBODY)).expect("root may give its file away");
                }
            }
        }
        server.port = port;
        server.restart().await;
        (server, port)
    }

    fn prepared(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("its mode can be set");
        if is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("root may give its folder away");
        }
        let data = folder.path().join("data");
        let made = as_server_user(&program("initdb"))
            .args([
                "--username=tester",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--pgdata",
            ])
            .arg(&data)
            .current_dir(folder.path())
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        Self { folder, process: None, settings, port: 5432 }
    }

    /// Starts it (again) on the same data.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        let log = fs::File::options().create(true).append(true).open(self.log_path()).expect("a log");
        let mut command = as_server_user(&program("postgres"));
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        for setting in ["listen_addresses=", "fsync=off", "max_connections=50"] {
            command.args(["-c", setting]);
        }
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let errors = log.try_clone().expect("the log");
        let process = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().expect("postgres runs");
        self.process = Some(process);
        let started = Instant::now();
        while self.try_client().await.is_none() {
            assert!(started.elapsed() < PATIENCE, "the server does not start:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Its children end with it: they notice on their own.
            process.kill().expect("it is ours to kill");
            process.wait().expect("it ends");
            fs::remove_file(self.data().join("postmaster.pid")).ok();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres:///postgres?host={}&port={}&user=tester", self.folder.path().display(), self.port)
    }

    pub(crate) fn address(&self) -> Address {
        Address::parse(&self.url()).expect("an address")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A connection beside those of the journal.
    pub(crate) async fn client(&self) -> Client {
        self.try_client().await.expect("the server answers")
    }

    async fn try_client(&self) -> Option<Client> {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await.ok()?;
        tokio::spawn(connection);
        Some(client)
    }

    /// Ends the connections of the journal from the server's side.
    pub(crate) async fn cut_connections(&self) {
        let left = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1)";
        let client = self.client().await;
        let all = "SELECT array_agg(pid) FROM pg_stat_activity WHERE application_name = 'bedrock-connector'";
        let pids: Option<Vec<i32>> = client.query_one(all, &[]).await.expect("the server answers").get(0);
        let cut = "SELECT pg_terminate_backend(pid) FROM unnest($1::integer[]) AS cut (pid)";
        client.query(cut, &[&pids]).await.expect("the tester is the server's owner");
        let started = Instant::now();
        while client.query_one(left, &[&pids]).await.expect("the server answers").get::<_, i64>(0) > 0 {
            assert!(started.elapsed() < PATIENCE, "connections stay");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that the system gave and that is free again; the server cannot ask for one itself.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").port()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn as_server_user(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// One of PostgreSQL's programs: from the search path, else the newest of Debian's.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed; apt-get install postgresql"))
}
