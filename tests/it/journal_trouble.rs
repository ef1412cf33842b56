//! The program as a whole when its data folder is in trouble: it says so and does its work without.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use bedrock_connector::bench::Launch;
use bedrock_connector::emulator::bedrock::Target;
use bedrock_connector::emulator::gateway::{Fault, NewJob, Reaction, Rpc};
use tonic::Code;

use super::support::stage::{JOB_TYPE, Stage, good_input, long_answer};

const MODEL: &str = "a-model";
const JOBS: usize = 10;
/// The jobs of a killed worker come back after a lock, which is short here.
const PATIENCE: Duration = Duration::from_secs(60);

const NOT_KEPT: &str = "Answers are not kept for now";
const SET_ASIDE: &str = "The journal's file could not be used and was moved";

fn in_folder(launch: Launch, folder: &Path) -> Launch {
    launch
        .env("BEDROCK_CONNECTOR_DATA_DIR", folder.display().to_string())
        .env("BEDROCK_CONNECTOR_LOG", "info")
}

fn create_jobs(stage: &Stage) {
    for _ in 0..JOBS {
        stage.gateway.create_job(NewJob::new(JOB_TYPE).variables(good_input(MODEL)));
    }
}

fn said(stage: &Stage, text: &str) -> usize {
    stage.log().lines().filter(|line| line.contains(text)).count()
}

async fn page_has(stage: &Stage, line: &str) {
    stage.page("/actuator/prometheus", |page| page.body.contains(line)).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_said_once_and_costs_no_job() {
    let folder = tempfile::tempdir().expect("a folder");
    // Root may write everywhere, but nobody can make a folder below a file.
    let file = folder.path().join("a file");
    File::create(&file).expect("a file");
    let stage = Stage::embedded(|launch| in_folder(launch, &file.join("data"))).await;
    create_jobs(&stage);
    stage.all_end(PATIENCE).await;
    assert_eq!(said(&stage, NOT_KEPT), 1, "{}", stage.log());
    assert_eq!(stage.bedrock.calls_of(MODEL), JOBS);
    page_has(&stage, "bedrock_connector_journal_unavailable_total{reason=\"unwritable\"} 1\n").await;
    page_has(&stage, "bedrock_connector_journal_up 0\n").await;
}

#[tokio::test]
async fn a_file_that_was_cut_is_set_aside_and_a_new_one_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let short_lock = |launch| in_folder(launch, folder.path()).env("BEDROCK_CONNECTOR_LOCK", "PT2S");
    let stage = Stage::embedded(short_lock).await;
    stage.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Hang));
    create_jobs(&stage);
    page_has(&stage, &format!("bedrock_connector_answers_stored_total {JOBS}\n")).await;

    let cut = |launch| {
        let file = File::options().write(true).open(folder.path().join("answers.redb")).expect("the journal");
        // No more than its head is left: of a longer piece, answers are still read where they are whole.
        file.set_len(5000).expect("it is cut");
        short_lock(launch)
    };
    let stage = stage.killed_and_restarted(cut).await;
    stage.gateway.heal();
    stage.all_end(PATIENCE).await;
    assert_eq!(said(&stage, SET_ASIDE), 1, "{}", stage.log());
    assert_eq!(stage.bedrock.calls_of(MODEL), 2 * JOBS, "what was lost is asked again, once");
    page_has(&stage, &format!("bedrock_connector_answers_stored_total {JOBS}\n")).await;
    page_has(&stage, "bedrock_connector_journal_up 1\n").await;
}

#[tokio::test]
async fn a_disk_without_room_costs_no_job_and_no_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("with-little-room");
    // The limit stands for the disk: the system refuses to let any file grow beyond 4 MB.
    let script = format!(
        "#!/bin/sh\ntrap '' XFSZ\nulimit -f 8192\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_bedrock-connector")
    );
    fs::write(&program, script).expect("it can be written");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("its mode can be set");
    let data = folder.path().join("data");
    let stage = Stage::embedded(|launch| in_folder(launch, &data).program(&program)).await;

    stage.bedrock.script(Target::Any, [long_answer(800_000).always()]);
    stage.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Refuse(Code::Unavailable)));
    create_jobs(&stage);
    page_has(&stage, "bedrock_connector_journal_unavailable_total{reason=\"full\"}").await;
    page_has(&stage, "bedrock_connector_journal_up 0\n").await;
    stage.gateway.heal();
    stage.all_end(PATIENCE).await;
    assert!(said(&stage, NOT_KEPT) >= 1, "{}", stage.log());
    assert_eq!(stage.bedrock.calls_of(MODEL), JOBS, "the worker lives, so nothing is asked again");
}
