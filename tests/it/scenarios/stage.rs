//! The stage of a scenario: an engine, an emulated Bedrock, and our binary between them.

use std::path::Path;
use std::time::Duration;

use bedrock_connector::bench::{Launch, WorkerProcess};
use bedrock_connector::emulator::bedrock::{self, Bedrock};
use bedrock_connector::emulator::gateway::{self, Gateway};
use bedrock_connector::zeebe::{self, DeployedProcess, NewInstance, ProcessInstanceKey, Resource};
use serde_json::Value;
use tokio::time::Instant;

/// The value of the secret `AWS_SECRET_KEY`.
pub(crate) const SECRET: &str = "nobody-may-see-this-secret";

/// The value of the secret `NESTED`, which names another one.
pub(crate) const NESTED: &str = "{{secrets.AWS_SECRET_KEY}} secrets.AWS_SECRET_KEY";

/// How long an instance may take. Nothing here needs more than a few seconds; the rest is for a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) client: zeebe::Client,
    pub(crate) bedrock: Bedrock,
    log: tempfile::NamedTempFile,
    pub(super) worker: WorkerProcess,
    /// None on a real engine, whose process belongs to the caller.
    pub(super) gateway: Option<Gateway>,
}

impl Stage {
    /// With the embedded gateway.
    pub(crate) async fn embedded() -> Self {
        Self::embedded_with(&[]).await
    }

    /// With the embedded gateway, and a worker with these variables beside the usual ones.
    pub(crate) async fn embedded_with(variables: &[(&str, &str)]) -> Self {
        let gateway = Gateway::start(gateway::Options::default()).await.expect("a gateway on a free port");
        let url = gateway.url();
        Self::new(Some(gateway), &url, variables).await
    }

    /// With the gateway of a running Zeebe.
    #[allow(dead_code, reason = "only the tests on a real engine use it")]
    pub(crate) async fn real(grpc_address: &str, rest_address: &str) -> Self {
        Self::new(None, grpc_address, &[("CAMUNDA_CLIENT_RESTADDRESS", rest_address)]).await
    }

    async fn new(embedded: Option<Gateway>, gateway: &str, variables: &[(&str, &str)]) -> Self {
        let bedrock = Bedrock::start(bedrock::Options::default()).await.expect("a Bedrock on a free port");
        let log = tempfile::NamedTempFile::new().expect("a file for the worker's log");
        let mut launch = Launch::new(env!("CARGO_BIN_EXE_bedrock-connector"), gateway, &bedrock.url())
            .env("SECRET_AWS_ACCESS_KEY", "AKIDTEST")
            .env("SECRET_AWS_SECRET_KEY", SECRET)
            .env("SECRET_NESTED", NESTED)
            .env("BEDROCK_CONNECTOR_THROTTLE_PATIENCE", "PT0S")
            // A worker learns that a job is gone when it extends its lock, so a short one keeps scenarios short.
            .env("BEDROCK_CONNECTOR_LOCK", "PT6S")
            .env("BEDROCK_CONNECTOR_LOG", "info,bedrock_connector=debug")
            .log_to(log.path());
        for (name, value) in variables {
            launch = launch.env(name, *value);
        }
        let mut worker = launch.start().expect("the worker starts");
        worker.ready().await.expect("the worker gets ready");
        let address = gateway.to_owned();
        let options = zeebe::Options { address, request_timeout: PATIENCE, ..zeebe::Options::default() };
        let client = zeebe::Client::new(&options).expect("a client for the gateway");
        Self { client, bedrock, log, worker, gateway: embedded }
    }

    /// Deploys one of the diagrams in `tests/fixtures/diagrams`.
    pub(crate) async fn deploy(&self, name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diagrams");
        self.deploy_file(&folder.join(format!("{name}.bpmn"))).await
    }

    /// Deploys a diagram and gives the id of its process.
    pub(crate) async fn deploy_file(&self, path: &Path) -> String {
        let content = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let processes = deploy(&self.client, &[Resource { name, content }]).await;
        processes.first().expect("the diagram holds a process").bpmn_process_id.clone()
    }

    /// Runs an instance to its end and gives the variables that the engine has then.
    pub(crate) async fn run(&self, process: &str, variables: Value) -> Value {
        match run_to_its_end(&self.client, &new_instance(process, &variables)).await {
            Ok(variables) => serde_json::from_str(&variables).expect("variables are JSON"),
            Err(error) => panic!("the instance of {process} did not end: {error}\n{}", self.worker_log()),
        }
    }

    /// Starts an instance and does not wait for it.
    pub(crate) async fn begin(&self, process: &str, variables: Value) -> ProcessInstanceKey {
        self.client.create_instance(&new_instance(process, &variables)).await.expect("the instance starts")
    }

    /// What the worker has logged so far.
    pub(crate) fn worker_log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Waits until the worker has logged a line that holds all of these texts.
    pub(crate) async fn logged(&self, texts: &[&str]) -> String {
        let found = async {
            loop {
                let log = self.worker_log();
                if let Some(line) = log.lines().find(|line| texts.iter().all(|text| line.contains(text))) {
                    return line.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(line) => line,
            Err(_) => panic!("the worker logged no line with {texts:?}:\n{}", self.worker_log()),
        }
    }
}

/// Deploys files. The first ones may take an engine that has just started longer than its own gateway waits.
pub(crate) async fn deploy(client: &zeebe::Client, files: &[Resource]) -> Vec<DeployedProcess> {
    let end = Instant::now() + PATIENCE;
    loop {
        match client.deploy(files.to_vec(), "").await {
            Ok(processes) => return processes,
            Err(error) => {
                let passes =
                    ["DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"].contains(&error.code());
                assert!(passes && Instant::now() < end, "the engine takes the files: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Starts an instance and waits for its variables. An engine that is too busy to start one has not started it,
/// so it is asked again.
pub(crate) async fn run_to_its_end(
    client: &zeebe::Client,
    instance: &NewInstance,
) -> Result<String, zeebe::Error> {
    loop {
        match client.create_instance_with_result(instance, PATIENCE, Vec::new()).await {
            Ok((_, variables)) => return Ok(variables),
            Err(error) if error.code() == "RESOURCE_EXHAUSTED" => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

pub(crate) fn new_instance(process: &str, variables: &Value) -> NewInstance {
    NewInstance {
        bpmn_process_id: process.to_owned(),
        variables: variables.to_string(),
        ..NewInstance::default()
    }
}
