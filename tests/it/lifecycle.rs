//! How a worker process starts and ends, as an orchestrator and an operator see it.

use bedrock_connector::emulator::Gate;
use bedrock_connector::emulator::bedrock::{Act, Step, Target};
use bedrock_connector::emulator::gateway::{Command, Gateway, NewJob, Options};
use bedrock_connector::zeebe::JobKey;
use serde_json::{Value, json};

use crate::support::stage::{JOB_TYPE, Stage, good_input};

const READINESS: &str = "/actuator/health/readiness";
const LIVENESS: &str = "/actuator/health/liveness";
const LOGGERS: &str = "/actuator/loggers";

fn job(model: &str) -> NewJob {
    NewJob::new(JOB_TYPE).variables(good_input(model))
}

/// A job whose model is being asked.
async fn job_under_way(stage: &Stage, model: &str) -> JobKey {
    let key = stage.gateway.create_job(job(model));
    stage.bedrock.wait_for_calls(1).await.expect("the model is asked");
    key
}

/// The status of a worker that knows it is to stop.
async fn draining(stage: &Stage) {
    let page = stage.page(READINESS, |page| page.status == 503).await;
    assert_eq!(page.json(), json!({"status": "OUT_OF_SERVICE"}));
    assert_eq!(stage.get(LIVENESS).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn a_gateway_that_cannot_be_reached_at_the_start_is_waited_for() {
    let gateway = Gateway::start(Options::default()).await.expect("a gateway on a free port");
    gateway.go_down().await.expect("the gateway goes away");
    let mut stage = Stage::before(gateway, |launch| launch).await;

    // The first answers may come before the first attempt to connect has failed.
    let error = "/components/zeebeClient/details/error";
    let page = stage.page(READINESS, |page| page.json().pointer(error).is_some_and(Value::is_string)).await;
    assert_eq!(page.status, 503);
    let zeebe = &page.json()["components"]["zeebeClient"];
    assert_eq!(zeebe["status"], json!("DOWN"));
    let error = zeebe["details"]["error"].as_str().expect("a reason");
    assert!(error.contains(&stage.gateway.address().to_string()), "{error}");
    assert_eq!(stage.get(LIVENESS).await.expect("an answer").status, 200, "live without an engine");

    stage.gateway.accept_connections().await.expect("the gateway is there");
    stage.worker.ready().await.unwrap_or_else(|error| panic!("{error}\n{}", stage.log()));
    let key = stage.gateway.create_job(job("m"));
    assert!(matches!(stage.end_of_attempt(key).await, Command::CompleteJob(_)));
}

#[tokio::test]
async fn after_sigterm_running_jobs_finish_and_no_new_ones_are_taken() {
    let stage = Stage::embedded(|launch| launch).await;
    let gate = Gate::new();
    stage.bedrock.script(Target::model("slow"), [Step::answer().behind(&gate)]);
    let running = job_under_way(&stage, "slow").await;
    stage.worker.terminate().await.expect("the signal is sent");
    draining(&stage).await;
    stage.gateway.wait_for_streams(0).await.expect("the stream is closed");
    let late = stage.gateway.create_job(job("late"));

    gate.open();
    assert!(matches!(stage.end_of_attempt(running).await, Command::CompleteJob(_)));
    let Stage { gateway, bedrock, worker, .. } = stage;
    assert_eq!(worker.ended().await.expect("an end").code(), Some(0));
    assert_eq!(gateway.job(late).expect("it waits").activations, 0);
    assert_eq!(bedrock.calls_of("late"), 0);
}

#[tokio::test]
async fn what_does_not_finish_within_the_grace_period_is_given_back_with_its_retries() {
    let stage = Stage::embedded(|launch| launch.env("BEDROCK_CONNECTOR_GRACE", "PT0.2S")).await;
    stage.bedrock.script(Target::model("hanging"), [Step::new(Act::Hang)]);
    let key = job_under_way(&stage, "hanging").await;
    stage.worker.terminate().await.expect("the signal is sent");
    let Command::FailJob(given_back) = stage.end_of_attempt(key).await else {
        panic!("the job is given back")
    };
    assert_eq!((given_back.retries, given_back.retry_back_off), (3, 0));
    assert!(given_back.error_message.contains("its retries are kept"), "{}", given_back.error_message);

    assert_eq!(stage.worker.ended().await.expect("an end").code(), Some(0));
}

#[tokio::test]
async fn a_second_sigterm_stops_at_once_and_leaves_the_jobs_to_their_locks() {
    let stage = Stage::embedded(|launch| launch.env("BEDROCK_CONNECTOR_GRACE", "PT1H")).await;
    stage.bedrock.script(Target::model("hanging"), [Step::new(Act::Hang)]);
    let key = job_under_way(&stage, "hanging").await;
    stage.worker.terminate().await.expect("the signal is sent");
    draining(&stage).await;
    stage.worker.terminate().await.expect("the signal is sent");
    let Stage { gateway, worker, .. } = stage;
    assert_eq!(worker.ended().await.expect("an end").code(), Some(1));
    let reported = gateway.received_for(key).iter().any(|call| call.command.ends_attempt());
    assert!(!reported, "the job has got a command");
}

#[tokio::test]
async fn what_is_logged_can_be_changed_while_the_worker_runs() {
    let stage = Stage::embedded(|launch| launch).await;
    let shown = stage.get(LOGGERS).await.expect("an answer").json();
    assert_eq!(shown["loggers"]["ROOT"]["effectiveLevel"], json!("INFO"));
    assert!(!stage.log().contains("\"DEBUG\""), "{}", stage.log());

    let root = format!("{LOGGERS}/ROOT");
    let answer = stage.post(&root, r#"{"configuredLevel": "DEBUG"}"#).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    let shown = stage.get(&root).await.expect("an answer").json();
    assert_eq!(shown, json!({"configuredLevel": "DEBUG", "effectiveLevel": "DEBUG"}));
    let key = stage.gateway.create_job(job("m"));
    stage.end_of_attempt(key).await;
    assert!(stage.log().contains("\"DEBUG\""), "{}", stage.log());

    let answer = stage.post(&root, r#"{"configuredLevel": "a=b=c"}"#).await.expect("an answer");
    assert_eq!(answer.status, 400);
    assert!(answer.json()["error"].as_str().expect("a reason").contains("a=b=c"), "{answer:?}");
}
