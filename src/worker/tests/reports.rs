//! What each answer to a report means.

use std::time::Duration;

use tonic::Code;

use super::*;
use crate::emulator::gateway::{Command, Fault, Reaction};

fn done(action: &str) -> String {
    format!(
        "camunda_connector_outbound_invocations_total{{type=\"model\",elementTemplateId=\"unknown\",\
         elementTemplateVersion=\"unknown\",action=\"{action}\"}} 1"
    )
}

/// The calls that ended attempts at a job.
fn ends(calls: &[Received]) -> Vec<Rpc> {
    calls.iter().filter(|call| call.command.ends_attempt()).map(|call| call.command.rpc()).collect()
}

#[tokio::test]
async fn passing_faults_are_repeated_until_the_engine_has_it() {
    let scene = Scene::new(options()).await;
    for code in [
        Code::Unavailable,
        Code::ResourceExhausted,
        Code::DeadlineExceeded,
        Code::Aborted,
        Code::Cancelled,
        Code::DataLoss,
    ] {
        scene.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Refuse(code)).next(5));
        let key = scene.job("answer");
        scene.completed(key).await;
        let ends = ends(&scene.gateway.received_for(key));
        assert_eq!(ends, [Rpc::CompleteJob; 6], "{code:?} is repeated more than three times");
    }
    assert_eq!(scene.model.seen().started, 6, "no model was asked twice");
}

#[tokio::test]
async fn a_report_whose_answer_was_lost_counts_as_done() {
    for (action, told, reaction) in [
        ("answer", "completed", Reaction::ApplyThenRefuse(Code::Aborted)),
        ("answer", "completed", Reaction::ApplyThenReset),
        ("fail", "failed", Reaction::ApplyThenRefuse(Code::DeadlineExceeded)),
    ] {
        let scene = Scene::new(options()).await;
        scene.gateway.inject(Fault::on_end_of_attempt(reaction).next(1));
        let key = scene.gateway.create_job(new_job(action).retries(1));
        scene.metric(&done(told)).await;
        assert_eq!(ends(&scene.gateway.received_for(key)).len(), 2);
    }
}

#[tokio::test]
async fn a_job_that_is_gone_is_dropped_quietly() {
    for (code, because) in [(Code::NotFound, "gone"), (Code::FailedPrecondition, "not_ours")] {
        let scene = Scene::new(options()).await;
        scene.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Refuse(code)));
        let key = scene.gateway.create_job(new_job("answer").once());
        let line = format!(
            "bedrock_connector_jobs_lost_total{{type=\"model\",phase=\"reporting\",because=\"{because}\"}} 1"
        );
        scene.metric(&line).await;
        assert_eq!(ends(&scene.gateway.received_for(key)), [Rpc::CompleteJob], "{code:?}");
    }
}

#[tokio::test]
async fn a_result_that_the_engine_cannot_take_fails_the_job_with_the_reason() {
    for (code, text) in [
        (Code::ResourceExhausted, "message size is too large"),
        (Code::InvalidArgument, "the root of the variables is no object"),
    ] {
        let scene = Scene::new(options()).await;
        let reaction = Reaction::RefuseSaying(code, text.to_owned());
        scene.gateway.inject(Fault::on(Rpc::CompleteJob, reaction));
        let key = scene.job("answer");
        scene.metric(&done("failed")).await;
        let calls = scene.gateway.received_for(key);
        assert_eq!(ends(&calls), [Rpc::CompleteJob, Rpc::FailJob]);
        let Command::FailJob(failure) = &calls[1].command else { panic!("{calls:?}") };
        assert_eq!(failure.retries, 0, "the same answer would be refused again");
        assert!(failure.error_message.contains(text), "{}", failure.error_message);
    }
}

#[tokio::test]
async fn a_failure_that_is_too_large_is_told_in_short() {
    let scene = Scene::new(options()).await;
    let reaction = Reaction::RefuseSaying(Code::ResourceExhausted, "message size is too large".to_owned());
    scene.gateway.inject(Fault::on(Rpc::FailJob, reaction).next(1));
    let key = scene.gateway.create_job(new_job("fail").once());
    scene.metric(&done("failed")).await;
    let calls = scene.gateway.received_for(key);
    let Command::FailJob(failure) = &calls[1].command else { panic!("{calls:?}") };
    assert_eq!((failure.retries, failure.variables.as_str()), (2, ""));
}

#[tokio::test]
async fn what_no_repetition_can_mend_is_left_to_the_lock() {
    for code in [Code::PermissionDenied, Code::Internal, Code::Unknown, Code::Unimplemented] {
        let scene = Scene::new(options()).await;
        scene.gateway.inject(Fault::on_end_of_attempt(Reaction::Refuse(code)));
        let key = scene.gateway.create_job(new_job("answer").once());
        eventually("the report is abandoned", || {
            scene
                .telemetry
                .render()
                .contains("bedrock_connector_reports_abandoned_total{command=\"complete\"")
        })
        .await;
        assert_eq!(ends(&scene.gateway.received_for(key)), [Rpc::CompleteJob], "{code:?}");
        eventually("the slot is free", || scene.handle.in_flight() == 0).await;
    }
}

#[tokio::test]
async fn the_lock_is_kept_while_the_engine_takes_no_reports() {
    let scene = Scene::new(Options { lock: Duration::from_secs(1), ..options() }).await;
    scene.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Refuse(Code::ResourceExhausted)));
    let key = scene.job("answer");
    scene.calls(key, |calls| count(calls, Rpc::UpdateJobTimeout) == 3).await;
    scene.gateway.heal();
    assert_eq!(scene.completed(key).await.activations, 1, "nobody else got it after 1.5 locks");
    assert_eq!(scene.model.seen().started, 1);
}

#[tokio::test]
async fn a_report_ends_with_the_lock_when_the_lock_cannot_be_kept() {
    let scene = Scene::new(Options { lock: Duration::from_secs(2), ..options() }).await;
    scene.gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Refuse(Code::Unavailable)));
    scene.gateway.inject(Fault::on(Rpc::UpdateJobTimeout, Reaction::Refuse(Code::Unavailable)));
    let key = scene.gateway.create_job(new_job("answer").once());
    scene
        .metric("bedrock_connector_reports_abandoned_total{command=\"complete\",code=\"UNAVAILABLE\"} 1")
        .await;
    assert!(ends(&scene.gateway.received_for(key)).len() > 3, "it was repeated all that time");
}

#[tokio::test]
async fn a_failure_spends_a_retry() {
    let scene = Scene::new(options()).await;
    let key = scene.gateway.create_job(new_job("fail").once());
    let calls = scene.calls(key, |calls| count(calls, Rpc::FailJob) == 1).await;
    let Command::FailJob(failure) = &calls[0].command else { panic!("{calls:?}") };
    assert_eq!(failure.retries, 2);
    assert!(failure.error_message.contains("the model is busy"));
    scene.metric(&done("failed")).await;
}

#[tokio::test]
async fn a_bpmn_error_is_thrown_with_its_variables() {
    let scene = Scene::new(options()).await;
    let expression = "=bpmnError(\"BUSY\", \"later\", {hint: \"wait\"})";
    let key = scene.gateway.create_job(new_job("fail").header("errorExpression", expression));
    scene.metric(&done("bpmn-error")).await;
    let calls = scene.gateway.received_for(key);
    let Command::ThrowError(thrown) = &calls[0].command else { panic!("{calls:?}") };
    assert_eq!((thrown.error_code.as_str(), thrown.error_message.as_str()), ("BUSY", "later"));
    assert_eq!(calls[0].command.variables().unwrap(), json!({ "hint": "wait" }));
}

#[tokio::test]
async fn an_error_that_the_engine_cannot_take_fails_the_job() {
    let scene = Scene::new(options()).await;
    let reaction = Reaction::RefuseSaying(Code::InvalidArgument, "no such root".to_owned());
    scene.gateway.inject(Fault::on(Rpc::ThrowError, reaction));
    let job = new_job("fail").header("errorExpression", "=bpmnError(\"BUSY\")").once();
    let key = scene.gateway.create_job(job);
    scene.metric(&done("failed")).await;
    assert_eq!(ends(&scene.gateway.received_for(key)), [Rpc::ThrowError, Rpc::FailJob]);
}
