//! Plays the cases recorded from Camunda's connector runtime against our worker, over real sockets.
//!
//! - `case` is the format of the recording, `seen` the shape in which two outcomes are compared by `compare`.
//! - `stage` is what stands around the worker: engine, Bedrock, documents.
//! - `ledger` knows where we differ on purpose; `report` judges by it. A difference without a reason fails.
//! - `fake` is a worker that follows a script, by which the tests in `harness` prove all of that.
//! - `page` makes the documentation's page of differences from the ledger.

mod case;
mod compare;
mod fake;
mod harness;
mod ledger;
mod page;
mod report;
mod seen;
mod stage;

use std::path::{Path, PathBuf};

use bedrock_connector::emulator::gateway::Delivery;

use self::case::Case;
use self::ledger::Ledger;
use self::report::Report;
use self::stage::{JOB_TYPE, Played, Stage};
use crate::support::process::Program;

#[tokio::test(flavor = "multi_thread")]
async fn polled_jobs_end_as_recorded_or_as_the_ledger_says() {
    let report = report(Delivery::Poll).await;
    println!("polled\n{report}");
    assert!(report.is_clean(), "recorded cases differ without a reason\n{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pushed_jobs_end_as_recorded_or_as_the_ledger_says() {
    let report = report(Delivery::Push).await;
    println!("pushed\n{report}");
    assert!(report.is_clean(), "recorded cases differ without a reason\n{report}");
}

/// Plays all cases. What differs is also left behind in the form of the ledger, `tests/fixtures/peer-ledger.json`,
/// where a difference belongs that has a reason.
async fn report(delivery: Delivery) -> Report {
    let played = play(Case::all(), delivery).await;
    let report = Report::of(&played, &Ledger::read());
    let drafts = left_behind(&format!("peer-differences-{delivery:?}.json"));
    std::fs::write(drafts, format!("{:#}", report.drafts())).expect("the drafts can be written");
    report
}

/// A file for whoever looks into a failure.
fn left_behind(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Plays cases against the program itself.
async fn play(cases: Vec<Case>, delivery: Delivery) -> Vec<(Case, Played)> {
    let stage = Stage::set(cases, delivery).await.expect("the stage can be set");
    let mut worker = Program::start(&["run"], &environment(&stage)).expect("the program can be started");
    let keys = match stage.play().await {
        Ok(keys) => keys,
        Err(error) => panic!("{error}; ended: {:?}\n{}", worker.ended(), worker.log()),
    };
    // What a worker still wants to send, it sends before it ends.
    let status = worker.stop().await.expect("the program can be stopped");
    std::fs::write(left_behind(&format!("peer-worker-{delivery:?}.log")), worker.log())
        .expect("the log can be kept");
    assert!(status.success(), "the program ended with {status}\n{}", worker.log());
    stage.played(&keys)
}

/// The environment of the recording: credentials and secrets are the ones that its cases name.
fn environment(stage: &Stage) -> Vec<(String, String)> {
    let files = stage.files_url();
    let own = [
        ("BEDROCK_CONNECTOR_THROTTLE_PATIENCE", "PT0S"),
        ("BEDROCK_CONNECTOR_SECRETS", "peer"),
        ("BEDROCK_CONNECTOR_ENABLED_TYPES", JOB_TYPE),
        ("BEDROCK_CONNECTOR_MAX_JOBS_ACTIVE", "128"),
        // On a busy machine neither a command is repeated nor a lock extended: both would be seen as differences.
        ("BEDROCK_CONNECTOR_REQUEST_TIMEOUT", "PT2M"),
        ("BEDROCK_CONNECTOR_LOCK", "PT10M"),
        // The stage's files are on this machine, where documents are not fetched from otherwise.
        ("BEDROCK_CONNECTOR_DOCUMENT_ALLOWED_HOSTS", "127.0.0.1"),
        ("SERVER_PORT", "0"),
    ];
    let engine = [
        ("CAMUNDA_CLIENT_GRPCADDRESS", stage.gateway_url()),
        ("CAMUNDA_CLIENT_RESTADDRESS", files),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", stage.bedrock_url()),
    ];
    let aws = [
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "envsecret"),
        ("AWS_SESSION_TOKEN", "envtoken"),
    ];
    let secrets = [
        ("SECRET_AWS_KEY", "AKIDTEST"),
        ("SECRET_AWS_SECRET", "secrettest"),
        ("SECRET_TOKEN", "s3cr3t-token"),
        ("SECRET_EMPTY", ""),
        ("SECRET_UNICODE", "schlüssel☂"),
        ("SECRET_QUOTED", r#"he said "hi" \ there"#),
        ("SECRET_DOLLAR", "a$1b$0"),
        ("SECRET_NESTED", "secrets.AWS_KEY"),
        ("SECRET_NESTED2", "{{secrets.TOKEN}}"),
        ("SECRET_JSON", r#"{"a":1}"#),
        ("SECRET_MULTILINE", "line one\nline two"),
        ("SECRET_MY_NAME", "my-name-value"),
        ("SECRET_REGION", "eu-west-1"),
        ("SECRET_MODEL", "plain"),
        ("SECRET_NUMBER", "77"),
    ];
    let fixed = own.iter().chain(&aws).chain(&secrets).map(|(name, value)| (*name, (*value).to_owned()));
    fixed.chain(engine).map(|(name, value)| (name.to_owned(), value)).collect()
}
