//! What is paid once: the journal in the life of a job.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tonic::Code;

use super::*;
use crate::emulator::Gate;
use crate::emulator::gateway::{Fault, Reaction};
use crate::journal::{self, Entry, Error, Guard, Host, Key, Notice, Redb, Removal, Store};
use crate::proto::gateway_client::GatewayClient;
use crate::proto::{ResolveIncidentRequest, UpdateJobRetriesRequest};

/// The time, and nobody who listens.
#[derive(Debug)]
struct Quiet;

impl Host for Quiet {
    fn epoch_millis(&self) -> i64 {
        SystemClock.epoch_millis()
    }

    fn tell(&self, _notice: Notice<'_>) {}
}

/// A worker with a journal in a folder.
struct Kept {
    scene: Scene,
    journal: Journal,
    _folder: tempfile::TempDir,
}

impl Kept {
    async fn new(options: Options) -> Self {
        Self::at(gateway().await, options, async |_: &Journal| {}).await
    }

    /// The journal is filled before the worker starts.
    async fn at(gateway: Gateway, options: Options, fill: impl AsyncFnOnce(&Journal)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let redb = Redb::open(journal::Options::new(folder.path()), Arc::new(Quiet)).await;
        let journal = Journal::new(Arc::<str>::from("engine"), Arc::new(redb));
        fill(&journal).await;
        let clock = Arc::new(SystemClock);
        let scene = Scene::keeping(journal.clone(), &[JOB_TYPE], gateway, options, clock);
        Self { scene, journal, _folder: folder }
    }

    async fn entry_goes(&self, key: JobKey, action: &str) {
        let gone = async {
            while stored(&self.journal, key, action).await.is_some() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, gone).await.expect("the entry goes");
    }
}

fn fingerprint(action: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..action.len()].copy_from_slice(action.as_bytes());
    bytes
}

async fn stored(journal: &Journal, key: JobKey, action: &str) -> Option<String> {
    let answer = journal.claim(key.0).await.unwrap().answer(&fingerprint(action)).await.unwrap();
    answer.map(|answer| String::from_utf8(answer).unwrap())
}

async fn store(journal: &Journal, key: JobKey, action: &str, answer: &str) {
    journal.claim(key.0).await.unwrap().keep(entry(action, answer)).await.unwrap();
}

fn entry(action: &str, answer: &str) -> Entry {
    Entry {
        fingerprint: fingerprint(action),
        stored_at: SystemClock.epoch_millis(),
        job_type: JOB_TYPE.to_owned(),
        process_instance_key: 0,
        answer: answer.as_bytes().to_vec(),
    }
}

fn short_lock() -> Options {
    Options { lock: Duration::from_secs(1), ..options() }
}

#[tokio::test]
async fn an_answer_whose_report_was_lost_is_used_by_the_next_attempt() {
    let kept = Kept::new(short_lock()).await;
    let scene = &kept.scene;
    for rpc in [Rpc::CompleteJob, Rpc::UpdateJobTimeout] {
        scene.gateway.inject(Fault::on(rpc, Reaction::Refuse(Code::Unavailable)));
    }
    let key = scene.job("answer");
    scene
        .metric("bedrock_connector_reports_abandoned_total{command=\"complete\",code=\"UNAVAILABLE\"} 1")
        .await;
    scene.gateway.heal();
    assert!(scene.completed(key).await.activations >= 2);
    assert_eq!(scene.model.seen().started, 1);
    scene.metric("bedrock_connector_answers_stored_total 1").await;
    kept.entry_goes(key, "answer").await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_mapped_waits_for_an_operator() {
    let kept = Kept::new(options()).await;
    let scene = &kept.scene;
    let broken_at_first = "=if job.retries = 1 then 5 else null";
    let key =
        scene.gateway.create_job(new_job("answer").retries(1).header("errorExpression", broken_at_first));
    scene.job_is(key, |state| *state == JobState::Failed).await;
    assert!(stored(&kept.journal, key, "answer").await.is_some());

    let mut operator = GatewayClient::connect(scene.gateway.url()).await.unwrap();
    let request = UpdateJobRetriesRequest { job_key: key.0, retries: 2, ..Default::default() };
    operator.update_job_retries(request).await.unwrap();
    let incident_key = scene.gateway.incidents()[0].key;
    let request = ResolveIncidentRequest { incident_key };
    operator.resolve_incident(request).await.unwrap();
    assert_eq!(scene.completed(key).await.activations, 2);
    assert_eq!(scene.model.seen().started, 1);
    scene.metric("bedrock_connector_answers_reused_total 1").await;
    kept.entry_goes(key, "answer").await;
}

#[tokio::test]
async fn a_job_error_on_a_good_answer_wants_a_new_one() {
    let kept = Kept::new(options()).await;
    let scene = &kept.scene;
    let expression = "=if job.retries > 1 then jobError(\"once more\", {}, job.retries - 1) else null";
    let key = scene.gateway.create_job(new_job("answer").retries(3).header("errorExpression", expression));
    assert_eq!(scene.completed(key).await.activations, 3);
    assert_eq!(scene.model.seen().started, 3);
    assert!(!scene.telemetry.render().contains("bedrock_connector_answers_reused_total 1"));
}

#[tokio::test]
async fn a_result_that_the_engine_does_not_take_keeps_its_answer() {
    let kept = Kept::new(options()).await;
    let scene = &kept.scene;
    let reaction = Reaction::RefuseSaying(Code::InvalidArgument, "no such root".to_owned());
    scene.gateway.inject(Fault::on(Rpc::CompleteJob, reaction));
    let key = scene.job("answer");
    scene.job_is(key, |state| *state == JobState::Failed).await;
    scene.metric("camunda_client_worker_job_handled_total{type=\"model\"} 1").await;
    assert_eq!(stored(&kept.journal, key, "answer").await.as_deref(), Some("{\"text\":\"hello\"}"));
}

#[tokio::test]
async fn a_job_that_comes_back_while_its_call_runs_waits_for_that_answer() {
    let kept = Kept::new(short_lock()).await;
    let scene = &kept.scene;
    scene.gateway.inject(Fault::on(Rpc::UpdateJobTimeout, Reaction::Refuse(Code::Unavailable)));
    let key = scene.job("wait");
    scene.model.until("the call runs", |seen| seen.running == 1).await;
    scene.gateway.expire_lock(key);
    scene.gateway.wait_for_job(key, |job| job.activations == 2).await.unwrap();
    eventually("the second attempt is here", || scene.handle.in_flight() == 2).await;
    scene.model.open_gate();
    scene.completed(key).await;
    eventually("both attempts are over", || scene.handle.in_flight() == 0).await;
    assert_eq!(scene.model.seen().started, 1);
    kept.entry_goes(key, "wait").await;
}

#[tokio::test]
async fn an_attempt_that_is_dropped_lets_the_next_one_ask() {
    let kept = Kept::new(Options { with_lease: true, ..short_lock() }).await;
    let scene = &kept.scene;
    let key = scene.job("wait");
    scene.model.until("the call runs", |seen| seen.running == 1).await;
    scene.gateway.expire_lock(key);
    scene.model.until("the second call runs", |seen| seen.started == 2).await;
    assert_eq!(scene.model.seen().running, 1, "the first was dropped before");
    scene.model.open_gate();
    scene.completed(key).await;
}

#[tokio::test]
async fn only_the_answer_to_the_very_same_request_is_used() {
    for (asked, calls, text) in [("answer", 0, "from before"), ("another", 1, "hello")] {
        let gateway = gateway().await;
        let key = gateway.create_job(new_job(asked));
        let fill =
            async |journal: &Journal| store(journal, key, "answer", "{\"text\":\"from before\"}").await;
        let kept = Kept::at(gateway, options(), fill).await;
        kept.scene.completed(key).await;
        assert_eq!(kept.scene.model.seen().started, calls, "{asked}");
        let received = kept.scene.gateway.received_for(key);
        assert_eq!(received[0].command.variables().unwrap(), json!({ "answer": { "text": text } }));
    }
}

#[tokio::test]
async fn what_a_call_has_noted_is_there_for_the_next_attempt() {
    let kept = Kept::new(options()).await;
    let scene = &kept.scene;
    // Whoever is asked to try again later wants what was paid to count.
    let again = "=if error = null then null else jobError(\"again\", {}, job.retries - 1)";
    for header in [None, Some(again)] {
        let before = scene.model.seen().started;
        let job = new_job("note").retries(3);
        let job = header.into_iter().fold(job, |job, header| job.header("errorExpression", header));
        let key = scene.gateway.create_job(job);
        assert_eq!(scene.completed(key).await.activations, 2);
        assert_eq!(scene.model.seen().started, before + 1);
        let received = scene.gateway.received_for(key);
        let ended = received.last().expect("the end of the job").command.variables().unwrap();
        assert_eq!(ended, json!({ "answer": { "text": "as noted" } }));
        kept.entry_goes(key, "note").await;
    }
    scene.metric("bedrock_connector_answers_continued_total 2").await;
    scene.metric("bedrock_connector_answers_reused_total 0").await;
}

#[tokio::test]
async fn what_a_call_has_discarded_is_not_there_for_the_next_attempt() {
    let kept = Kept::new(options()).await;
    let scene = &kept.scene;
    let key = scene.gateway.create_job(new_job("discard").retries(2));
    scene.job_is(key, |state| *state == JobState::Failed).await;
    assert_eq!(scene.model.seen().started, 2, "the model is asked anew");
    let notes = kept.journal.claim(key.0).await.unwrap().stored(&fingerprint("discard")).await.unwrap();
    assert_eq!(notes, None);
    scene.metric("bedrock_connector_answers_continued_total 0").await;
    scene.metric("bedrock_connector_answers_reused_total 0").await;
}

#[tokio::test]
async fn notes_are_no_answer_and_of_no_use_to_another_request() {
    let gateway = gateway().await;
    let key = gateway.create_job(new_job("answer"));
    let fill = async |journal: &Journal| {
        let claim = journal.claim(key.0).await.unwrap();
        claim.keep(entry("another", "{\"text\":\"from before\"}").into_notes()).await.unwrap();
        assert_eq!(claim.answer(&fingerprint("another")).await.unwrap(), None);
    };
    let kept = Kept::at(gateway, options(), fill).await;
    kept.scene.completed(key).await;
    let received = kept.scene.gateway.received_for(key);
    assert_eq!(received[0].command.variables().unwrap(), json!({ "answer": { "text": "hello" } }));
}

#[tokio::test]
async fn an_entry_that_is_no_json_is_not_used() {
    let gateway = gateway().await;
    let key = gateway.create_job(new_job("answer"));
    let fill = async |journal: &Journal| store(journal, key, "answer", "{\"text\":").await;
    let kept = Kept::at(gateway, options(), fill).await;
    kept.scene.completed(key).await;
    assert_eq!(kept.scene.model.seen().started, 1);
}

#[tokio::test]
async fn an_answer_outlives_an_engine_that_does_not_know_the_job_for_a_moment() {
    let kept = Kept::new(options()).await;
    let scene = &kept.scene;
    scene.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Refuse(Code::NotFound)).next(1));
    let key = scene.job("answer");
    scene
        .metric("bedrock_connector_jobs_lost_total{type=\"model\",phase=\"reporting\",because=\"gone\"} 1")
        .await;
    scene.gateway.expire_lock(key);
    scene.completed(key).await;
    assert_eq!(scene.model.seen().started, 1);
}

#[tokio::test]
async fn an_activation_that_was_overtaken_by_the_end_of_its_job_asks_for_nothing() {
    for (rpc, expression, end, because) in [
        (Rpc::CompleteJob, "=null", JobState::Completed, "gone"),
        // The job stays, and nobody may work on it, because nothing catches the error.
        (Rpc::ThrowError, "=bpmnError(\"BUSY\")", JobState::ErrorThrown, "not_ours"),
    ] {
        let kept = Kept::new(options()).await;
        let scene = &kept.scene;
        let gate = Gate::new();
        scene.gateway.inject(Fault::on(rpc, Reaction::Hold(gate.clone())).next(1));
        let key = scene.gateway.create_job(new_job("answer").header("errorExpression", expression));
        scene.calls(key, |calls| !calls.is_empty()).await;

        // The second attempt is kept where it would look for the answer, until that is gone.
        let claim = kept.journal.claim(key.0).await.unwrap();
        scene.gateway.expire_lock(key);
        scene.gateway.wait_for_job(key, |job| job.activations == 2).await.unwrap();
        gate.open();
        scene.job_is(key, |state| *state == end).await;
        let gone = async {
            while claim.answer(&fingerprint("answer")).await.unwrap().is_some() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, gone).await.expect("the entry goes");
        drop(claim);

        let lost = "bedrock_connector_jobs_lost_total{type=\"model\",phase=\"waiting\",because=";
        scene.metric(&format!("{lost}\"{because}\"}} 1")).await;
        assert_eq!(scene.model.seen().started, 1, "{rpc:?}");
    }
}

/// Storage that never works.
#[derive(Debug)]
struct Broken;

fn away() -> Error {
    Error::Away { place: "nowhere".into() }
}

impl Store for Broken {
    fn claim(&self, _key: Key) -> BoxFuture<'_, Result<Guard, Error>> {
        async { Err(away()) }.boxed()
    }

    fn get(&self, _key: Key) -> BoxFuture<'_, Result<Option<Entry>, Error>> {
        async { Err(away()) }.boxed()
    }

    fn put(&self, _key: Key, _entry: Entry) -> BoxFuture<'_, Result<(), Error>> {
        async { Err(away()) }.boxed()
    }

    fn remove(&self, _key: Key, _removal: Removal) -> BoxFuture<'_, Result<(), Error>> {
        async { Err(away()) }.boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}

#[tokio::test]
async fn a_journal_that_does_not_work_is_counted_and_changes_nothing_else() {
    let journal = Journal::new(Arc::<str>::from("engine"), Arc::new(Broken));
    let scene = Scene::keeping(journal, &[JOB_TYPE], gateway().await, options(), Arc::new(SystemClock));
    let key = scene.job("answer");
    scene.completed(key).await;
    assert_eq!(scene.model.seen().started, 1);
    for what in ["look_up", "store"] {
        let line = format!("bedrock_connector_journal_failures_total{{what=\"{what}\",reason=\"away\"}} 1");
        scene.metric(&line).await;
    }
}
