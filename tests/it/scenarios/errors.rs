//! Models that fail, and tasks that are wrong.

use bedrock_connector::emulator::bedrock::{ErrorCode, Step, Target};
use serde_json::json;

use super::Stage;

pub(super) async fn a_boundary_event_catches_a_bpmn_error(stage: &Stage) {
    let process = stage.deploy("bpmn-error").await;
    let variables = stage.run(&process, json!({"question": "Hello?", "model": "emulator.throttle-v1"})).await;

    assert_eq!(variables["caught"], json!("ThrottlingException"), "{variables}\n{}", stage.worker_log());
    assert_eq!(variables["answer"], json!("Please ask again later."));
    assert_eq!(stage.bedrock.calls_of("emulator.throttle-v1"), 4, "four attempts without patience");
}

pub(super) async fn a_job_error_spends_a_retry_and_then_succeeds(stage: &Stage) {
    let process = stage.deploy("job-error").await;
    let model = "job-error-model";
    stage.bedrock.script(Target::model(model), [Step::fail(ErrorCode::ModelError).times(2)]);
    let variables = stage.run(&process, json!({"question": "Hello?", "model": model})).await;

    assert!(variables["answer"].as_str().is_some_and(|answer| !answer.is_empty()), "{variables}");
    assert_eq!(stage.bedrock.calls_of(model), 3, "two failures and an answer");
    assert!(variables.get("attempt").is_none(), "the variables of a job error stay local: {variables}");
}

pub(super) async fn a_missing_secret_raises_an_incident_without_a_call(stage: &Stage) {
    let process = stage.deploy("missing-secret").await;
    let instance = stage.begin(&process, json!({"question": "Hello?"})).await;
    let line = stage.logged(&["raises an incident", "NO_SUCH_SECRET"]).await;

    assert!(line.contains("SECRET_NO_SUCH_SECRET"), "the remedy names the variable: {line}");
    assert_eq!(stage.bedrock.exchanges().all().len(), 0, "no call was made");
    stage.client.cancel_instance(instance).await.expect("the instance stands at its incident");
}
