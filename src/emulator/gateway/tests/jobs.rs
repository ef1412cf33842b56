//! Jobs: how they are handed out, reported and lost.

use std::time::Duration;

use serde_json::{Value, json};
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use super::super::*;
use super::{Client, activate, code, connect, poll, start};
use crate::emulator::Gate;
use crate::proto::gateway_client::GatewayClient;
use crate::proto::keys::JobKey;
use crate::proto::*;

fn stream() -> StreamActivatedJobsRequest {
    StreamActivatedJobsRequest {
        r#type: "model".to_owned(),
        worker: "tester".to_owned(),
        timeout: 60_000,
        ..Default::default()
    }
}

/// A stream in a task of its own, because the answer to its request begins with the first job.
struct Pushed {
    jobs: tokio::sync::mpsc::Receiver<Result<ActivatedJob, Status>>,
    reading: tokio::task::JoinHandle<()>,
}

impl Drop for Pushed {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn open_stream(gateway: &Gateway, client: &Client) -> Pushed {
    let before = gateway.open_streams();
    let (sender, jobs) = tokio::sync::mpsc::channel(1);
    let mut client = client.clone();
    let reading = tokio::spawn(async move {
        let mut stream = match client.stream_activated_jobs(stream()).await {
            Ok(opened) => opened.into_inner(),
            Err(status) => return sender.send(Err(status)).await.unwrap(),
        };
        while let Some(job) = stream.message().await.transpose() {
            if sender.send(job).await.is_err() {
                return;
            }
        }
    });
    gateway.wait_for_streams(before + 1).await.unwrap();
    Pushed { jobs, reading }
}

async fn next(stream: &mut Pushed) -> ActivatedJob {
    stream.jobs.recv().await.unwrap().unwrap()
}

fn complete(key: i64) -> CompleteJobRequest {
    CompleteJobRequest { job_key: key, variables: "{}".to_owned(), job_lease_token: None }
}

fn fail(key: i64, retries: i32, back_off: i64) -> FailJobRequest {
    FailJobRequest { job_key: key, retries, retry_back_off: back_off, ..Default::default() }
}

#[tokio::test]
async fn states_its_version() {
    let (_gateway, mut client) = start(Options { version: "8.6.0".to_owned(), ..Options::default() }).await;
    let topology = client.topology(TopologyRequest {}).await.unwrap().into_inner();
    assert_eq!(topology.gateway_version, "8.6.0");
    assert_eq!(topology.brokers[0].partitions[0].health(), partition::PartitionBrokerHealth::Healthy);
}

#[tokio::test]
async fn hands_a_job_out_once_and_forgets_it_when_completed() {
    let (gateway, mut client) = start(Options::default()).await;
    let new =
        NewJob::new("model").variables(json!({"a": 1, "b": 0.7, "c": null})).header("resultVariable", "x");
    let key = gateway.create_job(new.retries(5));
    let request = ActivateJobsRequest { fetch_variable: vec!["b".to_owned(), "z".to_owned()], ..poll() };
    let jobs = activate(&mut client, request).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!((JobKey(jobs[0].key), jobs[0].retries, jobs[0].tenant_id.as_str()), (key, 5, "<default>"));
    assert_eq!(
        (jobs[0].variables.as_str(), jobs[0].custom_headers.as_str()),
        (r#"{"b":0.7}"#, r#"{"resultVariable":"x"}"#)
    );
    assert!(activate(&mut client, poll()).await.is_empty());

    let done = CompleteJobRequest { variables: r#"{"x":true}"#.to_owned(), ..complete(key.0) };
    client.complete_job(done.clone()).await.unwrap();
    assert_eq!(code(client.complete_job(done).await), Code::NotFound);
    assert_eq!(gateway.job(key).unwrap().state, JobState::Completed);
    let received = gateway.received_for(key);
    assert_eq!(
        received.iter().map(|call| call.answer.unwrap()).collect::<Vec<_>>(),
        [Code::Ok, Code::NotFound]
    );
    assert_eq!(received[0].command.variables(), Some(json!({"x": true})));
}

#[tokio::test]
async fn hands_out_text_that_is_no_json_as_it_is() {
    let (gateway, mut client) = start(Options::default()).await;
    gateway.create_job(NewJob::new("model").variables(Value::from("{broken")));
    let request = ActivateJobsRequest { fetch_variable: vec!["data".to_owned()], ..poll() };
    assert_eq!(activate(&mut client, request).await[0].variables, "{broken");
}

#[tokio::test]
async fn refuses_what_the_protocol_refuses() {
    let (gateway, mut client) = start(Options::default()).await;
    let blank_type = ActivateJobsRequest { r#type: " ".to_owned(), ..poll() };
    let blank_worker = ActivateJobsRequest { worker: String::new(), ..poll() };
    let no_lock = ActivateJobsRequest { timeout: 0, ..poll() };
    let no_jobs = ActivateJobsRequest { max_jobs_to_activate: 0, ..poll() };
    let tenant = ActivateJobsRequest { tenant_ids: vec!["other".to_owned()], ..poll() };
    for request in [blank_type, blank_worker, no_lock, no_jobs, tenant] {
        assert_eq!(code(client.activate_jobs(request).await), Code::InvalidArgument);
    }
    let blank_stream = StreamActivatedJobsRequest { r#type: String::new(), ..stream() };
    assert_eq!(code(client.stream_activated_jobs(blank_stream).await), Code::InvalidArgument);

    let key = gateway.create_job(NewJob::new("model"));
    activate(&mut client, poll()).await;
    let list = CompleteJobRequest { variables: "[1]".to_owned(), ..complete(key.0) };
    assert_eq!(code(client.complete_job(list).await), Code::InvalidArgument);
    let retries = UpdateJobRetriesRequest { job_key: key.0, retries: 0, ..Default::default() };
    assert_eq!(code(client.update_job_retries(retries).await), Code::InvalidArgument);
    let unknown = key.0 + 1000;
    assert_eq!(code(client.fail_job(fail(unknown, 1, 0)).await), Code::NotFound);
    assert_eq!(code(client.fail_job(fail(1, 1, 0)).await), Code::Unavailable);
    let throw = ThrowErrorRequest { job_key: unknown, ..Default::default() };
    assert_eq!(code(client.throw_error(throw).await), Code::NotFound);
    let incident = ResolveIncidentRequest { incident_key: 1 };
    assert_eq!(code(client.resolve_incident(incident).await), Code::NotFound);
}

#[tokio::test]
async fn refuses_a_message_that_is_too_large() {
    let (gateway, mut client) = start(Options { max_message_bytes: 2000, ..Options::default() }).await;
    let key = gateway.create_job(NewJob::new("model"));
    activate(&mut client, poll()).await;
    let variables = json!({"text": "x".repeat(3000)}).to_string();
    let refused = client.complete_job(CompleteJobRequest { variables, ..complete(key.0) }).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("exceeds maximum size"), "{refused}");
}

#[tokio::test]
async fn refuses_variables_that_fit_no_record() {
    let (gateway, mut client) = start(Options::default()).await;
    let key = gateway.create_job(NewJob::new("model"));
    activate(&mut client, poll()).await;
    let variables = json!({"text": "x".repeat(2_200_000)}).to_string();
    let refused = client.complete_job(CompleteJobRequest { variables, ..complete(key.0) }).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unknown);
    assert!(refused.message().contains("EXCEEDED_BATCH_RECORD_SIZE"), "{refused}");
}

#[tokio::test]
async fn splits_polls_whose_jobs_do_not_fit_one_message() {
    let (gateway, mut client) = start(Options { max_message_bytes: 2000, ..Options::default() }).await;
    for _ in 0..3 {
        gateway.create_job(NewJob::new("model").variables(json!({"text": "x".repeat(700)})));
    }
    assert_eq!(activate(&mut client, poll()).await.len(), 2);
    assert_eq!(activate(&mut client, poll()).await.len(), 1);
}

#[tokio::test]
async fn a_job_that_fits_no_message_waits_for_an_operator() {
    let (gateway, mut client) = start(Options { max_message_bytes: 2000, ..Options::default() }).await;
    let key = gateway.create_job(NewJob::new("model").variables(json!({"text": "x".repeat(3000)})));
    assert!(activate(&mut client, poll()).await.is_empty());
    assert_eq!(gateway.incidents()[0].job, Some(key));
}

#[tokio::test]
async fn a_long_poll_waits_for_a_job() {
    let (gateway, mut client) = start(Options::default()).await;
    let waiting = tokio::spawn(async move {
        activate(&mut client, ActivateJobsRequest { request_timeout: 0, ..poll() }).await
    });
    gateway.received().wait_for("the poll", |calls| (!calls.is_empty()).then_some(())).await.unwrap();
    let key = gateway.create_job(NewJob::new("model"));
    assert_eq!(waiting.await.unwrap()[0].key, key.0);
}

#[tokio::test]
async fn a_long_poll_that_runs_out_ends_without_a_message() {
    let (_gateway, mut client) =
        start(Options { long_poll: Duration::from_millis(5), ..Options::default() }).await;
    for request_timeout in [0, 5, -1] {
        let request = ActivateJobsRequest { request_timeout, ..poll() };
        let mut batches = client.activate_jobs(request).await.unwrap().into_inner();
        assert_eq!(batches.message().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_lock_that_runs_out_gives_the_job_back_with_its_retries() {
    let (gateway, mut client) = start(Options { expiry_lag: Duration::ZERO, ..Options::default() }).await;
    let key = gateway.create_job(NewJob::new("model"));
    let first = activate(&mut client, ActivateJobsRequest { timeout: 1, ..poll() }).await;
    let second = activate(&mut client, ActivateJobsRequest { request_timeout: 20_000, ..poll() }).await;
    assert_eq!((first[0].key, first[0].retries), (second[0].key, second[0].retries));
    assert_eq!(gateway.job(key).unwrap().activations, 2);
    // Without leases the first worker may still report, and the second then finds nothing.
    client.complete_job(complete(key.0)).await.unwrap();
    assert_eq!(code(client.complete_job(complete(key.0)).await), Code::NotFound);
}

#[tokio::test]
async fn a_new_lock_counts_from_now() {
    let (gateway, mut client) = start(Options { expiry_lag: Duration::ZERO, ..Options::default() }).await;
    let key = gateway.create_job(NewJob::new("model"));
    activate(&mut client, poll()).await;
    let shorten = UpdateJobTimeoutRequest { job_key: key.0, timeout: 1, ..Default::default() };
    client.update_job_timeout(shorten.clone()).await.unwrap();
    gateway.wait_for_job(key, |job| job.state == JobState::Activatable).await.unwrap();
    assert_eq!(code(client.update_job_timeout(shorten.clone()).await), Code::FailedPrecondition);
    client.complete_job(complete(key.0)).await.unwrap();
    assert_eq!(code(client.update_job_timeout(shorten).await), Code::NotFound);
}

#[tokio::test]
async fn a_failed_job_comes_back_after_its_back_off() {
    let (gateway, mut client) = start(Options::default()).await;
    let key = gateway.create_job(NewJob::new("model").variables(json!({"a": 1})));
    activate(&mut client, poll()).await;
    let failed = FailJobRequest { variables: r#"{"b":2}"#.to_owned(), ..fail(key.0, 2, 60_000) };
    client.fail_job(failed).await.unwrap();
    assert!(activate(&mut client, poll()).await.is_empty());
    assert_eq!(code(client.complete_job(complete(key.0)).await), Code::FailedPrecondition);
    gateway.end_back_off(key);
    let again = activate(&mut client, poll()).await;
    assert_eq!((again[0].retries, again[0].variables.as_str()), (2, r#"{"a":1,"b":2}"#));
    client.fail_job(fail(key.0, 1, 1)).await.unwrap();
    let again = activate(&mut client, ActivateJobsRequest { request_timeout: 20_000, ..poll() }).await;
    assert_eq!(again[0].retries, 1);
}

#[tokio::test]
async fn a_job_without_retries_waits_for_an_operator() {
    let (gateway, mut client) = start(Options::default()).await;
    let key = gateway.create_job(NewJob::new("model"));
    activate(&mut client, poll()).await;
    client
        .fail_job(FailJobRequest { error_message: "no region".to_owned(), ..fail(key.0, 0, 0) })
        .await
        .unwrap();
    let incident = gateway.incidents().remove(0);
    assert_eq!((incident.job, incident.message.as_str()), (Some(key), "no region"));
    let resolve = ResolveIncidentRequest { incident_key: incident.key };
    assert_eq!(code(client.resolve_incident(resolve).await), Code::FailedPrecondition);
    let retries = UpdateJobRetriesRequest { job_key: key.0, retries: 2, ..Default::default() };
    client.update_job_retries(retries).await.unwrap();
    assert!(activate(&mut client, poll()).await.is_empty());
    client.resolve_incident(resolve).await.unwrap();
    assert_eq!(activate(&mut client, poll()).await[0].retries, 2);
    assert!(gateway.incidents().is_empty());
}

#[tokio::test]
async fn a_job_for_one_time_is_not_given_out_again() {
    let (gateway, mut client) = start(Options::default()).await;
    let key = gateway.create_job(NewJob::new("model").once());
    activate(&mut client, poll()).await;
    client.fail_job(fail(key.0, 2, 0)).await.unwrap();
    assert_eq!(gateway.job(key).unwrap().state, JobState::Withheld);
    assert!(activate(&mut client, poll()).await.is_empty());
}

#[tokio::test]
async fn an_error_that_nothing_catches_stops_the_job() {
    let (gateway, mut client) = start(Options::default()).await;
    let key = gateway.create_job(NewJob::new("model"));
    activate(&mut client, poll()).await;
    let throw = ThrowErrorRequest { job_key: key.0, error_code: "BUSY".to_owned(), ..Default::default() };
    client.throw_error(throw).await.unwrap();
    assert_eq!(gateway.job(key).unwrap().state, JobState::ErrorThrown);
    assert_eq!(code(client.complete_job(complete(key.0)).await), Code::FailedPrecondition);
}

#[tokio::test]
async fn a_stream_gets_only_what_becomes_activatable_while_it_is_open() {
    let (gateway, mut client) = start(Options::default()).await;
    let before = gateway.create_job(NewJob::new("model"));
    let mut pushed = open_stream(&gateway, &client).await;
    let created = gateway.create_job(NewJob::new("model"));
    let job = next(&mut pushed).await;
    assert_eq!((job.key, job.worker.as_str()), (created.0, "tester"));
    client.fail_job(fail(created.0, 2, 0)).await.unwrap();
    assert_eq!(next(&mut pushed).await.retries, 2);
    gateway.expire_lock(created);
    assert_eq!(next(&mut pushed).await.key, created.0);
    assert_eq!(activate(&mut client, poll()).await[0].key, before.0);
}

#[tokio::test]
async fn streams_take_turns() {
    let (gateway, client) = start(Options::default()).await;
    let mut one = open_stream(&gateway, &client).await;
    let mut two = open_stream(&gateway, &client).await;
    let keys: Vec<_> = (0..4).map(|_| gateway.create_job(NewJob::new("model")).0).collect();
    let ones = [next(&mut one).await.key, next(&mut one).await.key];
    let twos = [next(&mut two).await.key, next(&mut two).await.key];
    assert_eq!((ones, twos), ([keys[0], keys[2]], [keys[1], keys[3]]));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_passed_over() {
    let gateway = Gateway::start(Options { stream_buffer: 1, ..Options::default() }).await.unwrap();
    let endpoint = Endpoint::from_shared(gateway.url()).unwrap().initial_stream_window_size(65_535);
    let client = GatewayClient::new(endpoint.connect().await.unwrap());
    let mut pushed = open_stream(&gateway, &client).await;
    let large = || NewJob::new("model").variables(json!({"text": "x".repeat(40_000)}));
    // The window, the frame that overfills it and the buffer take a few; then jobs wait for a poll.
    let mut made = 0;
    while gateway.waiting_jobs("model") == 0 {
        gateway.create_job(large());
        made += 1;
        assert!(made < 100, "pushes never blocked");
        tokio::task::yield_now().await;
    }
    let polled = activate(&mut client.clone(), poll()).await;
    assert_eq!(polled.len(), 1);
    for _ in 1..made {
        next(&mut pushed).await;
    }
    // The client reads again, so pushes flow again.
    let key = gateway.create_job(NewJob::new("model"));
    assert_eq!(next(&mut pushed).await.key, key.0);
}

#[tokio::test]
async fn what_a_closed_stream_has_not_sent_goes_back_to_polls() {
    let (gateway, client) = start(Options { stream_buffer: 100, ..Options::default() }).await;
    let pushed = open_stream(&gateway, &client).await;
    gateway.black_hole(true);
    let keys: Vec<_> = (0..50)
        .map(|_| gateway.create_job(NewJob::new("model").variables(json!({"text": "x".repeat(40_000)}))))
        .collect();
    assert_eq!(gateway.waiting_jobs("model"), 0);
    drop(pushed);
    gateway.cut_connections();
    gateway.wait_for_streams(0).await.unwrap();
    gateway.black_hole(false);
    // Some were already on their way when the connection ended; their locks will run out.
    let given_back = gateway.waiting_jobs("model");
    assert!((1..=keys.len()).contains(&given_back), "{given_back}");
}

#[tokio::test]
async fn a_stale_lease_is_refused() {
    let (gateway, mut client) = start(Options::default()).await;
    let key = gateway.create_job(NewJob::new("model"));
    let leased = ActivateJobsRequest { with_lease: true, ..poll() };
    let stale = activate(&mut client, leased.clone()).await.remove(0).job_lease_token;
    gateway.expire_lock(key);
    assert!(
        activate(&mut client, poll()).await.is_empty(),
        "a leased job goes only to those who ask for leases"
    );
    let current = activate(&mut client, leased).await.remove(0).job_lease_token;
    assert!(stale.is_some() && current.is_some() && stale != current);

    let with =
        |token: &Option<String>| CompleteJobRequest { job_lease_token: token.clone(), ..complete(key.0) };
    assert_eq!(code(client.complete_job(with(&stale)).await), Code::FailedPrecondition);
    assert_eq!(code(client.complete_job(with(&None)).await), Code::FailedPrecondition);
    let longer = |token| UpdateJobTimeoutRequest {
        job_key: key.0,
        timeout: 1000,
        operation_reference: None,
        job_lease_token: token,
    };
    assert_eq!(code(client.update_job_timeout(longer(stale)).await), Code::FailedPrecondition);
    client.update_job_timeout(longer(None)).await.unwrap();
    client.complete_job(with(&current)).await.unwrap();
}

#[tokio::test]
async fn an_older_engine_gives_no_leases() {
    let (gateway, mut client) = start(Options { version: "8.9.3".to_owned(), ..Options::default() }).await;
    gateway.create_job(NewJob::new("model"));
    let jobs = activate(&mut client, ActivateJobsRequest { with_lease: true, ..poll() }).await;
    assert_eq!(jobs[0].job_lease_token, None);
}

#[tokio::test]
async fn tenants_see_their_own_jobs() {
    let tenants = Some(vec!["red".to_owned(), "blue".to_owned()]);
    let (gateway, mut client) = start(Options { tenants, ..Options::default() }).await;
    gateway.create_job(NewJob::new("model").tenant("red"));
    let of = |ids: &[&str]| ActivateJobsRequest {
        tenant_ids: ids.iter().map(ToString::to_string).collect(),
        ..poll()
    };
    assert_eq!(code(client.activate_jobs(of(&[])).await), Code::InvalidArgument);
    assert_eq!(code(client.activate_jobs(of(&["green"])).await), Code::PermissionDenied);
    assert!(activate(&mut client, of(&["blue"])).await.is_empty());
    assert_eq!(activate(&mut client, of(&["blue", "red"])).await[0].tenant_id, "red");
    gateway.create_job(NewJob::new("model").tenant("blue"));
    let assigned = ActivateJobsRequest { tenant_filter: TenantFilter::Assigned.into(), ..poll() };
    assert_eq!(activate(&mut client, assigned).await[0].tenant_id, "blue");
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_was_told() {
    let (gateway, mut client) = start(Options::default()).await;
    let (one, two) = (gateway.create_job(NewJob::new("model")), gateway.create_job(NewJob::new("model")));
    activate(&mut client, poll()).await;
    gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Refuse(Code::Unavailable)).job(one).next(2));
    client.complete_job(complete(two.0)).await.unwrap();
    assert_eq!(code(client.complete_job(complete(one.0)).await), Code::Unavailable);
    assert_eq!(code(client.complete_job(complete(one.0)).await), Code::Unavailable);
    client.complete_job(complete(one.0)).await.unwrap();
}

#[tokio::test]
async fn a_command_may_be_applied_although_its_answer_is_an_error() {
    let (gateway, mut client) = start(Options::default()).await;
    let key = gateway.create_job(NewJob::new("model"));
    activate(&mut client, poll()).await;
    gateway.inject(Fault::on_end_of_attempt(Reaction::ApplyThenRefuse(Code::DeadlineExceeded)).next(1));
    assert_eq!(code(client.complete_job(complete(key.0)).await), Code::DeadlineExceeded);
    assert_eq!(code(client.complete_job(complete(key.0)).await), Code::NotFound);
}

#[tokio::test]
async fn a_connection_may_be_reset_before_or_after_a_command_is_applied() {
    let (gateway, mut client) = start(Options::default()).await;
    let (one, two) = (gateway.create_job(NewJob::new("model")), gateway.create_job(NewJob::new("model")));
    activate(&mut client, poll()).await;
    gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Reset).next(1));
    gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::ApplyThenReset).next(1));
    client.complete_job(complete(one.0)).await.unwrap_err();
    client.complete_job(complete(two.0)).await.unwrap_err();
    assert!(matches!(gateway.job(one).unwrap().state, JobState::Activated { .. }));
    assert_eq!(gateway.job(two).unwrap().state, JobState::Completed);
    assert!(gateway.received_for(one)[0].answer.is_none());
}

#[tokio::test]
async fn a_held_command_is_applied_when_the_gate_opens() {
    let (gateway, mut client) = start(Options::default()).await;
    let key = gateway.create_job(NewJob::new("model"));
    activate(&mut client, poll()).await;
    let gate = Gate::new();
    gateway.inject(Fault::on(Rpc::CompleteJob, Reaction::Hold(gate.clone())));
    let completing = tokio::spawn(async move { client.complete_job(complete(key.0)).await });
    let arrived =
        |calls: &[Received]| calls.iter().any(|call| call.command.rpc() == Rpc::CompleteJob).then_some(());
    gateway.received().wait_for("the command", arrived).await.unwrap();
    assert!(matches!(gateway.job(key).unwrap().state, JobState::Activated { .. }));
    gate.open();
    completing.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_unimplemented_stream_leaves_polling() {
    let (gateway, mut client) = start(Options::default()).await;
    gateway.inject(Fault::on(Rpc::StreamActivatedJobs, Reaction::Refuse(Code::Unimplemented)));
    assert_eq!(code(client.stream_activated_jobs(stream()).await), Code::Unimplemented);
    gateway.create_job(NewJob::new("model"));
    assert_eq!(activate(&mut client, poll()).await.len(), 1);
}

#[tokio::test]
async fn a_silent_stream_leaves_jobs_to_polls_and_a_lossy_one_loses_them() {
    let (gateway, mut client) = start(Options::default()).await;
    let _pushed = open_stream(&gateway, &client).await;
    gateway.pushes(Pushes::Silent);
    let kept = gateway.create_job(NewJob::new("model"));
    gateway.pushes(Pushes::Lost);
    let lost = gateway.create_job(NewJob::new("model"));
    let polled = activate(&mut client, poll()).await;
    assert_eq!(polled.iter().map(|job| job.key).collect::<Vec<_>>(), [kept.0]);
    assert!(matches!(gateway.job(lost).unwrap().state, JobState::Activated { .. }));
}

#[tokio::test]
async fn streams_can_be_ended_with_and_without_a_status() {
    let (gateway, client) = start(Options::default()).await;
    let mut pushed = open_stream(&gateway, &client).await;
    gateway.end_streams(Some(Code::Unavailable));
    assert_eq!(code(pushed.jobs.recv().await.unwrap()), Code::Unavailable);
    let mut pushed = open_stream(&gateway, &client).await;
    gateway.end_streams(None);
    assert!(pushed.jobs.recv().await.is_none());
}

#[tokio::test]
async fn a_restart_keeps_the_port_and_the_jobs_or_loses_them() {
    let (gateway, mut client) = start(Options::default()).await;
    let key = gateway.create_job(NewJob::new("model"));
    gateway.go_down().await.unwrap();
    assert!(GatewayClient::connect(gateway.url()).await.is_err());
    client.topology(TopologyRequest {}).await.unwrap_err();
    gateway.come_back(Memory::Kept).await.unwrap();
    let mut client = connect(&gateway).await;
    assert_eq!(activate(&mut client, poll()).await[0].key, key.0);
    gateway.restart(Memory::Lost).await.unwrap();
    let mut client = connect(&gateway).await;
    assert_eq!(code(client.complete_job(complete(key.0)).await), Code::NotFound);
    assert_ne!(gateway.create_job(NewJob::new("model")), key);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_unauthenticated() {
    let (gateway, mut client) = start(Options::default()).await;
    gateway.require_authorization(Some(vec!["Bearer good".to_owned()]));
    assert_eq!(code(client.topology(TopologyRequest {}).await), Code::Unauthenticated);
    let mut request = tonic::Request::new(TopologyRequest {});
    request.metadata_mut().insert("authorization", "Bearer good".parse().unwrap());
    client.topology(request).await.unwrap();
    assert_eq!(gateway.received().all()[1].metadata["authorization"], "Bearer good");
}

#[tokio::test]
async fn tells_what_happens() {
    let (gateway, mut client) = start(Options::default()).await;
    let mut events = gateway.events();
    let key = gateway.create_job(NewJob::new("model").variables(json!({"a": 1})));
    activate(&mut client, poll()).await;
    client.complete_job(complete(key.0)).await.unwrap();
    assert!(
        matches!(events.recv().await.unwrap(), Event::JobCreated { job, ref variables, .. } if job == key && variables["a"] == 1)
    );
    let activated = Event::JobActivated { job: key, worker: "tester".to_owned(), by: Delivery::Poll };
    assert_eq!(events.recv().await.unwrap(), activated);
    assert!(matches!(events.recv().await.unwrap(), Event::JobCompleted { job, .. } if job == key));
}
