//! What the program as a whole pays for, and when it pays again.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bedrock_connector::bench::Launch;
use bedrock_connector::emulator::Gate;
use bedrock_connector::emulator::bedrock::{Act, Step, Target};
use bedrock_connector::emulator::gateway::{Command as Told, Fault, NewJob, Reaction, Rpc};
use bedrock_connector::zeebe::JobKey;
use serde_json::{Value, json};

use super::scenarios::store::DocumentStore;
use super::support::stage::{JOB_TYPE, NATIVE_TYPE, QUESTION, Stage, good_input};

const ANSWERING: &str = "a-model-that-answers";
const PAINTER: &str = "amazon.nova-canvas-v1:0";
const SILENT: &str = "a-model-that-is-still-thinking";
/// The jobs of a killed worker come back after a lock, which is short here.
const PATIENCE: Duration = Duration::from_secs(60);

fn job(model: &str) -> NewJob {
    NewJob::new(JOB_TYPE).variables(good_input(model)).header("resultVariable", "answer")
}

fn in_folder(folder: &Path) -> impl Fn(Launch) -> Launch + use<> {
    let folder = folder.display().to_string();
    move |launch| {
        launch
            .env("BEDROCK_CONNECTOR_DATA_DIR", folder.as_str())
            .env("BEDROCK_CONNECTOR_LOCK", "PT2S")
            .env("BEDROCK_CONNECTOR_LOG", "info,bedrock_connector=debug")
    }
}

/// A stage whose engine answers no completion, with these many answers in the worker's hands.
async fn with_answers_in_hand(folder: &Path, count: usize) -> (Stage, Vec<JobKey>) {
    let stage = Stage::embedded(in_folder(folder)).await;
    stage.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Hang));
    let keys: Vec<JobKey> = (0..count).map(|_| stage.gateway.create_job(job(ANSWERING))).collect();
    for key in &keys {
        stage.end_of_attempt(*key).await;
    }
    (stage, keys)
}

/// The command `journal` for the folder of a worker: how it ended, what it printed, what it complained of.
async fn journal(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedrock-connector"));
    command.arg("journal").args(arguments).env_clear().env("BEDROCK_CONNECTOR_DATA_DIR", folder);
    let output = tokio::process::Command::from(command).output().await.expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_worker_that_is_killed_with_answers_in_hand_does_not_ask_for_them_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (stage, _) = with_answers_in_hand(folder.path(), 20).await;
    stage.bedrock.script(Target::model(SILENT), [Step::new(Act::Hang).times(10)]);
    for _ in 0..10 {
        stage.gateway.create_job(job(SILENT));
    }
    stage.bedrock.wait_for_calls(30).await.expect("all have been asked");

    let stage = stage.killed_and_restarted(in_folder(folder.path())).await;
    stage.gateway.heal();
    stage.all_end(PATIENCE).await;
    assert_eq!(stage.bedrock.calls_of(ANSWERING), 20, "{}", stage.log());
    assert_eq!(stage.bedrock.calls_of(SILENT), 20, "what was not answered is asked again");
}

#[tokio::test]
async fn an_image_that_could_not_be_stored_is_not_drawn_again() {
    let (folder, store) = (tempfile::tempdir().expect("a folder"), DocumentStore::start().await);
    let in_folder = in_folder(folder.path());
    let prepare = |launch| in_folder(launch).env("CAMUNDA_CLIENT_RESTADDRESS", store.url());
    store.be_away(true);
    let stage = Stage::embedded(prepare).await;
    let input = json!({
        "authentication": {"type": "credentials", "accessKey": "AKIDTEST", "secretKey": "secret"},
        "configuration": {"region": "us-east-1"},
        "action": "image",
        "data": {"modelId": PAINTER, "prompt": "A lighthouse", "fileName": "light"},
    });
    let job = NewJob::new(NATIVE_TYPE).variables(input.as_object().expect("entries").clone());
    let key = stage.gateway.create_job(job.header("resultVariable", "answer").header("retryBackoff", "PT1H"));
    let Told::FailJob(failure) = stage.end_of_attempt(key).await else { panic!("{}", stage.log()) };
    assert_eq!(failure.retries, 2, "{}", failure.error_message);
    assert!(failure.error_message.contains("the document store answers with status 503"), "{failure:?}");

    let stage = stage.killed_and_restarted(prepare).await;
    store.be_away(false);
    stage.gateway.end_back_off(key);
    stage.all_end(PATIENCE).await;
    assert_eq!(stage.bedrock.calls_of(PAINTER), 1, "{}", stage.log());
    let answer = stage.end_of_attempt(key).await.variables().expect("variables")["answer"].clone();
    assert_eq!(answer["images"][0]["documentId"], "document-0", "{answer}");
    assert_eq!(answer["cached"], true);
    let documents = store.documents();
    let [document] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!(document.metadata["fileName"], "light.png");
    assert!(document.content.starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn after_a_second_sigterm_no_answer_is_asked_for_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_folder = in_folder(folder.path());
    let prepare = |launch| in_folder(launch).env("BEDROCK_CONNECTOR_GRACE", "PT1H");
    let stage = Stage::embedded(prepare).await;
    stage.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Hang));
    let gate = Gate::new();
    stage.bedrock.script(Target::model(ANSWERING), [Step::answer(), Step::answer().behind(&gate).times(10)]);
    stage.bedrock.script(Target::model(SILENT), [Step::new(Act::Hang).times(10)]);
    let early = stage.gateway.create_job(job(ANSWERING));
    stage.end_of_attempt(early).await;
    let late: Vec<JobKey> = (0..10).map(|_| stage.gateway.create_job(job(ANSWERING))).collect();
    for _ in 0..10 {
        stage.gateway.create_job(job(SILENT));
    }
    stage.bedrock.wait_for_calls(21).await.expect("all have been asked");

    stage.worker.terminate().await.expect("the signal is sent");
    stage.page("/actuator/health/readiness", |page| page.status == 503).await;
    gate.open();
    for key in late {
        // These answers come while the worker drains, and their reports are on their way at its end.
        stage.end_of_attempt(key).await;
    }
    stage.worker.terminate().await.expect("the signal is sent");
    let stage = stage.ended_and_restarted(1, prepare).await;
    stage.gateway.heal();
    stage.all_end(PATIENCE).await;
    assert_eq!(stage.bedrock.calls_of(ANSWERING), 11, "{}", stage.log());
    assert_eq!(stage.bedrock.calls_of(SILENT), 20, "what was not answered is asked again");
}

#[tokio::test]
async fn an_answer_that_repeats_a_secret_is_kept_without_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_folder = in_folder(folder.path());
    let prepare = |launch| {
        in_folder(launch).env("BEDROCK_CONNECTOR_SECRETS", "peer").env("SECRET_CODE", "the code is 4711")
    };
    let stage = Stage::embedded(prepare).await;
    stage.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Hang));
    let mut input = good_input(ANSWERING);
    input["data"]["newMessage"] = "Remember: {{secrets.CODE}}".into();
    let key = stage.gateway.create_job(job(ANSWERING).variables(input));
    let first = stage.end_of_attempt(key).await;
    let file = std::fs::read(folder.path().join("answers.redb")).expect("the journal");
    assert!(!String::from_utf8_lossy(&file).contains("4711"));
    let (_, shown, _) = journal(folder.path(), &["show", &key.0.to_string()]).await;
    assert!(shown.contains("\"assistant\"") && !shown.contains("4711"), "{shown}");

    let stage = stage.killed_and_restarted(prepare).await;
    stage.gateway.heal();
    stage.all_end(PATIENCE).await;
    assert_eq!(stage.bedrock.calls_with("the code is 4711"), 1, "{}", stage.log());
    let second = stage.end_of_attempt(key).await;
    assert_eq!(second.variables(), first.variables(), "the secret is in its place again");
    assert!(format!("{:?}", second.variables()).contains("4711"));
}

#[tokio::test]
async fn a_second_worker_on_the_folder_says_so_and_works_without() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Stage::embedded(in_folder(folder.path())).await;
    let second = Stage::embedded(in_folder(folder.path())).await;
    second.gateway.create_job(job(ANSWERING));
    second.all_end(PATIENCE).await;
    let log = second.log();
    let said: Vec<&str> = log.lines().filter(|line| line.contains("is in use by another process")).collect();
    assert_eq!(said.len(), 1, "{log}");
    let page = second.get("/actuator/prometheus").await.expect("a page").body;
    assert!(page.contains("bedrock_connector_journal_up 0\n"), "{page}");
    let page = first.get("/actuator/prometheus").await.expect("a page").body;
    assert!(page.contains("bedrock_connector_journal_up 1\n"), "{page}");
}

#[tokio::test]
async fn the_operator_sees_what_is_kept_while_the_worker_runs_and_drops_it_when_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (stage, keys) = with_answers_in_hand(folder.path(), 2).await;

    let (code, listed, _) = journal(folder.path(), &["list", "--json"]).await;
    let listed: Vec<Value> =
        listed.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect();
    let jobs: Vec<_> = listed.iter().filter_map(|entry| entry["jobKey"].as_i64().map(JobKey)).collect();
    assert_eq!((code, jobs.len()), (Some(0), 2));
    assert!(keys.iter().all(|key| jobs.contains(key)), "{listed:?}");
    assert_eq!(listed[0]["jobType"], JOB_TYPE);

    let key = keys[0].0.to_string();
    let (code, shown, _) = journal(folder.path(), &["show", &key]).await;
    assert_eq!(code, Some(0));
    assert!(shown.contains("\"assistant\"") && shown.contains("***"), "{shown}");
    let (_, reply) = shown.split_once("\"assistant\"").expect("the model's part");
    assert!(reply.contains("\"text\""), "{shown}");
    assert!(!shown.split("\"assistant\"").next().expect("a part").contains(QUESTION), "{shown}");

    let (code, _, complaint) = journal(folder.path(), &["purge", "--all"]).await;
    assert_eq!(code, Some(1));
    assert!(complaint.contains("is in use by another process"), "{complaint}");

    let (_, shown, _) = journal(folder.path(), &["show", &key, "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).expect("a JSON object");
    assert_eq!(
        (shown["jobKey"].as_i64(), shown["answer"][1]["role"].as_str()),
        (Some(keys[0].0), Some("assistant"))
    );

    stage.worker.kill().await.expect("it is killed");
    let place = folder.path().display();
    let (code, said, _) = journal(folder.path(), &["purge", &key]).await;
    assert_eq!((code, said.trim()), (Some(0), format!("1 dropped, 1 kept in {place}").as_str()));
    assert_eq!(journal(folder.path(), &["show", &key]).await.0, Some(1));
    let (code, said, _) = journal(folder.path(), &["purge", "--older-than", "P1D"]).await;
    assert_eq!((code, said.trim()), (Some(0), format!("0 dropped, 1 kept in {place}").as_str()));
    let (_, said, _) = journal(folder.path(), &["purge", "--all", "--json"]).await;
    assert_eq!(said.trim(), format!("{{\"dropped\":[{}],\"kept\":0}}", keys[1].0));
}

#[tokio::test]
async fn without_a_folder_there_is_nothing_to_look_at() {
    let empty = tempfile::tempdir().expect("a folder");
    let (code, listed, _) = journal(&empty.path().join("none"), &["list"]).await;
    assert_eq!(code, Some(0));
    assert!(listed.contains("0 in "), "{listed}");
    assert!(!empty.path().join("none").exists(), "looking makes no folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedrock-connector"));
    let output = command.args(["journal", "list"]).env_clear().output().expect("the program runs");
    assert_eq!(output.status.code(), Some(64));
}
