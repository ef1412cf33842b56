//! The life of a job: its lock, its limit, its end.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tonic::Code;

use super::*;
use crate::clock::FixedClock;
use crate::emulator::gateway::{Command, Fault, Reaction};

/// Short enough to be extended while a test looks on.
fn short_lock() -> Options {
    Options { lock: Duration::from_secs(1), ..options() }
}

fn lock_of(call: &Received) -> Option<i64> {
    match &call.command {
        Command::UpdateJobTimeout(request) => Some(request.timeout),
        _ => None,
    }
}

fn failure(calls: &[Received]) -> Option<crate::proto::FailJobRequest> {
    calls.iter().find_map(|call| match &call.command {
        Command::FailJob(request) => Some(request.clone()),
        _ => None,
    })
}

async fn failed(scene: &Scene, key: JobKey) -> crate::proto::FailJobRequest {
    let calls = scene.calls(key, |calls| failure(calls).is_some()).await;
    failure(&calls).unwrap()
}

#[tokio::test]
async fn a_job_is_completed_with_its_answer() {
    let scene = Scene::new(options()).await;
    let key = scene.job("answer");
    assert_eq!(scene.completed(key).await.activations, 1);
    let calls = scene.gateway.received_for(key);
    assert_eq!(calls.len(), 1, "a short job needs one command: {calls:?}");
    assert_eq!(calls[0].command.variables().unwrap(), json!({ "answer": { "text": "hello" } }));
    scene.metric("camunda_client_worker_job_handled_total{type=\"model\"} 1").await;
}

#[tokio::test]
async fn the_lock_is_extended_for_as_long_as_the_work_lasts() {
    let scene = Scene::new(short_lock()).await;
    let key = scene.job("wait");
    let calls = scene.calls(key, |calls| count(calls, Rpc::UpdateJobTimeout) == 3).await;
    assert!(calls.iter().all(|call| lock_of(call) == Some(1000)), "{calls:?}");
    scene.model.open_gate();
    assert_eq!(scene.completed(key).await.activations, 1, "nobody else got it after 1.5 locks");
}

#[tokio::test]
async fn a_lost_answer_to_an_extension_does_not_end_the_work() {
    let scene = Scene::new(short_lock()).await;
    scene.gateway.inject(Fault::on(Rpc::UpdateJobTimeout, Reaction::Refuse(Code::Unavailable)).next(3));
    let key = scene.job("wait");
    let extended = |call: &Received| lock_of(call).is_some() && call.answer == Some(Code::Ok);
    scene.calls(key, |calls| calls.iter().any(extended)).await;
    scene.model.open_gate();
    assert_eq!(scene.completed(key).await.activations, 1);
    assert_eq!(scene.model.seen().started, 1);
}

#[tokio::test]
async fn a_lock_that_ran_out_does_not_end_the_work() {
    // The only slot is taken, so the job goes to nobody when its lock is over.
    let scene = Scene::new(Options { max_jobs_active: 1, ..short_lock() }).await;
    let key = scene.job("wait");
    scene.model.until("the call runs", |seen| seen.running == 1).await;
    scene.gateway.expire_lock(key);
    let refused = |call: &Received| lock_of(call).is_some() && call.answer == Some(Code::FailedPrecondition);
    scene.calls(key, |calls| calls.iter().filter(|call| refused(call)).count() == 2).await;
    scene.model.open_gate();
    assert_eq!(scene.completed(key).await.activations, 1);
    assert_eq!(scene.model.seen().started, 1);
}

#[tokio::test]
async fn an_engine_that_extends_no_locks_gets_its_answer_all_the_same() {
    let scene = Scene::new(short_lock()).await;
    scene.gateway.inject(Fault::on(Rpc::UpdateJobTimeout, Reaction::Refuse(Code::Unimplemented)));
    let key = scene.job("wait");
    scene.metric("bedrock_connector_lock_extensions_total{type=\"model\",code=\"UNIMPLEMENTED\"} 1").await;
    scene.model.open_gate();
    scene.completed(key).await;
    assert_eq!(count(&scene.gateway.received_for(key), Rpc::UpdateJobTimeout), 1, "asked once, not again");
}

#[tokio::test]
async fn a_cancelled_job_drops_its_call() {
    let scene = Scene::new(short_lock()).await;
    let key = scene.job("wait");
    scene.model.until("the call runs", |seen| seen.running == 1).await;
    scene.gateway.cancel_job(key);
    scene.model.until("the call is dropped", |seen| seen.running == 0).await;
    assert_eq!(scene.model.seen().ended, 0, "it did not come to its own end");
    scene
        .metric("bedrock_connector_jobs_lost_total{type=\"model\",phase=\"working\",because=\"gone\"} 1")
        .await;
    let calls = scene.gateway.received_for(key);
    assert!(!calls.iter().any(|call| call.command.ends_attempt()), "nothing is reported: {calls:?}");
}

#[tokio::test]
async fn a_job_that_someone_else_has_leased_drops_its_call() {
    let scene = Scene::new(Options { with_lease: true, ..short_lock() }).await;
    let key = scene.job("wait");
    scene.model.until("the call runs", |seen| seen.running == 1).await;
    scene.gateway.expire_lock(key);
    // The job comes again, with a new lease, while the first call is still waiting.
    scene.model.until("the second call runs", |seen| seen.started == 2).await;
    scene
        .metric("bedrock_connector_jobs_lost_total{type=\"model\",phase=\"working\",because=\"not_ours\"} 1")
        .await;
    assert_eq!(scene.model.seen().running, 1, "only the holder of the lease works");
    scene.model.open_gate();
    assert_eq!(scene.completed(key).await.activations, 2);
    assert_eq!(scene.model.seen().ended, 1);
}

#[tokio::test]
async fn an_engine_without_leases_is_worked_for_without() {
    let version = "8.6.0".to_owned();
    let gateway = Gateway::start(gateway::Options { version, ..gateway::Options::default() }).await.unwrap();
    let scene = Scene::at(gateway, Options { with_lease: true, ..short_lock() }, Arc::new(SystemClock));
    let key = scene.job("wait");
    let extended = |calls: &[Received]| count(calls, Rpc::UpdateJobTimeout) >= 2;
    let extensions = scene.calls(key, extended).await;
    scene.model.open_gate();
    assert_eq!(scene.completed(key).await.activations, 1);
    let lease = |call: &Received| match &call.command {
        Command::UpdateJobTimeout(request) => request.job_lease_token.clone(),
        Command::CompleteJob(request) => request.job_lease_token.clone(),
        _ => None,
    };
    let calls = scene.gateway.received_for(key);
    assert!(extensions.iter().chain(&calls).all(|call| lease(call).is_none()), "{calls:?}");
}

#[tokio::test]
async fn a_panic_fails_its_job_and_says_nothing_of_its_text() {
    let scene = Scene::new(options()).await;
    for (action, phase) in [("panic", "working"), ("panic in bind", "waiting")] {
        let key = scene.gateway.create_job(new_job(action).once());
        let failure = failed(&scene, key).await;
        assert_eq!(failure.retries, 2);
        assert!(failure.error_message.contains("PANIC"), "{}", failure.error_message);
        assert!(!failure.error_message.contains("hunter2"));
        scene
            .metric(&format!("bedrock_connector_jobs_panicked_total{{type=\"model\",phase=\"{phase}\"}} 1"))
            .await;
    }
    let key = scene.job("answer");
    scene.completed(key).await;
}

#[tokio::test]
async fn a_panic_waits_as_long_as_the_modeler_wants() {
    let scene = Scene::new(options()).await;
    let key = scene.gateway.create_job(new_job("panic").header("retryBackoff", "PT7S"));
    assert_eq!(failed(&scene, key).await.retry_back_off, 7000);
}

#[tokio::test]
async fn the_modelers_limit_is_the_lock_and_ends_the_work() {
    let scene = Scene::new(options()).await;
    let key = scene.gateway.create_job(new_job("wait").header("jobTimeout", "PT1S").once());
    let failure = failed(&scene, key).await;
    assert_eq!(failure.retries, 2, "a retry is spent, or a slow task would loop for ever");
    assert!(failure.error_message.contains("jobTimeout"), "{}", failure.error_message);
    scene.model.until("the call is dropped", |seen| seen.running == 0).await;
    let locks: Vec<i64> = scene.gateway.received_for(key).iter().filter_map(lock_of).collect();
    assert_eq!(locks, [1000], "set once before the call");
    scene.metric("bedrock_connector_jobs_over_limit_total{type=\"model\"} 1").await;
}

#[tokio::test]
async fn an_error_expression_sees_that_the_limit_is_over() {
    let scene = Scene::new(options()).await;
    let expression =
        "=if error.code = \"JOB_TIMEOUT\" then bpmnError(\"TOO_SLOW\", \"try another model\") else null";
    let job = new_job("wait").header("jobTimeout", "PT0.2S").header("errorExpression", expression);
    let key = scene.gateway.create_job(job);
    let calls = scene.calls(key, |calls| count(calls, Rpc::ThrowError) == 1).await;
    let thrown = calls.iter().find_map(|call| match &call.command {
        Command::ThrowError(request) => Some(request.error_code.as_str()),
        _ => None,
    });
    assert_eq!(thrown, Some("TOO_SLOW"));
}

#[tokio::test]
async fn a_limit_longer_than_the_lock_needs_no_extension() {
    let scene = Scene::new(short_lock()).await;
    let key = scene.gateway.create_job(new_job("wait").header("jobTimeout", "PT5M"));
    // Another job beside it shows that the time for an extension has come and gone.
    let other = scene.job("wait");
    scene.calls(other, |calls| count(calls, Rpc::UpdateJobTimeout) == 3).await;
    let locks: Vec<i64> = scene.gateway.received_for(key).iter().filter_map(lock_of).collect();
    assert_eq!(locks, [300_000]);
    scene.model.open_gate();
    scene.completed(key).await;
}

#[tokio::test]
async fn a_limit_of_nothing_runs_nothing_and_leaves_no_retries() {
    let scene = Scene::new(options()).await;
    for text in ["PT0S", "-PT5S"] {
        let key = scene.gateway.create_job(new_job("answer").header("jobTimeout", text));
        assert_eq!(failed(&scene, key).await.retries, 0, "{text}");
    }
    assert_eq!(scene.model.seen().started, 0);
}

#[tokio::test]
async fn a_job_that_is_gone_when_its_limit_is_set_does_not_run() {
    let scene = Scene::new(options()).await;
    scene.gateway.inject(Fault::on(Rpc::UpdateJobTimeout, Reaction::Refuse(Code::NotFound)));
    let key = scene.gateway.create_job(new_job("answer").header("jobTimeout", "PT5M"));
    scene
        .metric("bedrock_connector_jobs_lost_total{type=\"model\",phase=\"waiting\",because=\"gone\"} 1")
        .await;
    assert_eq!(scene.model.seen().started, 0);
    assert_eq!(count(&scene.gateway.received_for(key), Rpc::FailJob), 0);
}

#[tokio::test]
async fn a_limit_that_could_not_be_set_holds_all_the_same() {
    let scene = Scene::new(options()).await;
    scene.gateway.inject(Fault::on(Rpc::UpdateJobTimeout, Reaction::Refuse(Code::Unavailable)));
    let key = scene.gateway.create_job(new_job("wait").header("jobTimeout", "PT1S").once());
    scene.model.until("the call runs", |seen| seen.started == 1).await;
    assert!(failed(&scene, key).await.error_message.contains("jobTimeout"));
}

#[tokio::test]
async fn a_worker_whose_clock_is_ahead_makes_sure_of_its_jobs_first() {
    let future = FixedClock(UNIX_EPOCH + Duration::from_secs(40_000_000_000));
    let scene = Scene::at(gateway().await, options(), Arc::new(future));
    let key = scene.job("answer");
    scene.completed(key).await;
    let calls: Vec<Rpc> = scene.gateway.received_for(key).iter().map(|call| call.command.rpc()).collect();
    assert_eq!(calls, [Rpc::UpdateJobTimeout, Rpc::CompleteJob]);
}

#[tokio::test]
async fn a_job_that_was_read_too_late_does_not_run() {
    let future = FixedClock(UNIX_EPOCH + Duration::from_secs(40_000_000_000));
    let scene = Scene::at(gateway().await, options(), Arc::new(future));
    scene
        .gateway
        .inject(Fault::on(Rpc::UpdateJobTimeout, Reaction::Refuse(Code::FailedPrecondition)).next(1));
    scene.gateway.create_job(new_job("answer").once());
    scene
        .metric("bedrock_connector_jobs_lost_total{type=\"model\",phase=\"waiting\",because=\"not_ours\"} 1")
        .await;
    assert_eq!(scene.model.seen().started, 0);
}
