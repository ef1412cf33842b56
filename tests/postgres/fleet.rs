//! Two replicas of the program on one database, between the embedded gateway and the emulated Bedrock.

use std::time::Duration;

use bedrock_connector::bench::{Launch, WorkerProcess};
use bedrock_connector::emulator::Gate;
use bedrock_connector::emulator::bedrock::{self, Bedrock, Step, Target};
use bedrock_connector::emulator::gateway::{self, Fault, Gateway, NewJob, Reaction, Rpc};
use bedrock_connector::zeebe::JobKey;
use serde_json::{Value, json};
use tonic::Code;

use super::server::Server;

const JOB_TYPE: &str = "io.camunda:aws-bedrock:1";
const MODEL: &str = "a-model";
const PATIENCE: Duration = Duration::from_secs(60);

struct Fleet {
    gateway: Gateway,
    bedrock: Bedrock,
    server: Server,
}

impl Fleet {
    async fn new() -> Self {
        let gateway = Gateway::start(gateway::Options::default()).await.unwrap();
        let bedrock = Bedrock::start(bedrock::Options::default()).await.unwrap();
        Self { gateway, bedrock, server: Server::start().await }
    }

    /// A replica that is ready, with so many slots.
    async fn replica(&self, slots: usize) -> WorkerProcess {
        let program = env!("CARGO_BIN_EXE_bedrock-connector");
        let launch = Launch::new(program, &self.gateway.url(), &self.bedrock.url())
            .env("BEDROCK_CONNECTOR_JOURNAL_URL", self.server.url())
            .env("BEDROCK_CONNECTOR_LOCK", "PT2S")
            .env("BEDROCK_CONNECTOR_MAX_JOBS_ACTIVE", slots.to_string());
        let mut worker = launch.start().unwrap();
        worker.ready().await.unwrap();
        worker
    }

    fn job(&self) -> JobKey {
        let input = json!({
            "authentication": {"type": "credentials", "accessKey": "AKIDTEST", "secretKey": "secret"},
            "configuration": {"region": "us-east-1"},
            "action": "converse",
            "data": {"modelId": MODEL, "newMessage": "Where is my parcel?"},
        });
        self.gateway.create_job(NewJob::new(JOB_TYPE).variables(input).header("resultVariable", "answer"))
    }

    async fn end_of_attempt(&self, key: JobKey) {
        let calls = self.gateway.received();
        let ended = calls.wait_for("the end of an attempt", |calls| {
            calls
                .iter()
                .any(|call| call.command.job_key() == Some(key) && call.command.ends_attempt())
                .then_some(())
        });
        ended.await.unwrap();
    }

    async fn all_complete(&self) {
        self.gateway.wait_for_unfinished_jobs(0, PATIENCE).await.unwrap();
    }

    async fn entries(&self) -> i64 {
        let client = self.server.client().await;
        client.query_one("SELECT count(*) FROM bedrock_connector_answers", &[]).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn a_killed_replicas_answers_are_reported_by_the_other() {
    let fleet = Fleet::new().await;
    let first = fleet.replica(32).await;
    fleet.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Hang));
    let keys: Vec<JobKey> = (0..20).map(|_| fleet.job()).collect();
    for key in keys {
        fleet.end_of_attempt(key).await;
    }
    assert_eq!(fleet.entries().await, 20);
    let _second = fleet.replica(32).await;
    first.kill().await.unwrap();
    fleet.gateway.heal();
    fleet.all_complete().await;
    assert_eq!(fleet.bedrock.calls_of(MODEL), 20, "none was paid twice");
    let emptied = async {
        while fleet.entries().await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, emptied).await.expect("entries go when the engine has acknowledged");
}

/// The first replica's call runs, and its lock has run out: the second one has the job too.
async fn with_one_job_in_two_hands(fleet: &Fleet, gate: &Gate) -> (WorkerProcess, WorkerProcess) {
    // With one slot, which is taken, the first cannot get its own job back.
    let first = fleet.replica(1).await;
    fleet.bedrock.script(Target::model(MODEL), [Step::answer().behind(gate)]);
    fleet.gateway.inject(Fault::on(Rpc::UpdateJobTimeout, Reaction::Refuse(Code::Unavailable)));
    let key = fleet.job();
    fleet.bedrock.wait_for_calls(1).await.unwrap();
    let second = fleet.replica(1).await;
    fleet.gateway.expire_lock(key);
    fleet.gateway.wait_for_job(key, |job| job.activations == 2).await.unwrap();
    second_asks_for_the_lock(fleet).await;
    (first, second)
}

/// The last thing that the first replica has said was to look for an answer.
async fn second_asks_for_the_lock(fleet: &Fleet) {
    let client = fleet.server.client().await;
    let asking = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bedrock-connector'
        AND query LIKE '%pg_try_advisory_lock%'";
    let seen = async {
        while client.query_one(asking, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.expect("the second replica asks for the lock");
}

#[tokio::test]
async fn a_job_that_two_replicas_hold_is_asked_once() {
    let (fleet, gate) = (Fleet::new().await, Gate::new());
    let _replicas = with_one_job_in_two_hands(&fleet, &gate).await;
    gate.open();
    fleet.all_complete().await;
    assert_eq!(fleet.bedrock.calls_of(MODEL), 1);
}

#[tokio::test]
async fn the_claim_of_a_killed_replica_is_free_at_once() {
    let (fleet, gate) = (Fleet::new().await, Gate::new());
    let (first, _second) = with_one_job_in_two_hands(&fleet, &gate).await;
    assert_eq!(fleet.bedrock.calls_of(MODEL), 1);
    first.kill().await.unwrap();
    fleet.all_complete().await;
    assert_eq!(fleet.bedrock.calls_of(MODEL), 2, "what was not answered is asked again");
}

#[tokio::test]
async fn the_operator_sees_and_drops_what_is_kept_while_replicas_run() {
    let fleet = Fleet::new().await;
    let _replica = fleet.replica(4).await;
    fleet.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Hang));
    let key = fleet.job();
    fleet.end_of_attempt(key).await;
    let key = key.0.to_string();
    let (code, listed) = journal(&fleet, &["list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((code, listed["jobKey"].to_string()), (Some(0), key.clone()));
    let (code, shown) = journal(&fleet, &["show", &key]).await;
    assert!(code == Some(0) && shown.contains("\"assistant\"") && shown.contains("***"), "{shown}");
    let (code, said) = journal(&fleet, &["purge", &key]).await;
    assert!(code == Some(0) && said.starts_with("1 dropped, 0 kept in PostgreSQL"), "{said}");
    assert_eq!(fleet.entries().await, 0);
}

async fn journal(fleet: &Fleet, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_bedrock-connector"));
    command
        .arg("journal")
        .args(arguments)
        .env_clear()
        .env("BEDROCK_CONNECTOR_JOURNAL_URL", fleet.server.url());
    let output = command.output().await.unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}
