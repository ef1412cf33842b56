//! Commands: what is sent, what comes back, and what a failure means.

use std::time::Duration;

use axum::http::StatusCode;
use tonic::Status;

use super::servers::LoadBalancer;
use super::stub::{Answer, Stub};
use super::{poll, soon};
use crate::proto;
use crate::zeebe::{
    Activation, Client, CommandVerdict, Error, FailJob, FeedVerdict, JobKey, Message, NewInstance, Options,
    ProcessDefinitionKey, ProcessInstanceKey, Resource, ThrowError,
};

#[tokio::test]
async fn a_job_is_completed_with_its_lease() {
    let stub = Stub::start().await;
    soon(stub.client().complete_job(JobKey(1), r#"{"a":1}"#, Some("lease"))).await.unwrap();
    let sent: proto::CompleteJobRequest = stub.message();
    let job_lease_token = Some("lease".to_owned());
    assert_eq!(
        sent,
        proto::CompleteJobRequest { job_key: 1, variables: r#"{"a":1}"#.to_owned(), job_lease_token }
    );
}

#[tokio::test]
async fn a_failure_carries_retries_back_off_and_local_variables() {
    let stub = Stub::start().await;
    let failure = FailJob {
        key: JobKey(2),
        retries: 3,
        message: "no answer".to_owned(),
        retry_back_off: Duration::from_secs(90),
        variables: r#"{"error":{}}"#.to_owned(),
        lease: None,
    };
    soon(stub.client().fail_job(&failure)).await.unwrap();
    let sent: proto::FailJobRequest = stub.message();
    assert_eq!((sent.job_key, sent.retries, sent.retry_back_off), (2, 3, 90_000));
    assert_eq!((sent.error_message.as_str(), sent.variables.as_str()), ("no answer", r#"{"error":{}}"#));
    assert_eq!(sent.job_lease_token, None);
}

#[tokio::test]
async fn an_error_is_thrown_and_a_lock_is_set() {
    let stub = Stub::start().await;
    let client = stub.client();
    let error = ThrowError {
        key: JobKey(3),
        code: "REFUSED".to_owned(),
        message: "by the model".to_owned(),
        variables: "{}".to_owned(),
        lease: Some("lease".to_owned()),
    };
    soon(client.throw_error(&error)).await.unwrap();
    let sent: proto::ThrowErrorRequest = stub.message();
    assert_eq!((sent.job_key, sent.error_code.as_str()), (3, "REFUSED"));
    assert_eq!(
        (sent.error_message.as_str(), sent.job_lease_token.as_deref()),
        ("by the model", Some("lease"))
    );

    soon(client.update_job_timeout(JobKey(4), Duration::from_secs(60), None)).await.unwrap();
    let sent: proto::UpdateJobTimeoutRequest = stub.message();
    assert_eq!((sent.job_key, sent.timeout, sent.job_lease_token), (4, 60_000, None));
}

#[tokio::test]
async fn processes_are_deployed_started_and_cancelled() {
    let stub = Stub::start().await;
    let client = stub.client();
    let resource = Resource { name: "order.bpmn".to_owned(), content: b"<xml/>".to_vec() };
    let deployed = soon(client.deploy(vec![resource], "")).await.unwrap();
    assert_eq!(deployed.len(), 1);
    assert_eq!((deployed[0].bpmn_process_id.as_str(), deployed[0].key), ("order", ProcessDefinitionKey(5)));

    let instance = NewInstance { bpmn_process_id: "order".to_owned(), ..NewInstance::default() };
    assert_eq!(soon(client.create_instance(&instance)).await.unwrap(), ProcessInstanceKey(7));
    let sent: proto::CreateProcessInstanceRequest = stub.message();
    assert_eq!((sent.bpmn_process_id.as_str(), sent.version), ("order", -1));

    let wait = Duration::from_secs(30);
    let (key, variables) =
        soon(client.create_instance_with_result(&instance, wait, vec!["a".to_owned()])).await.unwrap();
    assert_eq!((key, variables.as_str()), (ProcessInstanceKey(7), r#"{"a":1}"#));
    let sent: proto::CreateProcessInstanceWithResultRequest = stub.message();
    assert_eq!((sent.request_timeout, sent.fetch_variables), (30_000, vec!["a".to_owned()]));

    soon(client.cancel_instance(key)).await.unwrap();
    assert_eq!(stub.message::<proto::CancelProcessInstanceRequest>().process_instance_key, 7);
    soon(client.resolve_incident(9)).await.unwrap();
    assert_eq!(stub.message::<proto::ResolveIncidentRequest>().incident_key, 9);
    let message =
        Message { name: "paid".to_owned(), time_to_live: Duration::from_secs(1), ..Message::default() };
    soon(client.publish_message(&message)).await.unwrap();
    assert_eq!(stub.message::<proto::PublishMessageRequest>().time_to_live, 1000);
}

#[tokio::test]
async fn the_gateway_hears_who_calls_and_for_which_physical_tenant() {
    let stub = Stub::start().await;
    let options = Options { physical_tenant: Some("blue".to_owned()), ..stub.options() };
    soon(Client::new(&options).unwrap().topology()).await.unwrap();
    assert_eq!(stub.header("camunda-physical-tenant").as_deref(), Some("blue"));
    assert!(stub.header("user-agent").unwrap().starts_with("bedrock-connector/"));
    assert_eq!(stub.header("grpc-timeout").as_deref(), Some("10000000u"));
}

/// A full disk and back-pressure have one code; an operator needs the text to tell them apart.
#[tokio::test]
async fn the_text_of_a_refusal_is_kept() {
    let stub = Stub::start().await;
    stub.refuse([Status::resource_exhausted("the broker is out of disk space")]);
    let error = soon(stub.client().complete_job(JobKey(1), "{}", None)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the gateway refused complete job with RESOURCE_EXHAUSTED: the broker is out of disk space"
    );
    assert_eq!((error.code(), error.command_verdict()), ("RESOURCE_EXHAUSTED", CommandVerdict::Repeat));
}

#[tokio::test]
async fn a_request_over_the_limit_is_not_sent() {
    let stub = Stub::start().await;
    let client = Client::new(&Options { max_request_size: 1000, ..stub.options() }).unwrap();
    let variables = format!(r#"{{"text":"{}"}}"#, "x".repeat(1000));
    let error = soon(client.complete_job(JobKey(1), variables, None)).await.unwrap_err();
    assert!(matches!(error, Error::RequestTooLarge { .. }), "{error:?}");
    assert_eq!((error.code(), error.command_verdict()), ("REQUEST_TOO_LARGE", CommandVerdict::TooLarge));
    assert_eq!(stub.calls(), 0);
    soon(client.complete_job(JobKey(1), "{}", None)).await.unwrap();
}

#[tokio::test]
async fn an_answer_over_the_limit_is_not_read() {
    let stub = Stub::start().await;
    let client = Client::new(&Options { max_message_size: 1000, ..stub.options() }).unwrap();
    stub.answer_poll(Answer::Batches(vec![(0..1000).collect()]));
    let error = soon(client.activate_jobs(&poll())).await.unwrap_err();
    assert!(matches!(error, Error::ResponseTooLarge { .. }), "{error:?}");
    assert!(error.to_string().contains("consider raising max_message_size"), "{error}");
    assert_eq!(error.feed_verdict(), FeedVerdict::Backoff);
}

#[tokio::test]
async fn a_command_without_an_answer_ends_at_its_limit_and_may_be_repeated() {
    let stub = Stub::start().await;
    let short = Duration::from_millis(50);
    let options = Options { request_timeout: short, poll_grace: Duration::ZERO, ..stub.options() };
    stub.answer_poll(Answer::Silence(vec![]));
    let poll = Activation { request_timeout: Some(Duration::ZERO), ..poll() };
    let error = soon(Client::new(&options).unwrap().activate_jobs(&poll)).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    assert_eq!(error.code(), "DEADLINE_EXCEEDED");
    assert_eq!(
        (error.command_verdict(), error.feed_verdict()),
        (CommandVerdict::Repeat, FeedVerdict::Backoff)
    );
}

#[tokio::test]
async fn a_load_balancers_page_is_no_answer_of_the_engine() {
    for (status, feed) in [
        (StatusCode::BAD_GATEWAY, FeedVerdict::Reconnect),
        (StatusCode::GATEWAY_TIMEOUT, FeedVerdict::Reconnect),
        (StatusCode::NOT_FOUND, FeedVerdict::Reconnect),
        (StatusCode::FORBIDDEN, FeedVerdict::Denied),
        (StatusCode::OK, FeedVerdict::Reconnect),
    ] {
        let balancer = LoadBalancer::start(status).await;
        let options = Options { address: balancer.address.to_string(), ..Options::default() };
        let client = Client::new(&options).unwrap();
        let error = soon(client.complete_job(JobKey(1), "{}", None)).await.unwrap_err();
        assert!(matches!(error, Error::Unanswered { .. }), "{status}: {error:?}");
        assert_eq!(error.feed_verdict(), feed, "{status}: {error}");
        assert!(error.to_string().contains(status.as_str()) || status == StatusCode::OK, "{error}");
        let denied = status == StatusCode::FORBIDDEN;
        let command = if denied { CommandVerdict::Denied } else { CommandVerdict::Repeat };
        assert_eq!(error.command_verdict(), command, "{status}");
    }
}
