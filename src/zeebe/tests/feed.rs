//! Polls and job streams.

use std::time::Duration;

use tonic::{Code, Status};

use super::servers::Cable;
use super::stub::{Answer, Pushes, Stub};
use super::{poll, soon, subscription, until};
use crate::proto;
use crate::zeebe::{
    ActivatedJob, Activation, Client, CommandVerdict, Error, FeedVerdict, JobStream, Options,
};

fn keys(jobs: &[ActivatedJob]) -> Vec<i64> {
    jobs.iter().map(|job| job.key.0).collect()
}

async fn next(stream: &mut JobStream) -> ActivatedJob {
    soon(stream.next()).await.unwrap().expect("another job")
}

#[tokio::test]
async fn a_poll_says_what_it_wants_and_gathers_all_batches() {
    let stub = Stub::start().await;
    stub.answer_poll(Answer::Batches(vec![vec![1], vec![], vec![2, 3]]));
    let jobs = soon(stub.client().activate_jobs(&poll())).await.unwrap();
    assert_eq!(keys(&jobs), [1, 2, 3]);
    let sent: proto::ActivateJobsRequest = stub.message();
    assert_eq!((sent.r#type.as_str(), sent.worker.as_str()), ("io.camunda:aws-bedrock:1", "test"));
    assert_eq!((sent.timeout, sent.max_jobs_to_activate, sent.request_timeout), (60_000, 32, 10_000));
    assert_eq!((sent.fetch_variable, sent.tenant_ids), (vec!["data".to_owned()], vec!["blue".to_owned()]));
    assert!(sent.with_lease);
    assert_eq!(stub.header("grpc-timeout").as_deref(), Some("15000000u"), "the wait and the grace");
}

#[tokio::test]
async fn a_poll_may_leave_the_wait_to_the_gateway_or_do_without() {
    let stub = Stub::start().await;
    for (request_timeout, sent) in [(Some(Duration::ZERO), 0), (None, -1)] {
        soon(stub.client().activate_jobs(&Activation { request_timeout, ..poll() })).await.unwrap();
        assert_eq!(stub.message::<proto::ActivateJobsRequest>().request_timeout, sent);
    }
}

/// A long poll that runs out is the normal case of an idle worker: nothing failed, nothing is to be logged.
#[tokio::test]
async fn a_poll_in_vain_is_no_error() {
    let stub = Stub::start().await;
    assert_eq!(soon(stub.client().activate_jobs(&poll())).await.unwrap(), []);
}

#[tokio::test]
async fn jobs_that_came_before_a_failure_are_not_lost() {
    let stub = Stub::start().await;
    let client = stub.client();
    stub.answer_poll(Answer::BatchThenFailure(vec![1, 2], Status::unavailable("going down")));
    assert_eq!(keys(&soon(client.activate_jobs(&poll())).await.unwrap()), [1, 2]);

    stub.answer_poll(Answer::BatchThenFailure(vec![], Status::unavailable("going down")));
    let error = soon(client.activate_jobs(&poll())).await.unwrap_err();
    assert_eq!(error.feed_verdict(), FeedVerdict::Reconnect);
}

#[tokio::test]
async fn jobs_do_not_wait_for_a_gateway_that_falls_silent_after_them() {
    let stub = Stub::start().await;
    let options = Options { poll_grace: Duration::from_millis(50), ..stub.options() };
    stub.answer_poll(Answer::Silence(vec![1]));
    let long = Activation { request_timeout: Some(Duration::from_secs(3600)), ..poll() };
    let jobs = soon(Client::new(&options).unwrap().activate_jobs(&long)).await.unwrap();
    assert_eq!(keys(&jobs), [1]);
}

#[tokio::test]
async fn dropping_a_poll_cancels_it_at_the_gateway() {
    let stub = Stub::start().await;
    let client = stub.client();
    stub.answer_poll(Answer::Silence(vec![]));
    let running = tokio::spawn({
        let client = client.clone();
        async move { client.activate_jobs(&poll()).await }
    });
    until(|| stub.open() == 1).await;
    running.abort();
    until(|| stub.open() == 0).await;
    soon(client.topology()).await.expect("the connection itself lives on");
}

#[tokio::test]
async fn a_stream_says_what_it_wants_and_ends_when_it_is_dropped() {
    let stub = Stub::start().await;
    stub.push(Pushes { count: 1, variables_size: 1, ends: false });
    let mut stream = soon(stub.client().stream_jobs(&subscription())).await.unwrap();
    assert_eq!(next(&mut stream).await.key.0, 0);
    let sent: proto::StreamActivatedJobsRequest = stub.message();
    assert_eq!((sent.r#type.as_str(), sent.timeout), ("io.camunda:aws-bedrock:1", 60_000));
    assert_eq!((sent.fetch_variable, sent.tenant_ids), (vec!["data".to_owned()], vec!["blue".to_owned()]));
    assert!(sent.with_lease);
    assert_eq!(stub.header("grpc-timeout"), None, "a stream has no end");
    drop(stream);
    until(|| stub.open() == 0).await;
}

#[tokio::test]
async fn a_stream_that_the_gateway_closes_is_told_from_one_that_it_refuses() {
    let stub = Stub::start().await;
    let client = stub.client();
    stub.push(Pushes { count: 1, variables_size: 1, ends: true });
    let mut stream = soon(client.stream_jobs(&subscription())).await.unwrap();
    next(&mut stream).await;
    assert_eq!(soon(stream.next()).await, Ok(None));
    assert_eq!(soon(stream.next()).await, Ok(None), "and it stays closed");

    stub.refuse([Status::unimplemented("no such call")]);
    let mut stream = soon(client.stream_jobs(&subscription())).await.unwrap();
    let error = soon(stream.next()).await.unwrap_err();
    assert_eq!(error.feed_verdict(), FeedVerdict::Unsupported);
    assert_eq!(soon(stream.next()).await, Ok(None));
}

/// Jobs that nobody asked for stay with the gateway, where others can have them.
#[tokio::test]
async fn unread_jobs_stay_with_the_gateway() {
    const JOBS: usize = 100;
    const SIZE: usize = 8 * 1024;
    let stub = Stub::start().await;
    stub.push(Pushes { count: JOBS, variables_size: SIZE, ends: true });
    let options = Options { stream_window: 16 * 1024, ..stub.options() };
    let mut stream = soon(Client::new(&options).unwrap().stream_jobs(&subscription())).await.unwrap();
    for read in 1..=JOBS {
        next(&mut stream).await;
        // Two are in the window; the rest are in the buffers of the stub, where a gateway counts them as its own.
        let ahead = stub.pushed() - read;
        assert!(ahead <= 10, "{ahead} jobs were taken ahead of the {read} read");
    }
    assert_eq!(soon(stream.next()).await, Ok(None));
}

#[tokio::test]
async fn a_job_larger_than_the_window_arrives() {
    let stub = Stub::start().await;
    stub.push(Pushes { count: 1, variables_size: 1024 * 1024, ends: false });
    let options = Options { stream_window: 4 * 1024, ..stub.options() };
    let mut stream = soon(Client::new(&options).unwrap().stream_jobs(&subscription())).await.unwrap();
    assert!(next(&mut stream).await.variables.len() > 1024 * 1024);
}

#[tokio::test]
async fn unread_streams_hold_up_neither_commands_nor_each_other() {
    let stub = Stub::start().await;
    let client = stub.client();
    stub.push(Pushes { count: 100, variables_size: 64 * 1024, ends: false });
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = soon(client.stream_jobs(&subscription())).await.unwrap();
        next(&mut stream).await;
        streams.push(stream);
    }
    stub.answer_poll(Answer::Batches(vec![vec![1]; 5000]));
    assert_eq!(soon(client.activate_jobs(&poll())).await.unwrap().len(), 5000);
    for stream in &mut streams {
        assert_eq!(next(stream).await.key.0, 1);
    }
}

#[tokio::test]
async fn giving_up_waiting_loses_no_job() {
    const JOBS: usize = 50;
    let stub = Stub::start().await;
    stub.push(Pushes { count: JOBS, variables_size: 20 * 1024, ends: true });
    let mut stream = soon(stub.client().stream_jobs(&subscription())).await.unwrap();
    let mut seen = Vec::new();
    let mut given_up = 0;
    soon(async {
        loop {
            tokio::select! {
                biased;
                job = stream.next() => match job.unwrap() {
                    Some(job) => seen.push(job.key.0),
                    None => break,
                },
                () = tokio::task::yield_now() => given_up += 1,
            }
        }
    })
    .await;
    assert_eq!(seen, (0..50).collect::<Vec<_>>());
    assert!(given_up > 0, "the test is about waiting that was given up");
}

#[tokio::test]
async fn a_stream_notices_that_its_gateway_is_gone_and_can_be_opened_anew() {
    let stub = Stub::start().await;
    let cable = Cable::to(stub.address).await;
    let options = Options { address: cable.address.to_string(), ..Options::default() };
    let client = Client::new(&options).unwrap();
    stub.push(Pushes { count: 1, variables_size: 1, ends: false });
    let mut stream = soon(client.stream_jobs(&subscription())).await.unwrap();
    next(&mut stream).await;

    cable.pull();
    let error = soon(stream.next()).await.unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error:?}");
    assert_eq!(error.feed_verdict(), FeedVerdict::Reconnect, "{error}");

    let mut stream = soon(client.stream_jobs(&subscription())).await.unwrap();
    assert_eq!(next(&mut stream).await.key.0, 0);
}

#[tokio::test]
async fn a_command_cut_off_on_its_way_may_be_repeated() {
    let stub = Stub::start().await;
    let cable = Cable::to(stub.address).await;
    let options = Options { address: cable.address.to_string(), ..Options::default() };
    let client = Client::new(&options).unwrap();
    stub.answer_poll(Answer::Silence(vec![]));
    let poll = poll();
    let call = client.activate_jobs(&poll);
    let pulling = async {
        until(|| stub.open() == 1).await;
        cable.pull();
    };
    let (outcome, ()) = soon(async { tokio::join!(call, pulling) }).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error:?}");
    assert_eq!(error.command_verdict(), CommandVerdict::Repeat, "{error}");
    soon(client.topology()).await.expect("the next call connects again");
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_unavailable() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let options = Options { address: nobody.to_string(), ..Options::default() };
    let error = soon(Client::new(&options).unwrap().activate_jobs(&poll())).await.unwrap_err();
    assert!(matches!(error, Error::Unanswered { code: Code::Unavailable, .. }), "{error:?}");
    assert!(error.to_string().contains("refused"), "the reason is told: {error}");
    assert_eq!(error.feed_verdict(), FeedVerdict::Reconnect);
}
